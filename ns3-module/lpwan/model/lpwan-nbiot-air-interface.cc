// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-air-interface.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotAirInterface");

namespace
{

/// Of a message on NPDSCH.
constexpr uint32_t MESSAGE_CRC_BITS = 24;
constexpr uint32_t MAX_NPDSCH_SUBFRAMES = 4096;

Time
DurationOf(const NbiotFormat& format)
{
    return NbiotWithCompensationGaps(NbiotSendingTime(format));
}

} // namespace

NbiotAirInterface::NbiotAirInterface(const NbiotCellConfig& config,
                                     NbiotRadio& radio,
                                     const DownlinkTrace& downlinkTrace,
                                     const UplinkTrace& uplinkTrace)
    : m_config(config),
      m_radio(radio),
      m_downlinkTrace(downlinkTrace),
      m_uplinkTrace(uplinkTrace),
      m_downlink(config.searchSpaces),
      m_uplink(config.nprach)
{
}

NbiotDownlinkSpan
NbiotAirInterface::FindNpdcch(Time from, uint32_t subframes) const
{
    return m_downlink.FindSubframes(from, subframes);
}

void
NbiotAirInterface::BookNpdcch(const NbiotDownlinkSpan& span)
{
    NS_LOG_LOGIC("NPDCCH from " << span.start.As(Time::MS) << " to " << span.end.As(Time::MS));
    m_downlink.BookNpdcch(span, Simulator::Now());
    m_downlinkTrace(span.start, span.end);
}

void
NbiotAirInterface::TellUplink(const NbiotUplinkSpan& span, NbiotTones tones, Time duration) const
{
    NS_LOG_LOGIC("NPUSCH " << ToString(tones) << " from subcarrier " << span.first << " on, "
                           << span.start.As(Time::MS) << " to " << span.end.As(Time::MS));
    m_uplinkTrace(span.first, NbiotSubcarriers(tones), span.start, span.end, duration);
}

std::optional<NbiotUplinkSpan>
NbiotAirInterface::BookNpuschAt(Time start, const NbiotFormat& format)
{
    const Time duration = DurationOf(format);
    const auto span = m_uplink.BookNpuschAt(start, format.tones, duration);
    if (span)
    {
        TellUplink(*span, format.tones, duration);
    }
    return span;
}

std::optional<NbiotUplinkSpan>
NbiotAirInterface::BookNpusch(Time after, const NbiotDelaysMs& delaysMs, const NbiotFormat& format)
{
    const Time duration = DurationOf(format);
    const auto span = m_uplink.BookNpusch(after, delaysMs, format.tones, duration);
    if (span)
    {
        TellUplink(*span, format.tones, duration);
    }
    return span;
}

NbiotMessage
NbiotAirInterface::SendMessage(uint8_t level, Time from, double snrDb, uint32_t bits)
{
    const auto npdcch = m_radio.GrantEffort(level, snrDb);
    const auto npdsch = NbiotDownlinkSubframes(bits + MESSAGE_CRC_BITS,
                                               snrDb,
                                               m_config.downlinkEnergyPerBitDb,
                                               MAX_NPDSCH_SUBFRAMES);
    const auto booked =
        m_downlink.BookMessage(level, from, npdcch.subframes, npdsch.subframes, Simulator::Now());
    m_downlinkTrace(booked.npdcch.start, booked.npdcch.end);
    m_downlinkTrace(booked.npdsch.start, booked.npdsch.end);
    NbiotMessage message;
    message.from = booked.npdcch.start;
    message.until = booked.npdsch.end;
    message.lost = m_radio.DrawLostDownlink(std::max(npdcch.deficitDb, npdsch.deficitDb));
    NS_LOG_LOGIC("message of " << bits << " bits at level " << +level << ": NPDCCH from "
                               << message.from.As(Time::MS) << ", NPDSCH to "
                               << message.until.As(Time::MS) << (message.lost ? ", lost" : ""));
    return message;
}

NbiotUplinkSpan
NbiotAirInterface::SendAcknowledgement(uint32_t index,
                                       NbiotContext& context,
                                       const NbiotMessage& message)
{
    const Time sending = m_radio.AcknowledgementTime(index, *context.device);
    auto span = m_uplink.BookNpusch(message.until,
                                    NBIOT_ACKNOWLEDGEMENT_DELAYS_MS,
                                    NbiotTones::ONE,
                                    sending);
    if (!span)
    {
        // All tones are taken then.
        span = m_uplink.BookSoonestNpusch(NbiotTones::ONE, sending);
    }
    TellUplink(*span, NbiotTones::ONE, sending);
    context.device->OnExchange(message.from,
                               message.until,
                               span->start,
                               {{{sending, nullptr}, {}}});
    return *span;
}

} // namespace lpwan
} // namespace ns3
