// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/limitnet-image-codec.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/codec/saliency-map.h"

#include <array>
#include <fmt/format.h>

namespace limitnet
{

LimitNetEncoder::LimitNetEncoder(std::shared_ptr<const CodecModel> model,
                                 size_t valueCount,
                                 unsigned mapCopies)
    : m_model(std::move(model)),
      m_valueCount(valueCount),
      m_mapCopies(mapCopies)
{
    if (valueCount < 1 || valueCount > LATENT_SIZE)
    {
        throw Error(fmt::format("{} latent values cannot be sent, an image has 1 to {}",
                                valueCount,
                                LATENT_SIZE));
    }
}

EncodedImage
LimitNetEncoder::Encode(const Image& image, uint8_t imageId, size_t maxFragmentBytes) const
{
    const auto picture = m_model->Encode(image);
    const auto& tables = m_model->Tables();
    std::array<uint8_t, LATENT_SIZE> symbols{};
    QuantiseLatent(tables, picture.latent.data(), symbols.data());

    FragmentOptions options;
    options.imageId = imageId;
    options.maxFragmentBytes = maxFragmentBytes;
    options.valueCount = m_valueCount;
    options.mapCopies = m_mapCopies;
    EncodedImage encoded;
    encoded.fragments =
        Fragmenter(tables).All(QuantiseSaliency(picture.saliency.data()), symbols.data(), options);
    // Multiply-accumulates of the networks (kernel x inputs x outputs), and values handled.
    encoded.work.stages = {{"conv1", 112ULL * 112 * 16 * (7 * 7 * 3)},
                           {"conv2", 28ULL * 28 * 16 * (5 * 5 * 16)},
                           {"conv3", 28ULL * 28 * 12 * (3 * 3 * 16)},
                           {"saliency", 28ULL * 28 * 9 * (12 * 16 + 16 * 16 + 16 * 8 + 8 * 4 + 4)},
                           {"order", LATENT_SIZE},
                           {"entropy", m_valueCount}};
    return encoded;
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
