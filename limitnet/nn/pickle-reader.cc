// SPDX-License-Identifier: GPL-2.0-only
// Values of a pickle, and what is made of the classes that it names.
#include "limitnet/nn/pickle-reader.h"

#include "limitnet/nn/pickle-globals.h"
#include "limitnet/nn/pickle-machine.h"

#include <algorithm>

namespace limitnet
{

namespace
{

using Kind = PickleValue::Kind;

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

std::string
PickleTree::Machine::Printable(std::string_view text)
{
    constexpr size_t LONGEST = 80;
    std::string line(text.substr(0, LONGEST));
    for (auto& c : line)
    {
        c = c >= ' ' && c < 127 ? c : '?';
    }
    return text.size() > LONGEST ? line + "..." : line;
}

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

PickleTree::PickleTree(std::string_view bytes)
{
    Machine(*this, bytes).Run();
}

bool
PickleTree::Accepts(std::string_view name)
{
    return IsAcceptedGlobal(name);
}

} // namespace limitnet
