// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-ue.h"

#include "lpwan-nbiot-enb.h"
#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/channel.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/mac64-address.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotUe");

NS_OBJECT_ENSURE_REGISTERED(NbiotUe);

namespace
{

/** Power of a modem, watt. Sources: see the class. */
struct Modem
{
    const char* name;
    double txHigh; // at 23 dBm
    double txLow;  // at 14 dBm
    double rx;
    double lightSleep;
    double idle; // between paging occasions
    double psm;
};

constexpr std::array<Modem, 3> MODEMS{{{"BG96", 0.589, 0.300, 0.304, 0.0031, 0.0031, 15e-6},
                                       {"TR45.820", 0.545, 0.245, 0.090, 0.003, 0.003, 15e-6},
                                       {"SARA-N2", 0.792, 0.360, 0.166, 0.0216, 0.0216, 11e-6}}};

bool
IsModem(const std::string& text)
{
    return std::any_of(MODEMS.begin(), MODEMS.end(), [&](const Modem& modem) {
        return text == modem.name;
    });
}

double
Ratio(Time part, Time whole)
{
    return part.GetSeconds() / whole.GetSeconds();
}

} // namespace

const char*
ToString(NbiotFate fate)
{
    switch (fate)
    {
    case NbiotFate::RECEIVED:
        return "received";
    case NbiotFate::RESIDUAL_ERROR:
        return "residual_error";
    case NbiotFate::DROPPED:
        return "dropped";
    case NbiotFate::UNDER_WAY:
        return "under_way";
    }
    return "unknown";
}

