// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/run-folder.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <stdexcept>
#include <system_error>

namespace limitnet
{

namespace
{

/** The record that every run leaves; a folder with it is one of ours. */
constexpr const char* RECORD = "scenario.ini";

/** Removes folders that were made for nothing, as far as they are empty. */
void
RemoveEmpty(const std::vector<std::filesystem::path>& made)
{
    std::error_code ignored;
    for (auto folder = made.rbegin(); folder != made.rend(); ++folder)
    {
        std::filesystem::remove(*folder, ignored);
    }
}

} // namespace

RunFolder::RunFolder(const std::filesystem::path& out, const std::string& name, std::uint64_t run)
    : m_final(out / name / std::to_string(run))
{
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
    {
        throw Error("'" + name +
                    "' cannot be the name of a results folder: no '/' in it, no '.' at its start");
    }
    std::error_code problem;
    const auto status = std::filesystem::status(m_final, problem);
    if (std::filesystem::exists(status) && !(std::filesystem::is_directory(status) &&
                                             (std::filesystem::exists(m_final / RECORD, problem) ||
                                              std::filesystem::is_empty(m_final, problem))))
    {
        throw Error(m_final.string() + ": this is no earlier result of a run (it has no " + RECORD +
                    "); move it away or choose another folder");
    }
    for (std::filesystem::path parent = m_final.parent_path();
         !parent.empty() && !std::filesystem::exists(parent, problem) && !problem;
         parent = parent.parent_path())
    {
        m_made.push_back(parent);
    }
    std::reverse(m_made.begin(), m_made.end());
    try
    {
        m_partial = std::make_unique<TemporaryFolder>(m_final.parent_path(), std::to_string(run));
    }
    catch (const Error&)
    {
        RemoveEmpty(m_made);
        throw;
    }
}

RunFolder::~RunFolder()
{
    m_partial.reset();
    if (!m_committed)
    {
        RemoveEmpty(m_made);
    }
}

std::filesystem::path
RunFolder::File(const std::string& name) const
{
    return m_partial->Path() / name;
}

const std::filesystem::path&
RunFolder::FinalPath() const
{
    return m_final;
}

void
RunFolder::Commit()
{
    if (!std::filesystem::exists(File(RECORD)))
    {
        throw std::logic_error("a run's results without a " + std::string(RECORD));
    }
    m_partial->Replace(m_final);
    m_committed = true;
}

} // namespace limitnet
