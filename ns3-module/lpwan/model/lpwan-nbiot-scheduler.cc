// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-scheduler.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotScheduler");

namespace
{

/// Largest transport block downwards (TS 36.213, table 16.4.1.5.1-1), bytes.
constexpr uint32_t DOWNLINK_BLOCK_BYTES_NB1 = 680 / 8;
constexpr uint32_t DOWNLINK_BLOCK_BYTES_NB2 = 2536 / 8;

/** \return when the next NPDCCH may begin after what ends now */
Time
AfterTurn()
{
    return Simulator::Now() + MilliSeconds(NBIOT_TURN_DELAY_MS);
}

} // namespace

NbiotScheduler::NbiotScheduler(const NbiotCellConfig& config,
                               NbiotCellCounts& counts,
                               NbiotRadio& radio,
                               NbiotAirInterface& air,
                               NbiotContexts& contexts,
                               NbiotPaging& paging,
                               const BlockTrace& blockTrace)
    : m_config(config),
      m_counts(counts),
      m_radio(radio),
      m_air(air),
      m_contexts(contexts),
      m_paging(paging),
      m_blockTrace(blockTrace)
{
}

void
NbiotScheduler::Connect(NbiotContact contact)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    NS_LOG_INFO("device " << context->device->GetDeviceAddress()
                          << (context->connection ? " resumes" : " is connected"));
    if (!context->connection)
    {
        context->connection = std::make_unique<NbiotConnection>();
    }
    context->device->EnterStage(NbiotStage::SCHEDULING, Simulator::Now());
    // There is nothing to send when early data arrived and its Msg4 did not.
    const bool grant = context->device->GetBufferBytes() > 0;
    Register(contact, grant ? NbiotService::GRANT : NbiotService::RELEASE, AfterTurn());
}

void
NbiotScheduler::Register(const NbiotContact& contact, NbiotService service, Time from)
{
    const uint8_t level = m_contexts.Of(contact).level;
    const Time space = m_config.searchSpaces.Next(level, from);
    if (m_waiting[level].Add(space, {contact, service}))
    {
        Simulator::Schedule(space - Simulator::Now(), &NbiotScheduler::Serve, this, level, space);
    }
}

