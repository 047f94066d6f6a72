// SPDX-License-Identifier: GPL-2.0-only

// What a device is: attributes, addresses, powers. What it does is in lpwan-nbiot-ue.cc.

#include "lpwan-nbiot-enb.h"
#include "lpwan-nbiot-ue.h"
#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/channel.h"
#include "ns3/double.h"
#include "ns3/mac64-address.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

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
    return m_enb ? m_enb->GetCarrier() : nullptr;
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

} // namespace lpwan
} // namespace ns3
