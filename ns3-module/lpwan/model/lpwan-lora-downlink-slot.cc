// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-downlink-slot.h"

#include "lpwan-lora-frame.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

LoraDownlinkSlots::LoraDownlinkSlots(const LoraRegion& region)
    : m_region(&region)
{
}

void
LoraDownlinkSlots::SetRegion(const LoraRegion& region)
{
    m_region = &region;
}

void
LoraDownlinkSlots::SetRepeaterCompatible(bool compatible)
{
    m_repeaterCompatible = compatible;
}

bool
LoraDownlinkSlots::GetRepeaterCompatible() const
{
    return m_repeaterCompatible;
}

void
LoraDownlinkSlots::AddGateway(Ptr<LoraGateway> gateway)
{
    m_gateways.push_back(gateway);
}

void
LoraDownlinkSlots::Clear()
{
    m_gateways.clear();
}

Ptr<LoraGateway>
LoraDownlinkSlots::Find(uint32_t index) const
{
    const auto found =
        std::find_if(m_gateways.begin(), m_gateways.end(), [&](const Ptr<LoraGateway>& gateway) {
            return gateway->GetIndex() == index;
        });
    return found == m_gateways.end() ? nullptr : *found;
}

Time
LoraDownlinkSlots::Airtime(uint8_t dataRate, std::size_t size) const
{
    LoraModulation modulation = m_region->Modulation(dataRate);
    modulation.payloadCrc = false; // LoRaWAN: in uplinks only
    return LoraTimeOnAir(modulation, static_cast<uint32_t>(size));
}

std::size_t
LoraDownlinkSlots::MaxContent(uint8_t dataRate) const
{
    const LoraDataRate& rate = m_region->dataRates[dataRate];
    return m_repeaterCompatible ? rate.maxPayloadRepeater : rate.maxPayload;
}

std::size_t
LoraDownlinkSlots::LeastMaxContent() const
{
    std::size_t bytes = MaxContent(m_region->rx2DataRate);
    for (uint8_t dataRate = 0; dataRate <= m_region->maxUplinkDataRate; ++dataRate)
    {
        bytes = std::min(bytes, MaxContent(m_region->Rx1DataRate(dataRate, 0)));
    }
    return bytes;
}

std::optional<LoraDownlinkSlot>
LoraDownlinkSlots::InWindow(const std::vector<uint32_t>& gateways,
                            const LoraWantedDownlink& wanted,
                            Time earliest) const
{
    const Time rx2 = wanted.rx1 + m_region->receiveDelay2 - m_region->receiveDelay1;
    for (const uint8_t window : {uint8_t{1}, uint8_t{2}})
    {
        LoraDownlinkSlot slot;
        slot.window = window;
        slot.start = window == 1 ? wanted.rx1 : rx2;
        slot.frequencyHz = window == 1 ? wanted.rx1FrequencyHz : wanted.rx2FrequencyHz;
        slot.dataRate = window == 1 ? wanted.rx1DataRate : wanted.rx2DataRate;
        if (slot.start < earliest || wanted.size > LORA_MAC_OVERHEAD + MaxContent(slot.dataRate))
        {
            continue;
        }
        const Time airtime = Airtime(slot.dataRate, wanted.size);
        for (const uint32_t index : gateways)
        {
            slot.gateway = Find(index);
            if (slot.gateway && slot.gateway->CanSend(slot.frequencyHz, slot.start, airtime))
            {
                return slot;
            }
        }
    }
    return std::nullopt;
}

std::optional<LoraDownlinkSlot>
LoraDownlinkSlots::Between(const std::vector<uint32_t>& gateways,
                           uint32_t frequencyHz,
                           uint8_t dataRate,
                           std::size_t size,
                           Time earliest) const
{
    constexpr uint8_t BETWEEN = 3;
    if (size > LORA_MAC_OVERHEAD + MaxContent(dataRate))
    {
        return std::nullopt;
    }
    LoraDownlinkSlot slot;
    slot.window = BETWEEN;
    slot.frequencyHz = frequencyHz;
    slot.dataRate = dataRate;
    const Time airtime = Airtime(dataRate, size);
    for (const uint32_t index : gateways)
    {
        const Ptr<LoraGateway> gateway = Find(index);
        if (!gateway)
        {
            continue;
        }
        const Time start = gateway->GetNextOpportunity(frequencyHz, earliest, airtime);
        if (!slot.gateway || start < slot.start)
        {
            slot.gateway = gateway;
            slot.start = start;
        }
    }
    return slot.gateway ? std::optional<LoraDownlinkSlot>(slot) : std::nullopt;
}

} // namespace lpwan
} // namespace ns3
