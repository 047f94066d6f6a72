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
#include <limits>
#include <locale>
#include <sstream>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotEnb");

NS_OBJECT_ENSURE_REGISTERED(NbiotEnb);

namespace
{

// Bits on the air: with a CRC of 16 on NPDCCH, 24 on NPDSCH and NPUSCH.
constexpr uint32_t DCI_BITS = 23 + 16;
constexpr uint32_t MESSAGE_CRC_BITS = 24;
constexpr uint32_t RAR_BITS = 56; // a MAC RAR of 48 bits and its subheader
constexpr uint32_t MSG3_BITS = 88;
constexpr uint32_t MAX_RARS = 12; // in a message of 680 bits
constexpr uint32_t MAX_NPDSCH_SUBFRAMES = 4096;
constexpr uint32_t PAGING_BITS = 72; // a paging record with an S-TMSI of 40 bits
/// Largest transport block downwards (TS 36.213, table 16.4.1.5.1-1), bytes.
constexpr uint32_t DOWNLINK_BLOCK_BYTES_NB1 = 680 / 8;
constexpr uint32_t DOWNLINK_BLOCK_BYTES_NB2 = 2536 / 8;
/// TS 36.213, 16.5.1: at the end of subframe n + k0, so that many subframes lie between.
const std::vector<Time> GRANT_DELAYS{MilliSeconds(8),
                                     MilliSeconds(16),
                                     MilliSeconds(32),
                                     MilliSeconds(64)};
const std::vector<Time> MSG3_DELAYS{MilliSeconds(12),
                                    MilliSeconds(16),
                                    MilliSeconds(32),
                                    MilliSeconds(64)};
/// NPDSCH to acknowledgement at 15 kHz.
const std::vector<Time> ACKNOWLEDGEMENT_DELAYS{MilliSeconds(12),
                                               MilliSeconds(14),
                                               MilliSeconds(16),
                                               MilliSeconds(17)};
/// NPDCCH to NPDSCH, and end of NPUSCH to the next NPDCCH.
const Time MESSAGE_DELAY = MilliSeconds(4);
const Time TURN_DELAY = MilliSeconds(3);

std::optional<std::array<double, NBIOT_CE_COUNT>>
ParseLevels(const std::string& text)
{
    // Blanks serve too where ns-3 lets them through.
    std::string blanks = text;
    std::replace(blanks.begin(), blanks.end(), ',', ' ');
    std::istringstream in(blanks);
    in.imbue(std::locale::classic());
    std::array<double, NBIOT_CE_COUNT> values{};
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

double
ToLinear(double db)
{
    return std::pow(10, db / 10);
}

} // namespace

template <NbiotEnb::Levels NbiotEnb::*M>
void
NbiotEnb::SetLevels(std::string text)
{
    const auto values = ParseLevels(text);
    NS_ABORT_MSG_UNLESS(values, "'" << text << "' must be three numbers, for CE levels 0, 1 and 2");
    this->*M = *values;
}

template <NbiotEnb::Levels NbiotEnb::*M>
std::string
NbiotEnb::GetLevels() const
{
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << (this->*M)[0] << ',' << (this->*M)[1] << ',' << (this->*M)[2];
    return out.str();
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
                MakeDoubleAccessor(&NbiotEnb::m_rsrpThresholdCe1Dbm),
                MakeDoubleChecker<double>())
            .AddAttribute("RsrpThresholdCe2",
                          "The same for CE level 2.",
                          DoubleValue(-127.5),
                          MakeDoubleAccessor(&NbiotEnb::m_rsrpThresholdCe2Dbm),
                          MakeDoubleChecker<double>())
            .AddAttribute(
                "PreambleRepetitions",
                "Repetitions of a preamble at CE level 0, 1 and 2: 1, 2, 4 .. 128.",
                StringValue("1,8,32"),
                MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_preambleRepetitions>,
                                   &NbiotEnb::GetLevels<&NbiotEnb::m_preambleRepetitions>),
                MakeTextChecker(&AreLevels<&IsPreambleRepetitions>))
            .AddAttribute("PreamblePeriod",
                          "Period of the NPRACH occasions at CE level 0, 1 and 2, ms.",
                          StringValue("320,640,1280"),
                          MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_preamblePeriodMs>,
                                             &NbiotEnb::GetLevels<&NbiotEnb::m_preamblePeriodMs>),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("PreambleStart",
                          "First NPRACH occasion at CE level 0, 1 and 2, ms.",
                          StringValue("8,16,64"),
                          MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_preambleStartMs>,
                                             &NbiotEnb::GetLevels<&NbiotEnb::m_preambleStartMs>),
                          MakeTextChecker(&AreLevels<&IsNotNegative>))
            .AddAttribute(
                "PreambleSubcarriers",
                "Subcarriers of NPRACH at CE level 0, 1 and 2: 12, 24, 36 or 48; they lie "
                "beside each other as far as there is room.",
                StringValue("12,12,12"),
                MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_preambleSubcarriers>,
                                   &NbiotEnb::GetLevels<&NbiotEnb::m_preambleSubcarriers>),
                MakeTextChecker(&AreLevels<&IsPreambleSubcarriers>))
            .AddAttribute("PreambleFormat",
                          "0: cells up to 10 km; 1: up to 35 km.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&NbiotEnb::m_preambleFormat),
                          MakeUintegerChecker<uint8_t>(0, 1))
            .AddAttribute("MaxAttempts",
                          "Preambles that a device sends at CE level 0, 1 and 2 before it goes on "
                          "to the next, or gives up.",
                          StringValue("10,10,10"),
                          MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_maxAttempts>,
                                             &NbiotEnb::GetLevels<&NbiotEnb::m_maxAttempts>),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("Backoff",
                          "Longest wait after a failed attempt at CE level 0, 1 and 2, ms.",
                          StringValue("512,2048,4096"),
                          MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_backoffMs>,
                                             &NbiotEnb::GetLevels<&NbiotEnb::m_backoffMs>),
                          MakeTextChecker(&AreLevels<&IsNotNegative>))
            .AddAttribute("NpdcchRmax",
                          "Rmax of the search spaces at CE level 0, 1 and 2, subframes.",
                          StringValue("8,64,256"),
                          MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_rMax>,
                                             &NbiotEnb::GetLevels<&NbiotEnb::m_rMax>),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("NpdcchG",
                          "G at CE level 0, 1 and 2: search spaces start each Rmax x G ms.",
                          StringValue("2,1.5,1.5"),
                          MakeStringAccessor(&NbiotEnb::SetLevels<&NbiotEnb::m_g>,
                                             &NbiotEnb::GetLevels<&NbiotEnb::m_g>),
                          MakeTextChecker(&AreLevels<&IsPositive>))
            .AddAttribute("Deployment",
                          "Standalone (43 dBm downwards), InBand or GuardBand (35 dBm).",
                          StringValue("Standalone"),
                          MakeStringAccessor(&NbiotEnb::SetDeployment, &NbiotEnb::GetDeployment),
                          MakeTextChecker([](const std::string& text) {
                              return text == "Standalone" || text == "InBand" ||
                                     text == "GuardBand";
                          }))
            .AddAttribute("AnchorCarrier",
                          "The carrier has synchronisation signals and system information, which "
                          "take 6 of 20 subframes downwards.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&NbiotEnb::m_anchor),
                          MakeBooleanChecker())
            .AddAttribute("AntennaGain",
                          "Gain of both antennas together, dB.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&NbiotEnb::m_antennaGainDb),
                          MakeDoubleChecker<double>())
            .AddAttribute("NoiseFigure",
                          "Noise figure of the base station, dB.",
                          DoubleValue(3),
                          MakeDoubleAccessor(&NbiotEnb::m_noiseFigureDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("UeNoiseFigure",
                          "Noise figure of the devices, dB.",
                          DoubleValue(5),
                          MakeDoubleAccessor(&NbiotEnb::m_ueNoiseFigureDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("InterferenceMargin",
                          "What other cells add to the noise of the uplink, dB.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&NbiotEnb::m_interferenceMarginDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("ShadowingSigma",
                          "Standard deviation of the shadowing, one draw for each device, dB.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&NbiotEnb::m_shadowingSigmaDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("PenetrationLoss",
                          "Loss of the walls around the devices, dB.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&NbiotEnb::m_penetrationLossDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("FadingSigma",
                          "Standard deviation of the power from one transmission to the next, dB.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&NbiotEnb::m_fadingSigmaDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("FadingMargin",
                          "What link adaptation keeps to spare for that, dB.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&NbiotEnb::m_fadingMarginDb),
                          MakeDoubleChecker<double>())
            .AddAttribute("TargetBler",
                          "Share of blocks lost that link adaptation aims at.",
                          DoubleValue(0.1),
                          MakeDoubleAccessor(&NbiotEnb::m_targetBler),
                          MakeDoubleChecker<double>(1e-6, 0.9))
            .AddAttribute("SpectrumWeight",
                          "What link adaptation spares: 0 time, 1 subcarriers x time.",
                          DoubleValue(0.1),
                          MakeDoubleAccessor(&NbiotEnb::m_spectrumWeight),
                          MakeDoubleChecker<double>(0, 1))
            .AddAttribute("Subcarrier3k75",
                          "Single tones of 3.75 kHz are used.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&NbiotEnb::m_subcarrier3k75),
                          MakeBooleanChecker())
            .AddAttribute("MaxHarqTransmissions",
                          "How often a block is sent at most.",
                          UintegerValue(4),
                          MakeUintegerAccessor(&NbiotEnb::m_maxHarqTransmissions),
                          MakeUintegerChecker<uint8_t>(1))
            .AddAttribute(
                "DownlinkEnergyPerBit",
                "Energy per bit over noise by which repetitions downwards are chosen, dB.",
                DoubleValue(10),
                MakeDoubleAccessor(&NbiotEnb::m_downlinkEnergyPerBitDb),
                MakeDoubleChecker<double>())
            .AddAttribute("DownlinkErrorRate",
                          "Share of grants and messages lost at that energy.",
                          DoubleValue(0.01),
                          MakeDoubleAccessor(&NbiotEnb::m_downlinkErrorRate),
                          MakeDoubleChecker<double>(0, 0.9))
            .AddAttribute("MaxCouplingLoss",
                          "Coupling loss that CE level 2 is made for, dB.",
                          DoubleValue(164),
                          MakeDoubleAccessor(&NbiotEnb::m_maxCouplingLossDb),
                          MakeDoubleChecker<double>())
            .AddAttribute("CaptureThreshold",
                          "Of Msg3 that collide, one is received that is that much above the sum "
                          "of the others, dB.",
                          DoubleValue(300),
                          MakeDoubleAccessor(&NbiotEnb::m_captureThresholdDb),
                          MakeDoubleChecker<double>())
            .AddAttribute("RarWindow",
                          "How long a device waits for the answer to its preamble, in search space "
                          "periods.",
                          UintegerValue(4),
                          MakeUintegerAccessor(&NbiotEnb::m_rarWindow),
                          MakeUintegerChecker<uint32_t>(2, 10))
            .AddAttribute("ContentionTimer",
                          "How long it waits for the answer to Msg3, in search space periods.",
                          UintegerValue(8),
                          MakeUintegerAccessor(&NbiotEnb::m_contentionTimer),
                          MakeUintegerChecker<uint32_t>(1, 64))
            .AddAttribute("EarlyData",
                          "Early data transmission (Release 15): what fits goes in Msg3.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&NbiotEnb::m_earlyData),
                          MakeBooleanChecker())
            .AddAttribute("Msg4Bits",
                          "Contention resolution and resume message, bits.",
                          UintegerValue(200),
                          MakeUintegerAccessor(&NbiotEnb::m_msg4Bits),
                          MakeUintegerChecker<uint32_t>(1, 2536))
            .AddAttribute("ReleaseBits",
                          "Release message, bits.",
                          UintegerValue(80),
                          MakeUintegerAccessor(&NbiotEnb::m_releaseBits),
                          MakeUintegerChecker<uint32_t>(1, 2536))
            .AddAttribute("DownlinkQueueLimit",
                          "Packets that may wait for a device.",
                          UintegerValue(16),
                          MakeUintegerAccessor(&NbiotEnb::m_downlinkQueueLimit),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("InactivityTime",
                          "From a device's last block to the release of its connection, without "
                          "release assistance.",
                          TimeValue(Seconds(10)),
                          MakeTimeAccessor(&NbiotEnb::m_inactivityTime),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("CoreDelay",
                          "From the base station to the application in the cloud.",
                          TimeValue(MilliSeconds(50)),
                          MakeTimeAccessor(&NbiotEnb::m_coreDelay),
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
    : m_uniform(CreateObject<UniformRandomVariable>()),
      m_normal(CreateObject<NormalRandomVariable>()),
      m_shadowingVariable(CreateObject<NormalRandomVariable>())
{
}

NbiotEnb::~NbiotEnb() = default;

void
NbiotEnb::DoDispose()
{
    m_node = nullptr;
    m_mobility = nullptr;
    m_lossModel = nullptr;
    m_deliver = DeliverCallback();
    for (auto& ue : m_ues)
    {
        if (ue.connection)
        {
            ue.connection->inactivity.Cancel();
        }
        if (ue.downlink)
        {
            ue.downlink->paging.Cancel();
        }
    }
    m_ues.clear();
    Object::DoDispose();
}

void
NbiotEnb::SetDeployment(std::string name)
{
    m_deployment = name;
}

std::string
NbiotEnb::GetDeployment() const
{
    return m_deployment;
}

void
NbiotEnb::SetNode(Ptr<Node> node)
{
    m_node = node;
}

Ptr<Node>
NbiotEnb::GetNode() const
{
    return m_node;
}

void
NbiotEnb::SetPropagationLossModel(Ptr<PropagationLossModel> model)
{
    m_lossModel = model;
}

void
NbiotEnb::SetDeliverCallback(DeliverCallback callback)
{
    m_deliver = callback;
}

uint32_t
NbiotEnb::AddUe(NbiotUe* ue)
{
    m_ues.emplace_back();
    m_ues.back().device = ue;
    return static_cast<uint32_t>(m_ues.size() - 1);
}

uint32_t
NbiotEnb::GetUeCount() const
{
    return static_cast<uint32_t>(m_ues.size());
}

const NbiotCellCounts&
NbiotEnb::GetCounts() const
{
    return m_counts;
}

int64_t
NbiotEnb::AssignStreams(int64_t stream)
{
    m_uniform->SetStream(stream);
    m_normal->SetStream(stream + 1);
    m_shadowingVariable->SetStream(stream + 2);
    int64_t taken = 3;
    if (m_lossModel)
    {
        taken += m_lossModel->AssignStreams(stream + taken);
    }
    return taken;
}

// --- radio ---

double
NbiotEnb::GetDownlinkPowerDbm() const
{
    return m_deployment == "Standalone" ? 43 : 35;
}

double
NbiotEnb::GetCouplingLossDb(uint32_t index)
{
    Ue& ue = m_ues.at(index);
    if (!m_mobility)
    {
        NS_ABORT_MSG_UNLESS(m_node && m_lossModel,
                            "an NB-IoT base station needs a node and a propagation loss model");
        m_mobility = m_node->GetObject<MobilityModel>();
        NS_ABORT_MSG_UNLESS(m_mobility, "the base station's node has no MobilityModel");
    }
    const Vector here = m_mobility->GetPosition();
    if (!ue.mobility)
    {
        ue.mobility = ue.device->GetNode()->GetObject<MobilityModel>();
        NS_ABORT_MSG_UNLESS(ue.mobility,
                            "the node of NB-IoT device " << ue.device->GetDeviceAddress()
                                                         << " has no MobilityModel");
        // Those before it draw first, whoever sends first.
        while (m_shadowingDrawn <= index)
        {
            m_ues[m_shadowingDrawn++].shadowing = m_shadowingVariable->GetValue(0, 1);
        }
    }
    else
    {
        const Vector there = ue.mobility->GetPosition();
        if (there == ue.position && here == ue.enbPosition)
        {
            return ue.couplingLossDb;
        }
    }
    ue.position = ue.mobility->GetPosition();
    ue.enbPosition = here;
    ue.couplingLossDb = -m_lossModel->CalcRxPower(0, ue.mobility, m_mobility) - m_antennaGainDb +
                        m_shadowingSigmaDb * ue.shadowing + m_penetrationLossDb;
    return ue.couplingLossDb;
}

uint8_t
NbiotEnb::GetCeLevel(uint32_t index)
{
    constexpr double SUBCARRIERS = 12;
    const double rsrp =
        GetDownlinkPowerDbm() - 10 * std::log10(SUBCARRIERS) - GetCouplingLossDb(index);
    return rsrp < m_rsrpThresholdCe2Dbm ? 2 : rsrp < m_rsrpThresholdCe1Dbm ? 1 : 0;
}

double
NbiotEnb::EdgeLossDb(uint8_t level) const
{
    constexpr double SUBCARRIERS = 12;
    if (level == 2)
    {
        return m_maxCouplingLossDb;
    }
    return GetDownlinkPowerDbm() - 10 * std::log10(SUBCARRIERS) -
           (level == 1 ? m_rsrpThresholdCe2Dbm : m_rsrpThresholdCe1Dbm);
}

std::array<double, NBIOT_TONES_COUNT>
NbiotEnb::UplinkSnrDb(const NbiotUe& device, double lossDb) const
{
    std::array<double, NBIOT_TONES_COUNT> snrDb{};
    for (std::size_t t = 0; t < NBIOT_TONES_COUNT; ++t)
    {
        snrDb[t] = NbiotSnrDb(device.GetTxPowerDbm(),
                              lossDb,
                              NbiotBandwidthHz(static_cast<NbiotTones>(t)),
                              m_noiseFigureDb + m_interferenceMarginDb);
    }
    return snrDb;
}

double
NbiotEnb::DownlinkSnrDb(double lossDb) const
{
    constexpr double BANDWIDTH_HZ = 180000;
    return NbiotSnrDb(GetDownlinkPowerDbm(), lossDb, BANDWIDTH_HZ, m_ueNoiseFigureDb);
}

double
NbiotEnb::DrawSnr(double snrDb)
{
    return ToLinear(m_fadingSigmaDb > 0
                        ? snrDb + m_normal->GetValue(0, m_fadingSigmaDb * m_fadingSigmaDb)
                        : snrDb);
}

bool
NbiotEnb::IsLostDownlink(double deficitDb)
{
    if (m_downlinkErrorRate <= 0 && deficitDb <= 0)
    {
        return false;
    }
    const double rate = std::max(m_downlinkErrorRate, 1e-6);
    const double lost =
        deficitDb > 0 ? NbiotBlockErrorRate(NbiotMarginDb(rate) - deficitDb) : m_downlinkErrorRate;
    return m_uniform->GetValue() < lost;
}

NbiotAdaptation
NbiotEnb::Adaptation(const NbiotUe& device) const
{
    NbiotAdaptation adaptation;
    adaptation.category = device.GetCategory();
    adaptation.multiTone = device.IsMultiTone();
    adaptation.subcarrier3k75 = m_subcarrier3k75;
    adaptation.marginDb = NbiotMarginDb(m_targetBler) + m_fadingMarginDb;
    adaptation.spectrumWeight = m_spectrumWeight;
    return adaptation;
}

NbiotFormat
NbiotEnb::ChooseFormat(const NbiotUe& device,
                       double lossDb,
                       uint32_t bits,
                       uint32_t maxSubcarriers) const
{
    NbiotAdaptation adaptation = Adaptation(device);
    adaptation.maxSubcarriers = maxSubcarriers;
    const auto format = NbiotChooseFormat(UplinkSnrDb(device, lossDb), bits, adaptation);
    return format ? *format : NbiotMostRobustFormat(bits, adaptation);
}

NbiotFormat
NbiotEnb::GetFormat(uint32_t index, uint32_t bits)
{
    return ChooseFormat(*m_ues.at(index).device, GetCouplingLossDb(index), bits, SUBCARRIERS);
}

// --- time ---

Time
NbiotEnb::NextOccasion(uint8_t level, Time from) const
{
    const double period = m_preamblePeriodMs[level] * 1e6;
    const double start = m_preambleStartMs[level] * 1e6;
    const double n = std::ceil((static_cast<double>(from.GetNanoSeconds()) - start) / period);
    return NanoSeconds(static_cast<int64_t>(std::max(0.0, n) * period + start));
}

NbiotDownlinkEffort
NbiotEnb::GrantEffort(uint8_t level, double snrDb) const
{
    const auto rMax = static_cast<uint32_t>(m_rMax[level]);
    auto effort = NbiotDownlinkSubframes(DCI_BITS, snrDb, m_downlinkEnergyPerBitDb, rMax);
    effort.subframes = std::max(effort.subframes, rMax / 8);
    return effort;
}

Time
NbiotEnb::SearchSpacePeriod(uint8_t level) const
{
    // At least 4 ms (TS 36.213, 16.6).
    return std::max(MilliSeconds(4), NanoSeconds(std::llround(m_rMax[level] * m_g[level] * 1e6)));
}

Time
NbiotEnb::NextSearchSpace(uint8_t level, Time from) const
{
    const int64_t period = SearchSpacePeriod(level).GetNanoSeconds();
    return NanoSeconds((from.GetNanoSeconds() + period - 1) / period * period);
}

NbiotDownlinkSpan
NbiotEnb::FitDownlink(Time from, uint32_t subframes) const
{
    NbiotDownlinkSpan span = NbiotDownlink(from, subframes, m_anchor);
    for (const Span& booked : m_downlink)
    {
        if (booked.start < span.end && span.start < booked.end)
        {
            span = NbiotDownlink(booked.end, subframes, m_anchor);
        }
    }
    return span;
}

void
NbiotEnb::BookDownlink(Time start, Time end)
{
    const Time now = Simulator::Now();
    m_downlink.erase(std::remove_if(m_downlink.begin(),
                                    m_downlink.end(),
                                    [&](const Span& span) { return span.end <= now; }),
                     m_downlink.end());
    const auto place =
        std::upper_bound(m_downlink.begin(),
                         m_downlink.end(),
                         start,
                         [](const Time& time, const Span& span) { return time < span.start; });
    m_downlink.insert(place, {start, end});
    m_downlinkTrace(start, end);
}

NbiotEnb::Message
NbiotEnb::SendMessage(uint8_t level, Time from, double snrDb, uint32_t bits)
{
    const auto rMax = static_cast<uint32_t>(m_rMax[level]);
    const auto grant = GrantEffort(level, snrDb);
    const auto content = NbiotDownlinkSubframes(bits + MESSAGE_CRC_BITS,
                                                snrDb,
                                                m_downlinkEnergyPerBitDb,
                                                MAX_NPDSCH_SUBFRAMES);
    Time space = NextSearchSpace(level, from);
    NbiotDownlinkSpan dci = FitDownlink(space, grant.subframes);
    while (dci.end > NbiotDownlink(space, rMax, m_anchor).end)
    {
        space = NextSearchSpace(level, std::max(space + SearchSpacePeriod(level), dci.start));
        dci = FitDownlink(space, grant.subframes);
    }
    BookDownlink(dci.start, dci.end);
    const NbiotDownlinkSpan data = FitDownlink(dci.end + MESSAGE_DELAY, content.subframes);
    BookDownlink(data.start, data.end);
    Message message;
    message.from = dci.start;
    message.until = data.end;
    message.lost = IsLostDownlink(std::max(grant.deficitDb, content.deficitDb));
    return message;
}

Time
NbiotEnb::UplinkEnd(Time& start, Time duration, uint32_t first, uint32_t count) const
{
    Time at = start;
    Time left = duration;
    bool begun = false;
    while (true)
    {
        // The next occasion on these subcarriers that is not over.
        Time from = Time::Max();
        Time until = Time::Max();
        uint32_t offset = 0;
        for (uint8_t level = 0; level < NBIOT_CE_COUNT; ++level)
        {
            const auto subcarriers = static_cast<uint32_t>(m_preambleSubcarriers[level]);
            const uint32_t low = offset + subcarriers <= SUBCARRIERS ? offset : 0;
            offset = low + subcarriers;
            if (first >= low + subcarriers || low >= first + count)
            {
                continue;
            }
            const Time length =
                NbiotPreambleTime(static_cast<uint32_t>(m_preambleRepetitions[level]),
                                  m_preambleFormat);
            const Time occasion =
                NextOccasion(level, std::max(Time(0), at - length + NanoSeconds(1)));
            if (occasion + length > at && occasion < from)
            {
                from = occasion;
                until = occasion + length;
            }
        }
        if (from > at)
        {
            if (!begun)
            {
                start = at;
                begun = true;
            }
            if (from - at >= left)
            {
                return at + left;
            }
            left -= from - at;
        }
        at = until;
    }
}

std::optional<NbiotEnb::Uplink>
NbiotEnb::FitUplink(Time after, const std::vector<Time>& delays, NbiotTones tones, Time duration)
{
    const uint32_t count = NbiotSubcarriers(tones);
    for (const Time& delay : delays)
    {
        // From the top: NPRACH is at the bottom.
        for (uint32_t first = SUBCARRIERS - count;; first -= count)
        {
            bool isFree = true;
            for (uint32_t i = first; i < first + count && isFree; ++i)
            {
                isFree = m_uplinkFreeFrom[i] <= after + delay;
            }
            if (isFree)
            {
                Uplink uplink;
                uplink.start = after + delay;
                uplink.first = first;
                uplink.end = UplinkEnd(uplink.start, duration, first, count);
                BookUplink(uplink, count);
                m_uplinkTrace(first, count, uplink.start, uplink.end, duration);
                return uplink;
            }
            if (first == 0)
            {
                break;
            }
        }
    }
    return std::nullopt;
}

void
NbiotEnb::BookUplink(const Uplink& uplink, uint32_t count)
{
    for (uint32_t i = uplink.first; i < uplink.first + count; ++i)
    {
        m_uplinkFreeFrom[i] = uplink.end;
    }
}

// --- random access ---

NbiotEnb::Contact
NbiotEnb::ContactOf(uint32_t index) const
{
    return {index, m_ues[index].contact};
}

NbiotEnb::Ue*
NbiotEnb::Find(const Contact& contact)
{
    Ue& ue = m_ues[contact.ue];
    return ue.contact == contact.number ? &ue : nullptr;
}

void
NbiotEnb::EndContact(Ue& ue)
{
    if (ue.connection)
    {
        ue.connection->inactivity.Cancel();
        ue.connection.reset();
    }
    ++ue.contact;
}

void
NbiotEnb::OnDeviceOff(uint32_t index)
{
    Ue& ue = m_ues.at(index);
    EndContact(ue);
    if (ue.downlink)
    {
        ue.downlink->paging.Cancel();
        m_counts.lostDownlinks += ue.downlink->packets.size();
        ue.downlink->packets.clear();
    }
}

void
NbiotEnb::RequestAccess(uint32_t index, Time ready)
{
    Ue& ue = m_ues.at(index);
    if (ue.downlink)
    {
        ue.downlink->paging.Cancel(); // it comes by itself
    }
    ue.level = GetCeLevel(index);
    ue.attempts = 0;
    if (!m_checked)
    {
        CheckPreambles();
        m_checked = true;
    }
    JoinOccasion(ContactOf(index), ready, true);
}

void
NbiotEnb::CheckPreambles() const
{
    double share = 0;
    for (std::size_t level = 0; level < NBIOT_CE_COUNT; ++level)
    {
        share +=
            NbiotPreambleTime(static_cast<uint32_t>(m_preambleRepetitions[level]), m_preambleFormat)
                .GetSeconds() *
            1000 / m_preamblePeriodMs[level];
    }
    NS_ABORT_MSG_IF(share >= 1,
                    "NPRACH takes all of the time: PreamblePeriod of NbiotEnb is too short for "
                    "PreambleRepetitions");
}

void
NbiotEnb::Resume(uint32_t index)
{
    Ue& ue = m_ues.at(index);
    ue.connection->inactivity.Cancel();
    RequestAccess(index, Simulator::Now());
}

void
NbiotEnb::JoinOccasion(const Contact& contact, Time ready, bool listens)
{
    const uint8_t level = m_ues[contact.ue].level;
    const Time start = NextOccasion(level, ready);
    const Time end = start + NbiotPreambleTime(static_cast<uint32_t>(m_preambleRepetitions[level]),
                                               m_preambleFormat);
    m_ues[contact.ue].device->OnPreamble(listens ? ready : Time(0), start, end);
    if (!Find(contact))
    {
        return;
    }
    auto& waiting = m_occasions[level][start];
    if (waiting.empty())
    {
        Simulator::Schedule(end - Simulator::Now(), &NbiotEnb::EndOccasion, this, level, start);
    }
    waiting.push_back(contact);
}

void
NbiotEnb::EndOccasion(uint8_t level, Time start)
{
    const auto node = m_occasions[level].extract(start);
    const auto subcarriers = static_cast<uint32_t>(m_preambleSubcarriers[level]);
    const auto repetitions = static_cast<uint32_t>(m_preambleRepetitions[level]);
    std::vector<std::vector<Contact>> byPreamble(subcarriers);
    for (const Contact& contact : node.mapped())
    {
        if (Find(contact))
        {
            byPreamble[m_uniform->GetInteger(0, subcarriers - 1)].push_back(contact);
            ++m_counts.preambles;
        }
    }
    const Time now = Simulator::Now();
    constexpr uint32_t MANY_REPETITIONS = 64;
    const Time windowFrom = now + MilliSeconds(repetitions >= MANY_REPETITIONS ? 41 : 4);
    const Time windowUntil =
        NextSearchSpace(level, windowFrom) + SearchSpacePeriod(level) * int64_t{m_rarWindow};
    std::vector<Contact> failed;
    std::vector<std::vector<Contact>> detected;
    for (auto& contacts : byPreamble)
    {
        bool heard = false;
        for (const Contact& contact : contacts)
        {
            const NbiotUe& device = *m_ues[contact.ue].device;
            const double snrDb = UplinkSnrDb(device, GetCouplingLossDb(contact.ue))[0];
            heard = m_uniform->GetValue() < NbiotPreambleDetection(snrDb, repetitions) || heard;
        }
        m_counts.collidedPreambles += contacts.size() > 1 ? contacts.size() : 0;
        if (heard)
        {
            detected.push_back(std::move(contacts));
        }
        else
        {
            m_counts.undetectedPreambles += contacts.size() == 1 ? 1 : 0;
            failed.insert(failed.end(), contacts.begin(), contacts.end());
        }
    }
    const double edgeSnrDb = DownlinkSnrDb(EdgeLossDb(level));
    for (std::size_t i = 0; i < detected.size(); i += MAX_RARS)
    {
        const auto count = std::min<std::size_t>(MAX_RARS, detected.size() - i);
        const Message rar =
            SendMessage(level, windowFrom, edgeSnrDb, RAR_BITS * static_cast<uint32_t>(count));
        for (std::size_t k = i; k < i + count; ++k)
        {
            auto msg3 = std::make_shared<Msg3>();
            msg3->level = level;
            std::vector<Contact> answered;
            for (const Contact& contact : detected[k])
            {
                const bool far = DownlinkSnrDb(GetCouplingLossDb(contact.ue)) < edgeSnrDb;
                if (rar.until > windowUntil || (far ? rar.lost : IsLostDownlink(0)))
                {
                    failed.push_back(contact);
                    continue;
                }
                answered.push_back(contact);
                msg3->senders.push_back({contact, 0, nullptr});
            }
            if (!answered.empty())
            {
                PrepareMsg3(*msg3);
                if (!SendMsg3(msg3, rar, MSG3_DELAYS))
                {
                    failed.insert(failed.end(), answered.begin(), answered.end());
                }
            }
        }
    }
    if (!failed.empty())
    {
        Simulator::Schedule(windowUntil - now, &NbiotEnb::FailAccess, this, failed);
    }
}

void
NbiotEnb::FailAccess(const std::vector<Contact>& contacts)
{
    for (const Contact& contact : contacts)
    {
        Ue* ue = Find(contact);
        if (!ue)
        {
            continue;
        }
        ++ue->attempts;
        if (ue->attempts >= m_maxAttempts[ue->level])
        {
            if (ue->level + 1U == NBIOT_CE_COUNT)
            {
                NS_LOG_INFO("device " << ue->device->GetDeviceAddress() << " gives up access");
                ++m_counts.failedAccesses;
                EndContact(*ue);
                ue->device->OnAccessFailed();
                continue;
            }
            ++ue->level;
            ue->attempts = 0;
        }
        if (!ue->connection)
        {
            ue->device->TakeEarlyBack();
        }
        const double backoff = m_uniform->GetValue(0, m_backoffMs[ue->level]);
        JoinOccasion(contact,
                     Simulator::Now() + NanoSeconds(static_cast<int64_t>(backoff * 1e6)),
                     false);
    }
}

void
NbiotEnb::PrepareMsg3(Msg3& msg3)
{
    // The base station knows the level only, so Msg3 is made for its edge. Early data is possible
    // for all that share the preamble, or for none.
    uint32_t bits = MSG3_BITS;
    bool early = m_earlyData;
    for (const Msg3Sender& sender : msg3.senders)
    {
        const Ue& ue = m_ues[sender.contact.ue];
        const uint32_t bytes = ue.device->GetEarlyBytes();
        const uint32_t wanted = MSG3_BITS + 8 * bytes;
        early = early && !ue.connection && bytes > 0 && wanted <= MAX_EARLY_BITS;
        bits = std::max(bits, wanted);
    }
    const NbiotUe& device = *m_ues[msg3.senders.front().contact.ue].device;
    const double lossDb = EdgeLossDb(msg3.level);
    if (early)
    {
        msg3.format = ChooseFormat(device, lossDb, bits, SUBCARRIERS);
        early = msg3.format.Bits() >= bits; // all in one block
    }
    msg3.earlyData = early;
    if (!early)
    {
        msg3.format = ChooseFormat(device, lossDb, MSG3_BITS, SUBCARRIERS);
    }
}

bool
NbiotEnb::SendMsg3(std::shared_ptr<Msg3> msg3,
                   const Message& before,
                   const std::vector<Time>& delays)
{
    const Time sending = NbiotSendingTime(msg3->format);
    const auto uplink =
        FitUplink(before.until, delays, msg3->format.tones, NbiotWithCompensationGaps(sending));
    if (!uplink)
    {
        return false;
    }
    for (Msg3Sender& sender : msg3->senders)
    {
        NbiotUe& device = *m_ues[sender.contact.ue].device;
        const bool first = msg3->earlyData && !sender.block;
        if (first && Find(sender.contact))
        {
            sender.block = device.FillEarly();
            sender.block->format = msg3->format;
        }
        if (Find(sender.contact))
        {
            device.OnExchange(before.from,
                              before.until,
                              uplink->start,
                              {{{sending, sender.block}, {}}});
        }
        if (first && Find(sender.contact))
        {
            device.StartPackets(*sender.block, uplink->start, uplink->end);
        }
    }
    Simulator::Schedule(uplink->end - Simulator::Now(), &NbiotEnb::EndMsg3, this, msg3);
    return true;
}

void
NbiotEnb::EndMsg3(std::shared_ptr<Msg3> msg3)
{
    ++msg3->transmissions;
    auto& senders = msg3->senders;
    senders.erase(std::remove_if(senders.begin(),
                                 senders.end(),
                                 [&](const Msg3Sender& sender) { return !Find(sender.contact); }),
                  senders.end());
    if (senders.empty())
    {
        return;
    }
    const auto tones = static_cast<std::size_t>(msg3->format.tones);
    std::vector<double> now(senders.size());
    double sum = 0;
    for (std::size_t i = 0; i < senders.size(); ++i)
    {
        const uint32_t index = senders[i].contact.ue;
        now[i] = DrawSnr(UplinkSnrDb(*m_ues[index].device, GetCouplingLossDb(index))[tones]);
        sum += now[i];
    }
    std::optional<std::size_t> received;
    for (std::size_t i = 0; i < now.size() && !received; ++i)
    {
        senders[i].snr += now[i];
        const double others = sum - now[i];
        if (others > 0 && 10 * std::log10(now[i] / others) < m_captureThresholdDb)
        {
            continue;
        }
        const double above = 10 * std::log10(senders[i].snr) - NbiotSnrAtTenPercentDb(msg3->format);
        if (m_uniform->GetValue() >= NbiotBlockErrorRate(above))
        {
            received = i;
        }
    }
    const Time contention = SearchSpacePeriod(msg3->level) * int64_t{m_contentionTimer};
    if (received)
    {
        const Msg3Sender winner = senders[*received];
        ++m_counts.accesses;
        senders.erase(senders.begin() + static_cast<std::ptrdiff_t>(*received));
        if (msg3->earlyData)
        {
            // What was queued since then waits for the next access.
            m_ues[winner.contact.ue].device->OnBlockReceived(*winner.block);
        }
        if (m_ues[winner.contact.ue].connection)
        {
            // A scheduling request: the answer is a grant.
            Connect(winner.contact);
        }
        else
        {
            SendMsg4(winner.contact, msg3->earlyData, 1);
        }
    }
    else if (msg3->transmissions < m_maxHarqTransmissions)
    {
        const double edgeSnrDb = DownlinkSnrDb(EdgeLossDb(msg3->level));
        const auto effort = GrantEffort(msg3->level, edgeSnrDb);
        const Time space = NextSearchSpace(msg3->level, Simulator::Now() + TURN_DELAY);
        const NbiotDownlinkSpan dci = FitDownlink(space, effort.subframes);
        Message grant;
        grant.from = dci.start;
        grant.until = dci.end;
        if (SendMsg3(msg3, grant, GRANT_DELAYS))
        {
            BookDownlink(dci.start, dci.end);
            return;
        }
    }
    std::vector<Contact> lost;
    for (const Msg3Sender& sender : senders)
    {
        lost.push_back(sender.contact);
    }
    if (!lost.empty())
    {
        Simulator::Schedule(contention, &NbiotEnb::FailAccess, this, lost);
    }
}

NbiotEnb::Uplink
NbiotEnb::SendAcknowledgement(Ue& ue, const Message& message)
{
    // NPUSCH format 2: one bit on 16 symbols, 2 ms on a tone of 15 kHz; energy for each bit as
    // downwards.
    constexpr double SYMBOLS = 16;
    constexpr uint32_t MAX_REPETITIONS = 128;
    const auto index = ue.device->GetIndex();
    const double snrDb = UplinkSnrDb(*ue.device, GetCouplingLossDb(index))[1];
    uint32_t repetitions = 1;
    while (snrDb + 10 * std::log10(SYMBOLS * repetitions) < m_downlinkEnergyPerBitDb &&
           repetitions < MAX_REPETITIONS)
    {
        repetitions *= 2;
    }
    const Time sending = MilliSeconds(2) * int64_t{repetitions};
    auto uplink = FitUplink(message.until, ACKNOWLEDGEMENT_DELAYS, NbiotTones::ONE, sending);
    if (!uplink)
    {
        // All tones are taken: on the first one that comes free.
        Time earliest = Time::Max();
        for (uint32_t first = 0; first < SUBCARRIERS; first += NbiotSubcarriers(NbiotTones::ONE))
        {
            const Time from = *std::max_element(m_uplinkFreeFrom.begin() + first,
                                                m_uplinkFreeFrom.begin() + first +
                                                    NbiotSubcarriers(NbiotTones::ONE));
            earliest = std::min(earliest, from);
        }
        uplink = FitUplink(earliest, {Time(0)}, NbiotTones::ONE, sending);
    }
    ue.device->OnExchange(message.from, message.until, uplink->start, {{{sending, nullptr}, {}}});
    return *uplink;
}

void
NbiotEnb::SendMsg4(Contact contact, bool earlyData, unsigned attempts)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    const Message msg4 = SendMessage(ue->level,
                                     Simulator::Now() + TURN_DELAY,
                                     DownlinkSnrDb(GetCouplingLossDb(contact.ue)),
                                     m_msg4Bits);
    const Uplink acknowledgement = SendAcknowledgement(*ue, msg4);
    const Time wait = acknowledgement.end - Simulator::Now();
    if (msg4.lost)
    {
        if (attempts < m_maxHarqTransmissions)
        {
            Simulator::Schedule(wait, &NbiotEnb::SendMsg4, this, contact, earlyData, attempts + 1);
        }
        else
        {
            Simulator::Schedule(wait, &NbiotEnb::FailAccess, this, std::vector<Contact>{contact});
        }
    }
    else if (earlyData && !ue->HasDownlink())
    {
        Simulator::Schedule(wait, &NbiotEnb::EndRelease, this, contact);
    }
    else
    {
        Simulator::Schedule(wait, &NbiotEnb::Connect, this, contact);
    }
}

void
NbiotEnb::Connect(Contact contact)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    if (!ue->connection)
    {
        ue->connection = std::make_unique<Connection>();
    }
    ue->device->EnterStage(NbiotStage::SCHEDULING, Simulator::Now());
    // There is nothing to send when early data arrived and its Msg4 did not.
    const bool grant = ue->device->GetBufferBytes() > 0;
    Register(contact, grant ? Service::GRANT : Service::RELEASE, Simulator::Now() + TURN_DELAY);
}

// --- connections ---

void
NbiotEnb::Register(const Contact& contact, Service service, Time from)
{
    const uint8_t level = m_ues[contact.ue].level;
    const Time space = NextSearchSpace(level, from);
    auto& waiting = m_searchSpaces[level][space];
    if (waiting.empty())
    {
        Simulator::Schedule(space - Simulator::Now(), &NbiotEnb::Serve, this, level, space);
    }
    waiting.push_back({contact, service});
}

void
NbiotEnb::Serve(uint8_t level, Time start)
{
    auto node = m_searchSpaces[level].extract(start);
    const Time end = NbiotDownlink(start, static_cast<uint32_t>(m_rMax[level]), m_anchor).end;
    // Whoever finds no subcarriers may need more than the next one; not all need to try. Those that
    // did not come to it are first the next time.
    constexpr std::size_t MAX_FAILURES = 16;
    std::vector<Wait> left;
    std::vector<Wait> failed;
    for (const Wait& wait : node.mapped())
    {
        const Ue* ue = Find(wait.contact);
        if (!ue)
        {
            continue;
        }
        if (wait.service != Service::GRANT)
        {
            // What came meanwhile goes before the release.
            const bool done = wait.service == Service::DOWNLINK || ue->HasDownlink()
                                  ? SendDownlinkBlock(wait.contact, start, end)
                                  : SendRelease(wait.contact, start, end);
            if (!done)
            {
                left.push_back(wait);
            }
        }
        else if (failed.size() == MAX_FAILURES)
        {
            left.push_back(wait);
        }
        else if (!Grant(wait.contact, start, end))
        {
            failed.push_back(wait);
        }
    }
    left.insert(left.end(), failed.begin(), failed.end());
    if (left.empty())
    {
        return;
    }
    const Time next = start + SearchSpacePeriod(level);
    auto& waiting = m_searchSpaces[level][next];
    if (waiting.empty())
    {
        Simulator::Schedule(next - Simulator::Now(), &NbiotEnb::Serve, this, level, next);
    }
    waiting.insert(waiting.begin(), left.begin(), left.end());
}

std::optional<NbiotEnb::Uplink>
NbiotEnb::FitBlock(const NbiotUe& device,
                   double lossDb,
                   NbiotUe::Block& block,
                   bool again,
                   Time after,
                   const std::optional<Uplink>& previous)
{
    const auto duration = [](const NbiotFormat& format) {
        return NbiotWithCompensationGaps(NbiotSendingTime(format));
    };
    // Fewer subcarriers where so many are not free beside each other.
    for (uint32_t most = SUBCARRIERS; most > 0;)
    {
        NbiotFormat format = block.format;
        if (!again)
        {
            format = ChooseFormat(device,
                                  lossDb,
                                  8 * (device.GetBufferBytes() + NBIOT_BLOCK_HEADER_BYTES),
                                  most);
        }
        else
        {
            // The same block: on fewer subcarriers it takes longer and comes in stronger.
            auto tones = static_cast<uint8_t>(format.tones);
            while (tones > 0 && NbiotSubcarriers(static_cast<NbiotTones>(tones)) > most)
            {
                --tones;
            }
            format.tones = static_cast<NbiotTones>(tones);
            if (NbiotSubcarriers(format.tones) > most ||
                format.iTbs > NbiotMaxITbs(device.GetCategory(), format.tones) ||
                (format.tones == NbiotTones::ONE_3K75 && !m_subcarrier3k75))
            {
                return std::nullopt;
            }
        }
        const uint32_t count = NbiotSubcarriers(format.tones);
        if (count > most)
        {
            return std::nullopt;
        }
        std::optional<Uplink> uplink;
        if (!previous)
        {
            uplink = FitUplink(after, GRANT_DELAYS, format.tones, duration(format));
        }
        else if (previous->start >= after && previous->end - after >= GRANT_DELAYS.front() &&
                 previous->end - after <= GRANT_DELAYS.back())
        {
            // The second process follows the first one.
            uplink = FitUplink(previous->end, {Time(0)}, format.tones, duration(format));
        }
        if (uplink)
        {
            block.format = format;
            return uplink;
        }
        most = count - 1;
    }
    return std::nullopt;
}

bool
NbiotEnb::Grant(const Contact& contact, Time start, Time end)
{
    Ue& ue = m_ues[contact.ue];
    Connection& connection = *ue.connection;
    if (connection.again.empty() && ue.device->GetBufferBytes() == 0)
    {
        ServeNext(contact); // what waited was taken back
        return true;
    }
    const double lossDb = GetCouplingLossDb(contact.ue);
    const auto effort = GrantEffort(ue.level, DownlinkSnrDb(lossDb));
    Time from = start;
    std::optional<Uplink> previous;
    connection.second = NbiotStage::SCHEDULING;
    // Both processes together, as the device's radio sees them.
    Time listenFrom;
    Time listenUntil;
    Time sendingFrom;
    std::array<NbiotUe::Sending, 2> sendings;
    std::size_t heard = 0;
    for (uint8_t process = 0; process < ue.device->GetHarqProcesses(); ++process)
    {
        const NbiotDownlinkSpan dci = FitDownlink(from, effort.subframes);
        if (dci.end > end)
        {
            break;
        }
        std::shared_ptr<NbiotUe::Block> block;
        const bool again = process < connection.again.size();
        if (again)
        {
            block = connection.again[process];
        }
        else if (ue.device->GetBufferBytes() > 0)
        {
            block = std::make_shared<NbiotUe::Block>();
        }
        else
        {
            break;
        }
        const auto uplink = FitBlock(*ue.device, lossDb, *block, again, dci.end, previous);
        if (!uplink)
        {
            break;
        }
        const Time sending = NbiotSendingTime(block->format);
        BookDownlink(dci.start, dci.end);
        const Time wait = uplink->end - Simulator::Now();
        ++connection.outstanding;
        if (IsLostDownlink(effort.deficitDb))
        {
            ++m_counts.missedGrants;
            Simulator::Schedule(wait, &NbiotEnb::Continue, this, contact);
        }
        else
        {
            if (again)
            {
                connection.again[process] = nullptr;
            }
            else
            {
                ue.device->Fill(*block, block->format.Bits() / 8);
            }
            ue.device->OnBlockStart(*block, uplink->start, uplink->end);
            if (!Find(contact))
            {
                return true; // whoever follows the queue or the packets has turned it off
            }
            if (heard == 0)
            {
                listenFrom = dci.start;
                sendingFrom = uplink->start;
            }
            listenUntil = dci.end;
            sendings[heard++] = {sending, block};
            if (process > 0)
            {
                connection.second = NbiotUe::StageOf(*block);
            }
            Simulator::Schedule(wait, &NbiotEnb::EndBlock, this, contact, block, uplink->start);
        }
        previous = uplink;
        from = dci.end;
    }
    connection.again.erase(std::remove(connection.again.begin(), connection.again.end(), nullptr),
                           connection.again.end());
    const bool granted = connection.outstanding > 0;
    if (heard > 0)
    {
        ue.device->OnExchange(listenFrom, listenUntil, sendingFrom, sendings);
    }
    return granted;
}

void
NbiotEnb::EndBlock(Contact contact, std::shared_ptr<NbiotUe::Block> block, Time start)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    ue->device->EnterStage(ue->connection->outstanding > 1 ? ue->connection->second
                                                           : NbiotStage::SCHEDULING,
                           Simulator::Now());
    ++m_counts.blocks;
    ++block->transmissions;
    const auto tones = static_cast<std::size_t>(block->format.tones);
    // Of formats that differ, each transmission counts by what its own one needs.
    block->energy += DrawSnr(UplinkSnrDb(*ue->device, GetCouplingLossDb(contact.ue))[tones] -
                             NbiotSnrAtTenPercentDb(block->format));
    const double above = 10 * std::log10(block->energy);
    const bool received = m_uniform->GetValue() >= NbiotBlockErrorRate(above);
    m_blockTrace(ue->device->GetDeviceAddress(), block->format, start, Simulator::Now(), received);
    if (!Find(contact))
    {
        return;
    }
    if (received)
    {
        ue->device->OnBlockReceived(*block);
    }
    else
    {
        ++m_counts.lostBlocks;
        if (block->transmissions < m_maxHarqTransmissions)
        {
            ue->connection->again.push_back(block);
        }
        else
        {
            ++m_counts.residualErrors;
            ue->device->OnBlockLost(*block);
        }
    }
    Continue(contact);
}

void
NbiotEnb::Continue(Contact contact)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    --ue->connection->outstanding;
    if (ue->connection->outstanding == 0)
    {
        ServeNext(contact);
    }
}

void
NbiotEnb::ServeNext(Contact contact)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    ue->device->SetRadioState(RadioState::LIGHT_SLEEP);
    if (!Find(contact))
    {
        return;
    }
    const Time from = Simulator::Now() + TURN_DELAY;
    if (ue->HasDownlink())
    {
        Register(contact, Service::DOWNLINK, from);
    }
    else if (!ue->connection->again.empty() || ue->device->GetBufferBytes() > 0)
    {
        Register(contact, Service::GRANT, from);
    }
    else if (ue->device->m_releaseAssistance)
    {
        Register(contact, Service::RELEASE, from);
    }
    else
    {
        ue->device->m_busy = false;
        ue->connection->inactivity =
            Simulator::Schedule(m_inactivityTime, &NbiotEnb::EndInactivity, this, contact);
    }
}

void
NbiotEnb::EndInactivity(Contact contact)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    ue->device->m_busy = true;
    Register(contact, Service::RELEASE, Simulator::Now());
}

bool
NbiotEnb::SendRelease(const Contact& contact, Time start, Time end)
{
    Ue& ue = m_ues[contact.ue];
    const double snrDb = DownlinkSnrDb(GetCouplingLossDb(contact.ue));
    const auto effort = GrantEffort(ue.level, snrDb);
    if (FitDownlink(start, effort.subframes).end > end)
    {
        return false;
    }
    const Message release = SendMessage(ue.level, start, snrDb, m_releaseBits);
    const Uplink acknowledgement = SendAcknowledgement(ue, release);
    const Time wait = acknowledgement.end - Simulator::Now();
    if (release.lost)
    {
        Simulator::Schedule(wait, &NbiotEnb::EndInactivity, this, contact);
    }
    else
    {
        Simulator::Schedule(wait, &NbiotEnb::EndRelease, this, contact);
    }
    return true;
}

void
NbiotEnb::EndRelease(Contact contact)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    EndContact(*ue);
    ue->device->OnReleased();
    if (ue->HasDownlink())
    {
        AnnounceDownlink(contact.ue);
    }
}