void
NbiotScheduler::Serve(uint8_t level, Time start)
{
    const auto waiting = m_waiting[level].Take(start);
    const Time end = m_config.searchSpaces.End(level, start);
    NS_LOG_LOGIC("search space of level " << +level << ": " << waiting.size() << " devices wait");
    // Whoever finds no subcarriers may need more than the next one; not all need to try. Those that
    // did not come to it are first the next time.
    constexpr std::size_t MAX_FAILURES = 16;
    std::vector<NbiotWaitingList::Item> left;
    std::vector<NbiotWaitingList::Item> failed;
    for (const NbiotWaitingList::Item& wait : waiting)
    {
        const NbiotContext* context = m_contexts.Find(wait.contact);
        if (!context)
        {
            continue;
        }
        if (wait.service != NbiotService::GRANT)
        {
            // What came meanwhile goes before the release.
            const bool done = wait.service == NbiotService::DOWNLINK || context->HasDownlink()
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
    const Time next = start + m_config.searchSpaces.Period(level);
    if (m_waiting[level].PutBack(next, left, failed))
    {
        Simulator::Schedule(next - Simulator::Now(), &NbiotScheduler::Serve, this, level, next);
    }
}

// --- upwards ---

std::optional<NbiotFormat>
NbiotScheduler::FormatWithin(const NbiotServedUe& device,
                             double lossDb,
                             const NbiotBlock& block,
                             bool again,
                             uint32_t maxSubcarriers) const
{
    NbiotFormat format = block.format;
    if (!again)
    {
        const uint32_t bytes = device.GetBufferBytes() + NBIOT_BLOCK_HEADER_BYTES;
        format = m_radio.ChooseFormat(device, lossDb, 8 * bytes, maxSubcarriers);
    }
    else
    {
        // The same block: on fewer subcarriers it takes longer and comes in stronger.
        auto tones = static_cast<uint8_t>(format.tones);
        while (tones > 0 && NbiotSubcarriers(static_cast<NbiotTones>(tones)) > maxSubcarriers)
        {
            --tones;
        }
        format.tones = static_cast<NbiotTones>(tones);
        if (format.iTbs > NbiotMaxITbs(device.GetCategory(), format.tones) ||
            (format.tones == NbiotTones::ONE_3K75 && !m_config.subcarrier3k75))
        {
            return std::nullopt;
        }
    }
    return NbiotSubcarriers(format.tones) <= maxSubcarriers ? std::optional(format) : std::nullopt;
}

std::optional<NbiotUplinkSpan>
NbiotScheduler::BookBlock(const NbiotServedUe& device,
                          double lossDb,
                          NbiotBlock& block,
                          bool again,
                          Time after,
                          const std::optional<NbiotUplinkSpan>& previous)
{
    // The second process follows the first one, where a grant can say so.
    constexpr int64_t SHORTEST_MS = NBIOT_GRANT_DELAYS_MS.front();
    constexpr int64_t LONGEST_MS = NBIOT_GRANT_DELAYS_MS.back();
    if (previous && (previous->start < after || previous->end - after < MilliSeconds(SHORTEST_MS) ||
                     previous->end - after > MilliSeconds(LONGEST_MS)))
    {
        return std::nullopt;
    }
    // Fewer subcarriers where so many are not free beside each other.
    uint32_t most = NBIOT_SUBCARRIERS;
    while (true)
    {
        const auto format = FormatWithin(device, lossDb, block, again, most);
        if (!format)
        {
            return std::nullopt;
        }
        const auto uplink = previous ? m_air.BookNpuschAt(previous->end, *format)
                                     : m_air.BookNpusch(after, NBIOT_GRANT_DELAYS_MS, *format);
        if (uplink)
        {
            block.format = *format;
            return uplink;
        }
        most = NbiotSubcarriers(format->tones) - 1;
    }
}

bool
NbiotScheduler::Grant(const NbiotContact& contact, Time start, Time end)
{
    NbiotContext& context = m_contexts.Of(contact);
    NbiotConnection& connection = *context.connection;
    NbiotServedUe& device = *context.device;
    if (!connection.HasRepeats() && device.GetBufferBytes() == 0)
    {
        ServeNext(contact); // what waited was taken back
        return true;
    }
    const double lossDb = m_radio.CouplingLossDb(contact.ue);
    const auto effort = m_radio.GrantEffort(context.level, m_radio.DownlinkSnrDb(lossDb));
    Time from = start;
    std::optional<NbiotUplinkSpan> previous;
    connection.SetSecondStage(NbiotStage::SCHEDULING);
    // Both processes together, as the device's radio sees them.
    Time listenFrom;
    Time listenUntil;
    Time sendingFrom;
    NbiotSendings sendings;
    std::array<bool, 2> repeated{};
    std::size_t heard = 0;
    for (uint8_t process = 0; process < device.GetHarqProcesses(); ++process)
    {
        const NbiotDownlinkSpan npdcch = m_air.FindNpdcch(from, effort.subframes);
        if (npdcch.end > end)
        {
            break;
        }
        std::shared_ptr<NbiotBlock> block = connection.GetRepeat(process);
        const bool again = block != nullptr;
        if (!again && device.GetBufferBytes() > 0)
        {
            block = std::make_shared<NbiotBlock>();
        }
        if (!block)
        {
            break;
        }
        const auto uplink = BookBlock(device, lossDb, *block, again, npdcch.end, previous);
        if (!uplink)
        {
            break;
        }
        m_air.BookNpdcch(npdcch);
        const Time wait = uplink->end - Simulator::Now();
        connection.StartGrant();
        if (m_radio.DrawLostDownlink(effort.deficitDb))
        {
            NS_LOG_INFO("device " << device.GetDeviceAddress() << " misses its grant");
            ++m_counts.missedGrants;
            Simulator::Schedule(wait, &NbiotScheduler::EndGrant, this, contact);
        }
        else
        {
            repeated[process] = again;
            if (!again)
            {
                device.Fill(*block, block->format.Bits() / 8);
            }
            device.OnBlockStart(*block, uplink->start, uplink->end);
            if (!m_contexts.Find(contact))
            {
                return true; // whoever follows the queue or the packets has turned it off
            }
            if (heard == 0)
            {
                listenFrom = npdcch.start;
                sendingFrom = uplink->start;
            }
            listenUntil = npdcch.end;
            sendings[heard++] = {NbiotSendingTime(block->format), block};
            if (process > 0)
            {
                connection.SetSecondStage(block->Stage());
            }
            Simulator::Schedule(wait,
                                &NbiotScheduler::EndBlock,
                                this,
                                contact,
                                block,
                                uplink->start);
        }
        previous = uplink;
        from = npdcch.end;
    }
    connection.ForgetRepeats(repeated);
    const bool granted = connection.GetOutstanding() > 0;
    if (heard > 0)
    {
        device.OnExchange(listenFrom, listenUntil, sendingFrom, sendings);
    }
    return granted;
}

void
NbiotScheduler::EndBlock(NbiotContact contact, std::shared_ptr<NbiotBlock> block, Time start)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    const Time now = Simulator::Now();
    NbiotServedUe& device = *context->device;
    device.EnterStage(context->connection->StageAfterGrant(), now);
    ++m_counts.blocks;
    ++block->transmissions;
    const auto tones = static_cast<std::size_t>(block->format.tones);
    // Of formats that differ, each transmission counts by what its own one needs.
    block->energy +=
        m_radio.DrawSnr(m_radio.UplinkSnrDb(device, m_radio.CouplingLossDb(contact.ue))[tones] -
                        NbiotSnrAtTenPercentDb(block->format));
    const bool received = m_radio.DrawReceived(10 * std::log10(block->energy));
    NS_LOG_INFO("device " << device.GetDeviceAddress() << ": block of " << block->format.Bits()
                          << " bits on " << ToString(block->format.tones) << " kHz, transmission "
                          << +block->transmissions << (received ? ", received" : ", lost"));
    m_blockTrace(device.GetDeviceAddress(), block->format, start, now, received);
    if (!m_contexts.Find(contact))
    {
        return;
    }
    if (received)
    {
        device.OnBlockReceived(*block);
    }
    else
    {
        ++m_counts.lostBlocks;
        if (block->transmissions < m_config.maxHarqTransmissions)
        {
            context->connection->Repeat(block);
        }
        else
        {
            ++m_counts.residualErrors;
            device.OnBlockLost(*block);
        }
    }
    EndGrant(contact);
}

void
NbiotScheduler::EndGrant(NbiotContact contact)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (context && context->connection->EndGrant())
    {
        ServeNext(contact);
    }
}

