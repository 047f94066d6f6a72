// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/plot.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/process.h"

#include <system_error>

namespace limitnet
{

PlotResult
PlotAccuracy(const std::filesystem::path& csv,
             const std::filesystem::path& picture,
             const std::string& title)
{
    // The system's Python: the one that the listed package of matplotlib belongs to, whatever else
    // comes first in PATH.
    constexpr const char* PYTHON = "/usr/bin/python3";
    PlotResult result;
    const std::filesystem::path script = FindSharedFile("analysis/plot-accuracy.py");
    if (script.empty())
    {
        result.reason = "analysis/plot-accuracy.py is not there";
        return result;
    }
    std::filesystem::path log = picture;
    log += ".log";
    try
    {
        ProcessOptions options;
        options.errorFile = log;
        const ProcessResult process = RunProcess(
            {PYTHON, script.string(), "--output", picture.string(), "--title", title, csv.string()},
            options);
        result.done = process.Ok();
        if (!process.started)
        {
            result.reason = std::string(PYTHON) + " cannot be run: " + process.reason;
        }
        else if (!result.done)
        {
            result.reason = script.filename().string() + ": " + LastLine(log);
        }
    }
    catch (const Error& error)
    {
        result.reason = error.what();
    }
    std::error_code ignored;
    std::filesystem::remove(log, ignored);
    return result;
}

} // namespace limitnet
