// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-gateway.h"

#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <locale>
#include <optional>
#include <sstream>
#include <vector>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanLoraGateway");

NS_OBJECT_ENSURE_REGISTERED(LoraGateway);

namespace
{

/** Thermal noise at 290 K, dBm in 1 Hz. */
constexpr double THERMAL_NOISE_DBM_HZ = -174;
/** SNR that SF7..SF12 need, dB (SX1276 datasheet, table 13). */
constexpr std::array<double, 6> SNR_THRESHOLD_DB{-7.5, -10, -12.5, -15, -17.5, -20};
/** Bandwidth that the attribute Sensitivity is given for. */
constexpr double REFERENCE_BANDWIDTH_HZ = 125000;

/** \return six sensitivities in dBm, none for an empty text, nothing when it is something else */
std::optional<std::vector<double>>
ParseSensitivity(const std::string& text)
{
    std::vector<double> values;
    std::string numbers = text;
    std::replace(numbers.begin(), numbers.end(), ',', ' ');
    std::istringstream stream(numbers);
    stream.imbue(std::locale::classic());
    double value = 0;
    while (stream >> value)
    {
        values.push_back(value);
    }
    if (!stream.eof() || (!values.empty() && values.size() != SNR_THRESHOLD_DB.size()))
    {
        return std::nullopt;
    }
    return values;
}

/** Key of the frames that disturb one another. */
uint64_t
InterferenceKey(const LpwanTransmission& transmission)
{
    // Frequencies need 30 bits, bandwidths are multiples of 125 kHz, spreading factors below 16.
    return (uint64_t(transmission.frequencyHz) << 16) |
           (uint64_t(transmission.bandwidthHz / 125000) << 8) | transmission.spreadingFactor;
}

} // namespace

TypeId
LoraGateway::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::LoraGateway")
            .SetParent<Object>()
            .SetGroupName("Limitnet")
            .AddConstructor<LoraGateway>()
            .AddAttribute("NoiseFigure",
                          "Noise figure of the receiver, dB.",
                          DoubleValue(6),
                          MakeDoubleAccessor(&LoraGateway::m_noiseFigureDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute(
                "Sensitivity",
                "Six numbers in dBm for SF7 to SF12 at 125 kHz, e.g. \"-126.5 -129 -131.5 "
                "-134 -136.5 -139.5\"; empty: thermal noise + NoiseFigure + SNR threshold.",
                StringValue(""),
                MakeStringAccessor(&LoraGateway::SetSensitivity, &LoraGateway::GetSensitivity),
                MakeTextChecker(
                    [](const std::string& text) { return ParseSensitivity(text).has_value(); }))
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
            .AddAttribute("CaptureThreshold",
                          "Energy of a frame over that of frames of the same channel and spreading "
                          "factor that it needs to survive, dB.",
                          DoubleValue(6),
                          MakeDoubleAccessor(&LoraGateway::m_captureDb),
                          MakeDoubleChecker<double>())
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
                            "ns3::lpwan::LoraGateway::ReceptionTracedCallback");
    return tid;
}

LoraGateway::LoraGateway()
    : m_uniform(CreateObject<UniformRandomVariable>())
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

double
LoraGateway::GetAntennaGain() const
{
    return m_antennaGainDb;
}

void
LoraGateway::SetSensitivity(std::string text)
{
    const auto values = ParseSensitivity(text);
    NS_ABORT_MSG_UNLESS(values,
                        "attribute Sensitivity of LoraGateway is '"
                            << text << "', must be six numbers in dBm for SF7 to SF12, or empty");
    m_sensitivityText = text;
    m_sensitivityDbm = *values;
}

std::string
LoraGateway::GetSensitivity() const
{
    return m_sensitivityText;
}

double
LoraGateway::GetNoiseFloorDbm(uint32_t bandwidthHz) const
{
    return THERMAL_NOISE_DBM_HZ + 10 * std::log10(double(bandwidthHz)) + m_noiseFigureDb;
}

