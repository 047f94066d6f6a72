// SPDX-License-Identifier: GPL-2.0-only
#include "tests/cli/program.h"
#include "tests/data/image-file-data.h"

#include <opencv2/imgproc.hpp>

namespace limitnet
{
namespace
{

/** A file that holds the same picture has to give the same fragments, whatever its format. */
TEST(PictureFile, FormatsWithoutLossAreTheSamePicture)
{
    const TestFolder folder;
    const auto picture = TestPicture(50, 40);
    const auto expected = FragmentsOf(WriteMat(folder, "a.png", picture));
    for (const char* name : {"a.bmp", "a.ppm", "a.tiff", "a.webp"})
    {
        // 101 is WebP without loss; the other formats ignore the parameter.
        const auto file = WriteMat(folder, name, picture, {cv::IMWRITE_WEBP_QUALITY, 101});
        EXPECT_TRUE(FragmentsOf(file) == expected) << name;
    }
    // 16 bits and floating point, of the same values.
    cv::Mat wide;
    picture.convertTo(wide, CV_16U, 257);
    EXPECT_TRUE(FragmentsOf(WriteMat(folder, "wide.tiff", wide)) == expected);
    EXPECT_TRUE(FragmentsOf(WriteMat(folder, "wide.ppm", wide)) == expected);
    cv::Mat real;
    picture.convertTo(real, CV_32F, 1 / 255.0);
    EXPECT_TRUE(FragmentsOf(WriteMat(folder, "real.pfm", real)) == expected);
}

TEST(PictureFile, SixteenBitPng)
{
    const TestFolder folder;
    cv::Mat wide;
    const auto picture = TestPicture(30, 40);
    picture.convertTo(wide, CV_16U, 257);
    EXPECT_TRUE(FragmentsOf(WriteMat(folder, "wide.png", wide)) ==
                FragmentsOf(WriteMat(folder, "a.png", picture)));
}

TEST(PictureFile, GreyIsColourWithoutColour)
{
    const TestFolder folder;
    cv::Mat grey;
    cv::cvtColor(TestPicture(64, 48), grey, cv::COLOR_BGR2GRAY);
    cv::Mat colour;
    cv::cvtColor(grey, colour, cv::COLOR_GRAY2BGR);
    const auto expected = FragmentsOf(WriteMat(folder, "colour.png", colour));
    for (const char* name : {"grey.png", "grey.bmp", "grey.pgm", "grey.tiff"})
    {
        EXPECT_TRUE(FragmentsOf(WriteMat(folder, name, grey)) == expected) << name;
    }
}

TEST(PictureFile, TransparentPartsLieOnWhite)
{
    const TestFolder folder;
    // Opaque on the left, transparent with some hidden colour on the right.
    auto picture = TestPicture(40, 40);
    cv::Mat clear;
    cv::cvtColor(picture, clear, cv::COLOR_BGR2BGRA);
    const cv::Rect right(20, 0, 20, 40);
    clear(right).setTo(cv::Scalar(10, 200, 90, 0));
    picture(right).setTo(cv::Scalar::all(255));
    const auto expected = FragmentsOf(WriteMat(folder, "white.png", picture));
    for (const char* name : {"clear.png", "clear.tiff", "clear.webp"})
    {
        const auto file = WriteMat(folder, name, clear, {cv::IMWRITE_WEBP_QUALITY, 101});
        EXPECT_TRUE(FragmentsOf(file) == expected) << name;
    }
}

TEST(PictureFile, CameraPicturesAreTurned)
{
    const TestFolder folder;
    const auto plain = WriteMat(folder, "plain.jpg", TestPicture(64, 40));
    const auto bytes = ReadText(plain);
    // An APP1 segment after the start marker (EXIF 2.3, 4.5.4): "Exif\0\0", a big-endian TIFF with
    // one directory of one entry: tag 0112 (orientation), type 3 (short), one value: 6, which means
    // that the picture has to be turned clockwise by a quarter.
    const std::string exif("\xFF\xE1\x00\x22"
                           "Exif\0\0"
                           "MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"
                           "\x06\x00\x00\x00\x00\x00\x00",
                           36);
    const auto turned = folder.Write("turned.jpg", bytes.substr(0, 2) + exif + bytes.substr(2));
    cv::Mat upright;
    cv::rotate(cv::imread(plain), upright, cv::ROTATE_90_CLOCKWISE);
    EXPECT_TRUE(FragmentsOf(turned.string()) ==
                FragmentsOf(WriteMat(folder, "upright.png", upright)));
}

TEST(PictureFile, UnusualOnesAreEncoded)
{
    const TestFolder folder;
    EXPECT_FALSE(FragmentsOf(folder.Write("ink.jpg", image_file_data::CMYK_JPEG)).empty());
    EXPECT_FALSE(FragmentsOf(folder.Write("p.jpg", image_file_data::PROGRESSIVE_JPEG)).empty());
    EXPECT_FALSE(FragmentsOf(folder.Write("p.png", image_file_data::PALETTE_PNG)).empty());
    EXPECT_FALSE(FragmentsOf(WriteMat(folder, "dot.png", cv::Mat(1, 1, CV_8UC3))).empty());
    EXPECT_FALSE(FragmentsOf(WriteMat(folder, "line.bmp", TestPicture(3000, 1))).empty());
    const cv::Mat black(30, 30, CV_8UC3, cv::Scalar::all(0));
    EXPECT_FALSE(FragmentsOf(WriteMat(folder, "black.png", black)).empty());
    // The name is only a name.
    const auto png = ReadText(WriteMat(folder, "a.png", TestPicture(9, 9)));
    EXPECT_FALSE(FragmentsOf(folder.Write("png.jpg", png)).empty());
    EXPECT_FALSE(FragmentsOf(folder.Write("none", png)).empty());
}

TEST(PictureFile, WhatIsNoPictureGetsOneLine)
{
    const TestFolder folder;
    const auto refuse = [&folder](const std::string& file, const std::vector<std::string>& words) {
        const auto output = folder.Path() / "x.lim";
        auto all = words;
        all.push_back(file);
        RunBadly({"encode", file, "-o", output.string()}, all);
        EXPECT_FALSE(std::filesystem::exists(output));
    };
    const auto cut = [&folder](const std::string& name, const std::vector<int>& parameters = {}) {
        const auto bytes = ReadText(WriteMat(folder, name, TestPicture(90, 90), parameters));
        return folder.Write("cut-" + name, bytes.substr(0, bytes.size() / 2)).string();
    };
    refuse((folder.Path() / "none.png").string(), {"No such file"});
    refuse(folder.Path().string(), {"directory"});
    refuse(folder.Write("empty.png", std::string()).string(), {"empty"});
    refuse(folder.Write("text.png", std::string("hello, world\n")).string(), {"no picture"});
    refuse(cut("a.png"), {"damaged"});
    refuse(cut("a.jpg"), {"damaged"});
    refuse(cut("a.webp"), {"damaged"});
    refuse(cut("a.bmp"), {"damaged"});
    // Headers that claim far more than there is, and more than is reasonable.
    refuse(folder.Write("huge.ppm", std::string("P6 60000 60000 255\nabc")).string(), {});
    std::string png = ReadText(WriteMat(folder, "huge.png", TestPicture(2, 2)));
    png.replace(16, 8, std::string("\x00\x01\x86\xA0\x00\x01\x86\xA0", 8)); // 100000 x 100000
    refuse(folder.Write("huge.png", png).string(), {});
}

} // namespace
} // namespace limitnet
