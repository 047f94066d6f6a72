// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/quantiser.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <string>

namespace limitnet::test
{
namespace
{

TEST(CodecTables, Crc32OfThePublishedCheckString)
{
    // "123456789" -> CBF43926 is the check value of CRC-32/ISO-HDLC
    const std::string text = "123456789";
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    EXPECT_EQ(Crc32(bytes, 9), 0xCBF43926U);
    EXPECT_EQ(Crc32(bytes + 4, 5, Crc32(bytes, 4)), 0xCBF43926U);
}

TEST(CodecTables, CalibrationFollowsTheData)
{
    Random random(3);
    std::vector<float> latents;
    for (int i = 0; i < 3; ++i)
    {
        const std::vector<float> latent = MakeLatent(random);
        latents.insert(latents.end(), latent.begin(), latent.end());
    }
    const CodecTables tables = CodecTables::Calibrate(latents.data(), 3);
    EXPECT_NO_THROW(tables.Check());
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        std::vector<float> values;
        for (int i = 0; i < 3; ++i)
        {
            const auto from = latents.begin() + i * LATENT_SIZE + c * LATENT_CELLS;
            values.insert(values.end(), from, from + LATENT_CELLS);
        }
        const float min = *std::min_element(values.begin(), values.end());
        const float max = *std::max_element(values.begin(), values.end());
        EXPECT_EQ(tables.channelMin[c], min);
        EXPECT_EQ(tables.channelMax[c], max > min ? max : min + 1);
        const auto& frequency = tables.frequency[c];
        EXPECT_EQ(std::accumulate(frequency.begin(), frequency.end(), 0), 4096);
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            double sum = 0;
            int count = 0;
            for (float value : values)
            {
                if (QuantiseValue(value, tables.channelMin[c], tables.channelMax[c]) == s)
                {
                    sum += value;
                    ++count;
                }
            }
            // one each in advance, the other 4032 in proportion, rounded by less than one
            EXPECT_NEAR(frequency[s], 1 + 4032.0 * count / static_cast<double>(values.size()), 1);
            const float width = tables.channelMax[c] - tables.channelMin[c];
            if (count > 0)
            {
                EXPECT_NEAR(tables.reconstruction[c][s], sum / count, 1e-5);
            }
            const float edge = SymbolLowEdge(static_cast<uint8_t>(s), min, min + width);
            EXPECT_GE(tables.reconstruction[c][s], edge - 1e-4F);
            EXPECT_LE(tables.reconstruction[c][s], edge + width * 4 / 255 + 1e-4F);
        }
    }
    EXPECT_EQ(tables.modelId, static_cast<uint8_t>(tables.Checksum()));
}

TEST(CodecTables, ConstantChannelHasARangeOfOne)
{
    const CodecTables tables = MakeTables();
    EXPECT_EQ(tables.channelMin[10], 0.0F);
    EXPECT_EQ(tables.channelMax[10], 1.0F);
    EXPECT_EQ(tables.frequency[10][0], 4096 - 63);
    EXPECT_EQ(tables.reconstruction[10][0], 0.0F);
}

TEST(CodecTables, ChecksumSeesEveryNumber)
{
    const CodecTables tables = MakeTables();
    CodecTables other = tables;
    other.modelId ^= 1;
    EXPECT_EQ(other.Checksum(), tables.Checksum());
    other.reconstruction[11][63] += 1;
    EXPECT_NE(other.Checksum(), tables.Checksum());
    other = tables;
    std::swap(other.frequency[0][0], other.frequency[0][63]);
    EXPECT_NE(other.Checksum(), tables.Checksum());
    EXPECT_NE(tables.Checksum(1), tables.Checksum());
}

TEST(CodecTables, BadInputIsNamed)
{
    EXPECT_THROW(CodecTables::Calibrate(nullptr, 0), Error);
    std::vector<float> latent(LATENT_SIZE);
    latent[800] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(CodecTables::Calibrate(latent.data(), 1), Error);

    CodecTables tables = MakeTables();
    ++tables.frequency[3][5];
    try
    {
        tables.Check();
        FAIL() << "frequencies that sum to 4097 were accepted";
    }
    catch (const Error& error)
    {
        EXPECT_STREQ(error.what(),
                     "codec tables: channel 3 has frequencies that sum to 4097; "
                     "they must sum to 4096");
    }
    EXPECT_THROW(Fragmenter{tables}, Error);
    EXPECT_THROW(Reassembler{tables}, Error);
    tables = MakeTables();
    tables.channelMax[2] = tables.channelMin[2];
    EXPECT_THROW(tables.Check(), Error);
    tables = MakeTables();
    tables.frequency[2][0] = static_cast<uint16_t>(tables.frequency[2][0] + tables.frequency[2][7]);
    tables.frequency[2][7] = 0;
    EXPECT_THROW(tables.Check(), Error);
}

} // namespace
} // namespace limitnet::test
