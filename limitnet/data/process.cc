// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/process.h"

#include "limitnet/codec/error.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace limitnet
{

namespace
{

/** The list of redirections of a program to start. */
class FileActions
{
  public:
    FileActions()
    {
        if (posix_spawn_file_actions_init(&m_actions) != 0)
        {
            throw Error("no memory to start a program");
        }
    }

    ~FileActions()
    {
        posix_spawn_file_actions_destroy(&m_actions);
    }

    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;

    void WriteTo(int descriptor, const std::string& file)
    {
        posix_spawn_file_actions_addopen(&m_actions,
                                         descriptor,
                                         file.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC,
                                         0666);
    }

    void ReadFrom(int descriptor, const std::string& file)
    {
        posix_spawn_file_actions_addopen(&m_actions, descriptor, file.c_str(), O_RDONLY, 0);
    }

    void Duplicate(int from, int to)
    {
        posix_spawn_file_actions_adddup2(&m_actions, from, to);
    }

    const posix_spawn_file_actions_t* Get() const
    {
        return &m_actions;
    }

  private:
    posix_spawn_file_actions_t m_actions;
};

std::vector<char*>
Pointers(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (std::string& text : texts)
    {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

/** Our environment with some variables set anew. */
std::vector<std::string>
Environment(const std::vector<std::string>& additions)
{
    std::vector<std::string> all = additions;
    for (char** variable = environ; *variable; ++variable)
    {
        const std::string text = *variable;
        const std::string name = text.substr(0, text.find('=') + 1);
        bool replaced = false;
        for (const std::string& addition : additions)
        {
            replaced = replaced || addition.compare(0, name.size(), name) == 0;
        }
        if (!replaced)
        {
            all.push_back(text);
        }
    }
    return all;
}

/**
 * \param isLeader whether the program begins a group of processes
 * \param child takes its process id
 * \return 0, or the number of the error
 */
int
Spawn(std::vector<std::string> arguments,
      const std::vector<std::string>& environment,
      const FileActions& actions,
      bool isLeader,
      pid_t& child)
{
    std::vector<std::string> variables = Environment(environment);
    const std::vector<char*> argv = Pointers(arguments);
    const std::vector<char*> envp = Pointers(variables);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, isLeader ? POSIX_SPAWN_SETPGROUP : 0);
    posix_spawnattr_setpgroup(&attributes, 0);
    const int problem =
        posix_spawnp(&child, argv[0], actions.Get(), &attributes, argv.data(), envp.data());
    posix_spawnattr_destroy(&attributes);
    return problem;
}

} // namespace

pid_t
StartProcess(const std::vector<std::string>& arguments, const StartOptions& options)
{
    FileActions actions;
    actions.ReadFrom(STDIN_FILENO, "/dev/null");
    if (options.output >= 0)
    {
        actions.Duplicate(options.output, STDOUT_FILENO);
        actions.Duplicate(options.output, STDERR_FILENO);
    }
    pid_t child = -1;
    const int problem = Spawn(arguments, options.environment, actions, options.ownGroup, child);
    if (problem != 0)
    {
        throw Error(arguments.front() + ": cannot be started: " + std::strerror(problem));
    }
    return child;
}

ProcessResult
RunProcess(const std::vector<std::string>& arguments, const ProcessOptions& options)
{
    FileActions actions;
    actions.ReadFrom(STDIN_FILENO, "/dev/null");
    actions.WriteTo(STDOUT_FILENO,
                    options.outputFile.empty() ? "/dev/null" : options.outputFile.string());
    if (!options.errorFile.empty())
    {
        actions.WriteTo(STDERR_FILENO, options.errorFile.string());
    }
    ProcessResult result;
    pid_t child = -1;
    const int problem = Spawn(arguments, options.environment, actions, false, child);
    if (problem != 0)
    {
        result.reason = std::strerror(problem);
        return result;
    }
    int status = 0;
    for (;;)
    {
        const pid_t ended = waitpid(child, &status, options.whileRunning ? WNOHANG : 0);
        if (ended == child)
        {
            break;
        }
        if (ended < 0 && errno != EINTR)
        {
            result.reason = std::strerror(errno);
            return result;
        }
        if (ended == 0)
        {
            options.whileRunning();
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
    }
    result.started = true;
    result.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

std::string
LastLine(const std::filesystem::path& file)
{
    std::ifstream in(file);
    std::string line;
    std::string last;
    while (std::getline(in, line))
    {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
        {
            line.pop_back();
        }
        if (!line.empty())
        {
            last = line;
        }
    }
    return last.substr(0, 200);
}

} // namespace limitnet
