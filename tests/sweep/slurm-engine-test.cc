// SPDX-License-Identifier: GPL-2.0-only

// Sweeps on a made-up cluster: scripts in PATH with the names of Slurm's commands. What they say
// and take is that of Slurm 22.05; check-slurm.py runs the real one.

#include "limitnet/sweep/slurm-engine.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

using namespace limitnet;

namespace
{

namespace fs = std::filesystem;

/// Leaves what a scenario program leaves.
const char* const PROGRAM = R"(#!/bin/sh
for a; do
    case $a in
    --out=*) out=${a#--out=} ;;
    --scenario.name=*) name=${a#--scenario.name=} ;;
    --run=*) run=${a#--run=} ;;
    esac
done
echo "$name-$run" >>"${0%/*}/started"
mkdir -p "$out/$name/.$run"
printf 'x\n%s\n' "$run" >"$out/$name/.$run/a.csv"
touch "$out/$name/.$run/scenario.ini"
mv "$out/$name/.$run" "$out/$name/$run"
)";

/// Runs the tasks at once, but for the one that a file names, and says what it was asked.
const char* const SBATCH = R"(#!/bin/sh
here=${0%/*}
echo "$@" >>"$here/asked"
for a; do
    case $a in
    --array=0-*) last=${a#--array=0-} ;;
    --output=*) log=${a#--output=} ;;
    esac
    script=$a
done
task=0
while [ $task -le ${last%\%*} ]; do
    [ -e "$here/lost-$task" ] || SLURM_ARRAY_TASK_ID=$task sh "$script" >>"$log" 2>&1
    task=$((task + 1))
done
rm -f "$here/lost-0"
echo "17;cluster"
)";

class SlurmEngineTest : public testing::Test
{
  protected:
    SlurmEngineTest()
        : m_path("PATH", (m_folder.Path() / "slurm").string() + ":" + std::getenv("PATH"))
    {
        Command("bin/limitnet-lora-scenario", PROGRAM);
        Command("slurm/squeue", "#!/bin/sh\n");
        Command("slurm/scancel", "#!/bin/sh\n");
        Command("slurm/scontrol", "#!/bin/sh\necho 'MaxArraySize            = 3'\n");
        Command("slurm/sbatch", SBATCH);
        m_folder.Write("x.ini", std::string("[sweep]\nlora.sf = 7..8\nrun = 1..4\n"));
    }

    void Command(const std::string& name, const std::string& text) const
    {
        fs::permissions(m_folder.Write(name, text), fs::perms::owner_all);
    }

    SweepOutcome Run(unsigned tasks = 0)
    {
        m_progress.str("");
        SweepOptions options;
        options.out = m_folder.Path() / "out";
        options.programs = m_folder.Path() / "bin";
        SlurmOptions slurm;
        slurm.tasks = tasks;
        slurm.sbatch = {"--partition=long"};
        slurm.program = fs::path(LIMITNET_TEST_BIN_DIR) / "limitnet-sweep";
        slurm.file = m_folder.Path() / "x.ini";
        return RunSweepOnSlurm(SweepPlan(slurm.file), options, slurm, m_progress, false, m_stop);
    }

    std::size_t Started() const
    {
        const auto text = ReadText(m_folder.Path() / "bin/started");
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }

    TestFolder m_folder;
    TestVariable m_path;
    std::ostringstream m_progress;
    std::atomic<bool> m_stop{false};
};

} // namespace

TEST_F(SlurmEngineTest, AsManyTasksAsAnArrayMayHaveShareTheRuns)
{
    const auto outcome = Run(2);
    EXPECT_EQ(outcome.done, 8U) << ReadText(m_folder.Path() / "out/slurm/tasks.log");
    EXPECT_TRUE(outcome.merged);
    EXPECT_EQ(Started(), 8U);
    EXPECT_EQ(ReadText(m_folder.Path() / "out/slurm/runs.txt"), "0 1\n2 3 4\n5 6 7\n");
    EXPECT_EQ(ReadText(m_folder.Path() / "out/a.csv"),
              "lora.sf,run,x\n7,1,1\n7,2,2\n7,3,3\n7,4,4\n8,1,1\n8,2,2\n8,3,3\n8,4,4\n");
    const auto asked = ReadText(m_folder.Path() / "slurm/asked");
    EXPECT_NE(asked.find("--array=0-2%2 "), std::string::npos) << asked;
    EXPECT_NE(asked.find(" --partition=long "), std::string::npos) << asked;
    EXPECT_EQ(m_progress.str(), "job 17: 8 runs in 3 tasks\n");
    EXPECT_TRUE(ReadText(m_folder.Path() / "out/slurm/tasks.log").empty());
}

TEST_F(SlurmEngineTest, WhatALostTaskHadIsSubmittedAgain)
{
    m_folder.Write("slurm/lost-0", std::string());
    const auto outcome = Run();
    EXPECT_EQ(outcome.done, 8U);
    EXPECT_EQ(Started(), 8U) << "finished runs are not repeated";
    EXPECT_EQ(m_progress.str(),
              "job 17: 8 runs in 3 tasks\nagain what is missing, job 17: 2 runs in 2 tasks\n");
}

TEST_F(SlurmEngineTest, ItGivesUpWhenNothingIsBroughtToAnEnd)
{
    m_folder.Write("slurm/lost-2", std::string());
    Command("slurm/sbatch", "#!/bin/sh\necho x >>${0%/*}/asked\necho 4\n");
    const auto outcome = Run();
    EXPECT_EQ(outcome.left, 8U);
    EXPECT_FALSE(outcome.merged);
    ExpectLine(outcome.problem, {"8 runs", "three job arrays", "tasks.log"});
    EXPECT_EQ(ReadText(m_folder.Path() / "slurm/asked"), "x\nx\nx\n");
}

TEST_F(SlurmEngineTest, AFullDiskIsNoFailureOfARun)
{
    Command("bin/limitnet-lora-scenario",
            "#!/bin/sh\necho 'error: x: No space left on device' >&2\nexit 1\n");
    const auto outcome = Run();
    EXPECT_EQ(outcome.failed, 0U);
    EXPECT_EQ(outcome.left, 8U);
    ExpectLine(outcome.problem, {"8 runs", "the disk is full", "No space left on device"});
}

TEST_F(SlurmEngineTest, WithoutSlurmOrAgainstItOneLineSaysSo)
{
    Command("slurm/sbatch",
            "#!/bin/sh\necho 'sbatch: error: invalid partition: long' >&2\nexit 1\n");
    EXPECT_EQ(ErrorOf([&] { Run(); }), "Slurm does not take the job: invalid partition: long");
    Command("slurm/scontrol", "#!/bin/sh\necho 'MaxArraySize = 0'\n");
    ExpectLine(ErrorOf([&] { Run(); }), {"no job arrays"});
    Command("slurm/squeue", "#!/bin/sh\necho 'slurm_load_jobs error: no route' >&2\nexit 1\n");
    ExpectLine(ErrorOf([&] { Run(); }), {"Slurm does not answer: slurm_load_jobs error: no route"});
    const TestVariable nothing("PATH", (m_folder.Path() / "bin").string());
    ExpectLine(ErrorOf([&] { Run(); }), {"squeue cannot be run", "--engine slurm"});
}
