// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/importance-order.h"

#include <algorithm>
#include <array>
#include <functional>

namespace limitnet
{

namespace
{

/// 255 / 5 * 255: the published bias of 1/5 a channel, times 255 * 255.
constexpr uint32_t BIAS_STEP = 13005;

/// A cell's number takes the low bits of an entry of the walk.
constexpr int CELL_BITS = 10;
constexpr uint32_t CELL_MASK = (1U << CELL_BITS) - 1;

/// Sum of the weights of one axis of the resize, in units of 1/14.
constexpr int WEIGHT_TOTAL = 14;

/// Two input samples of one output sample of the 8 -> 28 resize, and their weights.
struct Pair
{
    int first;
    int second;
    int firstWeight;
    int secondWeight;
};

/// The centre of output sample i lies at (i + 0.5) * 8 / 28 - 0.5 = (4 i - 5) / 14 input samples.
/// Outside the outermost centres the nearest sample counts alone.
Pair
PairOf(int output)
{
    const int position = std::clamp(4 * output - 5, 0, WEIGHT_TOTAL * (MAP_SIDE - 1));
    const int first = position / WEIGHT_TOTAL;
    const int second = std::min(first + 1, MAP_SIDE - 1);
    const int secondWeight = position % WEIGHT_TOTAL;
    return {first, second, WEIGHT_TOTAL - secondWeight, secondWeight};
}

/// A number of 14 bits for each number of 14 bits, scattered: odd multiples and shifts undo each
/// other, so no two numbers have the same.
uint32_t
Scatter(uint32_t n)
{
    constexpr uint32_t MASK = (1U << 14) - 1;
    n = (n * 0x2C1B + 0x1F35) & MASK;
    n ^= n >> 7;
    n = (n * 0x1E35) & MASK;
    n ^= n >> 5;
    n = (n * 0x29A7) & MASK;
    return n ^ n >> 8;
}

} // namespace

void
UpsampleSaliency(const SaliencyMap& map, uint16_t* sums)
{
    for (int y = 0; y < LATENT_HEIGHT; ++y)
    {
        const Pair rows = PairOf(y);
        for (int x = 0; x < LATENT_WIDTH; ++x)
        {
            const Pair columns = PairOf(x);
            const auto level = [&map](int row, int column) {
                return static_cast<int>(map.level[row * MAP_SIDE + column]) * 8;
            };
            const int upper = columns.firstWeight * level(rows.first, columns.first) +
                              columns.secondWeight * level(rows.first, columns.second);
            const int lower = columns.firstWeight * level(rows.second, columns.first) +
                              columns.secondWeight * level(rows.second, columns.second);
            sums[y * LATENT_WIDTH + x] =
                static_cast<uint16_t>(rows.firstWeight * upper + rows.secondWeight * lower);
        }
    }
}

uint32_t
ImportanceWalk::Score(int channel) const
{
    return (m_cells[m_taken[channel]] >> CELL_BITS) * m_range +
           static_cast<uint32_t>(LATENT_CHANNELS - channel) * BIAS_STEP * WEIGHT_TOTAL *
               WEIGHT_TOTAL;
}

void
ImportanceWalk::Begin(const SaliencyMap& map, ValueOrder order)
{
    m_order = order;
    m_place = 0;
    const bool flat = map.range == 0 || !NeedsMap(order);
    std::array<uint16_t, LATENT_CELLS> sums;
    UpsampleSaliency(map, sums.data());
    m_range = map.range;
    for (int k = 0; k < LATENT_CELLS; ++k)
    {
        const uint32_t sum = flat ? 0 : sums[k];
        m_cells[k] = (sum << CELL_BITS) | (CELL_MASK - static_cast<uint32_t>(k));
    }
    std::sort(m_cells.begin(), m_cells.end(), std::greater<>());
    m_taken.fill(0);
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        m_score[c] = Score(c);
    }
}

int
ImportanceWalk::Next()
{
    if (m_order == ValueOrder::RANDOM)
    {
        uint32_t value = LATENT_SIZE;
        while (value >= LATENT_SIZE)
        {
            value = Scatter(m_place++);
        }
        return static_cast<int>(value);
    }
    int best = 0;
    if (m_order == ValueOrder::SALIENCY)
    {
        best = static_cast<int>(m_place++ % LATENT_CHANNELS);
    }
    else
    {
        for (int c = 1; c < LATENT_CHANNELS; ++c)
        {
            if (m_score[c] > m_score[best])
            {
                best = c;
            }
        }
    }
    const uint32_t cell = CELL_MASK - (m_cells[m_taken[best]] & CELL_MASK);
    ++m_taken[best];
    // an exhausted channel scores 0, below every score there is
    m_score[best] = m_taken[best] < LATENT_CELLS ? Score(best) : 0;
    return best * LATENT_CELLS + static_cast<int>(cell);
}

void
ImportanceOrder(const SaliencyMap& map, uint16_t* order, ValueOrder kind)
{
    ImportanceWalk walk;
    walk.Begin(map, kind);
    for (int n = 0; n < LATENT_SIZE; ++n)
    {
        order[n] = static_cast<uint16_t>(walk.Next());
    }
}

} // namespace limitnet
