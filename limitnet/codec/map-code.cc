// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/map-code.h"

#include "limitnet/codec/range-coder.h"
#include "limitnet/codec/symbol-model.h"

#include <algorithm>
#include <cstdlib>

namespace limitnet
{

namespace
{

/// Frequency of a number that can be anything below 2^bits.
constexpr uint32_t
Even(int bits)
{
    return uint32_t{FREQUENCY_TOTAL} >> bits;
}

constexpr int RANGE_BITS = 8;
constexpr int LEVEL_BITS = 5;
constexpr int COARSE_BITS = 4;

/// Of FREQUENCY_TOTAL: how often a map has all 32 levels.
constexpr uint32_t FINE_FREQUENCY = FREQUENCY_TOTAL - 64;

static_assert(1 << LEVEL_BITS == MAP_LEVELS, "a level has 5 bits");
static_assert((RANGE_BITS + 10 + MAP_CELLS * COARSE_BITS + 7) / 8 < MAX_MAP_BYTES,
              "a coarse map always fits");

void
EncodeEven(RangeEncoder& encoder, uint32_t value, int bits)
{
    encoder.Encode(value * Even(bits), Even(bits));
}

uint32_t
DecodeEven(RangeDecoder& decoder, int bits)
{
    const uint32_t value = decoder.Target() / Even(bits);
    decoder.Consume(value * Even(bits), Even(bits));
    return value;
}

PredictedDistribution
DistributionOf(const EntropyTables& tables, const MapPrediction& prediction)
{
    return {16 * prediction.level, tables.mapWidth[prediction.context]};
}

void
EncodeFine(const EntropyTables& tables, const SaliencyMap& map, RangeEncoder& encoder)
{
    encoder.Encode(0, FINE_FREQUENCY);
    EncodeEven(encoder, map.level[0], LEVEL_BITS);
    for (int i = 1; i < MAP_CELLS; ++i)
    {
        const auto distribution = DistributionOf(tables, PredictLevel(map.level.data(), i));
        const uint32_t low = distribution.Cumulative(map.level[i], MAP_LEVELS);
        encoder.Encode(low, distribution.Cumulative(map.level[i] + 1, MAP_LEVELS) - low);
    }
}

void
EncodeCoarse(const SaliencyMap& map, RangeEncoder& encoder)
{
    encoder.Encode(FINE_FREQUENCY, FREQUENCY_TOTAL - FINE_FREQUENCY);
    for (const uint8_t level : map.level)
    {
        EncodeEven(encoder, level / 2U, COARSE_BITS);
    }
}

} // namespace

MapPrediction
PredictLevel(const uint8_t* levels, int cell)
{
    const uint8_t* at = levels + cell;
    if (cell < MAP_SIDE)
    {
        return {at[-1], MAP_CONTEXTS - 1};
    }
    const int above = at[-MAP_SIDE];
    if (cell % MAP_SIDE == 0)
    {
        return {above, MAP_CONTEXTS - 1};
    }
    const int left = at[-1];
    const int corner = at[-MAP_SIDE - 1];
    // the plane through the three, kept between the two that touch the cell
    const auto [low, high] = std::minmax(left, above);
    const int level = std::clamp(left + above - corner, low, high);
    const int change = std::abs(left - corner) + std::abs(above - corner);
    return {level, change < 2 ? 0 : change < 5 ? 1 : change < 11 ? 2 : 3};
}

size_t
EncodeSaliencyMap(const EntropyTables& tables, SaliencyMap& map, uint8_t* bytes)
{
    RangeEncoder encoder;
    EncodeEven(encoder, map.range, RANGE_BITS);
    EncodeFine(tables, map, encoder);
    if (encoder.Size() > MAX_MAP_BYTES)
    {
        encoder.Reset();
        EncodeEven(encoder, map.range, RANGE_BITS);
        EncodeCoarse(map, encoder);
        for (uint8_t& level : map.level)
        {
            level = static_cast<uint8_t>(level / 2 * 2);
        }
    }
    return encoder.Finish(bytes);
}

SaliencyMap
DecodeSaliencyMap(const EntropyTables& tables, const uint8_t* bytes, size_t size)
{
    RangeDecoder decoder(bytes, size);
    SaliencyMap map;
    map.range = static_cast<uint8_t>(DecodeEven(decoder, RANGE_BITS));
    if (decoder.Target() >= FINE_FREQUENCY)
    {
        decoder.Consume(FINE_FREQUENCY, FREQUENCY_TOTAL - FINE_FREQUENCY);
        for (uint8_t& level : map.level)
        {
            level = static_cast<uint8_t>(2 * DecodeEven(decoder, COARSE_BITS));
        }
        return map;
    }
    decoder.Consume(0, FINE_FREQUENCY);
    map.level[0] = static_cast<uint8_t>(DecodeEven(decoder, LEVEL_BITS));
    for (int i = 1; i < MAP_CELLS; ++i)
    {
        const auto distribution = DistributionOf(tables, PredictLevel(map.level.data(), i));
        const uint32_t target = decoder.Target();
        int level = 0;
        for (int step = MAP_LEVELS / 2; step > 0; step /= 2)
        {
            if (distribution.Cumulative(level + step, MAP_LEVELS) <= target)
            {
                level += step;
            }
        }
        const uint32_t low = distribution.Cumulative(level, MAP_LEVELS);
        decoder.Consume(low, distribution.Cumulative(level + 1, MAP_LEVELS) - low);
        map.level[i] = static_cast<uint8_t>(level);
    }
    return map;
}

} // namespace limitnet
