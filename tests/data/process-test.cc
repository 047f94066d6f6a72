// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/process.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(Process, ExitCodes)
{
    EXPECT_TRUE(RunProcess({"true"}).Ok());
    const ProcessResult failed = RunProcess({"sh", "-c", "exit 7"});
    EXPECT_TRUE(failed.started);
    EXPECT_EQ(failed.exitCode, 7);
    EXPECT_EQ(RunProcess({"sh", "-c", "kill -9 $$"}).exitCode, 128 + 9);
    const ProcessResult missing = RunProcess({"no-such-program-at-all"});
    EXPECT_FALSE(missing.started);
    EXPECT_FALSE(missing.reason.empty());
}

TEST(Process, ArgumentsReachItAsTheyAre)
{
    const TestFolder folder;
    ProcessOptions options;
    options.outputFile = folder.Path() / "out";
    EXPECT_TRUE(RunProcess({"printf", "%s|", "a b", "$HOME", "*", ""}, options).Ok());
    EXPECT_EQ(ReadText(options.outputFile), "a b|$HOME|*||");
}

TEST(Process, EnvironmentAndErrors)
{
    const TestFolder folder;
    const TestVariable variable("LIMITNET_TEST_A", "old");
    ProcessOptions options;
    options.outputFile = folder.Path() / "out";
    options.errorFile = folder.Path() / "err";
    options.environment = {"LIMITNET_TEST_A=new"};
    EXPECT_TRUE(
        RunProcess({"sh", "-c", "echo $LIMITNET_TEST_A; echo one >&2; echo two >&2; echo >&2"},
                   options)
            .Ok());
    EXPECT_EQ(ReadText(options.outputFile), "new\n");
    EXPECT_EQ(LastLine(options.errorFile), "two");
    EXPECT_EQ(LastLine(folder.Path() / "none"), "");
}

TEST(Process, CallsBackWhileItRuns)
{
    int calls = 0;
    ProcessOptions options;
    options.whileRunning = [&]() { ++calls; };
    EXPECT_TRUE(RunProcess({"sleep", "0.5"}, options).Ok());
    EXPECT_GE(calls, 1);
}

} // namespace
} // namespace limitnet
