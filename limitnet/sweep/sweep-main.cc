// SPDX-License-Identifier: GPL-2.0-only

// The program limitnet-sweep: all runs of a scenario file with a section [sweep].

#include "limitnet/codec/error.h"
#include "limitnet/results/parquet.h"
#include "limitnet/sweep/slurm-engine.h"
#include "limitnet/sweep/sweep-check.h"
#include "limitnet/sweep/sweep-plan.h"
#include "limitnet/sweep/sweep-runner.h"

#include <algorithm>
#include <atomic>
#include <boost/program_options.hpp>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>
#include <string>
#include <thread>
#include <unistd.h>

namespace
{

namespace po = boost::program_options;
using limitnet::Error;

constexpr int INTERRUPTED = 130; // exit status, as a shell has it of Ctrl-C

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
    throw Error("--shard=" + text +
                ": has to be I/N, I from 1 to N, such as 2/8 for the second of eight parts");
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

/** Says how a sweep has ended. \return the exit status */
int
Report(const limitnet::SweepOutcome& outcome, const std::filesystem::path& out, bool parquetWanted)
{
    std::cout << outcome.done << " runs done, " << outcome.failed << " failed";
    if (outcome.left > 0)
    {
        std::cout << ", " << outcome.left << " left: the same command goes on with them";
    }
    std::cout << '\n';
    if (outcome.failed > 0)
    {
        std::cout << "what failed is in " << (out / "failed").string()
                  << "; --retry-failed runs it again\n";
    }
    if (outcome.merged)
    {
        std::cout << "tables of all runs are in " << out.string() << '\n';
        if (parquetWanted || limitnet::ProblemOfParquetLibrary().empty())
        {
            limitnet::WriteParquet(out);
        }
    }
    if (!outcome.problem.empty())
    {
        std::cerr << "error: " << outcome.problem << '\n';
    }
    const bool bad = outcome.failed > 0 || !outcome.problem.empty();
    return outcome.interrupted ? INTERRUPTED : bad ? 1 : 0;
}

int
Main(int argc, char** argv)
{
    std::string engine;
    std::string slurmOptions;
    std::string slurmTask;
    std::string file;
    std::string out;
    std::string programs;
    std::string shard;
    constexpr long MAX_JOBS = 1024;
    long jobsGiven =
        std::clamp(static_cast<long>(std::thread::hardware_concurrency()), 1L, MAX_JOBS);
    po::options_description options("Options");
    options.add_options()("out,o",
                          po::value(&out)->value_name("DIR"),
                          "folder of the sweep (results/NAME-sweep)")(
        "jobs,j",
        po::value(&jobsGiven)->value_name("N")->default_value(jobsGiven),
        "processes at once; with --engine slurm: tasks at once, by default as many as the cluster "
        "likes")(
        "engine",
        po::value(&engine)->value_name("NAME")->default_value("local"),
        "local: processes here; slurm: a job array of a Slurm cluster that has the folder")(
        "slurm-options",
        po::value(&slurmOptions)->value_name("TEXT"),
        "options of sbatch, such as \"--partition=long --time=2:00:00\"")(
        "parquet",
        "refuse to start where tables cannot be written as Parquet files too, as they are wherever "
        "DuckDB is (limitnet data fetch duckdb)")(
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
    // --slurm-task is for the tasks of --engine slurm.
    all.add(options).add_options()("file", po::value(&file))("slurm-task", po::value(&slurmTask));
    po::positional_options_description positional;
    positional.add("file", 1);
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help") > 0)
    {
        std::cout
            << "Usage: limitnet-sweep FILE [--jobs N] [--out DIR]\n\n"
               "Runs a scenario file with a section [sweep] for all its values; FILE may be one of "
               "the\nproject's own scenarios, by its name. A sweep that was "
               "stopped\nor killed goes on with the same command (docs/sweep.md).\n\n"
            << options;
        return 0;
    }
    if (file.empty())
    {
        throw Error("name a scenario file with a section [sweep]; --help says more");
    }
    if (jobsGiven < 1 || jobsGiven > MAX_JOBS)
    {
        throw Error(fmt::format("--jobs={}: has to be 1 to {}", jobsGiven, MAX_JOBS));
    }
    const auto jobs = static_cast<unsigned>(jobsGiven);
    if (engine != "local" && engine != "slurm")
    {
        throw Error("--engine=" + engine + ": has to be local or slurm");
    }
    if (engine == "slurm" && !shard.empty())
    {
        throw Error("--shard: is for --engine local; Slurm has its own machines");
    }
    if (engine == "local" && !slurmOptions.empty())
    {
        throw Error("--slurm-options: is for --engine slurm");
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
    const bool checkWanted = given.count("check") > 0;
    if (checkWanted)
    {
        Describe(plan);
    }
    const bool parquetWanted = given.count("parquet") > 0;
    if (parquetWanted && !checkWanted)
    {
        const std::string missing = limitnet::ProblemOfParquetLibrary();
        if (!missing.empty())
        {
            throw Error(missing);
        }
    }
    std::signal(SIGINT, &OnSignal);
    std::signal(SIGTERM, &OnSignal);
    if (engine == "local")
    {
        std::signal(SIGHUP, &OnSignal); // a job array goes on when the terminal is closed
    }
    if (!slurmTask.empty())
    {
        limitnet::RunSlurmTask(plan, sweep, slurmTask, g_stop);
        return 0;
    }
    // A sweep that goes on has passed it.
    const bool isNew = !std::filesystem::exists(sweep.out / "sweep.txt");
    if ((checkWanted || isNew) && !limitnet::CheckSweep(plan, sweep.programs, jobs, g_stop))
    {
        return INTERRUPTED;
    }
    if (checkWanted)
    {
        return 0;
    }
    const bool terminal = isatty(STDERR_FILENO) == 1;
    if (engine == "local")
    {
        return Report(limitnet::RunSweep(plan, sweep, std::cerr, terminal, g_stop),
                      sweep.out,
                      parquetWanted);
    }
    limitnet::SlurmOptions slurm;
    slurm.tasks = given["jobs"].defaulted() ? 0 : jobs;
    slurm.sbatch = po::split_unix(slurmOptions);
    slurm.program = std::filesystem::read_symlink("/proc/self/exe");
    slurm.file = plan.File();
    return Report(limitnet::RunSweepOnSlurm(plan, sweep, slurm, std::cerr, terminal, g_stop),
                  sweep.out,
                  parquetWanted);
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