// --- packets downwards ---

void
NbiotEnb::SendDownlink(uint32_t index, Ptr<const Packet> payload, uint8_t port)
{
    constexpr uint32_t MAX_BYTES = 1600;
    NS_ABORT_MSG_IF(payload->GetSize() == 0 || payload->GetSize() > MAX_BYTES,
                    "a packet of " << payload->GetSize() << " bytes cannot go to an NB-IoT device");
    NS_ABORT_MSG_IF(index >= m_ues.size(), "the cell has no device " << index);
    Simulator::Schedule(m_coreDelay, &NbiotEnb::ArriveDownlink, this, index, payload, port);
}

void
NbiotEnb::CancelDownlinks(uint32_t index, uint8_t port)
{
    Ue& ue = m_ues.at(index);
    if (!ue.downlink)
    {
        return;
    }
    auto& packets = ue.downlink->packets;
    const auto kept = std::remove_if(packets.begin(), packets.end(), [&](const Downlink& downlink) {
        return downlink.port == port && !downlink.begun;
    });
    m_counts.cancelledDownlinks += static_cast<uint64_t>(packets.end() - kept);
    packets.erase(kept, packets.end());
}

std::size_t
NbiotEnb::GetDownlinkQueueSize(uint32_t index) const
{
    const Ue& ue = m_ues.at(index);
    return ue.downlink ? ue.downlink->packets.size() : 0;
}

