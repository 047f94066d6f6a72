// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/codec-tables.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/quantiser.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace limitnet
{

namespace
{

/// Histogram scaled to FREQUENCY_TOTAL with every entry at least 1, by largest remainder: what is
/// left after rounding down goes to the largest remainders, and to the lower symbol on a tie.
std::array<uint16_t, SYMBOL_COUNT>
ScaleHistogram(const std::array<uint64_t, SYMBOL_COUNT>& histogram)
{
    uint64_t total = 0;
    for (uint64_t n : histogram)
    {
        total += n;
    }
    constexpr uint64_t spare = FREQUENCY_TOTAL - SYMBOL_COUNT; // one each is given in advance
    std::array<uint16_t, SYMBOL_COUNT> frequency{};
    std::array<uint64_t, SYMBOL_COUNT> remainder{};
    uint64_t given = 0;
    for (int s = 0; s < SYMBOL_COUNT; ++s)
    {
        const uint64_t share = histogram[s] * spare;
        frequency[s] = static_cast<uint16_t>(1 + share / total);
        remainder[s] = share % total;
        given += share / total;
    }
    std::array<int, SYMBOL_COUNT> bySize{};
    for (int s = 0; s < SYMBOL_COUNT; ++s)
    {
        bySize[s] = s;
    }
    std::stable_sort(bySize.begin(), bySize.end(), [&remainder](int a, int b) {
        return remainder[a] > remainder[b];
    });
    for (uint64_t i = 0; i < spare - given; ++i)
    {
        ++frequency[bySize[i]];
    }
    return frequency;
}

uint32_t
Crc32OfNumber(uint32_t bits, int bytes, uint32_t seed)
{
    std::array<uint8_t, 4> little{};
    for (int i = 0; i < bytes; ++i)
    {
        little[i] = static_cast<uint8_t>(bits >> (8 * i));
    }
    return Crc32(little.data(), static_cast<size_t>(bytes), seed);
}

uint32_t
Crc32OfFloat(float value, uint32_t seed)
{
    uint32_t bits = 0;
    static_assert(sizeof(bits) == sizeof(value), "float has 32 bits");
    std::memcpy(&bits, &value, sizeof(bits));
    return Crc32OfNumber(bits, 4, seed);
}

} // namespace

CodecTables
CodecTables::Calibrate(const float* latents, size_t images)
{
    if (images == 0)
    {
        throw Error("codec calibration: no images; at least one is needed");
    }
    CodecTables tables;
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        float min = latents[c * LATENT_CELLS];
        float max = min;
        for (size_t i = 0; i < images; ++i)
        {
            const float* channel = latents + i * LATENT_SIZE + c * LATENT_CELLS;
            for (int k = 0; k < LATENT_CELLS; ++k)
            {
                if (!std::isfinite(channel[k]))
                {
                    throw Error("codec calibration: image " + std::to_string(i) + " channel " +
                                std::to_string(c) + " has a value that is not a finite number");
                }
                min = std::min(min, channel[k]);
                max = std::max(max, channel[k]);
            }
        }
        if (!(max > min))
        {
            max = min + 1.0F;
        }
        tables.channelMin[c] = min;
        tables.channelMax[c] = max;

        std::array<uint64_t, SYMBOL_COUNT> histogram{};
        std::array<double, SYMBOL_COUNT> sum{};
        for (size_t i = 0; i < images; ++i)
        {
            const float* channel = latents + i * LATENT_SIZE + c * LATENT_CELLS;
            for (int k = 0; k < LATENT_CELLS; ++k)
            {
                const uint8_t symbol = QuantiseValue(channel[k], min, max);
                ++histogram[symbol];
                sum[symbol] += channel[k];
            }
        }
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            const double lowEdge = s * 4.0 / 255.0;
            const double highEdge = std::min(1.0, (s + 1) * 4.0 / 255.0);
            const double middle =
                (lowEdge + highEdge) / 2.0 * (static_cast<double>(max) - min) + min;
            tables.reconstruction[c][s] = static_cast<float>(
                histogram[s] > 0 ? sum[s] / static_cast<double>(histogram[s]) : middle);
        }
        tables.frequency[c] = ScaleHistogram(histogram);
    }
    tables.modelId = static_cast<uint8_t>(tables.Checksum());
    tables.Check();
    return tables;
}

uint32_t
CodecTables::Checksum(uint32_t seed) const
{
    uint32_t crc = seed;
    for (float value : channelMin)
    {
        crc = Crc32OfFloat(value, crc);
    }
    for (float value : channelMax)
    {
        crc = Crc32OfFloat(value, crc);
    }
    for (const auto& channel : reconstruction)
    {
        for (float value : channel)
        {
            crc = Crc32OfFloat(value, crc);
        }
    }
    for (const auto& channel : frequency)
    {
        for (uint16_t value : channel)
        {
            crc = Crc32OfNumber(value, 2, crc);
        }
    }
    return crc;
}

void
CodecTables::Check() const
{
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        const std::string where = "codec tables: channel " + std::to_string(c);
        if (!std::isfinite(channelMin[c]) || !std::isfinite(channelMax[c]) ||
            !(channelMax[c] > channelMin[c]))
        {
            throw Error(where + " has no range: max must be a finite number above min");
        }
        uint32_t total = 0;
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            if (!std::isfinite(reconstruction[c][s]))
            {
                throw Error(where + " symbol " + std::to_string(s) +
                            " has a reconstruction that is not a finite number");
            }
            if (frequency[c][s] == 0)
            {
                throw Error(where + " symbol " + std::to_string(s) +
                            " has frequency 0; at least 1 is needed");
            }
            total += frequency[c][s];
        }
        if (total != FREQUENCY_TOTAL)
        {
            throw Error(where + " has frequencies that sum to " + std::to_string(total) +
                        "; they must sum to " + std::to_string(FREQUENCY_TOTAL));
        }
    }
}

uint32_t
Crc32(const uint8_t* bytes, size_t size, uint32_t seed)
{
    uint32_t crc = ~seed;
    for (size_t i = 0; i < size; ++i)
    {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit)
        {
            crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
        }
    }
    return ~crc;
}

} // namespace limitnet
