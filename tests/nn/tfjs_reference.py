#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Models in TensorFlow.js's layers format: makes a small one, computes any.

  tfjs_reference.py make FOLDER
      writes a network of ResNet-50's topology with few channels and random weights
  tfjs_reference.py run FOLDER INPUT SIDE OUTPUT
      INPUT: SIDE x SIDE x 3 floats, as the network takes them. OUTPUT: the averages over the picture
      of what goes into res4a_branch2a, into res5a_branch2a and into avg_pool, then the output.

It goes by the topology in model.json, layer by layer as Keras defines them, in double precision, and
knows nothing of ResNet.
"""

import json
import sys
from pathlib import Path

import numpy as np


# --- computing ---

def load_weights(folder, model):
    weights = {}
    for group in model["weightsManifest"]:
        data = b"".join((folder / name).read_bytes() for name in group["paths"])
        at = 0
        for weight in group["weights"]:
            assert weight["dtype"] == "float32"
            count = int(np.prod(weight["shape"]))
            values = np.frombuffer(data, "<f4", count, at)
            weights[weight["name"]] = values.reshape(weight["shape"]).astype(np.float64)
            at += 4 * count
        assert at == len(data)
    return weights


def windows(x, size, strides):
    """rows x columns x channels -> rows x columns x channels x height x width"""
    view = np.lib.stride_tricks.sliding_window_view(x, size, axis=(0, 1))
    return view[::strides[0], ::strides[1]]


def same_padding(x, size, strides):
    pads = []
    for side, k, s in zip(x.shape, size, strides):
        total = max((-(-side // s) - 1) * s + k - side, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, pads + [(0, 0)])


def activate(x, name):
    if name == "relu":
        return np.maximum(x, 0)
    if name == "softmax":
        e = np.exp(x - x.max())
        return e / e.sum()
    assert name == "linear", name
    return x


def compute(kind, config, weights, inputs):
    x = inputs[0]
    if kind == "ZeroPadding2D":
        return np.pad(x, [tuple(pad) for pad in config["padding"]] + [(0, 0)])
    if kind == "Conv2D":
        assert config["dilation_rate"] == [1, 1] and config["data_format"] == "channels_last"
        if config["padding"] == "same":
            x = same_padding(x, config["kernel_size"], config["strides"])
        view = windows(x, config["kernel_size"], config["strides"])
        y = np.tensordot(view, weights["kernel"], axes=([3, 4, 2], [0, 1, 2]))
        return activate(y + weights["bias"] if config["use_bias"] else y, config["activation"])
    if kind == "BatchNormalization":
        scale = weights["gamma"] / np.sqrt(weights["moving_variance"] + config["epsilon"])
        return (x - weights["moving_mean"]) * scale + weights["beta"]
    if kind == "Activation":
        return activate(x, config["activation"])
    if kind == "MaxPooling2D":
        assert config["padding"] == "valid"
        return windows(x, config["pool_size"], config["strides"]).max(axis=(3, 4))
    if kind == "Add":
        return inputs[0] + inputs[1]
    if kind == "GlobalAveragePooling2D":
        return x.mean(axis=(0, 1))
    if kind == "Dense":
        return activate(x @ weights["kernel"] + weights["bias"], config["activation"])
    raise SystemExit(f"no definition of the layer {kind}")


def run(folder, input_file, side, output_file):
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    weights = load_weights(folder, model)
    values = {}
    result = []
    for layer in model["modelTopology"]["model_config"]["config"]["layers"]:
        name, kind = layer["name"], layer["class_name"]
        if kind == "InputLayer":
            picture = np.fromfile(input_file, "<f4").reshape(side, side, 3)
            values[name] = picture.astype(np.float64)
            continue
        inputs = [values[node[0]] for node in layer["inbound_nodes"][0]]
        if name in ("res4a_branch2a", "res5a_branch2a", "avg_pool"):
            result.append(inputs[0].mean(axis=(0, 1)))
        own = {key[len(name) + 1:]: value for key, value in weights.items()
               if key.startswith(name + "/")}
        values[name] = compute(kind, layer["config"], own, inputs)
    result.append(values[name])
    np.concatenate(result).astype("<f4").tofile(output_file)


# --- making ---

class Maker:
    def __init__(self):
        self.random = np.random.default_rng(1)
        self.layers, self.weights = [], []

    def layer(self, name, kind, inputs, **config):
        nodes = [[[other, 0, 0, {}] for other in inputs]] if inputs else []
        self.layers.append({"name": name, "class_name": kind, "config": {"name": name, **config},
                            "inbound_nodes": nodes})
        return name

    def weight(self, name, values):
        self.weights.append((name, values.astype("<f4")))

    def conv(self, name, norm, x, size, channels, stride, padding="valid"):
        n_in, n_out = channels
        self.layer(name, "Conv2D", [x], filters=n_out, kernel_size=[size, size],
                   strides=[stride, stride], padding=padding, data_format="channels_last",
                   dilation_rate=[1, 1], activation="linear", use_bias=True)
        # Pictures have values of some 70, everything after the first layer of about 1.
        deviation = (2 / (size * size * n_in)) ** 0.5 / (70 if name == "conv1" else 1)
        self.weight(name + "/kernel", self.random.normal(0, deviation, (size, size, n_in, n_out)))
        self.weight(name + "/bias", self.random.normal(0, 0.1, n_out))
        self.layer(norm, "BatchNormalization", [name], axis=[3], epsilon=0.001)
        self.weight(norm + "/gamma", self.random.uniform(0.3, 0.9, n_out))
        self.weight(norm + "/beta", self.random.normal(0, 0.3, n_out))
        self.weight(norm + "/moving_mean", self.random.normal(0, 0.2, n_out))
        # Small ones too, for which the epsilon counts.
        self.weight(norm + "/moving_variance", self.random.uniform(0.02, 2, n_out))
        return norm

    def relu(self, x):
        return self.layer("relu_" + x, "Activation", [x], activation="relu")

    def block(self, name, x, channels, stride, first):
        n_in, inner, n_out = channels
        y = x
        for branch, size, widths, step in (("2a", 1, (n_in, inner), stride),
                                           ("2b", 3, (inner, inner), 1)):
            padding = "same" if size == 3 else "valid"
            y = self.relu(self.conv(f"res{name}_branch{branch}", f"bn{name}_branch{branch}", y, size,
                                    widths, step, padding))
        y = self.conv(f"res{name}_branch2c", f"bn{name}_branch2c", y, 1, (inner, n_out), 1)
        if first:
            x = self.conv(f"res{name}_branch1", f"bn{name}_branch1", x, 1, (n_in, n_out), stride)
        return self.relu(self.layer("add" + name, "Add", [y, x]))


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    m = Maker()
    x = m.layer("input_1", "InputLayer", [])
    x = m.layer("conv1_pad", "ZeroPadding2D", [x], padding=[[3, 3], [3, 3]])
    x = m.relu(m.conv("conv1", "bn_conv1", x, 7, (3, 6), 2))
    x = m.layer("pool1_pad", "ZeroPadding2D", [x], padding=[[1, 1], [1, 1]])
    x = m.layer("pool1", "MaxPooling2D", [x], pool_size=[3, 3], strides=[2, 2], padding="valid")
    channels = 6
    for stage, blocks, inner, out in ((2, 2, 4, 10), (3, 1, 5, 12), (4, 3, 6, 14), (5, 2, 7, 16)):
        for i in range(blocks):
            stride = 2 if i == 0 and stage > 2 else 1
            x = m.block(f"{stage}{'abc'[i]}", x, (channels, inner, out), stride, i == 0)
            channels = out
    x = m.layer("avg_pool", "GlobalAveragePooling2D", [x])
    m.layer("fc1000", "Dense", [x], units=9, activation="softmax")
    m.weight("fc1000/kernel", m.random.normal(0, 0.5, (channels, 9)))
    m.weight("fc1000/bias", m.random.normal(0, 0.5, 9))

    # Two groups; the files of the first are cut in the midst of a number.
    groups = []
    for number, chosen in enumerate((m.weights[:100], m.weights[100:])):
        data = b"".join(values.tobytes() for _, values in chosen)
        cuts = [0, 1001, len(data)] if number == 0 else [0, len(data)]
        paths = []
        for i in range(len(cuts) - 1):
            paths.append(f"group{number + 1}-shard{i + 1}of{len(cuts) - 1}.bin")
            (folder / paths[-1]).write_bytes(data[cuts[i]:cuts[i + 1]])
        groups.append({"paths": paths,
                       "weights": [{"name": name, "shape": list(values.shape), "dtype": "float32"}
                                   for name, values in chosen]})
    topology = {"keras_version": "2.2.4-tf", "backend": "tensorflow",
                "model_config": {"class_name": "Model", "config": {"layers": m.layers}}}
    model = {"format": "layers-model", "modelTopology": topology, "weightsManifest": groups}
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")


def main(action, folder, *others):
    if action == "make":
        make(Path(folder))
    else:
        run(Path(folder), others[0], int(others[1]), others[2])


main(*sys.argv[1:])
