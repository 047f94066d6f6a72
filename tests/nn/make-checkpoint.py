#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes the checkpoints that tests/nn/checkpoint-import-test.cc reads.

  make-checkpoint.py FOLDER

PyTorch, Lightning and the LimitNet release are not needed: classes of the same module paths stand
in for theirs, and Python's own pickle and zipfile write what torch.save would. Element i (in
row-major order) of the tensor whose state-dict name is NAME is ((7 i + len(NAME)) % 255 - 127) /
1024, which every floating-point type but float8 holds exactly.
"""
import array
import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict, namedtuple
from pathlib import Path


def member(module, name, value):
    """Put a class or function where pickle will look for it, and name it so."""
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(".".join(parts[:i + 1])))
    value.__module__, value.__name__, value.__qualname__ = module, name, name
    setattr(sys.modules[module], name, value)
    return value


def function(module, name):
    return member(module, name, lambda *args: None)


def plain_class(module, name, base=object):
    return member(module, name, type(name, (base,), {}))


REBUILD_TENSOR = function("torch._utils", "_rebuild_tensor_v2")
REBUILD_PARAMETER = function("torch._utils", "_rebuild_parameter")
FORMATS = {"FloatStorage": "f", "DoubleStorage": "d", "HalfStorage": "e", "LongStorage": "q"}
STORAGE_TYPES = {name: plain_class("torch", name) for name in FORMATS}


class Storage:
    def __init__(self, type_name, elements):
        self.type_name, self.count = type_name, len(elements)
        if FORMATS[type_name] == "e":
            self.bytes = struct.pack(f"<{len(elements)}e", *elements)
        else:
            self.bytes = array.array(FORMATS[type_name], elements).tobytes()


class Tensor:
    def __init__(self, storage, offset, size, stride):
        self.parts = (storage, offset, size, stride, False, OrderedDict())

    def __reduce_ex__(self, protocol):
        return REBUILD_TENSOR, self.parts


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce_ex__(self, protocol):
        return REBUILD_PARAMETER, (self.tensor, True, OrderedDict())


def strides(size):
    result = []
    for n in reversed(size):
        result.insert(0, result[0] * last if result else 1)
        last = n
    return tuple(result)


def pattern(name, size, type_name="FloatStorage"):
    if name.endswith("num_batches_tracked"):
        return Tensor(Storage("LongStorage", [7]), 0, (), ())
    count = 1
    for n in size:
        count *= n
    period = [((7 * i + len(name)) % 255 - 127) / 1024 for i in range(255)]
    elements = (period * (count // 255 + 1))[:count]
    return Tensor(Storage(type_name, elements), 0, size, strides(size))


# --- the networks' tensors, in the order of their state dict ---

def codec(saliency=True):
    def layers(part, name, shapes, transposed=False):
        for i, (n_in, n_out, k) in enumerate(shapes, 1):
            yield f"{part}.{name}{i}.weight", (n_in, n_out, k, k) if transposed else (n_out, n_in, k, k)
            yield f"{part}.{name}{i}.bias", (n_out,)
    yield from layers("encoder", "conv", [(3, 16, 7), (16, 16, 5), (16, 12, 3)])
    yield from layers("decoder", "t_conv",
                      [(12, 64, 7), (64, 64, 5), (64, 64, 3), (64, 64, 3), (64, 3, 3)], True)
    if saliency:
        yield from layers("sal_decoder", "sal_t_conv",
                          [(12, 16, 3), (16, 16, 3), (16, 8, 3), (8, 4, 3), (4, 1, 3)])


def efficientnet(classes):
    def norm(name, n):
        for member_name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            yield f"{name}.{member_name}", (n,)
    yield "_conv_stem.weight", (32, 3, 3, 3)
    yield from norm("_bn0", 32)
    n_in, block = 32, 0
    for repeats, k, expand, n_out in [(1, 3, 1, 16), (2, 3, 6, 24), (2, 5, 6, 40), (3, 3, 6, 80),
                                      (3, 5, 6, 112), (4, 5, 6, 192), (1, 3, 6, 320)]:
        for _ in range(repeats):
            b, inner, squeezed = f"_blocks.{block}", n_in * expand, n_in // 4
            if expand != 1:
                yield f"{b}._expand_conv.weight", (inner, n_in, 1, 1)
                yield from norm(f"{b}._bn0", inner)
            yield f"{b}._depthwise_conv.weight", (inner, 1, k, k)
            yield from norm(f"{b}._bn1", inner)
            yield f"{b}._se_reduce.weight", (squeezed, inner, 1, 1)
            yield f"{b}._se_reduce.bias", (squeezed,)
            yield f"{b}._se_expand.weight", (inner, squeezed, 1, 1)
            yield f"{b}._se_expand.bias", (inner,)
            yield f"{b}._project_conv.weight", (n_out, inner, 1, 1)
            yield from norm(f"{b}._bn2", n_out)
            n_in, block = n_out, block + 1
    yield "_conv_head.weight", (1280, 320, 1, 1)
    yield from norm("_bn1", 1280)
    yield "_fc.weight", (classes, 1280)
    yield "_fc.bias", (classes,)


def state_dict(tensors, prefix="", type_name="FloatStorage"):
    result = OrderedDict((prefix + name, pattern(name, size, type_name)) for name, size in tensors)
    result._metadata = OrderedDict([("", {"version": 1}), ("encoder", {"version": 1})])
    return result


# --- modules ---

HOOK = function("torch.distributed._shard.sharded_tensor", "state_dict_hook")
WRAPPED_HOOK = plain_class("torch.nn.modules.module", "_WrappedHook")


class Module:
    """The attributes of torch.nn.Module."""

    def __init__(self):
        self.training = False
        self._parameters, self._buffers = OrderedDict(), OrderedDict()
        self._non_persistent_buffers_set = set()
        self._forward_hooks, self._state_dict_hooks = OrderedDict(), OrderedDict()
        self._modules = OrderedDict()


def module_class(path, name):
    known = getattr(sys.modules.get(path), name, None)
    return known or plain_class(path, name, Module)


LAYERS = {
    "conv": module_class("torch.nn.modules.conv", "Conv2d"),
    "t_conv": module_class("torch.nn.modules.conv", "ConvTranspose2d"),
    "sal_t_conv": module_class("torch.nn.modules.conv", "Conv2d"),
    "_conv": module_class("efficientnet_pytorch.utils", "Conv2dStaticSamePadding"),
    "_bn": module_class("torch.nn.modules.batchnorm", "BatchNorm2d"),
    "_fc": module_class("torch.nn.modules.linear", "Linear"),
    "_blocks": module_class("torch.nn.modules.container", "ModuleList"),
    "encoder": module_class("models.model", "Encoder"),
    "decoder": module_class("models.model", "Decoder"),
    "sal_decoder": module_class("models.model", "SalDecoder"),
}
BLOCK = module_class("efficientnet_pytorch.model", "MBConvBlock")
PADDING = module_class("torch.nn.modules.padding", "ZeroPad2d")
SWISH = module_class("efficientnet_pytorch.utils", "MemoryEfficientSwish")
ACCURACY = module_class("torchmetrics.classification.accuracy", "MulticlassAccuracy")
DEVICE = plain_class("torch", "device")
DEVICE.__reduce__ = lambda self: (DEVICE, ("cuda", 0))


class DType:
    def __reduce__(self):
        return "float32"


DType.__module__ = "torch"
BlockArgs = member("efficientnet_pytorch.utils", "BlockArgs",
                   namedtuple("BlockArgs", "num_repeat kernel_size stride se_ratio id_skip"))
FLOAT32 = DType()
sys.modules["torch"].float32 = FLOAT32


def layer_class(name):
    if name.isdigit():
        return BLOCK
    if name in LAYERS:
        return LAYERS[name]
    stem = name.rstrip("0123456789")
    return LAYERS.get(stem, LAYERS["_conv"])


def fill(module, tensors):
    """Put tensors into a tree of modules that is made as their names need it."""
    for name, size in tensors:
        *path, last = name.split(".")
        at = module
        for part in path:
            if part not in at._modules:
                at._modules[part] = layer_class(part)()
            at = at._modules[part]
        buffer = last.startswith(("running", "num"))
        tensor = pattern(name, size)
        if buffer:
            at._buffers[last] = tensor
        else:
            at._parameters[last] = Parameter(tensor)
    return module


def limitnet(extra=None):
    net = module_class("models.model", "LimitNet")()
    hook = WRAPPED_HOOK()
    hook.hook, hook.with_module, hook.module = HOOK, False, net  # a module that contains itself
    net._state_dict_hooks[0] = HOOK
    net._load_state_dict_pre_hooks = OrderedDict([(1, hook)])
    net._device, net._dtype, net._trainer = DEVICE(), FLOAT32, None
    fill(net, codec())
    accuracy = ACCURACY()
    accuracy._reductions = {"tp": function("torchmetrics.utilities.data", "dim_zero_sum")}
    accuracy._buffers["mean"] = pattern("mean", (3,))
    accuracy._buffers["scratch"] = pattern("scratch", (3,))
    accuracy._non_persistent_buffers_set.add("scratch")
    net._modules["accuracy"] = accuracy
    classifier = module_class("models.model", "CIFAR100Classifier")()
    classifier.learning_rate = 0.001
    b0 = fill(module_class("efficientnet_pytorch.model", "EfficientNet")(), efficientnet(100))
    b0._blocks_args = [BlockArgs(1, 3, [1], 0.25, True)]
    b0._modules["_swish"] = SWISH()
    b0._modules["_conv_stem"]._modules["static_padding"] = PADDING()
    classifier._modules["model"] = b0
    net._modules["cls_model"] = classifier
    net.PHASE, net.p, net.replace_tensor = 3, None, pattern("replace_tensor", ())
    net.rec_image = pattern("rec_image", (2, 3, 8, 8))
    net.training_step_loss = []
    if extra is not None:
        net.extra = extra
    return net


# --- the two layouts of torch.save ---

class Pickler(pickle._Pickler):  # the one in Python: it asks persistent_id for classes as well
    def __init__(self, file, protocol, legacy=False):
        super().__init__(file, protocol)
        self.storages, self.legacy = {}, legacy

    def persistent_id(self, obj):
        if isinstance(obj, Storage):
            key, _ = self.storages.setdefault(id(obj), (str(len(self.storages)), obj))
            common = ("storage", STORAGE_TYPES[obj.type_name], key, "cuda:0", obj.count)
            return common + (None,) if self.legacy else common
        return None


def save(path, obj, protocol=2, byte_order=b"little", compression=zipfile.ZIP_STORED):
    data = io.BytesIO()
    pickler = Pickler(data, protocol)
    pickler.dump(obj)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(f"{path.stem}/data.pkl", data.getvalue())
        archive.writestr(f"{path.stem}/byteorder", byte_order)
        for key, storage in pickler.storages.values():
            archive.writestr(f"{path.stem}/data/{key}", storage.bytes)
        archive.writestr(f"{path.stem}/version", b"3\n")


def save_legacy(path, obj, little=True):
    with open(path, "wb") as out:
        pickle.dump(0x1950A86A20F9469CFC6C, out, protocol=2)
        pickle.dump(1001, out, protocol=2)
        pickle.dump({"protocol_version": 1001, "little_endian": little,
                     "type_sizes": {"short": 2, "int": 4, "long": 4}}, out, protocol=2)
        pickler = Pickler(out, 2, legacy=True)
        pickler.dump(obj)
        stored = sorted(pickler.storages.values(), key=lambda entry: entry[0])
        pickle.dump([key for key, _ in stored], out, protocol=2)
        for _, storage in stored:
            out.write(struct.pack("<q", storage.count) + storage.bytes)


# --- what must be refused ---

class Calls:
    """Unpickling this calls a function."""

    def __init__(self, called, *args):
        self.called, self.args = called, args

    def __reduce__(self):
        return self.called, self.args


def main(folder):
    save(folder / "state-dict.ckpt", state_dict(codec()))
    # Since PyTorch 2.1 the zip's folder has the file's name, and before it was "archive".
    for name in ("archive", "data", "a b.c", "mod\u00e8le", "x" * 200):
        save(folder / f"{name}.named", state_dict(codec(saliency=False)))
    # Paths among the settings, as Python pickles them, and as 3.13 did.
    local = plain_class("pathlib._local", "PosixPath")
    local.__reduce__ = lambda self: (local, ("/", "data"))
    for name, path in (("path", Path("/data")), ("path-3.13", local())):
        save(folder / f"{name}.ckpt", {"hyper_parameters": {"root": path},
                                       "state_dict": state_dict(codec(saliency=False))})
    save(folder / "plain-dict.pt", dict(state_dict(codec(saliency=False))), protocol=5,
         compression=zipfile.ZIP_DEFLATED)
    save(folder / "lightning.ckpt",
         {"epoch": 3, "global_step": 1 << 70, "pytorch-lightning_version": "2.0.9",
          "state_dict": state_dict(codec(saliency=False), "model.", "HalfStorage"),
          "optimizer_states": [{"state": {0: {"step": pattern("step", ())}}}]}, protocol=4)
    save(folder / "module.pth", limitnet())
    save_legacy(folder / "module-legacy.pth", limitnet())
    save_legacy(folder / "legacy.pth", state_dict(codec(), type_name="DoubleStorage"))
    save(folder / "classifier.pth", state_dict(efficientnet(10)))
    save(folder / "big-endian.pt", state_dict(codec()), byte_order=b"big")
    save_legacy(folder / "big-endian-legacy.pt", state_dict(codec()), little=False)

    # Views: two parameters in one storage, one of them transposed and with an offset.
    views = state_dict(codec())
    name = "encoder.conv1.weight"
    size = (16, 3, 7, 7)
    plain = pattern(name, size).parts[0]
    elements = array.array("f", plain.bytes)
    turned = [elements[((o * 3 + i) * 7 + y) * 7 + x]
              for x in range(7) for y in range(7) for i in range(3) for o in range(16)]
    bias = list(array.array("f", pattern("encoder.conv1.bias", (16,)).parts[0].bytes))
    both = Storage("FloatStorage", bias + turned)
    views[name] = Tensor(both, 16, size, (1, 16, 48, 336))
    views["encoder.conv1.bias"] = Tensor(both, 0, (16,), (1,))
    save(folder / "views.pt", views)
    for key, tensor in {"offset": Tensor(both, 17, size, (1, 16, 48, 336)),
                        "stride": Tensor(both, 16, size, (1, 16, 48, 1 << 62)),
                        "size": Tensor(both, 0, (1 << 62, 1 << 62), (1, 1)),
                        "expanded": Tensor(both, 0, (1 << 40,), (0,)),
                        "shape": Tensor(both, 0, (16, 3, 7), (147, 49, 7))}.items():
        save(folder / f"bad-{key}.pt", {**views, name: tensor})
    save(folder / "not-finite.pt",
         {**views, "encoder.conv1.bias": Tensor(Storage("FloatStorage", [float("nan")] * 16), 0,
                                                (16,), (1,))})
    # Few bytes that would take long: one large object, which is no module, under many names.
    crowded = limitnet()
    crowd = plain_class("argparse", "Namespace")()
    crowd.__dict__.update((f"attribute{i}", None) for i in range(3000))
    crowded._modules.update((f"member{i}", crowd) for i in range(3000))
    save(folder / "crowded.pth", crowded)
    incomplete = state_dict(codec())
    del incomplete["decoder.t_conv4.bias"]
    save(folder / "incomplete.pt", incomplete)
    save(folder / "other.pt", {"fc.weight": pattern("fc.weight", (2, 2))})

    import os
    import builtins
    mark = str(folder / "executed")
    save(folder / "hostile-system.pth", limitnet(Calls(os.system, f"touch '{mark}'")))
    save(folder / "hostile-eval.pth",
         limitnet(Calls(builtins.eval, f"open({mark!r}, 'w')")), protocol=4)
    save_legacy(folder / "hostile-legacy.pth", limitnet(Calls(os.system, f"touch '{mark}'")))
    save(folder / "hostile-state-dict.ckpt",
         {"state_dict": state_dict(codec()), "callbacks": Calls(builtins.getattr, "a", "b")})


main(Path(sys.argv[1]))
