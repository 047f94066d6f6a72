// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/orientation.h"
#include "tests/data/image-file-data.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <png.h>
#include <string>
#include <webp/encode.h>

namespace limitnet
{
namespace
{

using namespace image_file_data;

int
Pixel(const Image& image, int x, int y, int channel)
{
    return image.rgb.at(static_cast<std::size_t>((y * image.width + x) * 3 + channel));
}

Image
Decode(const std::vector<std::uint8_t>& bytes)
{
    return DecodeImage(bytes.data(), bytes.size(), "test picture");
}

TEST(ImageFile, GreyJpegBecomesRgb)
{
    const Image image = Decode(GREY_JPEG);
    ASSERT_EQ(image.width, 8);
    ASSERT_EQ(image.height, 8);
    ASSERT_EQ(image.rgb.size(), 192U);
    for (int y = 0; y < 8; ++y)
    {
        for (int x = 0; x < 8; ++x)
        {
            EXPECT_NEAR(Pixel(image, x, y, 0), 20 * x + 10 * y, 2);
            EXPECT_EQ(Pixel(image, x, y, 0), Pixel(image, x, y, 1));
            EXPECT_EQ(Pixel(image, x, y, 0), Pixel(image, x, y, 2));
        }
    }
}

TEST(ImageFile, ProgressiveColourJpeg)
{
    const Image image = Decode(PROGRESSIVE_JPEG);
    ASSERT_EQ(image.width, 24);
    ASSERT_EQ(image.height, 16);
    for (int y = 0; y < 16; ++y)
    {
        for (int x = 0; x < 24; ++x)
        {
            EXPECT_NEAR(Pixel(image, x, y, 0), 10 * x, 8);
            EXPECT_NEAR(Pixel(image, x, y, 1), 15 * y, 8);
            EXPECT_NEAR(Pixel(image, x, y, 2), 255 - 5 * x - 3 * y, 8);
        }
    }
}

TEST(ImageFile, FourInksBecomeRgb)
{
    // (1 - ink) (1 - black): no red, 80 % green and blue.
    const Image image = Decode(CMYK_JPEG);
    ASSERT_EQ(image.width, 8);
    EXPECT_NEAR(Pixel(image, 3, 3, 0), 0, 2);
    EXPECT_NEAR(Pixel(image, 3, 3, 1), 204, 2);
    EXPECT_NEAR(Pixel(image, 3, 3, 2), 204, 2);
}

TEST(ImageFile, PngOfAllKinds)
{
    EXPECT_EQ(Decode(TRANSPARENT_PNG).rgb, (std::vector<std::uint8_t>{255, 0, 0, 255, 255, 255}));
    EXPECT_EQ(Decode(GREY_PNG).rgb,
              (std::vector<
                  std::uint8_t>{0, 0, 0, 128, 128, 128, 255, 255, 255, 1, 1, 1, 2, 2, 2, 3, 3, 3}));
    EXPECT_EQ(Decode(PALETTE_PNG).rgb,
              (std::vector<std::uint8_t>{10, 20, 30, 200, 100, 50, 200, 100, 50, 10, 20, 30}));
}

/** A number of four bytes. */
std::string
Number(std::size_t n, bool littleEndian)
{
    std::string text;
    for (int i = 0; i < 4; ++i)
    {
        text += static_cast<char>(n >> 8 * (littleEndian ? i : 3 - i) & 255);
    }
    return text;
}

/** EXIF data that say nothing but the orientation: a directory of one entry (TIFF 6.0). */
std::string
ExifOf(int orientation)
{
    std::string exif("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0", 26);
    exif[18] = static_cast<char>(orientation);
    return exif;
}

std::vector<std::uint8_t>
BytesOf(const std::string& text)
{
    return {text.begin(), text.end()};
}

std::string
TextOf(const std::vector<std::uint8_t>& bytes)
{
    return {bytes.begin(), bytes.end()};
}

/** Checksum of PNG chunks (PNG, Annex D). */
std::uint32_t
Crc(const std::string& text)
{
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char c : text)
    {
        crc ^= static_cast<unsigned char>(c);
        for (int k = 0; k < 8; ++k)
        {
            crc = crc & 1 ? 0xEDB88320 ^ crc >> 1 : crc >> 1;
        }
    }
    return ~crc;
}

TEST(ImageFile, CamerasPicturesAreTurnedInEachFormat)
{
    // WebP without loss, as libwebp writes it: RIFF, its length, WEBP, one chunk.
    std::vector<std::uint8_t> pixels(18);
    for (std::size_t i = 0; i < pixels.size(); ++i)
    {
        pixels[i] = static_cast<std::uint8_t>(13 * i);
    }
    std::uint8_t* memory = nullptr;
    const std::size_t size = WebPEncodeLosslessRGB(pixels.data(), 3, 2, 9, &memory);
    const std::string webp(memory, memory + size);
    WebPFree(memory);
    const auto png = TextOf(GREY_PNG); // 3 x 2
    const auto jpeg = TextOf(PROGRESSIVE_JPEG);
    for (int orientation = 1; orientation <= 8; ++orientation)
    {
        const auto exif = ExifOf(orientation);
        const auto expect = [&](const std::string& whole, const std::string& with) {
            const auto seen = Decode(BytesOf(with));
            const auto upright = Upright(Decode(BytesOf(whole)), orientation);
            EXPECT_EQ(seen.width, upright.width) << orientation;
            EXPECT_EQ(seen.rgb, upright.rgb) << orientation;
        };
        // APP1 (EXIF 2.3, 4.5.4) behind the start and the JFIF segment of 18 bytes, and one of XMP.
        const auto segment = [](const std::string& content) {
            const auto length = Number(content.size() + 2, false);
            return "\xFF\xE1" + length.substr(2) + content;
        };
        expect(jpeg,
               jpeg.substr(0, 20) + segment("http://ns.adobe.com/xap/1.0/") +
                   segment(std::string("Exif\0\0", 6) + exif) + jpeg.substr(20));
        // In its chunk before the end (PNG, 11.3.4.5); the last 12 bytes are IEND.
        const auto chunk = "eXIf" + exif;
        expect(png,
               png.substr(0, png.size() - 12) + Number(exif.size(), false) + chunk +
                   Number(Crc(chunk), false) + png.substr(png.size() - 12));
        // In the extended format (RFC 9649, 2.7): VP8X with the EXIF flag, the picture, EXIF.
        const std::string extended = "VP8X" + Number(10, true) +
                                     std::string("\x08\0\0\0\x02\0\0\x01\0\0", 10) +
                                     webp.substr(12) + "EXIF" + Number(exif.size(), true) + exif;
        expect(webp, "RIFF" + Number(extended.size() + 4, true) + "WEBP" + extended);
    }
    // Those bytes in the pixels of a picture are no EXIF data.
    const std::string exif = std::string("Exif\0\0", 6) + ExifOf(6);
    EXPECT_EQ(Decode(BytesOf(jpeg + exif)).width, 24);
}

TEST(ImageFile, OpacityIsTheSameInEachFormat)
{
    // c a + 255 (1 - a), by hand: 200 at 128 of 255 is 227, 100 is 177, 50 is 152.
    const std::string pam = std::string("P7\nWIDTH 2\nHEIGHT 1\n# comment\nDEPTH 4\nMAXVAL 255\n"
                                        "TUPLTYPE RGB_ALPHA\nENDHDR\n") +
                            "\xC8\x64\x32\x80\x01\x02\x03\xFF";
    const std::vector<std::uint8_t> expected{227, 177, 152, 1, 2, 3};
    EXPECT_EQ(Decode(BytesOf(pam)).rgb, expected);
    const std::uint8_t rgba[] = {200, 100, 50, 128, 1, 2, 3, 255};
    std::uint8_t* memory = nullptr;
    const std::size_t size = WebPEncodeLosslessRGBA(rgba, 2, 1, 8, &memory);
    EXPECT_EQ(Decode({memory, memory + size}).rgb, expected);
    WebPFree(memory);
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = 2;
    png.height = 1;
    png.format = PNG_FORMAT_RGBA;
    std::vector<std::uint8_t> bytes(1000);
    png_alloc_size_t length = bytes.size();
    ASSERT_NE(png_image_write_to_memory(&png, bytes.data(), &length, 0, rgba, 0, nullptr), 0);
    bytes.resize(length);
    EXPECT_EQ(Decode(bytes).rgb, expected);
}

TEST(ImageFile, PnmOfEachKindAndMaximum)
{
    const auto decode = [](const std::string& text) { return Decode(BytesOf(text)).rgb; };
    const auto grey = [](const std::vector<int>& values) {
        std::vector<std::uint8_t> rgb;
        for (const int value : values)
        {
            rgb.insert(rgb.end(), 3, static_cast<std::uint8_t>(value));
        }
        return rgb;
    };
    EXPECT_EQ(decode("P1 3 2 101\n0 1 0"), grey({0, 255, 0, 255, 0, 255}));
    EXPECT_EQ(decode("P4 3 2\n\xA0\x40"), grey({0, 255, 0, 255, 0, 255}));
    EXPECT_EQ(decode("P2 # a comment\n2 1 # 9\n15\n15 3"), grey({255, 51}));
    EXPECT_EQ(decode("P2 3 1 1000 1000 500 1"), grey({255, 128, 0}));
    EXPECT_EQ(decode("P3 1 1 100 100 50 0"), (std::vector<std::uint8_t>{255, 128, 0}));
    EXPECT_EQ(decode("P5 2 1 100\n\x64\x32"), grey({255, 128}));
    EXPECT_EQ(decode(std::string("P5 2 1 1023\n\x03\xFF\x02\0", 16)), grey({255, 128}));
    EXPECT_EQ(decode("P6 1 1 255\nabc"), (std::vector<std::uint8_t>{'a', 'b', 'c'}));
    EXPECT_EQ(decode("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE "
                     "BLACKANDWHITE\nENDHDR\n\x01"),
              grey({255}));
    EXPECT_EQ(decode("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 100\nTUPLTYPE "
                     "GRAYSCALE_ALPHA\nENDHDR\n\x64\x32"),
              grey({255}));
    // Each sample of 16 bits is rounded.
    std::string wide = "P5 256 256 65535\n";
    for (int i = 0; i < 65536; ++i)
    {
        wide += static_cast<char>(i >> 8);
        wide += static_cast<char>(i & 255);
    }
    const auto rgb = decode(wide);
    for (int i = 0; i < 65536; ++i)
    {
        ASSERT_EQ(rgb[static_cast<std::size_t>(3 * i)], std::lround(i / 257.0)) << i;
    }
    for (const std::string bad : {"P2 2 1 15\n15",
                                  "P2 2 1 15\n15 16",
                                  "P5 2 1 100\n\x64\x65",
                                  "P5 2 1 100\nx",
                                  "P5 2 1 0\nxx",
                                  "P5 2 1 70000\nxxxx",
                                  "P5 2\n",
                                  "P1 2 1 12",
                                  "P5 0 1 255\n",
                                  "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE "
                                  "CMYK\nENDHDR\nabcd",
                                  "P7\nWIDTH 1\nENDHDR",
                                  "P7\nWIDTH 1\nHEIGHT"})
    {
        ExpectLine(ErrorOf([&]() { decode(bad); }), {"test picture"});
    }
}

/** Scans that libjpeg warns of, each in its own words; what it makes of them is partly made up. */
TEST(ImageFile, EachWarningOfTheScanIsDamage)
{
    const auto scan = [](const std::vector<std::uint8_t>& jpeg) {
        const std::uint8_t marker[] = {0xFF, 0xDA};
        return std::search(jpeg.begin(), jpeg.end(), marker, marker + 2) - jpeg.begin() + 10;
    };
    const auto at = scan(GREY_JPEG);
    // Left over: bytes behind the last block, before the end marker.
    auto bytes = GREY_JPEG;
    bytes.insert(bytes.end() - 2, 300, 0x55);
    ExpectLine(ErrorOf([&]() { Decode(bytes); }), {"test picture", "damaged", "extraneous"});
    // Overwritten.
    bytes = GREY_JPEG;
    std::fill(bytes.begin() + at + 1, bytes.end() - 2, 0xFE);
    ExpectLine(ErrorOf([&]() { Decode(bytes); }), {"test picture", "damaged"});
    // Ended by another marker too early.
    bytes = GREY_JPEG;
    bytes[static_cast<std::size_t>(at) + 2] = 0xFF;
    bytes[static_cast<std::size_t>(at) + 3] = 0xD9;
    ExpectLine(ErrorOf([&]() { Decode(bytes); }), {"test picture", "damaged"});
    // Between the markers of the header they harm nothing.
    bytes = GREY_JPEG;
    bytes.insert(bytes.begin() + 20, 5, 0x55);
    EXPECT_EQ(Decode(bytes).rgb, Decode(GREY_JPEG).rgb);
}

TEST(ImageFile, NamesAsLongAsTheSystemHasThem)
{
    const TestFolder folder;
    for (const std::size_t length : {241U, 242U, 250U, 255U})
    {
        const auto name = std::string(length - 4, 'a') + ".png";
        WritePng(folder.Path() / name, {1, 1, {1, 2, 3}});
        EXPECT_EQ(ReadImage(folder.Path() / name).rgb, (std::vector<std::uint8_t>{1, 2, 3}));
    }
    ExpectLine(ErrorOf([&]() {
                   WritePng(folder.Path() / std::string(256, 'a'), {1, 1, {1, 2, 3}});
               }),
               {"cannot be written", "too long"});
    EXPECT_EQ(NamesIn(folder.Path()).size(), 4U);
}

TEST(ImageFile, WrittenPngReadsBackTheSame)
{
    const TestFolder folder;
    Image image;
    image.width = 5;
    image.height = 3;
    for (int i = 0; i < 45; ++i)
    {
        image.rgb.push_back(static_cast<std::uint8_t>(i * 17));
    }
    WritePng(folder.Path() / "a.png", image);
    const Image back = ReadImage(folder.Path() / "a.png");
    EXPECT_EQ(back.width, 5);
    EXPECT_EQ(back.height, 3);
    EXPECT_EQ(back.rgb, image.rgb);
    EXPECT_EQ(NamesIn(folder.Path()).size(), 1U);

    ExpectLine(ErrorOf([&]() { WritePng(folder.Path() / "none" / "a.png", image); }),
               {"none/a.png", "cannot be written"});
    image.rgb.pop_back();
    ExpectLine(ErrorOf([&]() { WritePng(folder.Path() / "b.png", image); }), {"b.png"});
    EXPECT_EQ(NamesIn(folder.Path()).size(), 1U);
}

TEST(ImageFile, EveryTruncationIsAnError)
{
    for (const auto* whole : {&GREY_JPEG, &PROGRESSIVE_JPEG, &CMYK_JPEG, &GREY_PNG})
    {
        // The last two bytes of a JPEG are its end marker, which decoders do without.
        const std::size_t limit = whole->size() - (whole == &GREY_PNG ? 0 : 2);
        for (std::size_t size = 0; size < limit; ++size)
        {
            const std::vector<std::uint8_t> part(whole->begin(),
                                                 whole->begin() +
                                                     static_cast<std::ptrdiff_t>(size));
            std::string message;
            try
            {
                Decode(part);
            }
            catch (const Error& error)
            {
                message = error.what();
            }
            // The pixels may be complete a few bytes earlier: what follows is padding in a JPEG and
            // the end chunk of 12 bytes in a PNG.
            if (size + 12 < limit)
            {
                EXPECT_FALSE(message.empty()) << size << " of " << whole->size() << " bytes";
            }
            EXPECT_EQ(message.find('\n'), std::string::npos);
        }
    }
}

TEST(ImageFile, DamagedBytesNeverCrash)
{
    for (const auto* whole : {&GREY_JPEG, &PROGRESSIVE_JPEG, &CMYK_JPEG, &GREY_PNG, &PALETTE_PNG})
    {
        for (std::size_t at = 0; at < whole->size(); ++at)
        {
            for (const int change : {0x01, 0x80, 0xFF})
            {
                std::vector<std::uint8_t> damaged = *whole;
                damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ change);
                try
                {
                    const Image image = Decode(damaged);
                    EXPECT_EQ(image.rgb.size(),
                              static_cast<std::size_t>(image.width) *
                                  static_cast<std::size_t>(image.height) * 3);
                }
                catch (const Error& error)
                {
                    EXPECT_EQ(std::string(error.what()).find("test picture"), 0U);
                }
            }
        }
    }
}

