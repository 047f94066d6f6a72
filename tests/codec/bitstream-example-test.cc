// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/reassembler.h"
#include "tests/codec/codec-test-data.h"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace limitnet::test
{
namespace
{

/// The example of docs/bitstream.md. The expected numbers were worked out from that page with exact
/// integers of unlimited length, apart from this library.
struct Example
{
    Example()
    {
        for (int c = 0; c < LATENT_CHANNELS; ++c)
        {
            tables.channelMax[c] = 1;
            for (int s = 0; s < SYMBOL_COUNT; ++s)
            {
                tables.frequency[c][s] = c == 0 ? 1 : 64;
                tables.reconstruction[c][s] = static_cast<float>(1000 * (c + 1) + s);
            }
        }
        tables.frequency[0][0] = 2048;
        tables.frequency[0][1] = 1024;
        tables.frequency[0][2] = 512;
        tables.frequency[0][3] = 452;
        tables.modelId = 42;
        sample.map.range = 128;
        sample.map.level[0] = 31;
        sample.symbols.assign(LATENT_SIZE, 0);
        for (size_t n = 0; n < indices.size(); ++n)
        {
            sample.symbols[indices[n]] = symbols[n];
        }
    }

    // channel * 784 + cell of the places 0..15, and their symbols
    const std::vector<uint16_t>
        indices{0, 1, 28, 29, 2, 30, 56, 57, 58, 784, 785, 812, 813, 3, 31, 84};
    const std::vector<uint8_t> symbols{1, 0, 2, 0, 0, 3, 0, 1, 0, 9, 33, 0, 63, 0, 4, 1};
    CodecTables tables;
    Sample sample;
};

std::string
Hex(const Bytes& bytes)
{
    std::string text;
    for (uint8_t byte : bytes)
    {
        char digits[4];
        std::snprintf(digits, sizeof(digits), text.empty() ? "%02X" : " %02X", byte);
        text += digits;
    }
    return text;
}

TEST(BitstreamExample, BytesAreThoseOfThePage)
{
    const Example example;
    const auto fragments = Cut(example.tables, example.sample, 46, 16, 1, 7);
    ASSERT_EQ(fragments.size(), 2U);
    std::string map = "07 FF 00 2A 80 F8";
    for (int i = 0; i < 39; ++i)
    {
        map += " 00";
    }
    EXPECT_EQ(Hex(fragments[0]), map);
    EXPECT_EQ(Hex(fragments[1]), "07 00 00 0F 98 E7 37 F2 4F 16 C0");

    std::ifstream page(std::string(LIMITNET_TEST_SOURCE_DIR) + "/docs/bitstream.md");
    ASSERT_TRUE(page) << "docs/bitstream.md cannot be read";
    std::vector<std::string> lines;
    for (std::string line; std::getline(page, line);)
    {
        if (line.rfind("    07 ", 0) == 0)
        {
            lines.push_back(line.substr(4));
        }
    }
    EXPECT_EQ(lines, (std::vector<std::string>{Hex(fragments[0]), Hex(fragments[1])}));
}

TEST(BitstreamExample, OrderIsThatOfThePage)
{
    const Example example;
    std::vector<uint16_t> order(LATENT_SIZE);
    ImportanceOrder(example.sample.map, order.data());
    order.resize(16);
    EXPECT_EQ(order, example.indices);
}

TEST(BitstreamExample, PrefixesAreThoseOfThePage)
{
    const Example example;
    const auto payload = [&example](size_t values) {
        const auto fragments = Cut(example.tables, example.sample, 46, values);
        return Hex(Bytes(fragments.at(1).begin() + 4, fragments.at(1).end()));
    };
    EXPECT_EQ(payload(1), "80");
    EXPECT_EQ(payload(3), "98");
    EXPECT_EQ(payload(6), "98 E0");
    EXPECT_EQ(payload(12), "98 E7 37 F2");
}

TEST(BitstreamExample, BytesDecodeToItsSymbols)
{
    const Example example;
    Bytes map{0x07, 0xFF, 0x00, 0x2A, 0x80, 0xF8};
    map.resize(45);
    Reassembler reassembler(example.tables);
    Add(reassembler, {0x07, 0x00, 0x00, 0x0F, 0x98, 0xE7, 0x37, 0xF2, 0x4F, 0x16, 0xC0});
    Add(reassembler, map);
    EXPECT_EQ(reassembler.ImageId(), 7);
    EXPECT_EQ(reassembler.ValueCount(), 16U);
    std::vector<float> expected(LATENT_SIZE, 0.0F);
    for (size_t n = 0; n < 16; ++n)
    {
        const int index = example.indices[n];
        expected[index] = static_cast<float>(1000 * (index / 784 + 1) + example.symbols[n]);
    }
    EXPECT_EQ(LatentOf(reassembler), expected);
}

} // namespace
} // namespace limitnet::test
