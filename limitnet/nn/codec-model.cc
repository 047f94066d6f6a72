// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/codec-model.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/nn/threads-torch.h"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <vector>

namespace limitnet
{

namespace
{

const char* const KIND = "codec";

/// The note that says whether there is a saliency decoder, and its value when there is none.
const char* const SALIENCY_NOTE = "saliency";
const char* const NO_SALIENCY = "none";
const char* const ORDER_NOTE = "order";
const char* const RANDOM_ORDER = "random";
const char* const SALIENCY_PREFIX = "sal_decoder.";

/** The shape of a nested array. */
template <typename T>
void
AppendShape(const T& /* number */, std::vector<int64_t>& /* shape */)
{
}

template <typename T, size_t N>
void
AppendShape(const std::array<T, N>& values, std::vector<int64_t>& shape)
{
    shape.push_back(N);
    AppendShape(values[0], shape);
}

/** Call a function with every number of a nested array, in order. */
template <typename T, typename Function>
void
ForEach(T& number, const Function& function)
{
    function(number);
}

template <typename T, size_t N, typename Function>
void
ForEach(std::array<T, N>& values, const Function& function)
{
    for (auto& value : values)
    {
        ForEach(value, function);
    }
}

/** Call a function with the name and the array of each table, in the order of the file format. */
template <typename Tables, typename Function>
void
ForEachTable(Tables& tables, const Function& function)
{
    function("quantiser.scale", tables.scale);
    function("quantiser.offset", tables.offset);
    function("quantiser.reconstruction", tables.reconstruction);
    function("entropy.frequency", tables.entropy.frequency);
    function("entropy.mean", tables.entropy.mean);
    function("entropy.weight_set", tables.entropy.weightSet);
    function("entropy.weight", tables.entropy.weight);
    function("entropy.confidence", tables.entropy.confidence);
    function("entropy.width", tables.entropy.width);
    function("entropy.map_width", tables.entropy.mapWidth);
}

CodecTables
ReadTables(const ModelFile& file, const std::filesystem::path& path)
{
    CodecTables tables;
    ForEachTable(tables, [&](const std::string& name, auto& values) {
        std::vector<int64_t> shape;
        AppendShape(values, shape);
        const auto found = file.tensors.find(name);
        if (found == file.tensors.end() || found->second.sizes() != at::IntArrayRef(shape))
        {
            throw Error(Text(path.string(),
                             ": table '",
                             name,
                             "' is missing or of another size; `limitnet calibrate` makes the "
                             "tables of a model anew"));
        }
        const auto numbers = found->second.to(torch::kDouble).contiguous();
        const auto* next = numbers.template data_ptr<double>();
        ForEach(values, [&](auto& value) {
            using Number = std::remove_reference_t<decltype(value)>;
            // Clamped into the type only; Check() refuses what is out of range.
            value = static_cast<Number>(std::clamp<double>(*next++,
                                                           std::numeric_limits<Number>::lowest(),
                                                           std::numeric_limits<Number>::max()));
        });
    });
    try
    {
        tables.Check();
    }
    catch (const Error& error)
    {
        throw Error(Text(path.string(), ": ", error.what()));
    }
    return tables;
}

/**
 * Low byte of the CRC-32 of all tensors in the order of their names. Both ends have it, so a cloud
 * with another model than the device's notices in 255 of 256 cases.
 */
uint8_t
ModelId(const ModelFile& file)
{
    uint32_t crc = 0;
    for (const auto& [name, tensor] : file.tensors)
    {
        const auto flat = tensor.contiguous();
        crc = Crc32(static_cast<const uint8_t*>(flat.data_ptr()), flat.nbytes(), crc);
    }
    return static_cast<uint8_t>(crc);
}

CodecModel::Networks
NetworksOf(const ModelFile& file, const std::filesystem::path& path)
{
    CodecModel::Networks networks;
    const auto note = file.notes.find(SALIENCY_NOTE);
    networks.hasSaliency = note == file.notes.end() || note->second != NO_SALIENCY;
    const auto order = file.notes.find(ORDER_NOTE);
    networks.randomOrder = order != file.notes.end() && order->second == RANDOM_ORDER;
    file.Give(*networks.net, path, "encoder.");
    file.Give(*networks.net, path, "decoder.");
    if (networks.hasSaliency)
    {
        file.Give(*networks.net, path, SALIENCY_PREFIX);
    }
    networks.net->eval();
    return networks;
}

} // namespace

torch::Tensor
CodecModel::Networks::Saliency(const torch::Tensor& latent) const
{
    return hasSaliency ? torch::sigmoid(net->sal_decoder(latent))
                       : torch::zeros({latent.size(0), 1, latent.size(2), latent.size(3)},
                                      latent.options());
}

CodecModel::Networks
ReadCodecNetworks(const std::filesystem::path& path)
{
    return NetworksOf(ModelFile::Read(path, KIND), path);
}

CodecModel::CodecModel(const std::filesystem::path& path)
    : m_path(path)
{
    const auto file = ModelFile::Read(path, KIND);
    m_networks = std::make_unique<Networks>(NetworksOf(file, path));
    UseAllCores();
    KeepFreedMemory();
    const torch::NoGradGuard noGrad;
    m_networks->decoder = m_networks->net->decoder->Kernels();
    m_tables = ReadTables(file, path);
    m_tables.modelId = ModelId(file);
}

CodecModel::~CodecModel() = default;

const std::filesystem::path&
CodecModel::Path() const
{
    return m_path;
}

const CodecTables&
CodecModel::Tables() const
{
    return m_tables;
}

bool
CodecModel::HasSaliency() const
{
    return m_networks->hasSaliency;
}

ValueOrder
CodecModel::Order() const
{
    return m_networks->randomOrder   ? ValueOrder::RANDOM
           : m_networks->hasSaliency ? ValueOrder::IMPORTANCE
                                     : ValueOrder::CHANNEL;
}

EncodedPicture
CodecModel::Encode(const Image& image) const
{
    const torch::NoGradGuard noGrad;
    const auto pixels = PictureTensor(image).to(torch::kFloat) / 255;
    const auto latent = m_networks->net->encoder(Normalise(pixels)).contiguous();
    const auto saliency = m_networks->Saliency(latent).contiguous();
    const auto* l = latent.data_ptr<float>();
    const auto* s = saliency.data_ptr<float>();
    return {{l, l + latent.numel()}, {s, s + saliency.numel()}};
}

Image
CodecModel::Input(const Image& image) const
{
    return TensorPicture(PictureTensor(image).to(torch::kFloat) / 255);
}

Image
CodecModel::Decode(const std::vector<float>& latent) const
{
    const torch::NoGradGuard noGrad;
    const auto input = torch::from_blob(const_cast<float*>(latent.data()),
                                        {1, LATENT_CHANNELS, LATENT_HEIGHT, LATENT_WIDTH})
                           .contiguous(torch::MemoryFormat::ChannelsLast);
    return TensorPicture(DecoderImpl::Run(m_networks->decoder, input));
}

const CodecModel::Networks&
CodecModel::GetNetworks() const
{
    return *m_networks;
}

void
WriteCodecModel(const std::filesystem::path& path,
                const CodecModel::Networks& networks,
                const CodecTables& tables,
                const std::map<std::string, std::string>& notes)
{
    ModelFile file;
    file.notes = notes;
    file.notes["kind"] = KIND;
    file.Take(*networks.net);
    if (networks.randomOrder)
    {
        file.notes[ORDER_NOTE] = RANDOM_ORDER;
    }
    if (!networks.hasSaliency)
    {
        file.notes[SALIENCY_NOTE] = NO_SALIENCY;
        const auto first = file.tensors.lower_bound(SALIENCY_PREFIX);
        auto last = first;
        while (last != file.tensors.end() && last->first.rfind(SALIENCY_PREFIX, 0) == 0)
        {
            ++last;
        }
        file.tensors.erase(first, last);
    }
    // a copy: ForEach() hands out numbers that can be written to
    CodecTables copy = tables;
    ForEachTable(copy, [&file](const std::string& name, auto& values) {
        std::vector<int64_t> shape;
        AppendShape(values, shape);
        std::vector<double> numbers;
        bool whole = true;
        ForEach(values, [&](auto& value) {
            numbers.push_back(value);
            whole = whole && std::is_integral_v<std::remove_reference_t<decltype(value)>>;
        });
        file.tensors[name] = torch::tensor(numbers, torch::kDouble)
                                 .to(whole ? torch::kInt : torch::kFloat)
                                 .reshape(shape);
    });
    file.Write(path);
}

} // namespace limitnet
