// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/saliency-map.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace limitnet::test
{
namespace
{

/// The definition of the antialiased bilinear resize, in double and in one step: a triangle of
/// half-width 3.5 input samples around each output centre, normalised.
std::vector<double>
ResizeByDefinition(const std::vector<float>& input)
{
    const auto weight = [](int out, int in) {
        return std::max(0.0, 1.0 - std::abs((in + 0.5) - (out + 0.5) * 3.5) / 3.5);
    };
    std::vector<double> output;
    for (int y = 0; y < 8; ++y)
    {
        for (int x = 0; x < 8; ++x)
        {
            double sum = 0;
            double total = 0;
            for (int j = 0; j < 28; ++j)
            {
                for (int i = 0; i < 28; ++i)
                {
                    const double w = weight(y, j) * weight(x, i);
                    sum += w * input[j * 28 + i];
                    total += w;
                }
            }
            output.push_back(sum / total);
        }
    }
    return output;
}

TEST(SaliencyMap, ResizeIsTheAntialiasedBilinear)
{
    Random random(5);
    for (int round = 0; round < 20; ++round)
    {
        std::vector<float> saliency = MakeSaliency(random);
        if (round % 2 == 1)
        {
            std::generate(saliency.begin(), saliency.end(), [&random] { return random.Unit(); });
        }
        std::array<uint16_t, LATENT_CELLS> whole{};
        for (int i = 0; i < LATENT_CELLS; ++i)
        {
            whole[i] = static_cast<uint16_t>(std::lround(saliency[i] * 65535));
            saliency[i] = whole[i]; // no rounding is left between the two
        }
        std::array<uint64_t, 64> small{};
        ResizeSaliency(whole.data(), small.data());
        const std::vector<double> expected = ResizeByDefinition(saliency);
        for (int i = 0; i < 64; ++i)
        {
            EXPECT_NEAR(static_cast<double>(small[i]) / RESIZED_ONE, expected[i] / 65535, 1e-12);
        }
    }
}

TEST(SaliencyMap, QuantisesByTheRule)
{
    Random random(6);
    for (int round = 0; round < 50; ++round)
    {
        const std::vector<float> saliency = MakeSaliency(random);
        const SaliencyMap map = QuantiseSaliency(saliency.data());
        const std::vector<double> small = ResizeByDefinition(saliency);
        const double min = *std::min_element(small.begin(), small.end());
        const double max = *std::max_element(small.begin(), small.end());
        for (int i = 0; i < 64; ++i)
        {
            // the saliency is rounded to 1/65535 first, so each of the three numbers may be off by
            // half of that, and both sides of an edge are right
            const double scaled = (small[i] - min) / (max - min) * 255;
            const double tolerance = 1.5 / 65535 / (max - min) * 255;
            EXPECT_GE(map.level[i], static_cast<int>(scaled - tolerance) / 8);
            EXPECT_LE(map.level[i], static_cast<int>(std::min(255.0, scaled + tolerance)) / 8);
        }
        EXPECT_EQ(*std::min_element(map.level.begin(), map.level.end()), 0);
        EXPECT_EQ(*std::max_element(map.level.begin(), map.level.end()), 31);
        EXPECT_NEAR(map.range, (max - min) * 255, 0.501);
    }
}

TEST(SaliencyMap, ConstantIsAllZero)
{
    for (float value : {0.0F, 0.4F, 1.0F, 7.0F, -1.0F})
    {
        const std::vector<float> saliency(LATENT_CELLS, value);
        const SaliencyMap map = QuantiseSaliency(saliency.data());
        EXPECT_EQ(map, SaliencyMap{});
    }
}

TEST(SaliencyMap, AnyFloatsGiveAMap)
{
    std::vector<float> saliency(LATENT_CELLS, 0.5F);
    saliency[0] = std::numeric_limits<float>::quiet_NaN();
    saliency[100] = std::numeric_limits<float>::infinity();
    saliency[200] = -std::numeric_limits<float>::infinity();
    saliency[300] = std::numeric_limits<float>::max();
    const SaliencyMap map = QuantiseSaliency(saliency.data());
    EXPECT_TRUE(std::all_of(map.level.begin(), map.level.end(), [](int l) { return l < 32; }));
}

} // namespace
} // namespace limitnet::test
