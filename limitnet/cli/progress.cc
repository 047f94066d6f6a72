// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/progress.h"

#include <fmt/format.h>
#include <iostream>
#include <unistd.h>
#include <utility>

namespace limitnet
{

Progress::Progress(std::size_t total, std::string unit)
    : m_total(total),
      m_unit(std::move(unit)),
      m_visible(isatty(STDERR_FILENO) == 1)
{
}

Progress::~Progress()
{
    if (m_visible && m_done > 0)
    {
        std::cerr << "\r\033[K" << std::flush;
    }
}

void
Progress::Step()
{
    ++m_done;
    const auto now = std::chrono::steady_clock::now();
    if (!m_visible || (m_done > 1 && now - m_drawn < std::chrono::milliseconds(200)))
    {
        return;
    }
    m_drawn = now;
    const double seconds = std::chrono::duration<double>(now - m_start).count();
    std::string line = m_total > 0 ? fmt::format("{}/{} {}", m_done, m_total, m_unit)
                                   : fmt::format("{} {}", m_done, m_unit);
    if (m_total > m_done && seconds > 1)
    {
        const auto left = static_cast<long>(seconds * static_cast<double>(m_total - m_done) /
                                            static_cast<double>(m_done));
        line += fmt::format(", about {}:{:02} left", left / 60, left % 60);
    }
    std::cerr << '\r' << line << "\033[K" << std::flush;
}

} // namespace limitnet
