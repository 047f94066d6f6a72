// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-enb.h"

#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <locale>
#include <optional>
#include <sstream>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotEnb");

NS_OBJECT_ENSURE_REGISTERED(NbiotEnb);

namespace
{

std::optional<NbiotLevels>
ParseLevels(const std::string& text)
{
    // Blanks serve too where ns-3 lets them through.
    std::string blanks = text;
    std::replace(blanks.begin(), blanks.end(), ',', ' ');
    std::istringstream in(blanks);
    in.imbue(std::locale::classic());
    NbiotLevels values{};
    for (double& value : values)
    {
        if (!(in >> value))
        {
            return std::nullopt;
        }
    }
    std::string rest;
    return in >> rest ? std::nullopt : std::optional(values);
}

bool
IsNotNegative(double value)
{
    return value >= 0;
}

bool
IsPositive(double value)
{
    return value > 0;
}

bool
IsPreambleRepetitions(double value)
{
    return value >= 1 && value <= 128 && std::exp2(std::round(std::log2(value))) == value;
}

bool
IsPreambleSubcarriers(double value)
{
    return value == 12 || value == 24 || value == 36 || value == 48;
}

/** \return whether there are three numbers, one for each level, that a rule allows */
template <bool (*RULE)(double)>
bool
AreLevels(const std::string& text)
{
    const auto values = ParseLevels(text);
    return values && std::all_of(values->begin(), values->end(), RULE);
}

} // namespace

template <auto... PATH>
void
NbiotEnb::SetValue(Value<PATH...> value)
{
    (m_config.*....*PATH) = value;
}

template <auto... PATH>
NbiotEnb::Value<PATH...>
NbiotEnb::GetValue() const
{
    return (m_config.*....*PATH);
}

template <auto... PATH>
void
NbiotEnb::SetLevels(std::string text)
{
    const auto levels = ParseLevels(text);
    NS_ABORT_MSG_UNLESS(levels, "'" << text << "' must be three numbers, for CE levels 0, 1 and 2");
    (m_config.*....*PATH) = *levels;
}

template <auto... PATH>
std::string
NbiotEnb::GetLevels() const
{
    const NbiotLevels& levels = (m_config.*....*PATH);
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << levels[0] << ',' << levels[1] << ',' << levels[2];
    return out.str();
}

template <auto... PATH>
Ptr<const AttributeAccessor>
NbiotEnb::Accessor()
{
    using V = Value<PATH...>;
    if constexpr (std::is_same_v<V, NbiotLevels>)
    {
        return MakeStringAccessor(&NbiotEnb::SetLevels<PATH...>, &NbiotEnb::GetLevels<PATH...>);
    }
    else if constexpr (std::is_same_v<V, std::string>)
    {
        return MakeStringAccessor(&NbiotEnb::SetValue<PATH...>, &NbiotEnb::GetValue<PATH...>);
    }
    else if constexpr (std::is_same_v<V, double>)
    {
        return MakeDoubleAccessor(&NbiotEnb::SetValue<PATH...>, &NbiotEnb::GetValue<PATH...>);
    }
    else if constexpr (std::is_same_v<V, bool>)
    {
        return MakeBooleanAccessor(&NbiotEnb::SetValue<PATH...>, &NbiotEnb::GetValue<PATH...>);
    }
    else if constexpr (std::is_same_v<V, Time>)
    {
        return MakeTimeAccessor(&NbiotEnb::SetValue<PATH...>, &NbiotEnb::GetValue<PATH...>);
    }
    else
    {
        return MakeUintegerAccessor(&NbiotEnb::SetValue<PATH...>, &NbiotEnb::GetValue<PATH...>);
    }
}

