// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/parquet.h"

#include "limitnet/data/paths.h"
#include "limitnet/data/process.h"
#include "limitnet/data/temporary-folder.h"

namespace limitnet
{

ParquetResult
WriteParquet(const std::filesystem::path& folder)
{
    ParquetResult result;
    const std::filesystem::path script = FindSharedFile("analysis/write-parquet.py");
    if (script.empty())
    {
        result.reason = "analysis/write-parquet.py is not there";
        return result;
    }
    const TemporaryFolder scratch(folder, "parquet");
    ProcessOptions options;
    options.errorFile = scratch.Path() / "errors";
    // Not the system's own: Debian has no library for Parquet files, an environment in PATH may.
    const auto process = RunProcess({"python3", "-B", script.string(), folder.string()}, options);
    constexpr int NO_LIBRARY = 3; // in the script
    result.done = process.Ok();
    result.noLibrary = !process.started || process.exitCode == NO_LIBRARY;
    if (!process.started)
    {
        result.reason = "python3 cannot be run: " + process.reason;
    }
    else if (!result.done)
    {
        result.reason = LastLine(options.errorFile);
    }
    return result;
}

} // namespace limitnet
