// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/image-folder.h"
#include "tests/data/image-file-data.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

using namespace image_file_data;

/** A grey picture of one brightness. */
void
WriteFlat(const std::filesystem::path& file, int width, int height, std::uint8_t value)
{
    std::filesystem::create_directories(file.parent_path());
    Image image;
    image.width = width;
    image.height = height;
    image.rgb.assign(static_cast<std::size_t>(width * height * 3), value);
    WritePng(file, image);
}

TEST(ImageFolder, PicturesWithMasks)
{
    const TestFolder folder;
    folder.Write("set/image/0002.jpg", GREY_JPEG);
    folder.Write("set/image/0001.jpg", PROGRESSIVE_JPEG);
    folder.Write("set/image/0003.jpg", GREY_JPEG);
    folder.Write("set/image/notes.txt", std::string("no picture"));
    WriteFlat(folder.Path() / "set/mask/0001.png", 24, 16, 255);
    WriteFlat(folder.Path() / "set/mask/0002.png", 5, 5, 255);

    const ImageFolder dataset(folder.Path() / "set");
    EXPECT_EQ(dataset.Name(), "set");
    ASSERT_EQ(dataset.Size(), 3U);
    EXPECT_EQ(dataset.ClassCount(), 0);
    EXPECT_EQ(dataset.Label(0), -1);
    EXPECT_EQ(dataset.At(0).width, 24);
    EXPECT_TRUE(dataset.HasMask(0));
    EXPECT_EQ(dataset.Mask(0).rgb, std::vector<std::uint8_t>(24 * 16 * 3, 255));
    ExpectLine(ErrorOf([&]() { dataset.Mask(1); }), {"mask/0002.png", "not as large"});
    EXPECT_FALSE(dataset.HasMask(2));
    ExpectLine(ErrorOf([&]() { dataset.Mask(2); }), {"0003.jpg", "no mask"});
    EXPECT_THROW(dataset.At(3), Error);

    // The same as an archive.
    const TestVariable cache("XDG_CACHE_HOME", (folder.Path() / "cache").string());
    Pack(folder.Path(), "set", folder.Path() / "set.tar");
    const ImageFolder packed(folder.Path() / "set.tar");
    ASSERT_EQ(packed.Size(), 3U);
    EXPECT_EQ(packed.At(1).rgb, dataset.At(1).rgb);
    EXPECT_EQ(packed.Mask(0).rgb, dataset.Mask(0).rgb);
}

TEST(ImageFolder, ClassesByLineOfTheList)
{
    const TestFolder folder;
    folder.Write("wnids.txt", std::string("n03\nn01\nn02\n"));
    folder.Write("val/n01/a.jpg", GREY_JPEG);
    folder.Write("val/n02/b.JPEG", GREY_JPEG);
    folder.Write("val/n02/a.png", GREY_PNG);
    const ImageFolder dataset(folder.Path());
    ASSERT_EQ(dataset.Size(), 3U);
    EXPECT_EQ(dataset.ClassCount(), 3);
    EXPECT_EQ(dataset.ClassName(0), "n03");
    EXPECT_EQ(dataset.Label(0), 1);
    EXPECT_EQ(dataset.Label(1), 2);
    EXPECT_EQ(dataset.File(1).filename(), "a.png");
    EXPECT_EQ(dataset.File(2).filename(), "b.JPEG");

    folder.Write("val/n09/x.jpg", GREY_JPEG);
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path()); }), {"n09", "wnids.txt"});
    std::filesystem::remove(folder.Path() / "wnids.txt");
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path()); }), {"wnids.txt", "missing"});
}

TEST(ImageFolder, WordNetIdsHaveTheLabelsOfTheirSortedOrder)
{
    // As torchvision and all published networks number them, whatever the order in the file.
    const TestFolder folder;
    for (const std::string list : {"n01440764\nn01443537\nn01484850\n",
                                   "n01484850\nn01443537\nn01440764\n",
                                   "n01443537 n01484850 n01440764"})
    {
        folder.Write("wnids.txt", list);
        folder.Write("val/n01440764/a.jpg", GREY_JPEG);
        folder.Write("val/n01484850/a.jpg", GREY_JPEG);
        const ImageFolder dataset(folder.Path());
        EXPECT_EQ(dataset.Label(0), 0);
        EXPECT_EQ(dataset.Label(1), 2);
        EXPECT_EQ(dataset.ClassName(0), "n01440764");
    }
    folder.Write("wnids.txt", std::string("n01440764\nn01484850\nn01440764\n"));
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path()); }),
               {"wnids.txt", "n01440764", "twice"});
}

