// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/btc-codec.h"
#include "limitnet/baselines/byte-stream.h"
#include "limitnet/baselines/codec-table.h"
#include "limitnet/baselines/jpeg-codec.h"
#include "limitnet/baselines/raw-codec.h"
#include "limitnet/baselines/webp-codec.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/data/image-file.h"
#include "limitnet/evaluation/image-quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio> // jpeglib.h needs size_t and FILE declared before it
#include <gtest/gtest.h>
#include <jpeglib.h>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace limitnet;

namespace
{

/** Coloured waves and a few edges. */
Image
Scene(int side)
{
    Image image{side, side, {}};
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            const double u = 6.3 * x / side;
            const double v = 6.3 * y / side;
            const double edge = x > side / 3 && y > side / 2 ? 60 : 0;
            image.rgb.push_back(static_cast<uint8_t>(100 + 70 * std::sin(2 * u) + edge));
            image.rgb.push_back(static_cast<uint8_t>(120 + 90 * std::cos(u + v)));
            image.rgb.push_back(static_cast<uint8_t>(127 + 100 * std::sin(v)));
        }
    }
    return image;
}

using Colour = std::array<uint8_t, 3>;
constexpr Colour RED{220, 30, 30};
constexpr Colour GREY{128, 128, 128};

/** Bands of one colour each, one below the other. */
Image
Bands(int side, const std::vector<Colour>& colours)
{
    Image image{side, side, {}};
    for (int i = 0; i < side * side; ++i)
    {
        const auto band =
            static_cast<size_t>(i / side) * colours.size() / static_cast<size_t>(side);
        image.rgb.insert(image.rgb.end(), colours[band].begin(), colours[band].end());
    }
    return image;
}

/** Independent path: a whole file by libjpeg, read by this project's reader of JPEG files. \return
 * the picture, and the file's size */
std::pair<Image, size_t>
ByLibjpeg(const Image& picture, int quality)
{
    unsigned char* memory = nullptr;
    unsigned long size = 0; // NOLINT: libjpeg's type
    jpeg_compress_struct c;
    jpeg_error_mgr errors;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &memory, &size);
    c.image_width = static_cast<JDIMENSION>(picture.width);
    c.image_height = static_cast<JDIMENSION>(picture.height);
    c.input_components = 3;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height)
    {
        auto* row =
            const_cast<JSAMPROW>(picture.rgb.data()) + size_t{3} * c.image_width * c.next_scanline;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    const Image decoded = DecodeImage(memory, size, "test");
    std::free(memory);
    return {decoded, size};
}

struct Rival
{
    std::string name;
    std::shared_ptr<const ImageEncoder> encoder;
    std::shared_ptr<const ImageDecoder> decoder;
};

Rival
MakeJpeg(bool progressive, int side, int quality, size_t bytes = 0)
{
    JpegOptions options;
    options.progressive = progressive;
    options.side = side;
    options.quality = quality;
    options.bytes = bytes;
    return {progressive ? "jpeg-progressive" : "jpeg",
            std::make_shared<JpegEncoder>(options),
            std::make_shared<JpegDecoder>(options)};
}

std::vector<Rival>
All(size_t bytes = 0)
{
    std::vector<Rival> rivals;
    for (const CodecRow& row : CodecTable())
    {
        if (row.open)
        {
            const CodecHalves halves = row.open({bytes, row.name == "raw" ? 40 : 112, 80});
            rivals.push_back({row.name, halves.encoder, halves.decoder});
        }
    }
    return rivals;
}

size_t
Total(const std::vector<Bytes>& fragments)
{
    size_t total = 0;
    for (const auto& fragment : fragments)
    {
        total += fragment.size();
    }
    return total;
}

/** PSNR of what a decoder makes of fragments, against a picture, at 112x112; -1 when nothing. */
double
Psnr(const Rival& rival, const std::vector<Bytes>& fragments, const Image& picture)
{
    const auto decoded = rival.decoder->Decode(fragments);
    return decoded ? PsnrDb(ResizePicture(*decoded, 112), ResizePicture(picture, 112)) : -1;
}

} // namespace

