// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/importance-order.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace limitnet::test
{
namespace
{

/// The published rule in double: levels times 8 scaled back, bilinear to 28x28 with half-pixel
/// centres, plus (12 - channel) / 5.
std::vector<double>
PublishedScores(const SaliencyMap& map)
{
    const auto value = [&map](int y, int x) {
        return map.level[std::clamp(y, 0, 7) * 8 + std::clamp(x, 0, 7)] * 8 / 255.0 * map.range /
               255.0;
    };
    std::vector<double> scores;
    for (int c = 0; c < 12; ++c)
    {
        for (int y = 0; y < 28; ++y)
        {
            for (int x = 0; x < 28; ++x)
            {
                const double v = (y + 0.5) * 8 / 28 - 0.5;
                const double u = (x + 0.5) * 8 / 28 - 0.5;
                const int j = static_cast<int>(std::floor(v));
                const int i = static_cast<int>(std::floor(u));
                const double fy = v - j;
                const double fx = u - i;
                const double saliency =
                    (1 - fy) * ((1 - fx) * value(j, i) + fx * value(j, i + 1)) +
                    fy * ((1 - fx) * value(j + 1, i) + fx * value(j + 1, i + 1));
                scores.push_back(saliency + (12 - c) / 5.0);
            }
        }
    }
    return scores;
}

SaliencyMap
RandomMap(Random& random)
{
    SaliencyMap map;
    map.range = static_cast<uint8_t>(random.Below(256));
    const uint32_t levels = 1 + random.Below(32); // few levels: many ties
    for (auto& level : map.level)
    {
        level = static_cast<uint8_t>(random.Below(levels));
    }
    return map;
}

void
ExpectPublishedOrder(const SaliencyMap& map)
{
    std::vector<uint16_t> order(LATENT_SIZE);
    ImportanceOrder(map, order.data());
    const std::vector<double> scores = PublishedScores(map);
    std::vector<bool> seen(LATENT_SIZE, false);
    for (size_t n = 0; n < order.size(); ++n)
    {
        ASSERT_LT(order[n], LATENT_SIZE);
        ASSERT_FALSE(seen[order[n]]);
        seen[order[n]] = true;
        if (n > 0)
        {
            // distinct scores differ by 1 / (255 * 255 * 196) = 7.8e-8 at the least
            const double step = scores[order[n - 1]] - scores[order[n]];
            if (std::abs(step) < 1e-9)
            {
                ASSERT_LT(order[n - 1], order[n]) << "a tie goes to the lower channel and cell";
            }
            else
            {
                ASSERT_GT(step, 0) << "at place " << n;
            }
        }
    }
}

TEST(ImportanceOrder, IsThePublishedRule)
{
    Random random(11);
    for (int round = 0; round < 60; ++round)
    {
        ExpectPublishedOrder(RandomMap(random));
        ExpectPublishedOrder(QuantiseSaliency(MakeSaliency(random).data()));
    }
}

TEST(ImportanceOrder, ExtremeMaps)
{
    SaliencyMap map;
    ExpectPublishedOrder(map); // all zero
    map.range = 255;
    ExpectPublishedOrder(map);
    map.level.fill(31);
    ExpectPublishedOrder(map);
    map.range = 0;
    map.level[17] = 3; // levels that are worth nothing
    ExpectPublishedOrder(map);
    map.level.fill(0);
    map.level[63] = 31;
    map.range = 255;
    ExpectPublishedOrder(map);
}

TEST(ImportanceOrder, FlatMapGoesChannelByChannel)
{
    std::vector<uint16_t> order(LATENT_SIZE);
    ImportanceOrder(SaliencyMap(), order.data());
    for (int n = 0; n < LATENT_SIZE; ++n)
    {
        EXPECT_EQ(order[n], n);
    }
}

TEST(ImportanceOrder, PrefixIsWhatTheQuantileKeeps)
{
    Random random(12);
    for (int round = 0; round < 20; ++round)
    {
        const SaliencyMap map = QuantiseSaliency(MakeSaliency(random).data());
        std::vector<uint16_t> order(LATENT_SIZE);
        ImportanceOrder(map, order.data());
        const std::vector<double> scores = PublishedScores(map);
        std::vector<double> sorted = scores;
        std::sort(sorted.begin(), sorted.end());
        for (double p : {0.1, 0.2, 0.5, 0.9})
        {
            const double at = (1 - p) * (LATENT_SIZE - 1);
            const auto below = static_cast<size_t>(at);
            const double threshold =
                sorted[below] +
                (at - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]) - 1e-9;
            const auto kept = static_cast<size_t>(
                std::count_if(scores.begin(), scores.end(), [threshold](double score) {
                    return score >= threshold;
                }));
            for (size_t n = 0; n < kept; ++n)
            {
                ASSERT_GE(scores[order[n]], threshold);
            }
        }
    }
}

TEST(OtherOrders, BySaliencyAloneAndByChannelAlone)
{
    Random random(13);
    std::vector<uint16_t> order(LATENT_SIZE);
    for (int round = 0; round < 20; ++round)
    {
        const SaliencyMap map = RandomMap(random);
        std::array<uint16_t, LATENT_CELLS> sums{};
        UpsampleSaliency(map, sums.data());
        std::vector<uint16_t> cells(LATENT_CELLS);
        std::iota(cells.begin(), cells.end(), uint16_t{0});
        if (map.range > 0)
        {
            std::stable_sort(cells.begin(), cells.end(), [&](int a, int b) {
                return sums[a] > sums[b];
            });
        }
        ImportanceOrder(map, order.data(), ValueOrder::SALIENCY);
        for (size_t n = 0; n < order.size(); ++n)
        {
            ASSERT_EQ(order[n], n % 12 * LATENT_CELLS + cells[n / 12]);
        }
        ImportanceOrder(map, order.data(), ValueOrder::CHANNEL);
        for (size_t n = 0; n < order.size(); ++n)
        {
            ASSERT_EQ(order[n], n);
        }
    }
}

TEST(OtherOrders, AtRandomHasEachValueOnceAndNoPattern)
{
    Random random(14);
    std::vector<uint16_t> order(LATENT_SIZE);
    ImportanceOrder(RandomMap(random), order.data(), ValueOrder::RANDOM);
    std::vector<uint16_t> again(LATENT_SIZE);
    ImportanceOrder(RandomMap(random), again.data(), ValueOrder::RANDOM);
    EXPECT_EQ(order, again) << "whatever the map";
    std::vector<uint16_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (size_t n = 0; n < sorted.size(); ++n)
    {
        ASSERT_EQ(sorted[n], n);
    }
    // Of any tenth of the order, each channel, row and column has its share: chi square of 12 - 1
    // and 28 - 1 degrees of freedom below what one draw in a thousand exceeds.
    const size_t part = LATENT_SIZE / 10;
    for (size_t start = 0; start + part <= order.size(); start += part)
    {
        std::array<double, 12> channels{};
        std::array<double, 28> rows{};
        std::array<double, 28> columns{};
        for (size_t n = start; n < start + part; ++n)
        {
            ++channels[order[n] / LATENT_CELLS];
            ++rows[order[n] % LATENT_CELLS / 28];
            ++columns[order[n] % 28];
        }
        const auto chiSquare = [&](const auto& counts) {
            const double expected = static_cast<double>(part) / static_cast<double>(counts.size());
            double sum = 0;
            for (const double count : counts)
            {
                sum += (count - expected) * (count - expected) / expected;
            }
            return sum;
        };
        EXPECT_LT(chiSquare(channels), 31.3) << start;
        EXPECT_LT(chiSquare(rows), 55.5) << start;
        EXPECT_LT(chiSquare(columns), 55.5) << start;
    }
    // Nor do neighbours in the order lie beside each other in the picture.
    size_t beside = 0;
    for (size_t n = 1; n < order.size(); ++n)
    {
        beside += std::abs(order[n] - order[n - 1]) <= 1 ? 1 : 0;
    }
    EXPECT_LT(beside, 12U);
}

TEST(UpsampleSaliency, CornersAndFullScale)
{
    SaliencyMap map;
    map.level.fill(31);
    std::array<uint16_t, LATENT_CELLS> sums{};
    UpsampleSaliency(map, sums.data());
    EXPECT_TRUE(std::all_of(sums.begin(), sums.end(), [](int s) { return s == 48608; }));
    map.level.fill(0);
    map.level[0] = 1;
    UpsampleSaliency(map, sums.data());
    EXPECT_EQ(sums[0], 196 * 8);
    EXPECT_EQ(sums[1], 196 * 8);
    EXPECT_EQ(sums[2], 11 * 14 * 8); // 3/14 on the way to the second sample
    EXPECT_EQ(sums[28 * 2 + 2], 11 * 11 * 8);
    EXPECT_EQ(sums[LATENT_CELLS - 1], 0);
}

} // namespace
} // namespace limitnet::test
