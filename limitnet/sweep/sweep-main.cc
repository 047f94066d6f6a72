// SPDX-License-Identifier: GPL-2.0-only

// The program limitnet-sweep: all runs of a scenario file with a section [sweep].

#include "limitnet/codec/error.h"
#include "limitnet/sweep/sweep-plan.h"
#include "limitnet/sweep/sweep-runner.h"

#include <atomic>
#include <boost/program_options.hpp>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <string>
#include <thread>
#include <unistd.h>

namespace
{

namespace po = boost::program_options;
using limitnet::Error;

std::atomic<bool> g_stop{false}; // a signal handler has nothing else to write to

extern "C" void
OnSignal(int /* signal */)
{
    g_stop = true;
}

/** Reads "2/8". */
void
ReadShard(const std::string& text, limitnet::SweepOptions& options)
{
    std::size_t used = 0;
    try
    {
        const std::size_t number = std::stoul(text, &used);
        const std::string rest = text.substr(used);
        options.shardCount =
            rest.size() > 1 && rest[0] == '/' ? std::stoul(rest.substr(1), &used) : 0;
        if (number >= 1 && number <= options.shardCount && used == rest.size() - 1)
        {
            options.shard = number - 1;
            return;
        }
    }
    catch (const std::logic_error&)
    {
    }
    throw Error("--shard=" + text + ": has to be two numbers, such as 2/8 for the second of eight");
}

void
Describe(const limitnet::SweepPlan& plan)
{
    std::cout << plan.Program() << ", scenario " << plan.Name() << ": " << plan.PointCount()
              << " combinations x " << plan.Runs().size() << " runs = " << plan.Size() << " runs\n";
    for (const auto& axis : plan.Axes())
    {
        std::cout << "  " << axis.key << " = " << fmt::format("{}", fmt::join(axis.values, ", "))
                  << '\n';
    }
    std::cout << "  run = " << fmt::format("{}", fmt::join(plan.Runs(), ", ")) << '\n';
}

int
Main(int argc, char** argv)
{
    std::string file;
    std::string out;
    std::string programs;
    std::string shard;
    unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
    po::options_description options("Options");
    options.add_options()("out,o",
                          po::value(&out)->value_name("DIR"),
                          "folder of the sweep (results/NAME-sweep)")(
        "jobs,j",
        po::value(&jobs)->value_name("N")->default_value(jobs),
        "processes at once")(
        "shard",
        po::value(&shard)->value_name("I/N"),
        "only the I-th of N parts of the runs, for several machines that share "
        "the folder; who finds all done writes the tables")(
        "retry-failed",
        "run those again that failed before")("check", "say what would be run, and end")(
        "programs",
        po::value(&programs)->value_name("DIR"),
        "folder of the programs that run scenarios (that of this one)")("help,h",
                                                                        "print this text");
    po::options_description all;
    all.add(options).add_options()("file", po::value(&file));
    po::positional_options_description positional;
    positional.add("file", 1);
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help") > 0)
    {
        std::cout
            << "Usage: limitnet-sweep FILE [--jobs N] [--out DIR]\n\n"
               "Runs a scenario file with a section [sweep] for all its values. A sweep that was "
               "stopped\nor killed goes on with the same command (docs/sweep.md).\n\n"
            << options;
        return 0;
    }
    if (file.empty())
    {
        throw Error("name a scenario file with a section [sweep]; --help says more");
    }
    if (jobs < 1 || jobs > 1024)
    {
        throw Error(fmt::format("--jobs={}: has to be 1 to 1024", jobs));
    }
    const limitnet::SweepPlan plan(file);
    limitnet::SweepOptions sweep;
    sweep.jobs = jobs;
    sweep.out = out.empty() ? std::filesystem::path("results") / (plan.Name() + "-sweep")
                            : std::filesystem::path(out);
    sweep.programs = programs.empty()
                         ? std::filesystem::read_symlink("/proc/self/exe").parent_path()
                         : std::filesystem::path(programs);
    sweep.retryFailed = given.count("retry-failed") > 0;
    if (!shard.empty())
    {
        ReadShard(shard, sweep);
    }
    if (given.count("check") > 0)
    {
        Describe(plan);
        return 0;
    }
    std::signal(SIGINT, &OnSignal);
    std::signal(SIGTERM, &OnSignal);
    std::signal(SIGHUP, &OnSignal);
    const auto outcome =
        limitnet::RunSweep(plan, sweep, std::cerr, isatty(STDERR_FILENO) == 1, g_stop);
    std::cout << outcome.done << " runs done, " << outcome.failed << " failed";
    if (outcome.left > 0)
    {
        std::cout << ", " << outcome.left << " left: the same command goes on with them";
    }
    std::cout << '\n';
    if (outcome.failed > 0)
    {
        std::cout << "what failed is in " << (sweep.out / "failed").string()
                  << "; --retry-failed runs it again\n";
    }
    if (outcome.merged)
    {
        std::cout << "tables of all runs are in " << sweep.out.string() << '\n';
    }
    constexpr int INTERRUPTED = 130;
    return outcome.interrupted ? INTERRUPTED : outcome.failed > 0 ? 1 : 0;
}

} // namespace

int
main(int argc, char** argv)
{
    try
    {
        return Main(argc, argv);
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
