// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-reservations.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

bool
LoraReservations::IsFree(Time start, Time airtime) const
{
    const Time end = start + airtime;
    return std::none_of(m_stretches.begin(), m_stretches.end(), [&](const Stretch& s) {
        return start < s.end && s.start < end;
    });
}

Time
LoraReservations::NextFree(Time from, Time airtime) const
{
    Time start = from;
    for (const Stretch& s : m_stretches)
    {
        if (start < s.end && s.start < start + airtime)
        {
            start = s.end;
        }
    }
    return start;
}

void
LoraReservations::Book(Time now, Time start, Time end)
{
    m_stretches.erase(std::remove_if(m_stretches.begin(),
                                     m_stretches.end(),
                                     [&](const Stretch& s) { return s.end <= now; }),
                      m_stretches.end());
    const auto after = std::find_if(m_stretches.begin(), m_stretches.end(), [&](const Stretch& s) {
        return s.start > start;
    });
    m_stretches.insert(after, {start, end});
}

} // namespace lpwan
} // namespace ns3