TypeId
NbiotEnb::GetTypeId()
{
    // Defaults by level: LENA-NB (tudo-cni/ns3-lena-nb @709a330), but for a shorter NPRACH period
    // and a smaller Rmax at level 2.
    static TypeId tid =
        TypeId("ns3::lpwan::NbiotEnb")
            .SetParent<Object>()
            .SetGroupName("Limitnet")
            .AddConstructor<NbiotEnb>()
            .AddAttribute(
                "RsrpThresholdCe1",
                "Received power of a reference symbol, dBm, below which a device is at CE "
                "level 1.",
                DoubleValue(-115.5),
                Accessor<&NbiotCellConfig::rsrpThresholdCe1Dbm>(),
                MakeDoubleChecker<double>())
            .AddAttribute("RsrpThresholdCe2",
                          "The same for CE level 2.",
                          DoubleValue(-127.5),
                          Accessor<&NbiotCellConfig::rsrpThresholdCe2Dbm>(),
                          MakeDoubleChecker<double>())
            .AddAttribute("PreambleRepetitions",
                          "Repetitions of a preamble at CE level 0, 1 and 2: 1, 2, 4 .. 128.",
                          StringValue("1,8,32"),
                          Accessor<&NbiotCellConfig::nprach, &NbiotNprach::repetitions>(),
                          MakeTextChecker(&AreLevels<&IsPreambleRepetitions>))
            .AddAttribute("PreamblePeriod",
                          "Period of the NPRACH occasions at CE level 0, 1 and 2, ms.",
                          StringValue("320,640,1280"),
                          Accessor<&NbiotCellConfig::nprach, &NbiotNprach::periodMs>(),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("PreambleStart",
                          "First NPRACH occasion at CE level 0, 1 and 2, ms.",
                          StringValue("8,16,64"),
                          Accessor<&NbiotCellConfig::nprach, &NbiotNprach::startMs>(),
                          MakeTextChecker(&AreLevels<&IsNotNegative>))
            .AddAttribute(
                "PreambleSubcarriers",
                "Subcarriers of NPRACH at CE level 0, 1 and 2: 12, 24, 36 or 48; they lie "
                "beside each other as far as there is room.",
                StringValue("12,12,12"),
                Accessor<&NbiotCellConfig::nprach, &NbiotNprach::subcarriers>(),
                MakeTextChecker(&AreLevels<&IsPreambleSubcarriers>))
            .AddAttribute("PreambleFormat",
                          "0: cells up to 10 km; 1: up to 35 km.",
                          UintegerValue(0),
                          Accessor<&NbiotCellConfig::nprach, &NbiotNprach::format>(),
                          MakeUintegerChecker<uint8_t>(0, 1))
            .AddAttribute("MaxAttempts",
                          "Preambles that a device sends at CE level 0, 1 and 2 before it goes on "
                          "to the next, or gives up.",
                          StringValue("10,10,10"),
                          Accessor<&NbiotCellConfig::maxAttempts>(),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("Backoff",
                          "Longest wait after a failed attempt at CE level 0, 1 and 2, ms.",
                          StringValue("512,2048,4096"),
                          Accessor<&NbiotCellConfig::backoffMs>(),
                          MakeTextChecker(&AreLevels<&IsNotNegative>))
            .AddAttribute("NpdcchRmax",
                          "Rmax of the search spaces at CE level 0, 1 and 2, subframes.",
                          StringValue("8,64,256"),
                          Accessor<&NbiotCellConfig::searchSpaces, &NbiotSearchSpaces::rMax>(),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("NpdcchG",
                          "G at CE level 0, 1 and 2: search spaces start each Rmax x G ms.",
                          StringValue("2,1.5,1.5"),
                          Accessor<&NbiotCellConfig::searchSpaces, &NbiotSearchSpaces::g>(),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("Deployment",
                          "Standalone (43 dBm downwards), InBand or GuardBand (35 dBm).",
                          StringValue("Standalone"),
                          Accessor<&NbiotCellConfig::deployment>(),
                          MakeTextChecker([](const std::string& text) {
                              return text == "Standalone" || text == "InBand" ||
                                     text == "GuardBand";
                          }))
            .AddAttribute("AnchorCarrier",
                          "The carrier has synchronisation signals and system information, which "
                          "take 6 of 20 subframes downwards.",
                          BooleanValue(true),
                          Accessor<&NbiotCellConfig::searchSpaces, &NbiotSearchSpaces::anchor>(),
                          MakeBooleanChecker())
            .AddAttribute("AntennaGain",
                          "Gain of both antennas together, dB.",
                          DoubleValue(0),
                          Accessor<&NbiotCellConfig::antennaGainDb>(),
                          MakeDoubleChecker<double>())
            .AddAttribute("NoiseFigure",
                          "Noise figure of the base station, dB.",
                          DoubleValue(3),
                          Accessor<&NbiotCellConfig::noiseFigureDb>(),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("UeNoiseFigure",
                          "Noise figure of the devices, dB.",
                          DoubleValue(5),
                          Accessor<&NbiotCellConfig::ueNoiseFigureDb>(),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("InterferenceMargin",
                          "What other cells add to the noise of the uplink, dB.",
                          DoubleValue(0),
                          Accessor<&NbiotCellConfig::interferenceMarginDb>(),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("ShadowingSigma",
                          "Standard deviation of the shadowing, one draw for each device, dB.",
                          DoubleValue(0),
                          Accessor<&NbiotCellConfig::shadowingSigmaDb>(),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("PenetrationLoss",
                          "Loss of the walls around the devices, dB.",
                          DoubleValue(0),
                          Accessor<&NbiotCellConfig::penetrationLossDb>(),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("FadingSigma",
                          "Standard deviation of the power from one transmission to the next, dB.",
                          DoubleValue(0),
                          Accessor<&NbiotCellConfig::fadingSigmaDb>(),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("FadingMargin",
                          "What link adaptation keeps to spare for that, dB.",
                          DoubleValue(0),
                          Accessor<&NbiotCellConfig::fadingMarginDb>(),
                          MakeDoubleChecker<double>())
            .AddAttribute("TargetBler",
                          "Share of blocks lost that link adaptation aims at.",
                          DoubleValue(0.1),
                          Accessor<&NbiotCellConfig::targetBler>(),
                          MakeDoubleChecker<double>(1e-6, 0.9))
            .AddAttribute("SpectrumWeight",
                          "What link adaptation spares: 0 time, 1 subcarriers x time.",
                          DoubleValue(0.1),
                          Accessor<&NbiotCellConfig::spectrumWeight>(),
                          MakeDoubleChecker<double>(0, 1))
            .AddAttribute("Subcarrier3k75",
                          "Single tones of 3.75 kHz are used.",
                          BooleanValue(true),
                          Accessor<&NbiotCellConfig::subcarrier3k75>(),
                          MakeBooleanChecker())
            .AddAttribute("MaxHarqTransmissions",
                          "How often a block is sent at most.",
                          UintegerValue(4),
                          Accessor<&NbiotCellConfig::maxHarqTransmissions>(),
                          MakeUintegerChecker<uint8_t>(1))
            .AddAttribute(
                "DownlinkEnergyPerBit",
                "Energy per bit over noise by which repetitions downwards are chosen, dB.",
                DoubleValue(10),
                Accessor<&NbiotCellConfig::downlinkEnergyPerBitDb>(),
                MakeDoubleChecker<double>())
            .AddAttribute("DownlinkErrorRate",
                          "Share of grants and messages lost at that energy.",
                          DoubleValue(0.01),
                          Accessor<&NbiotCellConfig::downlinkErrorRate>(),
                          MakeDoubleChecker<double>(0, 0.9))
            .AddAttribute("MaxCouplingLoss",
                          "Coupling loss that CE level 2 is made for, dB.",
                          DoubleValue(164),
                          Accessor<&NbiotCellConfig::maxCouplingLossDb>(),
                          MakeDoubleChecker<double>())
            .AddAttribute("CaptureThreshold",
                          "Of Msg3 that collide, one is received that is that much above the sum "
                          "of the others, dB.",
                          DoubleValue(300),
                          Accessor<&NbiotCellConfig::captureThresholdDb>(),
                          MakeDoubleChecker<double>())
            .AddAttribute("RarWindow",
                          "How long a device waits for the answer to its preamble, in search space "
                          "periods.",
                          UintegerValue(4),
                          Accessor<&NbiotCellConfig::rarWindow>(),
                          MakeUintegerChecker<uint32_t>(2, 10))
            .AddAttribute("ContentionTimer",
                          "How long it waits for the answer to Msg3, in search space periods.",
                          UintegerValue(8),
                          Accessor<&NbiotCellConfig::contentionTimer>(),
                          MakeUintegerChecker<uint32_t>(1, 64))
            .AddAttribute("EarlyData",
                          "Early data transmission (Release 15): what fits goes in Msg3.",
                          BooleanValue(false),
                          Accessor<&NbiotCellConfig::earlyData>(),
                          MakeBooleanChecker())
            .AddAttribute("Msg4Bits",
                          "Contention resolution and resume message, bits.",
                          UintegerValue(200),
                          Accessor<&NbiotCellConfig::msg4Bits>(),
                          MakeUintegerChecker<uint32_t>(1, 2536))
            .AddAttribute("ReleaseBits",
                          "Release message, bits.",
                          UintegerValue(80),
                          Accessor<&NbiotCellConfig::releaseBits>(),
                          MakeUintegerChecker<uint32_t>(1, 2536))
            .AddAttribute("DownlinkQueueLimit",
                          "Packets that may wait for a device.",
                          UintegerValue(16),
                          Accessor<&NbiotCellConfig::downlinkQueueLimit>(),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("InactivityTime",
                          "From a device's last block to the release of its connection, without "
                          "release assistance.",
                          TimeValue(Seconds(10)),
                          Accessor<&NbiotCellConfig::inactivityTime>(),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("CoreDelay",
                          "From the base station to the application in the cloud.",
                          TimeValue(MilliSeconds(50)),
                          Accessor<&NbiotCellConfig::coreDelay>(),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Packet",
                            "A packet of any device was sent to its end: how it fared.",
                            MakeTraceSourceAccessor(&NbiotEnb::m_packetTrace),
                            "ns3::lpwan::NbiotEnb::PacketTracedCallback")
            .AddTraceSource("DroppedPacket",
                            "A packet that was on the air is given up by its device: what it took "
                            "so far.",
                            MakeTraceSourceAccessor(&NbiotEnb::m_droppedTrace),
                            "ns3::lpwan::NbiotEnb::PacketTracedCallback")
            .AddTraceSource("Block",
                            "A transport block has ended: device, format, start, end, received.",
                            MakeTraceSourceAccessor(&NbiotEnb::m_blockTrace),
                            "ns3::lpwan::NbiotEnb::BlockTracedCallback")
            .AddTraceSource("Uplink",
                            "Subcarriers are given away: first, count, start, end, duration.",
                            MakeTraceSourceAccessor(&NbiotEnb::m_uplinkTrace),
                            "ns3::lpwan::NbiotEnb::UplinkTracedCallback")
            .AddTraceSource("Downlink",
                            "Subframes are given away: start of the first, end of the last one.",
                            MakeTraceSourceAccessor(&NbiotEnb::m_downlinkTrace),
                            "ns3::lpwan::NbiotEnb::DownlinkTracedCallback");
    return tid;
}

NbiotEnb::NbiotEnb()
    : m_radio(m_config),
      m_air(m_config, m_radio, m_downlinkTrace, m_uplinkTrace),
      m_paging(m_counts, m_radio, m_air, m_contexts),
      m_scheduler(m_config, m_counts, m_radio, m_air, m_contexts, m_paging, m_blockTrace),
      m_randomAccess(m_config, m_counts, m_radio, m_air, m_contexts, m_scheduler)
{
}

NbiotEnb::~NbiotEnb() = default;

void
NbiotEnb::DoDispose()
{
    m_deliver = DeliverCallback();
    m_carrier = nullptr;
    m_contexts.Clear();
    m_radio.Dispose();
    Object::DoDispose();
}

void
NbiotEnb::SetNode(Ptr<Node> node)
{
    m_radio.SetNode(node);
}

Ptr<Node>
NbiotEnb::GetNode() const
{
    return m_radio.GetNode();
}

void
NbiotEnb::SetPropagationLossModel(Ptr<PropagationLossModel> model)
{
    m_radio.SetLossModel(model);
}

void
NbiotEnb::SetDeliverCallback(DeliverCallback callback)
{
    m_deliver = callback;
}

uint32_t
NbiotEnb::AddUe(NbiotServedUe& ue, Ptr<NetDevice> device)
{
    NS_LOG_FUNCTION(this << ue.GetDeviceAddress());
    if (!m_carrier)
    {
        m_carrier = CreateObject<NbiotCarrier>();
    }
    m_carrier->Add(device);
    m_radio.AddUe(device->GetNode());
    return m_contexts.Add(ue);
}

Ptr<NbiotCarrier>
NbiotEnb::GetCarrier() const
{
    return m_carrier;
}

uint32_t
NbiotEnb::GetUeCount() const
{
    return m_contexts.GetCount();
}

const NbiotCellCounts&
NbiotEnb::GetCounts() const
{
    return m_counts;
}

int64_t
NbiotEnb::AssignStreams(int64_t stream)
{
    return m_radio.AssignStreams(stream);
}

// --- what is known of a device ---

double
NbiotEnb::GetCouplingLossDb(uint32_t index)
{
    return m_radio.CouplingLossDb(index);
}

uint8_t
NbiotEnb::GetCeLevel(uint32_t index)
{
    return m_radio.CeLevel(index);
}

NbiotFormat
NbiotEnb::GetFormat(uint32_t index, uint32_t bits)
{
    return m_radio.ChooseFormat(*m_contexts.At(index).device,
                                GetCouplingLossDb(index),
                                bits,
                                NBIOT_SUBCARRIERS);
}

Time
NbiotEnb::GetPagingDuration(uint8_t level) const
{
    const NbiotDownlinkSpan span = NbiotDownlink(Time(0),
                                                 m_config.searchSpaces.Subframes(level),
                                                 m_config.searchSpaces.anchor);
    return span.end - span.start;
}

// --- what devices ask for ---

void
NbiotEnb::RequestAccess(uint32_t index, Time ready)
{
    NS_LOG_FUNCTION(this << index << ready);
    m_paging.Cancel(index); // it comes by itself
    m_randomAccess.Request(index, ready);
}

void
NbiotEnb::Resume(uint32_t index)
{
    NS_LOG_FUNCTION(this << index);
    m_contexts.At(index).connection->StopInactivity();
    RequestAccess(index, Simulator::Now());
}

void
NbiotEnb::OnDeviceOff(uint32_t index)
{
    NS_LOG_FUNCTION(this << index);
    m_contexts.EndContact(index);
    m_paging.Cancel(index);
    NbiotContext& context = m_contexts.At(index);
    if (context.downlink)
    {
        m_counts.lostDownlinks += context.downlink->Clear();
    }
}

// --- packets downwards ---

void
NbiotEnb::SendDownlink(uint32_t index, Ptr<const Packet> payload, uint8_t port)
{
    constexpr uint32_t MAX_BYTES = 1600;
    NS_LOG_FUNCTION(this << index << payload->GetSize() << +port);
    NS_ABORT_MSG_IF(payload->GetSize() == 0 || payload->GetSize() > MAX_BYTES,
                    "a packet of " << payload->GetSize() << " bytes cannot go to an NB-IoT device");
    NS_ABORT_MSG_IF(index >= GetUeCount(), "the cell has no device " << index);
    Simulator::Schedule(m_config.coreDelay, &NbiotEnb::ArriveDownlink, this, index, payload, port);
}

void
NbiotEnb::ArriveDownlink(uint32_t index, Ptr<const Packet> payload, uint8_t port)
{
    NbiotContext& context = m_contexts.At(index);
    if (!context.downlink)
    {
        context.downlink = std::make_unique<NbiotDownlinkQueue>();
    }
    if (context.device->IsOff() || context.downlink->GetSize() >= m_config.downlinkQueueLimit)
    {
        NS_LOG_INFO("device " << context.device->GetDeviceAddress() << ": a packet for it is lost");
        ++m_counts.lostDownlinks;
        return;
    }
    context.downlink->Push(payload, port, context.device->GetPacketOverhead());
    if (context.downlink->GetSize() == 1)
    {
        m_scheduler.AnnounceDownlink(index);
    }
}

void
NbiotEnb::CancelDownlinks(uint32_t index, uint8_t port)
{
    NbiotContext& context = m_contexts.At(index);
    if (context.downlink)
    {
        m_counts.cancelledDownlinks += context.downlink->Cancel(port);
    }
}

std::size_t
NbiotEnb::GetDownlinkQueueSize(uint32_t index) const
{
    const NbiotContext& context = m_contexts.At(index);
    return context.downlink ? context.downlink->GetSize() : 0;
}

// --- to the core network ---

void
NbiotEnb::Deliver(uint32_t index, Ptr<const Packet> packet, uint8_t port, uint32_t counter)
{
    if (m_deliver.IsNull())
    {
        return;
    }
    const NbiotServedUe& ue = *m_contexts.At(index).device;
    UplinkDelivery delivery;
    delivery.deviceAddress = ue.GetDeviceAddress();
    delivery.frameCounter = counter;
    delivery.port = port;
    delivery.payload = packet->Copy();
    const double lossDb = GetCouplingLossDb(index);
    delivery.rssiDbm = ue.GetTxPowerDbm() - lossDb;
    delivery.snrDb = m_radio.UplinkSnrDb(ue, lossDb)[static_cast<std::size_t>(NbiotTones::ONE)];
    delivery.gatewayCount = 1;
    Simulator::Schedule(m_config.coreDelay, &NbiotEnb::ArriveUplink, this, delivery);
}

void
NbiotEnb::ArriveUplink(UplinkDelivery delivery)
{
    delivery.time = Simulator::Now();
    m_deliver(delivery);
}

void
NbiotEnb::Report(const NbiotPacketReport& report)
{
    NS_LOG_INFO("device " << report.deviceAddress << ": packet " << report.counter << " "
                          << ToString(report.fate) << " after "
                          << (report.end - report.queued).As(Time::MS) << ", " << report.blocks
                          << " blocks");
    if (report.fate == NbiotFate::DROPPED)
    {
        m_droppedTrace(report);
    }
    else
    {
        m_packetTrace(report);
    }
}

} // namespace lpwan
} // namespace ns3
