// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/paths.h"
#include "tests/data/test-folder.h"

#include <array>
#include <cmath>
#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

/** What record i of a made-up file holds: its label and pixel p of channel c. */
int
MadeUpLabel(std::size_t record, int classes)
{
    return static_cast<int>(record % static_cast<std::size_t>(classes));
}

std::uint8_t
MadeUpByte(std::size_t record, std::size_t position)
{
    return static_cast<std::uint8_t>(record * 7 + position * 13 + position / 1024);
}

std::string
MadeUpRecords(std::size_t count, std::size_t labelBytes, int classes)
{
    std::string bytes;
    bytes.reserve(count * (labelBytes + 3072));
    for (std::size_t record = 0; record < count; ++record)
    {
        if (labelBytes == 2)
        {
            bytes += static_cast<char>(19); // the coarse label, which is not the class
        }
        bytes += static_cast<char>(MadeUpLabel(record, classes));
        for (std::size_t position = 0; position < 3072; ++position)
        {
            bytes += static_cast<char>(MadeUpByte(record, position));
        }
    }
    return bytes;
}

std::string
MadeUpNames(int count)
{
    std::string names;
    for (int i = 0; i < count; ++i)
    {
        names += "thing " + std::to_string(i) + "\n";
    }
    return names + "\n"; // the official file ends with an empty line as well
}

/** A test half of CIFAR-10 in the official layout. */
void
WriteCifar10Test(const TestFolder& folder)
{
    folder.Write("cifar-10-batches-bin/test_batch.bin", MadeUpRecords(10000, 1, 10));
    folder.Write("cifar-10-batches-bin/batches.meta.txt", MadeUpNames(10));
}

TEST(CifarDataset, ReadsTheOfficialLayout)
{
    const TestFolder folder;
    WriteCifar10Test(folder);
    const auto dataset = CifarDataset::Open("cifar10", Split::TEST, folder.Path());
    EXPECT_EQ(dataset->Name(), "cifar10");
    ASSERT_EQ(dataset->Size(), 10000U);
    EXPECT_EQ(dataset->ClassCount(), 10);
    EXPECT_EQ(dataset->ClassName(3), "thing 3");
    for (const std::size_t index : {0U, 1U, 4321U, 9999U})
    {
        EXPECT_EQ(dataset->Label(index), MadeUpLabel(index, 10));
        const Image image = dataset->At(index);
        ASSERT_EQ(image.width, 32);
        ASSERT_EQ(image.height, 32);
        for (std::size_t pixel = 0; pixel < 1024; ++pixel)
        {
            for (std::size_t c = 0; c < 3; ++c)
            {
                ASSERT_EQ(image.rgb[3 * pixel + c], MadeUpByte(index, c * 1024 + pixel));
            }
        }
        EXPECT_EQ(dataset->Planar(index)[2047], MadeUpByte(index, 2047));
    }
    ExpectLine(ErrorOf([&]() { dataset->At(10000); }), {"cifar10", "10000"});
    EXPECT_THROW(dataset->ClassName(10), Error);
    EXPECT_THROW(dataset->ClassName(-1), Error);

    // The folder itself may be named as well.
    EXPECT_EQ(
        CifarDataset::Open("cifar10", Split::TEST, folder.Path() / "cifar-10-batches-bin")->Size(),
        10000U);
}

TEST(CifarDataset, FineLabelIsTheClassOfCifar100)
{
    const TestFolder folder;
    folder.Write("cifar-100-binary/test.bin", MadeUpRecords(10000, 2, 100));
    folder.Write("cifar-100-binary/fine_label_names.txt", MadeUpNames(100));
    const auto dataset = CifarDataset::Open("cifar100", Split::TEST, folder.Path());
    EXPECT_EQ(dataset->ClassCount(), 100);
    EXPECT_EQ(dataset->Label(57), 57);
    EXPECT_EQ(dataset->Planar(57)[0], MadeUpByte(57, 0));
}

TEST(CifarDataset, OpensArchivesThroughTheCache)
{
    const TestFolder folder;
    const TestVariable cache("XDG_CACHE_HOME", (folder.Path() / "cache").string());
    WriteCifar10Test(folder);
    std::filesystem::create_directory(folder.Path() / "packed");
    Pack(folder.Path(), "cifar-10-batches-bin", folder.Path() / "packed/cifar-10-binary.tar.gz");
    for (int time = 0; time < 2; ++time)
    {
        const auto dataset = CifarDataset::Open("cifar10", Split::TEST, folder.Path() / "packed");
        EXPECT_EQ(dataset->Label(9), 9);
    }
}

TEST(CifarDataset, NothingThereNamesFoldersAndCommand)
{
    const TestFolder folder;
    const TestVariable cache("XDG_CACHE_HOME", (folder.Path() / "cache").string());
    const TestVariable data("LIMITNET_DATA", (folder.Path() / "mine").string());
    ExpectLine(ErrorOf([]() { CifarDataset::Open("cifar10", Split::TEST); }),
               {(folder.Path() / "mine").string(),
                (folder.Path() / "cache/limitnet/datasets").string(),
                "limitnet data fetch cifar10",
                "LIMITNET_DATA"});
    ExpectLine(ErrorOf([&]() { CifarDataset::Open("cifar100", Split::TEST, folder.Path()); }),
               {"cifar100", folder.Path().string()});
    ExpectLine(ErrorOf([]() { CifarDataset::Open("cifar11", Split::TEST); }), {"cifar11"});
}

