// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/hold-out.h"
#include "limitnet/data/image-file.h"
#include "limitnet/training/training-set-torch.h"
#include "tests/data/test-folder.h"
#include "tests/training/made-up-set-torch.h"

#include <sstream>

using namespace limitnet;

namespace
{

/** A picture of one colour with a white upper left quarter. */
Image
Quarter(int side, uint8_t grey, bool white)
{
    Image image;
    image.width = side;
    image.height = side;
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            const bool inside = white && x < side / 2 && y < side / 2;
            image.rgb.insert(image.rgb.end(), 3, inside ? 255 : grey);
        }
    }
    return image;
}

} // namespace

TEST(TrainingSetTest, FolderWithMasksBecomesPicturesAndMasks)
{
    const TestFolder folder;
    constexpr int COUNT = 10;
    std::filesystem::create_directories(folder.Path() / "set/image");
    std::filesystem::create_directories(folder.Path() / "set/mask");
    for (int i = 0; i < COUNT; ++i)
    {
        const auto name = std::to_string(i) + ".png";
        WritePng(folder.Path() / "set/image" / name,
                 Quarter(32, static_cast<uint8_t>(10 * i), true));
        WritePng(folder.Path() / "set/mask" / name, Quarter(32, 0, true));
    }
    TrainingSetOptions options;
    options.datasets = {(folder.Path() / "set").string() + "/"};
    options.holdOutPercent = 50;
    std::ostringstream progress;
    const auto set = LoadTrainingSet(options, progress);
    ASSERT_EQ(set->sources.size(), 1U);
    const auto& source = set->sources[0];
    EXPECT_EQ(source.name, "set");
    EXPECT_FALSE(source.IsSmall());
    ASSERT_EQ(source.Size(), COUNT);

    // Training pictures first, then those held out, each part in the order of the names.
    std::vector<int> order;
    for (const bool heldOut : {false, true})
    {
        for (int i = 0; i < COUNT; ++i)
        {
            if (IsHeldOut(static_cast<size_t>(i), 50) == heldOut)
            {
                order.push_back(i);
            }
        }
    }
    int training = 0;
    for (int i = 0; i < COUNT; ++i)
    {
        training += IsHeldOut(static_cast<size_t>(i), 50) ? 0 : 1;
    }
    EXPECT_EQ(source.trainCount, training);
    for (int i = 0; i < COUNT; ++i)
    {
        EXPECT_EQ(source.pictures[i][0][200][200].item<int>(), 10 * order[static_cast<size_t>(i)]);
    }
    // The mask's white quarter is the first 14 of 28 rows and columns, but for the resize's edge.
    const auto mask = source.masks[0][0];
    EXPECT_EQ(mask[5][5].item<int>(), 255);
    EXPECT_EQ(mask[5][20].item<int>(), 0);
    EXPECT_EQ(mask[20][5].item<int>(), 0);
    EXPECT_NEAR(mask.to(torch::kFloat).mean().item<double>(), 255.0 / 4, 2);
}

TEST(TrainingSetTest, MasksForAPartAreRefused)
{
    const TestFolder folder;
    std::filesystem::create_directories(folder.Path() / "set/image");
    std::filesystem::create_directories(folder.Path() / "set/mask");
    WritePng(folder.Path() / "set/image/a.png", Quarter(32, 0, true));
    WritePng(folder.Path() / "set/image/b.png", Quarter(32, 0, true));
    WritePng(folder.Path() / "set/mask/a.png", Quarter(32, 0, true));
    TrainingSetOptions options;
    options.datasets = {(folder.Path() / "set").string() + "/"};
    std::ostringstream progress;
    const auto error = ErrorOf([&] { LoadTrainingSet(options, progress); });
    EXPECT_NE(error.find("masks for 1 of its 2 pictures"), std::string::npos) << error;
}

TEST(TrainingSetTest, PackGivesTheSamePictures)
{
    const TestFolder folder;
    TrainingSet set;
    set.sources = {MadeUpSmall("small", 20, 15), MadeUpSalient(6, 4)};
    const auto pack = folder.Path() / "set.pack";
    WriteTrainingSet(set, pack);
    const auto read = ReadTrainingSet(pack);
    ASSERT_EQ(read->sources.size(), 2U);
    for (size_t i = 0; i < 2; ++i)
    {
        const auto& before = set.sources[i];
        const auto& after = read->sources[i];
        EXPECT_EQ(after.name, before.name);
        EXPECT_EQ(after.classes, before.classes);
        EXPECT_EQ(after.trainCount, before.trainCount);
        EXPECT_TRUE(torch::equal(after.pictures, before.pictures));
        EXPECT_EQ(after.labels.defined(), before.labels.defined());
        EXPECT_EQ(after.masks.defined(), before.masks.defined());
    }
    EXPECT_TRUE(torch::equal(read->sources[1].masks, set.sources[1].masks));
    EXPECT_EQ(read->Signature(), set.Signature());

    EXPECT_EQ(ReadTrainingSet(pack, "squares")->sources.size(), 1U);
    const auto error = ErrorOf([&] { ReadTrainingSet(pack, "circles"); });
    EXPECT_NE(error.find("has no set called 'circles'"), std::string::npos) << error;
}

TEST(TrainingSetTest, SignatureTellsPicturesApart)
{
    TrainingSet set;
    set.sources = {MadeUpSmall("small", 20, 15)};
    auto other = set;
    other.sources[0].pictures = set.sources[0].pictures.clone();
    other.sources[0].pictures[3][1][7][9] += 1;
    EXPECT_NE(other.Signature(), set.Signature());
    other = set;
    other.sources[0].trainCount = 14;
    EXPECT_NE(other.Signature(), set.Signature());
}

TEST(TrainingSetTest, DamagedPackIsRefusedInOneLine)
{
    const TestFolder folder;
    TrainingSet set;
    set.sources = {MadeUpSmall("small", 20, 15)};
    const auto pack = folder.Path() / "set.pack";
    WriteTrainingSet(set, pack);
    std::filesystem::resize_file(pack, std::filesystem::file_size(pack) / 2);
    const auto error = ErrorOf([&] { ReadTrainingSet(pack); });
    EXPECT_NE(error.find("set.pack"), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
}
