// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-channel-access.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

void
LoraChannelAccess::SetDutyCycleEnabled(bool keep)
{
    m_dutyCycleEnabled = keep;
}

bool
LoraChannelAccess::IsDutyCycleEnabled() const
{
    return m_dutyCycleEnabled;
}

void
LoraChannelAccess::Reset()
{
    m_dutyCycle = DutyCycle();
}

Time
LoraChannelAccess::GetAggregateOpenFrom() const
{
    return m_aggregateOpenFrom;
}

Time
LoraChannelAccess::ChannelOpenFrom(const LoraChannelPlan& plan, std::size_t channel) const
{
    return m_dutyCycleEnabled
               ? m_dutyCycle.OpenFrom(plan.Region().SubBandOf(plan.Channels()[channel].frequencyHz))
               : Time(0);
}

Time
LoraChannelAccess::OpenFrom(const LoraChannelPlan& plan, uint8_t dataRate) const
{
    Time open = Time::Max();
    const std::size_t known = plan.Channels().size();
    for (std::size_t i = 0; i < known; ++i)
    {
        if (plan.IsUsable(i, dataRate))
        {
            open = std::min(open, ChannelOpenFrom(plan, i));
        }
    }
    return open;
}

std::map<std::size_t, Time>
LoraChannelAccess::SubBandsOpenFrom(const LoraChannelPlan& plan, uint8_t dataRate) const
{
    std::map<std::size_t, Time> openFrom;
    for (std::size_t i = 0; i < plan.Channels().size(); ++i)
    {
        if (plan.IsUsable(i, dataRate))
        {
            openFrom[plan.Region().SubBandOf(plan.Channels()[i].frequencyHz)] =
                ChannelOpenFrom(plan, i);
        }
    }
    return openFrom;
}

uint16_t
LoraChannelAccess::DutyCyclePermille(const LoraRegion& region, std::size_t subBand) const
{
    return m_dutyCycleEnabled ? region.subBands[subBand].dutyCyclePermille : 1000;
}

void
LoraChannelAccess::Book(const LoraRegion& region,
                        uint32_t frequencyHz,
                        Time start,
                        Time end,
                        uint8_t maxDutyCycle)
{
    const std::size_t subBand = region.SubBandOf(frequencyHz);
    m_dutyCycle.Book(subBand, start, end, region.subBands[subBand].dutyCyclePermille);
    if (maxDutyCycle > 0)
    {
        m_aggregateOpenFrom = end + (end - start) * ((int64_t{1} << maxDutyCycle) - 1);
    }
}

uint32_t
LoraChannelAccess::Choose(const LoraChannelPlan& plan,
                          uint8_t dataRate,
                          Time now,
                          double chance) const
{
    const std::size_t known = plan.Channels().size();
    const auto isOpen = [&](std::size_t i) {
        return plan.IsUsable(i, dataRate) && ChannelOpenFrom(plan, i) <= now;
    };
    std::size_t open = 0;
    for (std::size_t i = 0; i < known; ++i)
    {
        open += isOpen(i) ? 1 : 0;
    }
    auto choice = static_cast<std::size_t>(chance * static_cast<double>(open));
    std::size_t channel = 0;
    while (!isOpen(channel) || choice-- > 0)
    {
        ++channel;
    }
    return plan.Channels()[channel].frequencyHz;
}

} // namespace lpwan
} // namespace ns3
