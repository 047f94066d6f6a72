// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/limitnet-image-codec.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/int8-encoder.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/codec/saliency-map.h"

#include <array>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace limitnet
{

namespace
{

void
CheckValueCount(size_t valueCount)
{
    if (valueCount < 1 || valueCount > LATENT_SIZE)
    {
        throw Error(fmt::format("{} latent values cannot be sent, an image has 1 to {}",
                                valueCount,
                                LATENT_SIZE));
    }
}

/** Multiply-accumulates of the networks (kernel x inputs x outputs), and values handled. */
EncodingWork
Work(bool hasSaliency, size_t valueCount)
{
    const auto layers = [](int first, int end) {
        uint64_t sum = 0;
        for (int l = first; l < end; ++l)
        {
            const auto& shape = INT8_SHAPES[l];
            sum += static_cast<uint64_t>(shape.outputSide) * shape.outputSide * shape.outputs *
                   shape.Taps();
        }
        return sum;
    };
    return {{{"conv1", layers(0, 1)},
             {"conv2", layers(1, 2)},
             {"conv3", layers(2, 3)},
             {"saliency", hasSaliency ? layers(INT8_ENCODER_LAYERS, INT8_LAYERS) : 0},
             {"order", LATENT_SIZE},
             {"entropy", valueCount}}};
}

FragmentOptions
Options(uint8_t imageId, size_t maxFragmentBytes, size_t valueCount, unsigned mapCopies)
{
    FragmentOptions options;
    options.imageId = imageId;
    options.maxFragmentBytes = maxFragmentBytes;
    options.valueCount = valueCount;
    options.mapCopies = mapCopies;
    return options;
}

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

} // namespace

LimitNetEncoder::LimitNetEncoder(std::shared_ptr<const CodecModel> model,
                                 size_t valueCount,
                                 unsigned mapCopies)
    : m_model(std::move(model)),
      m_valueCount(valueCount),
      m_mapCopies(mapCopies)
{
    CheckValueCount(valueCount);
}

EncodedImage
LimitNetEncoder::Encode(const Image& image, uint8_t imageId, size_t maxFragmentBytes) const
{
    const auto picture = m_model->Encode(image);
    const auto& tables = m_model->Tables();
    std::array<uint8_t, LATENT_SIZE> symbols{};
    QuantiseLatent(tables, picture.latent.data(), symbols.data());
    return {Fragmenter(tables).All(QuantiseSaliency(picture.saliency.data()),
                                   symbols.data(),
                                   Options(imageId, maxFragmentBytes, m_valueCount, m_mapCopies)),
            Work(true, m_valueCount)};
}

DeviceModel::DeviceModel(const std::filesystem::path& path)
    : m_path(path),
      m_bytes(ReadFile(path))
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

void
DeviceModel::CheckFits(const CodecTables& cloud) const
{
    if (m_model.tables.modelId != cloud.modelId || m_model.tables.frequency != cloud.frequency)
    {
        throw Error(m_path.string() + ": was made from another codec than the cloud's; make it "
                                      "again with `limitnet export`");
    }
}

LimitNetInt8Encoder::LimitNetInt8Encoder(std::shared_ptr<const DeviceModel> model,
                                         size_t valueCount,
                                         unsigned mapCopies)
    : m_model(std::move(model)),
      m_valueCount(valueCount),
      m_mapCopies(mapCopies)
{
    CheckValueCount(valueCount);
}

EncodedImage
LimitNetInt8Encoder::Encode(const Image& image, uint8_t imageId, size_t maxFragmentBytes) const
{
    const auto picture = ResizePicture(image, INT8_PICTURE_SIDE);
    const auto& model = m_model->Model();
    const auto encoder = std::make_unique<Int8Encoder>(model);
    for (int y = 0; y < INT8_PICTURE_SIDE; ++y)
    {
        encoder->AddRow(picture.rgb.data() + static_cast<size_t>(y) * INT8_PICTURE_SIDE * 3);
    }
    return {Fragmenter(model.tables)
                .All(encoder->Map(),
                     encoder->Symbols(),
                     Options(imageId, maxFragmentBytes, m_valueCount, m_mapCopies)),
            Work(model.hasSaliency, m_valueCount)};
}

std::vector<std::string>
LimitNetEncoderNames()
{
    return {"int8", "float"};
}

std::shared_ptr<const ImageEncoder>
MakeLimitNetEncoder(const std::string& name,
                    std::shared_ptr<const CodecModel> codec,
                    const std::filesystem::path& devicePath,
                    size_t valueCount,
                    unsigned mapCopies)
{
    if (name == "float")
    {
        return std::make_shared<LimitNetEncoder>(std::move(codec), valueCount, mapCopies);
    }
    if (name != "int8")
    {
        throw Error(fmt::format("encoder '{}': has to be int8 or float", name));
    }
    auto device = std::make_shared<DeviceModel>(devicePath);
    device->CheckFits(codec->Tables());
    return std::make_shared<LimitNetInt8Encoder>(std::move(device), valueCount, mapCopies);
}

LimitNetDecoder::LimitNetDecoder(std::shared_ptr<const CodecModel> model)
    : m_model(std::move(model))
{
}

std::optional<Image>
LimitNetDecoder::Decode(const std::vector<Bytes>& fragments) const
{
    const auto reassembler = std::make_unique<Reassembler>(m_model->Tables());
    for (const auto& fragment : fragments)
    {
        reassembler->Add(fragment.data(), fragment.size());
    }
    if (reassembler->ValueCount() == 0)
    {
        return std::nullopt;
    }
    std::vector<float> latent(LATENT_SIZE);
    reassembler->Latent(latent.data());
    return m_model->Decode(latent);
}

} // namespace limitnet
