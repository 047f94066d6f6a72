// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/symbol-model.h"
#include "tests/codec/codec-test-data.h"

#include <cmath>
#include <gtest/gtest.h>

namespace limitnet::test
{
namespace
{

TEST(PredictedDistribution, IsTheMixtureOfTwoExponentials)
{
    // the formula of docs/bitstream.md in floating point
    int rate = 29541; // halvings per 1/16 symbol in units of 2^-14
    for (int width = 0; width < WIDTH_COUNT; ++width, rate = rate * 4 / 5)
    {
        const double distance = 16384.0 / rate / 16 / std::log(2); // mean, in symbols
        EXPECT_NEAR(distance, 0.05 * std::pow(1.25, width), 0.05 * distance);
        for (int mean16 : {0, 3, 16, 500, 777, 1008})
        {
            const PredictedDistribution distribution(mean16, width);
            for (int s = 1; s < SYMBOL_COUNT; ++s)
            {
                const double x = s - 0.5 - mean16 / 16.0;
                const double far = std::abs(x) / distance;
                const double tail = 0.5 * (15 * std::exp(-far) + std::exp(-far / 4)) / 16;
                const double below = s + 32704 * (x < 0 ? tail : 1 - tail);
                // an octave is cut into 64 steps
                EXPECT_NEAR(distribution.Cumulative(s), below, 40 + 0.012 * 32704 * tail)
                    << width << " " << mean16 << " " << s;
            }
        }
    }
}

TEST(PredictedDistribution, EverySymbolHasAFrequency)
{
    for (int width = 0; width < WIDTH_COUNT; ++width)
    {
        for (int mean16 = 0; mean16 <= 1008; ++mean16)
        {
            const PredictedDistribution distribution(mean16, width);
            for (int count : {MAP_LEVELS, SYMBOL_COUNT})
            {
                ASSERT_EQ(distribution.Cumulative(0, count), 0U);
                ASSERT_EQ(distribution.Cumulative(count, count), 32768U);
                for (int s = 0; s < count; ++s)
                {
                    ASSERT_LT(distribution.Cumulative(s, count),
                              distribution.Cumulative(s + 1, count));
                }
            }
        }
    }
}

TEST(SymbolModel, KnowsNeighboursOnlyWithinTheChannel)
{
    const CodecTables tables = MakeTables();
    SymbolModel model(tables.entropy);
    const std::vector<uint8_t> symbols(LATENT_SIZE, 5);
    for (int index : {0, 27, 28, 55, 783, 784, 784 + 27, 9407 - 27, 9407})
    {
        model.Begin();
        for (int other = 0; other < LATENT_SIZE; ++other)
        {
            const int channel = index / 784;
            const int dy = (other % 784) / 28 - (index % 784) / 28;
            const int dx = other % 28 - index % 28;
            const bool touches =
                other / 784 == channel && std::abs(dx) <= 1 && std::abs(dy) <= 1 && other != index;
            model.Know(other);
            EXPECT_EQ(model.Predict(index, symbols.data()).any, touches) << index << " " << other;
            model.Unknow(other);
        }
        EXPECT_FALSE(model.Predict(index, symbols.data()).any);
    }
}

TEST(SymbolModel, PredictionByHand)
{
    CodecTables tables = MakeTables();
    auto& entropy = tables.entropy;
    entropy.weightSet[3] = 2;
    entropy.mean[3] = 100;
    entropy.weight[2][0b00001010] = {0, 40, 0, 30, 0, 0, 0, 0};
    entropy.confidence[2][0b00001010] = 1;
    SymbolModel model(entropy);
    std::vector<uint8_t> symbols(LATENT_SIZE, 0);
    const int index = 3 * 784 + 5 * 28 + 7;
    symbols[index - 28] = 9; // above: 40 * (144 - 100) = 1760
    symbols[index - 1] = 3;  // left: 30 * (48 - 100) = -1560
    model.Know(index - 28);
    model.Know(index - 1);
    auto prediction = model.Predict(index, symbols.data());
    EXPECT_TRUE(prediction.any);
    EXPECT_EQ(prediction.mean16, 103); // 100 + floor(200 / 64)
    EXPECT_EQ(prediction.confidence, 1);
    EXPECT_EQ(prediction.spread, 3); // 6 apart
    EXPECT_FALSE(prediction.belowOne);
    symbols[index - 28] = 0; // 40 * -100 = -4000, together -5560: floor(-86.875) = -87
    prediction = model.Predict(index, symbols.data());
    EXPECT_EQ(prediction.mean16, 13);
    EXPECT_TRUE(prediction.belowOne);
    model.Unknow(index - 1);
    EXPECT_EQ(model.Predict(index, symbols.data()).spread, 5);
}

TEST(SymbolModel, WithoutNeighboursTheChannelsFrequenciesHold)
{
    const CodecTables tables = MakeTables();
    const SymbolModel model(tables.entropy);
    const std::vector<uint8_t> symbols(LATENT_SIZE, 0);
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        const auto distribution = model.Next(c * 784 + 100, symbols.data());
        uint32_t target = 0;
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            ASSERT_EQ(distribution.Cumulative(s), target);
            for (int i = 0; i < tables.entropy.frequency[c][s]; ++i)
            {
                ASSERT_EQ(distribution.Find(target++), s);
            }
        }
        EXPECT_EQ(target, 32768U);
    }
}

} // namespace
} // namespace limitnet::test
