// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/image-file.h"
#include "tests/data/image-file-data.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

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
