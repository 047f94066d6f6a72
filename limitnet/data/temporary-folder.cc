// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/temporary-folder.h"

#include "limitnet/codec/error.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace limitnet
{

namespace
{

/** Removes what killed processes left: their id is no longer in use, and nothing changed for a day.
 */
void
RemoveLeftovers(const std::filesystem::path& parent, const std::string& prefix)
{
    std::error_code problem;
    const auto yesterday = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
    for (std::filesystem::directory_iterator entry(parent, problem), end; !problem && entry != end;
         entry.increment(problem))
    {
        const std::string file = entry->path().filename().string();
        if (file.compare(0, prefix.size(), prefix) != 0)
        {
            continue;
        }
        const pid_t owner = static_cast<pid_t>(std::atol(file.c_str() + prefix.size()));
        std::error_code ignored;
        const bool alive = owner > 0 && (kill(owner, 0) == 0 || errno != ESRCH);
        if (!alive && entry->last_write_time(ignored) < yesterday)
        {
            std::filesystem::remove_all(entry->path(), ignored);
        }
    }
}

} // namespace

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent, const std::string& name)
{
    std::error_code problem;
    std::filesystem::create_directories(parent, problem);
    const std::string prefix = "." + name + ".";
    std::string pattern = (parent / (prefix + std::to_string(getpid()) + ".XXXXXX")).string();
    if (problem || !mkdtemp(pattern.data()))
    {
        const std::string reason = problem ? problem.message() : std::strerror(errno);
        throw Error(parent.string() + ": cannot be written: " + reason);
    }
    m_path = pattern;
    // mkdtemp makes it private; what is moved into place gets the usual rights of a new folder.
    const mode_t mask = umask(0);
    umask(mask);
    chmod(pattern.c_str(), 0777 & ~mask);
    RemoveLeftovers(parent, prefix);
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

const std::filesystem::path&
TemporaryFolder::Path() const
{
    return m_path;
}

void
TemporaryFolder::MoveIntoPlace(const std::filesystem::path& inner,
                               const std::filesystem::path& target)
{
    std::error_code problem;
    std::error_code ignored;
    std::filesystem::create_directories(target.parent_path(), ignored);
    std::filesystem::rename(inner, target, problem);
    if (problem && !std::filesystem::exists(target, ignored))
    {
        throw Error(target.string() + ": cannot be written: " + problem.message());
    }
}

void
TemporaryFolder::Replace(const std::filesystem::path& target)
{
    std::error_code problem;
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(target, ignored)))
    {
        // Both change places in one step; ours, now with the old content, is removed by the
        // destructor.
        if (renameat2(AT_FDCWD, m_path.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
        {
            return;
        }
        // File systems that cannot do that (some network ones): the old one steps aside first.
        std::filesystem::path old = m_path;
        old += ".old";
        std::filesystem::rename(target, old, problem);
        if (!problem)
        {
            std::filesystem::rename(m_path, target, problem);
            if (problem)
            {
                std::filesystem::rename(old, target, ignored);
            }
            std::filesystem::remove_all(old, ignored);
        }
    }
    else
    {
        std::filesystem::rename(m_path, target, problem);
    }
    if (problem)
    {
        throw Error(target.string() + ": cannot be written: " + problem.message());
    }
}

} // namespace limitnet
