// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-channel-plan.h"

#include "ns3/abort.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

namespace
{

/** Channels that one ChMask has bits for. */
constexpr std::size_t IN_BLOCK = 16;

/** Narrow channels that one wide channel lies beside. */
constexpr std::size_t IN_BANK = 8;

/** Channels that a device can know in a region where the network adds some. */
constexpr std::size_t MAX_DYNAMIC_CHANNELS = 16;

/** A mask that is being changed. */
class MaskWriter
{
  public:
    MaskWriter(const std::vector<LoraUplinkChannel>& channels, const LoraChannelMask& before)
        : m_channels(channels)
    {
        m_change.mask = before;
    }

    /** Sets channels by bits, the first one by bit 0. */
    void SetRange(std::size_t first, std::size_t count, unsigned bits)
    {
        for (std::size_t i = 0; i < count; ++i)
        {
            const bool on = (bits >> i & 1) != 0;
            const bool known = IsKnown(first + i);
            m_change.isValid = m_change.isValid && (known || !on);
            if (first + i < LORA_MAX_CHANNELS)
            {
                m_change.mask[first + i] = on && known;
            }
        }
    }

    /** Takes up all of the first channels that there are, or none. */
    void SetFirst(std::size_t count, bool on)
    {
        for (std::size_t i = 0; i < count; ++i)
        {
            m_change.mask[i] = on && IsKnown(i);
        }
    }

    /** What was asked for does not exist. */
    void Refuse()
    {
        m_change.isValid = false;
    }

    const LoraMaskChange& Get() const
    {
        return m_change;
    }

  private:
    bool IsKnown(std::size_t channel) const
    {
        return channel < m_channels.size() && m_channels[channel].frequencyHz > 0;
    }

    const std::vector<LoraUplinkChannel>& m_channels;
    LoraMaskChange m_change;
};

} // namespace

LoraMaskChange
ApplyDynamicChannelMask(const std::vector<LoraUplinkChannel>& channels,
                        LoraChannelMask before,
                        uint8_t control,
                        uint16_t bits)
{
    constexpr uint8_t ALL = 6;
    MaskWriter writer(channels, before);
    if (control == 0)
    {
        writer.SetRange(0, IN_BLOCK, bits);
    }
    else if (control == ALL)
    {
        writer.SetFirst(channels.size(), true);
    }
    else
    {
        writer.Refuse();
    }
    return writer.Get();
}

LoraMaskChange
ApplyFixedChannelMask(const std::vector<LoraUplinkChannel>& channels,
                      std::size_t wideChannels,
                      LoraChannelMask before,
                      uint8_t control,
                      uint16_t bits)
{
    constexpr uint8_t WIDE = 4;
    constexpr uint8_t BANKS = 5;
    constexpr uint8_t ALL_NARROW = 6;
    constexpr unsigned WIDE_BITS = 0xff;
    const std::size_t narrow = channels.size() - wideChannels;
    MaskWriter writer(channels, before);
    if (control < WIDE)
    {
        writer.SetRange(control * IN_BLOCK, IN_BLOCK, bits);
    }
    else if (control == WIDE)
    {
        writer.SetRange(narrow, wideChannels, bits & WIDE_BITS);
    }
    else if (control == BANKS)
    {
        for (std::size_t bank = 0; bank < wideChannels; ++bank)
        {
            const bool on = (bits >> bank & 1) != 0;
            writer.SetRange(bank * IN_BANK, IN_BANK, on ? WIDE_BITS : 0);
            writer.SetRange(narrow + bank, 1, on ? 1 : 0);
        }
    }
    else
    {
        writer.SetFirst(narrow, control == ALL_NARROW);
        writer.SetRange(narrow, wideChannels, bits & WIDE_BITS);
    }
    return writer.Get();
}

LoraChannelPlan::LoraChannelPlan(const LoraRegion& region)
    : m_region(&region)
{
    Reset();
}

void
LoraChannelPlan::SetRegion(const LoraRegion& region)
{
    m_region = &region;
    m_ownChannels.reset();
    Reset();
}

void
LoraChannelPlan::SetSubBand(uint8_t number)
{
    m_subBand = number;
    Reset();
}

uint8_t
LoraChannelPlan::GetSubBand() const
{
    return m_subBand;
}

