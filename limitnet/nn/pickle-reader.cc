// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/pickle-reader.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iomanip>
#include <limits>
#include <set>
#include <unordered_map>

namespace limitnet
{

namespace
{

using Kind = PickleValue::Kind;

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

/** For a message: printable, and not longer than a line. */
std::string
Printable(std::string_view text)
{
    constexpr size_t LONGEST = 80;
    std::string line(text.substr(0, LONGEST));
    for (auto& c : line)
    {
        c = c >= ' ' && c < 127 ? c : '?';
    }
    return text.size() > LONGEST ? line + "..." : line;
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

bool
IsTupleOfSizes(const PickleValue& value)
{
    return value.kind == Kind::TUPLE &&
           std::all_of(value.items.begin(), value.items.end(), [](const PickleValue* item) {
               return item->kind == Kind::INT && item->integer >= 0;
           });
}

} // namespace

size_t
ElementSize(ElementType type)
{
    switch (type)
    {
    case ElementType::UINT8:
    case ElementType::INT8:
        return 1;
    case ElementType::FLOAT16:
    case ElementType::BFLOAT16:
    case ElementType::INT16:
        return 2;
    case ElementType::FLOAT32:
    case ElementType::INT32:
        return 4;
    case ElementType::FLOAT64:
    case ElementType::INT64:
        return 8;
    case ElementType::OTHER:
        break;
    }
    return 0;
}

const PickleValue*
PickleValue::Find(std::string_view key) const
{
    const auto found = std::find_if(entries.rbegin(), entries.rend(), [&](const auto& entry) {
        return entry.first->kind == Kind::STRING && entry.first->text == key;
    });
    return found == entries.rend() ? nullptr : found->second;
}

PickleTensor
PickleTensor::Of(const PickleValue& tensor)
{
    const auto& args = tensor.args->items;
    PickleTensor parts;
    parts.storage = args[0];
    parts.offset = args[1]->integer;
    for (const auto* item : args[2]->items)
    {
        parts.size.push_back(item->integer);
    }
    for (const auto* item : args[3]->items)
    {
        parts.stride.push_back(item->integer);
    }
    return parts;
}

/** The stack machine of one pickle. */
class PickleTree::Machine
{
  public:
    Machine(PickleTree& tree, std::string_view bytes)
        : m_tree(tree),
          m_bytes(bytes.substr(0, MAX_BYTES))
    {
    }

    void Run()
    {
        while (Step())
        {
        }
        m_tree.m_size = m_at;
    }

  private:
    /** One instruction. \return false after the last one */
    bool Step();

    // --- the bytes ---

    [[noreturn]] void Fail(const std::string& what) const
    {
        throw Error(Text("damaged or no pickle: ", what, " at byte ", m_opcodeAt));
    }

    std::string_view Take(uint64_t count)
    {
        if (count > m_bytes.size() - m_at)
        {
            Fail("it ends within the instruction");
        }
        const auto taken = m_bytes.substr(m_at, count);
        m_at += count;
        return taken;
    }

    /** A little-endian number of 1 to 8 bytes. */
    uint64_t TakeNumber(size_t bytes)
    {
        uint64_t number = 0;
        const auto taken = Take(bytes);
        for (size_t i = 0; i < bytes; ++i)
        {
            number |= uint64_t{static_cast<uint8_t>(taken[i])} << (8 * i);
        }
        return number;
    }

    /** Up to the end of the line, which is taken as well. */
    std::string_view TakeLine()
    {
        const auto end = m_bytes.find('\n', m_at);
        if (end == std::string_view::npos)
        {
            Fail("a line without an end");
        }
        const auto line = Take(end - m_at);
        Take(1);
        return line;
    }

    // --- memory ---

    /** Count bytes of memory before they are used. */
    void Spend(size_t bytes)
    {
        m_spent += bytes;
        if (m_spent > MAX_MEMORY)
        {
            Fail(Text("it needs more than ", MAX_MEMORY >> 20, " MiB of memory"));
        }
    }

    PickleValue* New(Kind kind, std::string_view text = {})
    {
        Spend(sizeof(PickleValue) + text.size());
        auto& value = m_tree.m_values.emplace_back();
        value.kind = kind;
        value.text = text;
        return &value;
    }

    PickleValue* NewInteger(int64_t integer, Kind kind = Kind::INT)
    {
        auto* value = New(kind);
        value->integer = integer;
        return value;
    }

    PickleValue* NewTuple(std::vector<PickleValue*> items)
    {
        auto* tuple = New(Kind::TUPLE);
        AddItems(*tuple, items.begin(), items.end());
        return tuple;
    }

