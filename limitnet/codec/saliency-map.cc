// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/saliency-map.h"

#include "limitnet/codec/latent.h"

#include <algorithm>

namespace limitnet
{

namespace
{

static_assert(LATENT_WIDTH == LATENT_HEIGHT, "both axes share one set of weights");

/// Sums of the weights of an output sample at the border, where the triangle is cut, and elsewhere.
constexpr uint32_t BORDER_TOTAL = 43;
constexpr uint32_t INNER_TOTAL = 49;

/// Weight of input sample j for output sample i: a triangle of half-width 3.5 around 3.5 (i + 0.5),
/// times 14.
constexpr int
Weight(int i, int j)
{
    const int distance = 4 * j - 14 * i - 5;
    return std::max(0, 14 - (distance < 0 ? -distance : distance));
}

/// The input samples from FirstTap to EndTap (exclusive) are all that have a weight.
constexpr int
FirstTap(int i)
{
    return std::max(0, (14 * i - 9) / 4);
}

constexpr int
EndTap(int i)
{
    return std::min(LATENT_WIDTH, (14 * i + 18) / 4 + 1);
}

/// What the sum of an output sample's weights has to be multiplied with to be 43 * 49.
constexpr uint32_t
Balance(int i)
{
    return i == 0 || i == MAP_SIDE - 1 ? INNER_TOTAL : BORDER_TOTAL;
}

} // namespace

void
ResizeSaliency(const uint16_t* saliency28x28, uint64_t* saliency8x8)
{
    std::array<uint32_t, LATENT_HEIGHT * MAP_SIDE> narrow; // at most 65535 * 49
    for (int y = 0; y < LATENT_HEIGHT; ++y)
    {
        for (int x = 0; x < MAP_SIDE; ++x)
        {
            uint32_t sum = 0;
            for (int j = FirstTap(x); j < EndTap(x); ++j)
            {
                sum += static_cast<uint32_t>(Weight(x, j)) * saliency28x28[y * LATENT_WIDTH + j];
            }
            narrow[y * MAP_SIDE + x] = sum;
        }
    }
    for (int y = 0; y < MAP_SIDE; ++y)
    {
        for (int x = 0; x < MAP_SIDE; ++x)
        {
            uint32_t sum = 0; // at most 65535 * 49 * 49
            for (int j = FirstTap(y); j < EndTap(y); ++j)
            {
                sum += static_cast<uint32_t>(Weight(y, j)) * narrow[j * MAP_SIDE + x];
            }
            saliency8x8[y * MAP_SIDE + x] = uint64_t{sum} * (Balance(y) * Balance(x));
        }
    }
}

SaliencyMap
QuantiseSaliency(const uint16_t* saliency28x28)
{
    std::array<uint64_t, MAP_CELLS> small;
    ResizeSaliency(saliency28x28, small.data());
    const uint64_t min = *std::min_element(small.begin(), small.end());
    const uint64_t spread = *std::max_element(small.begin(), small.end()) - min;
    SaliencyMap map;
    if (spread == 0)
    {
        return map;
    }
    for (int i = 0; i < MAP_CELLS; ++i)
    {
        map.level[i] = static_cast<uint8_t>((small[i] - min) * 255 / (spread * 8));
    }
    map.range = static_cast<uint8_t>((spread * 255 + RESIZED_ONE / 2) / RESIZED_ONE);
    return map;
}

SaliencyMap
QuantiseSaliency(const float* saliency28x28)
{
    std::array<uint16_t, LATENT_CELLS> whole;
    for (int i = 0; i < LATENT_CELLS; ++i)
    {
        const float value = saliency28x28[i];
        // written so that what is not a number becomes 0
        const float clean = value > 0.0F ? std::min(value, 1.0F) : 0.0F;
        whole[i] = static_cast<uint16_t>(clean * float{SALIENCY_ONE} + 0.5F);
    }
    return QuantiseSaliency(whole.data());
}

} // namespace limitnet
