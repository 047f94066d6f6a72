// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-link.h"

#include "lpwan-lora-network.h"

#include <algorithm>
#include <limits>

namespace ns3
{
namespace lpwan
{

namespace
{

std::string
GroupOf(int spreadingFactor)
{
    return "sf" + std::to_string(spreadingFactor);
}

} // namespace

std::string
LoraLink::GetName() const
{
    return "lora";
}

std::vector<std::string>
LoraLink::GetGroups() const
{
    std::vector<std::string> groups;
    for (uint8_t i = 0; i < LORA_SF_COUNT; ++i)
    {
        groups.push_back(GroupOf(LORA_MIN_SF + i));
    }
    return groups;
}

std::vector<Ptr<LpwanNetDevice>>
LoraLink::Build(const limitnet::ScenarioValues& values, const limitnet::RunFolder& folder)
{
    m_lora = std::make_unique<LoraHelper>();
    const LoraNetwork network = BuildLoraNetwork(values, *m_lora);
    if (values.Bool("lora.pcap"))
    {
        m_lora->EnablePcap(folder.File("lora").string());
    }
    for (uint32_t i = 0; i < network.devices.GetN(); ++i)
    {
        m_devices.push_back(DynamicCast<LoraEndDevice>(network.devices.Get(i)));
    }
    return {m_devices.begin(), m_devices.end()};
}

void
LoraLink::Connect(DeliverCallback deliver, FateCallback fate)
{
    m_fate = fate;
    m_lora->GetChannel()->TraceConnectWithoutContext("UplinkFate",
                                                     MakeCallback(&LoraLink::OnUplinkFate, this));
    m_lora->GetServer()->SetDeliverCallback(deliver);
}

void
LoraLink::OnUplinkFate(const LoraUplink& uplink)
{
    OffloadingFate fate;
    fate.deviceAddress = uplink.transmission.deviceAddress;
    fate.frameCounter = uplink.transmission.frameCounter;
    fate.fate = uplink.fate == LoraFate::RECEIVED ? "in_backhaul" : ToString(uplink.fate);
    if (uplink.fate == LoraFate::INTERFERENCE)
    {
        fate.interfererAddress = uplink.interferer.deviceAddress;
    }
    m_fate(fate);
}

void
LoraLink::SendDownlink(uint32_t device, const std::vector<uint8_t>& payload, uint8_t port)
{
    const uint32_t address = m_devices.at(device)->GetDeviceAddress();
    m_lora->GetServer()->CancelDownlinks(address, port);
    m_lora->GetServer()->SendDownlink(address, payload, port);
}

uint32_t
LoraLink::GetGatewayCount() const
{
    return m_lora->GetChannel()->GetGatewayCount();
}

OffloadingDeviceState
LoraLink::GetDeviceState(uint32_t device) const
{
    const auto channel = m_lora->GetChannel();
    const auto& endDevice = m_devices.at(device);
    OffloadingDeviceState state;
    state.spreadingFactor = endDevice->GetSpreadingFactor();
    state.group = GroupOf(*state.spreadingFactor);
    state.pathLossDb = std::numeric_limits<double>::infinity();
    for (uint32_t g = 0; g < channel->GetGatewayCount(); ++g)
    {
        state.pathLossDb = std::min(state.pathLossDb,
                                    channel->GetGateway(g)->GetAntennaGain() -
                                        channel->GetRxPowerDbm(endDevice->GetChannelIndex(), g, 0));
    }
    return state;
}

} // namespace lpwan
} // namespace ns3
