// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TESTS_CLI_RUN_COMMAND_H
#define LIMITNET_TESTS_CLI_RUN_COMMAND_H

#include "limitnet/data/process.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace limitnet
{

/** What a run of a program gave. */
struct ProgramRun
{
    int exitCode;
    std::string out;
    std::string err;
};

/** \param command a program of this build, by its path, and its arguments \return what it gave */
inline ProgramRun
RunCommand(const std::vector<std::string>& command)
{
    const TestFolder folder;
    ProcessOptions options;
    options.outputFile = folder.Path() / "out";
    options.errorFile = folder.Path() / "err";
    const auto result = RunProcess(command, options);
    EXPECT_TRUE(result.started) << result.reason;
    return {result.exitCode, ReadText(options.outputFile), ReadText(options.errorFile)};
}

} // namespace limitnet

#endif // LIMITNET_TESTS_CLI_RUN_COMMAND_H