double
LoraGateway::GetSensitivityDbm(uint8_t spreadingFactor, uint32_t bandwidthHz) const
{
    const std::size_t index = spreadingFactor - 7;
    if (m_sensitivityDbm.empty())
    {
        return GetNoiseFloorDbm(bandwidthHz) + SNR_THRESHOLD_DB.at(index);
    }
    return m_sensitivityDbm.at(index) + 10 * std::log10(bandwidthHz / REFERENCE_BANDWIDTH_HZ);
}

uint32_t
LoraGateway::GetBusyDemodulators() const
{
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

void
LoraGateway::StartReception(Ptr<LoraUplink> uplink, double rxPowerDbm)
{
    const LpwanTransmission& transmission = uplink->transmission;
    const Time now = Simulator::Now();

    Reception reception;
    reception.uplink = PeekPointer(uplink);
    reception.needed = now;
    if (uplink->preambleSymbols > m_requiredPreamble)
    {
        reception.needed += uplink->symbolTime * (uplink->preambleSymbols - m_requiredPreamble);
    }
    reception.rxPowerDbm = rxPowerDbm;
    reception.rxPowerMw = std::pow(10.0, rxPowerDbm / 10);
    reception.interferenceMwNs = 0;
    reception.fate = LoraFate::RECEIVED;

    if (rxPowerDbm < GetSensitivityDbm(transmission.spreadingFactor, transmission.bandwidthHz))
    {
        reception.fate = LoraFate::UNDER_SENSITIVITY;
    }
    else if (m_busy >= m_demodulators)
    {
        reception.fate = LoraFate::NO_DEMODULATOR;
    }
    else
    {
        ++m_busy;
    }

    // Both ends are known now, so that each pair is settled once, here; what is too weak to be
    // received disturbs all the same.
    auto& group = m_receptions[InterferenceKey(transmission)];
    for (auto& other : group)
    {
        const Time bothUntil = std::min(other.uplink->transmission.end, transmission.end);
        const Time hitsOther = bothUntil - std::max(other.needed, now);
        if (hitsOther.IsStrictlyPositive())
        {
            other.interferenceMwNs += reception.rxPowerMw * hitsOther.GetNanoSeconds();
        }
        const Time hitsNew = bothUntil - reception.needed;
        if (hitsNew.IsStrictlyPositive())
        {
            reception.interferenceMwNs += other.rxPowerMw * hitsNew.GetNanoSeconds();
        }
    }
    group.push_back(reception);
}

LoraFate
LoraGateway::EndReception(Ptr<LoraUplink> uplink)
{
    const LpwanTransmission& transmission = uplink->transmission;
    auto& group = m_receptions[InterferenceKey(transmission)];
    const auto found = std::find_if(group.begin(), group.end(), [&](const Reception& reception) {
        return reception.uplink == PeekPointer(uplink);
    });
    if (found == group.end())
    {
        // The gateway joined the channel while the frame was in the air.
        return LoraFate::UNDER_SENSITIVITY;
    }
    const Reception reception = *found;
    *found = group.back();
    group.pop_back();

    LoraFate fate = reception.fate;
    if (fate == LoraFate::RECEIVED)
    {
        --m_busy;
        const double energy =
            reception.rxPowerMw * (transmission.end - reception.needed).GetNanoSeconds();
        if (reception.interferenceMwNs > 0 &&
            10 * std::log10(energy / reception.interferenceMwNs) < m_captureDb)
        {
            fate = LoraFate::INTERFERENCE;
        }
        else if (m_randomLoss > 0 && m_uniform->GetValue(0, 1) < m_randomLoss)
        {
            fate = LoraFate::RANDOM_LOSS;
        }
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
        if (!m_report.IsNull())
        {
            LoraGatewayReport report;
            report.gateway = m_index;
            report.frame = uplink->frame;
            report.rssiDbm = reception.rxPowerDbm;
            report.snrDb = reception.rxPowerDbm - GetNoiseFloorDbm(transmission.bandwidthHz);
            report.spreadingFactor = transmission.spreadingFactor;
            report.frequencyHz = transmission.frequencyHz;
            m_report(report);
        }
        break;
    }
    return fate;
}

} // namespace lpwan
} // namespace ns3
