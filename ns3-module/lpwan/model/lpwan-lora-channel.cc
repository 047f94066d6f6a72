// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-channel.h"

#include "lpwan-compatibility.h"
#include "lpwan-lora-gateway.h"

#include "ns3/abort.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <tuple>
#include <utility>

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
    case LoraFate::GATEWAY_SENDING:
        return "gateway_sending";
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
                          "pair of device and gateway; devices at one place have the same.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&LoraChannel::m_sigmaDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("ShadowingCorrelationDistance",
                          "Distance over which the shadowing's correlation falls to 1/e, m; 0: "
                          "each pair of device and gateway has its own.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&LoraChannel::m_correlationM),
                          MakeDoubleChecker<double>(0))
            .AddAttribute(
                "DownlinkSirMatrix",
                "What a downlink needs over other downlinks: Goursaud, Croce, Orthogonal.",
                MakeEnumValue(LoraSirMatrix::GOURSAUD),
                MakeAccessorOfEnum(&LoraChannel::SetDownlinkSirMatrix,
                                   &LoraChannel::GetDownlinkSirMatrix),
                MakeLoraSirMatrixChecker())
            .AddAttribute(
                "DownlinkErrorModel",
                "How noise decides over downlinks: Threshold (the device's sensitivity) or "
                "Curve (by SNR).",
                MakeEnumValue(LoraErrorModel::THRESHOLD),
                MakeAccessorOfEnum(&LoraChannel::SetDownlinkErrorModel,
                                   &LoraChannel::GetDownlinkErrorModel),
                MakeLoraErrorModelChecker())
            .AddTraceSource("UplinkFate",
                            "An uplink has ended at all gateways: frame with its final fate.",
                            MakeTraceSourceAccessor(&LoraChannel::m_fateTrace),
                            "ns3::lpwan::LoraChannel::UplinkTracedCallback")
            .AddTraceSource("DownlinkFate",
                            "A downlink has ended at a device that listened to it: frame, device, "
                            "received power in dBm, whether it was received.",
                            MakeTraceSourceAccessor(&LoraChannel::m_downlinkTrace),
                            "ns3::lpwan::LoraChannel::DownlinkTracedCallback");
    return tid;
}

LoraChannel::LoraChannel()
    : m_shadowing(CreateObject<NormalRandomVariable>()),
      m_waves(CreateObject<UniformRandomVariable>()),
      m_chance(CreateObject<UniformRandomVariable>())
{
}

LoraChannel::~LoraChannel() = default;

void
LoraChannel::DoDispose()
{
    m_lossModel = nullptr;
    m_shadowing = nullptr;
    m_waves = nullptr;
    m_chance = nullptr;
    m_devices.clear();
    m_gateways.clear();
    m_gatewayPlaces.clear();
    m_paths.clear();
    m_windows.clear();
    m_downlinks.clear();
    Channel::DoDispose();
}

void
LoraChannel::SetDownlinkSirMatrix(LoraSirMatrix matrix)
{
    m_sirMatrix = matrix;
    m_sirRatios = LoraSirRatios(matrix);
}

LoraSirMatrix
LoraChannel::GetDownlinkSirMatrix() const
{
    return m_sirMatrix;
}

void
LoraChannel::SetDownlinkErrorModel(LoraErrorModel model)
{
    m_errorModel = model;
}

LoraErrorModel
LoraChannel::GetDownlinkErrorModel() const
{
    return m_errorModel;
}

uint32_t
LoraChannel::AddDevice(Ptr<NetDevice> device, LoraDownlinkReceiver* receiver)
{
    m_devices.push_back({device, receiver, Place()});
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
    return m_devices.at(i).device;
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
    m_waves->SetStream(stream + 1);
    m_chance->SetStream(stream + 2);
    int64_t taken = 3;
    if (m_lossModel)
    {
        taken += m_lossModel->AssignStreams(stream + taken);
    }
    return taken;
}

void
LoraChannel::WarnOfRandomLoss() const
{
    for (Ptr<PropagationLossModel> model = m_lossModel; model; model = model->GetNext())
    {
        if (DynamicCast<RandomPropagationLossModel>(model) ||
            DynamicCast<NakagamiPropagationLossModel>(model))
        {
            std::cerr << "warning: LoraChannel asks " << model->GetInstanceTypeId().GetName()
                      << " once for each pair of device and gateway, until one of them moves: it "
                         "is no fading from frame to frame\n";
        }
    }
}

