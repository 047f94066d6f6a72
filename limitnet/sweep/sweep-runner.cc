// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/sweep-runner.h"

#include "limitnet/sweep/run-processes.h"
#include "limitnet/sweep/sweep-folder.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <string>
#include <thread>
#include <vector>

namespace limitnet
{

namespace
{

using Clock = std::chrono::steady_clock;

/** What one line on a terminal says of a sweep that is under way. */
std::string
Line(const SweepOutcome& outcome, std::size_t running, std::size_t before, Clock::time_point start)
{
    const std::size_t total = outcome.done + outcome.failed + outcome.left;
    std::string line = fmt::format("{} of {} runs done, {} failed, {} running",
                                   outcome.done,
                                   total,
                                   outcome.failed,
                                   running);
    const std::size_t now = outcome.done + outcome.failed - before;
    if (now > 0)
    {
        const std::chrono::duration<double> passed = Clock::now() - start;
        line += fmt::format(", {:.0f} s left",
                            static_cast<double>(outcome.left) * passed.count() /
                                static_cast<double>(now));
    }
    return line;
}

} // namespace

SweepOutcome
RunSweep(const SweepPlan& plan,
         const SweepOptions& options,
         std::ostream& progress,
         bool terminal,
         const std::atomic<bool>& stop)
{
    const SweepFolder folder(plan, options.out, options.programs);
    folder.Prepare();
    const std::string shards =
        options.shardCount > 1 ? fmt::format("{} parts\n", options.shardCount) : "";
    const FolderLock all(options.out, ".lock", shards);
    const FolderLock mine(options.out, fmt::format(".lock-{}", options.shard), "");

    SweepOutcome outcome;
    std::vector<std::size_t> wanted;
    for (std::size_t i = options.shard; i < plan.Size(); i += options.shardCount)
    {
        if (folder.IsDone(i))
        {
            ++outcome.done;
        }
        else if (folder.HasFailed(i) && !options.retryFailed)
        {
            ++outcome.failed;
        }
        else
        {
            wanted.push_back(i);
        }
    }
    outcome.left = wanted.size();
    if (!wanted.empty())
    {
        folder.RemoveTables();
    }
    const std::size_t before = outcome.done + outcome.failed;
    const auto start = Clock::now();
    const unsigned jobs = std::max(1U, options.jobs);
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    // In groups of their own: Ctrl-C is for the sweep, which ends its processes itself.
    RunProcesses processes(folder, std::max(1U, cores / jobs), true);
    auto next = wanted.begin();
    while (!stop && (next != wanted.end() || processes.Size() > 0))
    {
        while (next != wanted.end() && processes.Size() < jobs)
        {
            processes.Start(*next++);
        }
        if (terminal)
        {
            progress << '\r' << Line(outcome, processes.Size(), before, start) << "\033[K"
                     << std::flush;
        }
        if (const auto ended = processes.Wait(std::chrono::milliseconds(20)))
        {
            const auto ending = folder.Settle(ended->index, ended->status);
            if (ending == SweepFolder::Ending::NO_SPACE)
            {
                outcome.problem = folder.NoSpaceFor(ended->index); // as the others would find
                break;
            }
            --outcome.left;
            if (ending == SweepFolder::Ending::DONE)
            {
                ++outcome.done;
                continue;
            }
            ++outcome.failed;
            progress << (terminal ? "\r\033[K" : "")
                     << "failed: " << folder.FailureOf(ended->index).string() << '\n'
                     << std::flush;
        }
    }
    const std::size_t faster = processes.End();
    outcome.done += faster;
    outcome.left -= faster;
    if (terminal)
    {
        progress << "\r\033[K" << std::flush;
    }
    outcome.interrupted = stop;
    if (!stop && !wanted.empty() && outcome.left == 0)
    {
        folder.CheckInputs(); // some may have changed meanwhile
    }
    outcome.merged = !stop && folder.WriteTables();
    return outcome;
}

} // namespace limitnet
