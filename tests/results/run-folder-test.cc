// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/results/run-folder.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <stdexcept>

namespace limitnet
{
namespace
{

void
WriteInto(const RunFolder& run, const std::string& name, const std::string& text)
{
    std::ofstream(run.File(name)) << text;
}

TEST(RunFolder, AppearsWhole)
{
    const TestFolder folder;
    RunFolder run(folder.Path() / "out", "scene", 7);
    EXPECT_EQ(run.FinalPath(), folder.Path() / "out/scene/7");
    WriteInto(run, "scenario.ini", "seed = 1\n");
    WriteInto(run, "a.csv", "a\n");
    EXPECT_FALSE(std::filesystem::exists(run.FinalPath()));
    run.Commit();
    EXPECT_EQ(ReadText(run.FinalPath() / "a.csv"), "a\n");
    EXPECT_EQ(NamesIn(folder.Path() / "out/scene"), std::vector<std::string>{"7"});
}

TEST(RunFolder, ExceptionLeavesNothing)
{
    const TestFolder folder;
    try
    {
        RunFolder run(folder.Path() / "new/out", "scene", 7);
        WriteInto(run, "scenario.ini", "seed = 1\n");
        throw std::runtime_error("the simulation failed");
    }
    catch (const std::runtime_error&)
    {
    }
    EXPECT_TRUE(NamesIn(folder.Path()).empty());
}

TEST(RunFolder, EarlierResultsStayUntilTheNewOnesAreWhole)
{
    const TestFolder folder;
    folder.Write("scene/1/scenario.ini", std::string("old"));
    folder.Write("scene/1/old.csv", std::string("old"));
    folder.Write("scene/2/scenario.ini", std::string("other"));
    {
        RunFolder run(folder.Path(), "scene", 1);
        WriteInto(run, "scenario.ini", "new");
    }
    EXPECT_EQ(ReadText(folder.Path() / "scene/1/scenario.ini"), "old");
    {
        RunFolder run(folder.Path(), "scene", 1);
        WriteInto(run, "scenario.ini", "new");
        run.Commit();
    }
    EXPECT_EQ(ReadText(folder.Path() / "scene/1/scenario.ini"), "new");
    EXPECT_EQ(NamesIn(folder.Path() / "scene/1").size(), 1U);
    EXPECT_EQ(ReadText(folder.Path() / "scene/2/scenario.ini"), "other");
    EXPECT_EQ(NamesIn(folder.Path() / "scene").size(), 2U);
}

TEST(RunFolder, NeverReplacesWhatIsNoResult)
{
    const TestFolder folder;
    folder.Write("scene/1/thesis.txt", std::string("all my work"));
    ExpectLine(ErrorOf([&]() { RunFolder run(folder.Path(), "scene", 1); }),
               {"scene/1", "scenario.ini"});
    folder.Write("scene/2", std::string("a file"));
    ExpectLine(ErrorOf([&]() { RunFolder run(folder.Path(), "scene", 2); }), {"scene/2"});
    EXPECT_EQ(ReadText(folder.Path() / "scene/1/thesis.txt"), "all my work");
    EXPECT_EQ(NamesIn(folder.Path() / "scene").size(), 2U);
}

TEST(RunFolder, WhereNothingCanBeWritten)
{
    const TestFolder folder;
    const auto file = folder.Write("file", std::string("text"));
    ExpectLine(ErrorOf([&]() { RunFolder run(file, "scene", 1); }), {"file", "cannot be written"});
    EXPECT_EQ(NamesIn(folder.Path()).size(), 1U);
    for (const std::string name : {"", ".", "..", "a/b", ".hidden"})
    {
        EXPECT_THROW(RunFolder(folder.Path(), name, 1), Error) << name;
    }
    if (std::filesystem::exists("/proc/self"))
    {
        EXPECT_THROW(RunFolder("/proc/limitnet", "scene", 1), Error);
    }
}

TEST(RunFolder, NeedsItsRecord)
{
    const TestFolder folder;
    RunFolder run(folder.Path(), "scene", 1);
    EXPECT_THROW(run.Commit(), std::logic_error);
}

} // namespace
} // namespace limitnet
