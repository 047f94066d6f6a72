// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/paths.h"

#include "limitnet/codec/error.h"

#include <cstdlib>
#include <dlfcn.h>
#include <system_error>

// Both are compile definitions of this file, set by the build: the root of the source tree, and
// the way from the folder of the installed library to the project's files.
#ifndef LIMITNET_SOURCE_DIR
#define LIMITNET_SOURCE_DIR ""
#endif
#ifndef LIMITNET_DATA_FROM_LIB
#define LIMITNET_DATA_FROM_LIB "../share/limitnet"
#endif

namespace limitnet
{

namespace
{

std::string
Environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

/**
 * \return where the project's files are when this library is an installed one, found from where it
 *         was loaded, so that a prefix may be moved; nothing in a build tree
 */
std::filesystem::path
InstalledDir()
{
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&CacheDir), &info) == 0 || !info.dli_fname)
    {
        return {};
    }
    std::error_code problem;
    const auto library = std::filesystem::canonical(info.dli_fname, problem);
    if (problem)
    {
        return {};
    }
    const auto dir = (library.parent_path() / LIMITNET_DATA_FROM_LIB).lexically_normal();
    return std::filesystem::is_directory(dir / "models", problem) ? dir : std::filesystem::path{};
}

/** The folders that files of the project are in: one, in an installation or a build tree. */
std::vector<std::filesystem::path>
SharedDirs()
{
    if (auto dir = InstalledDir(); !dir.empty())
    {
        return {std::move(dir)};
    }
    return {std::filesystem::path{LIMITNET_SOURCE_DIR}};
}

bool
IsFile(const std::filesystem::path& path)
{
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored);
}

} // namespace

std::filesystem::path
CacheDir()
{
    const std::filesystem::path xdg = Environment("XDG_CACHE_HOME");
    if (xdg.is_absolute())
    {
        return xdg / "limitnet";
    }
    const std::string home = Environment("HOME");
    if (home.empty())
    {
        throw Error("no place for the cache: set XDG_CACHE_HOME to a folder that can be written");
    }
    return std::filesystem::path{home} / ".cache" / "limitnet";
}

std::filesystem::path
DatasetCacheDir()
{
    return CacheDir() / "datasets";
}

std::vector<std::filesystem::path>
DataSearchPath(const std::filesystem::path& dataDir)
{
    if (!dataDir.empty())
    {
        return {dataDir};
    }
    std::vector<std::filesystem::path> dirs;
    const std::string named = Environment("LIMITNET_DATA");
    if (!named.empty())
    {
        dirs.emplace_back(named);
    }
    dirs.push_back(DatasetCacheDir());
    return dirs;
}

std::filesystem::path
FindModel(const std::string& name)
{
    if (name.empty())
    {
        throw Error("no name of a model given");
    }
    const std::filesystem::path path = name;
    if ((path.has_parent_path() || path.has_extension()) && IsFile(path))
    {
        return path;
    }
    std::vector<std::filesystem::path> dirs;
    const std::string named = Environment("LIMITNET_MODELS");
    if (!named.empty())
    {
        dirs.emplace_back(named);
    }
    for (const auto& dir : SharedDirs())
    {
        dirs.push_back(dir / "models");
    }
    std::string looked;
    for (const auto& dir : dirs)
    {
        for (const auto& candidate : {dir / (name + ".pt"), dir / name})
        {
            if (IsFile(candidate))
            {
                return candidate;
            }
        }
        looked += (looked.empty() ? "" : ", ") + dir.string();
    }
    throw Error("model '" + name + "' not found: looked for " + name + ".pt in " + looked +
                "; set LIMITNET_MODELS to the folder with the weights");
}

std::filesystem::path
FindDeviceModel(const std::string& name)
{
    const auto codec = FindModel(name);
    auto path = codec;
    path.replace_extension(".int8");
    if (!IsFile(path))
    {
        throw Error(path.string() + " not found: make it with `limitnet export " + codec.string() +
                    " --output=" + path.string() + " --dataset=...`");
    }
    return path;
}

std::filesystem::path
FindSharedFile(const std::filesystem::path& relative)
{
    for (const auto& dir : SharedDirs())
    {
        if (IsFile(dir / relative))
        {
            return dir / relative;
        }
    }
    return {};
}

} // namespace limitnet
