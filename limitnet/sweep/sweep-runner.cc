// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/sweep-runner.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <spawn.h>
#include <string>
#include <sys/file.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

extern char** environ; // NOLINT: POSIX

namespace limitnet
{

namespace
{

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/**
 * A lock on a folder, held until the end, and by the processes that are started meanwhile: when the
 * sweep is killed, nobody goes on with it before they have ended.
 *
 * The parts of a sweep hold one lock together, with their number in it, and each one of its own.
 */
class FolderLock
{
  public:
    FolderLock(const fs::path& folder, const std::string& name, const std::string& sharedBy)
        : m_descriptor(open((folder / name).c_str(), O_RDWR | O_CREAT, 0666))
    {
        if (m_descriptor < 0)
        {
            throw Error((folder / name).string() + ": cannot be written: " + std::strerror(errno));
        }
        const auto refuse = [&] {
            close(m_descriptor);
            throw Error(folder.string() + ": another process works on this sweep, or a run of one "
                                          "that was killed is not over");
        };
        if (flock(m_descriptor, LOCK_EX | LOCK_NB) == 0)
        {
            if (sharedBy.empty())
            {
                return;
            }
            const auto size = static_cast<ssize_t>(sharedBy.size());
            if (ftruncate(m_descriptor, 0) != 0 ||
                pwrite(m_descriptor, sharedBy.data(), sharedBy.size(), 0) != size)
            {
                refuse();
            }
        }
        if (sharedBy.empty() || flock(m_descriptor, LOCK_SH | LOCK_NB) != 0)
        {
            refuse();
        }
        std::string held(sharedBy.size() + 1, '\0');
        const auto read = pread(m_descriptor, held.data(), held.size(), 0);
        held.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read)));
        if (held != sharedBy)
        {
            refuse();
        }
    }

    ~FolderLock()
    {
        close(m_descriptor);
    }

    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int m_descriptor;
};

/** Writes a file that appears whole or not at all. */
void
WriteWhole(const fs::path& file, const std::string& text)
{
    const fs::path partial = file.string() + fmt::format(".{}", getpid());
    std::ofstream out(partial, std::ios::binary);
    out << text;
    out.close();
    std::error_code error;
    if (out)
    {
        fs::rename(partial, file, error);
    }
    if (!out || error)
    {
        fs::remove(partial, error);
        throw Error(file.string() + ": cannot be written: is the disk full?");
    }
}

