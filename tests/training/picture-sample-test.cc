// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/image-file.h"
#include "limitnet/training/picture-sample.h"
#include "tests/data/test-folder.h"

using namespace limitnet;

namespace
{

/** Pictures of one pixel, whose value is the picture's place in the folder. */
void
WriteNumbered(const std::filesystem::path& folder, int count)
{
    std::filesystem::create_directories(folder);
    for (int i = 0; i < count; ++i)
    {
        Image image;
        image.width = 1;
        image.height = 1;
        image.rgb.assign(3, static_cast<uint8_t>(i));
        WritePng(folder / (std::to_string(100 + i) + ".png"), image);
    }
}

std::vector<int>
NumbersOf(const PictureSample& pictures)
{
    std::vector<int> numbers;
    for (size_t i = 0; i < pictures.Size(); ++i)
    {
        numbers.push_back(pictures.At(i).rgb[0]);
    }
    return numbers;
}

} // namespace

TEST(PictureSample, LeaveOutWhatTrainingLeavesOut)
{
    const TestFolder folder;
    const auto set = (folder.Path() / "set").string();
    WriteNumbered(set, 12);
    // 37 n modulo 100 of 0 .. 11: 0, 37, 74, 11, 48, 85, 22, 59, 96, 33, 70, 7; below 20: held out.
    const std::vector<int> training{1, 2, 4, 5, 6, 7, 8, 9, 10};
    const PictureSample all({set}, {}, 1000);
    EXPECT_EQ(NumbersOf(all), training);
    EXPECT_NE(all.Description().find("set, 9 pictures"), std::string::npos) << all.Description();
    EXPECT_EQ(NumbersOf({{set}, {}, 3}), (std::vector<int>{1, 5, 8})); // evenly spread
    EXPECT_EQ(NumbersOf({{set, set}, {}, 4}), (std::vector<int>{1, 6, 1, 6}));
}

TEST(PictureSample, AreNoneOfTheLastOfCifar)
{
    if (!HasDataset("cifar10"))
    {
        GTEST_SKIP() << "CIFAR-10 is not here: ./ns3 run \"limitnet data fetch cifar10\" gets it";
    }
    const PictureSample pictures({"cifar10"}, {}, 50000);
    ASSERT_EQ(pictures.Size(), 48000U);
    EXPECT_EQ(pictures.At(47999).rgb, OpenDataset("cifar10", Split::TRAIN)->At(47999).rgb);
}

TEST(PictureSample, OfImageNetAreTheSampleWhereThatIsAll)
{
    const TestFolder folder;
    WriteNumbered(folder.Path() / "imagenet-sample", 3);
    const PictureSample pictures({"imagenet"}, folder.Path(), 5);
    EXPECT_EQ(NumbersOf(pictures), (std::vector<int>{1, 2}));
    EXPECT_EQ(pictures.Description(), "imagenet-sample, 2 pictures");
}

TEST(PictureSample, ThereHaveToBeSome)
{
    const TestFolder folder;
    const auto set = (folder.Path() / "set").string();
    WriteNumbered(set, 1);
    ExpectLine(ErrorOf([&] { PictureSample({set}, {}, 1); }), {"set", "held out"});
    ExpectLine(ErrorOf([&] { PictureSample({}, {}, 1); }), {"--dataset"});
}