Time
NbiotEnb::GetPagingDuration(uint8_t level) const
{
    const NbiotDownlinkSpan span =
        NbiotDownlink(Time(0), static_cast<uint32_t>(m_rMax[level]), m_anchor);
    return span.end - span.start;
}

void
NbiotEnb::ArriveDownlink(uint32_t index, Ptr<const Packet> payload, uint8_t port)
{
    Ue& ue = m_ues[index];
    if (!ue.downlink)
    {
        ue.downlink = std::make_unique<DownlinkQueue>();
    }
    if (ue.device->IsOff() || ue.downlink->packets.size() >= m_downlinkQueueLimit)
    {
        ++m_counts.lostDownlinks;
        return;
    }
    Downlink downlink;
    downlink.payload = payload;
    downlink.port = port;
    downlink.left = payload->GetSize() + ue.device->m_packetOverhead;
    ue.downlink->packets.push_back(downlink);
    if (ue.downlink->packets.size() == 1)
    {
        AnnounceDownlink(index);
    }
}

void
NbiotEnb::AnnounceDownlink(uint32_t index)
{
    Ue& ue = m_ues[index];
    NbiotUe& device = *ue.device;
    const Time now = Simulator::Now();
    if (ue.connection && !device.m_busy)
    {
        // Inactive: it listens now and then.
        ue.connection->inactivity.Cancel();
        device.m_busy = true;
        Register(ContactOf(index), Service::DOWNLINK, device.NextOnDuration(now));
        return;
    }
    // A device that is busy comes to it in its connection.
    if (!device.IsListeningToPaging() || !ue.downlink->paging.IsExpired())
    {
        return;
    }
    const Time occasion = device.NextPagingOccasion(now);
    if (occasion < device.m_psmFrom)
    {
        ue.downlink->paging = Simulator::Schedule(occasion - now, &NbiotEnb::Page, this, index);
    }
}

