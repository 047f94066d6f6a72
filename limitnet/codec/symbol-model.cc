// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/symbol-model.h"

#include <algorithm>

namespace limitnet
{

namespace
{

/// Halvings of the probability per 1/16 symbol in units of 2^-14, by width: each is 4/5 of the one
/// before, rounded down. The mean distance from the prediction is about 0.05 * 1.25^width symbols.
constexpr std::array<uint32_t, WIDTH_COUNT>
Rates()
{
    std::array<uint32_t, WIDTH_COUNT> rates{};
    uint32_t rate = 29541;
    for (uint32_t& r : rates)
    {
        r = rate;
        rate = rate * 4 / 5;
    }
    return rates;
}

constexpr std::array<uint32_t, WIDTH_COUNT> RATES = Rates();

/// 16384 * 2^(-i / 64), rounded to the nearest integer.
constexpr std::array<uint16_t, 64> HALVINGS = {
    16384, 16208, 16033, 15860, 15689, 15520, 15353, 15188, 15024, 14862, 14702, 14544, 14387,
    14232, 14079, 13927, 13777, 13629, 13482, 13337, 13193, 13051, 12910, 12771, 12634, 12498,
    12363, 12230, 12098, 11968, 11839, 11711, 11585, 11460, 11337, 11215, 11094, 10975, 10856,
    10739, 10624, 10509, 10396, 10284, 10173, 10064, 9955,  9848,  9742,  9637,  9533,  9431,
    9329,  9228,  9129,  9031,  8933,  8837,  8742,  8648,  8555,  8463,  8371,  8281};

/// 16384 * 2^(-octaves64 / 64).
uint32_t
Halved(uint32_t octaves64)
{
    const uint32_t octaves = octaves64 >> 6;
    return octaves < 15 ? uint32_t{HALVINGS[octaves64 & 63U]} >> octaves : 0;
}

int
SpreadClass(int spread, bool several)
{
    if (!several)
    {
        return SPREAD_CLASSES - 1;
    }
    return spread < 1 ? 0 : spread < 2 ? 1 : spread < 4 ? 2 : spread < 8 ? 3 : 4;
}

} // namespace

PredictedDistribution::PredictedDistribution(int mean16, int width)
    : m_mean16(mean16),
      m_rate(RATES[width])
{
}

uint32_t
PredictedDistribution::Tail(uint32_t distance16) const
{
    const uint32_t octaves64 = (distance16 * m_rate) >> 8;
    // one part in sixteen is four times as wide
    const uint32_t tail = (15 * Halved(octaves64) + Halved(octaves64 >> 2)) >> 4;
    return tail - (tail >> 9); // of 16352 instead of 16384: each symbol gets 1 beside its share
}

uint32_t
PredictedDistribution::Cumulative(int symbol, int count) const
{
    if (symbol <= 0)
    {
        return 0;
    }
    if (symbol >= count)
    {
        return FREQUENCY_TOTAL;
    }
    constexpr uint32_t shared = FREQUENCY_TOTAL - SYMBOL_COUNT;
    const int edge16 = 16 * symbol - 8;
    const auto below = static_cast<uint32_t>(symbol);
    return edge16 < m_mean16 ? below + Tail(static_cast<uint32_t>(m_mean16 - edge16))
                             : below + shared - Tail(static_cast<uint32_t>(edge16 - m_mean16));
}

uint8_t
SymbolModel::Distribution::Find(uint32_t target) const
{
    int symbol = 0;
    for (int step = SYMBOL_COUNT / 2; step > 0; step /= 2)
    {
        if (Cumulative(symbol + step) <= target)
        {
            symbol += step;
        }
    }
    return static_cast<uint8_t>(symbol);
}

SymbolModel::SymbolModel(const EntropyTables& tables)
    : m_tables(tables)
{
    tables.Check();
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        uint16_t sum = 0;
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            m_cumulative[c][s] = sum;
            sum = static_cast<uint16_t>(sum + tables.frequency[c][s]);
        }
        m_cumulative[c][SYMBOL_COUNT] = sum;
    }
}

void
SymbolModel::Begin()
{
    m_known.fill(0);
}

SymbolModel::Prediction
SymbolModel::Predict(int latentIndex, const uint8_t* symbols) const
{
    const int channel = latentIndex / LATENT_CELLS;
    const int cell = latentIndex % LATENT_CELLS;
    const int column = cell % LATENT_WIDTH;
    // entry r of the mask's rows is row r - 1 of the channel
    const uint32_t* rows = &m_known[channel * MASK_ROWS + cell / LATENT_WIDTH];
    const uint32_t above = rows[0] >> column & 7U;
    const uint32_t beside = rows[1] >> column & 7U;
    const uint32_t below = rows[2] >> column & 7U;
    const uint32_t pattern = above | (beside & 1U) << 3 | (beside >> 2) << 4 | below << 5;
    if (pattern == 0)
    {
        return {};
    }
    const int set = m_tables.weightSet[channel];
    const auto& weights = m_tables.weight[set][pattern];
    const int mean16 = m_tables.mean[channel];
    int sum = 0;
    int least = SYMBOL_COUNT;
    int most = 0;
    for (uint32_t d = 0; d < NEIGHBOURS; ++d)
    {
        if ((pattern >> d & 1U) != 0)
        {
            const int symbol = symbols[latentIndex + NEIGHBOUR_INDEX[d]];
            sum += weights[d] * (16 * symbol - mean16);
            least = std::min(least, symbol);
            most = std::max(most, symbol);
        }
    }
    // floor(sum / 64) without shifting a negative number
    constexpr int half = 1 << 24;
    const int step =
        static_cast<int>(static_cast<uint32_t>(sum + half) >> WEIGHT_BITS) - (half >> WEIGHT_BITS);
    const bool several = (pattern & (pattern - 1)) != 0;
    Prediction prediction;
    prediction.any = true;
    prediction.mean16 = std::clamp(mean16 + step, 0, 16 * (SYMBOL_COUNT - 1));
    prediction.confidence = m_tables.confidence[set][pattern];
    prediction.spread = SpreadClass(most - least, several);
    prediction.belowOne = prediction.mean16 < 16;
    return prediction;
}

SymbolModel::Distribution
SymbolModel::Next(int latentIndex, const uint8_t* symbols) const
{
    const int channel = latentIndex / LATENT_CELLS;
    const Prediction prediction = Predict(latentIndex, symbols);
    if (!prediction.any)
    {
        return {m_cumulative[channel].data(), {0, 0}};
    }
    const int width =
        m_tables
            .width[channel][prediction.confidence][prediction.spread][prediction.belowOne ? 1 : 0];
    return {nullptr, {prediction.mean16, width}};
}

void
SymbolModel::Know(int latentIndex)
{
    const int cell = latentIndex % LATENT_CELLS;
    Row(latentIndex / LATENT_CELLS, cell / LATENT_WIDTH) |= 2U << (cell % LATENT_WIDTH);
}

void
SymbolModel::Unknow(int latentIndex)
{
    const int cell = latentIndex % LATENT_CELLS;
    Row(latentIndex / LATENT_CELLS, cell / LATENT_WIDTH) &= ~(2U << (cell % LATENT_WIDTH));
}

} // namespace limitnet