TEST(ByteStream, AnyPiecesInAnyOrder)
{
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round)
    {
        Bytes stream(1 + random() % 2000);
        std::generate(stream.begin(), stream.end(), [&] { return static_cast<uint8_t>(random()); });
        const size_t limit = 11 + random() % 250;
        auto fragments = CutStream(stream, 77, 5, limit);
        EXPECT_EQ(Total(fragments), FragmentedSize(stream.size(), limit));
        std::shuffle(fragments.begin(), fragments.end(), random);
        std::vector<Bytes> chosen;
        std::vector<bool> there(stream.size());
        for (const auto& fragment : fragments)
        {
            ASSERT_LE(fragment.size(), limit);
            const auto piece = ParsePiece(fragment);
            ASSERT_TRUE(piece);
            EXPECT_EQ(piece->imageId, 77 % IMAGE_IDS);
            if (random() % 3 > 0)
            {
                chosen.push_back(fragment);
                std::fill_n(there.begin() + static_cast<std::ptrdiff_t>(piece->offset),
                            piece->bytes.size(),
                            true);
            }
        }
        const auto received = AssembleStream(chosen);
        ASSERT_EQ(received.has_value(), !chosen.empty());
        std::vector<bool> found(stream.size());
        for (const auto& run : received ? received->runs : std::vector<ReceivedStream::Run>{})
        {
            for (size_t i = 0; i < run.bytes.size(); ++i)
            {
                ASSERT_EQ(run.bytes[i], stream.at(run.offset + i));
                found[run.offset + i] = true;
            }
        }
        EXPECT_EQ(found, there);
        EXPECT_EQ(received && received->IsWhole(), chosen.size() == fragments.size());
    }
    EXPECT_THROW(CutStream({}, 0, 0, 51), Error);
    EXPECT_THROW(CutStream(Bytes(MAX_STREAM_BYTES + 1), 0, 0, 51), Error);
    EXPECT_THROW(CutStream({1}, 0, 0, 5), Error);
}

TEST(RivalCodecs, WholeJpegIsWhatLibjpegMakes)
{
    for (const Image& picture : {Scene(64), Bands(64, {RED, GREY, RED}), Bands(64, {GREY})})
    {
        const auto [expected, size] = ByLibjpeg(picture, 60);
        for (const bool progressive : {false, true})
        {
            const auto rival = MakeJpeg(progressive, 64, 60);
            const auto encoded = rival.encoder->Encode(picture, 3, 51);
            const auto decoded = rival.decoder->Decode(encoded.fragments);
            ASSERT_TRUE(decoded);
            EXPECT_EQ(decoded->rgb, expected.rgb) << progressive;
            // What both ends know is not sent: tables and headers are 600 bytes of a file.
            EXPECT_LT(Total(encoded.fragments), size - (progressive ? 100 : 450));
        }
    }
}

TEST(RivalCodecs, GreyThatArrivedIsNotLost)
{
    // Blocks of 128 have no coefficient but zero, as those that are lost.
    const Image picture = Bands(224, {RED, GREY, RED});
    const auto [expected, size] = ByLibjpeg(picture, 75);
    const auto jpeg = MakeJpeg(false, 224, 75);
    auto fragments = jpeg.encoder->Encode(picture, 0, 51).fragments;
    ASSERT_GT(fragments.size(), 4U);
    fragments.pop_back(); // of the lower red
    const auto decoded = jpeg.decoder->Decode(fragments);
    ASSERT_TRUE(decoded);
    // All but the last row of blocks and what it is smoothed with.
    const auto same = 3 * 224 * (224 - 32);
    EXPECT_TRUE(
        std::equal(decoded->rgb.begin(), decoded->rgb.begin() + same, expected.rgb.begin()));
}

