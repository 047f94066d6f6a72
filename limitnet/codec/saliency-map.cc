// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/saliency-map.h"

#include "limitnet/codec/latent.h"

#include <algorithm>

namespace limitnet
{

namespace
{

/// Input samples per output sample, per axis.
constexpr float SCALE = static_cast<float>(LATENT_WIDTH) / MAP_SIDE;

/// Most input samples under the triangle of one output sample (its support is 2 * SCALE = 7 wide).
constexpr int MAX_TAPS = 8;

static_assert(LATENT_WIDTH == LATENT_HEIGHT, "both axes share one set of weights");

/// Input samples and weights of one output sample.
struct Taps
{
    int first;
    int count;
    std::array<float, MAX_TAPS> weight;
};

/// torch's antialiased bilinear filter: a triangle as wide as the scale, centred on the output
/// sample, cut at the border and normalised (ATen, upsample_bilinear2d_aa).
Taps
TapsOf(int output)
{
    Taps taps{};
    const float centre = SCALE * (static_cast<float>(output) + 0.5F);
    taps.first = std::max(static_cast<int>(centre - SCALE + 0.5F), 0);
    taps.count = std::min(static_cast<int>(centre + SCALE + 0.5F), LATENT_WIDTH) - taps.first;
    float total = 0;
    for (int i = 0; i < taps.count; ++i)
    {
        const float distance =
            (static_cast<float>(i + taps.first) - centre + 0.5F) * (1.0F / SCALE);
        taps.weight[i] = std::max(0.0F, 1.0F - (distance < 0 ? -distance : distance));
        total += taps.weight[i];
    }
    for (int i = 0; i < taps.count; ++i)
    {
        taps.weight[i] /= total;
    }
    return taps;
}

} // namespace

void
ResizeSaliency(const float* saliency28x28, float* saliency8x8)
{
    std::array<Taps, MAP_SIDE> taps;
    for (int i = 0; i < MAP_SIDE; ++i)
    {
        taps[i] = TapsOf(i);
    }
    std::array<float, LATENT_HEIGHT * MAP_SIDE> narrow{};
    for (int y = 0; y < LATENT_HEIGHT; ++y)
    {
        for (int x = 0; x < MAP_SIDE; ++x)
        {
            float sum = 0;
            for (int i = 0; i < taps[x].count; ++i)
            {
                sum += saliency28x28[y * LATENT_WIDTH + taps[x].first + i] * taps[x].weight[i];
            }
            narrow[y * MAP_SIDE + x] = sum;
        }
    }
    for (int y = 0; y < MAP_SIDE; ++y)
    {
        for (int x = 0; x < MAP_SIDE; ++x)
        {
            float sum = 0;
            for (int i = 0; i < taps[y].count; ++i)
            {
                sum += narrow[(taps[y].first + i) * MAP_SIDE + x] * taps[y].weight[i];
            }
            saliency8x8[y * MAP_SIDE + x] = sum;
        }
    }
}

SaliencyMap
QuantiseSaliency(const float* saliency28x28)
{
    std::array<float, LATENT_CELLS> clean;
    for (int i = 0; i < LATENT_CELLS; ++i)
    {
        const float value = saliency28x28[i];
        // written so that what is not a number becomes 0
        clean[i] = value > 0.0F ? std::min(value, 1.0F) : 0.0F;
    }
    std::array<float, MAP_CELLS> small;
    ResizeSaliency(clean.data(), small.data());
    const float min = *std::min_element(small.begin(), small.end());
    const float max = *std::max_element(small.begin(), small.end());
    SaliencyMap map;
    if (!(max > min))
    {
        return map;
    }
    for (int i = 0; i < MAP_CELLS; ++i)
    {
        const int scaled = static_cast<int>((small[i] - min) / (max - min) * 255.0F);
        map.level[i] = static_cast<uint8_t>(std::clamp(scaled, 0, 255) / 8);
    }
    map.range =
        static_cast<uint8_t>(std::clamp(static_cast<int>((max - min) * 255.0F + 0.5F), 0, 255));
    return map;
}

} // namespace limitnet