void
NbiotEnb::Page(uint32_t index)
{
    Ue& ue = m_ues[index];
    if (!ue.HasDownlink() || !ue.device->IsListeningToPaging())
    {
        return;
    }
    ++m_counts.pagings;
    const Time now = Simulator::Now();
    const Message message =
        SendMessage(GetCeLevel(index), now, DownlinkSnrDb(GetCouplingLossDb(index)), PAGING_BITS);
    ue.device->OnPaging(message.from, message.until, !message.lost);
    if (ue.device->IsOff())
    {
        return;
    }
    if (message.lost)
    {
        ue.downlink->paging = Simulator::Schedule(message.until - now + NanoSeconds(1),
                                                  &NbiotEnb::AnnounceDownlink,
                                                  this,
                                                  index);
    }
    else
    {
        ue.downlink->paging = Simulator::Schedule(message.until - now, &NbiotUe::Answer, ue.device);
    }
}

bool
NbiotEnb::SendDownlinkBlock(const Contact& contact, Time start, Time end)
{
    Ue& ue = m_ues[contact.ue];
    if (!ue.HasDownlink())
    {
        ServeNext(contact);
        return true;
    }
    const double snrDb = DownlinkSnrDb(GetCouplingLossDb(contact.ue));
    if (FitDownlink(start, GrantEffort(ue.level, snrDb).subframes).end > end)
    {
        return false;
    }
    const uint32_t most = ue.device->GetCategory() == NbiotCategory::NB2 ? DOWNLINK_BLOCK_BYTES_NB2
                                                                         : DOWNLINK_BLOCK_BYTES_NB1;
    ue.downlink->packets.front().begun = true;
    const uint32_t bytes =
        std::min(ue.downlink->packets.front().left, most - NBIOT_BLOCK_HEADER_BYTES);
    const Message block =
        SendMessage(ue.level, start, snrDb, 8 * (bytes + NBIOT_BLOCK_HEADER_BYTES));
    const Uplink acknowledgement = SendAcknowledgement(ue, block);
    const Time now = Simulator::Now();
    if (block.lost)
    {
        Simulator::Schedule(block.until - now, &NbiotEnb::LoseDownlinkBlock, this, contact);
    }
    else
    {
        Simulator::Schedule(block.until - now,
                            &NbiotEnb::ReceiveDownlinkBlock,
                            this,
                            contact,
                            bytes);
    }
    Simulator::Schedule(acknowledgement.end - now, &NbiotEnb::ServeNext, this, contact);
    return true;
}

