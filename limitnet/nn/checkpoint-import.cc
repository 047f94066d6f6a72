// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/checkpoint-import.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/checkpoint-file.h"
#include "limitnet/nn/checkpoint-import-torch.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/pickle-tensor-torch.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string_view>

namespace limitnet
{

namespace
{

using Kind = PickleValue::Kind;

/** Tensors by their name in the state dict. */
using Tensors = std::map<std::string, const PickleValue*>;

/**
 * Modules, and entries in their dicts, that are looked at, each time that they are. The release's
 * module has some ten thousand; a file may refer to one module many times over.
 */
constexpr size_t MOST_WORK = 5000000;

/** Elements of all tensors together; EfficientNet-B0 has 5.3 million. */
constexpr int64_t MOST_ELEMENTS = int64_t{64} << 20;

bool
IsModule(const PickleValue& value)
{
    return value.kind == Kind::OBJECT && value.state != nullptr &&
           value.state->Find("_modules") != nullptr && value.state->Find("_parameters") != nullptr;
}

bool
IsStateDict(const PickleValue& value)
{
    return value.kind == Kind::DICT &&
           std::any_of(value.entries.begin(), value.entries.end(), [](const auto& entry) {
               return entry.first->kind == Kind::STRING && entry.second->kind == Kind::TENSOR;
           });
}

/** What `module.state_dict()` would give, by the attributes of torch.nn.Module. */
Tensors
StateDictOf(const PickleValue& root, const std::filesystem::path& path)
{
    Tensors tensors;
    std::vector<std::pair<std::string, const PickleValue*>> left{{"", &root}};
    size_t work = 0;
    const auto spend = [&](size_t more) {
        work += more;
        if (work > MOST_WORK)
        {
            throw Error(
                fmt::format("{}: damaged checkpoint: its modules have no end", path.string()));
        }
    };
    const auto nameOf = [&](const std::string& prefix, const PickleValue& key) {
        constexpr size_t LONGEST_NAME = 1000; // a module that contains itself gets there
        spend(prefix.size() + key.text.size() > LONGEST_NAME ? MOST_WORK + 1 : 0);
        return prefix + key.text;
    };
    while (!left.empty())
    {
        const auto [prefix, module] = left.back();
        left.pop_back();
        const auto& state = *module->state;
        const auto* transient = state.Find("_non_persistent_buffers_set");
        std::set<std::string_view> transientNames;
        if (transient != nullptr)
        {
            spend(transient->items.size());
            for (const auto* item : transient->items)
            {
                transientNames.insert(item->text);
            }
        }
        spend(1 + state.entries.size() + state.Find("_modules")->entries.size());
        for (const auto* group : {"_parameters", "_buffers"})
        {
            const auto* members = state.Find(group);
            if (members == nullptr)
            {
                continue;
            }
            spend(members->entries.size());
            for (const auto& [key, value] : members->entries)
            {
                if (key->kind == Kind::STRING && value->kind == Kind::TENSOR &&
                    transientNames.count(key->text) == 0)
                {
                    tensors[nameOf(prefix, *key)] = value;
                }
            }
        }
        for (const auto& [key, value] : state.Find("_modules")->entries)
        {
            // All that a module has is gone through to see that it is one, for each reference.
            spend(value->state == nullptr ? 0 : value->state->entries.size());
            if (key->kind == Kind::STRING && IsModule(*value))
            {
                left.emplace_back(nameOf(prefix, *key) + '.', value);
            }
        }
    }
    return tensors;
}

/** The tensors of whatever was saved. */
Tensors
FindTensors(const CheckpointFile& file, std::string& form)
{
    const auto* value = &file.Root();
    std::string where;
    if (!IsModule(*value) && !IsStateDict(*value) && value->kind == Kind::DICT)
    {
        for (const auto* key : {"state_dict", "model_state_dict", "model", "net"})
        {
            const auto* inner = value->Find(key);
            if (inner != nullptr && (IsModule(*inner) || IsStateDict(*inner)))
            {
                value = inner;
                where = fmt::format(" under the key '{}'", key);
                break;
            }
        }
    }
    if (IsModule(*value))
    {
        form = fmt::format("a module of class {}{}", value->text, where);
        return StateDictOf(*value, file.Path());
    }
    if (IsStateDict(*value))
    {
        form = "a state dict" + where;
        Tensors tensors;
        for (const auto& [key, tensor] : value->entries)
        {
            if (key->kind == Kind::STRING && tensor->kind == Kind::TENSOR)
            {
                tensors[key->text] = tensor;
            }
        }
        return tensors;
    }
    throw Error(fmt::format("{}: holds neither a state dict nor a module", file.Path().string()));
}

/**
 * \param name the end of a parameter's name
 * \param prefix set to what precedes it
 * \return whether the parameter is there
 */
bool
FindPrefix(const Tensors& tensors,
           const std::string& name,
           const std::filesystem::path& path,
           std::string& prefix)
{
    bool found = false;
    for (const auto& entry : tensors)
    {
        const auto& full = entry.first;
        if (full.size() < name.size() ||
            full.compare(full.size() - name.size(), name.size(), name) != 0 ||
            (full.size() > name.size() && full[full.size() - name.size() - 1] != '.'))
        {
            continue;
        }
        const auto before = full.substr(0, full.size() - name.size());
        if (found)
        {
            throw Error(fmt::format("{}: holds '{}' twice, as '{}' and '{}'; save one of the "
                                    "networks alone",
                                    path.string(),
                                    name,
                                    prefix + name,
                                    full));
        }
        prefix = before;
        found = true;
    }
    return found;
}

/**
 * A tensor of its own from a view of a storage; the view is checked first.
 *
 * \param left how many elements may still be made, reduced
 */
torch::Tensor
MakeTensor(const PickleTensor& parts,
           const std::string& storage,
           const std::string& name,
           const std::filesystem::path& path,
           int64_t& left)
{
    const auto fail = [&](const std::string& what) {
        throw Error(fmt::format("{}: tensor '{}' {}", path.string(), name, what));
    };
    const auto bytes = torch::from_blob(const_cast<char*>(storage.data()),
                                        {static_cast<int64_t>(storage.size())},
                                        torch::kByte);
    torch::Tensor view;
    try
    {
        view = TensorView(parts, bytes);
    }
    catch (const Error& error)
    {
        fail(error.what());
    }
    left -= view.numel();
    if (left < 0)
    {
        fail(fmt::format("is one too many: more than {} values in all", MOST_ELEMENTS));
    }
    const auto tensor = view.clone(torch::MemoryFormat::Contiguous);
    if (tensor.is_floating_point() && !torch::isfinite(tensor.to(torch::kFloat)).all().item<bool>())
    {
        fail("has values that are not finite");
    }
    return tensor;
}

/** Put batch normalisation's counters where a file older than PyTorch 0.4.1 has none. */
void
AddCounters(ModelFile& file, const torch::nn::Module& module)
{
    for (const auto& entry : module.named_buffers())
    {
        if (entry.value().dim() == 0 && entry.value().scalar_type() == torch::kLong)
        {
            file.tensors.emplace(entry.key(), torch::zeros({}, torch::kLong));
        }
    }
}

} // namespace

Checkpoint::Checkpoint(const std::filesystem::path& path)
    : m_path(path),
      m_networks(std::make_unique<Networks>())
{
    const CheckpointFile file(path);
    const auto tensors = FindTensors(file, m_form);
    std::string codecPrefix;
    std::string classifierPrefix;
    const auto hasCodec = FindPrefix(tensors, "encoder.conv1.weight", path, codecPrefix);
    const auto hasClassifier = FindPrefix(tensors, "_conv_stem.weight", path, classifierPrefix);
    if (!hasCodec && !hasClassifier)
    {
        throw Error(fmt::format("{}: {} with {} tensors, but none is named 'encoder.conv1.weight' "
                                "(LimitNet's encoder) or '_conv_stem.weight' (EfficientNet)",
                                path.string(),
                                m_form,
                                tensors.size()));
    }

    // Sort the names first, then read only the storages that are needed.
    Tensors codecTensors;
    Tensors classifierTensors;
    std::set<std::string> keys;
    const auto isBelow = [](const std::string& name, const std::string& prefix) {
        return name.rfind(prefix, 0) == 0;
    };
    bool hasSaliency = false;
    for (const auto& [name, tensor] : tensors)
    {
        if (hasClassifier && isBelow(name, classifierPrefix + '_'))
        {
            classifierTensors[name.substr(classifierPrefix.size())] = tensor;
        }
        else if (hasCodec && (isBelow(name, codecPrefix + "encoder.") ||
                              isBelow(name, codecPrefix + "decoder.") ||
                              isBelow(name, codecPrefix + "sal_decoder.")))
        {
            codecTensors[name.substr(codecPrefix.size())] = tensor;
            hasSaliency = hasSaliency || isBelow(name, codecPrefix + "sal_decoder.");
        }
        else
        {
            m_ignored.push_back(name);
            continue;
        }
        keys.insert(PickleTensor::Of(*tensor).storage->text);
    }
    const auto storages = file.ReadStorages(keys);
    auto left = MOST_ELEMENTS;
    const auto make = [&](const Tensors& from) {
        ModelFile made;
        for (const auto& [name, tensor] : from)
        {
            const auto parts = PickleTensor::Of(*tensor);
            made.tensors[name] =
                MakeTensor(parts, storages.at(parts.storage->text), name, path, left);
        }
        return made;
    };

    if (hasCodec)
    {
        const auto weights = make(codecTensors);
        m_networks->codec = std::make_unique<CodecModel::Networks>();
        m_networks->codec->hasSaliency = hasSaliency;
        auto& net = *m_networks->codec->net;
        weights.Give(net, path, "encoder.");
        weights.Give(net, path, "decoder.");
        if (hasSaliency)
        {
            weights.Give(net, path, "sal_decoder.");
        }
        net.eval();
    }
    if (hasClassifier)
    {
        auto weights = make(classifierTensors);
        const auto bias = weights.tensors.find("_fc.bias");
        if (bias == weights.tensors.end() || bias->second.dim() != 1 || bias->second.size(0) == 0)
        {
            throw Error(fmt::format("{}: tensor '{}_fc.bias' is missing or no list: the number of "
                                    "classes follows from it",
                                    path.string(),
                                    classifierPrefix));
        }
        constexpr int64_t MOST_CLASSES = 100000;
        m_classCount = bias->second.size(0);
        const auto weight = weights.tensors.find("_fc.weight");
        if (m_classCount > MOST_CLASSES || weight == weights.tensors.end() ||
            weight->second.dim() != 2 || weight->second.size(0) != m_classCount)
        {
            throw Error(fmt::format("{}: tensor '{}_fc.weight' does not fit the {} classes of "
                                    "'_fc.bias'",
                                    path.string(),
                                    classifierPrefix,
                                    m_classCount));
        }
        m_networks->classifier = EfficientNetB0(m_classCount);
        auto& net = *m_networks->classifier;
        AddCounters(weights, net);
        try
        {
            weights.Give(net, path);
        }
        catch (const Error& error)
        {
            throw Error(fmt::format("{} (of EfficientNet-B0, the only one of its family that is "
                                    "read)",
                                    error.what()));
        }
        net.eval();
    }
}

Checkpoint::~Checkpoint() = default;

const std::filesystem::path&
Checkpoint::Path() const
{
    return m_path;
}

const std::string&
Checkpoint::Form() const
{
    return m_form;
}

bool
Checkpoint::HasCodec() const
{
    return m_networks->codec != nullptr;
}

bool
Checkpoint::HasSaliency() const
{
    return HasCodec() && m_networks->codec->hasSaliency;
}

int64_t
Checkpoint::ClassCount() const
{
    return m_classCount;
}

const std::vector<std::string>&
Checkpoint::Ignored() const
{
    return m_ignored;
}

void
Checkpoint::WriteClassifier(const std::filesystem::path& path, const std::string& dataset) const
{
    if (m_networks->classifier.is_empty())
    {
        throw Error(fmt::format("{}: has no classifier", m_path.string()));
    }
    limitnet::WriteClassifier(path, m_networks->classifier, dataset, m_path.filename().string());
}

const Checkpoint::Networks&
Checkpoint::GetNetworks() const
{
    return *m_networks;
}

} // namespace limitnet