TEST(CifarDataset, DamagedFiles)
{
    const TestFolder folder;
    WriteCifar10Test(folder);
    const std::string whole = MadeUpRecords(10000, 1, 10);
    const auto open = [&]() { CifarDataset::Open("cifar10", Split::TEST, folder.Path()); };

    folder.Write("cifar-10-batches-bin/test_batch.bin", whole.substr(0, whole.size() - 1));
    ExpectLine(ErrorOf(open), {"test_batch.bin", "truncated", "30729999", "30730000"});
    folder.Write("cifar-10-batches-bin/test_batch.bin", whole + "x");
    ExpectLine(ErrorOf(open), {"test_batch.bin", "too long"});
    std::string wrong = whole;
    wrong[3073 * 5] = 10;
    folder.Write("cifar-10-batches-bin/test_batch.bin", wrong);
    ExpectLine(ErrorOf(open), {"test_batch.bin", "record 5", "label 10"});
    folder.Write("cifar-10-batches-bin/test_batch.bin", whole);
    folder.Write("cifar-10-batches-bin/batches.meta.txt", MadeUpNames(9));
    ExpectLine(ErrorOf(open), {"batches.meta.txt", "9"});
    folder.Write("cifar-10-batches-bin/batches.meta.txt", MadeUpNames(10));
    ExpectLine(ErrorOf([&]() { CifarDataset::Open("cifar10", Split::TRAIN, folder.Path()); }),
               {"data_batch_1.bin"});
}

/** The real CIFAR-10, where this machine has it: figures that are published about it. */
TEST(CifarDataset, PublishedFiguresOfCifar10)
{
    if (CifarDataset::Find("cifar10").empty())
    {
        GTEST_SKIP() << "CIFAR-10 is neither in LIMITNET_DATA nor in the cache: run `limitnet data "
                        "fetch cifar10`";
    }
    const auto train = CifarDataset::Open("cifar10", Split::TRAIN);
    const auto test = CifarDataset::Open("cifar10", Split::TEST);
    ASSERT_EQ(train->Size(), 50000U);
    ASSERT_EQ(test->Size(), 10000U);
    EXPECT_EQ(test->ClassName(0), "airplane");
    EXPECT_EQ(test->ClassName(9), "truck");
    std::array<int, 10> trainCount{};
    std::array<int, 10> testCount{};
    std::array<double, 3> sum{};
    std::array<double, 3> squares{};
    for (std::size_t i = 0; i < train->Size(); ++i)
    {
        ++trainCount[static_cast<std::size_t>(train->Label(i))];
        for (std::size_t p = 0; p < 3072; ++p)
        {
            const double value = train->Planar(i)[p] / 255.0;
            sum[p / 1024] += value;
            squares[p / 1024] += value * value;
        }
    }
    for (std::size_t i = 0; i < test->Size(); ++i)
    {
        ++testCount[static_cast<std::size_t>(test->Label(i))];
    }
    // Means and deviations that training code for CIFAR-10 commonly normalises by.
    constexpr std::array<double, 3> MEAN = {0.4914, 0.4822, 0.4465};
    constexpr std::array<double, 3> DEVIATION = {0.2470, 0.2435, 0.2616};
    const double pixels = 50000.0 * 1024;
    for (std::size_t c = 0; c < 3; ++c)
    {
        const double mean = sum[c] / pixels;
        EXPECT_NEAR(mean, MEAN[c], 5e-5);
        EXPECT_NEAR(std::sqrt(squares[c] / pixels - mean * mean), DEVIATION[c], 5e-5);
    }
    for (std::size_t label = 0; label < 10; ++label)
    {
        EXPECT_EQ(trainCount[label], 5000);
        EXPECT_EQ(testCount[label], 1000);
    }
    // cat, ship, ship, airplane, frog: the beginning of the test batch.
    const std::array<int, 5> first = {3, 8, 8, 0, 6};
    for (std::size_t i = 0; i < first.size(); ++i)
    {
        EXPECT_EQ(test->Label(i), first[i]);
    }
}

/** The real CIFAR-100, where this machine has it. */
TEST(CifarDataset, PublishedFiguresOfCifar100)
{
    if (CifarDataset::Find("cifar100").empty())
    {
        GTEST_SKIP() << "CIFAR-100 is neither in LIMITNET_DATA nor in the cache";
    }
    const auto test = CifarDataset::Open("cifar100", Split::TEST);
    ASSERT_EQ(test->Size(), 10000U);
    EXPECT_EQ(test->ClassName(0), "apple");
    EXPECT_EQ(test->ClassName(99), "worm");
    std::array<int, 100> count{};
    for (std::size_t i = 0; i < test->Size(); ++i)
    {
        ++count[static_cast<std::size_t>(test->Label(i))];
    }
    for (const int number : count)
    {
        EXPECT_EQ(number, 100);
    }
}

} // namespace
} // namespace limitnet
