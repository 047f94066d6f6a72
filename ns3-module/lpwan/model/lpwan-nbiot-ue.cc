// SPDX-License-Identifier: GPL-2.0-only

// What a device does. What it is (attributes, addresses, powers) is in
// lpwan-nbiot-ue-properties.cc.

#include "lpwan-nbiot-ue.h"

#include "lpwan-nbiot-enb.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotUe");

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
    m_index = enb->AddUe(*this, this);
    m_stages.Start(Simulator::Now());
}

NbiotServingCell&
NbiotUe::Cell() const
{
    return *m_enb;
}

void
NbiotUe::DoDispose()
{
    m_enb = nullptr;
    m_rlc = NbiotRlc();
    LpwanNetDevice::DoDispose();
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
