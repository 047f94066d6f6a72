// SPDX-License-Identifier: GPL-2.0-only
#include "tests/cli/program.h"
#include "tests/data/image-file-data.h"

#include <algorithm>
#include <array>
#include <map>
#include <opencv2/imgproc.hpp>
#include <set>
#include <string>

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

/** A TIFF file of one strip (TIFF 6.0, sections 2 to 4). \param tags values by number */
std::string
TiffOf(int width,
       int height,
       const std::string& data,
       std::map<unsigned, std::vector<unsigned>> tags)
{
    const auto number = [](std::size_t n, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i)
        {
            text += static_cast<char>(n >> 8 * i & 255);
        }
        return text;
    };
    tags[256] = {static_cast<unsigned>(width)};
    tags[257] = {static_cast<unsigned>(height)};
    tags[259] = {1};
    tags[278] = {static_cast<unsigned>(height)};
    tags.emplace(273, std::vector<unsigned>{8});
    tags.emplace(279, std::vector<unsigned>{static_cast<unsigned>(data.size())});
    const auto directory = 8 + data.size();
    std::string entries;
    std::string behind;
    for (const auto& [tag, values] : tags)
    {
        std::string words;
        for (const auto value : values)
        {
            words += number(value, 2);
        }
        words.resize(std::max<std::size_t>(words.size(), 4), '\0');
        if (words.size() > 4)
        {
            const auto at = directory + 2 + 12 * tags.size() + 4 + behind.size();
            behind += words;
            words = number(at, 4);
        }
        entries += number(tag, 2) + number(3, 2) + number(values.size(), 4) + words;
    }
    return "II" + number(42, 2) + number(directory, 4) + data + number(tags.size(), 2) + entries +
           number(0, 4) + behind;
}

/** Kinds of TIFF are read as the same picture in a PNG is, or refused. */
TEST(PictureFile, TiffIsReadRightOrRefused)
{
    const TestFolder folder;
    constexpr int SIDE = 16;
    std::string straight;
    std::string multiplied;
    std::string wide;
    std::string wideMultiplied;
    std::string grey;
    std::string wideGrey;
    cv::Mat clear(SIDE, SIDE, CV_8UC4);
    for (int i = 0; i < SIDE * SIDE; ++i)
    {
        const std::array<int, 4> pixel{i * 7 % 256, i * 13 % 256, 255 - i, i};
        for (std::size_t c = 0; c < 4; ++c)
        {
            const int alone = pixel[c];
            const int times = c < 3 ? (alone * i + 127) / 255 : i;
            straight += static_cast<char>(alone);
            multiplied += static_cast<char>(times);
            wide += std::string(2, static_cast<char>(alone));
            wideMultiplied += std::string(2, static_cast<char>(times));
        }
        clear.at<cv::Vec4b>(i / SIDE, i % SIDE) = cv::Vec4b(static_cast<std::uint8_t>(pixel[2]),
                                                            static_cast<std::uint8_t>(pixel[1]),
                                                            static_cast<std::uint8_t>(pixel[0]),
                                                            static_cast<std::uint8_t>(pixel[3]));
        grey += static_cast<char>(pixel[0]);
        wideGrey += std::string(2, static_cast<char>(pixel[0]));
    }
    const auto write = [&](const std::string& name,
                           const std::string& data,
                           const std::map<unsigned, std::vector<unsigned>>& tags) {
        return folder.Write(name, TiffOf(SIDE, SIDE, data, tags)).string();
    };
    using Four = std::vector<unsigned>;
    const Four eight(4, 8);
    const Four sixteen(4, 16);
    // 258: bits, 262: colours, 277: channels, 338: what the fourth one is
    const auto expected = FragmentsOf(WriteMat(folder, "clear.png", clear));
    for (const auto& file :
         {write("straight.tiff", straight, {{258, eight}, {262, {2}}, {277, {4}}, {338, {2}}}),
          write("times.tiff", multiplied, {{258, eight}, {262, {2}}, {277, {4}}, {338, {1}}}),
          write("wide.tiff", wide, {{258, sixteen}, {262, {2}}, {277, {4}}, {338, {2}}})})
    {
        EXPECT_TRUE(FragmentsOf(file) == expected) << file;
    }
    std::string negative = grey;
    for (auto& c : negative)
    {
        c = static_cast<char>(~c);
    }
    EXPECT_TRUE(FragmentsOf(write("white.tiff", negative, {{258, {8}}, {262, {0}}, {277, {1}}})) ==
                FragmentsOf(write("black.tiff", grey, {{258, {8}}, {262, {1}}, {277, {1}}})));
    const auto refuse = [&](const std::string& data,
                            const std::map<unsigned, std::vector<unsigned>>& tags) {
        const auto file = write("bad.tiff", data, tags);
        RunBadly({"encode", file, "-o", (folder.Path() / "x.lim").string()}, {"bad.tiff", "PNG"});
    };
    refuse(wideMultiplied, {{258, sixteen}, {262, {2}}, {277, {4}}, {338, {1}}});
    refuse(straight, {{258, eight}, {262, {2}}, {277, {4}}, {338, {0}}});  // not said what it is
    refuse(wideGrey, {{258, {8, 8}}, {262, {1}}, {277, {2}}, {338, {2}}}); // grey and opacity
    refuse(wideGrey, {{258, {16}}, {262, {0}}, {277, {1}}});               // white is 0
    refuse(grey, {{258, {8}}, {262, {1}}, {277, {1}}, {339, {2}}});        // signed
    refuse(grey, {{258, {4}}, {262, {1}}, {277, {1}}});
    refuse(wideGrey, {{258, {12}}, {262, {1}}, {277, {1}}});
    refuse(straight, {{258, {8, 8, 8}}, {262, {8}}, {277, {3}}}); // CIE L*a*b*
    refuse(wide, {{258, sixteen}, {262, {5}}, {277, {4}}});       // inks
    // Three planes of 16 bits.
    const unsigned plane = SIDE * SIDE * 2;
    refuse(wide,
           {{258, {16, 16, 16}},
            {262, {2}},
            {277, {3}},
            {284, {2}},
            {273, {8, 8 + plane, 8 + 2 * plane}},
            {279, {plane, plane, plane}}});
}

