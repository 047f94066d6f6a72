// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/dataset.h"
#include "tests/data/image-file-data.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(OpenDataset, ImageFoldersByNameAndPath)
{
    const TestFolder folder;
    folder.Write("ecssd/image/a.jpg", image_file_data::GREY_JPEG);
    EXPECT_EQ(OpenDataset("ecssd", Split::TEST, folder.Path())->Size(), 1U);
    EXPECT_EQ(OpenDataset((folder.Path() / "ecssd").string(), Split::TRAIN)->Size(), 1U);
    EXPECT_TRUE(HasDataset("ecssd", folder.Path()));
    EXPECT_FALSE(HasDataset("imagenet-sample", folder.Path()));
    EXPECT_FALSE(HasDataset("cifar10", folder.Path()));
}

TEST(OpenDataset, Errors)
{
    const TestFolder folder;
    ExpectLine(ErrorOf([&]() { OpenDataset("cifar", Split::TEST, folder.Path()); }),
               {"'cifar'", "cifar10", "cifar100"});
    ExpectLine(ErrorOf([&]() { OpenDataset("ecssd", Split::TEST, folder.Path()); }),
               {"ecssd", folder.Path().string(), "LIMITNET_DATA"});
    ExpectLine(ErrorOf([&]() { OpenDataset("cifar10", Split::TEST, folder.Path()); }),
               {folder.Path().string(), "limitnet data fetch cifar10"});
    ExpectLine(ErrorOf([&]() { OpenDataset("./no/such/folder", Split::TEST); }),
               {"./no/such/folder"});
}

} // namespace
} // namespace limitnet