void
NbiotScheduler::ServeNext(NbiotContact contact)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    context->device->OnWaiting();
    if (!m_contexts.Find(contact))
    {
        return;
    }
    NbiotServedUe& device = *context->device;
    const auto service = context->connection->NextService(context->HasDownlink(),
                                                          device.GetBufferBytes(),
                                                          device.AssistsRelease());
    if (service)
    {
        Register(contact, *service, AfterTurn());
        return;
    }
    NS_LOG_INFO("device " << device.GetDeviceAddress() << " is inactive");
    device.OnInactive();
    context->connection->StartInactivity(Simulator::Schedule(m_config.inactivityTime,
                                                             &NbiotScheduler::EndInactivity,
                                                             this,
                                                             contact));
}

// --- release ---

void
NbiotScheduler::EndInactivity(NbiotContact contact)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    context->device->OnActive();
    Register(contact, NbiotService::RELEASE, Simulator::Now());
}

bool
NbiotScheduler::SendRelease(const NbiotContact& contact, Time start, Time end)
{
    NbiotContext& context = m_contexts.Of(contact);
    const double snrDb = m_radio.DownlinkSnrDbOf(contact.ue);
    const auto effort = m_radio.GrantEffort(context.level, snrDb);
    if (m_air.FindNpdcch(start, effort.subframes).end > end)
    {
        return false;
    }
    const NbiotMessage release =
        m_air.SendMessage(context.level, start, snrDb, m_config.releaseBits);
    const Time wait =
        m_air.SendAcknowledgement(contact.ue, context, release).end - Simulator::Now();
    Simulator::Schedule(wait,
                        release.lost ? &NbiotScheduler::EndInactivity : &NbiotScheduler::EndRelease,
                        this,
                        contact);
    return true;
}