TEST(PictureFile, BmpWithoutOpacityIsOpaqueOrRefused)
{
    const TestFolder folder;
    const auto picture = TestPicture(20, 20);
    const auto number = [](std::size_t n, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i)
        {
            text += static_cast<char>(n >> 8 * i & 255);
        }
        return text;
    };
    std::string pixels;
    for (int y = 19; y >= 0; --y)
    {
        for (int x = 0; x < 20; ++x)
        {
            const auto& from = picture.at<cv::Vec3b>(y, x);
            pixels += {static_cast<char>(from[0]),
                       static_cast<char>(from[1]),
                       static_cast<char>(from[2]),
                       '\0'}; // which means nothing
        }
    }
    // BITMAPINFOHEADER, and behind it the masks of compression 3.
    const auto bmp = [&](std::size_t compression, const std::string& masks) {
        return "BM" + number(54 + masks.size() + pixels.size(), 4) + number(0, 4) +
               number(54 + masks.size(), 4) + number(40, 4) + number(20, 4) + number(20, 4) +
               number(1, 2) + number(32, 2) + number(compression, 4) + number(pixels.size(), 4) +
               number(0, 16) + masks + pixels;
    };
    EXPECT_TRUE(FragmentsOf(folder.Write("plain.bmp", bmp(0, "")).string()) ==
                FragmentsOf(WriteMat(folder, "a.png", picture)));
    const auto masked =
        folder.Write("masks.bmp",
                     bmp(3, number(0xFF0000, 4) + number(0xFF00, 4) + number(0xFF, 4)));
    RunBadly({"encode", masked.string(), "-o", (folder.Path() / "x.lim").string()},
             {"masks.bmp", "PNG"});
}

TEST(PictureFile, LongNamesAreDecodedAsWell)
{
    const TestFolder folder;
    const auto picture = TestPicture(20, 20);
    const auto png = ReadText(WriteMat(folder, "a.png", picture));
    // With an ending, without one, and of letters of two bytes.
    std::string letters;
    for (int i = 0; i < 127; ++i)
    {
        letters += "\xC3\xA9";
    }
    std::vector<std::string> command{"encode"};
    for (const std::string& name : {std::string(238, 'a') + ".jpg",
                                    std::string(251, 'b') + ".png",
                                    std::string(255, 'c'),
                                    letters})
    {
        command.push_back(folder.Write(name, png).string());
    }
    const auto lim = (folder.Path() / "x.lim").string();
    command.insert(command.end(), {"-o", lim});
    RunWell(command);
    RunWell({"decode", lim, "-o", (folder.Path() / "out").string()});
    const auto names = NamesIn(folder.Path() / "out");
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()),
              (std::set<std::string>{std::string(238, 'a') + ".png",
                                     std::string(251, 'b') + ".png",
                                     std::string(251, 'c') + ".png",
                                     letters.substr(0, 250) + ".png"}));
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
