// SPDX-License-Identifier: GPL-2.0-only

// Sweeps with a program made up here, a shell script that takes the arguments of a scenario program
// and leaves what one leaves.

#include "limitnet/codec/error.h"
#include "limitnet/sweep/sweep-runner.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace limitnet;

namespace
{

namespace fs = std::filesystem;

/// Writes its arguments to a table; counts its runs; may fail, or take long.
const char* const PROGRAM = R"(#!/bin/sh
for a; do
    case $a in
    --out=*) out=${a#--out=} ;;
    --scenario.name=*) name=${a#--scenario.name=} ;;
    --run=*) run=${a#--run=} ;;
    --lora.sf=*) sf=${a#--lora.sf=} ;;
    esac
done
here=$(dirname "$0")
echo "$name-$run" >>"$here/started"
[ -e "$here/fail-$sf" ] && { echo "nothing works"; exit 3; }
if [ -e "$here/full" ]; then
    echo "error: $out/x.csv: cannot be written: `cat $here/full`" >&2
    exit 1
fi
mkdir -p "$out/$name"
[ -e "$here/leaves" ] && mkdir "$out/$name/.$run.$$.abcdef"
[ -e "$here/crash" ] && kill -SEGV $$
[ -e "$here/slow" ] && exec sleep 30
mkdir "$out/$name/.$run"
printf 'sf,threads\n%s,%s\n' "$sf" "$OMP_NUM_THREADS" >"$out/$name/.$run/a.csv"
printf 'x,y\n%s,1\n%s,"2,5"\n' "$sf" "$run" >"$out/$name/.$run/b.csv"
touch "$out/$name/.$run/scenario.ini"
mv "$out/$name/.$run" "$out/$name/$run"
)";

class SweepRunnerTest : public testing::Test
{
  protected:
    SweepRunnerTest()
    {
        m_folder.Write("bin/limitnet-lora-scenario", std::string(PROGRAM));
        fs::permissions(Bin() / "limitnet-lora-scenario", fs::perms::owner_all);
        m_folder.Write("x.ini", std::string("[sweep]\nlora.sf = 7..9\nrun = 1..2\n"));
    }

    fs::path Bin() const
    {
        return m_folder.Path() / "bin";
    }

    SweepOptions Options(const std::string& out = "out") const
    {
        SweepOptions options;
        options.out = m_folder.Path() / out;
        options.programs = Bin();
        options.jobs = 2;
        return options;
    }

    SweepOutcome Run(const SweepOptions& options)
    {
        m_progress.str("");
        return RunSweep(SweepPlan(m_folder.Path() / "x.ini"), options, m_progress, false, m_stop);
    }

    std::string Read(const fs::path& file) const
    {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    /** \return how many processes were started up to now */
    std::size_t Started() const
    {
        const auto text = Read(Bin() / "started");
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }

    TestFolder m_folder;
    std::ostringstream m_progress;
    std::atomic<bool> m_stop{false};
};

} // namespace

TEST_F(SweepRunnerTest, AllRunsOnceAndOneTableOfEachKind)
{
    const auto outcome = Run(Options());
    EXPECT_EQ(outcome.done, 6U);
    EXPECT_EQ(outcome.failed + outcome.left, 0U);
    EXPECT_TRUE(outcome.merged);
    EXPECT_EQ(Started(), 6U);
    const auto out = m_folder.Path() / "out";
    EXPECT_EQ(Read(out / "b.csv"),
              "lora.sf,run,x,y\n7,1,7,1\n7,1,1,\"2,5\"\n7,2,7,1\n7,2,2,\"2,5\"\n"
              "8,1,8,1\n8,1,1,\"2,5\"\n8,2,8,1\n8,2,2,\"2,5\"\n"
              "9,1,9,1\n9,1,1,\"2,5\"\n9,2,9,1\n9,2,2,\"2,5\"\n");
    const auto table = Read(out / "a.csv");
    EXPECT_EQ(table.rfind("lora.sf,run,sf,threads\n7,1,7,", 0), 0U) << table;

    // Again: nothing to do. With other numbers of jobs: the same bytes.
    EXPECT_EQ(Run(Options()).done, 6U);
    EXPECT_EQ(Started(), 6U);
    auto one = Options("one");
    one.jobs = 1;
    Run(one);
    EXPECT_EQ(Read(m_folder.Path() / "one/b.csv"), Read(out / "b.csv"));
}

TEST_F(SweepRunnerTest, TablesAreThereOnlyWhileTheyHaveAllRuns)
{
    Run(Options());
    const auto out = m_folder.Path() / "out";
    const auto table = Read(out / "b.csv");
    const auto written = fs::last_write_time(out / "b.csv");
    EXPECT_TRUE(Run(Options()).merged);
    EXPECT_EQ(fs::last_write_time(out / "b.csv"), written) << "nothing has changed";

    m_folder.Write("out/b.parquet", std::string());
    fs::remove_all(out / "runs/1/2");
    m_folder.Write("bin/fail-8", std::string());
    EXPECT_FALSE(Run(Options()).merged);
    EXPECT_FALSE(fs::exists(out / "a.csv"));
    EXPECT_FALSE(fs::exists(out / "b.csv"));
    EXPECT_FALSE(fs::exists(out / "b.parquet"));

    fs::remove(Bin() / "fail-8");
    auto retry = Options();
    retry.retryFailed = true;
    EXPECT_TRUE(Run(retry).merged);
    EXPECT_EQ(Read(out / "b.csv"), table);

    // Broken off between two tables.
    fs::remove(out / "b.csv");
    EXPECT_TRUE(Run(Options()).merged);
    EXPECT_EQ(Read(out / "b.csv"), table);
}

