// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/slurm-queue.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/process.h"
#include "limitnet/data/temporary-folder.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <unistd.h>
#include <utility>

namespace limitnet
{

struct SlurmQueue::Answer
{
    ProcessResult result;
    std::string text;
    std::string complaint; //!< its last line on standard error
};

SlurmQueue::SlurmQueue(std::string jobName, std::filesystem::path scratch)
    : m_jobName(std::move(jobName)),
      m_scratch(std::move(scratch))
{
}

SlurmQueue::Answer
SlurmQueue::Ask(const std::vector<std::string>& command) const
{
    const TemporaryFolder folder(m_scratch, command.front());
    ProcessOptions options;
    options.outputFile = folder.Path() / "output";
    options.errorFile = folder.Path() / "errors";
    Answer answer;
    answer.result = RunProcess(command, options);
    std::ifstream in(options.outputFile, std::ios::binary);
    answer.text = {std::istreambuf_iterator<char>(in), {}};
    static const std::regex front("^[a-z]+: (error: )?"); // "sbatch: error: ..."
    answer.complaint = std::regex_replace(LastLine(options.errorFile), front, "");
    return answer;
}

SlurmQueue::Answer
SlurmQueue::Ask(const std::vector<std::string>& command, const std::string& refusal) const
{
    Answer answer = Ask(command);
    if (!answer.result.started)
    {
        throw Error(command.front() + " cannot be run (" + answer.result.reason +
                    "): --engine slurm needs the commands of Slurm");
    }
    if (!answer.result.Ok())
    {
        throw Error(
            refusal + ": " +
            (answer.complaint.empty()
                 ? fmt::format("exit status {} of {}", answer.result.exitCode, command.front())
                 : answer.complaint));
    }
    return answer;
}

std::size_t
SlurmQueue::MaxTasks() const
{
    constexpr std::size_t USUAL = 1001; // slurm.conf(5): the default of MaxArraySize
    const Answer answer = Ask({"scontrol", "show", "config"});
    std::smatch found;
    static const std::regex line("MaxArraySize *= *([0-9]{1,9})");
    if (!std::regex_search(answer.text, found, line))
    {
        return USUAL;
    }
    // The largest index is one less, and indices begin at 0.
    const std::size_t size = std::stoul(found[1]);
    if (size == 0)
    {
        throw Error("this Slurm cluster takes no job arrays (its MaxArraySize is 0)");
    }
    return size;
}

std::string
SlurmQueue::Submit(const std::filesystem::path& script,
                   std::size_t tasks,
                   unsigned atOnce,
                   const std::filesystem::path& log,
                   const std::vector<std::string>& options) const
{
    std::string array = fmt::format("--array=0-{}", tasks - 1);
    if (atOnce > 0)
    {
        array += fmt::format("%{}", atOnce);
    }
    std::vector<std::string> command{"sbatch",
                                     "--parsable",
                                     "--job-name=" + m_jobName,
                                     array,
                                     "--ntasks=1",
                                     "--output=" + log.string(),
                                     "--open-mode=append"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(script.string());
    const Answer answer = Ask(command, "Slurm does not take the job");
    return answer.text.substr(0, answer.text.find_first_of(";\n")); // "number;cluster"
}

SlurmQueue::Tasks
SlurmQueue::Find() const
{
    const Answer answer = Ask({"squeue",
                               "--noheader",
                               "--array",
                               fmt::format("--user={}", getuid()),
                               "--name=" + m_jobName,
                               "--format=%T|%r"},
                              "Slurm does not answer");
    Tasks tasks;
    std::istringstream lines(answer.text);
    for (std::string line; std::getline(lines, line);)
    {
        const auto bar = line.find('|');
        if (bar == std::string::npos)
        {
            continue;
        }
        if (line.compare(0, bar, "PENDING") == 0)
        {
            ++tasks.waiting;
            tasks.reason = line.substr(bar + 1);
        }
        else
        {
            ++tasks.running;
        }
    }
    return tasks;
}

bool
SlurmQueue::Cancel() const
{
    return Ask({"scancel", fmt::format("--user={}", getuid()), "--name=" + m_jobName}).result.Ok();
}

} // namespace limitnet
