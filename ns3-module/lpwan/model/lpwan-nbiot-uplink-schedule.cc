// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-uplink-schedule.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

uint32_t
NbiotNprach::Repetitions(uint8_t level) const
{
    return static_cast<uint32_t>(repetitions[level]);
}

Time
NbiotNprach::Duration(uint8_t level) const
{
    return NbiotPreambleTime(Repetitions(level), format);
}

Time
NbiotNprach::NextOccasion(uint8_t level, Time from) const
{
    const double period = periodMs[level] * 1e6;
    const double start = startMs[level] * 1e6;
    const double n = std::ceil((static_cast<double>(from.GetNanoSeconds()) - start) / period);
    return NanoSeconds(static_cast<int64_t>(std::max(0.0, n) * period + start));
}

NbiotNprach::Range
NbiotNprach::Subcarriers(uint8_t level) const
{
    uint32_t above = 0;
    Range range{0, 0};
    for (uint8_t i = 0; i <= level; ++i)
    {
        range.count = static_cast<uint32_t>(subcarriers[i]);
        range.first = above + range.count <= NBIOT_SUBCARRIERS ? above : 0;
        above = range.first + range.count;
    }
    return range;
}

double
NbiotNprach::TimeShare() const
{
    double share = 0;
    for (uint8_t level = 0; level < NBIOT_CE_COUNT; ++level)
    {
        share += Duration(level).GetSeconds() * 1000 / periodMs[level];
    }
    return share;
}

NbiotUplinkSchedule::NbiotUplinkSchedule(const NbiotNprach& nprach)
    : m_nprach(nprach)
{
}

NbiotUplinkSpan
NbiotUplinkSchedule::AroundNprach(Time start, Time duration, uint32_t first, uint32_t count) const
{
    NbiotUplinkSpan span{start, start, first};
    Time at = start;
    Time left = duration;
    bool begun = false;
    while (true)
    {
        // The next occasion on these subcarriers that is not over.
        Time from = Time::Max();
        Time until = Time::Max();
        for (uint8_t level = 0; level < NBIOT_CE_COUNT; ++level)
        {
            const NbiotNprach::Range range = m_nprach.Subcarriers(level);
            if (first >= range.first + range.count || range.first >= first + count)
            {
                continue;
            }
            const Time length = m_nprach.Duration(level);
            const Time occasion =
                m_nprach.NextOccasion(level, std::max(Time(0), at - length + NanoSeconds(1)));
            if (occasion + length > at && occasion < from)
            {
                from = occasion;
                until = occasion + length;
            }
        }
        if (from > at)
        {
            if (!begun)
            {
                span.start = at;
                begun = true;
            }
            if (from - at >= left)
            {
                span.end = at + left;
                return span;
            }
            left -= from - at;
        }
        at = until;
    }
}

Time
NbiotUplinkSchedule::FreeFrom(uint32_t first, uint32_t count) const
{
    return *std::max_element(m_freeFrom.begin() + first, m_freeFrom.begin() + first + count);
}

std::optional<NbiotUplinkSpan>
NbiotUplinkSchedule::BookNpuschAt(Time start, NbiotTones tones, Time duration)
{
    const uint32_t count = NbiotSubcarriers(tones);
    for (uint32_t above = NBIOT_SUBCARRIERS; above > 0; above -= count)
    {
        const uint32_t first = above - count;
        if (FreeFrom(first, count) <= start)
        {
            const NbiotUplinkSpan span = AroundNprach(start, duration, first, count);
            std::fill_n(m_freeFrom.begin() + first, count, span.end);
            return span;
        }
    }
    return std::nullopt;
}

std::optional<NbiotUplinkSpan>
NbiotUplinkSchedule::BookNpusch(Time after,
                                const NbiotDelaysMs& delaysMs,
                                NbiotTones tones,
                                Time duration)
{
    for (const int64_t delayMs : delaysMs)
    {
        if (const auto span = BookNpuschAt(after + MilliSeconds(delayMs), tones, duration))
        {
            return span;
        }
    }
    return std::nullopt;
}

NbiotUplinkSpan
NbiotUplinkSchedule::BookSoonestNpusch(NbiotTones tones, Time duration)
{
    const uint32_t count = NbiotSubcarriers(tones);
    Time soonest = Time::Max();
    for (uint32_t first = 0; first < NBIOT_SUBCARRIERS; first += count)
    {
        soonest = std::min(soonest, FreeFrom(first, count));
    }
    return *BookNpuschAt(soonest, tones, duration);
}

} // namespace lpwan
} // namespace ns3
