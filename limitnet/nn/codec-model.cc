// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/codec-model.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace limitnet
{

namespace
{

const char* const KIND = "codec";

torch::Tensor
TableTensor(const ModelFile& file,
            const std::filesystem::path& path,
            const std::string& name,
            at::IntArrayRef shape)
{
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end() || found->second.sizes() != shape)
    {
        throw Error(
            fmt::format("{}: table '{}' is missing or of another size", path.string(), name));
    }
    return found->second.to(torch::kFloat).contiguous();
}

CodecTables
ReadTables(const ModelFile& file, const std::filesystem::path& path)
{
    CodecTables tables{};
    const auto low = TableTensor(file, path, "quantiser.min", {LATENT_CHANNELS});
    const auto high = TableTensor(file, path, "quantiser.max", {LATENT_CHANNELS});
    const auto values = TableTensor(file, path, "quantiser.reconstruction", {LATENT_CHANNELS, 64});
    const auto frequency = TableTensor(file, path, "entropy.frequency", {LATENT_CHANNELS, 64});
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        tables.channelMin[c] = low[c].item<float>();
        tables.channelMax[c] = high[c].item<float>();
        for (int s = 0; s < 64; ++s)
        {
            tables.reconstruction[c][s] = values[c][s].item<float>();
            // Clamped into the type only; Check() refuses what is out of range.
            tables.frequency[c][s] =
                static_cast<uint16_t>(std::clamp(frequency[c][s].item<float>(), 0.0F, 65535.0F));
        }
    }
    try
    {
        tables.Check();
    }
    catch (const Error& error)
    {
        throw Error(fmt::format("{}: {}", path.string(), error.what()));
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

} // namespace

CodecModel::CodecModel(const std::filesystem::path& path)
    : m_networks(std::make_unique<Networks>())
{
    const auto file = ModelFile::Read(path, KIND);
    file.Give(*m_networks->net, path);
    m_networks->net->eval();
    UseAllCores();
    KeepFreedMemory();
    const torch::NoGradGuard noGrad;
    m_networks->decoder = m_networks->net->decoder->Kernels();
    m_tables = ReadTables(file, path);
    m_tables.modelId = ModelId(file);
}

CodecModel::~CodecModel() = default;

const CodecTables&
CodecModel::Tables() const
{
    return m_tables;
}

EncodedPicture
CodecModel::Encode(const Image& image) const
{
    const torch::NoGradGuard noGrad;
    const auto pixels = PictureTensor(image).to(torch::kFloat) / 255;
    const auto latent = m_networks->net->encoder(Normalise(pixels)).contiguous();
    const auto saliency = torch::sigmoid(m_networks->net->sal_decoder(latent)).contiguous();
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
WriteCodecModel(const std::filesystem::path& path, const LimitNet& net, const CodecTables& tables)
{
    ModelFile file;
    file.notes["kind"] = KIND;
    file.Take(*net);
    const auto floats = [](const float* data, at::IntArrayRef shape) {
        return torch::from_blob(const_cast<float*>(data), shape).clone();
    };
    file.tensors["quantiser.min"] = floats(tables.channelMin.data(), {LATENT_CHANNELS});
    file.tensors["quantiser.max"] = floats(tables.channelMax.data(), {LATENT_CHANNELS});
    file.tensors["quantiser.reconstruction"] =
        floats(tables.reconstruction[0].data(), {LATENT_CHANNELS, 64});
    auto frequency = torch::empty({LATENT_CHANNELS, 64}, torch::kInt);
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        std::copy(tables.frequency[c].begin(),
                  tables.frequency[c].end(),
                  frequency.data_ptr<int>() + c * 64);
    }
    file.tensors["entropy.frequency"] = frequency;
    file.Write(path);
}

} // namespace limitnet
