// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/error.h"
#include "tests/codec/codec-test-data.h"

#include <gtest/gtest.h>
#include <limits>
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

TEST(CodecTables, ChecksumSeesEveryNumber)
{
    const CodecTables tables = MakeTables();
    const uint32_t checksum = tables.Checksum();
    CodecTables other = tables;
    other.modelId ^= 1;
    EXPECT_EQ(other.Checksum(), checksum);
    const auto changed = [&](const auto& change) {
        CodecTables copy = tables;
        change(copy);
        return copy.Checksum() != checksum;
    };
    EXPECT_TRUE(changed([](CodecTables& t) { t.scale[11] *= 2; }));
    EXPECT_TRUE(changed([](CodecTables& t) { t.offset[0] += 1; }));
    EXPECT_TRUE(changed([](CodecTables& t) { t.reconstruction[11][63] += 1; }));
    EXPECT_TRUE(changed([](CodecTables& t) { ++t.entropy.frequency[0][63]; }));
    EXPECT_TRUE(changed([](CodecTables& t) { ++t.entropy.mean[3]; }));
    EXPECT_TRUE(changed([](CodecTables& t) { ++t.entropy.weightSet[3]; }));
    EXPECT_TRUE(changed([](CodecTables& t) { --t.entropy.weight[3][255][7]; }));
    EXPECT_TRUE(changed([](CodecTables& t) { ++t.entropy.confidence[3][255]; }));
    EXPECT_TRUE(changed([](CodecTables& t) { ++t.entropy.width[11][3][5][1]; }));
    EXPECT_TRUE(changed([](CodecTables& t) { ++t.entropy.mapWidth[4]; }));
    EXPECT_NE(tables.Checksum(1), checksum);
}

TEST(CodecTables, WhatIsOutOfRangeIsNamed)
{
    const auto complaint = [](const auto& change) -> std::string {
        CodecTables tables = MakeTables();
        change(tables);
        try
        {
            tables.Check();
        }
        catch (const Error& error)
        {
            return error.what();
        }
        return "none";
    };
    EXPECT_EQ(complaint([](CodecTables&) {}), "none");
    EXPECT_EQ(complaint([](CodecTables& t) { ++t.entropy.frequency[3][5]; }),
              "codec tables: channel 3 has frequencies that sum to 32769; they must sum to 32768");
    EXPECT_EQ(complaint([](CodecTables& t) {
                  t.entropy.frequency[2][0] += t.entropy.frequency[2][7];
                  t.entropy.frequency[2][7] = 0;
              }),
              "codec tables: channel 2 symbol 7 has frequency 0; at least 1 is needed");
    EXPECT_NE(complaint([](CodecTables& t) { t.scale[2] = 0; }), "none");
    EXPECT_NE(
        complaint([](CodecTables& t) { t.offset[2] = std::numeric_limits<float>::quiet_NaN(); }),
        "none");
    EXPECT_NE(complaint([](CodecTables& t) {
                  t.reconstruction[1][1] = std::numeric_limits<float>::infinity();
              }),
              "none");
    EXPECT_EQ(complaint([](CodecTables& t) { t.entropy.mean[0] = 1009; }),
              "codec tables: mean has to be below 1009 everywhere");
    EXPECT_EQ(complaint([](CodecTables& t) { t.entropy.weightSet[0] = 4; }),
              "codec tables: weightSet has to be below 4 everywhere");
    EXPECT_EQ(complaint([](CodecTables& t) { t.entropy.confidence[0][0] = 4; }),
              "codec tables: confidence has to be below 4 everywhere");
    EXPECT_EQ(complaint([](CodecTables& t) { t.entropy.width[0][0][0][0] = 32; }),
              "codec tables: width has to be below 32 everywhere");
    EXPECT_EQ(complaint([](CodecTables& t) { t.entropy.mapWidth[0] = 32; }),
              "codec tables: mapWidth has to be below 32 everywhere");

    CodecTables bad = MakeTables();
    ++bad.entropy.frequency[3][5];
    EXPECT_THROW(Fragmenter{bad}, Error);
    EXPECT_THROW(Reassembler{bad}, Error);
}

} // namespace
} // namespace limitnet::test