TEST_F(SweepRunnerTest, FailuresAreKeptApartAndRunAgainOnRequest)
{
    m_folder.Write("bin/fail-8", std::string());
    auto outcome = Run(Options());
    EXPECT_EQ(outcome.done, 4U);
    EXPECT_EQ(outcome.failed, 2U);
    EXPECT_FALSE(outcome.merged);
    EXPECT_NE(m_progress.str().find("failed: "), std::string::npos);
    const auto log = Read(m_folder.Path() / "out/failed/1-2.log");
    EXPECT_NE(log.find("nothing works"), std::string::npos) << log;
    EXPECT_NE(log.find("exit status 3"), std::string::npos) << log;
    EXPECT_NE(log.find("--lora.sf=8"), std::string::npos) << log;

    fs::remove(Bin() / "fail-8");
    outcome = Run(Options());
    EXPECT_EQ(outcome.failed, 2U) << "not without being asked";
    EXPECT_EQ(Started(), 6U);
    auto retry = Options();
    retry.retryFailed = true;
    outcome = Run(retry);
    EXPECT_EQ(outcome.done, 6U);
    EXPECT_EQ(outcome.failed, 0U);
    EXPECT_TRUE(outcome.merged);
    EXPECT_EQ(Started(), 8U);
    EXPECT_TRUE(fs::is_empty(m_folder.Path() / "out/failed"));
}

TEST_F(SweepRunnerTest, WhatElseCannotBeWrittenIsAFailureOfOneRun)
{
    // The sweep goes on with the others.
    m_folder.Write("bin/full", std::string("Input/output error"));
    const auto outcome = Run(Options());
    EXPECT_EQ(outcome.failed, 6U);
    EXPECT_EQ(outcome.left, 0U);
    EXPECT_EQ(outcome.problem, "");
}

TEST_F(SweepRunnerTest, AFullDiskIsNoFailureOfARun)
{
    m_folder.Write("bin/full", std::string("No space left on device"));
    auto one = Options();
    one.jobs = 1;
    auto outcome = Run(one);
    EXPECT_EQ(outcome.failed, 0U);
    EXPECT_EQ(outcome.left, 6U);
    EXPECT_FALSE(outcome.interrupted);
    EXPECT_FALSE(outcome.merged);
    EXPECT_NE(outcome.problem.find("the disk is full: "), std::string::npos) << outcome.problem;
    EXPECT_NE(outcome.problem.find("0-1.log says: error: "), std::string::npos) << outcome.problem;
    EXPECT_EQ(Started(), 1U) << "the others would find no room either";
    EXPECT_TRUE(fs::is_empty(m_folder.Path() / "out/failed"));

    fs::remove(Bin() / "full");
    outcome = Run(Options());
    EXPECT_TRUE(outcome.merged) << "the same command goes on";
    EXPECT_EQ(outcome.problem, "");
}

TEST_F(SweepRunnerTest, NothingHalfWrittenStays)
{
    // What a killed sweep's run has left, whose process is not ours: its log and half of its files.
    m_folder.Write("out/logs/0-1.log", std::string("begun\n"));
    fs::create_directories(m_folder.Path() / "out/runs/0/.1.77777.abcdef");
    m_folder.Write("out/runs/0/.1.77777.abcdef/x.csv", std::string("x\n"));
    fs::create_directories(m_folder.Path() / "out/runs/0/.10.77777.abcdef"); // of no run of ours
    m_folder.Write("bin/leaves", std::string());
    m_folder.Write("bin/crash", std::string());
    EXPECT_EQ(Run(Options()).failed, 6U);
    const auto hidden = [&] {
        std::size_t count = 0;
        for (const auto& entry : fs::recursive_directory_iterator(m_folder.Path() / "out/runs"))
        {
            count += entry.path().filename().string().front() == '.' ? 1 : 0;
        }
        return count;
    };
    EXPECT_EQ(hidden(), 1U);

    fs::remove(Bin() / "crash");
    m_folder.Write("bin/slow", std::string());
    auto retry = Options();
    retry.retryFailed = true;
    std::thread asks([&] {
        while (hidden() < 3)
        {
            std::this_thread::yield();
        }
        m_stop = true;
    });
    EXPECT_TRUE(Run(retry).interrupted);
    asks.join();
    EXPECT_EQ(hidden(), 1U);
}

