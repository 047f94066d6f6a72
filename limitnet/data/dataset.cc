// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/dataset.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/data/paths.h"

#include <system_error>

namespace limitnet
{

namespace
{

/** Image folders that are known by name: what they are called on disk. */
bool
IsNamedFolder(const std::string& name)
{
    return name == "ecssd" || name == "imagenet" || name == "imagenet-sample";
}

bool
IsPath(const std::string& name)
{
    return name.find('/') != std::string::npos;
}

std::filesystem::path
FindFolder(const std::string& name, const std::filesystem::path& dataDir)
{
    std::error_code ignored;
    if (IsPath(name))
    {
        return std::filesystem::exists(name, ignored) ? std::filesystem::path{name}
                                                      : std::filesystem::path{};
    }
    for (const auto& dir : DataSearchPath(dataDir))
    {
        for (const char* ending : {"", ".tar", ".tar.gz", ".tar.xz"})
        {
            const std::filesystem::path candidate = dir / (name + ending);
            if (std::filesystem::exists(candidate, ignored))
            {
                return candidate;
            }
        }
    }
    return {};
}

} // namespace

std::vector<std::string>
DatasetNames()
{
    return {"cifar10", "cifar100", "imagenet", "imagenet-sample", "ecssd"};
}

bool
HasDataset(const std::string& name, const std::filesystem::path& dataDir)
{
    return CifarDataset::Knows(name) ? !CifarDataset::Find(name, dataDir).empty()
                                     : !FindFolder(name, dataDir).empty();
}

std::unique_ptr<Dataset>
OpenDataset(const std::string& name, Split split, const std::filesystem::path& dataDir)
{
    if (CifarDataset::Knows(name))
    {
        return CifarDataset::Open(name, split, dataDir);
    }
    if (!IsPath(name) && !IsNamedFolder(name))
    {
        throw Error("dataset '" + name +
                    "' is not one of cifar10, cifar100, imagenet, imagenet-sample, ecssd, nor the "
                    "path of a "
                    "folder with pictures (with a slash)");
    }
    const std::filesystem::path found = FindFolder(name, dataDir);
    if (found.empty())
    {
        std::string looked;
        for (const auto& dir : DataSearchPath(dataDir))
        {
            looked += (looked.empty() ? "" : ", ") + dir.string();
        }
        throw Error("dataset " + name + " not found" +
                    (IsPath(name)
                         ? std::string{": there is no such folder or archive"}
                         : ": looked for the folder " + name + " or the archive " + name +
                               ".tar in " + looked +
                               "; name the folder that has it with --data or LIMITNET_DATA"));
    }
    return std::make_unique<ImageFolder>(found);
}

std::string
DatasetOnDisk(const std::string& name, const std::filesystem::path& dataDir)
{
    return name == "imagenet" && !HasDataset(name, dataDir) ? "imagenet-sample" : name;
}

} // namespace limitnet