TEST(ImageFolder, NothingIsLeftOutWithoutAWord)
{
    const TestFolder folder;
    const std::string pnm("P5 1 1 255\n\x40", 12);
    folder.Write("set/a.jpg", GREY_JPEG);
    folder.Write("set/b.PGM", pnm);
    folder.Write("set/c.txt", std::string("no picture"));
    std::filesystem::create_symlink("b.PGM", folder.Path() / "set/d.ppm");
    const ImageFolder dataset(folder.Path() / "set");
    ASSERT_EQ(dataset.Size(), 3U);
    EXPECT_EQ(dataset.At(2).rgb, (std::vector<std::uint8_t>{64, 64, 64}));

    std::filesystem::create_symlink("none.jpg", folder.Path() / "set/e.jpg");
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path() / "set"); }), {"e.jpg", "link"});
    std::filesystem::remove(folder.Path() / "set/e.jpg");
    folder.Write("set/f.tiff", std::string("II*"));
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path() / "set"); }), {"f.tiff", "PNG"});
    std::filesystem::remove(folder.Path() / "set/f.tiff");

    folder.Write("classes/wnids.txt", std::string("n01440764\n"));
    folder.Write("classes/val/n01440764/a.jpg", GREY_JPEG);
    std::filesystem::create_symlink("none", folder.Path() / "classes/val/n01443537");
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path() / "classes"); }),
               {"n01443537", "link"});
}

TEST(ImageFolder, PlainFolderAndNothing)
{
    const TestFolder folder;
    folder.Write("plain/b.jpg", GREY_JPEG);
    folder.Write("plain/.hidden.jpg", GREY_JPEG);
    EXPECT_EQ(ImageFolder(folder.Path() / "plain").Size(), 1U);
    EXPECT_EQ(ImageFolder(folder.Path() / "plain/").Name(), "plain");
    std::filesystem::create_directory(folder.Path() / "empty");
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path() / "empty"); }), {"empty", "no JPEG"});
    ExpectLine(ErrorOf([&]() { ImageFolder bad(folder.Path() / "none"); }), {"none"});
}

TEST(ImageFolder, DamagedPictureNamesItsFile)
{
    const TestFolder folder;
    folder.Write("a.jpg", std::vector<std::uint8_t>(GREY_JPEG.begin(), GREY_JPEG.begin() + 60));
    const ImageFolder dataset(folder.Path());
    ExpectLine(ErrorOf([&]() { dataset.At(0); }), {"a.jpg", "damaged"});
}

/** Real pictures, where this machine has them. */
TEST(ImageFolder, RealArchives)
{
    const char* data = std::getenv("LIMITNET_DATA");
    if (!data || !std::filesystem::exists(std::filesystem::path(data) / "ecssd.tar") ||
        !std::filesystem::exists(std::filesystem::path(data) / "imagenet-sample.tar"))
    {
        GTEST_SKIP() << "LIMITNET_DATA names no folder with ecssd.tar and imagenet-sample.tar";
    }
    const ImageFolder ecssd(std::filesystem::path(data) / "ecssd.tar");
    ASSERT_EQ(ecssd.Size(), 695U);
    for (std::size_t i = 0; i < ecssd.Size(); i += 50)
    {
        ASSERT_TRUE(ecssd.HasMask(i));
        const Image mask = ecssd.Mask(i);
        std::size_t salient = 0;
        for (const std::uint8_t value : mask.rgb)
        {
            ASSERT_TRUE(value == 0 || value == 255);
            salient += value == 255 ? 1 : 0;
        }
        EXPECT_GT(salient, 0U);
        EXPECT_LT(salient, mask.rgb.size());
    }
    const ImageFolder imagenet(std::filesystem::path(data) / "imagenet-sample.tar");
    EXPECT_EQ(imagenet.Size(), 533U);
    EXPECT_EQ(imagenet.ClassCount(), 1000);
    for (std::size_t i = 0; i < imagenet.Size(); ++i)
    {
        EXPECT_EQ(imagenet.File(i).parent_path().filename(), imagenet.ClassName(imagenet.Label(i)));
        const Image image = imagenet.At(i);
        EXPECT_EQ(image.rgb.size(), static_cast<std::size_t>(image.width * image.height * 3));
    }
}

} // namespace
} // namespace limitnet