TEST_F(SweepRunnerTest, ShardsShareTheFolderAndTheLastOneWritesTheTables)
{
    auto first = Options();
    first.shardCount = 2;
    auto second = first;
    second.shard = 1;
    auto outcome = Run(first);
    EXPECT_EQ(outcome.done, 3U);
    EXPECT_FALSE(outcome.merged);
    outcome = Run(second);
    EXPECT_EQ(outcome.done, 3U);
    EXPECT_TRUE(outcome.merged);
    EXPECT_EQ(Started(), 6U);
    Run(Options("whole"));
    EXPECT_EQ(Read(m_folder.Path() / "out/b.csv"), Read(m_folder.Path() / "whole/b.csv"));
}

TEST_F(SweepRunnerTest, AskedToStopItEndsItsProcessesAndGoesOnLater)
{
    m_folder.Write("bin/slow", std::string());
    std::thread asks([&] {
        while (Started() < 2)
        {
            std::this_thread::yield();
        }
        m_stop = true;
    });
    const auto outcome = Run(Options());
    asks.join();
    EXPECT_TRUE(outcome.interrupted);
    EXPECT_EQ(outcome.done + outcome.failed, 0U);
    EXPECT_EQ(outcome.left, 6U);
    EXPECT_TRUE(fs::is_empty(m_folder.Path() / "out/failed"));

    fs::remove(Bin() / "slow");
    m_stop = false;
    EXPECT_TRUE(Run(Options()).merged);
}

TEST_F(SweepRunnerTest, KilledItGoesOnWhereItWas)
{
    const pid_t child = fork();
    if (child == 0)
    {
        std::ostringstream silent;
        const std::atomic<bool> never{false};
        auto options = Options();
        options.jobs = 1;
        RunSweep(SweepPlan(m_folder.Path() / "x.ini"), options, silent, false, never);
        _exit(0);
    }
    while (Started() < 3)
    {
        std::this_thread::yield();
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    // The process that it had started ends by itself; wait for it.
    const auto before = Started();
    std::size_t done = 0;
    while (done < before)
    {
        done = 0;
        for (int point = 0; point < 3; ++point)
        {
            for (int run = 1; run <= 2; ++run)
            {
                done += fs::exists(m_folder.Path() / "out/runs" / std::to_string(point) /
                                   std::to_string(run) / "scenario.ini")
                            ? 1
                            : 0;
            }
        }
    }
    // Its process holds the folder until it has ended.
    SweepOutcome outcome;
    for (bool free = false; !free;)
    {
        try
        {
            outcome = Run(Options());
            free = true;
        }
        catch (const Error& error)
        {
            EXPECT_NE(std::string(error.what()).find("not over"), std::string::npos);
        }
    }
    EXPECT_TRUE(outcome.merged);
    EXPECT_EQ(Started(), 6U) << "no finished run again";
}

TEST_F(SweepRunnerTest, NobodyElseWorksOnTheFolderMeanwhile)
{
    m_folder.Write("bin/slow", std::string());
    auto first = Options();
    first.shardCount = 2;
    std::ostringstream silent;
    std::thread works(
        [&] { RunSweep(SweepPlan(m_folder.Path() / "x.ini"), first, silent, false, m_stop); });
    while (Started() < 2)
    {
        std::this_thread::yield();
    }
    const std::atomic<bool> now{true}; // asked to stop before it begins
    const auto refused = [&](std::size_t shard, std::size_t count) {
        auto options = Options();
        options.shard = shard;
        options.shardCount = count;
        try
        {
            std::ostringstream out;
            RunSweep(SweepPlan(m_folder.Path() / "x.ini"), options, out, false, now);
        }
        catch (const Error&)
        {
            return true;
        }
        return false;
    };
    EXPECT_TRUE(refused(0, 1)) << "all of it";
    EXPECT_TRUE(refused(0, 2)) << "the same part";
    EXPECT_TRUE(refused(1, 3)) << "parts of another size";
    EXPECT_FALSE(refused(1, 2)) << "the other part";
    m_stop = true;
    works.join();
    EXPECT_FALSE(refused(0, 1)) << "afterwards";
}

TEST_F(SweepRunnerTest, AFolderBelongsToOneSweepAndOneProgram)
{
    Run(Options());
    const auto errorOf = [&] {
        try
        {
            Run(Options());
        }
        catch (const Error& error)
        {
            return std::string(error.what());
        }
        return std::string();
    };
    m_folder.Write("x.ini", std::string("[sweep]\nlora.sf = 7..10\nrun = 1..2\n"));
    EXPECT_NE(errorOf().find("another scenario"), std::string::npos) << errorOf();
    m_folder.Write("x.ini", std::string("[sweep]\nlora.sf = 7..9\nrun = 1..2\n"));
    EXPECT_EQ(errorOf(), "");
    m_folder.Write("bin/limitnet-lora-scenario", std::string(PROGRAM) + "# changed\n");
    EXPECT_NE(errorOf().find("another build"), std::string::npos) << errorOf();
    fs::remove(Bin() / "limitnet-lora-scenario");
    EXPECT_NE(errorOf().find("no such program"), std::string::npos) << errorOf();
}
