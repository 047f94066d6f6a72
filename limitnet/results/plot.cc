// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/plot.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/process.h"

#include <system_error>
#include <vector>

namespace limitnet
{

namespace
{

/** Runs a script of analysis/ that writes \p picture. */
PlotResult
Draw(const std::string& scriptName,
     const std::filesystem::path& picture,
     const std::vector<std::string>& arguments)
{
    // The system's Python: the one that the listed package of matplotlib belongs to, whatever else
    // comes first in PATH.
    constexpr const char* PYTHON = "/usr/bin/python3";
    PlotResult result;
    const std::filesystem::path script = FindSharedFile("analysis/" + scriptName);
    if (script.empty())
    {
        result.reason = "analysis/" + scriptName + " is not there";
        return result;
    }
    std::filesystem::path log = picture;
    log += ".log";
    try
    {
        ProcessOptions options;
        options.errorFile = log;
        std::vector<std::string> command = {PYTHON, script.string(), "--output", picture.string()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const ProcessResult process = RunProcess(command, options);
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

} // namespace

PlotResult
PlotAccuracy(const std::filesystem::path& csv,
             const std::filesystem::path& picture,
             const std::string& title)
{
    return Draw("plot-accuracy.py", picture, {"--title", title, csv.string()});
}

PlotResult
PlotEvaluation(const std::filesystem::path& csv,
               const std::filesystem::path& picture,
               const std::string& title,
               const std::string& dataset)
{
    return Draw("plot-eval.py", picture, {"--title", title, "--dataset", dataset, csv.string()});
}

PlotResult
PlotCodecs(const std::filesystem::path& csv,
           const std::filesystem::path& picture,
           const std::string& title)
{
    return Draw("plot-codecs.py", picture, {"--title", title, csv.string()});
}

PlotResult
PlotTraining(const std::filesystem::path& csv,
             const std::filesystem::path& picture,
             const std::string& title)
{
    return Draw("plot-training.py", picture, {"--title", title, csv.string()});
}

} // namespace limitnet