TypeId
NbiotUe::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::NbiotUe")
            .SetParent<LpwanNetDevice>()
            .SetGroupName("Limitnet")
            .AddConstructor<NbiotUe>()
            .AddAttribute("Modem",
                          "Power by state: BG96, TR45.820, SARA-N2.",
                          StringValue("BG96"),
                          MakeStringAccessor(&NbiotUe::SetModem, &NbiotUe::GetModem),
                          MakeTextChecker(&IsModem))
            .AddAttribute("Category",
                          "NB1 (Release 13) or NB2 (Release 14: blocks up to 2536 bits).",
                          StringValue("NB1"),
                          MakeStringAccessor(&NbiotUe::SetCategory, &NbiotUe::GetCategoryName),
                          MakeTextChecker([](const std::string& text) {
                              return text == "NB1" || text == "NB2";
                          }))
            .AddAttribute("HarqProcesses",
                          "HARQ processes of the uplink, 1 or 2 (2: NB2 only).",
                          UintegerValue(1),
                          MakeUintegerAccessor(&NbiotUe::m_harqProcesses),
                          MakeUintegerChecker<uint8_t>(1, 2))
            .AddAttribute("MultiTone",
                          "The device can send on 3, 6 and 12 subcarriers.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&NbiotUe::m_multiTone),
                          MakeBooleanChecker())
            .AddAttribute("Mode",
                          "RLC: AM (acknowledged) or UM (not).",
                          StringValue("AM"),
                          MakeStringAccessor(&NbiotUe::SetMode, &NbiotUe::GetMode),
                          MakeTextChecker(
                              [](const std::string& text) { return text == "AM" || text == "UM"; }))
            .AddAttribute("MaxRlcRetransmissions",
                          "In mode AM: how often RLC repeats a part of a packet at most.",
                          UintegerValue(8),
                          MakeUintegerAccessor(&NbiotUe::m_maxRlcRetransmissions),
                          MakeUintegerChecker<uint8_t>())
            .AddAttribute("TxPower",
                          "Radiated power, dBm: 23 (class 3), 20 (5) or 14 (6).",
                          DoubleValue(23),
                          MakeDoubleAccessor(&NbiotUe::m_txPowerDbm),
                          MakeDoubleChecker<double>(-40, 23))
            .AddAttribute("Mtu",
                          "Longest application packet, bytes.",
                          UintegerValue(1600),
                          MakeUintegerAccessor(&NbiotUe::m_mtu),
                          MakeUintegerChecker<uint16_t>(1, 1600))
            .AddAttribute("PacketOverhead",
                          "Headers of the layers above RLC on each packet, bytes: IPv4, UDP and "
                          "PDCP have 29.",
                          UintegerValue(29),
                          MakeUintegerAccessor(&NbiotUe::m_packetOverhead),
                          MakeUintegerChecker<uint32_t>(0, 1000))
            .AddAttribute("ResumeBytes",
                          "The message that completes a connection's resumption, bytes.",
                          UintegerValue(20),
                          MakeUintegerAccessor(&NbiotUe::m_resumeBytes),
                          MakeUintegerChecker<uint32_t>(0, 1000))
            .AddAttribute("ReleaseAssistance",
                          "The device says when it has sent all, and the connection is released "
                          "at once; otherwise after the base station's InactivityTime.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&NbiotUe::m_releaseAssistance),
                          MakeBooleanChecker())
            .AddAttribute("CdrxCycle",
                          "Cycle of connected-mode DRX.",
                          TimeValue(MilliSeconds(2048)),
                          MakeTimeAccessor(&NbiotUe::m_cdrxCycle),
                          MakeTimeChecker(MilliSeconds(1)))
            .AddAttribute(
                "OnDuration",
                "How long the device listens in each CdrxCycle; as long or longer: always.",
                TimeValue(MilliSeconds(512)),
                MakeTimeAccessor(&NbiotUe::m_onDuration),
                MakeTimeChecker(Time(0)))
            .AddAttribute("PagingCycle",
                          "From one paging occasion to the next in idle mode.",
                          TimeValue(MilliSeconds(2560)),
                          MakeTimeAccessor(&NbiotUe::m_pagingCycle),
                          MakeTimeChecker(MilliSeconds(320)))
            .AddAttribute(
                "EdrxCycle",
                "Cycle of extended DRX (20.48 s and more); 0: none, paging occasions come "
                "all the time.",
                TimeValue(Time(0)),
                MakeTimeAccessor(&NbiotUe::m_edrxCycle),
                MakeTimeChecker(Time(0)))
            .AddAttribute("PagingTimeWindow",
                          "With extended DRX, the part of its cycle that has paging occasions.",
                          TimeValue(MilliSeconds(10240)),
                          MakeTimeAccessor(&NbiotUe::m_pagingTimeWindow),
                          MakeTimeChecker(MilliSeconds(2560)))
            .AddAttribute("ActiveTime",
                          "T3324: from release to power saving mode.",
                          TimeValue(Seconds(10)),
                          MakeTimeAccessor(&NbiotUe::m_activeTime),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("ResyncTimeCe0",
                          "To find the cell and its timing again out of power saving mode, at "
                          "coverage level 0.",
                          TimeValue(MilliSeconds(300)),
                          MakeTimeAccessor(&NbiotUe::m_resyncTime0),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("ResyncTimeCe1",
                          "The same at coverage level 1.",
                          TimeValue(MilliSeconds(700)),
                          MakeTimeAccessor(&NbiotUe::m_resyncTime1),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("ResyncTimeCe2",
                          "The same at coverage level 2.",
                          TimeValue(MilliSeconds(3000)),
                          MakeTimeAccessor(&NbiotUe::m_resyncTime2),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Packet",
                            "A packet was sent to its end: how it fared.",
                            MakeTraceSourceAccessor(&NbiotUe::m_reportTrace),
                            "ns3::lpwan::NbiotEnb::PacketTracedCallback")
            .AddTraceSource("DroppedPacket",
                            "A packet that was on the air is given up: what it took so far. The "
                            "trace source Drop tells of it too.",
                            MakeTraceSourceAccessor(&NbiotUe::m_droppedTrace),
                            "ns3::lpwan::NbiotEnb::PacketTracedCallback");
    return tid;
}

NbiotUe::NbiotUe() = default;

NbiotUe::~NbiotUe() = default;

void
NbiotUe::DoDispose()
{
    m_enb = nullptr;
    m_sdus.clear();
    m_onAir.clear();
    LpwanNetDevice::DoDispose();
}

void
NbiotUe::SetModem(std::string name)
{
    const auto* modem =
        std::find_if(MODEMS.begin(), MODEMS.end(), [&](const Modem& m) { return name == m.name; });
    NS_ABORT_MSG_IF(modem == MODEMS.end(), "NB-IoT modem '" << name << "' is unknown");
    m_modem = static_cast<uint8_t>(modem - MODEMS.begin());
}

std::string
NbiotUe::GetModem() const
{
    return MODEMS[m_modem].name;
}

void
NbiotUe::SetCategory(std::string name)
{
    m_category = name == "NB2" ? NbiotCategory::NB2 : NbiotCategory::NB1;
}

std::string
NbiotUe::GetCategoryName() const
{
    return m_category == NbiotCategory::NB2 ? "NB2" : "NB1";
}

void
NbiotUe::SetMode(std::string name)
{
    m_acknowledged = name == "AM";
}

std::string
NbiotUe::GetMode() const
{
    return m_acknowledged ? "AM" : "UM";
}

void
NbiotUe::Attach(Ptr<NbiotEnb> enb, uint32_t address)
{
    NS_ABORT_MSG_IF(m_enb, "an NB-IoT device attaches to one base station only");
    NS_ABORT_MSG_IF(m_harqProcesses == 2 && m_category == NbiotCategory::NB1,
                    "two HARQ processes need Category NB2");
    NS_ABORT_MSG_IF(!m_edrxCycle.IsZero() && m_edrxCycle < m_pagingTimeWindow,
                    "EdrxCycle of an NB-IoT device is shorter than its PagingTimeWindow");
    m_enb = enb;
    m_address = address;
    m_index = enb->AddUe(this);
    m_stageSince = Simulator::Now();
    m_nextStageAt = Time::Max();
}

Ptr<NbiotEnb>
NbiotUe::GetEnb() const
{
    return m_enb;
}

uint32_t
NbiotUe::GetIndex() const
{
    return m_index;
}

uint8_t
NbiotUe::GetCeLevel() const
{
    return m_enb->GetCeLevel(m_index);
}

double
NbiotUe::GetCouplingLossDb() const
{
    return m_enb->GetCouplingLossDb(m_index);
}

double
NbiotUe::GetTxPowerDbm() const
{
    return m_txPowerDbm;
}

NbiotCategory
NbiotUe::GetCategory() const
{
    return m_category;
}

bool
NbiotUe::IsMultiTone() const
{
    return m_multiTone;
}

uint8_t
NbiotUe::GetHarqProcesses() const
{
    return m_harqProcesses;
}

uint32_t
NbiotUe::GetBufferBytes() const
{
    uint32_t bytes = m_queuedBytes + m_resumeLeft;
    for (const Sdu& sdu : m_sdus)
    {
        bytes += sdu.bytes - sdu.sent;
    }
    for (const Segment& segment : m_again)
    {
        bytes += segment.bytes;
    }
    return bytes;
}

std::size_t
NbiotUe::GetPacketsUnderWay() const
{
    return m_sdus.size();
}

uint64_t
NbiotUe::GetPendingBytes() const
{
    uint64_t bytes = m_queuedBytes - uint64_t{m_packetOverhead} * GetQueueSize();
    for (const Sdu& sdu : m_sdus)
    {
        bytes += sdu.packet->GetSize();
    }
    return bytes;
}

uint32_t
NbiotUe::GetUsefulQueueSize() const
{
    constexpr uint32_t PACKETS = 16;
    return std::min(PACKETS, GetQueueLimit());
}

uint32_t
NbiotUe::GetDeviceAddress() const
{
    return m_address;
}

uint16_t
NbiotUe::GetMtu() const
{
    return m_mtu;
}

Ptr<Channel>
NbiotUe::GetChannel() const
{
    return nullptr;
}

void
NbiotUe::SetAddress(Address /* address */)
{
    NS_ABORT_MSG("an NB-IoT device gets its address from Attach()");
}

Address
NbiotUe::GetAddress() const
{
    uint8_t bytes[8] = {0x02,
                        0,
                        0,
                        1,
                        static_cast<uint8_t>(m_address >> 24),
                        static_cast<uint8_t>(m_address >> 16),
                        static_cast<uint8_t>(m_address >> 8),
                        static_cast<uint8_t>(m_address)};
    Mac64Address address;
    address.CopyFrom(bytes);
    return address;
}

Address
NbiotUe::GetBroadcast() const
{
    return Mac64Address("ff:ff:ff:ff:ff:ff:ff:ff");
}

bool
NbiotUe::IsLinkUp() const
{
    return m_enb != nullptr;
}

double
NbiotUe::GetTxPowerWatt() const
{
    const Modem& modem = MODEMS[m_modem];
    const auto watt = [](double dbm) { return std::pow(10, dbm / 10 - 3); };
    constexpr double HIGH_DBM = 23;
    constexpr double LOW_DBM = 14;
    const double share = (watt(m_txPowerDbm) - watt(LOW_DBM)) / (watt(HIGH_DBM) - watt(LOW_DBM));
    return modem.txLow + (modem.txHigh - modem.txLow) * share;
}

double
NbiotUe::GetPowerWatt(RadioState state) const
{
    if (m_off)
    {
        return 0;
    }
    const Modem& modem = MODEMS[m_modem];
    switch (state)
    {
    case RadioState::TX:
        return GetTxPowerWatt();
    case RadioState::RX:
        return modem.rx;
    case RadioState::LIGHT_SLEEP: {
        const double share = std::min(1.0, Ratio(m_onDuration, m_cdrxCycle));
        return modem.rx * share + modem.lightSleep * (1 - share);
    }
    case RadioState::DRX: {
        double share = Ratio(m_enb->GetPagingDuration(GetCeLevel()), m_pagingCycle);
        if (!m_edrxCycle.IsZero())
        {
            share *= Ratio(m_pagingTimeWindow, m_edrxCycle);
        }
        share = std::min(1.0, share);
        return modem.rx * share + modem.idle * (1 - share);
    }
    case RadioState::SLEEP:
        break;
    }
    return modem.psm;
}

void
NbiotUe::TurnOff()
{
    if (m_off)
    {
        return;
    }
    SetRadioState(RadioState::SLEEP);
    if (m_off)
    {
        return; // the source was found empty as it was told
    }
    ChargeAirtime();
    m_onAir.clear();
    m_off = true;
    if (m_enb)
    {
        m_enb->OnDeviceOff(m_index);
    }
    DropAll(DropReason::BATTERY_EMPTY);
}

void
NbiotUe::DropAll(DropReason reason)
{
    // Whoever is told of one may send at once, so all is in order before.
    ChargeAirtime();
    std::vector<std::pair<NbiotPacketReport, Ptr<const Packet>>> underWay;
    for (const Sdu& sdu : m_sdus)
    {
        underWay.emplace_back(MakeReport(sdu, NbiotFate::DROPPED), sdu.packet);
    }
    m_sdus.clear();
    m_again.clear();
    m_resumeLeft = 0;
    std::vector<Ptr<const Packet>> waiting;
    for (uint32_t left = GetQueueSize(); left > 0 && Head(); --left)
    {
        waiting.push_back(Head()->packet);
        m_queuedBytes -= waiting.back()->GetSize() + m_packetOverhead;
        m_waiting.pop_front();
        Dequeue();
    }
    for (const auto& [report, packet] : underWay)
    {
        TellDropped(report, packet, reason);
    }
    for (const auto& packet : waiting)
    {
        NotifyDrop(packet, reason);
    }
}

void
NbiotUe::TellDropped(NbiotPacketReport report, Ptr<const Packet> packet, DropReason reason)
{
    report.reason = reason;
    if (report.blocks > 0 && m_enb)
    {
        m_droppedTrace(report);
        m_enb->Report(report);
    }
    NotifyDrop(packet, reason);
}

bool
NbiotUe::IsOff() const
{
    return m_off;
}

// --- sending ---

bool
NbiotUe::Send(Ptr<Packet> packet, const Address& /* dest */, uint16_t protocolNumber)
{
    if (m_off)
    {
        NotifyDrop(packet, DropReason::BATTERY_EMPTY);
        return false;
    }
    SettleStages();
    if (!Enqueue(packet, protocolNumber, m_acknowledged))
    {
        return false;
    }
    Wake();
    return true;
}

void
NbiotUe::OnQueued(const QueueItem& item)
{
    m_waiting.push_back({Simulator::Now(), m_stages});
    m_queuedBytes += item.packet->GetSize() + m_packetOverhead;
}

void
NbiotUe::OnWithdrawn(std::size_t index, const QueueItem& item)
{
    // The base station learns of it when it grants the next time.
    m_waiting.erase(m_waiting.begin() + static_cast<std::ptrdiff_t>(index));
    m_queuedBytes -= item.packet->GetSize() + m_packetOverhead;
}

void
NbiotUe::Wake()
{
    if (m_busy || m_off || GetBufferBytes() == 0)
    {
        return;
    }
    m_busy = true;
    const Time now = Simulator::Now();
    EnterStage(NbiotStage::ACCESS_WAIT, now);
    if (!m_idle)
    {
        m_enb->Resume(m_index);
        return;
    }
    m_idle = false;
    m_resumeLeft = m_resumeBytes;
    Time ready = now;
    if (now >= m_psmFrom)
    {
        const uint8_t level = GetCeLevel();
        ready += level == 0 ? m_resyncTime0 : level == 1 ? m_resyncTime1 : m_resyncTime2;
    }
    m_enb->RequestAccess(m_index, ready);
}

void
NbiotUe::SettleStages()
{
    const Time now = Simulator::Now();
    if (m_nextStageAt <= now)
    {
        m_stages[static_cast<std::size_t>(m_stage)] += m_nextStageAt - m_stageSince;
        m_stage = m_nextStage;
        m_stageSince = m_nextStageAt;
        m_nextStageAt = Time::Max();
    }
    m_stages[static_cast<std::size_t>(m_stage)] += now - m_stageSince;
    m_stageSince = now;
}

void
NbiotUe::EnterStage(NbiotStage stage, Time at)
{
    SettleStages();
    if (at <= Simulator::Now())
    {
        m_stage = stage;
        m_nextStageAt = Time::Max();
    }
    else
    {
        m_nextStage = stage;
        m_nextStageAt = at;
    }
}

void
NbiotUe::OnPreamble(Time listenUntil, Time start, Time end)
{
    if (m_off)
    {
        return;
    }
    EnterStage(NbiotStage::ACCESS_WAIT, Simulator::Now());
    EnterStage(NbiotStage::ACCESS, start);
    const bool listens = listenUntil > Simulator::Now();
    ChargeAirtime();
    m_onAir.clear();
    SetRadioState(listens ? RadioState::RX : RadioState::LIGHT_SLEEP);
    if (m_off)
    {
        return; // the source was found empty just now
    }
    m_onAir.push_back({start, end - start, nullptr});
    if (listens)
    {
        PlanRadioState(listenUntil, RadioState::LIGHT_SLEEP);
    }
    PlanRadioState(start, RadioState::TX);
    PlanRadioState(end, RadioState::LIGHT_SLEEP);
}

Time
NbiotUe::NextOnDuration(Time from) const
{
    // Devices are spread over the cycle by their index, a millisecond each.
    const int64_t cycle = m_cdrxCycle.GetNanoSeconds();
    const int64_t offset = MilliSeconds(m_index).GetNanoSeconds() % cycle;
    const int64_t phase = (from.GetNanoSeconds() - offset + cycle) % cycle;
    return phase < m_onDuration.GetNanoSeconds() ? from : from + NanoSeconds(cycle - phase);
}

Time
NbiotUe::NextPagingOccasion(Time from) const
{
    // TS 36.304, section 7.1, with one paging frame of 10 ms for each UE_ID: the devices are spread
    // over the cycle by their index. Section 7.3: the window of a device likewise, over
    // hyperframes of 10.24 s.
    const Time frame = MilliSeconds(10);
    const Time hyperframe = MilliSeconds(10240);
    const auto spread = [&](Time unit, Time cycle) {
        const int64_t units = std::max<int64_t>(1, cycle.GetNanoSeconds() / unit.GetNanoSeconds());
        return unit * (m_index % units);
    };
    const auto next = [](Time at, Time offset, Time cycle) {
        const int64_t c = cycle.GetNanoSeconds();
        const int64_t after = (at - offset).GetNanoSeconds();
        return after <= 0 ? offset : offset + NanoSeconds((after + c - 1) / c * c);
    };
    const Time offset = spread(frame, m_pagingCycle);
    const Time occasion = next(from, offset, m_pagingCycle);
    if (m_edrxCycle.IsZero())
    {
        return occasion;
    }
    const Time windowOffset = spread(hyperframe, m_edrxCycle);
    const Time window =
        next(occasion - m_pagingTimeWindow + NanoSeconds(1), windowOffset, m_edrxCycle);
    return std::max(occasion, next(window, offset, m_pagingCycle));
}

bool
NbiotUe::IsListeningToPaging() const
{
    return m_idle && !m_off && Simulator::Now() < m_psmFrom;
}

void
NbiotUe::OnPaging(Time from, Time until, bool heard)
{
    SetRadioState(RadioState::DRX);
    if (m_off)
    {
        return;
    }
    PlanRadioState(from, RadioState::RX);
    if (heard)
    {
        // A device that decides to send meanwhile makes its own way.
        PlanRadioState(until, RadioState::LIGHT_SLEEP);
        return;
    }
    if (until < m_psmFrom)
    {
        PlanRadioState(until, RadioState::DRX);
    }
    PlanRadioState(std::max(until, m_psmFrom), RadioState::SLEEP);
}

void
NbiotUe::Answer()
{
    if (m_busy || m_off)
    {
        return;
    }
    m_busy = true;
    m_idle = false;
    m_resumeLeft = m_resumeBytes;
    const Time now = Simulator::Now();
    EnterStage(NbiotStage::ACCESS_WAIT, now);
    m_enb->RequestAccess(m_index, now);
}

void
NbiotUe::OnExchange(Time from, Time until, Time start, const std::array<Sending, 2>& sendings)
{
    if (m_off)
    {
        return;
    }
    ChargeAirtime();
    m_onAir.clear();
    SetRadioState(RadioState::LIGHT_SLEEP);
    if (m_off)
    {
        return;
    }
    Time end = start;
    for (const Sending& sending : sendings)
    {
        if (sending.duration.IsStrictlyPositive())
        {
            m_onAir.push_back({end, sending.duration, sending.block});
            end += sending.duration;
        }
    }
    PlanRadioState(from, RadioState::RX);
    PlanRadioState(until, RadioState::LIGHT_SLEEP);
    PlanRadioState(start, RadioState::TX);
    PlanRadioState(end, RadioState::LIGHT_SLEEP);
}

void
NbiotUe::ChargeAirtime()
{
    const Time now = Simulator::Now();
    for (OnAir& onAir : m_onAir)
    {
        const Time sent = std::min(now - onAir.start, onAir.left);
        if (!sent.IsStrictlyPositive())
        {
            break;
        }
        onAir.start += sent;
        onAir.left -= sent;
        uint32_t bytes = 0; // of packets that are not given up
        if (onAir.block)
        {
            for (const Segment& segment : onAir.block->segments)
            {
                bytes += Find(segment.counter) < m_sdus.size() ? segment.bytes : 0;
            }
        }
        Time rest = sent;
        for (std::size_t i = 0; bytes > 0 && i < onAir.block->segments.size(); ++i)
        {
            const auto& segments = onAir.block->segments;
            const std::size_t place = Find(segments[i].counter);
            if (place == m_sdus.size())
            {
                continue;
            }
            Sdu& sdu = m_sdus[place];
            const Time share = sent * segments[i].bytes / bytes;
            sdu.airtime += share;
            rest -= share;
            const auto first = std::find_if(segments.begin(), segments.end(), [&](const auto& s) {
                return s.counter == segments[i].counter;
            });
            sdu.blocks += !onAir.begun && first - segments.begin() == std::ptrdiff_t(i) ? 1 : 0;
        }
        m_signalling += rest; // of a block with packets: what rounding leaves
        onAir.begun = true;
    }
    m_onAir.erase(std::remove_if(m_onAir.begin(),
                                 m_onAir.end(),
                                 [](const OnAir& onAir) { return onAir.left.IsZero(); }),
                  m_onAir.end());
}

Time
NbiotUe::GetSignallingTime()
{
    ChargeAirtime();
    return m_signalling;
}

std::vector<NbiotPacketReport>
NbiotUe::ReportUnderWay()
{
    ChargeAirtime();
    std::vector<NbiotPacketReport> reports;
    for (const Sdu& sdu : m_sdus)
    {
        if (sdu.blocks > 0)
        {
            reports.push_back(MakeReport(sdu, NbiotFate::UNDER_WAY));
        }
    }
    return reports;
}

void
NbiotUe::Fill(Block& block, uint32_t bytes)
{
    uint32_t left = bytes > NBIOT_BLOCK_HEADER_BYTES ? bytes - NBIOT_BLOCK_HEADER_BYTES : 0;
    block.controlBytes = std::min(left, m_resumeLeft);
    m_resumeLeft -= block.controlBytes;
    left -= block.controlBytes;
    const auto add = [&](uint32_t counter, uint32_t wanted, uint8_t retransmissions = 0) {
        if (!block.segments.empty())
        {
            left -= std::min(left, NBIOT_FURTHER_PACKET_BYTES);
        }
        const uint32_t taken = std::min(left, wanted);
        if (taken > 0)
        {
            block.segments.push_back({counter, taken, retransmissions});
            left -= taken;
        }
        return taken;
    };
    while (left > 0 && !m_again.empty())
    {
        Segment& segment = m_again.front();
        const uint32_t taken = add(segment.counter, segment.bytes, segment.retransmissions);
        segment.bytes -= taken;
        if (segment.bytes > 0)
        {
            return;
        }
        m_again.pop_front();
    }
    // Those on their way that are not sent whole; the last one at most, but for a drop before it.
    for (Sdu& sdu : m_sdus)
    {
        if (left > 0 && sdu.sent < sdu.bytes)
        {
            sdu.sent += add(sdu.counter, sdu.bytes - sdu.sent);
        }
    }
    while (left > 0)
    {
        const QueueItem* item = Head();
        if (!item)
        {
            return;
        }
        Sdu sdu;
        sdu.packet = item->packet;
        sdu.port = item->port;
        sdu.counter = m_counter++;
        sdu.bytes = item->packet->GetSize() + m_packetOverhead;
        sdu.queued = m_waiting.front().queued;
        sdu.before = m_waiting.front().before;
        m_waiting.pop_front();
        m_queuedBytes -= sdu.bytes;
        sdu.sent = add(sdu.counter, sdu.bytes);
        m_sdus.push_back(sdu);
        Dequeue(); // last: whoever follows the queue may send, take back or turn it off
    }
}

uint32_t
NbiotUe::GetEarlyBytes() const
{
    uint32_t packets = GetQueueSize();
    for (const Sdu& sdu : m_sdus)
    {
        packets += sdu.sent < sdu.bytes ? 1 : 0;
    }
    return packets == 0 ? 0
                        : NBIOT_BLOCK_HEADER_BYTES + GetBufferBytes() - m_resumeLeft +
                              NBIOT_FURTHER_PACKET_BYTES * (packets - 1);
}

std::shared_ptr<NbiotUe::Block>
NbiotUe::FillEarly()
{
    const auto block = std::make_shared<Block>();
    const uint32_t bytes = GetEarlyBytes();
    m_resumeLeft = 0;
    Fill(*block, bytes);
    return block;
}

void
NbiotUe::TakeEarlyBack()
{
    for (Sdu& sdu : m_sdus)
    {
        m_resumeLeft = m_resumeBytes;
        sdu.sent = 0;
    }
}

std::size_t
NbiotUe::Find(uint32_t counter) const
{
    const auto found = std::find_if(m_sdus.begin(), m_sdus.end(), [&](const Sdu& sdu) {
        return sdu.counter == counter;
    });
    return static_cast<std::size_t>(found - m_sdus.begin());
}

NbiotStage
NbiotUe::StageOf(const Block& block)
{
    return block.transmissions > 0 ? NbiotStage::RETRANSMISSION : NbiotStage::TRANSMISSION;
}

void
NbiotUe::OnBlockStart(const Block& block, Time start, Time end)
{
    // The block of another HARQ process may be planned to begin before; then the base station
    // changes the stage between the two.
    if (m_nextStageAt == Time::Max())
    {
        EnterStage(StageOf(block), start);
    }
    StartPackets(block, start, end);
}

void
NbiotUe::StartPackets(const Block& block, Time start, Time end)
{
    for (const Segment& segment : block.segments)
    {
        const std::size_t i = Find(segment.counter);
        if (i == m_sdus.size())
        {
            continue; // dropped meanwhile
        }
        Sdu& sdu = m_sdus[i];
        if (!sdu.started)
        {
            sdu.started = true;
            sdu.start = start;
            LpwanTransmission transmission;
            transmission.deviceAddress = m_address;
            transmission.frameCounter = sdu.counter;
            transmission.start = start;
            transmission.end = end;
            transmission.bandwidthHz = static_cast<uint32_t>(NbiotBandwidthHz(block.format.tones));
            transmission.frameBytes = static_cast<uint16_t>(sdu.bytes);
            transmission.txPowerDbm = m_txPowerDbm;
            NotifyTxStart(sdu.packet, transmission);
        }
    }
}

NbiotPacketReport
NbiotUe::MakeReport(const Sdu& sdu, NbiotFate fate)
{
    SettleStages();
    NbiotPacketReport report;
    report.deviceAddress = m_address;
    report.counter = sdu.counter;
    report.bytes = sdu.packet->GetSize();
    report.fate = fate;
    report.queued = sdu.queued;
    report.start = sdu.start;
    report.end = Simulator::Now();
    report.blocks = sdu.blocks;
    report.airtime = sdu.airtime;
    report.txJoule = sdu.airtime.GetSeconds() * GetTxPowerWatt();
    for (std::size_t i = 0; i < NBIOT_STAGE_COUNT; ++i)
    {
        report.stages[i] = m_stages[i] - sdu.before[i];
    }
    return report;
}

void
NbiotUe::Finish(std::size_t index, NbiotFate fate)
{
    const Sdu sdu = m_sdus[index];
    m_sdus.erase(m_sdus.begin() + static_cast<std::ptrdiff_t>(index));
    const NbiotPacketReport report = MakeReport(sdu, fate);
    m_reportTrace(report);
    m_enb->Report(report);
    if (fate == NbiotFate::RECEIVED)
    {
        m_enb->Deliver(*this, sdu.packet, sdu.port, sdu.counter);
    }
    LpwanTransmission transmission;
    transmission.deviceAddress = m_address;
    transmission.frameCounter = sdu.counter;
    transmission.start = sdu.start;
    transmission.end = report.end;
    transmission.frameBytes = static_cast<uint16_t>(sdu.bytes);
    transmission.txPowerDbm = m_txPowerDbm;
    NotifyTxEnd(sdu.packet, transmission);
}

void
NbiotUe::OnBlockReceived(const Block& block)
{
    ChargeAirtime();
    for (const Segment& segment : block.segments)
    {
        const std::size_t i = Find(segment.counter);
        if (i == m_sdus.size())
        {
            continue;
        }
        Sdu& sdu = m_sdus[i];
        sdu.received += segment.bytes;
        if (sdu.received + sdu.lost == sdu.bytes)
        {
            Finish(i, sdu.lost > 0 ? NbiotFate::RESIDUAL_ERROR : NbiotFate::RECEIVED);
        }
    }
}

void
NbiotUe::OnBlockLost(const Block& block)
{
    ChargeAirtime();
    m_resumeLeft += block.controlBytes; // signalling is acknowledged in either mode
    for (const Segment& segment : block.segments)
    {
        const std::size_t i = Find(segment.counter);
        if (i == m_sdus.size())
        {
            continue;
        }
        Sdu& sdu = m_sdus[i];
        if (!m_acknowledged)
        {
            sdu.lost += segment.bytes;
            if (sdu.received + sdu.lost == sdu.bytes)
            {
                Finish(i, NbiotFate::RESIDUAL_ERROR);
            }
        }
        else if (segment.retransmissions < m_maxRlcRetransmissions)
        {
            m_again.push_back(segment);
            ++m_again.back().retransmissions;
        }
        else
        {
            const auto packet = sdu.packet;
            const NbiotPacketReport report = MakeReport(sdu, NbiotFate::DROPPED);
            m_again.erase(
                std::remove_if(m_again.begin(),
                               m_again.end(),
                               [&](const Segment& s) { return s.counter == segment.counter; }),
                m_again.end());
            m_sdus.erase(m_sdus.begin() + static_cast<std::ptrdiff_t>(i));
            TellDropped(report, packet, DropReason::NOT_ACKNOWLEDGED);
        }
    }
}

void
NbiotUe::OnAccessFailed()
{
    m_busy = false;
    m_idle = true;
    m_psmFrom = Simulator::Now();
    SetRadioState(RadioState::SLEEP);
    DropAll(DropReason::ACCESS_FAILED);
}

void
NbiotUe::OnReleased()
{
    const Time now = Simulator::Now();
    m_busy = false;
    m_idle = true;
    m_psmFrom = now + m_activeTime;
    SetRadioState(RadioState::DRX);
    if (m_off)
    {
        return;
    }
    PlanRadioState(m_psmFrom, RadioState::SLEEP);
    Wake();
}

} // namespace lpwan
} // namespace ns3