TEST(RivalCodecs, EachBlockThatArrivedIsShown)
{
    // Units of 16 x 16 pixels that are all alike take the same number of bits each.
    std::mt19937 random(7);
    std::vector<uint8_t> unit(16 * 16 * 3);
    std::generate(unit.begin(), unit.end(), [&] { return static_cast<uint8_t>(random()); });
    Image picture{64, 64, std::vector<uint8_t>(64 * 64 * 3)};
    for (size_t i = 0; i < picture.rgb.size(); ++i)
    {
        const size_t x = i / 3 % 64;
        const size_t y = i / 3 / 64;
        picture.rgb[i] = unit[3 * (16 * (y % 16) + x % 16) + i % 3];
    }
    const auto jpeg = MakeJpeg(false, 64, 90);
    const auto one = jpeg.encoder->Encode(picture, 0, 60000).fragments;
    ASSERT_EQ(one.size(), 1U);
    const double bytesOfUnit = static_cast<double>(one[0].size()) / 16;
    for (const size_t limit : {40U, 61U, 97U})
    {
        const auto fragments = jpeg.encoder->Encode(picture, 0, limit).fragments;
        const size_t header = (Total(fragments) - (one[0].size() - 6)) / fragments.size();
        std::vector<Bytes> some;
        size_t bytes = 0;
        for (size_t i = 0; i + 1 < fragments.size(); ++i)
        {
            some.push_back(fragments[i]);
            bytes += fragments[i].size() - header;
            const auto decoded = jpeg.decoder->Decode(some);
            const int least = static_cast<int>(static_cast<double>(bytes) / bytesOfUnit - 0.5);
            const int most = static_cast<int>(static_cast<double>(bytes) / bytesOfUnit + 0.5);
            int shown = 0;
            for (int n = 0; n < 16 && decoded; ++n)
            {
                // Of the luminance; the lost ones have one value in each block of 8 x 8.
                const int at = 3 * (64 * (16 * (n / 4) + 4) + 16 * (n % 4));
                int least8 = 1000;
                int most8 = 0;
                for (int x = 0; x < 8; ++x)
                {
                    const auto* rgb = decoded->rgb.data() + at + 3 * x;
                    least8 = std::min(least8, rgb[0] + rgb[1] + rgb[2]);
                    most8 = std::max(most8, rgb[0] + rgb[1] + rgb[2]);
                }
                shown += most8 - least8 > 150 ? 1 : 0;
            }
            EXPECT_GE(shown, least) << limit << ' ' << i;
            EXPECT_LE(shown, most) << limit << ' ' << i;
        }
    }
}

TEST(RivalCodecs, WhateverBeginningOfAProgressiveJpegArrivedIsShown)
{
    for (const Image& picture : {Scene(224), Bands(224, {RED, GREY, RED}), Bands(224, {GREY})})
    {
        const auto jpeg = MakeJpeg(true, 224, 75);
        const auto fragments = jpeg.encoder->Encode(picture, 0, 20).fragments;
        std::vector<Bytes> some;
        double last = -1;
        for (size_t i = 0; i < fragments.size(); ++i)
        {
            some.push_back(fragments[i]);
            const double now = Psnr(jpeg, some, picture);
            // Cuts in the tables between two scans take nothing away of what was there. (libjpeg
            // ceases to smooth what a scan that has begun will give details of.)
            EXPECT_GT(now, last - 5) << i << " of " << fragments.size();
            last = now;
        }
        EXPECT_GT(last, 25);
    }
    // Of the first scan a half: what is below it goes on, and is not grey.
    const Image green = Bands(224, {{0, 150, 0}});
    const auto jpeg = MakeJpeg(true, 224, 75);
    const auto fragments = jpeg.encoder->Encode(green, 0, 20).fragments;
    bool begun = false;
    for (size_t count = 1; count < fragments.size(); ++count)
    {
        const std::vector<Bytes> some(fragments.begin(),
                                      fragments.begin() + static_cast<std::ptrdiff_t>(count));
        const double psnr = Psnr(jpeg, some, green);
        begun = begun || psnr >= 0;
        EXPECT_GT(psnr, begun ? 30 : -2) << count;
    }
    EXPECT_TRUE(begun);
}

TEST(RivalCodecs, MoreIsBetterAndAllIsGood)
{
    const Image picture = Scene(224);
    for (const auto& rival : All())
    {
        const auto fragments = rival.encoder->Encode(picture, 9, 60).fragments;
        ASSERT_GT(fragments.size(), 8U) << rival.name;
        for (const auto& fragment : fragments)
        {
            EXPECT_LE(fragment.size(), 60U);
            EXPECT_EQ(rival.decoder->ImageIdOf(fragment), 9);
        }
        // WebP shows no row before its modes and most of a row of blocks are there.
        const size_t count = fragments.size() * (rival.name == "webp" ? 2 : 1) / 3;
        const std::vector<Bytes> part(fragments.begin(),
                                      fragments.begin() + static_cast<std::ptrdiff_t>(count));
        const double some = Psnr(rival, part, picture);
        const double all = Psnr(rival, fragments, picture);
        EXPECT_GT(some, 8) << rival.name;
        EXPECT_GT(all, some + 3) << rival.name;
        EXPECT_GT(all, rival.name == "raw" ? 20 : 28) << rival.name;
        EXPECT_FALSE(rival.decoder->Decode({})) << rival.name;
    }
}

