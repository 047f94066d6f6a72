// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_PROCESS_H
#define LIMITNET_DATA_PROCESS_H

#include <filesystem>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace limitnet
{

/** How to run another program. */
struct ProcessOptions
{
    std::filesystem::path outputFile;     ///< where its standard output goes; empty: discarded
    std::filesystem::path errorFile;      ///< where its standard error goes; empty: where ours goes
    std::vector<std::string> environment; ///< NAME=value, added to ours
    std::function<void()> whileRunning;   ///< called about every 0.2 s, may be empty
};

/** What came of it. */
struct ProcessResult
{
    bool started = false; ///< false: there is no such program, or it may not be run
    int exitCode = -1;    ///< its exit code; 128 + signal number when a signal ended it
    std::string reason;   ///< when it did not start: why, in words

    /** \return whether it ran and was content. */
    bool Ok() const
    {
        return started && exitCode == 0;
    }
};

/**
 * Runs a program and waits for it; no shell is involved.
 *
 * \param arguments the program (looked for in PATH when it has no slash) and its arguments
 */
ProcessResult RunProcess(const std::vector<std::string>& arguments,
                         const ProcessOptions& options = {});

/** How to start another program that is not waited for. */
struct StartOptions
{
    int output = -1;       ///< descriptor of its standard output and error; -1: those of ours
    bool ownGroup = false; ///< begins a group of processes, which signals to ours do not reach
    std::vector<std::string> environment; ///< NAME=value, added to ours
};

/**
 * Starts a program with nothing to read and does not wait for it; no shell is involved.
 *
 * \param arguments the program (looked for in PATH when it has no slash) and its arguments
 * \return its process id
 * \throws Error with the program's name when it cannot be started
 */
pid_t StartProcess(const std::vector<std::string>& arguments, const StartOptions& options = {});

/** \return the last line of a text file that is not empty, shortened to 200 characters; "" without
 * one. */
std::string LastLine(const std::filesystem::path& file);

} // namespace limitnet

#endif // LIMITNET_DATA_PROCESS_H
