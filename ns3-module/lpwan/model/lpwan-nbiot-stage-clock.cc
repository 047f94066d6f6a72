// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-stage-clock.h"

namespace ns3
{
namespace lpwan
{

void
NbiotStageClock::Start(Time now)
{
    m_since = now;
    m_nextAt = Time::Max();
}

const NbiotStageClock::Times&
NbiotStageClock::Read(Time now)
{
    if (m_nextAt <= now)
    {
        m_times[static_cast<std::size_t>(m_stage)] += m_nextAt - m_since;
        m_stage = m_next;
        m_since = m_nextAt;
        m_nextAt = Time::Max();
    }
    m_times[static_cast<std::size_t>(m_stage)] += now - m_since;
    m_since = now;
    return m_times;
}

void
NbiotStageClock::Enter(NbiotStage stage, Time at, Time now)
{
    Read(now);
    if (at <= now)
    {
        m_stage = stage;
        m_nextAt = Time::Max();
    }
    else
    {
        m_next = stage;
        m_nextAt = at;
    }
}

bool
NbiotStageClock::IsPlanned() const
{
    return m_nextAt != Time::Max();
}

} // namespace lpwan
} // namespace ns3
