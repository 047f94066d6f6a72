// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/fragment.h"
#include "tests/codec/codec-test-data.h"

#include <array>
#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace limitnet::test
{
namespace
{

/// What docs/bitstream.md says of the first code of the map.
constexpr uint32_t MAP_CODE = 44259936;

Bytes
Build(uint32_t imageId, uint32_t code, size_t payloadSize)
{
    const uint32_t word = imageId * (1U << 26) + code;
    Bytes bytes{static_cast<uint8_t>(word >> 24),
                static_cast<uint8_t>(word >> 16),
                static_cast<uint8_t>(word >> 8),
                static_cast<uint8_t>(word)};
    bytes.resize(4 + payloadSize, 0x5A);
    return bytes;
}

Bytes
BuildMap(uint32_t imageId, uint32_t version, bool last, uint32_t offset, uint32_t modelId, size_t n)
{
    const uint32_t piece = version * 32768 + (last ? 16384 : 0) + offset * 256 + modelId;
    return Build(imageId, MAP_CODE + piece, n);
}

Fragment
Parse(const Bytes& bytes)
{
    return ParseFragment(bytes.data(), bytes.size());
}

TEST(Fragment, EveryRangeOfPlacesHasOneCode)
{
    // all first places with few counts, and all counts of a few first places
    std::set<uint32_t> codes;
    size_t ranges = 0;
    const auto check = [&](size_t first, size_t count) {
        std::array<uint8_t, 4> header{};
        WriteSymbolsHeader(37, first, count, header.data());
        const Fragment fragment = ParseFragment(header.data(), header.size());
        ASSERT_EQ(fragment.kind, FragmentKind::SYMBOLS);
        ASSERT_EQ(fragment.imageId, 37);
        ASSERT_EQ(fragment.first, first);
        ASSERT_EQ(fragment.count, count);
        ASSERT_EQ(fragment.payloadSize, 0U);
        const uint32_t code = (uint32_t{header[0]} << 24 | uint32_t{header[1]} << 16 |
                               uint32_t{header[2]} << 8 | header[3]) &
                              0x3FFFFFF;
        ASSERT_LT(code, MAP_CODE);
        codes.insert(code);
        ++ranges;
    };
    for (size_t first = 0; first < LATENT_SIZE; ++first)
    {
        for (size_t count : {1, 2, 3, 100})
        {
            if (first + count <= LATENT_SIZE && first % 1000 != 0)
            {
                check(first, count);
            }
        }
        if (first % 1000 == 0)
        {
            for (size_t count = 1; first + count <= LATENT_SIZE; ++count)
            {
                check(first, count);
            }
        }
    }
    EXPECT_EQ(codes.size(), ranges);
}

TEST(Fragment, CodesByThePage)
{
    // row 0: first 0 in columns 0..9407, then first 9407; row 4703: first 4703 and 4704
    struct Case
    {
        uint32_t code;
        size_t first;
        size_t count;
    };

    for (const Case& c : std::vector<Case>{{0, 0, 1},
                                           {9407, 0, 9408},
                                           {9408, 9407, 1},
                                           {9409, 1, 1},
                                           {9409 + 9406, 1, 9407},
                                           {9409 + 9407, 9406, 2},
                                           {9409 + 9408, 9406, 1},
                                           {9409U * 4703, 4703, 1},
                                           {9409U * 4703 + 4704, 4703, 4705},
                                           {9409U * 4703 + 4705, 4704, 4704},
                                           {MAP_CODE - 1, 4704, 1}})
    {
        const Fragment fragment = Parse(Build(0, c.code, 0));
        EXPECT_EQ(fragment.kind, FragmentKind::SYMBOLS);
        EXPECT_EQ(fragment.first, c.first) << c.code;
        EXPECT_EQ(fragment.count, c.count) << c.code;
        std::array<uint8_t, 4> header{};
        WriteSymbolsHeader(0, c.first, c.count, header.data());
        EXPECT_EQ(Bytes(header.begin(), header.end()), Build(0, c.code, 0));
    }
}

TEST(Fragment, MapHeader)
{
    for (uint32_t offset : {0, 1, 39})
    {
        for (bool last : {false, true})
        {
            std::array<uint8_t, 4> header{};
            WriteMapHeader(3, offset, last, 0xC7, header.data());
            EXPECT_EQ(Bytes(header.begin(), header.end()), BuildMap(3, 1, last, offset, 0xC7, 0));
            const Fragment fragment = Parse(BuildMap(3, 1, last, offset, 0xC7, 1));
            EXPECT_EQ(fragment.kind, FragmentKind::MAP);
            EXPECT_EQ(fragment.imageId, 3);
            EXPECT_EQ(fragment.first, offset);
            EXPECT_EQ(fragment.count, 1);
            EXPECT_EQ(fragment.modelId, 0xC7);
            EXPECT_EQ(fragment.last, last);
            EXPECT_EQ(Parse(BuildMap(3, 1, last, offset, 0xC7, 40 - offset)).kind,
                      FragmentKind::MAP);
            EXPECT_EQ(Parse(BuildMap(3, 1, last, offset, 0xC7, 41 - offset)).kind,
                      FragmentKind::INVALID);
        }
    }
    EXPECT_EQ(Parse(BuildMap(3, 1, true, 0, 0, 0)).kind, FragmentKind::MAP);
    EXPECT_EQ(Parse(BuildMap(3, 1, false, 0, 0, 0)).kind, FragmentKind::INVALID);
    EXPECT_EQ(Parse(BuildMap(3, 1, true, 40, 0, 0)).kind, FragmentKind::MAP);
    EXPECT_EQ(Parse(BuildMap(3, 1, true, 41, 0, 0)).kind, FragmentKind::INVALID);
    for (uint32_t version : {0, 2, 3})
    {
        EXPECT_EQ(Parse(BuildMap(3, version, true, 0, 0, 10)).kind, FragmentKind::INVALID);
    }
}

TEST(Fragment, ImageIdsAreModulo64)
{
    std::array<uint8_t, 4> a{};
    std::array<uint8_t, 4> b{};
    WriteSymbolsHeader(5, 10, 20, a.data());
    WriteSymbolsHeader(5 + 64, 10, 20, b.data());
    EXPECT_EQ(a, b);
}

TEST(Fragment, EverythingElseIsInvalid)
{
    EXPECT_EQ(ParseFragment(nullptr, 0).kind, FragmentKind::INVALID);
    for (size_t size : {1, 2, 3})
    {
        EXPECT_EQ(Parse(Bytes(size, 0)).kind, FragmentKind::INVALID);
    }
    for (uint32_t code = MAP_CODE + 131072; code < 1U << 26; code += 997)
    {
        EXPECT_EQ(Parse(Build(0, code, 1)).kind, FragmentKind::INVALID);
    }
    EXPECT_EQ(Parse(Build(0, (1U << 26) - 1, 1)).kind, FragmentKind::INVALID);
    // one symbol has at most 4 bytes of payload, 1024 symbols 2050
    EXPECT_EQ(Parse(Build(0, 0, 4)).kind, FragmentKind::SYMBOLS);
    EXPECT_EQ(Parse(Build(0, 0, 5)).kind, FragmentKind::INVALID);
    EXPECT_EQ(Parse(Build(0, 1023, 2050)).kind, FragmentKind::SYMBOLS);
    EXPECT_EQ(Parse(Build(0, 1023, 2051)).kind, FragmentKind::INVALID);
}

} // namespace
} // namespace limitnet::test
