// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-drx.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

namespace
{

double
Ratio(Time part, Time whole)
{
    return part.GetSeconds() / whole.GetSeconds();
}

/** \return where a device lies in a cycle: one unit after the device before */
Time
Spread(uint32_t index, Time unit, Time cycle)
{
    const int64_t units = std::max<int64_t>(1, cycle.GetNanoSeconds() / unit.GetNanoSeconds());
    return unit * (index % units);
}

/** \return the first of offset, offset + cycle, offset + 2 cycles .. not before a time */
Time
NextOf(Time from, Time offset, Time cycle)
{
    const int64_t c = cycle.GetNanoSeconds();
    const int64_t after = (from - offset).GetNanoSeconds();
    return after <= 0 ? offset : offset + NanoSeconds((after + c - 1) / c * c);
}

} // namespace

Time
NbiotDrx::NextOnDuration(uint32_t index, Time from) const
{
    const int64_t cycle = cdrxCycle.GetNanoSeconds();
    const int64_t offset = MilliSeconds(index).GetNanoSeconds() % cycle;
    const int64_t phase = (from.GetNanoSeconds() - offset + cycle) % cycle;
    return phase < onDuration.GetNanoSeconds() ? from : from + NanoSeconds(cycle - phase);
}

Time
NbiotDrx::NextPagingOccasion(uint32_t index, Time from) const
{
    // Section 7.1, with one paging frame of 10 ms for each UE_ID. Section 7.3: the window of a
    // device likewise, over hyperframes of 10.24 s.
    const Time offset = Spread(index, MilliSeconds(10), pagingCycle);
    const Time occasion = NextOf(from, offset, pagingCycle);
    if (edrxCycle.IsZero())
    {
        return occasion;
    }
    const Time windowOffset = Spread(index, MilliSeconds(10240), edrxCycle);
    const Time window =
        NextOf(occasion - pagingTimeWindow + NanoSeconds(1), windowOffset, edrxCycle);
    return std::max(occasion, NextOf(window, offset, pagingCycle));
}

double
NbiotDrx::OnShare() const
{
    return std::min(1.0, Ratio(onDuration, cdrxCycle));
}

double
NbiotDrx::PagingShare(Time duration) const
{
    double share = Ratio(duration, pagingCycle);
    if (!edrxCycle.IsZero())
    {
        share *= Ratio(pagingTimeWindow, edrxCycle);
    }
    return std::min(1.0, share);
}

} // namespace lpwan
} // namespace ns3
