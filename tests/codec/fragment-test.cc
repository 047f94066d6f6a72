// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/fragment.h"
#include "tests/codec/codec-test-data.h"

#include <array>
#include <gtest/gtest.h>

namespace limitnet::test
{
namespace
{

/// A fragment written bit by bit from the layout of docs/bitstream.md.
Bytes
Build(uint32_t imageId, uint32_t first, uint32_t field, size_t payloadSize)
{
    const uint32_t word = imageId * (1U << 24) + first * (1U << 10) + field;
    Bytes bytes{static_cast<uint8_t>(word >> 24),
                static_cast<uint8_t>(word >> 16),
                static_cast<uint8_t>(word >> 8),
                static_cast<uint8_t>(word)};
    bytes.resize(4 + payloadSize, 0x5A);
    return bytes;
}

Fragment
Parse(const Bytes& bytes)
{
    return ParseFragment(bytes.data(), bytes.size());
}

TEST(Fragment, SymbolsHeader)
{
    for (size_t first : {0, 1, 4097, 8384, 9407})
    {
        for (size_t count : {1, 2, 255, 256, 257, 1024})
        {
            std::array<uint8_t, 4> header{};
            WriteSymbolsHeader(200, first, count, header.data());
            const Bytes built =
                Build(200, static_cast<uint32_t>(first), static_cast<uint32_t>(count - 1), 0);
            EXPECT_EQ(Bytes(header.begin(), header.end()), built);
            const Fragment fragment = Parse(built);
            if (first + count > 9408)
            {
                EXPECT_EQ(fragment.kind, FragmentKind::INVALID);
                continue;
            }
            EXPECT_EQ(fragment.kind, FragmentKind::SYMBOLS);
            EXPECT_EQ(fragment.imageId, 200);
            EXPECT_EQ(fragment.first, first);
            EXPECT_EQ(fragment.count, count);
            EXPECT_EQ(fragment.payloadSize, 0U);
        }
    }
}

TEST(Fragment, MapHeader)
{
    for (size_t offset : {0, 1, 40})
    {
        std::array<uint8_t, 4> header{};
        WriteMapHeader(3, offset, 0xC7, header.data());
        const Bytes built = Build(3, 16320 + static_cast<uint32_t>(offset), 0xC7, 0);
        EXPECT_EQ(Bytes(header.begin(), header.end()), built);
        EXPECT_EQ(Parse(built).kind, FragmentKind::INVALID) << "a map fragment carries something";
        const Fragment fragment = Parse(Build(3, 16320 + static_cast<uint32_t>(offset), 0xC7, 1));
        EXPECT_EQ(fragment.kind, FragmentKind::MAP);
        EXPECT_EQ(fragment.imageId, 3);
        EXPECT_EQ(fragment.first, offset);
        EXPECT_EQ(fragment.count, 1);
        EXPECT_EQ(fragment.modelId, 0xC7);
    }
    EXPECT_EQ(Parse(Build(3, 16320, 0, 41)).kind, FragmentKind::MAP);
    EXPECT_EQ(Parse(Build(3, 16320, 0, 42)).kind, FragmentKind::INVALID);
    EXPECT_EQ(Parse(Build(3, 16360, 0, 2)).kind, FragmentKind::INVALID);
    for (uint32_t version : {1, 2, 3})
    {
        EXPECT_EQ(Parse(Build(3, 16320, version << 8, 41)).kind, FragmentKind::INVALID);
    }
}

TEST(Fragment, EverythingElseIsInvalid)
{
    EXPECT_EQ(ParseFragment(nullptr, 0).kind, FragmentKind::INVALID);
    for (size_t size : {1, 2, 3})
    {
        EXPECT_EQ(Parse(Bytes(size, 0)).kind, FragmentKind::INVALID);
    }
    for (uint32_t first = 9408; first < 16384; ++first)
    {
        const bool isMap = first >= 16320 && first <= 16360;
        EXPECT_EQ(Parse(Build(0, first, 0, 1)).kind,
                  isMap ? FragmentKind::MAP : FragmentKind::INVALID);
    }
    // one symbol has at most 3 bytes of payload, 1024 symbols 1537
    EXPECT_EQ(Parse(Build(0, 0, 0, 3)).kind, FragmentKind::SYMBOLS);
    EXPECT_EQ(Parse(Build(0, 0, 0, 4)).kind, FragmentKind::INVALID);
    EXPECT_EQ(Parse(Build(0, 0, 1023, 1537)).kind, FragmentKind::SYMBOLS);
    EXPECT_EQ(Parse(Build(0, 0, 1023, 1538)).kind, FragmentKind::INVALID);
}

} // namespace
} // namespace limitnet::test
