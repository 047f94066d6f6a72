// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/picture-symbols.h"

#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/codec/reassembler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace limitnet
{

PictureSymbols
QuantisePicture(const CodecModel& model, const EncodedPicture& picture)
{
    PictureSymbols result;
    result.saliency = picture.saliency;
    result.map = QuantiseSaliency(picture.saliency.data());
    result.symbols.resize(LATENT_SIZE);
    QuantiseLatent(model.Tables(), picture.latent.data(), result.symbols.data());
    return result;
}

std::size_t
ValuesOfPercentage(double percent)
{
    return static_cast<std::size_t>(
        std::clamp<long>(std::lround(percent / 100 * LATENT_SIZE), 1, LATENT_SIZE));
}

std::size_t
TotalBytes(const std::vector<Bytes>& fragments)
{
    std::size_t sum = 0;
    for (const auto& fragment : fragments)
    {
        sum += fragment.size();
    }
    return sum;
}

std::vector<Bytes>
FragmentsWithin(Fragmenter& fragmenter,
                const PictureSymbols& picture,
                FragmentOptions options,
                std::size_t bytes)
{
    // One value more never makes the whole smaller, so the largest number that fits can be searched
    // by halves: `fits` values are known to fit, `tooMany` are known not to.
    const auto cut = [&](std::size_t values) {
        FragmentOptions limited = options;
        limited.valueCount = values;
        return fragmenter.All(picture.map, picture.symbols.data(), limited);
    };
    std::vector<Bytes> best = cut(options.valueCount);
    if (TotalBytes(best) <= bytes)
    {
        return best;
    }
    best.clear();
    std::size_t fits = 0;
    std::size_t tooMany = options.valueCount;
    while (tooMany - fits > 1)
    {
        const std::size_t middle = fits + (tooMany - fits) / 2;
        auto fragments = cut(middle);
        if (TotalBytes(fragments) <= bytes)
        {
            fits = middle;
            best = std::move(fragments);
        }
        else
        {
            tooMany = middle;
        }
    }
    return best;
}

std::optional<ReceivedLatent>
ReceiveLatent(const CodecTables& tables,
              const std::vector<Bytes>& fragments,
              std::size_t most,
              ValueOrder order)
{
    const auto reassembler =
        std::make_unique<Reassembler>(tables, order); // too large for some stacks
    for (const auto& fragment : fragments)
    {
        reassembler->Add(fragment.data(), fragment.size());
    }
    if (reassembler->ValueCount() == 0)
    {
        return std::nullopt;
    }
    ReceivedLatent result;
    result.map = reassembler->Map();
    result.latent.resize(LATENT_SIZE);
    reassembler->Latent(result.latent.data());
    std::array<std::uint8_t, LATENT_SIZE> received{};
    reassembler->Received(received.data());
    std::array<std::uint16_t, LATENT_SIZE> indices{};
    ImportanceOrder(result.map, indices.data(), order);
    for (std::size_t n = 0; n < LATENT_SIZE; ++n)
    {
        if (n >= most)
        {
            result.latent[indices[n]] = 0;
        }
        else
        {
            result.valueCount += received[indices[n]];
        }
    }
    return result.valueCount > 0 ? std::optional(std::move(result)) : std::nullopt;
}

std::optional<ReceivedLatent>
ReceiveLatent(const CodecModel& model, const std::vector<Bytes>& fragments, std::size_t most)
{
    return ReceiveLatent(model.Tables(), fragments, most, model.Order());
}

} // namespace limitnet
