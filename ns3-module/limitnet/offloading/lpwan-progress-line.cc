// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-progress-line.h"

#include <iomanip>
#include <iostream>
#include <sstream>
#include <unistd.h>

namespace ns3
{
namespace lpwan
{

ProgressLine::ProgressLine(const std::string& what, double total)
    : m_what(what),
      m_total(total),
      m_terminal(isatty(STDERR_FILENO) == 1),
      m_start(std::chrono::steady_clock::now())
{
}

ProgressLine::~ProgressLine()
{
    if (m_terminal)
    {
        std::cerr << "\r\033[K" << std::flush;
    }
}

void
ProgressLine::Show(double done)
{
    if (!m_terminal)
    {
        return;
    }
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - m_start;
    std::ostringstream line;
    line << '\r' << m_what << ' ' << std::fixed << std::setprecision(0) << 100 * done / m_total
         << " %";
    if (done > 0)
    {
        line << ", " << passed.count() * (m_total - done) / done << " s left";
    }
    std::cerr << line.str() << "\033[K" << std::flush;
}

} // namespace lpwan
} // namespace ns3
