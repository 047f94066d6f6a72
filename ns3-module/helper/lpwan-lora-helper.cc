// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-helper.h"

#include "ns3/abort.h"
#include "ns3/double.h"
#include "ns3/mac64-address.h"
#include "ns3/node.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <limits>

namespace ns3
{
namespace lpwan
{

namespace
{

/** First DevAddr: NetID 000001, which LoRaWAN sets aside for experiments. */
constexpr uint32_t FIRST_ADDRESS = 0x02000001;

} // namespace

LoraHelper::LoraHelper()
    : m_channel(CreateObject<LoraChannel>()),
      m_server(CreateObject<NetworkServer>()),
      m_masterKey{'l', 'i', 'm', 'i', 't', 'n', 'e', 't', '-', 'm', 'a', 's', 't', 'e', 'r', '0'},
      m_nextAddress(FIRST_ADDRESS)
{
    m_deviceFactory.SetTypeId(LoraEndDevice::GetTypeId());
    m_gatewayFactory.SetTypeId(LoraGateway::GetTypeId());

    Ptr<LogDistancePropagationLossModel> loss = CreateObject<LogDistancePropagationLossModel>();
    loss->SetPathLossExponent(3.76);
    loss->SetReference(1, 7.7);
    m_channel->SetPropagationLossModel(loss);

    // The server sits on no node that would dispose of it, and its callback may hold a node.
    Simulator::ScheduleDestroy(&NetworkServer::Dispose, m_server);
}

LoraHelper::~LoraHelper() = default;

void
LoraHelper::SetDeviceAttribute(const std::string& name, const AttributeValue& value)
{
    m_deviceFactory.Set(name, value);
}

void
LoraHelper::SetGatewayAttribute(const std::string& name, const AttributeValue& value)
{
    m_gatewayFactory.Set(name, value);
}

void
LoraHelper::SetServerAttribute(const std::string& name, const AttributeValue& value)
{
    m_server->SetAttribute(name, value);
}

void
LoraHelper::SetChannelAttribute(const std::string& name, const AttributeValue& value)
{
    m_channel->SetAttribute(name, value);
}

void
LoraHelper::SetPropagationLossModel(Ptr<PropagationLossModel> model)
{
    m_channel->SetPropagationLossModel(model);
}

void
LoraHelper::SetMasterKey(const AesBlock& key)
{
    m_masterKey = key;
}

void
LoraHelper::SetSpreadingFactorMargin(double marginDb)
{
    m_marginDb = marginDb;
}

std::vector<Ptr<LoraGateway>>
LoraHelper::InstallGateways(const NodeContainer& nodes)
{
    std::vector<Ptr<LoraGateway>> gateways;
    for (auto i = nodes.Begin(); i != nodes.End(); ++i)
    {
        Ptr<LoraGateway> gateway = m_gatewayFactory.Create<LoraGateway>();
        gateway->SetNode(*i);
        (*i)->AggregateObject(gateway);
        gateway->Attach(m_channel);
        m_server->AddGateway(gateway);
        gateways.push_back(gateway);
    }
    m_gateways.insert(m_gateways.end(), gateways.begin(), gateways.end());
    return gateways;
}

NetDeviceContainer
LoraHelper::Install(const NodeContainer& nodes)
{
    NetDeviceContainer devices;
    for (auto i = nodes.Begin(); i != nodes.End(); ++i)
    {
        const uint32_t address = m_nextAddress++;
        const LoraSessionKeys keys = DeriveSessionKeys(m_masterKey, address);
        // DevEUI: the DevAddr in a block of locally administered EUI-64s.
        const uint8_t eui[8] = {0x02,
                                0,
                                0,
                                0,
                                static_cast<uint8_t>(address >> 24),
                                static_cast<uint8_t>(address >> 16),
                                static_cast<uint8_t>(address >> 8),
                                static_cast<uint8_t>(address)};
        Mac64Address devEui;
        devEui.CopyFrom(eui);

        Ptr<LoraEndDevice> device = m_deviceFactory.Create<LoraEndDevice>();
        device->SetAddress(devEui);
        device->Personalize(address, keys);
        (*i)->AddDevice(device);
        device->Attach(m_channel);
        m_server->RegisterDevice(address, keys);
        devices.Add(device);
        m_devices.push_back(device);
    }
    return devices;
}

Ptr<LoraChannel>
LoraHelper::GetChannel() const
{
    return m_channel;
}

Ptr<NetworkServer>
LoraHelper::GetServer() const
{
    return m_server;
}

SpreadingFactorPlan
LoraHelper::AssignSpreadingFactors(const NetDeviceContainer& devices) const
{
    NS_ABORT_MSG_IF(m_channel->GetGatewayCount() == 0,
                    "spreading factors cannot be assigned before a gateway is installed");
    SpreadingFactorPlan plan;
    for (auto i = devices.Begin(); i != devices.End(); ++i)
    {
        Ptr<LoraEndDevice> device = DynamicCast<LoraEndDevice>(*i);
        NS_ABORT_MSG_UNLESS(device, "spreading factors are for LoRa end devices only");
        uint8_t chosen = 0;
        for (uint8_t sf = 7; sf <= 12 && chosen == 0; ++sf)
        {
            double best = -std::numeric_limits<double>::infinity();
            for (uint32_t g = 0; g < m_channel->GetGatewayCount(); ++g)
            {
                const double power =
                    m_channel->GetRxPowerDbm(device->GetChannelIndex(), g, device->GetTxPowerDbm());
                best = std::max(best, power - m_channel->GetGateway(g)->GetSensitivityDbm(sf));
            }
            if (best >= m_marginDb)
            {
                chosen = sf;
            }
        }
        if (chosen == 0)
        {
            chosen = 12;
            ++plan.outOfRange;
        }
        device->SetSpreadingFactor(chosen);
        ++plan.count[chosen - 7];
    }
    return plan;
}

void
LoraHelper::SetSpreadingFactor(const NetDeviceContainer& devices, uint8_t spreadingFactor)
{
    for (auto i = devices.Begin(); i != devices.End(); ++i)
    {
        Ptr<LoraEndDevice> device = DynamicCast<LoraEndDevice>(*i);
        NS_ABORT_MSG_UNLESS(device, "spreading factors are for LoRa end devices only");
        device->SetSpreadingFactor(spreadingFactor);
    }
}

int64_t
LoraHelper::AssignStreams(int64_t stream)
{
    int64_t current = stream;
    current += m_channel->AssignStreams(current);
    for (const auto& gateway : m_gateways)
    {
        current += gateway->AssignStreams(current);
    }
    for (const auto& device : m_devices)
    {
        current += device->AssignStreams(current);
    }
    return current - stream;
}

} // namespace lpwan
} // namespace ns3
