// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-channel.h"

#include "lpwan-lora-gateway.h"

#include "ns3/abort.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanLoraChannel");

NS_OBJECT_ENSURE_REGISTERED(LoraChannel);

const char*
ToString(LoraFate fate)
{
    switch (fate)
    {
    case LoraFate::UNDER_SENSITIVITY:
        return "under_sensitivity";
    case LoraFate::NO_DEMODULATOR:
        return "no_demodulator";
    case LoraFate::INTERFERENCE:
        return "interference";
    case LoraFate::RANDOM_LOSS:
        return "random_loss";
    case LoraFate::RECEIVED:
        return "received";
    }
    return "unknown";
}

TypeId
LoraChannel::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::LoraChannel")
            .SetParent<Channel>()
            .SetGroupName("Limitnet")
            .AddConstructor<LoraChannel>()
            .AddAttribute("PropagationLossModel",
                          "Distance part of the path loss.",
                          PointerValue(),
                          MakePointerAccessor(&LoraChannel::m_lossModel),
                          MakePointerChecker<PropagationLossModel>())
            .AddAttribute("ShadowingSigma",
                          "Standard deviation of the log-normal shadowing, dB, drawn once for each "
                          "pair of device and gateway.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&LoraChannel::m_sigmaDb),
                          MakeDoubleChecker<double>(0))
            .AddTraceSource("UplinkFate",
                            "An uplink has ended at all gateways: frame with its final fate.",
                            MakeTraceSourceAccessor(&LoraChannel::m_fateTrace),
                            "ns3::lpwan::LoraChannel::UplinkTracedCallback");
    return tid;
}

LoraChannel::LoraChannel()
    : m_shadowing(CreateObject<NormalRandomVariable>())
{
}

LoraChannel::~LoraChannel() = default;

void
LoraChannel::DoDispose()
{
    m_lossModel = nullptr;
    m_shadowing = nullptr;
    m_devices.clear();
    m_gateways.clear();
    m_devicePlaces.clear();
    m_gatewayPlaces.clear();
    m_paths.clear();
    Channel::DoDispose();
}

uint32_t
LoraChannel::AddDevice(Ptr<NetDevice> device)
{
    m_devices.push_back(device);
    m_devicePlaces.emplace_back();
    return static_cast<uint32_t>(m_devices.size() - 1);
}

uint32_t
LoraChannel::AddGateway(Ptr<LoraGateway> gateway)
{
    m_gateways.push_back(gateway);
    m_gatewayPlaces.emplace_back();
    return static_cast<uint32_t>(m_gateways.size() - 1);
}

uint32_t
LoraChannel::GetGatewayCount() const
{
    return static_cast<uint32_t>(m_gateways.size());
}

Ptr<LoraGateway>
LoraChannel::GetGateway(uint32_t index) const
{
    return m_gateways.at(index);
}

std::size_t
LoraChannel::GetNDevices() const
{
    return m_devices.size();
}

Ptr<NetDevice>
LoraChannel::GetDevice(std::size_t i) const
{
    return m_devices.at(i);
}

void
LoraChannel::SetPropagationLossModel(Ptr<PropagationLossModel> model)
{
    m_lossModel = model;
}

int64_t
LoraChannel::AssignStreams(int64_t stream)
{
    m_shadowing->SetStream(stream);
    int64_t taken = 1;
    if (m_lossModel)
    {
        taken += m_lossModel->AssignStreams(stream + taken);
    }
    return taken;
}

void
LoraChannel::CompletePaths()
{
    // Device by device in the order of installation, so that what is drawn depends on neither the
    // traffic nor ShadowingSigma.
    if (m_completeDevices == m_devices.size() && m_completeGateways == m_gateways.size())
    {
        return;
    }
    m_paths.resize(m_devices.size());
    for (auto& paths : m_paths)
    {
        while (paths.size() < m_gateways.size())
        {
            Path path;
            path.shadowing = m_shadowing->GetValue(0, 1);
            paths.push_back(path);
        }
    }
    m_completeDevices = m_devices.size();
    m_completeGateways = m_gateways.size();
}

void
LoraChannel::Visit(Place& place, Ptr<Node> node)
{
    if (!place.mobility)
    {
        NS_ABORT_MSG_UNLESS(node, "a LoRa device or gateway sits on no node");
        place.mobility = node->GetObject<MobilityModel>();
        NS_ABORT_MSG_UNLESS(place.mobility,
                            "node " << node->GetId()
                                    << " of a LoRa network has no MobilityModel: install one");
        place.position = place.mobility->GetPosition();
        return;
    }
    const Vector position = place.mobility->GetPosition();
    if (position.x != place.position.x || position.y != place.position.y ||
        position.z != place.position.z)
    {
        place.position = position;
        ++place.moves;
    }
}

double
LoraChannel::GetRxPowerDbm(uint32_t device, uint32_t gateway, double txPowerDbm)
{
    CompletePaths();
    Path& path = m_paths.at(device).at(gateway);
    Place& from = m_devicePlaces[device];
    Place& to = m_gatewayPlaces[gateway];
    Visit(from, m_devices[device]->GetNode());
    Visit(to, m_gateways[gateway]->GetNode());
    if (path.deviceMoves != from.moves || path.gatewayMoves != to.moves)
    {
        NS_ABORT_MSG_UNLESS(m_lossModel,
                            "LoraChannel has no PropagationLossModel: set that attribute");
        path.lossDb = -m_lossModel->CalcRxPower(0, from.mobility, to.mobility);
        path.deviceMoves = from.moves;
        path.gatewayMoves = to.moves;
    }
    return txPowerDbm - path.lossDb - m_sigmaDb * path.shadowing +
           m_gateways[gateway]->GetAntennaGain();
}

void
LoraChannel::SendUplink(uint32_t device, Ptr<LoraUplink> uplink)
{
    const LpwanTransmission& transmission = uplink->transmission;
    NS_LOG_LOGIC("uplink " << transmission.deviceAddress << "/" << transmission.frameCounter
                           << " SF" << +transmission.spreadingFactor << " "
                           << transmission.frequencyHz << " Hz, " << transmission.frameBytes
                           << " bytes");
    for (uint32_t i = 0; i < m_gateways.size(); ++i)
    {
        m_gateways[i]->StartReception(uplink, GetRxPowerDbm(device, i, transmission.txPowerDbm));
    }
    Simulator::Schedule(transmission.end - Simulator::Now(), &LoraChannel::EndUplink, this, uplink);
}

void
LoraChannel::EndUplink(Ptr<LoraUplink> uplink)
{
    for (const auto& gateway : m_gateways)
    {
        uplink->fate = std::max(uplink->fate, gateway->EndReception(uplink));
    }
    m_fateTrace(*uplink);
}

} // namespace lpwan
} // namespace ns3
