// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/run-processes.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <string>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace limitnet
{

namespace
{

/** The log of a run, locked by us and then by its process, which has it as its output. */
class Log
{
  public:
    explicit Log(const std::string& file)
        : m_descriptor(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666))
    {
        if (m_descriptor < 0)
        {
            throw Error(file + ": cannot be written: " + std::strerror(errno));
        }
    }

    ~Log()
    {
        close(m_descriptor);
    }

    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    bool Lock() const
    {
        return flock(m_descriptor, LOCK_EX | LOCK_NB) == 0;
    }

    bool Empty() const
    {
        return ftruncate(m_descriptor, 0) == 0;
    }

    int Descriptor() const
    {
        return m_descriptor;
    }

  private:
    int m_descriptor;
};

} // namespace

RunProcesses::RunProcesses(const SweepFolder& folder, unsigned threads, bool ownGroups)
    : m_folder(folder),
      m_threads(threads),
      m_ownGroups(ownGroups)
{
}

RunProcesses::~RunProcesses()
{
    End();
}

bool
RunProcesses::Start(std::size_t index)
{
    std::error_code ignored;
    const bool begunBefore = std::filesystem::exists(m_folder.LogOf(index), ignored);
    const Log log(m_folder.LogOf(index).string());
    if (!log.Lock())
    {
        return false;
    }
    if (!log.Empty())
    {
        throw Error(m_folder.LogOf(index).string() + ": cannot be written");
    }
    // Only where there may be some, as it takes a look at all runs of a combination.
    if (begunBefore)
    {
        m_folder.RemoveLeftovers(index, 0); // the lock says that nobody works on them
    }
    StartOptions options;
    options.output = log.Descriptor();
    options.ownGroup = m_ownGroups;
    options.environment = {fmt::format("OMP_NUM_THREADS={}", m_threads)};
    const pid_t pid = StartProcess(m_folder.CommandOf(index), options);
    // Since Linux 5.3; without it Wait looks again and again.
    m_running[pid] = {index, static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
    return true;
}

std::optional<RunProcesses::Ended>
RunProcesses::Reap()
{
    for (auto i = m_running.begin(); i != m_running.end(); ++i)
    {
        int status = 0;
        if (waitpid(i->first, &status, WNOHANG) != 0)
        {
            const Ended ended{i->second.index, status};
            if (status != 0)
            {
                m_folder.RemoveLeftovers(ended.index, i->first);
            }
            if (i->second.watch >= 0)
            {
                close(i->second.watch);
            }
            m_running.erase(i);
            return ended;
        }
    }
    return std::nullopt;
}

std::optional<RunProcesses::Ended>
RunProcesses::Wait(std::chrono::milliseconds atMost)
{
    auto ended = Reap();
    if (ended || m_running.empty())
    {
        return ended;
    }
    std::vector<pollfd> watched;
    for (const auto& [pid, process] : m_running)
    {
        watched.push_back({process.watch, POLLIN, 0}); // a negative one is passed over
    }
    poll(watched.data(), watched.size(), static_cast<int>(atMost.count()));
    return Reap();
}

void
RunProcesses::Signal(int signal) const
{
    for (const auto& [pid, process] : m_running)
    {
        kill(m_ownGroups ? -pid : pid, signal);
    }
}

std::size_t
RunProcesses::End()
{
    std::size_t done = 0;
    std::vector<pid_t> groups;
    for (const auto& [pid, process] : m_running)
    {
        groups.push_back(pid);
    }
    Signal(SIGTERM);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!m_running.empty() && std::chrono::steady_clock::now() < until)
    {
        if (const auto ended = Wait(std::chrono::milliseconds(20)))
        {
            done += m_folder.IsDone(ended->index) ? 1 : 0;
        }
    }
    Signal(SIGKILL);
    while (!m_running.empty())
    {
        Wait(std::chrono::milliseconds(20));
    }
    // What they have started got the signal too and has the locks until it is gone; not for ever,
    // since a system may keep the remains of ended processes.
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    const auto lives = [](pid_t group) { return kill(-group, 0) == 0; };
    while (m_ownGroups && std::any_of(groups.begin(), groups.end(), lives) &&
           std::chrono::steady_clock::now() < patience)
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return done;
}

std::size_t
RunProcesses::Size() const
{
    return m_running.size();
}

} // namespace limitnet
