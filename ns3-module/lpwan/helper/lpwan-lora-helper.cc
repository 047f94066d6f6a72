// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-helper.h"

#include "lpwan-lora-pcap.h"

#include "ns3/abort.h"
#include "ns3/double.h"
#include "ns3/mac64-address.h"
#include "ns3/node.h"
#include "ns3/okumura-hata-propagation-loss-model.h"
#include "ns3/string.h"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <limits>

namespace ns3
{
namespace lpwan
{

namespace
{

/** First DevAddr: NetID 000001, which LoRaWAN sets aside for experiments. */
constexpr uint32_t FIRST_ADDRESS = 0x02000001;

/** Bandwidth at which spreading factors are assigned. */
constexpr uint32_t REFERENCE_BANDWIDTH_HZ = 125000;

/** Of the network's join server; a locally administered EUI-64. */
constexpr uint64_t JOIN_EUI = 0x0200000000000001;

} // namespace

LoraHelper::LoraHelper()
    : m_channel(CreateObject<LoraChannel>()),
      m_server(CreateObject<NetworkServer>()),
      m_masterKey{'l', 'i', 'm', 'i', 't', 'n', 'e', 't', '-', 'm', 'a', 's', 't', 'e', 'r', '0'},
      m_nextAddress(FIRST_ADDRESS)
{
    m_deviceFactory.SetTypeId(LoraEndDevice::GetTypeId());
    m_gatewayFactory.SetTypeId(LoraGateway::GetTypeId());

    SetPropagationPreset("log-distance");
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
LoraHelper::SetPropagationPreset(const std::string& name)
{
    const auto logDistance = [](double exponent, double distanceM, double lossDb) {
        Ptr<LogDistancePropagationLossModel> model =
            CreateObject<LogDistancePropagationLossModel>();
        model->SetPathLossExponent(exponent);
        model->SetReference(distanceM, lossDb);
        return model;
    };
    if (name == "log-distance")
    {
        m_channel->SetPropagationLossModel(logDistance(3.76, 1, 7.7));
    }
    else if (name == "oulu")
    {
        // 128.95 dB at 1 km, from a reference at 1 m: ns-3's model is flat within its reference.
        m_channel->SetPropagationLossModel(logDistance(2.32, 1, 128.95 - 3 * 23.2));
    }
    else if (name == "okumura-hata")
    {
        Ptr<OkumuraHataPropagationLossModel> model =
            CreateObject<OkumuraHataPropagationLossModel>();
        model->SetAttribute("Frequency", DoubleValue(868e6));
        model->SetAttribute("Environment", StringValue("Urban"));
        model->SetAttribute("CitySize", StringValue("Large"));
        m_channel->SetPropagationLossModel(model);
    }
    else
    {
        NS_ABORT_MSG("path loss '" << name
                                   << "' is unknown; there are log-distance, okumura-hata, oulu");
    }
}

void
LoraHelper::SetRegion(const std::string& name)
{
    m_deviceFactory.Set("Region", StringValue(name));
    m_gatewayFactory.Set("Region", StringValue(name));
    m_server->SetAttribute("Region", StringValue(name));
}

void
LoraHelper::SetOtaa(bool otaa)
{
    m_otaa = otaa;
}

void
LoraHelper::SetSpreadingFactorSensitivity(const std::string& text)
{
    const auto sensitivity = LoraSensitivity::Parse(text);
    NS_ABORT_MSG_UNLESS(sensitivity,
                        "sensitivity '" << text << "' must be " << LoraSensitivity::Expected());
    m_planSensitivity = *sensitivity;
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
        if (m_otaa)
        {
            uint64_t number = 0;
            for (const uint8_t byte : eui)
            {
                number = number << 8 | byte;
            }
            // The root key of a device: another one for each, from the master key.
            const AesBlock appKey = keys.appSKey;
            device->SetOtaa(JOIN_EUI, appKey, address);
            m_server->RegisterOtaaDevice(number,
                                         appKey,
                                         address,
                                         device->GetClass(),
                                         device->GetSubBand());
        }
        else
        {
            device->Personalize(address, keys);
            m_server->RegisterDevice(address, keys, device->GetClass(), device->GetSubBand());
        }
        (*i)->AddDevice(device);
        device->Attach(m_channel);
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
        const LoraRegion& region = device->GetRegion();
        const std::vector<uint8_t> factors = region.SpreadingFactors();
        uint8_t chosen = 0;
        for (std::size_t f = 0; f < factors.size() && chosen == 0; ++f)
        {
            const uint8_t sf = factors[f];
            double best = -std::numeric_limits<double>::infinity();
            for (uint32_t g = 0; g < m_channel->GetGatewayCount(); ++g)
            {
                if (m_channel->GetGateway(g)->GetNetId() != device->GetNetId())
                {
                    continue;
                }
                const double power = device->GetTxPowerDbm() -
                                     m_channel->GetPathLossDb(device->GetChannelIndex(), g) +
                                     m_channel->GetGateway(g)->GetAntennaGain();
                const double sensitivity =
                    m_planSensitivity.GetText().empty()
                        ? m_channel->GetGateway(g)->GetSensitivityDbm(sf)
                        : m_planSensitivity.GetDbm(sf, REFERENCE_BANDWIDTH_HZ, 0);
                best = std::max(best, power - sensitivity);
            }
            if (best >= m_marginDb)
            {
                chosen = sf;
            }
        }
        if (chosen == 0)
        {
            chosen = factors.back();
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

void
LoraHelper::EnablePcap(const std::string& prefix) const
{
    for (const auto& gateway : m_gateways)
    {
        EnableLoraPcap(gateway,
                       prefix + "-gateway-" + std::to_string(gateway->GetIndex()) + ".pcap");
    }
    const std::string name = prefix + "-keys.uat";
    std::ofstream file(name);
    file << std::hex << std::setfill('0');
    const auto put = [&](const AesBlock& key) {
        for (const uint8_t byte : key)
        {
            file << std::setw(2) << int{byte};
        }
    };
    for (const auto& device : m_devices)
    {
        if (!device->IsJoined())
        {
            continue;
        }
        const uint32_t address = device->GetDeviceAddress();
        const LoraSessionKeys keys = DeriveSessionKeys(m_masterKey, address);
        file << '"';
        for (int i = 0; i < 4; ++i)
        {
            file << std::setw(2) << (address >> (8 * i) & 0xffU);
        }
        file << "\",\"";
        put(keys.nwkSKey);
        file << "\",\"";
        put(keys.appSKey);
        file << "\",\"0000000000000000\"\n";
    }
    file.close();
    NS_ABORT_MSG_UNLESS(file, name << ": cannot be written");
}

} // namespace lpwan
} // namespace ns3