TEST(ImageFile, WritingLeavesLinksAndDevicesAsTheyAre)
{
    namespace fs = std::filesystem;
    const TestFolder folder;
    const std::vector<std::uint8_t> bytes{1, 2, 3};
    WriteBytes(folder.Path() / "file", {9});
    fs::create_symlink("file", folder.Path() / "link");
    WriteBytes(folder.Path() / "link", bytes);
    EXPECT_TRUE(fs::is_symlink(folder.Path() / "link"));
    EXPECT_EQ(ReadBytes(folder.Path() / "file"), bytes);

    // By a link of its own, so that a mistake would not harm the machine.
    fs::create_symlink("/dev/null", folder.Path() / "null");
    WriteBytes(folder.Path() / "null", bytes);
    EXPECT_TRUE(fs::is_symlink(folder.Path() / "null"));
    EXPECT_TRUE(fs::is_character_file("/dev/null"));

    fs::create_directory(folder.Path() / "folder");
    EXPECT_THROW(WriteBytes(folder.Path() / "folder", bytes), Error);
    EXPECT_TRUE(fs::is_directory(folder.Path() / "folder"));
}

TEST(ImageFile, ErrorsNameTheFile)
{
    const TestFolder folder;
    ExpectLine(ErrorOf([&]() { ReadImage(folder.Path() / "no.jpg"); }), {"no.jpg"});
    const auto text = folder.Write("text.jpg", std::string("hello"));
    ExpectLine(ErrorOf([&]() { ReadImage(text); }), {"text.jpg", "neither a JPEG nor a PNG"});
    ExpectLine(ErrorOf([&]() { ReadImage(folder.Path()); }), {folder.Path().string()});
}

} // namespace
} // namespace limitnet
