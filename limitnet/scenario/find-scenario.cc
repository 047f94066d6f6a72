// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/find-scenario.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"

#include <filesystem>
#include <system_error>

namespace limitnet
{

std::string
FindScenario(const std::string& name)
{
    namespace fs = std::filesystem;
    std::error_code problem;
    const auto status = fs::status(name, problem);
    if (fs::exists(status) && !fs::is_directory(status))
    {
        return name;
    }
    const fs::path folder = "scenarios";
    // The project's are in one folder: with more in front of the name, another file is meant.
    const fs::path given = fs::path(name).lexically_normal();
    const fs::path file = given.filename();
    if (given == file || given == folder / file)
    {
        for (const auto& candidate : {folder / file, folder / (file.string() + ".ini")})
        {
            if (auto found = FindSharedFile(candidate); !found.empty())
            {
                return found.string();
            }
        }
    }
    if (fs::is_directory(status))
    {
        throw Error(name + ": is a folder, no scenario file");
    }
    throw Error(name +
                ": no such scenario file, and none of that name comes with the program; those that "
                "do are in " +
                FindSharedFile(folder / "lora-near.ini").parent_path().string());
}

} // namespace limitnet
