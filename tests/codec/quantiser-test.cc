// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/quantiser.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace limitnet::test
{
namespace
{

TEST(Quantiser, IsUniform)
{
    Random random(21);
    for (int round = 0; round < 20000; ++round)
    {
        const float scale = 0.1F + random.Unit() * 50;
        const float offset = random.Bell();
        const float value = random.Unit() * 70 / scale;
        const double exact = static_cast<double>(value) * scale + offset;
        const int symbol = QuantiseValue(value, scale, offset);
        // a float may fall on the other side of an edge by its rounding
        EXPECT_GE(symbol, std::clamp(static_cast<int>(std::floor(exact - 1e-4)), 0, 63));
        EXPECT_LE(symbol, std::clamp(static_cast<int>(std::floor(exact + 1e-4)), 0, 63));
    }
}

TEST(Quantiser, EdgesOfTheRange)
{
    EXPECT_EQ(QuantiseValue(0, 1, 0), 0);
    EXPECT_EQ(QuantiseValue(0.99F, 1, 0), 0);
    EXPECT_EQ(QuantiseValue(1, 1, 0), 1);
    EXPECT_EQ(QuantiseValue(0.5F, 1, 0.5F), 1);
    EXPECT_EQ(QuantiseValue(62.9F, 1, 0), 62);
    EXPECT_EQ(QuantiseValue(63, 1, 0), 63);
    EXPECT_EQ(QuantiseValue(64, 1, 0), 63);
    EXPECT_EQ(QuantiseValue(-1, 1, 0), 0);
    EXPECT_EQ(QuantiseValue(std::numeric_limits<float>::infinity(), 1, 0), 63);
    EXPECT_EQ(QuantiseValue(-std::numeric_limits<float>::infinity(), 1, 0), 0);
    EXPECT_EQ(QuantiseValue(std::numeric_limits<float>::max(), 2, 1), 63);
    EXPECT_EQ(QuantiseValue(std::numeric_limits<float>::quiet_NaN(), 1, 0), 0);
}

TEST(Quantiser, WholeLatentUsesEachChannelsScale)
{
    const CodecTables tables = MakeTables();
    Random random(22);
    const std::vector<float> latent = MakeLatent(random);
    std::vector<uint8_t> symbols(LATENT_SIZE);
    QuantiseLatent(tables, latent.data(), symbols.data());
    for (int i = 0; i < LATENT_SIZE; ++i)
    {
        const int c = i / LATENT_CELLS;
        EXPECT_EQ(symbols[i], QuantiseValue(latent[i], tables.scale[c], tables.offset[c]));
    }
}

} // namespace
} // namespace limitnet::test
