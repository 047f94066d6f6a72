// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/lim-file.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <random>

namespace limitnet
{
namespace
{

LimFile
TwoPictures()
{
    return {"codec", 0x2A, {{"a.png", 640, 480, {{1, 2, 3}, {4}}}, {"b", 1, 1, {}}}};
}

/** The same by hand, from docs/lim-file.md. The checksum is that of Python's zlib.crc32. */
const Bytes TWO_PICTURES = {
    0x89, 'L',  'I',  'M',  0x01, 0x2A,                         // magic, version, model id
    0x05, 'c',  'o',  'd',  'e',  'c',                          // model
    0x00, 0x00, 0x00, 0x02,                                     // pictures
    0x05, 'a',  '.',  'p',  'n',  'g',                          // name
    0x00, 0x00, 0x02, 0x80, 0x00, 0x00, 0x01, 0xE0, 0x00, 0x02, // 640 x 480, 2 fragments
    0x00, 0x03, 0x01, 0x02, 0x03, 0x00, 0x01, 0x04,             // the fragments
    0x01, 'b',                                                  // name
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, // 1 x 1, no fragments
    0x13, 0x0E, 0x2C, 0x3B};

/** Puts the right checksum at the end, so that a change before it is looked at. */
Bytes
Sealed(Bytes bytes)
{
    bytes.resize(bytes.size() - 4);
    const std::uint32_t crc = Crc32(bytes.data(), bytes.size());
    for (int shift = 24; shift >= 0; shift -= 8)
    {
        bytes.push_back(static_cast<std::uint8_t>(crc >> shift));
    }
    return bytes;
}

std::string
ParseError(const Bytes& bytes)
{
    return ErrorOf([&] { ParseLimFile(bytes.data(), bytes.size(), "x.lim"); });
}

TEST(LimFile, IsLaidOutAsThePageSays)
{
    EXPECT_EQ(PackLimFile(TwoPictures()), TWO_PICTURES);
    const LimFile file = ParseLimFile(TWO_PICTURES.data(), TWO_PICTURES.size(), "x.lim");
    EXPECT_EQ(file.model, "codec");
    EXPECT_EQ(file.modelId, 0x2A);
    ASSERT_EQ(file.pictures.size(), 2U);
    EXPECT_EQ(file.pictures[0].name, "a.png");
    EXPECT_EQ(file.pictures[0].width, 640U);
    EXPECT_EQ(file.pictures[0].height, 480U);
    EXPECT_EQ(file.pictures[0].fragments, (std::vector<Bytes>{{1, 2, 3}, {4}}));
    EXPECT_EQ(file.pictures[1].name, "b");
    EXPECT_TRUE(file.pictures[1].fragments.empty());
}

TEST(LimFile, SurvivesTheDisk)
{
    const TestFolder folder;
    const auto path = folder.Path() / "x.lim";
    WriteLimFile(path, TwoPictures());
    EXPECT_EQ(PackLimFile(ReadLimFile(path)), TWO_PICTURES);
    EXPECT_EQ(NamesIn(folder.Path()).size(), 1U);
    ExpectLine(ErrorOf([&] { ReadLimFile(folder.Path() / "none.lim"); }), {"none.lim"});
    ExpectLine(ErrorOf([&] { WriteLimFile(folder.Path() / "no/x.lim", TwoPictures()); }),
               {"no/x.lim"});
    const auto text = folder.Write("text.lim", std::string("hello"));
    ExpectLine(ErrorOf([&] { ReadLimFile(text); }), {"text.lim", "not a .lim file"});
}

TEST(LimFile, EveryCutAndEveryChangedByteIsNoticed)
{
    for (std::size_t size = 0; size < TWO_PICTURES.size(); ++size)
    {
        ExpectLine(ParseError(Bytes(TWO_PICTURES.begin(),
                                    TWO_PICTURES.begin() + static_cast<std::ptrdiff_t>(size))),
                   {"x.lim", ".lim file"});
    }
    for (std::size_t at = 0; at < TWO_PICTURES.size(); ++at)
    {
        Bytes changed = TWO_PICTURES;
        changed[at] ^= 0x10;
        ExpectLine(ParseError(changed), {"x.lim", ".lim file"});
    }
    Bytes longer = TWO_PICTURES;
    longer.insert(longer.end() - 4, 0);
    ExpectLine(ParseError(Sealed(longer)), {"x.lim", "after its last picture"});
}

TEST(LimFile, SaysWhatIsWrong)
{
    const auto with = [](std::size_t at, std::uint8_t value) {
        Bytes changed = TWO_PICTURES;
        changed.at(at) = value;
        return ParseError(Sealed(changed));
    };
    ExpectLine(with(4, 2), {"x.lim", "version 2", "version 1"});
    ExpectLine(with(7, '/'), {"x.lim", "name"});
    ExpectLine(with(12, 0xFF), {"x.lim", "pictures"});
    ExpectLine(with(15, 3), {"x.lim", "ends"});
    ExpectLine(with(18, '\n'), {"x.lim", "name"});
    ExpectLine(with(22, 0x70), {"x.lim", "pixels"});
    ExpectLine(with(32, 0xFF), {"x.lim", "ends"});
    ExpectLine(with(33, 0), {"x.lim", "empty"});
}

TEST(LimFile, NamesStayInTheirFolder)
{
    for (const std::string name : {"", ".", "..", "a/b", "/", "a\\b", "a\nb", "\x7F"})
    {
        EXPECT_FALSE(IsLimName(name)) << name;
        EXPECT_TRUE(IsLimName(LimNameFor(name))) << name;
    }
    EXPECT_FALSE(IsLimName(std::string(256, 'x')));
    EXPECT_FALSE(IsLimName(std::string("a\0b", 3)));
    for (const std::string name : {"a", "...", "a b.jpg", "\xC3\xA4.png"})
    {
        EXPECT_TRUE(IsLimName(name)) << name;
        EXPECT_EQ(LimNameFor(name), name);
    }
    EXPECT_EQ(LimNameFor("a/b.png"), "a_b.png");
    EXPECT_EQ(LimNameFor(std::string(300, 'x') + ".png"), std::string(251, 'x') + ".png");
}

TEST(LimFile, WhatItCannotHoldIsRefused)
{
    const auto packError = [](auto change) {
        LimFile file = TwoPictures();
        change(file);
        return ErrorOf([&] { PackLimFile(file); });
    };
    ExpectLine(packError([](LimFile& f) { f.model = "../x"; }), {".._x", "name"});
    ExpectLine(packError([](LimFile& f) { f.pictures[0].name = ""; }), {"name"});
    ExpectLine(packError([](LimFile& f) { f.pictures[0].width = 0; }), {"a.png", "0 x 480"});
    ExpectLine(packError([](LimFile& f) { f.pictures[0].height = 4000000000U; }),
               {"a.png", "4000000000"});
    ExpectLine(packError([](LimFile& f) { f.pictures[0].fragments[1].clear(); }),
               {"a.png", "0 bytes"});
    ExpectLine(packError([](LimFile& f) { f.pictures[0].fragments[1].resize(65536); }),
               {"a.png", "65536"});
    ExpectLine(packError([](LimFile& f) { f.pictures[1].fragments.resize(65536, {1}); }),
               {"b", "65536"});
    ExpectLine(packError([](LimFile& f) { f.pictures.resize(65537); }), {"65537"});
}

/** Mutated files with a right checksum: each parses to what packs to the same bytes, or fails in a
 * line. */
TEST(LimFile, AnyBytesHaveADefinedResult)
{
    std::mt19937 random(20240623);
    const auto upTo = [&random](std::size_t n) { return random() % n; };
    std::size_t parsed = 0;
    for (int round = 0; round < 20000; ++round)
    {
        Bytes bytes = TWO_PICTURES;
        for (std::size_t change = 1 + upTo(3); change > 0; --change)
        {
            const auto at = static_cast<std::ptrdiff_t>(upTo(bytes.size()));
            switch (upTo(4))
            {
            case 0:
                bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(random());
                break;
            case 1:
                bytes.insert(bytes.begin() + at, static_cast<std::uint8_t>(random()));
                break;
            case 2:
                bytes.erase(bytes.begin() + at,
                            bytes.begin() + std::min<std::ptrdiff_t>(
                                                at + 3,
                                                static_cast<std::ptrdiff_t>(bytes.size())));
                break;
            default:
                bytes[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1U << upTo(8));
            }
            if (bytes.size() < 4)
            {
                bytes.resize(4);
            }
        }
        bytes = Sealed(bytes);
        try
        {
            const LimFile file = ParseLimFile(bytes.data(), bytes.size(), "x.lim");
            ++parsed;
            EXPECT_EQ(PackLimFile(file), bytes);
        }
        catch (const Error& error)
        {
            ExpectLine(error.what(), {"x.lim"});
        }
    }
    // Both outcomes occur, or the test would say little.
    EXPECT_GT(parsed, 1000U);
    EXPECT_LT(parsed, 19000U);
    EXPECT_NE(ErrorOf([] { ParseLimFile(nullptr, 0, "x.lim"); }), "");
}

} // namespace
} // namespace limitnet
