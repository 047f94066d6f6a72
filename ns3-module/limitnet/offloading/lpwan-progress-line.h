// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_PROGRESS_LINE_H
#define LPWAN_PROGRESS_LINE_H

#include <chrono>
#include <string>

namespace ns3
{
namespace lpwan
{

/** One line on standard error that is overwritten, where that is a terminal; nothing elsewhere. */
class ProgressLine
{
  public:
    /** \param what is done, in a word \param total how much of it there is */
    ProgressLine(const std::string& what, double total);
    ~ProgressLine();

    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    /** Shows a share, and how long the rest will take. \param done how much of the total */
    void Show(double done);

  private:
    std::string m_what;
    double m_total;
    bool m_terminal;
    std::chrono::steady_clock::time_point m_start;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_PROGRESS_LINE_H
