// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/picture-encoder.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/int8-encoder.h"
#include "limitnet/codec/int8-model.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/picture-resize.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace limitnet
{

namespace
{

std::vector<uint8_t>
ReadFile(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad())
    {
        throw Error(path.string() + ": cannot be read; `limitnet export` makes it from the codec");
    }
    return bytes;
}

class FloatEncoder : public PictureEncoder
{
  public:
    explicit FloatEncoder(std::shared_ptr<const CodecModel> codec)
        : m_codec(std::move(codec))
    {
    }

    PictureSymbols Encode(const Image& picture) const override
    {
        return QuantisePicture(*m_codec, m_codec->Encode(picture));
    }

    const EntropyTables& Entropy() const override
    {
        return m_codec->Tables().entropy;
    }

    uint8_t ModelId() const override
    {
        return m_codec->Tables().modelId;
    }

    bool HasSaliency() const override
    {
        return m_codec->HasSaliency();
    }

  private:
    std::shared_ptr<const CodecModel> m_codec;
};

class DeviceEncoder : public PictureEncoder
{
  public:
    explicit DeviceEncoder(const std::filesystem::path& path)
        : m_bytes(ReadFile(path))
    {
        try
        {
            m_model = Int8Model::Parse(m_bytes.data(), m_bytes.size());
        }
        catch (const Error& error)
        {
            throw Error(path.string() + ": " + error.what());
        }
    }

    DeviceEncoder(const DeviceEncoder&) = delete; // the model points into the bytes
    DeviceEncoder& operator=(const DeviceEncoder&) = delete;

    PictureSymbols Encode(const Image& picture) const override
    {
        const auto resized = ResizePicture(picture, INT8_PICTURE_SIDE);
        const auto encoder = std::make_unique<Int8Encoder>(m_model);
        for (size_t y = 0; y < INT8_PICTURE_SIDE; ++y)
        {
            encoder->AddRow(resized.rgb.data() + y * INT8_PICTURE_SIDE * 3);
        }
        std::vector<float> saliency;
        for (size_t i = 0; i < LATENT_CELLS; ++i)
        {
            saliency.push_back(static_cast<float>(encoder->Saliency()[i]) / SALIENCY_ONE);
        }
        return {encoder->Map(),
                {encoder->Symbols(), encoder->Symbols() + LATENT_SIZE},
                std::move(saliency)};
    }

    const EntropyTables& Entropy() const override
    {
        return m_model.entropy;
    }

    uint8_t ModelId() const override
    {
        return m_model.modelId;
    }

    bool HasSaliency() const override
    {
        return m_model.hasSaliency;
    }

  private:
    std::vector<uint8_t> m_bytes;
    Int8Model m_model;
};

} // namespace

std::vector<std::string>
PictureEncoderNames()
{
    return {"int8", "float"};
}

std::shared_ptr<const PictureEncoder>
MakePictureEncoder(const std::string& name,
                   std::shared_ptr<const CodecModel> codec,
                   const std::filesystem::path& devicePath)
{
    if (name == "float")
    {
        return std::make_shared<FloatEncoder>(std::move(codec));
    }
    if (name != "int8")
    {
        throw Error(fmt::format("encoder '{}': has to be int8 or float", name));
    }
    auto device = std::make_shared<DeviceEncoder>(devicePath);
    const auto& cloud = codec->Tables();
    if (device->ModelId() != cloud.modelId ||
        device->Entropy().frequency != cloud.entropy.frequency)
    {
        throw Error(devicePath.string() + ": was made from another codec than the cloud's; make it "
                                          "again with `limitnet export`");
    }
    return device;
}

} // namespace limitnet
