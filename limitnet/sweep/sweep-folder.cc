// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/sweep-folder.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/process.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/sweep/input-files.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace limitnet
{

namespace
{

namespace fs = std::filesystem;

/** Reads a file into a text that keeps its memory from one file to the next. */
bool
ReadInto(const fs::path& file, std::string& text)
{
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    const auto size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
    if (size < 0)
    {
        return false;
    }
    text.resize(static_cast<std::size_t>(size));
    in.seekg(0);
    in.read(text.data(), size);
    return in.good();
}

std::string
ReadWhole(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/** \return a checksum of what runs: the program, and this project's libraries beside it */
std::string
ProgramDigest(const fs::path& program)
{
    std::vector<fs::path> files{program};
    const fs::path folder = program.parent_path().parent_path() / "lib";
    if (fs::is_directory(folder))
    {
        for (const auto& entry : fs::directory_iterator(folder))
        {
            const std::string name = entry.path().filename().string();
            const bool library = name.rfind("lib", 0) == 0 &&
                                 name.find("limitnet") != std::string::npos &&
                                 name.find(".so") != std::string::npos;
            if (library && !entry.is_symlink() && entry.is_regular_file())
            {
                files.push_back(entry.path());
            }
        }
    }
    std::sort(files.begin() + 1, files.end());
    return Sha256OfFiles(files);
}

/** \return whether a program that failed says at the end of its log that it had no room for its
 * files: in the system's words, as FailWriting() has them */
bool
SaysDiskIsFull(const std::string& log)
{
    const auto end = log.find_last_not_of(" \r\n");
    const auto begin = end == std::string::npos ? end : log.rfind('\n', end);
    const std::string last = log.substr(begin == std::string::npos ? 0 : begin);
    return last.find(std::strerror(ENOSPC)) != std::string::npos ||
           last.find(std::strerror(EDQUOT)) != std::string::npos;
}

/** Gives a file that was written its name. \param error why it was not; 0: all is there */
void
MoveIntoPlace(int error, const fs::path& partial, const fs::path& file)
{
    std::error_code problem(error, std::generic_category());
    if (error == 0)
    {
        fs::rename(partial, file, problem);
    }
    if (problem)
    {
        std::error_code ignored;
        fs::remove(partial, ignored);
        FailWriting(file, problem.value());
    }
}

int
OpenLock(const fs::path& file)
{
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT, 0666);
    if (descriptor < 0)
    {
        throw Error(file.string() + ": cannot be written: " + std::strerror(errno));
    }
    return descriptor;
}

[[noreturn]] void
Refuse(const fs::path& folder)
{
    throw Error(folder.string() + ": another process works on this sweep, or a run of one that was "
                                  "killed is not over");
}

} // namespace

void
WriteWhole(const fs::path& file, const std::string& text)
{
    const fs::path partial = file.string() + fmt::format(".{}", getpid());
    errno = 0;
    std::ofstream out(partial, std::ios::binary);
    out << text;
    out.close();
    MoveIntoPlace(out.good() ? 0 : errno != 0 ? errno : EIO, partial, file);
}

// --- FolderLock ---

FolderLock::FolderLock(int descriptor)
    : m_descriptor(descriptor)
{
}

FolderLock::FolderLock(const fs::path& folder, const std::string& name, const std::string& sharedBy)
    : FolderLock(OpenLock(folder / name))
{
    // From here on the destructor closes the file, whatever is thrown.
    if (flock(m_descriptor, LOCK_EX | LOCK_NB) == 0)
    {
        if (sharedBy.empty())
        {
            return;
        }
        const auto size = static_cast<ssize_t>(sharedBy.size());
        if (ftruncate(m_descriptor, 0) != 0 ||
            pwrite(m_descriptor, sharedBy.data(), sharedBy.size(), 0) != size)
        {
            Refuse(folder);
        }
    }
    if (sharedBy.empty() || !Share(sharedBy))
    {
        Refuse(folder);
    }
}

FolderLock
FolderLock::Join(const fs::path& folder, const std::string& name, const std::string& sharedBy)
{
    FolderLock lock(OpenLock(folder / name));
    // Who makes the lock has it alone for an instant.
    constexpr int TRIALS = 50;
    for (int i = 0; !lock.Share(sharedBy); ++i)
    {
        if (i == TRIALS)
        {
            Refuse(folder);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1))
{
}

FolderLock::~FolderLock()
{
    if (m_descriptor >= 0)
    {
        close(m_descriptor);
    }
}

bool
FolderLock::Share(const std::string& sharedBy) const
{
    if (flock(m_descriptor, LOCK_SH | LOCK_NB) != 0)
    {
        return false;
    }
    std::string held(sharedBy.size() + 1, '\0');
    const auto read = pread(m_descriptor, held.data(), held.size(), 0);
    held.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read)));
    if (held != sharedBy)
    {
        flock(m_descriptor, LOCK_UN);
    }
    return held == sharedBy;
}

