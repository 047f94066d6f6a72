// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/limitnet-image-codec.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/int8-model.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/checksum.h"
#include "limitnet/evaluation/picture-symbols.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace limitnet
{

namespace
{

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

} // namespace

LimitNetEncoder::LimitNetEncoder(std::shared_ptr<const PictureEncoder> encoder,
                                 const LimitNetOptions& options)
    : m_encoder(std::move(encoder)),
      m_options(options)
{
    if (options.valueCount < 1 || options.valueCount > LATENT_SIZE)
    {
        throw Error(fmt::format("{} latent values cannot be sent, an image has 1 to {}",
                                options.valueCount,
                                LATENT_SIZE));
    }
}

LimitNetEncoder::LimitNetEncoder(std::shared_ptr<const PictureEncoder> encoder,
                                 size_t valueCount,
                                 unsigned mapCopies)
    : LimitNetEncoder(std::move(encoder), [&] {
          LimitNetOptions options;
          options.valueCount = valueCount;
          options.mapCopies = mapCopies;
          return options;
      }())
{
}

EncodedImage
LimitNetEncoder::Encode(const Image& image, uint8_t imageId, const EncodingLimits& limits) const
{
    const size_t bytes = limits.Bytes(m_options.bytes);
    const auto picture = m_encoder->Encode(image);
    FragmentOptions options;
    options.imageId = imageId;
    options.maxFragmentBytes = limits.fragmentBytes;
    options.valueCount = m_options.valueCount;
    options.mapCopies = m_options.mapCopies;
    options.order = m_options.order;
    Fragmenter fragmenter(m_encoder->Entropy(), m_encoder->ModelId());
    // A device that has a number of bytes codes until they are full, once.
    auto fragments = bytes > 0 ? FragmentsWithin(fragmenter, picture, options, bytes)
                               : fragmenter.All(picture.map, picture.symbols.data(), options);
    if (fragments.empty() && bytes != m_options.bytes)
    {
        // Who sends it has less than the least; the map and one value are that.
        options.valueCount = 1;
        fragments = fragmenter.All(picture.map, picture.symbols.data(), options);
    }
    if (fragments.empty())
    {
        throw Error(fmt::format("into {} bytes in fragments of {} fits nothing of an image",
                                bytes,
                                limits.fragmentBytes));
    }
    std::vector<bool> isMap;
    size_t valueCount = 0; // what was coded: a limit of bytes leaves fewer than the options say
    for (const auto& bytesOfOne : fragments)
    {
        const auto fragment = ParseFragment(bytesOfOne.data(), bytesOfOne.size());
        isMap.push_back(fragment.kind == FragmentKind::MAP);
        valueCount += fragment.kind == FragmentKind::SYMBOLS ? fragment.count : 0;
    }
    return {std::move(fragments),
            std::move(isMap),
            Work(m_encoder->HasSaliency() && NeedsMap(m_options.order), valueCount)};
}

LimitNetDecoder::LimitNetDecoder(std::shared_ptr<const CodecModel> model,
                                 ValueOrder order,
                                 size_t least)
    : m_model(std::move(model)),
      m_order(order),
      m_least(std::max<size_t>(1, least))
{
}

std::optional<Image>
LimitNetDecoder::Decode(const std::vector<Bytes>& fragments) const
{
    const auto received = ReceiveLatent(m_model->Tables(), fragments, LATENT_SIZE, m_order);
    return received && received->valueCount >= m_least
               ? std::optional(m_model->Decode(received->latent))
               : std::nullopt;
}

std::optional<uint8_t>
LimitNetDecoder::ImageIdOf(const Bytes& bytes) const
{
    const auto fragment = ParseFragment(bytes.data(), bytes.size());
    return fragment.kind == FragmentKind::INVALID ? std::nullopt : std::optional(fragment.imageId);
}

std::string
LimitNetDecoder::Identity() const
{
    return fmt::format("limitnet {} order {} least {}",
                       Sha256OfFiles({m_model->Path()}),
                       static_cast<int>(m_order),
                       m_least);
}

} // namespace limitnet
