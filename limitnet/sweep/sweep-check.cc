// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/sweep-check.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/process.h"
#include "limitnet/data/temporary-folder.h"
#include "limitnet/sweep/sweep-folder.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <thread>
#include <vector>

namespace limitnet
{

namespace
{

namespace fs = std::filesystem;

/** \return what the program has against a command; empty: nothing */
std::string
Objection(std::vector<std::string> command, unsigned threads, const fs::path& log)
{
    command.emplace_back("--check");
    ProcessOptions options;
    options.errorFile = log;
    options.environment = {fmt::format("OMP_NUM_THREADS={}", threads)};
    const ProcessResult result = RunProcess(command, options);
    if (result.Ok())
    {
        return "";
    }
    const std::string prefix = "error: ";
    const std::string said = LastLine(log);
    if (said.empty())
    {
        return command.front() + " --check: " +
               (result.started ? fmt::format("exit status {}", result.exitCode) : result.reason);
    }
    return said.rfind(prefix, 0) == 0 ? said.substr(prefix.size()) : said;
}

} // namespace

bool
CheckSweep(const SweepPlan& plan,
           const fs::path& programs,
           unsigned jobs,
           const std::atomic<bool>& stop)
{
    constexpr std::size_t MOST = 64;
    const auto sample = plan.Sample(MOST);
    const TemporaryFolder scratch(fs::temp_directory_path(), "limitnet-sweep-check");
    const SweepFolder folder(plan, scratch.Path(), programs);
    fs::create_directory(scratch.Path() / "runs"); // so that no program removes another's
    WriteWhole(scratch.Path() / "base.ini", plan.BaseText());

    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const unsigned threads = std::max(1U, cores / std::max(1U, jobs));
    std::vector<std::string> objections(sample.size());
    std::atomic<std::size_t> next{0};
    std::atomic<bool> enough{false};
    const auto ask = [&] {
        for (std::size_t i = next++; i < sample.size() && !stop && !enough; i = next++)
        {
            const auto log = scratch.Path() / fmt::format("{}.log", i);
            objections[i] = Objection(folder.CommandOf(sample[i]), threads, log);
            enough = enough || !objections[i].empty();
        }
    };
    std::vector<std::thread> workers;
    for (std::size_t j = 0; j < std::min<std::size_t>(std::max(1U, jobs), sample.size()); ++j)
    {
        workers.emplace_back(ask);
    }
    for (auto& worker : workers)
    {
        worker.join();
    }
    if (stop)
    {
        return false; // who was ended has said nothing
    }
    // The first one: whatever the number of processes, it was asked about.
    const auto first = std::find_if(objections.begin(), objections.end(), [](const auto& text) {
        return !text.empty();
    });
    if (first != objections.end())
    {
        const auto run = plan.At(sample[static_cast<std::size_t>(first - objections.begin())]);
        std::string values;
        for (std::size_t a = 0; a < run.values.size(); ++a)
        {
            values +=
                fmt::format("{}{} = {}", a == 0 ? "" : ", ", plan.Axes()[a].key, run.values[a]);
        }
        throw Error(plan.File().string() + ": " + (values.empty() ? "" : "with " + values + ": ") +
                    *first);
    }
    return true;
}

} // namespace limitnet
