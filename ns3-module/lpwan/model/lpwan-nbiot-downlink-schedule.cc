// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-downlink-schedule.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

namespace
{

/// From the end of NPDCCH to NPDSCH (TS 36.213, 16.4.1).
const Time NPDSCH_DELAY = MilliSeconds(4);

} // namespace

uint32_t
NbiotSearchSpaces::Subframes(uint8_t level) const
{
    return static_cast<uint32_t>(rMax[level]);
}

Time
NbiotSearchSpaces::Period(uint8_t level) const
{
    // At least 4 ms (TS 36.213, 16.6).
    return std::max(MilliSeconds(4), NanoSeconds(std::llround(rMax[level] * g[level] * 1e6)));
}

Time
NbiotSearchSpaces::Next(uint8_t level, Time from) const
{
    const int64_t period = Period(level).GetNanoSeconds();
    return NanoSeconds((from.GetNanoSeconds() + period - 1) / period * period);
}

Time
NbiotSearchSpaces::End(uint8_t level, Time start) const
{
    return NbiotDownlink(start, Subframes(level), anchor).end;
}

NbiotDownlinkSchedule::NbiotDownlinkSchedule(const NbiotSearchSpaces& spaces)
    : m_spaces(spaces)
{
}

NbiotDownlinkSpan
NbiotDownlinkSchedule::FindSubframes(Time from, uint32_t subframes) const
{
    NbiotDownlinkSpan span = NbiotDownlink(from, subframes, m_spaces.anchor);
    for (const NbiotDownlinkSpan& booked : m_booked)
    {
        if (booked.start < span.end && span.start < booked.end)
        {
            span = NbiotDownlink(booked.end, subframes, m_spaces.anchor);
        }
    }
    return span;
}

void
NbiotDownlinkSchedule::Book(const NbiotDownlinkSpan& span, Time now)
{
    m_booked.erase(std::remove_if(m_booked.begin(),
                                  m_booked.end(),
                                  [&](const auto& booked) { return booked.end <= now; }),
                   m_booked.end());
    const auto place = std::upper_bound(
        m_booked.begin(),
        m_booked.end(),
        span.start,
        [](const Time& start, const NbiotDownlinkSpan& booked) { return start < booked.start; });
    m_booked.insert(place, span);
}

void
NbiotDownlinkSchedule::BookNpdcch(const NbiotDownlinkSpan& span, Time now)
{
    Book(span, now);
}

NbiotDownlinkSchedule::Message
NbiotDownlinkSchedule::BookMessage(uint8_t level,
                                   Time from,
                                   uint32_t npdcchSubframes,
                                   uint32_t npdschSubframes,
                                   Time now)
{
    Message message;
    Time space = m_spaces.Next(level, from);
    message.npdcch = FindSubframes(space, npdcchSubframes);
    while (message.npdcch.end > m_spaces.End(level, space))
    {
        space =
            m_spaces.Next(level, std::max(space + m_spaces.Period(level), message.npdcch.start));
        message.npdcch = FindSubframes(space, npdcchSubframes);
    }
    Book(message.npdcch, now);
    message.npdsch = FindSubframes(message.npdcch.end + NPDSCH_DELAY, npdschSubframes);
    Book(message.npdsch, now);
    return message;
}

} // namespace lpwan
} // namespace ns3
