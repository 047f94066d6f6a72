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

bool
IsModem(const std::string& text)
{
    return FindNbiotModem(text) < NBIOT_MODEMS.size();
}

} // namespace

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
                            "ns3::lpwan::NbiotEnb::PacketTracedCallback")
            .AddTraceSource("BlockStart",
                            "A transport block was granted: its format (tones, size, repetitions), "
                            "the power in dBm, start and end.",
                            MakeTraceSourceAccessor(&NbiotUe::m_blockStartTrace),
                            "ns3::lpwan::NbiotUe::BlockStartTracedCallback");
    return tid;
}

NbiotUe::NbiotUe() = default;

NbiotUe::~NbiotUe() = default;

void
NbiotUe::DoDispose()
{
    m_enb = nullptr;
    m_rlc = NbiotRlc();
    LpwanNetDevice::DoDispose();
}

void
NbiotUe::SetModem(std::string name)
{
    const std::size_t modem = FindNbiotModem(name);
    NS_ABORT_MSG_IF(modem == NBIOT_MODEMS.size(), "NB-IoT modem '" << name << "' is unknown");
    m_modem = static_cast<uint8_t>(modem);
}

std::string
NbiotUe::GetModem() const
{
    return NBIOT_MODEMS[m_modem].name;
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
    m_index = enb->AddUe(*this, GetNode());
    m_stages.Start(Simulator::Now());
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
    return m_queuedBytes + m_resumeLeft + m_rlc.GetBufferBytes();
}

std::size_t
NbiotUe::GetPacketsUnderWay() const
{
    return m_rlc.GetSdus().size();
}

uint64_t
NbiotUe::GetPendingBytes() const
{
    uint64_t bytes = m_queuedBytes - uint64_t{m_packetOverhead} * GetQueueSize();
    for (const NbiotRlc::Sdu& sdu : m_rlc.GetSdus())
    {
        bytes += sdu.packet->GetSize();
    }
    return bytes;
}

uint32_t
NbiotUe::GetPacketOverhead() const
{
    return m_packetOverhead;
}

uint32_t
NbiotUe::GetRlcTransmissions() const
{
    return m_acknowledged ? 1U + m_maxRlcRetransmissions : 1U;
}

bool
NbiotUe::AssistsRelease() const
{
    return m_releaseAssistance;
}

bool
NbiotUe::IsBusy() const
{
    return m_busy;
}

Time
NbiotUe::GetPowerSavingStart() const
{
    return m_psmFrom;
}

NbiotServingCell&
NbiotUe::Cell() const
{
    return *m_enb;
}

NbiotDrx
NbiotUe::Drx() const
{
    return {m_cdrxCycle, m_onDuration, m_pagingCycle, m_edrxCycle, m_pagingTimeWindow};
}

Time
NbiotUe::NextOnDuration(Time from) const
{
    return Drx().NextOnDuration(m_index, from);
}