void
NbiotScheduler::EndRelease(NbiotContact contact)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    NS_LOG_INFO("device " << context->device->GetDeviceAddress() << " is released");
    m_contexts.EndContact(contact.ue);
    context->device->OnReleased();
    if (context->HasDownlink())
    {
        AnnounceDownlink(contact.ue);
    }
}

// --- downwards ---

void
NbiotScheduler::AnnounceDownlink(uint32_t index)
{
    NbiotContext& context = m_contexts.At(index);
    NbiotServedUe& device = *context.device;
    if (context.connection && !device.IsBusy())
    {
        // Inactive: it listens now and then.
        context.connection->StopInactivity();
        device.OnActive();
        Register(m_contexts.ContactOf(index),
                 NbiotService::DOWNLINK,
                 device.NextOnDuration(Simulator::Now()));
        return;
    }
    // A device that is busy comes to it in its connection.
    m_paging.Announce(index);
}

bool
NbiotScheduler::SendDownlinkBlock(const NbiotContact& contact, Time start, Time end)
{
    NbiotContext& context = m_contexts.Of(contact);
    if (!context.HasDownlink())
    {
        ServeNext(contact);
        return true;
    }
    const double snrDb = m_radio.DownlinkSnrDbOf(contact.ue);
    const auto effort = m_radio.GrantEffort(context.level, snrDb);
    if (m_air.FindNpdcch(start, effort.subframes).end > end)
    {
        return false;
    }
    const uint32_t most = context.device->GetCategory() == NbiotCategory::NB2
                              ? DOWNLINK_BLOCK_BYTES_NB2
                              : DOWNLINK_BLOCK_BYTES_NB1;
    const uint32_t bytes = context.downlink->BeginBlock(most - NBIOT_BLOCK_HEADER_BYTES);
    const NbiotMessage block =
        m_air.SendMessage(context.level, start, snrDb, 8 * (bytes + NBIOT_BLOCK_HEADER_BYTES));
    NS_LOG_INFO("device " << context.device->GetDeviceAddress() << ": " << bytes
                          << " bytes downwards" << (block.lost ? ", lost" : ""));
    const NbiotUplinkSpan acknowledgement = m_air.SendAcknowledgement(contact.ue, context, block);
    const Time now = Simulator::Now();
    if (block.lost)
    {
        Simulator::Schedule(block.until - now, &NbiotScheduler::LoseDownlinkBlock, this, contact);
    }
    else
    {
        Simulator::Schedule(block.until - now,
                            &NbiotScheduler::ReceiveDownlinkBlock,
                            this,
                            contact,
                            bytes);
    }
    Simulator::Schedule(acknowledgement.end - now, &NbiotScheduler::ServeNext, this, contact);
    return true;
}

void
NbiotScheduler::ReceiveDownlinkBlock(NbiotContact contact, uint32_t bytes)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    if (const auto whole = context->downlink->ReceiveBlock(bytes))
    {
        ++m_counts.downlinks;
        context->device->OnDownlink(whole->packet, whole->port);
    }
}

void
NbiotScheduler::LoseDownlinkBlock(NbiotContact contact)
{
    NbiotContext* context = m_contexts.Find(contact);
    if (!context)
    {
        return;
    }
    // HARQ, then RLC: as often as upwards.
    const uint32_t most = m_config.maxHarqTransmissions * context->device->GetRlcTransmissions();
    if (context->downlink->LoseBlock(most))
    {
        NS_LOG_INFO("device " << context->device->GetDeviceAddress()
                              << ": a packet for it is given up");
        ++m_counts.lostDownlinks;
    }
}

} // namespace lpwan
} // namespace ns3