void
LoraChannel::CompletePaths()
{
    const std::size_t devices = m_devices.size();
    const std::size_t gateways = m_gateways.size();
    if (m_completeDevices == devices && m_completeGateways == gateways)
    {
        return;
    }
    if (m_completeDevices == 0)
    {
        WarnOfRandomLoss();
    }
    if (m_completeGateways == gateways)
    {
        m_paths.resize(devices * gateways);
    }
    else
    {
        std::vector<Path> paths(devices * gateways);
        for (std::size_t i = 0; i < m_completeDevices; ++i)
        {
            std::copy_n(m_paths.begin() + static_cast<std::ptrdiff_t>(i * m_completeGateways),
                        m_completeGateways,
                        paths.begin() + static_cast<std::ptrdiff_t>(i * gateways));
        }
        m_paths = std::move(paths);
    }
    // Device by device in the order of installation, so that what is drawn depends on neither the
    // traffic nor ShadowingSigma.
    for (std::size_t i = 0; i < devices; ++i)
    {
        for (std::size_t g = i < m_completeDevices ? m_completeGateways : 0; g < gateways; ++g)
        {
            m_paths[i * gateways + g].shadowing = static_cast<float>(m_shadowing->GetValue(0, 1));
        }
    }
    FindTwins(m_completeDevices);
    m_completeDevices = devices;
    m_completeGateways = gateways;

    while (m_correlationM > 0 && m_fields.size() < gateways)
    {
        constexpr std::size_t WAVES = 500;
        std::vector<Wave> field;
        for (std::size_t i = 0; i < WAVES; ++i)
        {
            // The spectrum of exp(-d/D) in the plane is D^2 (1 + k^2 D^2)^(-3/2) / (2 pi); its
            // radial distribution function is 1 - (1 + k^2 D^2)^(-1/2), inverted here.
            const double rest = 1 - m_waves->GetValue(0, 1);
            const double number = std::sqrt(1 / (rest * rest) - 1) / m_correlationM;
            const double direction = m_waves->GetValue(0, 2 * M_PI);
            field.push_back({number * std::cos(direction),
                             number * std::sin(direction),
                             m_waves->GetValue(0, 2 * M_PI)});
        }
        m_fields.push_back(std::move(field));
    }
}

void
LoraChannel::FindTwins(std::size_t first)
{
    const auto isBefore = [](const Vector& a, const Vector& b) {
        return std::tie(a.x, a.y, a.z) < std::tie(b.x, b.y, b.z);
    };
    std::vector<std::pair<Vector, uint32_t>> places;
    places.reserve(m_devices.size());
    for (std::size_t i = 0; i < m_devices.size(); ++i)
    {
        Place& place = m_devices[i].place;
        const Ptr<Node> node = m_devices[i].device->GetNode();
        if (!place.mobility && node && node->GetObject<MobilityModel>())
        {
            FindMobility(place, node);
        }
        if (place.mobility && place.moves == 1)
        {
            places.emplace_back(place.position, static_cast<uint32_t>(i));
        }
    }
    std::sort(places.begin(), places.end(), [&](const auto& a, const auto& b) {
        return isBefore(a.first, b.first) || (!isBefore(b.first, a.first) && a.second < b.second);
    });
    for (std::size_t i = 1; i < places.size(); ++i)
    {
        const uint32_t device = places[i].second;
        if (device >= first && !isBefore(places[i - 1].first, places[i].first))
        {
            const uint32_t before = places[i - 1].second;
            const uint32_t twin = m_devices[before].place.twin;
            m_devices[device].place.twin = twin == NO_TWIN ? before : twin;
        }
    }
}

double
LoraChannel::FieldAt(uint32_t gateway, const Vector& position) const
{
    double sum = 0;
    for (const Wave& wave : m_fields[gateway])
    {
        sum += std::cos(wave.x * position.x + wave.y * position.y + wave.phase);
    }
    return sum * std::sqrt(2.0 / static_cast<double>(m_fields[gateway].size()));
}

void
LoraChannel::FindMobility(Place& place, Ptr<Node> node)
{
    NS_ABORT_MSG_UNLESS(node, "a LoRa device or gateway sits on no node");
    place.mobility = node->GetObject<MobilityModel>();
    NS_ABORT_MSG_UNLESS(place.mobility,
                        "node " << node->GetId()
                                << " of a LoRa network has no MobilityModel: install one");
    place.position = place.mobility->GetPosition();
}