TEST(RivalCodecs, ABudgetOfBytesIsKeptAndUsed)
{
    const Image picture = Scene(224);
    for (const size_t bytes : {400U, 700U, 1200U})
    {
        for (const auto& rival : All(bytes))
        {
            const auto encoded = rival.encoder->Encode(picture, 0, 51);
            EXPECT_LE(Total(encoded.fragments), bytes) << rival.name;
            EXPECT_GT(Total(encoded.fragments), bytes / 2) << rival.name;
            EXPECT_GT(Psnr(rival, encoded.fragments, picture), 17) << rival.name;
        }
    }
    // The search costs the device an encoding for each step.
    const auto work = [&](size_t bytes) {
        return MakeJpeg(false, 112, 80, bytes)
            .encoder->Encode(picture, 0, 51)
            .work.stages[0]
            .operations;
    };
    EXPECT_EQ(work(0), 7U * 7 * 6);
    EXPECT_EQ(work(700) % work(0), 0U);
    EXPECT_GT(work(700), work(0));
}

TEST(RivalCodecs, EachBlockOfBtcStandsAlone)
{
    // Two colours of RGB565 in each block, so that nothing is lost but what does not arrive.
    Image picture{32, 32, {}};
    for (int i = 0; i < 32 * 32; ++i)
    {
        const bool isRed = (i / 5 + i / 64) % 2 == 0;
        for (const int value : {isRed ? 255 : 0, 0, isRed ? 0 : 255})
        {
            picture.rgb.push_back(static_cast<uint8_t>(value));
        }
    }
    const CodecHalves btc = OpenBtc({0, 32, 75});
    const auto fragments = btc.encoder->Encode(picture, 5, 51).fragments;
    EXPECT_EQ(fragments.size(), 10U); // 64 blocks, 7 in each
    EXPECT_EQ(Total(fragments), 64U * 6 + 10 * STREAM_HEADER_BYTES);
    const auto whole = btc.decoder->Decode(fragments);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->rgb, picture.rgb);
    for (size_t i = 0; i < fragments.size(); ++i)
    {
        const auto part = btc.decoder->Decode({fragments[i]});
        ASSERT_TRUE(part);
        for (size_t block = 7 * i; block < std::min<size_t>(64, 7 * i + 7); ++block)
        {
            const size_t at = 3 * (block / 8 * 4 * 32 + block % 8 * 4);
            EXPECT_TRUE(std::equal(part->rgb.begin() + static_cast<std::ptrdiff_t>(at),
                                   part->rgb.begin() + static_cast<std::ptrdiff_t>(at + 12),
                                   picture.rgb.begin() + static_cast<std::ptrdiff_t>(at)))
                << block;
        }
    }
    EXPECT_EQ(OpenBtc({0, 1024, 75}).encoder->Encode(picture, 0, 51).work.stages[1].operations,
              uint64_t{MAX_BTC_SIDE} * MAX_BTC_SIDE);
}

TEST(RivalCodecs, JpegGoesOnBehindAGap)
{
    const Image picture = Scene(224);
    const auto jpeg = MakeJpeg(false, 224, 50);
    const auto fragments = jpeg.encoder->Encode(picture, 0, 51).fragments;
    for (size_t lost = 0; lost < fragments.size(); lost += 3)
    {
        auto rest = fragments;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(lost));
        const auto decoded = jpeg.decoder->Decode(rest);
        ASSERT_TRUE(decoded);
        const auto whole = jpeg.decoder->Decode(fragments);
        // A fragment of 46 bytes lies in two rows of blocks at most here; all others are as before.
        int changed = 0;
        for (int row = 0; row < 14; ++row)
        {
            const auto begin = static_cast<std::ptrdiff_t>(row) * 16 * 224 * 3;
            changed += std::equal(decoded->rgb.begin() + begin,
                                  decoded->rgb.begin() + begin + 16 * 224 * 3,
                                  whole->rgb.begin() + begin)
                           ? 0
                           : 1;
        }
        // Chrominance is smoothed over the edge between two rows, so one more on either side.
        EXPECT_LE(changed, 4) << lost;
        EXPECT_GT(Psnr(jpeg, rest, picture), 20) << lost;
    }
}