// --- SweepFolder ---

SweepFolder::SweepFolder(const SweepPlan& plan, const fs::path& path, const fs::path& programs)
    : m_plan(plan),
      m_path(path),
      m_program(programs / plan.Program())
{
    if (access(m_program.c_str(), X_OK) != 0)
    {
        throw Error(m_program.string() + ": no such program");
    }
}

void
SweepFolder::Prepare() const
{
    std::error_code error;
    for (const char* folder : {"runs", "logs", "failed"})
    {
        fs::create_directories(m_path / folder, error);
        if (error)
        {
            throw Error((m_path / folder).string() + ": cannot be made: " + error.message());
        }
    }
    if (fs::exists(m_path / "sweep.txt"))
    {
        Check();
        return;
    }
    WriteWhole(m_path / "base.ini", m_plan.BaseText());
    std::string inputs;
    for (const auto& line : SweepInputs(m_plan, m_path / "base.ini"))
    {
        inputs += line + '\n';
    }
    WriteWhole(m_path / "inputs.txt", inputs);
    WriteWhole(m_path / "sweep.txt", "program " + ProgramDigest(m_program) + '\n' + m_plan.Text());
}

void
SweepFolder::Check() const
{
    const std::string text = ReadWhole(m_path / "sweep.txt");
    const std::string digest = "program " + ProgramDigest(m_program) + '\n';
    if (text.rfind(digest, 0) != 0)
    {
        throw Error(m_path.string() + ": was made by another build of " + m_plan.Program() +
                    "; name another folder with --out");
    }
    if (text != digest + m_plan.Text())
    {
        throw Error(m_path.string() +
                    ": belongs to another scenario, or to this one before it was changed; name "
                    "another folder with --out");
    }
    CheckInputs();
}

void
SweepFolder::CheckInputs() const
{
    std::vector<std::string> before;
    std::ifstream in(m_path / "inputs.txt");
    for (std::string line; std::getline(in, line);)
    {
        before.push_back(line);
    }
    const auto changed = ChangedInput(before, SweepInputs(m_plan, m_path / "base.ini"));
    if (!changed.empty())
    {
        throw Error(m_path.string() + ": " + changed +
                    " since this sweep began; bring it back as it was, or name another folder with "
                    "--out");
    }
}

const SweepPlan&
SweepFolder::Plan() const
{
    return m_plan;
}

const fs::path&
SweepFolder::Path() const
{
    return m_path;
}

const fs::path&
SweepFolder::Program() const
{
    return m_program;
}

std::string
SweepFolder::NameOf(std::size_t index) const
{
    const auto run = m_plan.At(index);
    return fmt::format("{}-{}", run.point, run.run);
}

fs::path
SweepFolder::ResultsOf(std::size_t index) const
{
    const auto run = m_plan.At(index);
    return m_path / "runs" / std::to_string(run.point) / run.run;
}

fs::path
SweepFolder::FailureOf(std::size_t index) const
{
    return m_path / "failed" / (NameOf(index) + ".log");
}

fs::path
SweepFolder::LogOf(std::size_t index) const
{
    return m_path / "logs" / (NameOf(index) + ".log");
}

std::vector<std::string>
SweepFolder::CommandOf(std::size_t index) const
{
    const auto run = m_plan.At(index);
    std::vector<std::string> command{m_program.string(),
                                     "--scenario=" + (m_path / "base.ini").string(),
                                     "--out=" + (m_path / "runs").string(),
                                     fmt::format("--scenario.name={}", run.point),
                                     "--run=" + run.run};
    for (std::size_t a = 0; a < run.values.size(); ++a)
    {
        command.push_back("--" + m_plan.Axes()[a].key + "=" + run.values[a]);
    }
    return command;
}

bool
SweepFolder::IsDone(std::size_t index) const
{
    return fs::exists(ResultsOf(index) / "scenario.ini");
}

bool
SweepFolder::HasFailed(std::size_t index) const
{
    return fs::exists(FailureOf(index));
}

