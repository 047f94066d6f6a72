// SPDX-License-Identifier: GPL-2.0-only

// What stands in Parquet files is checked by check-parquet.py.

#include "limitnet/codec/error.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/results/parquet.h"
#include "tests/data/test-folder.h"

#include <dlfcn.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

namespace limitnet
{
namespace
{

std::string
ErrorOf(const std::filesystem::path& folder)
{
    try
    {
        WriteParquet(folder);
        return {};
    }
    catch (const Error& error)
    {
        return error.what();
    }
}

TEST(Parquet, WithoutTheLibraryOneLineSaysWhatToDo)
{
    if (dlopen("libduckdb.so", RTLD_LAZY) != nullptr)
    {
        GTEST_SKIP() << "this system has libduckdb.so";
    }
    const TestFolder folder;
    const TestVariable cache("XDG_CACHE_HOME", folder.Path().string());
    folder.Write("out/a.csv", std::string("x\n1\n"));
    ExpectLine(ProblemOfParquetLibrary(), {"libduckdb.so", "limitnet data fetch duckdb"});
    ExpectLine(ErrorOf(folder.Path() / "out"), {"libduckdb.so", "limitnet data fetch duckdb"});

    const NpmFiles* files = FindNpmFiles("duckdb");
    ASSERT_NE(files, nullptr);
    folder.Write("limitnet/models/duckdb/libduckdb.so", std::string("broken"));
    ASSERT_TRUE(std::filesystem::exists(NpmFilesFolder(*files) / "libduckdb.so"));
    ExpectLine(ProblemOfParquetLibrary(), {"duckdb/libduckdb.so", "limitnet data fetch duckdb"});
}

TEST(Parquet, FoldersWithoutTables)
{
    const TestFolder folder;
    ExpectLine(ErrorOf(folder.Path()), {folder.Path().string(), "no tables (*.csv) in it"});
    ExpectLine(ErrorOf(folder.Path() / "none"), {"none", "No such file or directory"});
}

TEST(Parquet, WholeOrNotAtAll)
{
    const std::string missing = ProblemOfParquetLibrary();
    if (!missing.empty())
    {
        GTEST_SKIP() << missing;
    }
    const TestFolder folder;
    folder.Write("it's/a.csv", std::string("x,y\n1,2\n"));
    const auto out = folder.Path() / "it's";
    EXPECT_EQ(ErrorOf(out), "");
    const std::string good = ReadText(out / "a.parquet");
    EXPECT_EQ(good.substr(0, 4), "PAR1");
    EXPECT_EQ(NamesIn(out).size(), 2U) << "nothing else is left";

    // A table that cannot be read: the file that was there stays.
    folder.Write("it's/a.csv", std::string("x,y\n1,2\n3\n"));
    const auto later = std::filesystem::last_write_time(out / "a.parquet") + std::chrono::hours(1);
    std::filesystem::last_write_time(out / "a.csv", later);
    ExpectLine(ErrorOf(out), {"a.csv cannot be made a Parquet file", "not all as many fields"});
    EXPECT_EQ(ReadText(out / "a.parquet"), good);
    EXPECT_EQ(NamesIn(out).size(), 2U);

    // One that has the time of its table is left alone, one that is newer is not.
    folder.Write("it's/a.csv", std::string("x,y\n5,6\n"));
    EXPECT_EQ(ErrorOf(out), "");
    const std::string second = ReadText(out / "a.parquet");
    EXPECT_NE(second, good);
    const auto time = std::filesystem::last_write_time(out / "a.csv");
    folder.Write("it's/a.parquet", std::string("mine"));
    std::filesystem::last_write_time(out / "a.parquet", time);
    EXPECT_EQ(ErrorOf(out), "");
    EXPECT_EQ(ReadText(out / "a.parquet"), "mine");
    std::filesystem::last_write_time(out / "a.parquet", time + std::chrono::hours(1));
    EXPECT_EQ(ErrorOf(out), "");
    EXPECT_EQ(ReadText(out / "a.parquet"), second);

    std::filesystem::create_directories(out / "b.parquet/c");
    folder.Write("it's/b.csv", std::string("x\n1\n"));
    ExpectLine(ErrorOf(out), {"b.parquet", "Is a directory"});
}

TEST(Parquet, PathsThatLookLikePatterns)
{
    const std::string missing = ProblemOfParquetLibrary();
    if (!missing.empty())
    {
        GTEST_SKIP() << missing;
    }
    const TestFolder folder;
    folder.Write("plain/a.csv", std::string("x\n1\n"));
    EXPECT_EQ(ErrorOf(folder.Path() / "plain"), "");
    const std::string expected = ReadText(folder.Path() / "plain/a.parquet");
    // Each beside a folder that the name, as a pattern, would stand for, with other rows.
    for (const auto& [name, other] :
         {std::pair{"s*", "st"}, {"r[1]", "r1"}, {"q?", "qu"}, {"a=1", "a"}})
    {
        folder.Write(std::string(other) + "/a.csv", std::string("x\n2\n3\n"));
        folder.Write(std::string(name) + "/a.csv", std::string("x\n1\n"));
        EXPECT_EQ(ErrorOf(folder.Path() / name), "") << name;
        EXPECT_EQ(ReadText(folder.Path() / name / "a.parquet"), expected) << name;
    }
}

} // namespace
} // namespace limitnet
