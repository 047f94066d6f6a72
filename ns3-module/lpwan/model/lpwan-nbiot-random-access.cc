// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-random-access.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotRandomAccess");

namespace
{

constexpr uint32_t RAR_BITS = 56; // a MAC RAR of 48 bits and its subheader
constexpr uint32_t MAX_RARS = 12; // in a message of 680 bits
constexpr uint32_t MSG3_BITS = 88;
/// Longest early data, bits (TS 36.321: edt-TBS of 1000).
constexpr uint32_t MAX_EARLY_BITS = 1000;

/** \return from the end of a preamble to the window for its answer (TS 36.321, 5.1.4) */
Time
WindowDelay(uint32_t repetitions)
{
    constexpr uint32_t MANY_REPETITIONS = 64;
    return MilliSeconds(repetitions >= MANY_REPETITIONS ? 41 : 4);
}

} // namespace

NbiotRandomAccess::NbiotRandomAccess(const NbiotCellConfig& config,
                                     NbiotCellCounts& counts,
                                     NbiotRadio& radio,
                                     NbiotAirInterface& air,
                                     NbiotContexts& contexts,
                                     NbiotScheduler& scheduler)
    : m_config(config),
      m_counts(counts),
      m_radio(radio),
      m_air(air),
      m_contexts(contexts),
      m_scheduler(scheduler)
{
}

void
NbiotRandomAccess::CheckPreambles()
{
    if (!m_checked)
    {
        NS_ABORT_MSG_IF(m_config.nprach.TimeShare() >= 1,
                        "NPRACH takes all of the time: PreamblePeriod of NbiotEnb is too short for "
                        "PreambleRepetitions");
        m_checked = true;
    }
}

void
NbiotRandomAccess::Request(uint32_t index, Time ready)
{
    NbiotContext& context = m_contexts.At(index);
    context.level = m_radio.CeLevel(index);
    context.attempts = 0;
    NS_LOG_INFO("device " << context.device->GetDeviceAddress() << " begins at level "
                          << +context.level);
    CheckPreambles();
    JoinOccasion(m_contexts.ContactOf(index), ready, true);
}

void
NbiotRandomAccess::JoinOccasion(const NbiotContact& contact, Time ready, bool listens)
{
    NbiotContext& context = m_contexts.Of(contact);
    const uint8_t level = context.level;
    const Time start = m_config.nprach.NextOccasion(level, ready);
    const Time end = start + m_config.nprach.Duration(level);
    NS_LOG_LOGIC("device " << context.device->GetDeviceAddress() << ": preamble at "
                           << start.As(Time::MS));
    context.device->OnPreamble(listens ? ready : Time(0), start, end);
    if (!m_contexts.Find(contact))
    {
        return;
    }
    Contacts& waiting = m_occasions[level][start];
    if (waiting.empty())
    {
        Simulator::Schedule(end - Simulator::Now(),
                            &NbiotRandomAccess::EndOccasion,
                            this,
                            level,
                            start);
    }
    waiting.push_back(contact);
}

std::vector<NbiotRandomAccess::Contacts>
NbiotRandomAccess::DrawPreambles(uint8_t level, const Contacts& waiting)
{
    const auto subcarriers = static_cast<uint32_t>(m_config.nprach.subcarriers[level]);
    std::vector<Contacts> preambles(subcarriers);
    for (const NbiotContact& contact : waiting)
    {
        if (m_contexts.Find(contact))
        {
            preambles[m_radio.DrawPreamble(subcarriers)].push_back(contact);
            ++m_counts.preambles;
        }
    }
    return preambles;
}