    template <class Iterator>
    void AddItems(PickleValue& value, Iterator first, Iterator last)
    {
        Spend(2 * sizeof(void*) * static_cast<size_t>(last - first)); // twice: room to grow
        value.items.insert(value.items.end(), first, last);
    }

    void AddEntry(PickleValue& dict, const PickleValue* key, const PickleValue* value)
    {
        Spend(4 * sizeof(void*));
        dict.entries.emplace_back(key, value);
    }

    // --- the stack ---

    void Push(PickleValue* value)
    {
        Spend(2 * sizeof(void*));
        m_stack.push_back(value);
    }

    size_t Floor() const
    {
        return m_marks.empty() ? 0 : m_marks.back();
    }

    PickleValue* Top() const
    {
        if (m_stack.size() <= Floor())
        {
            Fail("an instruction without its operand");
        }
        return m_stack.back();
    }

    PickleValue* Pop()
    {
        auto* value = Top();
        m_stack.pop_back();
        return value;
    }

    /** All values above the last mark, which is removed. */
    std::vector<PickleValue*> PopMark()
    {
        if (m_marks.empty())
        {
            Fail("an instruction without its mark");
        }
        const auto first = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
        std::vector<PickleValue*> values(first, m_stack.end());
        m_stack.erase(first, m_stack.end());
        m_marks.pop_back();
        return values;
    }

    PickleValue* Pop(Kind kind, const char* what)
    {
        auto* value = Pop();
        if (value->kind != kind)
        {
            Fail(Text(what, " expected"));
        }
        return value;
    }

    // --- what instructions have in common ---

    void Memoise(uint64_t index)
    {
        Spend(8 * sizeof(void*));
        m_memo[index] = Top();
    }

    void PushMemo(uint64_t index)
    {
        const auto found = m_memo.find(index);
        if (found == m_memo.end())
        {
            Fail("a value that was not remembered");
        }
        Push(found->second);
    }

    /** A class or function by name: here is where everything unknown is refused. */
    PickleValue* Global(std::string_view module, std::string_view name)
    {
        // A name with a dot would be an attribute of an attribute (protocol 4): never accepted.
        auto full = std::string(module.substr(0, 1000)) + '.';
        full += name.substr(0, 1000);
        if (name.find('.') != std::string_view::npos || !Accepts(full))
        {
            throw Error(Text("refused: it names '",
                             Printable(full),
                             "', which is not among the classes that a checkpoint of LimitNet is "
                             "made of (nothing was run)"));
        }
        return New(Kind::CLASS, full);
    }

    PickleValue* NewObject(const PickleValue& type, const PickleValue* args)
    {
        auto* object = New(Kind::OBJECT, type.text);
        object->args = args;
        return object;
    }

    /** What `type(*args)` stands for. */
    PickleValue* Call(const PickleValue& type, const PickleValue* args);
    PickleValue* Tensor(const PickleValue* args);
    PickleValue* Persistent(const PickleValue& id);
    void Append(PickleValue& target, const std::vector<PickleValue*>& values);
    void SetItems(PickleValue& target, const std::vector<PickleValue*>& values);
    void PushNumber(std::string_view bytes);

