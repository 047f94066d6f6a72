// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/temporary-folder.h"
#include "tests/data/test-folder.h"

#include <chrono>
#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(TemporaryFolder, DisappearsUnlessMoved)
{
    const TestFolder folder;
    {
        const TemporaryFolder temporary(folder.Path() / "new", "x");
        std::ofstream(temporary.Path() / "file") << "text";
        EXPECT_EQ(NamesIn(folder.Path() / "new").size(), 1U);
    }
    EXPECT_TRUE(NamesIn(folder.Path() / "new").empty());
    {
        TemporaryFolder temporary(folder.Path(), "x");
        std::ofstream(temporary.Path() / "file") << "text";
        temporary.MoveIntoPlace(temporary.Path(), folder.Path() / "a" / "b");
    }
    EXPECT_EQ(ReadText(folder.Path() / "a/b/file"), "text");
}

TEST(TemporaryFolder, TheFirstOfTwoStays)
{
    const TestFolder folder;
    folder.Write("place/file", std::string("first"));
    {
        TemporaryFolder temporary(folder.Path(), "x");
        std::ofstream(temporary.Path() / "file") << "second";
        temporary.MoveIntoPlace(temporary.Path(), folder.Path() / "place");
    }
    EXPECT_EQ(ReadText(folder.Path() / "place/file"), "first");
    EXPECT_EQ(NamesIn(folder.Path()).size(), 1U);
}

TEST(TemporaryFolder, ReplacesAsAWhole)
{
    const TestFolder folder;
    folder.Write("place/old", std::string("old"));
    {
        TemporaryFolder temporary(folder.Path(), "x");
        std::ofstream(temporary.Path() / "new") << "new";
        temporary.Replace(folder.Path() / "place");
    }
    EXPECT_EQ(NamesIn(folder.Path() / "place"), std::vector<std::string>{"new"});
    EXPECT_EQ(NamesIn(folder.Path()).size(), 1U);
}

TEST(TemporaryFolder, RemovesOnlyOldLeftoversOfDeadProcesses)
{
    const TestFolder folder;
    // No process has this id: it is above the largest that Linux gives (2^22).
    folder.Write(".x.99999999.abcdef/file", std::string("text"));
    folder.Write(".x.99999998.abcdef/file", std::string("text"));
    folder.Write(".x.1.abcdef/file", std::string("text"));
    folder.Write(".y.99999999.abcdef/file", std::string("text"));
    const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(48);
    for (const char* name : {".x.99999999.abcdef", ".x.1.abcdef", ".y.99999999.abcdef"})
    {
        std::filesystem::last_write_time(folder.Path() / name, old);
    }
    const TemporaryFolder temporary(folder.Path(), "x");
    EXPECT_FALSE(std::filesystem::exists(folder.Path() / ".x.99999999.abcdef"));
    EXPECT_TRUE(std::filesystem::exists(folder.Path() / ".x.99999998.abcdef"));
    EXPECT_TRUE(std::filesystem::exists(folder.Path() / ".x.1.abcdef"));
    EXPECT_TRUE(std::filesystem::exists(folder.Path() / ".y.99999999.abcdef"));
}

TEST(TemporaryFolder, WhereNothingCanBeWritten)
{
    const TestFolder folder;
    const auto file = folder.Write("file", std::string("text"));
    ExpectLine(ErrorOf([&]() { TemporaryFolder temporary(file / "below", "x"); }),
               {"file/below", "cannot be written"});
}

} // namespace
} // namespace limitnet