std::vector<NbiotRandomAccess::Contacts>
NbiotRandomAccess::Detect(uint8_t level, std::vector<Contacts> preambles, Contacts& failed)
{
    const uint32_t repetitions = m_config.nprach.Repetitions(level);
    std::vector<Contacts> detected;
    for (Contacts& contacts : preambles)
    {
        bool heard = false;
        for (const NbiotContact& contact : contacts)
        {
            const NbiotServedUe& device = *m_contexts.Of(contact).device;
            const double snrDb = m_radio.UplinkSnrDb(
                device,
                m_radio.CouplingLossDb(contact.ue))[static_cast<std::size_t>(NbiotTones::ONE_3K75)];
            heard = m_radio.DrawDetected(snrDb, repetitions) || heard;
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
    return detected;
}

void
NbiotRandomAccess::EndOccasion(uint8_t level, Time start)
{
    const auto node = m_occasions[level].extract(start);
    Contacts failed;
    const std::vector<Contacts> detected =
        Detect(level, DrawPreambles(level, node.mapped()), failed);
    NS_LOG_INFO("NPRACH of level " << +level << ": " << node.mapped().size() << " devices, "
                                   << detected.size() << " preambles heard");
    const NbiotSearchSpaces& spaces = m_config.searchSpaces;
    const Time now = Simulator::Now();
    const Time windowFrom = now + WindowDelay(m_config.nprach.Repetitions(level));
    const Time windowUntil =
        spaces.Next(level, windowFrom) + spaces.Period(level) * int64_t{m_config.rarWindow};
    const double edgeSnrDb = m_radio.DownlinkSnrDb(m_radio.EdgeLossDb(level));
    for (std::size_t i = 0; i < detected.size(); i += MAX_RARS)
    {
        const auto count = std::min<std::size_t>(MAX_RARS, detected.size() - i);
        const NbiotMessage rar = m_air.SendMessage(level,
                                                   windowFrom,
                                                   edgeSnrDb,
                                                   RAR_BITS * static_cast<uint32_t>(count));
        for (std::size_t k = i; k < i + count; ++k)
        {
            Answer(level, detected[k], rar, windowUntil, failed);
        }
    }
    if (!failed.empty())
    {
        Simulator::Schedule(windowUntil - now, &NbiotRandomAccess::Fail, this, failed);
    }
}

void
NbiotRandomAccess::Answer(uint8_t level,
                          const Contacts& preamble,
                          const NbiotMessage& rar,
                          Time until,
                          Contacts& failed)
{
    const double edgeSnrDb = m_radio.DownlinkSnrDb(m_radio.EdgeLossDb(level));
    auto msg3 = std::make_shared<Msg3>();
    msg3->level = level;
    Contacts answered;
    for (const NbiotContact& contact : preamble)
    {
        // A message is made for the level's edge: who is nearer loses it by the error rate alone.
        const bool far = m_radio.DownlinkSnrDbOf(contact.ue) < edgeSnrDb;
        if (rar.until > until || (far ? rar.lost : m_radio.DrawLostDownlink(0)))
        {
            failed.push_back(contact);
            continue;
        }
        answered.push_back(contact);
        msg3->senders.push_back({contact, 0, nullptr});
    }
    if (answered.empty())
    {
        return;
    }
    PrepareMsg3(*msg3);
    if (!SendMsg3(msg3, rar, NBIOT_MSG3_DELAYS_MS))
    {
        failed.insert(failed.end(), answered.begin(), answered.end());
    }
}

void
NbiotRandomAccess::Fail(const Contacts& contacts)
{
    for (const NbiotContact& contact : contacts)
    {
        NbiotContext* context = m_contexts.Find(contact);
        if (!context)
        {
            continue;
        }
        ++context->attempts;
        if (context->attempts >= m_config.maxAttempts[context->level])
        {
            if (context->level + 1U == NBIOT_CE_COUNT)
            {
                NS_LOG_INFO("device " << context->device->GetDeviceAddress() << " gives up access");
                ++m_counts.failedAccesses;
                m_contexts.EndContact(contact.ue);
                context->device->OnAccessFailed();
                continue;
            }
            ++context->level;
            context->attempts = 0;
            NS_LOG_INFO("device " << context->device->GetDeviceAddress() << " goes on at level "
                                  << +context->level);
        }
        if (!context->connection)
        {
            context->device->TakeEarlyBack();
        }
        const Time backoff = m_radio.DrawBackoff(m_config.backoffMs[context->level]);
        JoinOccasion(contact, Simulator::Now() + backoff, false);
    }
}

void
NbiotRandomAccess::PrepareMsg3(Msg3& msg3)
{
    // The base station knows the level only, so Msg3 is made for its edge. Early data is possible
    // for all that share the preamble, or for none.
    uint32_t bits = MSG3_BITS;
    bool early = m_config.earlyData;
    for (const Msg3Sender& sender : msg3.senders)
    {
        const NbiotContext& context = m_contexts.Of(sender.contact);
        const uint32_t bytes = context.device->GetEarlyBytes();
        const uint32_t wanted = MSG3_BITS + 8 * bytes;
        early = early && !context.connection && bytes > 0 && wanted <= MAX_EARLY_BITS;
        bits = std::max(bits, wanted);
    }
    const NbiotServedUe& device = *m_contexts.Of(msg3.senders.front().contact).device;
    const double lossDb = m_radio.EdgeLossDb(msg3.level);
    if (early)
    {
        msg3.format = m_radio.ChooseFormat(device, lossDb, bits, NBIOT_SUBCARRIERS);
        early = msg3.format.Bits() >= bits; // all in one block
    }
    msg3.earlyData = early;
    if (!early)
    {
        msg3.format = m_radio.ChooseFormat(device, lossDb, MSG3_BITS, NBIOT_SUBCARRIERS);
    }
}

bool
NbiotRandomAccess::SendMsg3(std::shared_ptr<Msg3> msg3,
                            const NbiotMessage& before,
                            const NbiotDelaysMs& delaysMs)
{
    const auto uplink = m_air.BookNpusch(before.until, delaysMs, msg3->format);
    if (!uplink)
    {
        return false;
    }
    const Time sending = NbiotSendingTime(msg3->format);
    for (Msg3Sender& sender : msg3->senders)
    {
        NbiotServedUe& device = *m_contexts.Of(sender.contact).device;
        const bool first = msg3->earlyData && !sender.block;
        if (first && m_contexts.Find(sender.contact))
        {
            sender.block = device.FillEarly();
            sender.block->format = msg3->format;
        }
        if (m_contexts.Find(sender.contact))
        {
            NS_LOG_LOGIC("device " << device.GetDeviceAddress() << ": Msg3 at "
                                   << uplink->start.As(Time::MS));
            device.OnExchange(before.from,
                              before.until,
                              uplink->start,
                              {{{sending, sender.block}, {}}});
        }
        if (first && m_contexts.Find(sender.contact))
        {
            device.OnEarlyDataStart(*sender.block, uplink->start, uplink->end);
        }
    }
    Simulator::Schedule(uplink->end - Simulator::Now(), &NbiotRandomAccess::EndMsg3, this, msg3);
    return true;
}

std::size_t
NbiotRandomAccess::Receive(Msg3& msg3)
{
    auto& senders = msg3.senders;
    const auto tones = static_cast<std::size_t>(msg3.format.tones);
    std::vector<double> now(senders.size());
    double sum = 0;
    for (std::size_t i = 0; i < senders.size(); ++i)
    {
        const uint32_t index = senders[i].contact.ue;
        now[i] = m_radio.DrawSnr(m_radio.UplinkSnrDb(*m_contexts.Of(senders[i].contact).device,
                                                     m_radio.CouplingLossDb(index))[tones]);
        sum += now[i];
    }
    for (std::size_t i = 0; i < senders.size(); ++i)
    {
        senders[i].snr += now[i];
        const double others = sum - now[i];
        if (others > 0 && 10 * std::log10(now[i] / others) < m_config.captureThresholdDb)
        {
            continue;
        }
        const double above = 10 * std::log10(senders[i].snr) - NbiotSnrAtTenPercentDb(msg3.format);
        if (m_radio.DrawReceived(above))
        {
            return i;
        }
    }
    return senders.size();
}

bool
NbiotRandomAccess::RepeatMsg3(const std::shared_ptr<Msg3>& msg3)
{
    if (msg3->transmissions >= m_config.maxHarqTransmissions)
    {
        return false;
    }
    const auto effort =
        m_radio.GrantEffort(msg3->level, m_radio.DownlinkSnrDb(m_radio.EdgeLossDb(msg3->level)));
    const Time space =
        m_config.searchSpaces.Next(msg3->level,
                                   Simulator::Now() + MilliSeconds(NBIOT_TURN_DELAY_MS));
    const NbiotDownlinkSpan npdcch = m_air.FindNpdcch(space, effort.subframes);
    NbiotMessage grant;
    grant.from = npdcch.start;
    grant.until = npdcch.end;
    if (!SendMsg3(msg3, grant, NBIOT_GRANT_DELAYS_MS))
    {
        return false;
    }
    m_air.BookNpdcch(npdcch);
    return true;
}

void
NbiotRandomAccess::EndMsg3(std::shared_ptr<Msg3> msg3)
{
    ++msg3->transmissions;
    auto& senders = msg3->senders;
    senders.erase(
        std::remove_if(senders.begin(),
                       senders.end(),
                       [&](const Msg3Sender& sender) { return !m_contexts.Find(sender.contact); }),
        senders.end());
    if (senders.empty())
    {
        return;
    }
    const std::size_t received = Receive(*msg3);
    NS_LOG_INFO("Msg3 of " << senders.size()
                           << " devices: " << (received < senders.size() ? "received" : "lost"));
    const Time contention =
        m_config.searchSpaces.Period(msg3->level) * int64_t{m_config.contentionTimer};
    if (received < senders.size())
    {
        const Msg3Sender winner = senders[received];
        ++m_counts.accesses;
        senders.erase(senders.begin() + static_cast<std::ptrdiff_t>(received));
        if (msg3->earlyData)
        {
            // What was queued since then waits for the next access.
            m_contexts.Of(winner.contact).device->OnBlockReceived(*winner.block);
        }
        if (m_contexts.Of(winner.contact).connection)
        {
            // A scheduling request: the answer is a grant.
            m_scheduler.Connect(winner.contact);
        }
        else
        {
            SendMsg4(winner.contact, msg3->earlyData, 1);
        }
    }
    else if (RepeatMsg3(msg3))
    {
        return;
    }
    Contacts lost;
    for (const Msg3Sender& sender : senders)
    {
        lost.push_back(sender.contact);
    }
    if (!lost.empty())
    {
        Simulator::Schedule(contention, &NbiotRandomAccess::Fail, this, lost);
    }
}

void
NbiotRandomAccess::SendMsg4(NbiotContact contact, bool earlyData, unsigned attempts)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    const Time now = Simulator::Now();
    const NbiotMessage msg4 = m_air.SendMessage(context->level,
                                                now + MilliSeconds(NBIOT_TURN_DELAY_MS),
                                                m_radio.DownlinkSnrDbOf(contact.ue),
                                                m_config.msg4Bits);
    const Time wait = m_air.SendAcknowledgement(contact.ue, *context, msg4).end - now;
    if (msg4.lost)
    {
        if (attempts < m_config.maxHarqTransmissions)
        {
            Simulator::Schedule(wait,
                                &NbiotRandomAccess::SendMsg4,
                                this,
                                contact,
                                earlyData,
                                attempts + 1);
        }
        else
        {
            Simulator::Schedule(wait, &NbiotRandomAccess::Fail, this, Contacts{contact});
        }
    }
    else if (earlyData && !context->HasDownlink())
    {
        Simulator::Schedule(wait, &NbiotScheduler::EndRelease, &m_scheduler, contact);
    }
    else
    {
        Simulator::Schedule(wait, &NbiotScheduler::Connect, &m_scheduler, contact);
    }
}

} // namespace lpwan
} // namespace ns3
