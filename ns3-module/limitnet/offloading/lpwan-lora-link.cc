// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-link.h"

#include "ns3/lpwan-lora-network.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace ns3
{
namespace lpwan
{

namespace
{

std::string
LevelOf(int spreadingFactor)
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
LoraLink::GetLevels() const
{
    std::vector<std::string> levels;
    for (uint8_t i = 0; i < LORA_SF_COUNT; ++i)
    {
        levels.push_back(LevelOf(LORA_MIN_SF + i));
    }
    return levels;
}

AttributeBindings
LoraLink::GetAttributes() const
{
    return LoraAttributes();
}

bool
LoraLink::CanConfirm() const
{
    return true;
}

std::vector<OffloadingDevice>
LoraLink::Build(const limitnet::ScenarioValues& values, const limitnet::RunFolder& folder)
{
    m_lora = std::make_unique<LoraHelper>();
    const LoraNetwork network = BuildLoraNetwork(values, *m_lora);
    if (values.Bool("lora.pcap"))
    {
        m_lora->EnablePcap(folder.File("lora").string());
    }
    std::vector<OffloadingDevice> devices;
    for (uint32_t i = 0; i < network.devices.GetN(); ++i)
    {
        m_devices.push_back(DynamicCast<LoraEndDevice>(network.devices.Get(i)));
        devices.push_back({m_devices.back(), network.groups[i]});
    }
    return devices;
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
    fate.outcome = uplink.fate == LoraFate::RECEIVED ? FrameOutcome::RECEIVED : FrameOutcome::LOST;
    fate.cause = ToString(uplink.fate);
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

std::size_t
LoraLink::GetMaxDownlinkBytes() const
{
    return m_lora->GetServer()->GetMaxDownlinkBytes();
}

std::vector<OffloadingGateway>
LoraLink::GetGateways() const
{
    std::vector<OffloadingGateway> gateways;
    const auto channel = m_lora->GetChannel();
    for (uint32_t i = 0; i < channel->GetGatewayCount(); ++i)
    {
        const auto gateway = channel->GetGateway(i);
        gateways.push_back({gateway->GetNode(), gateway->GetNetId() + 1});
    }
    return gateways;
}

OffloadingDeviceState
LoraLink::GetDeviceState(uint32_t device) const
{
    const auto channel = m_lora->GetChannel();
    const auto& endDevice = m_devices.at(device);
    OffloadingDeviceState state;
    state.spreadingFactor = endDevice->GetSpreadingFactor();
    state.level = LevelOf(*state.spreadingFactor);
    state.pathLossDb = std::numeric_limits<double>::infinity();
    for (uint32_t g = 0; g < channel->GetGatewayCount(); ++g)
    {
        if (channel->GetGateway(g)->GetNetId() != endDevice->GetNetId())
        {
            continue;
        }
        state.pathLossDb =
            std::min(state.pathLossDb, channel->GetPathLossDb(endDevice->GetChannelIndex(), g));
    }
    return state;
}

} // namespace lpwan
} // namespace ns3