void
LoraChannel::Visit(Place& place)
{
    const Vector position = place.mobility->GetPosition();
    if (position.x != place.position.x || position.y != place.position.y ||
        position.z != place.position.z)
    {
        place.position = position;
        ++place.moves;
    }
}

double
LoraChannel::GetPathLossDb(uint32_t device, uint32_t gateway)
{
    CompletePaths();
    Device& from = m_devices.at(device);
    Place& to = m_gatewayPlaces.at(gateway);
    Path& path = m_paths[device * m_gateways.size() + gateway];
    if (!from.place.mobility)
    {
        FindMobility(from.place, from.device->GetNode());
    }
    if (!to.mobility)
    {
        FindMobility(to, m_gateways[gateway]->GetNode());
    }
    Visit(from.place);
    Visit(to);
    // Neither count ever falls, so the sum tells whether any of them has changed.
    const uint32_t moves = from.place.moves + to.moves;
    if (path.moves != moves)
    {
        NS_ABORT_MSG_UNLESS(m_lossModel,
                            "LoraChannel has no PropagationLossModel: set that attribute");
        path.lossDb = -m_lossModel->CalcRxPower(0, from.place.mobility, to.mobility);
        path.moves = moves;
        if (m_correlationM > 0)
        {
            path.shadowing = static_cast<float>(FieldAt(gateway, from.place.position));
        }
    }
    const double walls = from.receiver ? from.receiver->GetPenetrationLossDb() : 0;
    const bool isTwin =
        from.place.twin != NO_TWIN && from.place.moves == 1 && !(m_correlationM > 0);
    const float shadowing =
        isTwin ? m_paths[from.place.twin * m_gateways.size() + gateway].shadowing : path.shadowing;
    return path.lossDb + m_sigmaDb * shadowing + walls;
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
        m_gateways[i]->StartReception(uplink,
                                      transmission.txPowerDbm - GetPathLossDb(device, i) +
                                          m_gateways[i]->GetAntennaGain());
    }
    Simulator::Schedule(transmission.end - Simulator::Now(),
                        &LoraChannel::EndUplink,
                        this,
                        device,
                        uplink);
}

void
LoraChannel::EndUplink(uint32_t device, Ptr<LoraUplink> uplink)
{
    if (auto* receiver = m_devices.at(device).receiver)
    {
        receiver->EndUplink(uplink->transmission);
    }
    for (const auto& gateway : m_gateways)
    {
        const LoraFate fate = gateway->EndReception(uplink);
        if (gateway->GetNetId() == uplink->netId)
        {
            uplink->fate = std::max(uplink->fate, fate);
        }
    }
    if (!uplink->truncated)
    {
        m_fateTrace(*uplink);
    }
}

uint64_t
LoraChannel::WindowKey(uint32_t frequencyHz, const LoraModulation& modulation)
{
    // Frequencies need 30 bits, bandwidths are multiples of 125 kHz, spreading factors below 16.
    return (uint64_t{frequencyHz} << 16) | (uint64_t{modulation.bandwidthHz / 125000} << 8) |
           modulation.spreadingFactor;
}

void
LoraChannel::Listen(uint32_t device,
                    uint8_t slot,
                    uint32_t frequencyHz,
                    const LoraModulation& modulation,
                    Time from,
                    Time until)
{
    const auto key = WindowKey(frequencyHz, modulation);
    if (until == Time::Max())
    {
        m_endlessWindows[key].push_back({device, slot, from, until});
        return;
    }
    auto& windows = m_windows[key];
    const Time now = Simulator::Now();
    while (!windows.empty() && windows.front().until < now)
    {
        windows.pop_front();
    }
    windows.push_back({device, slot, from, until});
}

