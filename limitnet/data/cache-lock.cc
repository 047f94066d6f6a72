// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/cache-lock.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace limitnet
{

CacheLock::CacheLock(const std::string& name, std::ostream& progress)
    : m_descriptor(-1)
{
    const std::filesystem::path folder = CacheDir() / "locks";
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    if (problem)
    {
        throw Error(folder.string() + ": cannot be written: " + problem.message() +
                    "; set XDG_CACHE_HOME to a folder that can be written");
    }
    const std::filesystem::path file = folder / (name + ".lock");
    m_descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (m_descriptor < 0)
    {
        throw Error(file.string() + ": cannot be written: " + std::strerror(errno));
    }
    if (flock(m_descriptor, LOCK_EX | LOCK_NB) != 0)
    {
        progress << "waiting for another process that does the same" << std::endl;
        while (flock(m_descriptor, LOCK_EX) != 0 && errno == EINTR)
        {
        }
    }
}

CacheLock::~CacheLock()
{
    close(m_descriptor);
}

} // namespace limitnet