SweepFolder::Ending
SweepFolder::Settle(std::size_t index, int status) const
{
    std::error_code ignored;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && IsDone(index))
    {
        fs::remove(FailureOf(index), ignored);
        return Ending::DONE;
    }
    std::string text = ReadWhole(LogOf(index));
    if (SaysDiskIsFull(text))
    {
        return Ending::NO_SPACE;
    }
    text += fmt::format("\n{} {}\ncommand: {}\n",
                        WIFEXITED(status) ? "exit status" : "ended by signal",
                        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
                        fmt::join(CommandOf(index), " "));
    WriteWhole(FailureOf(index), text);
    fs::remove(LogOf(index), ignored);
    return Ending::FAILED;
}

std::string
SweepFolder::NoSpaceFor(std::size_t index) const
{
    const fs::path log = LogOf(index);
    return fmt::format("the disk is full: {} says: {}", log.string(), LastLine(log));
}

void
SweepFolder::RemoveLeftovers(std::size_t index, pid_t owner) const
{
    // TemporaryFolder's names, as RunFolder uses them.
    const fs::path results = ResultsOf(index);
    std::string prefix = '.' + results.filename().string() + '.';
    prefix += owner == 0 ? "" : fmt::format("{}.", owner);
    std::vector<fs::path> left;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(results.parent_path(), none))
    {
        if (entry.path().filename().string().rfind(prefix, 0) == 0)
        {
            left.push_back(entry.path());
        }
    }
    for (const auto& path : left)
    {
        fs::remove_all(path, none);
    }
}

std::vector<std::string>
SweepFolder::TablesOf(std::size_t index) const
{
    std::vector<std::string> tables;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(ResultsOf(index), none))
    {
        if (entry.path().extension() == ".csv")
        {
            tables.push_back(entry.path().filename().string());
        }
    }
    std::sort(tables.begin(), tables.end());
    return tables;
}

void
SweepFolder::RemoveTables() const
{
    for (std::size_t i = 0; i < m_plan.Size(); ++i)
    {
        if (IsDone(i)) // any run has the names
        {
            for (const auto& table : TablesOf(i))
            {
                std::error_code ignored;
                fs::remove(m_path / table, ignored);
                fs::remove((m_path / table).replace_extension(".parquet"), ignored);
            }
            return;
        }
    }
}

bool
SweepFolder::WriteTables() const
{
    for (std::size_t i = 0; i < m_plan.Size(); ++i)
    {
        if (!IsDone(i))
        {
            return false;
        }
    }
    const auto tables = TablesOf(0);
    const bool there = std::all_of(tables.begin(), tables.end(), [this](const auto& table) {
        return fs::exists(m_path / table);
    });
    if (!there)
    {
        for (const auto& table : tables)
        {
            WriteTable(table);
        }
    }
    return true;
}

void
SweepFolder::WriteTable(const std::string& table) const
{
    const fs::path target = m_path / table;
    const fs::path partial = target.string() + fmt::format(".{}", getpid());
    std::ofstream out(partial, std::ios::binary);
    std::string header;
    std::string text;
    std::string rows;
    int error = 0;
    for (std::size_t i = 0; i < m_plan.Size() && out; ++i)
    {
        const auto run = m_plan.At(i);
        const fs::path file = ResultsOf(i) / table;
        const bool read = ReadInto(file, text);
        const auto end = std::min(text.find('\n'), text.size());
        if (!read || text.empty() || (i > 0 && text.compare(0, end, header) != 0))
        {
            out.close();
            fs::remove(partial);
            throw Error(file.string() + ": is missing, or has other columns than that of the first "
                                        "run");
        }
        if (i == 0)
        {
            header = text.substr(0, end);
            for (const auto& axis : m_plan.Axes())
            {
                out << CsvField(axis.key) << ',';
            }
            out << "run," << header << '\n';
        }
        std::string front;
        for (const auto& value : run.values)
        {
            front += CsvField(value) + ',';
        }
        front += CsvField(run.run) + ',';
        rows.clear();
        for (auto at = end + 1; at < text.size();)
        {
            const auto next = std::min(text.find('\n', at), text.size());
            rows.append(front).append(text, at, next - at).push_back('\n');
            at = next + 1;
        }
        errno = 0;
        out.write(rows.data(), static_cast<std::streamsize>(rows.size()));
        error = out ? 0 : errno;
    }
    // What came before may have set errno, and a failure may be older than the end.
    error = error == 0 && !out ? EIO : error;
    errno = 0;
    out.close();
    MoveIntoPlace(error != 0 || out.good() ? error : errno != 0 ? errno : EIO, partial, target);
}

} // namespace limitnet
