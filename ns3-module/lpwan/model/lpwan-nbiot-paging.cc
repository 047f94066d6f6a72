// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-paging.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotPaging");

namespace
{

constexpr uint32_t PAGING_BITS = 72; // a paging record with an S-TMSI of 40 bits

} // namespace

NbiotPaging::NbiotPaging(NbiotCellCounts& counts,
                         NbiotRadio& radio,
                         NbiotAirInterface& air,
                         NbiotContexts& contexts)
    : m_counts(counts),
      m_radio(radio),
      m_air(air),
      m_contexts(contexts)
{
}

void
NbiotPaging::Announce(uint32_t index)
{
    NbiotContext& context = m_contexts.At(index);
    const NbiotServedUe& device = *context.device;
    if (!device.IsListeningToPaging() || !context.downlink->paging.IsExpired())
    {
        return;
    }
    const Time now = Simulator::Now();
    const Time occasion = device.NextPagingOccasion(now);
    if (occasion < device.GetPowerSavingStart())
    {
        NS_LOG_LOGIC("device " << device.GetDeviceAddress() << " is paged at "
                               << occasion.As(Time::S));
        context.downlink->paging =
            Simulator::Schedule(occasion - now, &NbiotPaging::Page, this, index);
    }
}

void
NbiotPaging::Cancel(uint32_t index)
{
    NbiotContext& context = m_contexts.At(index);
    if (context.downlink)
    {
        context.downlink->paging.Cancel();
    }
}

void
NbiotPaging::Page(uint32_t index)
{
    NbiotContext& context = m_contexts.At(index);
    NbiotServedUe& device = *context.device;
    if (!context.HasDownlink() || !device.IsListeningToPaging())
    {
        return;
    }
    ++m_counts.pagings;
    const Time now = Simulator::Now();
    const NbiotMessage message =
        m_air.SendMessage(m_radio.CeLevel(index), now, m_radio.DownlinkSnrDbOf(index), PAGING_BITS);
    NS_LOG_INFO("device " << device.GetDeviceAddress() << " is paged"
                          << (message.lost ? ", and does not hear it" : ""));
    device.OnPaging(message.from, message.until, !message.lost);
    if (device.IsOff())
    {
        return;
    }
    context.downlink->paging =
        message.lost
            ? Simulator::Schedule(message.until - now + NanoSeconds(1),
                                  &NbiotPaging::Announce,
                                  this,
                                  index)
            : Simulator::Schedule(message.until - now, &NbiotServedUe::AnswerPage, &device);
}

} // namespace lpwan
} // namespace ns3