void
NbiotEnb::ReceiveDownlinkBlock(Contact contact, uint32_t bytes)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    Downlink& downlink = ue->downlink->packets.front();
    downlink.attempts = 0;
    downlink.left -= bytes;
    if (downlink.left > 0)
    {
        return;
    }
    const Downlink whole = downlink;
    ue->downlink->packets.pop_front();
    ++m_counts.downlinks;
    ue->device->NotifyReceive(whole.payload->Copy(), whole.port);
}

void
NbiotEnb::LoseDownlinkBlock(Contact contact)
{
    Ue* ue = Find(contact);
    if (!ue)
    {
        return;
    }
    // HARQ, then RLC: as often as upwards.
    Downlink& downlink = ue->downlink->packets.front();
    const uint32_t rounds =
        ue->device->m_acknowledged ? 1U + ue->device->m_maxRlcRetransmissions : 1U;
    if (++downlink.attempts >= m_maxHarqTransmissions * rounds)
    {
        ue->downlink->packets.pop_front();
        ++m_counts.lostDownlinks;
    }
}

// --- to the core network ---

void
NbiotEnb::Deliver(const NbiotUe& ue, Ptr<const Packet> packet, uint8_t port, uint32_t counter)
{
    if (m_deliver.IsNull())
    {
        return;
    }
    UplinkDelivery delivery;
    delivery.deviceAddress = ue.GetDeviceAddress();
    delivery.frameCounter = counter;
    delivery.port = port;
    delivery.payload = packet->Copy();
    const double lossDb = GetCouplingLossDb(ue.GetIndex());
    delivery.rssiDbm = ue.GetTxPowerDbm() - lossDb;
    delivery.snrDb = UplinkSnrDb(ue, lossDb)[static_cast<std::size_t>(NbiotTones::ONE)];
    delivery.gatewayCount = 1;
    Simulator::Schedule(m_coreDelay, &NbiotEnb::Arrive, this, delivery);
}

void
NbiotEnb::Arrive(UplinkDelivery delivery)
{
    delivery.time = Simulator::Now();
    m_deliver(delivery);
}

void
NbiotEnb::Report(const NbiotPacketReport& report)
{
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
