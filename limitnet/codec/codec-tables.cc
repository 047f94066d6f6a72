// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/codec-tables.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace limitnet
{

namespace
{

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
Crc32Of(float value, uint32_t seed)
{
    uint32_t bits = 0;
    static_assert(sizeof(bits) == sizeof(value), "float has 32 bits");
    std::memcpy(&bits, &value, sizeof(bits));
    return Crc32OfNumber(bits, 4, seed);
}

uint32_t
Crc32Of(uint16_t value, uint32_t seed)
{
    return Crc32OfNumber(value, 2, seed);
}

uint32_t
Crc32Of(uint8_t value, uint32_t seed)
{
    return Crc32OfNumber(value, 1, seed);
}

uint32_t
Crc32Of(int8_t value, uint32_t seed)
{
    return Crc32OfNumber(static_cast<uint8_t>(value), 1, seed);
}

template <typename T, size_t N>
uint32_t
Crc32Of(const std::array<T, N>& values, uint32_t seed)
{
    for (const T& value : values)
    {
        seed = Crc32Of(value, seed);
    }
    return seed;
}

/// Whether all numbers of a nested array are below a limit.
template <typename T>
bool
AllBelow(const T& value, int limit)
{
    return value < limit;
}

template <typename T, size_t N>
bool
AllBelow(const std::array<T, N>& values, int limit)
{
    return std::all_of(values.begin(), values.end(), [limit](const T& value) {
        return AllBelow(value, limit);
    });
}

void
Require(bool holds, const char* what, int limit)
{
    if (!holds)
    {
        throw Error("codec tables: " + std::string(what) + " has to be below " +
                    std::to_string(limit) + " everywhere");
    }
}

} // namespace

void
EntropyTables::Check() const
{
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        const std::string where = "codec tables: channel " + std::to_string(c);
        uint32_t total = 0;
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
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
    constexpr int mostMean = 16 * (SYMBOL_COUNT - 1);
    Require(AllBelow(mean, mostMean + 1), "mean", mostMean + 1);
    Require(AllBelow(weightSet, WEIGHT_SETS), "weightSet", WEIGHT_SETS);
    Require(AllBelow(confidence, CONFIDENCE_CLASSES), "confidence", CONFIDENCE_CLASSES);
    Require(AllBelow(width, WIDTH_COUNT), "width", WIDTH_COUNT);
    Require(AllBelow(mapWidth, WIDTH_COUNT), "mapWidth", WIDTH_COUNT);
}

uint32_t
CodecTables::Checksum(uint32_t seed) const
{
    uint32_t crc = Crc32Of(scale, seed);
    crc = Crc32Of(offset, crc);
    crc = Crc32Of(reconstruction, crc);
    crc = Crc32Of(entropy.frequency, crc);
    crc = Crc32Of(entropy.mean, crc);
    crc = Crc32Of(entropy.weightSet, crc);
    crc = Crc32Of(entropy.weight, crc);
    crc = Crc32Of(entropy.confidence, crc);
    crc = Crc32Of(entropy.width, crc);
    return Crc32Of(entropy.mapWidth, crc);
}

void
CodecTables::Check() const
{
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        const std::string where = "codec tables: channel " + std::to_string(c);
        if (!std::isfinite(scale[c]) || !std::isfinite(offset[c]) || !(scale[c] > 0))
        {
            throw Error(where + " has no quantiser: scale must be a finite number above 0, and "
                                "offset a finite number");
        }
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            if (!std::isfinite(reconstruction[c][s]))
            {
                throw Error(where + " symbol " + std::to_string(s) +
                            " has a reconstruction that is not a finite number");
            }
        }
    }
    entropy.Check();
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