std::vector<LoraUplinkChannel>&
LoraChannelPlan::OwnChannels()
{
    if (!m_ownChannels)
    {
        m_ownChannels = std::make_unique<std::vector<LoraUplinkChannel>>(m_region->channels);
    }
    return *m_ownChannels;
}

const LoraChannelMask&
LoraChannelPlan::InUse() const
{
    return m_inUse;
}

void
LoraChannelPlan::Use(const LoraChannelMask& mask)
{
    m_inUse = mask;
}

void
LoraChannelPlan::Reset()
{
    m_inUse = Defaults();
}

bool
LoraChannelPlan::IsAtDefaults() const
{
    return m_inUse == Defaults();
}

LoraChannelMask
LoraChannelPlan::Defaults() const
{
    LoraChannelMask mask;
    const auto& channels = Channels();
    NS_ABORT_MSG_IF(channels.size() > LORA_MAX_CHANNELS, "too many channels for a LoRa device");
    const std::size_t narrow = channels.size() - m_region->wideChannels;
    for (std::size_t i = 0; i < channels.size(); ++i)
    {
        const std::size_t subBand = i < narrow ? i / IN_BANK : i - narrow;
        mask[i] = channels[i].frequencyHz > 0 &&
                  (!m_region->fixedChannels || m_subBand == 0 || subBand + 1 == m_subBand);
    }
    return mask;
}

std::vector<uint32_t>
LoraChannelPlan::Frequencies() const
{
    std::vector<uint32_t> frequencies;
    for (std::size_t i = 0; i < Channels().size(); ++i)
    {
        if (m_inUse[i])
        {
            frequencies.push_back(Channels()[i].frequencyHz);
        }
    }
    return frequencies;
}

bool
LoraChannelPlan::Takes(const LoraChannelMask& mask, uint8_t dataRate) const
{
    const auto& channels = Channels();
    bool takes = false;
    for (std::size_t i = 0; i < channels.size() && m_region->IsUplinkDataRate(dataRate); ++i)
    {
        takes = takes || (mask[i] && dataRate >= channels[i].minDataRate &&
                          dataRate <= channels[i].maxDataRate);
    }
    return takes;
}

LoraMaskChange
LoraChannelPlan::Apply(const LoraChannelMask& before, const LinkAdrReq& request) const
{
    return m_region->fixedChannels ? ApplyFixedChannelMask(Channels(),
                                                           m_region->wideChannels,
                                                           before,
                                                           request.maskControl,
                                                           request.channelMask)
                                   : ApplyDynamicChannelMask(Channels(),
                                                             before,
                                                             request.maskControl,
                                                             request.channelMask);
}

NewChannelAns
LoraChannelPlan::Obey(const NewChannelReq& request)
{
    NewChannelAns answer;
    const bool isDefault = request.channel < m_region->channels.size();
    answer.frequencyOk = request.channel < MAX_DYNAMIC_CHANNELS && !isDefault &&
                         (request.frequencyHz == 0 || m_region->IsInside(request.frequencyHz));
    answer.dataRatesOk = request.minDataRate <= request.maxDataRate &&
                         m_region->IsUplinkDataRate(request.minDataRate) &&
                         m_region->IsUplinkDataRate(request.maxDataRate);
    if (answer.frequencyOk && answer.dataRatesOk)
    {
        auto& channels = OwnChannels();
        if (channels.size() <= request.channel)
        {
            channels.resize(request.channel + 1U);
        }
        channels[request.channel] = {request.frequencyHz, request.minDataRate, request.maxDataRate};
        m_inUse[request.channel] = request.frequencyHz > 0;
    }
    return answer;
}

void
LoraChannelPlan::AddFrequencies(const std::vector<uint32_t>& frequenciesHz)
{
    if (frequenciesHz.empty() || m_region->fixedChannels)
    {
        return;
    }
    m_ownChannels.reset();
    auto& channels = OwnChannels();
    for (const uint32_t frequencyHz : frequenciesHz)
    {
        const LoraUplinkChannel& like = m_region->channels.front();
        channels.push_back({frequencyHz, like.minDataRate, like.maxDataRate});
    }
    Reset();
}

} // namespace lpwan
} // namespace ns3