void
LoraChannel::Offer(LoraDownlink& downlink, const Window& window)
{
    // The receiver needs that many symbols of the preamble inside its window, as a gateway does.
    constexpr int NEEDED_SYMBOLS = 5;
    const Time symbol = LoraSymbolTime(downlink.modulation);
    LoraDownlinkReceiver* receiver = m_devices[window.device].receiver;
    if (!receiver || window.until < downlink.start + symbol * NEEDED_SYMBOLS ||
        window.from >
            downlink.start + symbol * (downlink.modulation.preambleSymbols - NEEDED_SYMBOLS))
    {
        return;
    }
    // The power is the radiated one: the gateway's antenna is in it.
    const double rxPowerDbm = downlink.txPowerDbm - GetPathLossDb(window.device, downlink.gateway);
    // With an error curve a weaker frame may still come through.
    const double below = m_errorModel == LoraErrorModel::CURVE ? 3 : 0;
    if (rxPowerDbm >= receiver->GetDownlinkSensitivityDbm(downlink.modulation.spreadingFactor,
                                                          downlink.modulation.bandwidthHz) -
                          below &&
        receiver->StartDownlink(downlink, window.slot))
    {
        downlink.listeners.push_back({window.device, rxPowerDbm});
    }
}

void
LoraChannel::SendDownlink(Ptr<LoraDownlink> downlink)
{
    const auto key = WindowKey(downlink->frequencyHz, downlink->modulation);
    const auto windows = m_windows.find(key);
    if (windows != m_windows.end())
    {
        for (const Window& window : windows->second)
        {
            Offer(*downlink, window);
        }
    }
    const auto endless = m_endlessWindows.find(key);
    if (endless != m_endlessWindows.end())
    {
        for (const Window& window : endless->second)
        {
            Offer(*downlink, window);
        }
    }
    m_downlinks.push_back(downlink);
    Simulator::Schedule(downlink->end - Simulator::Now(),
                        &LoraChannel::EndDownlink,
                        this,
                        downlink);
}

bool
LoraChannel::IsReceived(const LoraDownlink& downlink, const LoraDownlink::Listener& listener)
{
    const auto& modulation = downlink.modulation;
    const auto signalOf = [](const LoraDownlink& frame, double powerDbm) {
        return LoraSignal{std::pow(10.0, powerDbm / 10),
                          frame.frequencyHz,
                          frame.modulation.bandwidthHz,
                          frame.modulation.spreadingFactor};
    };
    const LoraSignal wanted = signalOf(downlink, listener.rxPowerDbm);
    LoraInterference interference;
    for (const auto& other : m_downlinks)
    {
        const Time overlap =
            std::min(other->end, downlink.end) - std::max(other->start, downlink.start);
        if (PeekPointer(other) == &downlink || !overlap.IsStrictlyPositive())
        {
            continue;
        }
        if (LoraBandOverlap(downlink.frequencyHz,
                            modulation.bandwidthHz,
                            other->frequencyHz,
                            other->modulation.bandwidthHz) > 0)
        {
            const double powerDbm =
                other->txPowerDbm - GetPathLossDb(listener.device, other->gateway);
            interference.Add(wanted,
                             signalOf(*other, powerDbm),
                             overlap.GetTimeStep(),
                             m_sirRatios);
        }
    }
    if (!interference.Spares(wanted, (downlink.end - downlink.start).GetTimeStep(), m_sirRatios))
    {
        return false;
    }
    if (m_errorModel == LoraErrorModel::CURVE)
    {
        const auto* receiver = m_devices[listener.device].receiver;
        const double snrDb =
            listener.rxPowerDbm - receiver->GetNoiseFloorDbm(modulation.bandwidthHz);
        return m_chance->GetValue(0, 1) >=
               LoraFrameErrorRate(modulation, downlink.frame->GetSize(), snrDb);
    }
    return true;
}

void
LoraChannel::EndDownlink(Ptr<LoraDownlink> downlink)
{
    for (const auto& listener : downlink->listeners)
    {
        const bool received = IsReceived(*downlink, listener);
        m_downlinkTrace(*downlink, listener.device, listener.rxPowerDbm, received);
        m_devices[listener.device].receiver->EndDownlink(*downlink, listener.rxPowerDbm, received);
    }
    // One that has ended is still needed while another is in the air that it overlapped.
    Time oldest = Time::Max();
    const Time now = Simulator::Now();
    for (const auto& other : m_downlinks)
    {
        if (other->end > now)
        {
            oldest = std::min(oldest, other->start);
        }
    }
    m_downlinks.erase(std::remove_if(m_downlinks.begin(),
                                     m_downlinks.end(),
                                     [&](const Ptr<LoraDownlink>& other) {
                                         return other->end <= now && other->end <= oldest;
                                     }),
                      m_downlinks.end());
}

} // namespace lpwan
} // namespace ns3
