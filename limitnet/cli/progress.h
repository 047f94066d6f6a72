// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_PROGRESS_H
#define LIMITNET_CLI_PROGRESS_H

#include <chrono>
#include <cstddef>
#include <string>

namespace limitnet
{

/** A line on the terminal that says how far a command is; nothing where standard error is none. */
class Progress
{
  public:
    /**
     * \param total how many steps there are; 0 when that is not known
     * \param unit what a step is, in the plural
     */
    Progress(std::size_t total, std::string unit);
    /** Takes the line away. */
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /** One step is done. */
    void Step();

  private:
    std::size_t m_total;
    std::string m_unit;
    bool m_visible;
    std::size_t m_done = 0;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point m_drawn;
};

} // namespace limitnet

#endif // LIMITNET_CLI_PROGRESS_H