TEST(RivalCodecs, LostRowsAreConcealedAndAllOthersStandWhereTheyWere)
{
    // Whatever the cuts: some fall into a marker, some on the beginning of a row.
    const Image picture = Scene(224);
    const auto jpeg = MakeJpeg(false, 224, 50);
    const auto whole = *jpeg.decoder->Decode(jpeg.encoder->Encode(picture, 0, 200).fragments);
    for (size_t limit = 40; limit < 120; ++limit)
    {
        const auto fragments = jpeg.encoder->Encode(picture, 0, limit).fragments;
        for (size_t lost = 1; lost + 1 < fragments.size(); lost += 5)
        {
            auto rest = fragments;
            rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(lost));
            const auto decoded = jpeg.decoder->Decode(rest);
            ASSERT_TRUE(decoded);
            int changed = 0;
            for (int row = 0; row < 14; ++row)
            {
                double worst = 0;
                for (int column = 0; column < 14; ++column)
                {
                    double sum = 0;
                    for (int i = 0; i < 16 * 16 * 3; ++i)
                    {
                        const int y = 16 * row + i / 48;
                        const auto at = static_cast<size_t>(3 * (224 * y + 16 * column) + i % 48);
                        const double difference = decoded->rgb[at] - whole.rgb[at];
                        sum += difference * difference;
                    }
                    worst = std::max(worst, std::sqrt(sum / (16 * 16 * 3)));
                }
                // By so much the scene differs from a mean of its rows above and below, and at its
                // upper and lower edge from the next row.
                EXPECT_LT(worst, row == 0 || row == 13 ? 75 : 45)
                    << limit << ' ' << lost << ' ' << row;
                changed += worst > 3 ? 1 : 0;
            }
            EXPECT_LE(changed, 3) << limit << ' ' << lost;
        }
    }
}

TEST(RivalCodecs, LossesAtRandomNeverGiveNonsense)
{
    const Image picture = Scene(224);
    for (const auto& rival : All())
    {
        std::mt19937 random(3); // for each, so that it does not matter which codecs there are
        const auto fragments = rival.encoder->Encode(picture, 0, 60).fragments;
        for (int round = 0; round < 60; ++round)
        {
            std::vector<Bytes> some;
            for (const auto& fragment : fragments)
            {
                if (random() % 10 < 7)
                {
                    some.push_back(fragment);
                }
            }
            std::shuffle(some.begin(), some.end(), random);
            const auto decoded = rival.decoder->Decode(some);
            if (decoded)
            {
                EXPECT_EQ(decoded->rgb.size(),
                          size_t{3} * static_cast<size_t>(decoded->width * decoded->height));
            }
            if (rival.name == "jpeg" || rival.name == "raw")
            {
                EXPECT_GT(Psnr(rival, some, picture), 8) << rival.name;
            }
        }
    }
}

TEST(RivalCodecs, GarbageIsNoPictureOrSomePicture)
{
    std::mt19937 random(4);
    const Image picture = Scene(64);
    for (const auto& rival : All(600))
    {
        const auto real = rival.encoder->Encode(picture, 0, 60).fragments;
        for (int round = 0; round < 300; ++round)
        {
            std::vector<Bytes> fragments;
            for (size_t i = 0; i < 1 + random() % 8; ++i)
            {
                Bytes bytes = real[random() % real.size()];
                if (random() % 4 == 0)
                {
                    bytes.resize(random() % 80);
                    std::generate(bytes.begin(), bytes.end(), [&] {
                        return static_cast<uint8_t>(random());
                    });
                }
                for (auto& byte : bytes)
                {
                    byte = random() % 20 == 0 ? static_cast<uint8_t>(random()) : byte;
                }
                fragments.push_back(bytes);
            }
            const auto decoded = rival.decoder->Decode(fragments);
            EXPECT_TRUE(!decoded ||
                        decoded->rgb.size() == size_t{3} * static_cast<size_t>(decoded->width) *
                                                   static_cast<size_t>(decoded->height));
        }
        EXPECT_FALSE(rival.decoder->ImageIdOf({}));
        EXPECT_FALSE(rival.decoder->ImageIdOf({1, 2, 3}));
    }
}

TEST(RivalCodecs, ImpossibleOptionsAreRefused)
{
    EXPECT_THROW(MakeJpeg(false, 8, 50), Error);
    EXPECT_THROW(MakeJpeg(true, 64, 0), Error);
    for (const CodecRow& row : CodecTable())
    {
        if (row.open)
        {
            EXPECT_THROW(row.open({0, 0, 75}), Error) << row.name;
        }
    }
    EXPECT_THROW(WebpEncoder({2000, 50, 0}), Error);
}
