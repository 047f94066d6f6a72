// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/pickle-globals.h"

#include <array>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{

namespace
{

/** Names of one module that a pickle may use. */
struct AcceptedModule
{
    const char* module;
    std::vector<const char*> names;
};

/**
 * The fixed list. All of it becomes inert records, except what Machine::Call() builds itself:
 * dicts, sets and tensors.
 */
const std::vector<AcceptedModule>&
AcceptedModules()
{
    static const std::vector<const char*> STORAGES{"FloatStorage",
                                                   "DoubleStorage",
                                                   "HalfStorage",
                                                   "BFloat16Storage",
                                                   "LongStorage",
                                                   "IntStorage",
                                                   "ShortStorage",
                                                   "CharStorage",
                                                   "ByteStorage",
                                                   "BoolStorage"};
    static const std::vector<const char*> BUILTINS{"set",
                                                   "frozenset",
                                                   "dict",
                                                   "list",
                                                   "tuple",
                                                   "int",
                                                   "float",
                                                   "bool",
                                                   "str",
                                                   "bytes",
                                                   "bytearray",
                                                   "complex",
                                                   "slice",
                                                   "range",
                                                   "object"};
    static const std::vector<const char*> LIMITNET{"LimitNet",
                                                   "Encoder",
                                                   "Decoder",
                                                   "SalDecoder",
                                                   "CIFAR100Classifier"};
    static const std::vector<const char*> PATHS{"Path",
                                                "PosixPath",
                                                "WindowsPath",
                                                "PurePath",
                                                "PurePosixPath",
                                                "PureWindowsPath"};
    static const std::vector<const char*> POOLING{"MaxPool2d",
                                                  "AvgPool2d",
                                                  "AdaptiveAvgPool2d",
                                                  "AdaptiveMaxPool2d"};
    static const std::vector<AcceptedModule> MODULES{
        {"collections", {"OrderedDict", "defaultdict", "Counter"}}, // Counter: of schedulers
        {"builtins", BUILTINS},
        {"__builtin__", BUILTINS}, // Python 2's name, which protocol 2 uses
        {"copyreg", {"_reconstructor"}},
        {"copy_reg", {"_reconstructor"}},
        {"_codecs", {"encode"}}, // how protocol 2 spells bytes
        {"argparse", {"Namespace"}},
        {"pathlib", PATHS},
        {"pathlib._local", PATHS}, // of Python 3.13
        {"numpy", {"dtype", "ndarray"}},
        {"numpy.core.multiarray", {"scalar", "_reconstruct"}},
        {"numpy._core.multiarray", {"scalar", "_reconstruct"}}, // since numpy 2

        {"torch", STORAGES},
        {"torch.cuda", STORAGES},
        {"torch",
         {"Size",    "device", "Tensor", "float16",   "half",       "bfloat16", "float32", "float",
          "float64", "double", "uint8",  "int8",      "int16",      "short",    "int32",   "int",
          "int64",   "long",   "bool",   "complex64", "complex128", "strided"}},
        {"torch.storage", {"TypedStorage", "UntypedStorage", "_TypedStorage", "_UntypedStorage"}},
        {"torch._utils",
         {"_rebuild_tensor",
          "_rebuild_tensor_v2",
          "_rebuild_parameter",
          "_rebuild_parameter_with_state"}},
        {"torch.torch_version", {"TorchVersion"}},
        {"torch._tensor", {"_rebuild_from_type_v2"}},
        {"torch.jit._pickle", {"restore_type_tag"}}, // around the containers of torch::pickle_save
        {"torch.nn.parameter", {"Parameter", "Buffer"}},
        // Lightning registers these two hooks with each of its modules.
        {"torch.distributed._shard.sharded_tensor",
         {"state_dict_hook", "pre_load_state_dict_hook"}},
        {"torch.distributed._sharded_tensor", {"state_dict_hook", "pre_load_state_dict_hook"}},
        {"torch.nn.modules.module", {"Module", "_WrappedHook"}},
        {"torch.nn.modules.container", {"Sequential", "ModuleList", "ModuleDict"}},
        {"torch.nn.modules.conv", {"Conv2d", "ConvTranspose2d"}},
        {"torch.nn.modules.linear", {"Linear", "Identity"}},
        {"torch.nn.modules.batchnorm", {"BatchNorm2d"}},
        {"torch.nn.modules.dropout", {"Dropout", "Dropout2d"}},
        {"torch.nn.modules.padding", {"ZeroPad2d", "ConstantPad2d"}},
        {"torch.nn.modules.pooling", POOLING},
        {"torch.nn.modules.activation",
         {"ReLU", "ReLU6", "LeakyReLU", "Sigmoid", "SiLU", "Hardswish", "Softmax", "Tanh", "GELU"}},
        {"torch.nn.modules.flatten", {"Flatten"}},
        {"torch.nn.modules.upsampling", {"Upsample", "UpsamplingBilinear2d"}},
        {"torch.nn.modules.loss", {"MSELoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss"}},
        {"torchvision.transforms.transforms", {"Normalize", "Compose", "Resize", "ToTensor"}},
        {"torchvision.transforms.functional", {"InterpolationMode"}},

        // The classes of the LimitNet release; __main__ where they were defined in a notebook.
        {"models.model", LIMITNET},
        {"model", LIMITNET},
        {"__main__", LIMITNET},
        {"efficientnet_pytorch.model", {"EfficientNet", "MBConvBlock"}},
        {"efficientnet_pytorch.utils",
         {"GlobalParams",
          "BlockArgs",
          "Conv2dStaticSamePadding",
          "Conv2dDynamicSamePadding",
          "MemoryEfficientSwish",
          "Swish"}},

        {"torchmetrics.metric", {"Metric", "jit_distributed_available"}},
        {"torchmetrics.utilities.distributed", {"jit_distributed_available"}},
        {"torchmetrics.utilities.data",
         {"dim_zero_sum", "dim_zero_cat", "dim_zero_mean", "dim_zero_max", "dim_zero_min"}},
        {"torchmetrics.utilities.enums",
         {"AverageMethod", "MDMCAverageMethod", "DataType", "ClassificationTask"}},
        {"torchmetrics.classification.accuracy",
         {"Accuracy", "MulticlassAccuracy", "BinaryAccuracy", "MultilabelAccuracy"}},

        {"lightning.pytorch.utilities.parsing", {"AttributeDict"}},
        {"lightning.fabric.utilities.data", {"AttributeDict"}},
        {"pytorch_lightning.utilities.parsing", {"AttributeDict"}},
        {"lightning_fabric.utilities.data", {"AttributeDict"}},
        {"pytorch_lightning.callbacks.model_checkpoint", {"ModelCheckpoint"}},
        {"lightning.pytorch.callbacks.model_checkpoint", {"ModelCheckpoint"}},
    };
    return MODULES;
}

const std::set<std::string, std::less<>>&
AcceptedNames()
{
    static const auto NAMES = [] {
        std::set<std::string, std::less<>> names;
        for (const auto& [module, members] : AcceptedModules())
        {
            for (const auto* member : members)
            {
                names.insert(std::string(module) + '.' + member);
            }
        }
        return names;
    }();
    return NAMES;
}

} // namespace

bool
IsAcceptedGlobal(std::string_view name)
{
    return AcceptedNames().count(name) > 0;
}

ElementType
StorageType(std::string_view className)
{
    const auto name = className.substr(className.rfind('.') + 1);
    constexpr std::array<std::pair<const char*, ElementType>, 10> TYPES{{
        {"FloatStorage", ElementType::FLOAT32},
        {"DoubleStorage", ElementType::FLOAT64},
        {"HalfStorage", ElementType::FLOAT16},
        {"BFloat16Storage", ElementType::BFLOAT16},
        {"LongStorage", ElementType::INT64},
        {"IntStorage", ElementType::INT32},
        {"ShortStorage", ElementType::INT16},
        {"CharStorage", ElementType::INT8},
        {"ByteStorage", ElementType::UINT8},
        {"BoolStorage", ElementType::UINT8},
    }};
    for (const auto& [known, type] : TYPES)
    {
        if (name == known)
        {
            return type;
        }
    }
    return ElementType::OTHER;
}

} // namespace limitnet
