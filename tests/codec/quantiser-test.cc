// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/quantiser.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>

namespace limitnet::test
{
namespace
{

TEST(Quantiser, FollowsThePublishedFormula)
{
    Random random(21);
    for (int round = 0; round < 20000; ++round)
    {
        const float min = random.Bell();
        const float max = min + 0.01F + random.Unit() * 10;
        const float value = min + (max - min) * random.Unit();
        const double scaled =
            (static_cast<double>(value) - min) / (static_cast<double>(max) - min) * 255;
        const int symbol = QuantiseValue(value, min, max);
        // a float may fall on the other side of an edge by its rounding
        EXPECT_GE(symbol, static_cast<int>(std::max(0.0, scaled - 1e-2)) / 4);
        EXPECT_LE(symbol, static_cast<int>(std::min(255.0, scaled + 1e-2)) / 4);
    }
}

TEST(Quantiser, EdgesOfTheRange)
{
    EXPECT_EQ(QuantiseValue(0, 0, 255), 0);
    EXPECT_EQ(QuantiseValue(3.99F, 0, 255), 0);
    EXPECT_EQ(QuantiseValue(4, 0, 255), 1);
    EXPECT_EQ(QuantiseValue(251.9F, 0, 255), 62);
    EXPECT_EQ(QuantiseValue(252, 0, 255), 63);
    EXPECT_EQ(QuantiseValue(255, 0, 255), 63);
    EXPECT_EQ(QuantiseValue(256, 0, 255), 63);
    EXPECT_EQ(QuantiseValue(-1, 0, 255), 0);
    EXPECT_EQ(QuantiseValue(std::numeric_limits<float>::infinity(), 0, 255), 63);
    EXPECT_EQ(QuantiseValue(-std::numeric_limits<float>::infinity(), 0, 255), 0);
    EXPECT_EQ(QuantiseValue(std::numeric_limits<float>::max(), -1, 0), 63);
    EXPECT_EQ(QuantiseValue(std::numeric_limits<float>::quiet_NaN(), 0, 255), 0);
}

TEST(Quantiser, LowEdgeIsThePublishedReconstruction)
{
    for (int s = 0; s < 64; ++s)
    {
        const auto symbol = static_cast<uint8_t>(s);
        EXPECT_NEAR(SymbolLowEdge(symbol, -2, 3), s * 4 / 255.0 * 5 - 2, 1e-5);
        EXPECT_EQ(QuantiseValue(SymbolLowEdge(symbol, 0, 255) + 0.01F, 0, 255), s);
    }
}

TEST(Quantiser, WholeLatentUsesEachChannelsRange)
{
    const CodecTables tables = MakeTables();
    Random random(22);
    const std::vector<float> latent = MakeLatent(random);
    std::vector<uint8_t> symbols(LATENT_SIZE);
    QuantiseLatent(tables, latent.data(), symbols.data());
    for (int i = 0; i < LATENT_SIZE; ++i)
    {
        const int c = i / LATENT_CELLS;
        EXPECT_EQ(symbols[i], QuantiseValue(latent[i], tables.channelMin[c], tables.channelMax[c]));
    }
}

} // namespace
} // namespace limitnet::test
