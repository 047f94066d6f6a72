// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/slurm-engine.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/process.h"
#include "limitnet/sweep/run-processes.h"
#include "limitnet/sweep/slurm-queue.h"
#include "limitnet/sweep/sweep-folder.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <thread>

namespace limitnet
{

namespace
{

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/** What all who work on the folder for Slurm have in its lock. */
const std::string LOCK_TEXT = "slurm\n";

/** A word of a shell's command line that is taken as it is. */
std::string
Quoted(const std::string& word)
{
    std::string quoted = "'";
    for (const char c : word)
    {
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return quoted + "'";
}

/** Sleeps, but not on when asked to stop. */
void
Pause(Seconds duration, const std::atomic<bool>& stop)
{
    const auto until = Clock::now() + duration;
    while (!stop && Clock::now() < until)
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

class SlurmEngine
{
  public:
    SlurmEngine(const SweepFolder& folder,
                const SlurmOptions& options,
                std::ostream& progress,
                bool terminal,
                const std::atomic<bool>& stop)
        : m_folder(folder),
          m_options(options),
          m_progress(progress),
          m_terminal(terminal),
          m_stop(stop),
          m_scratch(folder.Path() / "slurm"),
          m_jobName("limitnet-" + FolderName()),
          m_queue(m_jobName, m_scratch)
    {
        std::error_code error;
        fs::create_directories(m_scratch, error);
        if (error)
        {
            throw Error(m_scratch.string() + ": cannot be made: " + error.message());
        }
    }

    SweepOutcome Run(bool retryFailed)
    {
        for (std::size_t i = 0; i < m_folder.Plan().Size(); ++i)
        {
            if (m_folder.IsDone(i))
            {
                ++m_outcome.done;
                continue;
            }
            if (retryFailed)
            {
                // Missing from now on, so that tasks and later calls run it.
                std::error_code ignored;
                fs::remove(m_folder.FailureOf(i), ignored);
            }
            if (m_folder.HasFailed(i))
            {
                ++m_outcome.failed;
                continue;
            }
            m_missing.push_back(i);
        }
        if (!m_missing.empty())
        {
            m_folder.RemoveTables();
            Work();
        }
        m_outcome.left = m_missing.size();
        m_outcome.interrupted = m_stop;
        m_outcome.merged = !m_stop && m_folder.WriteTables();
        return m_outcome;
    }

  private:
    /** \return eight characters that stand for the folder, the same for each call */
    std::string FolderName() const
    {
        const auto sum = Sha256Of(fs::weakly_canonical(fs::absolute(m_folder.Path())).string());
        return fmt::format("{:02x}", fmt::join(sum.begin(), sum.begin() + 4, ""));
    }

    void Say(const std::string& text)
    {
        m_progress << (m_terminal ? "\r\033[K" : "") << text << '\n' << std::flush;
    }

    /** Until nothing is missing, or no more can be done about it. */
    void Work()
    {
        const std::size_t before = m_outcome.done + m_outcome.failed;
        std::size_t submitted = 0; // runs missing at the last submission; 0: none yet
        unsigned fruitless = 0;
        bool answered = true;
        std::optional<Clock::time_point> start;
        const auto began = Clock::now();
        while (!m_stop)
        {
            // In this order: what a task that is gone by now has left is there.
            // A Slurm that answers now may be away for a while later.
            const std::optional<SlurmQueue::Tasks> tasks = submitted == 0 ? m_queue.Find() : Find();
            Scan();
            if (m_missing.empty())
            {
                break;
            }
            if (!tasks && answered)
            {
                Say("Slurm does not answer; waiting for it");
            }
            answered = tasks.has_value();
            if (tasks && tasks->running > 0 && !start)
            {
                start = Clock::now();
            }
            if (tasks && tasks->running + tasks->waiting == 0)
            {
                fruitless = submitted == m_missing.size() ? fruitless + 1 : 0;
                constexpr unsigned MAX_FRUITLESS = 3;
                if (fruitless == MAX_FRUITLESS)
                {
                    GiveUp();
                    return;
                }
                try
                {
                    Submit(submitted > 0);
                }
                catch (const Error&)
                {
                    // Ctrl-C ends sbatch too, perhaps after it has done its work.
                    if (!m_stop)
                    {
                        throw;
                    }
                }
                submitted = m_missing.size();
            }
            else if (submitted == 0)
            {
                Say("waiting for tasks that are in the queue already");
                submitted = m_folder.Plan().Size() + 1; // how many it had is not known
            }
            Show(tasks, before, start);
            // Often at first; a scheduler is not to be asked all the time.
            const Seconds passed = Clock::now() - began;
            Pause(std::clamp(passed / 10, Seconds(0.5), Seconds(15)), m_stop);
        }
        End();
    }

    std::optional<SlurmQueue::Tasks> Find() const
    {
        try
        {
            return m_queue.Find();
        }
        catch (const Error&)
        {
            return std::nullopt;
        }
    }

    /** Looks which of the missing runs are no longer missing. */
    void Scan()
    {
        const auto settled = [this](std::size_t index) {
            if (m_folder.IsDone(index))
            {
                ++m_outcome.done;
                return true;
            }
            if (m_folder.HasFailed(index))
            {
                ++m_outcome.failed;
                Say("failed: " + m_folder.FailureOf(index).string());
                return true;
            }
            return false;
        };
        m_missing.erase(std::remove_if(m_missing.begin(), m_missing.end(), settled),
                        m_missing.end());
    }

    void Submit(bool again)
    {
        // A cluster is slower with many short tasks than with fewer long ones.
        constexpr std::size_t ENOUGH_TASKS = 1000;
        const std::size_t count = std::min(
            {m_missing.size(), ENOUGH_TASKS, std::max<std::size_t>(1, m_queue.MaxTasks())});
        std::string list;
        for (std::size_t task = 0; task < count; ++task)
        {
            const auto first = task * m_missing.size() / count;
            const auto last = (task + 1) * m_missing.size() / count;
            for (auto i = first; i < last; ++i)
            {
                list += fmt::format("{}{}", m_missing[i], i + 1 < last ? " " : "\n");
            }
        }
        const fs::path script = m_scratch / "task.sh";
        const fs::path runs = m_scratch / "runs.txt";
        WriteWhole(runs, list);
        // With paths as they were given: the runs' own records have them.
        WriteWhole(script,
                   fmt::format("#!/bin/sh\n"
                               "# A task of the sweep's job array\n"
                               "cd {} &&\n"
                               "exec {} {} --out {} --programs {} --slurm-task {}\n",
                               Quoted(fs::current_path()),
                               Quoted(m_options.program),
                               Quoted(m_options.file),
                               Quoted(m_folder.Path()),
                               Quoted(m_folder.Program().parent_path()),
                               Quoted(runs)));
        const std::string job = m_queue.Submit(fs::absolute(script),
                                               count,
                                               m_options.tasks,
                                               fs::absolute(TasksLog()),
                                               m_options.sbatch);
        Say(fmt::format("{}job {}: {} runs in {} tasks",
                        again ? "again what is missing, " : "",
                        job,
                        m_missing.size(),
                        count));
    }

    fs::path TasksLog() const
    {
        return m_scratch / "tasks.log";
    }

    void GiveUp()
    {
        const std::string last = LastLine(TasksLog());
        m_outcome.problem = fmt::format("{} runs are missing after three job arrays that brought "
                                        "none to its end: {}{}",
                                        m_missing.size(),
                                        TasksLog().string(),
                                        last.empty() ? " is empty" : " says: " + last);
        if (m_terminal)
        {
            m_progress << "\r\033[K" << std::flush;
        }
    }

    /** Leaves nothing in the queue. */
    void End()
    {
        // Tasks that run although nothing is missing are on their last steps.
        constexpr std::chrono::seconds PATIENCE{60};
        const auto until = Clock::now() + PATIENCE;
        bool cancelled = false;
        for (bool there = true; there;)
        {
            const auto tasks = Find();
            there = !tasks || tasks->running + tasks->waiting > 0;
            if (there && Clock::now() > until)
            {
                Say("Slurm has not ended all tasks yet: see squeue --name=" + m_jobName);
                break;
            }
            if (there && !cancelled && (m_stop || (tasks && tasks->waiting > 0)))
            {
                cancelled = m_queue.Cancel();
            }
            if (there)
            {
                std::this_thread::sleep_for(std::chrono::milliseconds(500));
            }
        }
        Scan(); // some may have been faster
        if (m_terminal)
        {
            m_progress << "\r\033[K" << std::flush;
        }
    }

    void Show(const std::optional<SlurmQueue::Tasks>& tasks,
              std::size_t before,
              const std::optional<Clock::time_point>& start)
    {
        if (!m_terminal || !tasks)
        {
            return;
        }
        const std::size_t settled = m_outcome.done + m_outcome.failed;
        std::string line =
            fmt::format("\r{} of {} runs done, {} failed, {} tasks running, {} waiting",
                        m_outcome.done,
                        m_folder.Plan().Size(),
                        m_outcome.failed,
                        tasks->running,
                        tasks->waiting);
        if (tasks->running == 0 && tasks->waiting > 0)
        {
            line += " (" + tasks->reason + ")";
        }
        if (start && settled > before)
        {
            const Seconds passed = Clock::now() - *start;
            line += fmt::format(", {:.0f} s left",
                                static_cast<double>(m_missing.size()) * passed.count() /
                                    static_cast<double>(settled - before));
        }
        m_progress << line << "\033[K" << std::flush;
    }

    const SweepFolder& m_folder;
    const SlurmOptions& m_options;
    std::ostream& m_progress;
    bool m_terminal;
    const std::atomic<bool>& m_stop;
    fs::path m_scratch;
    std::string m_jobName;
    SlurmQueue m_queue;
    std::vector<std::size_t> m_missing;
    SweepOutcome m_outcome;
};

} // namespace

SweepOutcome
RunSweepOnSlurm(const SweepPlan& plan,
                const SweepOptions& options,
                const SlurmOptions& slurm,
                std::ostream& progress,
                bool terminal,
                const std::atomic<bool>& stop)
{
    const SweepFolder folder(plan, options.out, options.programs);
    folder.Prepare();
    const FolderLock all(options.out, ".lock", LOCK_TEXT);
    const FolderLock mine(options.out, ".lock-slurm", "");
    return SlurmEngine(folder, slurm, progress, terminal, stop).Run(options.retryFailed);
}

void
RunSlurmTask(const SweepPlan& plan,
             const SweepOptions& options,
             const fs::path& list,
             const std::atomic<bool>& stop)
{
    const auto number = [](const char* name, std::size_t otherwise) {
        const char* text = std::getenv(name);
        return text != nullptr ? std::strtoul(text, nullptr, 10) : otherwise;
    };
    const SweepFolder folder(plan, options.out, options.programs);
    folder.Check();
    const FolderLock lock = FolderLock::Join(options.out, ".lock", LOCK_TEXT);
    std::ifstream lines(list);
    std::string line;
    for (std::size_t i = 0; i <= number("SLURM_ARRAY_TASK_ID", 0); ++i)
    {
        if (!std::getline(lines, line))
        {
            throw Error(list.string() + ": has no line for this task");
        }
    }
    // Not in groups of their own: Slurm may know by the group what belongs to a task.
    const auto threads = number("SLURM_CPUS_ON_NODE", 1);
    RunProcesses processes(folder, static_cast<unsigned>(std::max(1UL, threads)), false);
    std::istringstream runs(line);
    for (std::size_t index = 0; !stop && runs >> index;)
    {
        if (index >= plan.Size())
        {
            throw Error(list.string() + ": names a run that the sweep does not have");
        }
        if (folder.IsDone(index) || folder.HasFailed(index) || !processes.Start(index))
        {
            continue;
        }
        while (!stop && processes.Size() > 0)
        {
            const auto ended = processes.Wait(std::chrono::milliseconds(100));
            if (!ended)
            {
                continue;
            }
            // Whoever ends the whole task sends its signals to this process too, perhaps later.
            const int signal = WIFSIGNALED(ended->status) ? WTERMSIG(ended->status) : 0;
            if (signal == SIGTERM || signal == SIGKILL)
            {
                Pause(Seconds(1), stop);
            }
            if ((signal == 0 || !stop) &&
                folder.Settle(ended->index, ended->status) == SweepFolder::Ending::NO_SPACE)
            {
                throw Error(folder.NoSpaceFor(ended->index));
            }
        }
    }
}

} // namespace limitnet