Time
NbiotUe::NextPagingOccasion(Time from) const
{
    return Drx().NextPagingOccasion(m_index, from);
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
NbiotUe::GetPowerWatt(RadioState state) const
{
    if (m_off)
    {
        return 0;
    }
    const NbiotModem& modem = NBIOT_MODEMS[m_modem];
    switch (state)
    {
    case RadioState::TX:
        return modem.TxW(m_txPowerDbm);
    case RadioState::RX:
        return modem.rxW;
    case RadioState::LIGHT_SLEEP: {
        const double share = Drx().OnShare();
        return modem.rxW * share + modem.lightSleepW * (1 - share);
    }
    case RadioState::DRX: {
        const double share = Drx().PagingShare(m_enb->GetPagingDuration(GetCeLevel()));
        return modem.rxW * share + modem.idleW * (1 - share);
    }
    case RadioState::SLEEP:
        break;
    }
    return modem.psmW;
}

void
NbiotUe::TurnOff()
{
    if (m_off)
    {
        return;
    }
    NS_LOG_INFO("device " << m_address << " is turned off");
    SetRadioState(RadioState::SLEEP);
    if (m_off)
    {
        return; // the source was found empty as it was told
    }
    m_rlc.StopSending(Simulator::Now());
    m_off = true;
    if (m_enb)
    {
        Cell().OnDeviceOff(m_index);
    }
    DropAll(DropReason::BATTERY_EMPTY);
}

bool
NbiotUe::IsOff() const
{
    return m_off;
}

void
NbiotUe::DropAll(DropReason reason)
{
    // Whoever is told of one may send at once, so all is in order before.
    m_rlc.Charge(Simulator::Now());
    std::vector<std::pair<NbiotPacketReport, Ptr<const Packet>>> underWay;
    for (const NbiotRlc::Sdu& sdu : m_rlc.Clear())
    {
        underWay.emplace_back(MakeReport(sdu, NbiotFate::DROPPED), sdu.packet);
    }
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

// --- sending ---

bool
NbiotUe::Send(Ptr<Packet> packet, const Address& /* dest */, uint16_t protocolNumber)
{
    NS_LOG_FUNCTION(this << packet->GetSize() << protocolNumber);
    if (m_off)
    {
        NotifyDrop(packet, DropReason::BATTERY_EMPTY);
        return false;
    }
    m_stages.Read(Simulator::Now());
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
    const Time now = Simulator::Now();
    m_waiting.push_back({now, m_stages.Read(now)});
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
        NS_LOG_INFO("device " << m_address << " asks for a grant again");
        Cell().Resume(m_index);
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
    NS_LOG_INFO("device " << m_address << " wakes with " << GetBufferBytes()
                          << " bytes; random access from " << ready.As(Time::S) << " on");
    Cell().RequestAccess(m_index, ready);
}

void
NbiotUe::EnterStage(NbiotStage stage, Time at)
{
    NS_LOG_LOGIC("device " << m_address << ": " << ToString(stage) << " from " << at.As(Time::S)
                           << " on");
    m_stages.Enter(stage, at, Simulator::Now());
}

void
NbiotUe::OnPreamble(Time listenUntil, Time start, Time end)
{
    if (m_off)
    {
        return;
    }
    NS_LOG_INFO("device " << m_address << ": preamble from " << start.As(Time::S) << " to "
                          << end.As(Time::S));
    const Time now = Simulator::Now();
    EnterStage(NbiotStage::ACCESS_WAIT, now);
    EnterStage(NbiotStage::ACCESS, start);
    const bool listens = listenUntil > now;
    m_rlc.StopSending(now);
    SetRadioState(listens ? RadioState::RX : RadioState::LIGHT_SLEEP);
    if (m_off)
    {
        return; // the source was found empty just now
    }
    m_rlc.Send(start, {end - start, nullptr});
    if (listens)
    {
        PlanRadioState(listenUntil, RadioState::LIGHT_SLEEP);
    }
    PlanRadioState(start, RadioState::TX);
    PlanRadioState(end, RadioState::LIGHT_SLEEP);
}

void
NbiotUe::OnExchange(Time from, Time until, Time start, const NbiotSendings& sendings)
{
    if (m_off)
    {
        return;
    }
    NS_LOG_LOGIC("device " << m_address << ": listens from " << from.As(Time::S) << " to "
                           << until.As(Time::S) << ", sends from " << start.As(Time::S) << " on");
    m_rlc.StopSending(Simulator::Now());
    SetRadioState(RadioState::LIGHT_SLEEP);
    if (m_off)
    {
        return;
    }
    Time end = start;
    for (const NbiotSending& sending : sendings)
    {
        if (sending.duration.IsStrictlyPositive())
        {
            m_rlc.Send(end, sending);
            end += sending.duration;
        }
    }
    PlanRadioState(from, RadioState::RX);
    PlanRadioState(until, RadioState::LIGHT_SLEEP);
    PlanRadioState(start, RadioState::TX);
    PlanRadioState(end, RadioState::LIGHT_SLEEP);
}

void
NbiotUe::Fill(NbiotBlock& block, uint32_t bytes)
{
    uint32_t left = bytes > NBIOT_BLOCK_HEADER_BYTES ? bytes - NBIOT_BLOCK_HEADER_BYTES : 0;
    block.controlBytes = std::min(left, m_resumeLeft);
    m_resumeLeft -= block.controlBytes;
    left -= block.controlBytes;
    m_rlc.Fill(block, left);
    while (left > 0)
    {
        const QueueItem* item = Head();
        if (!item)
        {
            return;
        }
        NbiotRlc::Sdu sdu;
        sdu.packet = item->packet;
        sdu.port = item->port;
        sdu.counter = m_counter++;
        sdu.bytes = item->packet->GetSize() + m_packetOverhead;
        sdu.queued = m_waiting.front().queued;
        sdu.before = m_waiting.front().before;
        m_waiting.pop_front();
        m_queuedBytes -= sdu.bytes;
        m_rlc.Begin(std::move(sdu), block, left);
        Dequeue(); // last: whoever follows the queue may send, take back or turn it off
    }
}

uint32_t
NbiotUe::GetEarlyBytes() const
{
    const uint32_t packets = GetQueueSize() + m_rlc.CountUnsent();
    return packets == 0 ? 0
                        : NBIOT_BLOCK_HEADER_BYTES + GetBufferBytes() - m_resumeLeft +
                              NBIOT_FURTHER_PACKET_BYTES * (packets - 1);
}

std::shared_ptr<NbiotBlock>
NbiotUe::FillEarly()
{
    const auto block = std::make_shared<NbiotBlock>();
    const uint32_t bytes = GetEarlyBytes();
    NS_LOG_INFO("device " << m_address << ": " << bytes << " bytes as early data");
    m_resumeLeft = 0;
    Fill(*block, bytes);
    return block;
}

void
NbiotUe::TakeEarlyBack()
{
    if (!m_rlc.GetSdus().empty())
    {
        m_resumeLeft = m_resumeBytes;
        m_rlc.Restart();
    }
}

void
NbiotUe::OnBlockStart(const NbiotBlock& block, Time start, Time end)
{
    // The block of another HARQ process may be planned to begin before; then the base station
    // changes the stage between the two.
    if (!m_stages.IsPlanned())
    {
        EnterStage(block.Stage(), start);
    }
    StartPackets(block, start, end);
}

void
NbiotUe::OnEarlyDataStart(const NbiotBlock& block, Time start, Time end)
{
    StartPackets(block, start, end);
}

void
NbiotUe::StartPackets(const NbiotBlock& block, Time start, Time end)
{
    NS_LOG_INFO("device " << m_address << ": block of " << block.format.Bits() << " bits on "
                          << ToString(block.format.tones) << " kHz, " << block.format.Repetitions()
                          << " repetitions, from " << start.As(Time::S) << " to "
                          << end.As(Time::S));
    m_blockStartTrace(block.format, m_txPowerDbm, start, end);
    for (const NbiotSegment& segment : block.segments)
    {
        NbiotRlc::Sdu* sdu = m_rlc.Find(segment.counter);
        if (!sdu || sdu->started)
        {
            continue; // dropped meanwhile, or under way
        }
        sdu->started = true;
        sdu->start = start;
        LpwanTransmission transmission;
        transmission.deviceAddress = m_address;
        transmission.frameCounter = sdu->counter;
        transmission.start = start;
        transmission.end = end;
        transmission.bandwidthHz = static_cast<uint32_t>(NbiotBandwidthHz(block.format.tones));
        transmission.frameBytes = static_cast<uint16_t>(sdu->bytes);
        transmission.txPowerDbm = m_txPowerDbm;
        const Ptr<const Packet> packet = sdu->packet; // its place may be taken while it is told
        NotifyTxStart(packet, transmission);
    }
}

// --- how packets fare ---

void
NbiotUe::OnBlockReceived(const NbiotBlock& block)
{
    m_rlc.Charge(Simulator::Now());
    for (const NbiotSegment& segment : block.segments)
    {
        if (const auto ended = m_rlc.Receive(segment))
        {
            TellEnded(*ended);
        }
    }
}

void
NbiotUe::OnBlockLost(const NbiotBlock& block)
{
    NS_LOG_INFO("device " << m_address << ": block of " << block.format.Bits()
                          << " bits is lost for good");
    m_rlc.Charge(Simulator::Now());
    m_resumeLeft += block.controlBytes; // signalling is acknowledged in either mode
    for (const NbiotSegment& segment : block.segments)
    {
        const auto ended = m_rlc.Lose(segment, GetRlcTransmissions(), m_acknowledged);
        if (!ended)
        {
            continue;
        }
        if (ended->fate == NbiotFate::DROPPED)
        {
            TellDropped(MakeReport(ended->sdu, ended->fate),
                        ended->sdu.packet,
                        DropReason::NOT_ACKNOWLEDGED);
        }
        else
        {
            TellEnded(*ended);
        }
    }
}

NbiotPacketReport
NbiotUe::MakeReport(const NbiotRlc::Sdu& sdu, NbiotFate fate)
{
    const Time now = Simulator::Now();
    const NbiotStageClock::Times& stages = m_stages.Read(now);
    NbiotPacketReport report;
    report.deviceAddress = m_address;
    report.counter = sdu.counter;
    report.bytes = sdu.packet->GetSize();
    report.fate = fate;
    report.queued = sdu.queued;
    report.start = sdu.start;
    report.end = now;
    report.blocks = sdu.blocks;
    report.airtime = sdu.airtime;
    report.txJoule = sdu.airtime.GetSeconds() * NBIOT_MODEMS[m_modem].TxW(m_txPowerDbm);
    for (std::size_t i = 0; i < NBIOT_STAGE_COUNT; ++i)
    {
        report.stages[i] = stages[i] - sdu.before[i];
    }
    return report;
}

void
NbiotUe::TellEnded(const NbiotRlc::Ended& ended)
{
    const NbiotRlc::Sdu& sdu = ended.sdu;
    const NbiotPacketReport report = MakeReport(sdu, ended.fate);
    NS_LOG_INFO("device " << m_address << ": packet " << sdu.counter << " "
                          << ToString(ended.fate));
    m_reportTrace(report);
    Cell().Report(report);
    if (ended.fate == NbiotFate::RECEIVED)
    {
        Cell().Deliver(m_index, sdu.packet, sdu.port, sdu.counter);
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
NbiotUe::TellDropped(NbiotPacketReport report, Ptr<const Packet> packet, DropReason reason)
{
    report.reason = reason;
    if (report.blocks > 0 && m_enb)
    {
        m_droppedTrace(report);
        Cell().Report(report);
    }
    NotifyDrop(packet, reason);
}

Time
NbiotUe::GetSignallingTime()
{
    m_rlc.Charge(Simulator::Now());
    return m_rlc.GetSignallingTime();
}

std::vector<NbiotPacketReport>
NbiotUe::ReportUnderWay()
{
    m_rlc.Charge(Simulator::Now());
    std::vector<NbiotPacketReport> reports;
    for (const NbiotRlc::Sdu& sdu : m_rlc.GetSdus())
    {
        if (sdu.blocks > 0)
        {
            reports.push_back(MakeReport(sdu, NbiotFate::UNDER_WAY));
        }
    }
    return reports;
}

// --- connection, idle mode, power saving mode ---

void
NbiotUe::OnWaiting()
{
    SetRadioState(RadioState::LIGHT_SLEEP);
}

void
NbiotUe::OnInactive()
{
    NS_LOG_LOGIC("device " << m_address << " is inactive");
    m_busy = false;
}

void
NbiotUe::OnActive()
{
    NS_LOG_LOGIC("device " << m_address << " is active");
    m_busy = true;
}

void
NbiotUe::OnReleased()
{
    const Time now = Simulator::Now();
    m_busy = false;
    m_idle = true;
    m_psmFrom = now + m_activeTime;
    NS_LOG_INFO("device " << m_address << " is idle, in power saving mode from "
                          << m_psmFrom.As(Time::S) << " on");
    SetRadioState(RadioState::DRX);
    if (m_off)
    {
        return;
    }
    PlanRadioState(m_psmFrom, RadioState::SLEEP);
    Wake();
}

void
NbiotUe::OnAccessFailed()
{
    NS_LOG_INFO("device " << m_address << " finds no access");
    m_busy = false;
    m_idle = true;
    m_psmFrom = Simulator::Now();
    SetRadioState(RadioState::SLEEP);
    DropAll(DropReason::ACCESS_FAILED);
}

// --- downwards ---

bool
NbiotUe::IsListeningToPaging() const
{
    return m_idle && !m_off && Simulator::Now() < m_psmFrom;
}

void
NbiotUe::OnPaging(Time from, Time until, bool heard)
{
    NS_LOG_INFO("device " << m_address << " is paged" << (heard ? "" : " and does not hear it"));
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
NbiotUe::AnswerPage()
{
    if (m_busy || m_off)
    {
        return;
    }
    NS_LOG_INFO("device " << m_address << " answers its page");
    m_busy = true;
    m_idle = false;
    m_resumeLeft = m_resumeBytes;
    const Time now = Simulator::Now();
    EnterStage(NbiotStage::ACCESS_WAIT, now);
    Cell().RequestAccess(m_index, now);
}

void
NbiotUe::OnDownlink(Ptr<const Packet> payload, uint8_t port)
{
    NS_LOG_INFO("device " << m_address << " receives " << payload->GetSize() << " bytes");
    NotifyReceive(payload->Copy(), port);
}

} // namespace lpwan
} // namespace ns3