    PickleTree& m_tree;
    std::string_view m_bytes;
    size_t m_at = 0;
    size_t m_opcodeAt = 0;
    size_t m_spent = 0;
    std::vector<PickleValue*> m_stack;
    std::vector<size_t> m_marks; // each the size that the stack had
    std::unordered_map<uint64_t, PickleValue*> m_memo;
};

PickleValue*
PickleTree::Machine::Tensor(const PickleValue* args)
{
    const auto& a = args->items;
    if (a.size() < 4 || a[0]->kind != Kind::STORAGE || a[1]->kind != Kind::INT ||
        a[1]->integer < 0 || !IsTupleOfSizes(*a[2]) || !IsTupleOfSizes(*a[3]) ||
        a[2]->items.size() != a[3]->items.size())
    {
        Fail("a tensor without storage, offset, size and stride");
    }
    auto* tensor = New(Kind::TENSOR);
    tensor->args = args;
    return tensor;
}

PickleValue*
PickleTree::Machine::Call(const PickleValue& type, const PickleValue* args)
{
    const auto& name = type.text;
    const auto& a = args->items;
    if (name == "torch._utils._rebuild_tensor" || name == "torch._utils._rebuild_tensor_v2")
    {
        return Tensor(args);
    }
    if (name == "torch._utils._rebuild_parameter" ||
        name == "torch._utils._rebuild_parameter_with_state")
    {
        if (a.empty() || a[0]->kind != Kind::TENSOR)
        {
            Fail("a parameter without a tensor");
        }
        auto* tensor = New(Kind::TENSOR);
        tensor->args = a[0]->args;
        return tensor;
    }
    if (name == "torch._tensor._rebuild_from_type_v2")
    {
        // (function, type, its arguments, attributes): a tensor with attributes of its own.
        if (a.size() < 3 || a[0]->kind != Kind::CLASS || a[2]->kind != Kind::TUPLE ||
            a[0]->text == name)
        {
            Fail("a tensor that is built from nothing");
        }
        return Call(*a[0], a[2]);
    }
    if (name == "torch.jit._pickle.restore_type_tag")
    {
        // (container, the type that LibTorch has for it)
        if (a.size() != 2 || (a[0]->kind != Kind::DICT && a[0]->kind != Kind::LIST))
        {
            Fail("a type for what is no container");
        }
        auto* container = New(a[0]->kind);
        AddItems(*container, a[0]->items.begin(), a[0]->items.end());
        for (const auto& [key, value] : a[0]->entries)
        {
            AddEntry(*container, key, value);
        }
        return container;
    }
    if (name == "collections.OrderedDict" || name == "collections.defaultdict")
    {
        auto* dict = New(Kind::DICT);
        if (!a.empty() && (a[0]->kind == Kind::LIST || a[0]->kind == Kind::TUPLE))
        {
            for (const auto* pair : a[0]->items)
            {
                if ((pair->kind != Kind::LIST && pair->kind != Kind::TUPLE) ||
                    pair->items.size() != 2)
                {
                    Fail("a dict from what are not pairs");
                }
                AddEntry(*dict, pair->items[0], pair->items[1]);
            }
        }
        return dict;
    }
    const auto last = name.substr(name.rfind('.') + 1);
    if (name.rfind("copy", 0) == 0 && last == "_reconstructor")
    {
        if (a.empty() || a[0]->kind != Kind::CLASS)
        {
            Fail("an object without a class");
        }
        return NewObject(*a[0], args);
    }
    if (name == "builtins.set" || name == "builtins.frozenset" || name == "__builtin__.set" ||
        name == "__builtin__.frozenset")
    {
        auto* set = New(Kind::SET);
        if (!a.empty())
        {
            AddItems(*set, a[0]->items.begin(), a[0]->items.end());
        }
        return set;
    }
    return NewObject(type, args);
}

PickleValue*
PickleTree::Machine::Persistent(const PickleValue& id)
{
    // ('storage', class, key, device, number of elements) and, in the older form, a view's place;
    // ('module', class, file, source) for a class whose source the older form kept.
    if (id.kind != Kind::TUPLE || id.items.size() < 2 || id.items[0]->kind != Kind::STRING ||
        id.items[1]->kind != Kind::CLASS)
    {
        Fail("a reference of unknown form");
    }
    const auto& what = id.items[0]->text;
    if (what == "module")
    {
        return New(Kind::CLASS, id.items[1]->text);
    }
    constexpr size_t LONGEST_KEY = 100;
    if (what != "storage" || id.items.size() < 5 || id.items[2]->kind != Kind::STRING ||
        id.items[2]->text.size() > LONGEST_KEY || id.items[4]->kind != Kind::INT ||
        id.items[4]->integer < 0)
    {
        Fail("a reference of unknown form");
    }
    if (id.items.size() > 5 && id.items[5]->kind != Kind::NONE)
    {
        throw Error(
            "a storage that is a view of another one (PyTorch before 0.4) is not supported");
    }
    auto* storage = New(Kind::STORAGE, id.items[2]->text);
    storage->elementType = StorageType(id.items[1]->text);
    storage->integer = id.items[4]->integer;
    Spend(200); // its place in the map
    const auto [known, isNew] = m_tree.m_storages.emplace(storage->text, storage);
    if (!isNew && (known->second->elementType != storage->elementType ||
                   known->second->integer != storage->integer))
    {
        Fail(Text("storage '", Printable(storage->text), "' in two sizes"));
    }
    return storage;
}

void
PickleTree::Machine::Append(PickleValue& target, const std::vector<PickleValue*>& values)
{
    if (target.kind != Kind::LIST && target.kind != Kind::SET && target.kind != Kind::OBJECT)
    {
        Fail("elements for what is no list");
    }
    AddItems(target, values.begin(), values.end());
}

void
PickleTree::Machine::SetItems(PickleValue& target, const std::vector<PickleValue*>& values)
{
    if (target.kind != Kind::DICT && target.kind != Kind::OBJECT)
    {
        Fail("entries for what is no dict");
    }
    if (values.size() % 2 != 0)
    {
        Fail("a key without a value");
    }
    for (size_t i = 0; i < values.size(); i += 2)
    {
        AddEntry(target, values[i], values[i + 1]);
    }
}

/** A two's complement number of any length; what does not fit 64 bits is an opaque object. */
void
PickleTree::Machine::PushNumber(std::string_view bytes)
{
    if (bytes.size() > 8)
    {
        Push(New(Kind::OBJECT, "builtins.int"));
        return;
    }
    uint64_t number = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = bytes.size(); i-- > 0;)
    {
        number = number << 8 | static_cast<uint8_t>(bytes[i]);
    }
    Push(NewInteger(static_cast<int64_t>(number)));
}

bool
PickleTree::Machine::Step()
{
    m_opcodeAt = m_at;
    const auto opcode = static_cast<uint8_t>(Take(1)[0]);
    switch (opcode)
    {
    // --- frame of the program ---
    case 0x80: // PROTO
    {
        const auto protocol = TakeNumber(1);
        if (protocol < 2 || protocol > 5)
        {
            Fail(Text("protocol ", protocol, ", which is not one of 2 to 5,"));
        }
        break;
    }
    case 0x95: // FRAME: a hint on how much to read ahead
        if (TakeNumber(8) > m_bytes.size() - m_at)
        {
            Fail("a frame that is longer than the file");
        }
        break;
    case '.': // STOP
        m_tree.m_root = Pop();
        return false;

    // --- stack and memo ---
    case '(': // MARK
        Spend(2 * sizeof(size_t));
        m_marks.push_back(m_stack.size());
        break;
    case '0': // POP: a value, or a mark with nothing above it
        if (!m_marks.empty() && m_stack.size() == m_marks.back())
        {
            m_marks.pop_back();
        }
        else
        {
            Pop();
        }
        break;
    case '1': // POP_MARK
        PopMark();
        break;
    case '2': // DUP
        Push(Top());
        break;
    case 'q': // BINPUT
        Memoise(TakeNumber(1));
        break;
    case 'r': // LONG_BINPUT
        Memoise(TakeNumber(4));
        break;
    case 0x94: // MEMOIZE
        Memoise(m_memo.size());
        break;
    case 'h': // BINGET
        PushMemo(TakeNumber(1));
        break;
    case 'j': // LONG_BINGET
        PushMemo(TakeNumber(4));
        break;

    // --- plain values ---
    case 'N':
        Push(New(Kind::NONE));
        break;
    case 0x88: // NEWTRUE
    case 0x89: // NEWFALSE
        Push(NewInteger(opcode == 0x88 ? 1 : 0, Kind::BOOL));
        break;
    case 'J': // BININT
        Push(NewInteger(static_cast<int32_t>(TakeNumber(4))));
        break;
    case 'K': // BININT1
        Push(NewInteger(static_cast<int64_t>(TakeNumber(1))));
        break;
    case 'M': // BININT2
        Push(NewInteger(static_cast<int64_t>(TakeNumber(2))));
        break;
    case 0x8a: // LONG1
        PushNumber(Take(TakeNumber(1)));
        break;
    case 0x8b: // LONG4
        PushNumber(Take(TakeNumber(4)));
        break;
    case 'G': // BINFLOAT: big-endian
    {
        const auto bytes = Take(8);
        uint64_t bits = 0;
        for (const char c : bytes)
        {
            bits = bits << 8 | static_cast<uint8_t>(c);
        }
        auto* value = New(Kind::FLOAT);
        std::memcpy(&value->number, &bits, sizeof bits);
        Push(value);
        break;
    }
    case 0x8c: // SHORT_BINUNICODE
        Push(New(Kind::STRING, Take(TakeNumber(1))));
        break;
    case 'X': // BINUNICODE
        Push(New(Kind::STRING, Take(TakeNumber(4))));
        break;
    case 0x8d: // BINUNICODE8
        Push(New(Kind::STRING, Take(TakeNumber(8))));
        break;
    case 'U': // SHORT_BINSTRING: Python 2's str
        Push(New(Kind::STRING, Take(TakeNumber(1))));
        break;
    case 'T': // BINSTRING
        Push(New(Kind::STRING, Take(TakeNumber(4))));
        break;
    case 'C': // SHORT_BINBYTES
        Push(New(Kind::BYTES, Take(TakeNumber(1))));
        break;
    case 'B': // BINBYTES
        Push(New(Kind::BYTES, Take(TakeNumber(4))));
        break;
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
        Push(New(Kind::BYTES, Take(TakeNumber(8))));
        break;

    // --- containers ---
    case ']': // EMPTY_LIST
        Push(New(Kind::LIST));
        break;
    case '}': // EMPTY_DICT
        Push(New(Kind::DICT));
        break;
    case ')': // EMPTY_TUPLE
        Push(New(Kind::TUPLE));
        break;
    case 0x8f: // EMPTY_SET
        Push(New(Kind::SET));
        break;
    case 'l':  // LIST
    case 't':  // TUPLE
    case 0x91: // FROZENSET
    {
        const auto values = PopMark();
        auto* container = New(opcode == 'l' ? Kind::LIST : opcode == 't' ? Kind::TUPLE : Kind::SET);
        AddItems(*container, values.begin(), values.end());
        Push(container);
        break;
    }
    case 'd': // DICT
    {
        const auto values = PopMark();
        auto* dict = New(Kind::DICT);
        SetItems(*dict, values);
        Push(dict);
        break;
    }
    case 0x85: // TUPLE1
        Push(NewTuple({Pop()}));
        break;
    case 0x86: // TUPLE2
    {
        auto* second = Pop();
        auto* first = Pop();
        Push(NewTuple({first, second}));
        break;
    }
    case 0x87: // TUPLE3
    {
        auto* third = Pop();
        auto* second = Pop();
        auto* first = Pop();
        Push(NewTuple({first, second, third}));
        break;
    }
    case 'a': // APPEND
    {
        auto* value = Pop();
        Append(*Top(), {value});
        break;
    }
    case 'e':  // APPENDS
    case 0x90: // ADDITEMS
    {
        const auto values = PopMark();
        Append(*Top(), values);
        break;
    }
    case 's': // SETITEM
    {
        auto* value = Pop();
        auto* key = Pop();
        SetItems(*Top(), {key, value});
        break;
    }
    case 'u': // SETITEMS
    {
        const auto values = PopMark();
        SetItems(*Top(), values);
        break;
    }

    // --- classes and objects ---
    case 'c': // GLOBAL
    {
        const auto module = TakeLine();
        Push(Global(module, TakeLine()));
        break;
    }
    case 0x93: // STACK_GLOBAL
    {
        const auto* name = Pop(Kind::STRING, "a name");
        const auto* module = Pop(Kind::STRING, "a module's name");
        Push(Global(module->text, name->text));
        break;
    }
    case 'i': // INST
    {
        const auto module = TakeLine();
        const auto* type = Global(module, TakeLine());
        Push(Call(*type, NewTuple(PopMark())));
        break;
    }
    case 'o': // OBJ
    {
        auto values = PopMark();
        if (values.empty() || values[0]->kind != Kind::CLASS)
        {
            Fail("an object without a class");
        }
        const auto* type = values[0];
        values.erase(values.begin());
        Push(Call(*type, NewTuple(values)));
        break;
    }
    case 'R':  // REDUCE
    case 0x81: // NEWOBJ
    {
        const auto* args = Pop(Kind::TUPLE, "a tuple of arguments");
        const auto* type = Pop(Kind::CLASS, "a class");
        Push(Call(*type, args));
        break;
    }
    case 0x92: // NEWOBJ_EX
    {
        Pop(Kind::DICT, "a dict of arguments");
        const auto* args = Pop(Kind::TUPLE, "a tuple of arguments");
        const auto* type = Pop(Kind::CLASS, "a class");
        Push(Call(*type, args));
        break;
    }
    case 'b': // BUILD
    {
        const auto* state = Pop();
        auto* object = Top();
        if (object->kind != Kind::OBJECT && object->kind != Kind::DICT &&
            object->kind != Kind::TENSOR && object->kind != Kind::SET)
        {
            Fail("attributes for what is no object");
        }
        object->state = state;
        break;
    }
    case 'Q': // BINPERSID
        Push(Persistent(*Pop()));
        break;

    // --- what PyTorch never writes ---
    case 0x82: // EXT1
    case 0x83: // EXT2
    case 0x84: // EXT4
        throw Error("refused: it names a class by a number of Python's extension registry");
    case 0x97: // NEXT_BUFFER
    case 0x98: // READONLY_BUFFER
        throw Error("refused: it refers to memory outside the file");
    default:
        Fail(Text("instruction 0x",
                  std::hex,
                  std::setw(2),
                  std::setfill('0'),
                  int{opcode},
                  ", which protocols 2 to 5 do not use,"));
    }
    return true;
}

PickleTree::PickleTree(std::string_view bytes)
{
    Machine(*this, bytes).Run();
}

bool
PickleTree::Accepts(std::string_view name)
{
    return AcceptedNames().count(name) > 0;
}

} // namespace limitnet
