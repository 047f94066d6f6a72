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
            tables.scale[c] = 1;
            tables.entropy.mean[c] = c == 0 ? 16 : 320;
            for (int s = 0; s < SYMBOL_COUNT; ++s)
            {
                tables.entropy.frequency[c][s] = c == 0 ? 1 : 512;
                tables.reconstruction[c][s] = static_cast<float>(1000 * (c + 1) + s);
            }
            for (auto& byConfidence : tables.entropy.width[c])
            {
                for (int spread = 0; spread < SPREAD_CLASSES; ++spread)
                {
                    byConfidence[spread].fill(static_cast<uint8_t>(8 + 2 * spread));
                }
            }
        }
        tables.entropy.frequency[0][0] = 16384;
        tables.entropy.frequency[0][1] = 8192;
        tables.entropy.frequency[0][2] = 4096;
        tables.entropy.frequency[0][3] = 4036;
        for (int pattern = 1; pattern < NEIGHBOUR_PATTERNS; ++pattern)
        {
            int known = 0;
            for (int d = 0; d < NEIGHBOURS; ++d)
            {
                known += pattern >> d & 1;
            }
            for (int d = 0; d < NEIGHBOURS; ++d)
            {
                tables.entropy.weight[0][pattern][d] =
                    static_cast<int8_t>((pattern >> d & 1) != 0 ? 64 / known : 0);
            }
        }
        tables.entropy.mapWidth.fill(10);
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
    const std::vector<uint8_t> symbols{1, 0, 2, 0, 1, 3, 0, 1, 0, 21, 33, 20, 63, 0, 4, 1};
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
    EXPECT_EQ(Hex(fragments[0]), "1E A4 1A 8A 80 F7 43 84");
    EXPECT_EQ(Hex(fragments[1]), "1C 00 00 0F 99 72 9A B5 F1 76 B8 CC 4D");

    std::ifstream page(std::string(LIMITNET_TEST_SOURCE_DIR) + "/docs/bitstream.md");
    ASSERT_TRUE(page) << "docs/bitstream.md cannot be read";
    std::vector<std::string> lines;
    for (std::string line; std::getline(page, line);)
    {
        if (line.rfind("    1E ", 0) == 0 || line.rfind("    1C ", 0) == 0)
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
    EXPECT_EQ(payload(3), "9A");
    EXPECT_EQ(payload(6), "99 72 9A");
    EXPECT_EQ(payload(12), "99 72 9A B5 F1 75");
}

TEST(BitstreamExample, BytesDecodeToItsSymbols)
{
    const Example example;
    Reassembler reassembler(example.tables);
    Add(reassembler, {0x1C, 0, 0, 0x0F, 0x99, 0x72, 0x9A, 0xB5, 0xF1, 0x76, 0xB8, 0xCC, 0x4D});
    Add(reassembler, {0x1E, 0xA4, 0x1A, 0x8A, 0x80, 0xF7, 0x43, 0x84});
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