std::string
ReadWhole(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/** \return a checksum of what runs: the program, and this project's libraries beside it */
std::string
ProgramDigest(const fs::path& program)
{
    std::vector<fs::path> files{program};
    const fs::path folder = program.parent_path().parent_path() / "lib";
    if (fs::is_directory(folder))
    {
        for (const auto& entry : fs::directory_iterator(folder))
        {
            const std::string name = entry.path().filename().string();
            const bool library = name.rfind("lib", 0) == 0 &&
                                 name.find("limitnet") != std::string::npos &&
                                 name.find(".so") != std::string::npos;
            if (library && !entry.is_symlink() && entry.is_regular_file())
            {
                files.push_back(entry.path());
            }
        }
    }
    std::sort(files.begin() + 1, files.end());
    return Sha256OfFiles(files);
}

/** A field of RFC 4180. */
std::string
Field(const std::string& text)
{
    if (text.find_first_of(",\"\n\r") == std::string::npos)
    {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text)
    {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

class Runner
{
  public:
    Runner(const SweepPlan& plan,
           const SweepOptions& options,
           std::ostream& progress,
           bool terminal,
           const std::atomic<bool>& stop)
        : m_plan(plan),
          m_options(options),
          m_progress(progress),
          m_terminal(terminal),
          m_stop(stop),
          m_program(options.programs / plan.Program())
    {
    }

    ~Runner()
    {
        End(); // whatever went wrong
    }

    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    SweepOutcome Run()
    {
        Prepare();
        const std::string shards =
            m_options.shardCount > 1 ? fmt::format("{} parts\n", m_options.shardCount) : "";
        const FolderLock all(m_options.out, ".lock", shards);
        const FolderLock mine(m_options.out, fmt::format(".lock-{}", m_options.shard), "");
        std::vector<std::size_t> wanted;
        for (std::size_t i = m_options.shard; i < m_plan.Size(); i += m_options.shardCount)
        {
            ++m_total;
            if (IsDone(i))
            {
                ++m_done;
            }
            else if (fs::exists(FailureOf(i)) && !m_options.retryFailed)
            {
                ++m_failed;
            }
            else
            {
                wanted.push_back(i);
            }
        }
        m_before = m_done + m_failed;
        m_start = Clock::now();
        auto next = wanted.begin();
        while (!m_stop && (next != wanted.end() || !m_running.empty()))
        {
            while (next != wanted.end() && m_running.size() < std::max(1U, m_options.jobs))
            {
                Start(*next++);
            }
            Show();
            Reap();
        }
        End();
        if (m_terminal)
        {
            m_progress << "\r\033[K" << std::flush;
        }
        SweepOutcome outcome;
        outcome.done = m_done;
        outcome.failed = m_failed;
        outcome.left = m_total - m_done - m_failed;
        outcome.interrupted = m_stop;
        outcome.merged = !m_stop && AllDone() && Merge();
        return outcome;
    }

  private:
    std::string NameOf(std::size_t index) const
    {
        const auto run = m_plan.At(index);
        return fmt::format("{}-{}", run.point, run.run);
    }

    fs::path ResultsOf(std::size_t index) const
    {
        const auto run = m_plan.At(index);
        return m_options.out / "runs" / std::to_string(run.point) / run.run;
    }

    fs::path FailureOf(std::size_t index) const
    {
        return m_options.out / "failed" / (NameOf(index) + ".log");
    }

    fs::path LogOf(std::size_t index) const
    {
        return m_options.out / "logs" / (NameOf(index) + ".log");
    }

    bool IsDone(std::size_t index) const
    {
        return fs::exists(ResultsOf(index) / "scenario.ini");
    }

    bool AllDone() const
    {
        for (std::size_t i = 0; i < m_plan.Size(); ++i)
        {
            if (!IsDone(i))
            {
                return false;
            }
        }
        return true;
    }

    void Prepare()
    {
        if (access(m_program.c_str(), X_OK) != 0)
        {
            throw Error(m_program.string() + ": no such program");
        }
        std::error_code error;
        for (const char* folder : {"runs", "logs", "failed"})
        {
            fs::create_directories(m_options.out / folder, error);
            if (error)
            {
                throw Error((m_options.out / folder).string() +
                            ": cannot be made: " + error.message());
            }
        }
        const fs::path record = m_options.out / "sweep.txt";
        const std::string digest = "program " + ProgramDigest(m_program) + '\n';
        if (fs::exists(record))
        {
            const std::string text = ReadWhole(record);
            if (text.rfind(digest, 0) != 0)
            {
                throw Error(m_options.out.string() + ": was made by another build of " +
                            m_plan.Program() + "; name another folder with --out");
            }
            if (text != digest + m_plan.Text())
            {
                throw Error(m_options.out.string() +
                            ": belongs to another scenario, or to this one before it was changed; "
                            "name another folder with --out");
            }
        }
        else
        {
            WriteWhole(m_options.out / "base.ini", m_plan.BaseText());
            WriteWhole(record, digest + m_plan.Text());
        }
    }

    std::vector<std::string> CommandOf(std::size_t index) const
    {
        const auto run = m_plan.At(index);
        std::vector<std::string> command{m_program.string(),
                                         "--scenario=" + (m_options.out / "base.ini").string(),
                                         "--out=" + (m_options.out / "runs").string(),
                                         fmt::format("--scenario.name={}", run.point),
                                         "--run=" + run.run};
        for (std::size_t a = 0; a < run.values.size(); ++a)
        {
            command.push_back("--" + m_plan.Axes()[a].key + "=" + run.values[a]);
        }
        return command;
    }

    void Start(std::size_t index)
    {
        const auto command = CommandOf(index);
        std::vector<char*> arguments;
        for (const auto& argument : command)
        {
            arguments.push_back(const_cast<char*>(argument.c_str()));
        }
        arguments.push_back(nullptr);
        const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
        const std::string threads =
            fmt::format("OMP_NUM_THREADS={}", std::max(1U, cores / std::max(1U, m_options.jobs)));
        std::vector<char*> environment;
        for (char** variable = environ; *variable != nullptr; ++variable)
        {
            if (std::strncmp(*variable, "OMP_NUM_THREADS=", 16) != 0)
            {
                environment.push_back(*variable);
            }
        }
        environment.push_back(const_cast<char*>(threads.c_str()));
        environment.push_back(nullptr);

        const std::string log = LogOf(index).string();
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions,
                                         1,
                                         log.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC,
                                         0666);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        // In a group of its own: Ctrl-C is for the sweep, which ends its processes itself.
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setpgroup(&attributes, 0);
        pid_t pid = 0;
        const int code = posix_spawn(&pid,
                                     m_program.c_str(),
                                     &actions,
                                     &attributes,
                                     arguments.data(),
                                     environment.data());
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (code != 0)
        {
            throw Error(m_program.string() + ": cannot be started: " + std::strerror(code));
        }
        m_running[pid] = index;
    }

    /** Looks which processes have ended, and waits a little when none has. */
    void Reap()
    {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0)
        {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            return;
        }
        const auto found = m_running.find(pid);
        if (found == m_running.end())
        {
            return;
        }
        const std::size_t index = found->second;
        m_running.erase(found);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && IsDone(index))
        {
            ++m_done;
            std::error_code ignored;
            fs::remove(FailureOf(index), ignored);
            return;
        }
        ++m_failed;
        std::string text = ReadWhole(LogOf(index));
        text += fmt::format("\n{} {}\ncommand: {}\n",
                            WIFEXITED(status) ? "exit status" : "ended by signal",
                            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
                            fmt::join(CommandOf(index), " "));
        WriteWhole(FailureOf(index), text);
        std::error_code ignored;
        fs::remove(LogOf(index), ignored);
        m_progress << (m_terminal ? "\r\033[K" : "") << "failed: " << FailureOf(index).string()
                   << '\n'
                   << std::flush;
    }

    void End()
    {
        for (const auto& [pid, index] : m_running)
        {
            kill(-pid, SIGTERM);
        }
        const auto until = Clock::now() + std::chrono::seconds(10);
        while (!m_running.empty() && Clock::now() < until)
        {
            for (auto i = m_running.begin(); i != m_running.end();)
            {
                const bool ended = waitpid(i->first, nullptr, WNOHANG) != 0;
                // One that was faster than the signal is done.
                m_done += ended && IsDone(i->second) ? 1 : 0;
                i = ended ? m_running.erase(i) : std::next(i);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        for (const auto& [pid, index] : m_running)
        {
            kill(-pid, SIGKILL);
            waitpid(pid, nullptr, 0);
        }
        m_running.clear();
    }

    void Show()
    {
        if (!m_terminal)
        {
            return;
        }
        const std::chrono::duration<double> passed = Clock::now() - m_start;
        const std::size_t now = m_done + m_failed - m_before;
        std::string line = fmt::format("\r{} of {} runs done, {} failed, {} running",
                                       m_done,
                                       m_total,
                                       m_failed,
                                       m_running.size());
        if (now > 0)
        {
            const double left = static_cast<double>(m_total - m_done - m_failed) * passed.count() /
                                static_cast<double>(now);
            line += fmt::format(", {:.0f} s left", left);
        }
        m_progress << line << "\033[K" << std::flush;
    }

    /** Writes each table of all runs as one. */
    bool Merge()
    {
        std::vector<fs::path> tables;
        for (const auto& entry : fs::directory_iterator(ResultsOf(0)))
        {
            if (entry.path().extension() == ".csv")
            {
                tables.push_back(entry.path().filename());
            }
        }
        std::sort(tables.begin(), tables.end());
        for (const auto& table : tables)
        {
            MergeTable(table);
        }
        return true;
    }

    void MergeTable(const fs::path& table)
    {
        const fs::path target = m_options.out / table;
        const fs::path partial = target.string() + fmt::format(".{}", getpid());
        std::ofstream out(partial, std::ios::binary);
        std::string header;
        for (std::size_t i = 0; i < m_plan.Size() && out; ++i)
        {
            const auto run = m_plan.At(i);
            const fs::path file = ResultsOf(i) / table;
            std::ifstream in(file, std::ios::binary);
            std::string line;
            if (!std::getline(in, line) || (i > 0 && line != header))
            {
                out.close();
                fs::remove(partial);
                throw Error(file.string() + ": is missing, or has other columns than that of the "
                                            "first run");
            }
            if (i == 0)
            {
                header = line;
                for (const auto& axis : m_plan.Axes())
                {
                    out << Field(axis.key) << ',';
                }
                out << "run," << header << '\n';
            }
            std::string front;
            for (const auto& value : run.values)
            {
                front += Field(value) + ',';
            }
            front += Field(run.run) + ',';
            while (std::getline(in, line))
            {
                out << front << line << '\n';
            }
        }
        out.close();
        std::error_code error;
        if (out)
        {
            fs::rename(partial, target, error);
        }
        if (!out || error)
        {
            fs::remove(partial, error);
            throw Error(target.string() + ": cannot be written: is the disk full?");
        }
    }

    const SweepPlan& m_plan;
    const SweepOptions& m_options;
    std::ostream& m_progress;
    bool m_terminal;
    const std::atomic<bool>& m_stop;
    fs::path m_program;
    std::map<pid_t, std::size_t> m_running;
    std::size_t m_total{0};
    std::size_t m_done{0};
    std::size_t m_failed{0};
    std::size_t m_before{0};
    Clock::time_point m_start;
};

} // namespace

SweepOutcome
RunSweep(const SweepPlan& plan,
         const SweepOptions& options,
         std::ostream& progress,
         bool terminal,
         const std::atomic<bool>& stop)
{
    return Runner(plan, options, progress, terminal, stop).Run();
}

} // namespace limitnet
