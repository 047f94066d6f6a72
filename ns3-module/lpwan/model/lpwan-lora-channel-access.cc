// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-channel-access.h"

#include <algorithm>
#include <array>

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
    const auto& channels = plan.Channels();
    std::array<uint32_t, LORA_MAX_CHANNELS> openHz{};
    std::size_t open = 0;
    for (std::size_t i = 0; i < channels.size(); ++i)
    {
        if (plan.IsUsable(i, dataRate) && ChannelOpenFrom(plan, i) <= now)
        {
            openHz[open++] = channels[i].frequencyHz;
        }
    }
    return openHz.at(static_cast<std::size_t>(chance * static_cast<double>(open)));
}

} // namespace lpwan
} // namespace ns3
