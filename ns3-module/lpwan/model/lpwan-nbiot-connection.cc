// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-connection.h"

#include "ns3/abort.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

// --- connection ---

NbiotConnection::~NbiotConnection()
{
    m_inactivity.Cancel();
}

void
NbiotConnection::StartGrant()
{
    ++m_outstanding;
}

bool
NbiotConnection::EndGrant()
{
    --m_outstanding;
    return m_outstanding == 0;
}

uint32_t
NbiotConnection::GetOutstanding() const
{
    return m_outstanding;
}

void
NbiotConnection::Repeat(std::shared_ptr<NbiotBlock> block)
{
    m_repeats.push_back(std::move(block));
}

bool
NbiotConnection::HasRepeats() const
{
    return !m_repeats.empty();
}

std::shared_ptr<NbiotBlock>
NbiotConnection::GetRepeat(std::size_t process) const
{
    return process < m_repeats.size() ? m_repeats[process] : nullptr;
}

void
NbiotConnection::ForgetRepeats(const std::array<bool, 2>& sent)
{
    for (std::size_t process = std::min(sent.size(), m_repeats.size()); process > 0; --process)
    {
        if (sent[process - 1])
        {
            m_repeats.erase(m_repeats.begin() + static_cast<std::ptrdiff_t>(process - 1));
        }
    }
}

std::optional<NbiotService>
NbiotConnection::NextService(bool hasDownlink, uint32_t bufferBytes, bool assistsRelease) const
{
    if (hasDownlink)
    {
        return NbiotService::DOWNLINK;
    }
    if (HasRepeats() || bufferBytes > 0)
    {
        return NbiotService::GRANT;
    }
    return assistsRelease ? std::optional(NbiotService::RELEASE) : std::nullopt;
}

void
NbiotConnection::StartInactivity(EventId event)
{
    m_inactivity = event;
}

void
NbiotConnection::StopInactivity()
{
    m_inactivity.Cancel();
}

void
NbiotConnection::SetSecondStage(NbiotStage stage)
{
    m_second = stage;
}

NbiotStage
NbiotConnection::StageAfterGrant() const
{
    return m_outstanding > 1 ? m_second : NbiotStage::SCHEDULING;
}

// --- packets downwards ---

void
NbiotDownlinkQueue::Push(Ptr<const Packet> packet, uint8_t port, uint32_t overhead)
{
    Item item;
    item.packet = packet;
    item.port = port;
    item.left = packet->GetSize() + overhead;
    m_items.push_back(item);
}

std::size_t
NbiotDownlinkQueue::Cancel(uint8_t port)
{
    const auto kept = std::remove_if(m_items.begin(), m_items.end(), [&](const Item& item) {
        return item.port == port && !item.begun;
    });
    const auto cancelled = static_cast<std::size_t>(m_items.end() - kept);
    m_items.erase(kept, m_items.end());
    return cancelled;
}

std::size_t
NbiotDownlinkQueue::Clear()
{
    const std::size_t count = m_items.size();
    m_items.clear();
    return count;
}

std::size_t
NbiotDownlinkQueue::GetSize() const
{
    return m_items.size();
}

uint32_t
NbiotDownlinkQueue::BeginBlock(uint32_t most)
{
    m_items.front().begun = true;
    return std::min(m_items.front().left, most);
}

std::optional<NbiotDownlinkQueue::Item>
NbiotDownlinkQueue::ReceiveBlock(uint32_t bytes)
{
    Item& item = m_items.front();
    item.attempts = 0;
    item.left -= bytes;
    if (item.left > 0)
    {
        return std::nullopt;
    }
    const Item whole = item;
    m_items.pop_front();
    return whole;
}

bool
NbiotDownlinkQueue::LoseBlock(uint32_t mostAttempts)
{
    if (++m_items.front().attempts < mostAttempts)
    {
        return false;
    }
    m_items.pop_front();
    return true;
}

// --- who waits ---

bool
NbiotWaitingList::Add(Time start, const Item& item)
{
    std::vector<Item>& items = m_items[start];
    items.push_back(item);
    return items.size() == 1;
}

std::vector<NbiotWaitingList::Item>
NbiotWaitingList::Take(Time start)
{
    return std::move(m_items.extract(start).mapped());
}

bool
NbiotWaitingList::PutBack(Time start,
                          const std::vector<Item>& untried,
                          const std::vector<Item>& failed)
{
    if (untried.empty() && failed.empty())
    {
        return false;
    }
    std::vector<Item>& items = m_items[start];
    const bool isFirst = items.empty();
    items.insert(items.begin(), failed.begin(), failed.end());
    items.insert(items.begin(), untried.begin(), untried.end());
    return isFirst;
}

// --- contexts ---

uint32_t
NbiotContexts::Add(NbiotServedUe& device)
{
    m_contexts.emplace_back();
    m_contexts.back().device = &device;
    return GetCount() - 1;
}

uint32_t
NbiotContexts::GetCount() const
{
    return static_cast<uint32_t>(m_contexts.size());
}

NbiotContext&
NbiotContexts::At(uint32_t index)
{
    NS_ABORT_MSG_IF(index >= m_contexts.size(), "the cell has no device " << index);
    return m_contexts[index];
}

const NbiotContext&
NbiotContexts::At(uint32_t index) const
{
    NS_ABORT_MSG_IF(index >= m_contexts.size(), "the cell has no device " << index);
    return m_contexts[index];
}

NbiotContext&
NbiotContexts::Of(const NbiotContact& contact)
{
    return m_contexts[contact.ue];
}

NbiotContact
NbiotContexts::ContactOf(uint32_t index) const
{
    return {index, m_contexts[index].contact};
}

NbiotContext*
NbiotContexts::Find(const NbiotContact& contact)
{
    NbiotContext& context = m_contexts[contact.ue];
    return context.contact == contact.number ? &context : nullptr;
}

void
NbiotContexts::EndContact(uint32_t index)
{
    NbiotContext& context = m_contexts[index];
    context.connection.reset();
    ++context.contact;
}

void
NbiotContexts::Clear()
{
    for (NbiotContext& context : m_contexts)
    {
        if (context.downlink)
        {
            context.downlink->paging.Cancel();
        }
    }
    m_contexts.clear();
}

} // namespace lpwan
} // namespace ns3
