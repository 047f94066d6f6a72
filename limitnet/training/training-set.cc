// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/training-set.h"

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/error.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/training/training-set-torch.h"

namespace limitnet
{

namespace
{

const char* const KIND = "training-set";

/** Side of the latent and of the saliency map. */
constexpr int64_t MAP_SIDE = 28;

std::string
Key(size_t source, const std::string& what)
{
    return Text("source.", source, ".", what);
}

/** A note that is a whole number. */
int64_t
Number(const ModelFile& file, const std::filesystem::path& pack, const std::string& key)
{
    const auto found = file.notes.find(key);
    try
    {
        return std::stoll(found == file.notes.end() ? "" : found->second);
    }
    catch (const std::exception&)
    {
        throw Error(Text(pack.string(), ": note '", key, "' is no number; pack the data again"));
    }
}

/** A tensor of the pack, of the type and shape given (-1: any); undefined when it is not there. */
torch::Tensor
TensorOf(const ModelFile& file,
         const std::filesystem::path& pack,
         const std::string& key,
         torch::ScalarType type,
         const std::vector<int64_t>& shape)
{
    const auto found = file.tensors.find(key);
    if (found == file.tensors.end())
    {
        return {};
    }
    const auto& tensor = found->second;
    bool good = tensor.scalar_type() == type && tensor.dim() == static_cast<int64_t>(shape.size());
    for (size_t i = 0; good && i < shape.size(); ++i)
    {
        good = shape[i] < 0 || shape[i] == tensor.size(static_cast<int64_t>(i));
    }
    if (!good)
    {
        throw Error(Text(pack.string(),
                         ": '",
                         key,
                         "' has another type or shape than a pack's; pack the data again"));
    }
    return tensor;
}

} // namespace

uint32_t
ChecksumOf(const torch::Tensor& tensor, uint32_t seed)
{
    if (!tensor.defined())
    {
        return seed;
    }
    const auto flat = tensor.cpu().contiguous();
    return Crc32(static_cast<const uint8_t*>(flat.data_ptr()), flat.nbytes(), seed);
}

torch::Tensor
TrainingSource::At224(const torch::Tensor& indices) const
{
    const auto chosen = pictures.index_select(0, indices.to(pictures.device()));
    return IsSmall() ? EnlargeToPicture(chosen) : chosen.to(torch::kFloat) / 255;
}

torch::Tensor
TrainingSource::At224(int64_t first, int64_t count) const
{
    return At224(torch::arange(first, first + count));
}

torch::Tensor
TrainingSource::MasksAt(const torch::Tensor& indices) const
{
    return masks.index_select(0, indices.to(masks.device())).to(torch::kFloat) / 255;
}

const TrainingSource*
TrainingSet::Find(const std::string& name) const
{
    for (const auto& source : sources)
    {
        if (source.name == name)
        {
            return &source;
        }
    }
    return nullptr;
}

TrainingSet
TrainingSet::To(torch::Device device) const
{
    TrainingSet moved = *this;
    for (auto& source : moved.sources)
    {
        for (auto* tensor : {&source.pictures, &source.labels, &source.masks})
        {
            *tensor = tensor->defined() ? tensor->to(device) : *tensor;
        }
    }
    return moved;
}

std::string
TrainingSet::Signature() const
{
    uint32_t checksum = 0;
    std::string names;
    for (const auto& source : sources)
    {
        names += Text(source.name, ':', source.trainCount, '/', source.Size(), ' ');
        for (const auto& tensor : {source.pictures, source.labels, source.masks})
        {
            checksum = ChecksumOf(tensor, checksum);
        }
    }
    return Text(names, std::hex, checksum);
}

void
TrainingSet::Describe(std::ostream& out) const
{
    for (const auto& source : sources)
    {
        out << source.name << ": " << source.trainCount << " pictures to train on";
        if (source.masks.defined())
        {
            out << ", with saliency masks";
        }
        out << ", " << source.Size() - source.trainCount << " held out\n";
    }
    out << std::flush;
}

void
WriteTrainingSet(const TrainingSet& set, const std::filesystem::path& pack)
{
    ModelFile file;
    file.notes["kind"] = KIND;
    file.notes["sources"] = std::to_string(set.sources.size());
    for (size_t i = 0; i < set.sources.size(); ++i)
    {
        const auto& source = set.sources[i];
        file.notes[Key(i, "name")] = source.name;
        file.notes[Key(i, "classes")] = std::to_string(source.classes);
        file.notes[Key(i, "train_count")] = std::to_string(source.trainCount);
        file.tensors[Key(i, "pictures")] = source.pictures;
        if (source.labels.defined())
        {
            file.tensors[Key(i, "labels")] = source.labels;
        }
        if (source.masks.defined())
        {
            file.tensors[Key(i, "masks")] = source.masks;
        }
    }
    file.Write(pack);
}

std::shared_ptr<const TrainingSet>
ReadTrainingSet(const std::filesystem::path& pack, const std::string& only)
{
    const auto file = ModelFile::Read(pack, KIND);
    auto set = std::make_shared<TrainingSet>();
    const auto count = Number(file, pack, "sources");
    for (int64_t i = 0; i < count; ++i)
    {
        const auto key = [&](const char* what) { return Key(static_cast<size_t>(i), what); };
        TrainingSource source;
        const auto name = file.notes.find(key("name"));
        source.name = name == file.notes.end() ? "" : name->second;
        source.classes = Number(file, pack, key("classes"));
        source.trainCount = Number(file, pack, key("train_count"));
        source.pictures = TensorOf(file, pack, key("pictures"), torch::kByte, {-1, 3, -1, -1});
        if (!source.pictures.defined() || source.trainCount < 0 ||
            source.trainCount > source.Size() ||
            (!source.IsSmall() && source.pictures.size(2) != PICTURE_SIZE) ||
            source.pictures.size(3) != source.pictures.size(2))
        {
            throw Error(Text(pack.string(),
                             ": source ",
                             i,
                             " has no usable pictures; pack the data "
                             "again"));
        }
        const auto size = source.Size();
        source.labels = TensorOf(file, pack, key("labels"), torch::kLong, {size});
        source.masks =
            TensorOf(file, pack, key("masks"), torch::kByte, {size, 1, MAP_SIDE, MAP_SIDE});
        if (only.empty() || only == source.name)
        {
            set->sources.push_back(source);
        }
    }
    if (set->sources.empty())
    {
        throw Error(Text(pack.string(), ": has no set called '", only, "'"));
    }
    return set;
}

} // namespace limitnet
