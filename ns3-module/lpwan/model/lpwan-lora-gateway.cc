// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-gateway.h"

#include "lpwan-compatibility.h"
#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanLoraGateway");

NS_OBJECT_ENSURE_REGISTERED(LoraGateway);

namespace
{

/** Stands in LoraUplink::receptions for a gateway that does not hear the frame. */
constexpr uint32_t NO_RECEPTION = std::numeric_limits<uint32_t>::max();

/** With the error curve, a frame whose chance is less takes no demodulator. */
constexpr double LEAST_CHANCE = 1e-3;

} // namespace

TypeId
LoraGateway::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::LoraGateway")
            .SetParent<Object>()
            .SetGroupName("Limitnet")
            .AddConstructor<LoraGateway>()
            .AddAttribute("NetId",
                          "LoRaWAN NetID of its network. Frames of other networks disturb and hold "
                          "demodulators, and go no further.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&LoraGateway::m_netId),
                          MakeUintegerChecker<uint32_t>(0, 0xffffff))
            .AddAttribute("NoiseFigure",
                          "Noise figure of the receiver, dB.",
                          DoubleValue(6),
                          MakeDoubleAccessor(&LoraGateway::m_noiseFigureDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute(
                "Sensitivity",
                "Receiver: SX1301, SX1301-best, SX1303, SX1276, SX1272; six numbers in dBm for SF7 "
                "to SF12 at 125 kHz, e.g. \"-126.5 -129 -131.5 -134 -136.5 -139.5\"; empty: "
                "thermal "
                "noise + NoiseFigure + SNR threshold.",
                StringValue(""),
                MakeStringAccessor(&LoraGateway::SetSensitivity, &LoraGateway::GetSensitivity),
                MakeTextChecker([](const std::string& text) {
                    return LoraSensitivity::Parse(text).has_value();
                }))
            .AddAttribute(
                "ErrorModel",
                "How noise decides: Threshold (the sensitivity) or Curve (by SNR).",
                MakeEnumValue(LoraErrorModel::THRESHOLD),
                MakeAccessorOfEnum(&LoraGateway::SetErrorModel, &LoraGateway::GetErrorModel),
                MakeLoraErrorModelChecker())
            .AddAttribute(
                "SirMatrix",
                "What a frame needs over frames of other spreading factors: Goursaud, "
                "Croce, Orthogonal.",
                MakeEnumValue(LoraSirMatrix::GOURSAUD),
                MakeAccessorOfEnum(&LoraGateway::SetSirMatrix, &LoraGateway::GetSirMatrix),
                MakeLoraSirMatrixChecker())
            .AddAttribute("Region",
                          "LoRaWAN region, for downlinks: EU868, US915.",
                          StringValue("EU868"),
                          MakeStringAccessor(&LoraGateway::SetRegion, &LoraGateway::GetRegionName),
                          MakeTextChecker(&LoraRegion::IsKnown))
            .AddAttribute("DutyCycle",
                          "Keep to the duty cycles of the region's sub-bands.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&LoraGateway::m_dutyCycleEnabled),
                          MakeBooleanChecker())
            .AddAttribute("MaxTxPower",
                          "Largest radiated power of downlinks, dBm EIRP; the sub-band's limit "
                          "counts where it is lower. EU868: 500 mW ERP on 869.525 MHz are 29.15 "
                          "dBm EIRP.",
                          DoubleValue(27 + LORA_ERP_TO_EIRP_DB),
                          MakeDoubleAccessor(&LoraGateway::m_maxTxPowerDbm),
                          MakeDoubleChecker<double>())
            .AddAttribute("AntennaGain",
                          "Gain of the receiving antenna less cable loss, dB.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&LoraGateway::m_antennaGainDb),
                          MakeDoubleChecker<double>())
            .AddAttribute("Demodulators",
                          "Frames that can be received at a time.",
                          UintegerValue(8),
                          MakeUintegerAccessor(&LoraGateway::m_demodulators),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute(
                "CaptureThreshold",
                "Energy of a frame over that of frames of the same channel and spreading factor "
                "that it needs to survive, dB; empty: that of SirMatrix.",
                StringValue(""),
                MakeStringAccessor(&LoraGateway::SetCaptureThreshold,
                                   &LoraGateway::GetCaptureThreshold),
                MakeTextChecker(
                    [](const std::string& text) { return ParseLoraCapture(text).has_value(); }))
            .AddAttribute("RequiredPreambleSymbols",
                          "Last symbols of the programmed preamble that must be free of strong "
                          "interference, as all that follows them.",
                          UintegerValue(5),
                          MakeUintegerAccessor(&LoraGateway::m_requiredPreamble),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("RandomLoss",
                          "Probability that a frame is lost that would have been received.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&LoraGateway::m_randomLoss),
                          MakeDoubleChecker<double>(0, 1))
            .AddTraceSource("Received",
                            "A frame was received: frame, received power in dBm.",
                            MakeTraceSourceAccessor(&LoraGateway::m_receivedTrace),
                            "ns3::lpwan::LoraGateway::ReceptionTracedCallback")
            .AddTraceSource("LostUnderSensitivity",
                            "A frame was too weak: frame, received power in dBm.",
                            MakeTraceSourceAccessor(&LoraGateway::m_underSensitivityTrace),
                            "ns3::lpwan::LoraGateway::ReceptionTracedCallback")
            .AddTraceSource("LostGatewaySending",
                            "The gateway sent meanwhile: frame, received power in dBm.",
                            MakeTraceSourceAccessor(&LoraGateway::m_gatewaySendingTrace),
                            "ns3::lpwan::LoraGateway::ReceptionTracedCallback")
            .AddTraceSource("LostNoDemodulator",
                            "All demodulators were held: frame, received power in dBm.",
                            MakeTraceSourceAccessor(&LoraGateway::m_noDemodulatorTrace),
                            "ns3::lpwan::LoraGateway::ReceptionTracedCallback")
            .AddTraceSource("LostInterference",
                            "Another frame was too strong: frame, received power in dBm.",
                            MakeTraceSourceAccessor(&LoraGateway::m_interferenceTrace),
                            "ns3::lpwan::LoraGateway::ReceptionTracedCallback")
            .AddTraceSource("LostRandom",
                            "RandomLoss took the frame: frame, received power in dBm.",
                            MakeTraceSourceAccessor(&LoraGateway::m_randomLossTrace),
                            "ns3::lpwan::LoraGateway::ReceptionTracedCallback")
            .AddTraceSource("Sent",
                            "A downlink begins: frame.",
                            MakeTraceSourceAccessor(&LoraGateway::m_sentTrace),
                            "ns3::lpwan::LoraGateway::SentTracedCallback");
    return tid;
}

LoraGateway::LoraGateway()
    : m_uniform(CreateObject<UniformRandomVariable>()),
      m_region(&LoraRegion::Eu868())
{
}

LoraGateway::~LoraGateway() = default;

void
LoraGateway::DoDispose()
{
    m_node = nullptr;
    m_channel = nullptr;
    m_report = ReportCallback();
    m_uniform = nullptr;
    m_receptions.clear();
    m_carriers.clear();
    m_detections.clear();
    Object::DoDispose();
}

void
LoraGateway::Attach(Ptr<LoraChannel> channel)
{
    NS_ABORT_MSG_IF(m_channel, "a LoRa gateway can be attached to one channel only");
    m_channel = channel;
    m_index = channel->AddGateway(this);
}

void
LoraGateway::SetReportCallback(ReportCallback callback)
{
    m_report = callback;
}

void
LoraGateway::SetNode(Ptr<Node> node)
{
    m_node = node;
}

Ptr<Node>
LoraGateway::GetNode() const
{
    return m_node;
}

uint32_t
LoraGateway::GetIndex() const
{
    return m_index;
}

uint32_t
LoraGateway::GetNetId() const
{
    return m_netId;
}

double
LoraGateway::GetAntennaGain() const
{
    return m_antennaGainDb;
}

void
LoraGateway::SetSensitivity(std::string text)
{
    const auto sensitivity = LoraSensitivity::Parse(text);
    NS_ABORT_MSG_UNLESS(sensitivity,
                        "attribute Sensitivity of LoraGateway is '" << text << "', must be "
                                                                    << LoraSensitivity::Expected());
    m_sensitivity = *sensitivity;
}

std::string
LoraGateway::GetSensitivity() const
{
    return m_sensitivity.GetText();
}

void
LoraGateway::SetErrorModel(LoraErrorModel model)
{
    m_errorModel = model;
}

LoraErrorModel
LoraGateway::GetErrorModel() const
{
    return m_errorModel;
}

void
LoraGateway::SetSirMatrix(LoraSirMatrix matrix)
{
    m_sirMatrix = matrix;
    m_sirRatios = LoraSirRatios(m_sirMatrix, m_captureDb);
}

LoraSirMatrix
LoraGateway::GetSirMatrix() const
{
    return m_sirMatrix;
}

void
LoraGateway::SetCaptureThreshold(std::string text)
{
    const auto value = ParseLoraCapture(text);
    NS_ABORT_MSG_UNLESS(value,
                        "attribute CaptureThreshold of LoraGateway is '"
                            << text << "', must be a number in dB, or empty");
    m_captureDb = *value;
    m_captureText = text;
    m_sirRatios = LoraSirRatios(m_sirMatrix, m_captureDb);
}

std::string
LoraGateway::GetCaptureThreshold() const
{
    return m_captureText;
}

void
LoraGateway::SetRegion(std::string name)
{
    m_region = &LoraRegion::Get(name);
    m_dutyCycle = DutyCycle();
}

std::string
LoraGateway::GetRegionName() const
{
    return m_region->name;
}

double
LoraGateway::GetNoiseFloorDbm(uint32_t bandwidthHz) const
{
    return LoraNoiseFloorDbm(bandwidthHz, m_noiseFigureDb);
}

double
LoraGateway::GetSensitivityDbm(uint8_t spreadingFactor, uint32_t bandwidthHz) const
{
    return m_sensitivity.GetDbm(spreadingFactor, bandwidthHz, m_noiseFigureDb);
}

uint32_t
LoraGateway::GetBusyDemodulators()
{
    Detect();
    return m_busy;
}

uint64_t
LoraGateway::GetCount(LoraFate fate) const
{
    return m_counts[static_cast<std::size_t>(fate)];
}

int64_t
LoraGateway::AssignStreams(int64_t stream)
{
    m_uniform->SetStream(stream);
    return 1;
}

bool
LoraGateway::IsLater(const Detection& a, const Detection& b)
{
    return a.at != b.at ? a.at > b.at : a.order > b.order;
}

uint32_t
LoraGateway::CarrierOf(uint32_t frequencyHz)
{
    for (std::size_t i = 0; i < m_carriers.size(); ++i)
    {
        if (m_carriers[i].frequencyHz == frequencyHz)
        {
            return static_cast<uint32_t>(i);
        }
    }
    m_carriers.push_back({frequencyHz, {}});
    return static_cast<uint32_t>(m_carriers.size() - 1);
}

bool
LoraGateway::IsDetectable(const LoraUplink& uplink, double rxPowerDbm) const
{
    const LpwanTransmission& transmission = uplink.transmission;
    if (m_errorModel == LoraErrorModel::THRESHOLD)
    {
        return rxPowerDbm >=
               GetSensitivityDbm(transmission.spreadingFactor, transmission.bandwidthHz);
    }
    const double snrDb = rxPowerDbm - GetNoiseFloorDbm(transmission.bandwidthHz);
    return LoraFrameErrorRate(uplink.modulation, transmission.frameBytes, snrDb) <=
           1 - LEAST_CHANCE;
}

void
LoraGateway::Detect()
{
    const Ticks now = Simulator::Now().GetTimeStep();
    while (!m_detections.empty() && m_detections.front().at <= now)
    {
        Reception& reception = m_receptions[m_detections.front().reception];
        std::pop_heap(m_detections.begin(), m_detections.end(), &IsLater);
        m_detections.pop_back();
        if (reception.fate != LoraFate::RECEIVED)
        {
            continue; // given up before
        }
        if (m_busy >= m_demodulators)
        {
            reception.fate = LoraFate::NO_DEMODULATOR;
            NS_LOG_LOGIC("gateway " << m_index << " has no demodulator left");
            continue;
        }
        reception.holdsDemodulator = true;
        ++m_busy;
    }
}

void
LoraGateway::Disturb(Reception& wanted, const Reception& other, Ticks from, Ticks to) const
{
    const Ticks overlap = to - std::max(from, wanted.needed);
    if (overlap <= 0)
    {
        return;
    }
    const double harm = wanted.interference.Add(wanted.signal, other.signal, overlap, m_sirRatios);
    if (harm > wanted.worstHarm)
    {
        wanted.worstHarm = harm;
        wanted.worst = {other.uplink->transmission.deviceAddress,
                        other.uplink->transmission.frameCounter};
    }
}

void
LoraGateway::StartReception(Ptr<LoraUplink> uplink, double rxPowerDbm)
{
    Detect();
    const LpwanTransmission& transmission = uplink->transmission;
    const uint32_t preamble = uplink->modulation.preambleSymbols;
    const Ticks now = Simulator::Now().GetTimeStep();
    const Ticks symbol = uplink->symbolTime.GetTimeStep();

    uint32_t place = 0;
    if (m_freePlaces.empty())
    {
        place = static_cast<uint32_t>(m_receptions.size());
        m_receptions.emplace_back();
    }
    else
    {
        place = m_freePlaces.back();
        m_freePlaces.pop_back();
    }
    const uint32_t carrierIndex = CarrierOf(transmission.frequencyHz);
    std::vector<uint32_t>& group = m_carriers[carrierIndex].receptions;
    Reception& reception = m_receptions[place];
    reception = Reception();
    reception.uplink = PeekPointer(uplink);
    reception.needed =
        now + (preamble > m_requiredPreamble ? preamble - m_requiredPreamble : 0) * symbol;
    reception.end = transmission.end.GetTimeStep();
    reception.rxPowerDbm = rxPowerDbm;
    reception.signal = {std::pow(10.0, rxPowerDbm / 10),
                        transmission.frequencyHz,
                        transmission.bandwidthHz,
                        transmission.spreadingFactor};
    reception.carrier = carrierIndex;
    reception.position = static_cast<uint32_t>(group.size());
    if (!IsDetectable(*uplink, rxPowerDbm))
    {
        reception.fate = LoraFate::UNDER_SENSITIVITY;
    }
    else if (reception.needed < m_sendingUntil)
    {
        reception.fate = LoraFate::GATEWAY_SENDING;
    }
    else
    {
        m_detections.push_back({now + preamble * symbol, m_heard, place});
        std::push_heap(m_detections.begin(), m_detections.end(), &IsLater);
    }
    ++m_heard;

    // Both ends are known now, so that each pair is settled once, here; what is too weak to be
    // received disturbs all the same.
    constexpr uint32_t WIDEST_HZ = 500000;
    for (const Carrier& carrier : m_carriers)
    {
        const uint32_t apart = carrier.frequencyHz > transmission.frequencyHz
                                   ? carrier.frequencyHz - transmission.frequencyHz
                                   : transmission.frequencyHz - carrier.frequencyHz;
        if (apart >= WIDEST_HZ)
        {
            continue;
        }
        for (const uint32_t index : carrier.receptions)
        {
            Reception& other = m_receptions[index];
            if (apart * 2 >= other.signal.bandwidthHz + transmission.bandwidthHz)
            {
                continue;
            }
            const Ticks bothUntil = std::min(other.end, reception.end);
            Disturb(other, reception, now, bothUntil);
            Disturb(reception, other, now, bothUntil);
        }
    }
    group.push_back(place);
    if (uplink->receptions.size() <= m_index)
    {
        uplink->receptions.resize(m_index + 1, NO_RECEPTION);
    }
    uplink->receptions[m_index] = place;
}

LoraFate
LoraGateway::Decide(const Reception& reception)
{
    if (reception.fate != LoraFate::RECEIVED)
    {
        return reception.fate;
    }
    if (!reception.interference.Spares(reception.signal,
                                       reception.end - reception.needed,
                                       m_sirRatios))
    {
        return LoraFate::INTERFERENCE;
    }
    if (m_errorModel == LoraErrorModel::CURVE)
    {
        const double snrDb = reception.rxPowerDbm - GetNoiseFloorDbm(reception.signal.bandwidthHz);
        const double rate = LoraFrameErrorRate(reception.uplink->modulation,
                                               reception.uplink->transmission.frameBytes,
                                               snrDb);
        if (m_uniform->GetValue(0, 1) < rate)
        {
            return LoraFate::UNDER_SENSITIVITY;
        }
    }
    if (m_randomLoss > 0 && m_uniform->GetValue(0, 1) < m_randomLoss)
    {
        return LoraFate::RANDOM_LOSS;
    }
    return LoraFate::RECEIVED;
}

LoraFate
LoraGateway::EndReception(Ptr<LoraUplink> uplink)
{
    if (uplink->receptions.size() <= m_index || uplink->receptions[m_index] == NO_RECEPTION)
    {
        // The gateway joined the channel while the frame was in the air.
        return LoraFate::UNDER_SENSITIVITY;
    }
    Detect();
    const LpwanTransmission& transmission = uplink->transmission;
    const uint32_t place = uplink->receptions[m_index];
    const Reception reception = m_receptions[place];
    auto& group = m_carriers[reception.carrier].receptions;
    group[reception.position] = group.back();
    m_receptions[group.back()].position = reception.position;
    group.pop_back();
    m_freePlaces.push_back(place);
    if (reception.holdsDemodulator)
    {
        --m_busy;
    }
    if (uplink->truncated)
    {
        return LoraFate::UNDER_SENSITIVITY;
    }
    const LoraFate fate = Decide(reception);
    if (fate == LoraFate::INTERFERENCE && uplink->fate < LoraFate::INTERFERENCE &&
        uplink->netId == m_netId)
    {
        uplink->interferer = reception.worst;
    }
    ++m_counts[static_cast<std::size_t>(fate)];
    NS_LOG_LOGIC("gateway " << m_index << ": uplink " << transmission.deviceAddress << "/"
                            << transmission.frameCounter << " at " << reception.rxPowerDbm
                            << " dBm: " << ToString(fate));
    switch (fate)
    {
    case LoraFate::UNDER_SENSITIVITY:
        m_underSensitivityTrace(*uplink, reception.rxPowerDbm);
        break;
    case LoraFate::GATEWAY_SENDING:
        m_gatewaySendingTrace(*uplink, reception.rxPowerDbm);
        break;
    case LoraFate::NO_DEMODULATOR:
        m_noDemodulatorTrace(*uplink, reception.rxPowerDbm);
        break;
    case LoraFate::INTERFERENCE:
        m_interferenceTrace(*uplink, reception.rxPowerDbm);
        break;
    case LoraFate::RANDOM_LOSS:
        m_randomLossTrace(*uplink, reception.rxPowerDbm);
        break;
    case LoraFate::RECEIVED:
        m_receivedTrace(*uplink, reception.rxPowerDbm);
        if (!m_report.IsNull() && uplink->netId == m_netId)
        {
            LoraGatewayReport report;
            report.gateway = m_index;
            report.frame = uplink->frame;
            report.rssiDbm = reception.rxPowerDbm;
            report.snrDb = reception.rxPowerDbm - GetNoiseFloorDbm(transmission.bandwidthHz);
            report.spreadingFactor = transmission.spreadingFactor;
            report.bandwidthHz = transmission.bandwidthHz;
            report.frequencyHz = transmission.frequencyHz;
            report.end = transmission.end;
            m_report(report);
        }
        break;
    }
    return fate;
}

bool
LoraGateway::CanSend(uint32_t frequencyHz, Time start, Time airtime) const
{
    const auto& subBand = m_region->SubBandOf(frequencyHz);
    if (m_dutyCycleEnabled && m_dutyCycle.OpenFrom(subBand) > start)
    {
        return false;
    }
    return m_reservations.IsFree(start, airtime);
}

Time
LoraGateway::GetNextOpportunity(uint32_t frequencyHz, Time from, Time airtime) const
{
    Time start = from;
    if (m_dutyCycleEnabled)
    {
        start = std::max(start, m_dutyCycle.OpenFrom(m_region->SubBandOf(frequencyHz)));
    }
    return m_reservations.NextFree(start, airtime);
}

double
LoraGateway::GetTxPowerDbm(uint32_t frequencyHz) const
{
    return std::min(m_maxTxPowerDbm,
                    m_region->subBands[m_region->SubBandOf(frequencyHz)].maxEirpDbm);
}

void
LoraGateway::Send(Ptr<LoraDownlink> downlink)
{
    const Time airtime = LoraTimeOnAir(downlink->modulation, downlink->frame->GetSize());
    NS_ABORT_MSG_UNLESS(CanSend(downlink->frequencyHz, downlink->start, airtime),
                        "gateway " << m_index << " cannot send at " << downlink->start);
    downlink->gateway = m_index;
    downlink->end = downlink->start + airtime;
    downlink->txPowerDbm = GetTxPowerDbm(downlink->frequencyHz);
    const Time now = Simulator::Now();
    m_reservations.Book(now, downlink->start, downlink->end);
    const auto subBand = m_region->SubBandOf(downlink->frequencyHz);
    m_dutyCycle.Book(subBand,
                     downlink->start,
                     downlink->end,
                     m_region->subBands[subBand].dutyCyclePermille);
    Simulator::Schedule(downlink->start - now, &LoraGateway::StartSending, this, downlink);
}

void
LoraGateway::StartSending(Ptr<LoraDownlink> downlink)
{
    Detect();
    ++m_sentFrames;
    m_txAirtime += downlink->end - downlink->start;
    m_sendingUntil = downlink->end.GetTimeStep();
    const Ticks now = Simulator::Now().GetTimeStep();
    for (const auto& carrier : m_carriers)
    {
        for (const uint32_t index : carrier.receptions)
        {
            Reception& reception = m_receptions[index];
            // A frame that ends at this very instant is complete.
            if (reception.fate == LoraFate::RECEIVED && reception.end > now &&
                reception.needed < m_sendingUntil)
            {
                reception.fate = LoraFate::GATEWAY_SENDING;
                if (reception.holdsDemodulator)
                {
                    reception.holdsDemodulator = false;
                    --m_busy;
                }
            }
        }
    }
    NS_LOG_LOGIC("gateway " << m_index << " sends " << downlink->frame->GetSize() << " bytes, SF"
                            << +downlink->modulation.spreadingFactor << ", "
                            << downlink->frequencyHz << " Hz");
    m_sentTrace(*downlink);
    m_channel->SendDownlink(downlink);
}

uint64_t
LoraGateway::GetSentFrames() const
{
    return m_sentFrames;
}

Time
LoraGateway::GetTxAirtime() const
{
    return m_txAirtime;
}

} // namespace lpwan
} // namespace ns3
