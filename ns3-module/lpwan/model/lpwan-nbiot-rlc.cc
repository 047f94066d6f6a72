// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-rlc.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

const std::deque<NbiotRlc::Sdu>&
NbiotRlc::GetSdus() const
{
    return m_sdus;
}

NbiotRlc::Sdu*
NbiotRlc::Find(uint32_t counter)
{
    const auto found = std::find_if(m_sdus.begin(), m_sdus.end(), [&](const Sdu& sdu) {
        return sdu.counter == counter;
    });
    return found == m_sdus.end() ? nullptr : &*found;
}

uint32_t
NbiotRlc::GetBufferBytes() const
{
    uint32_t bytes = 0;
    for (const Sdu& sdu : m_sdus)
    {
        bytes += sdu.bytes - sdu.sent;
    }
    for (const NbiotSegment& segment : m_again)
    {
        bytes += segment.bytes;
    }
    return bytes;
}

uint32_t
NbiotRlc::CountUnsent() const
{
    return static_cast<uint32_t>(std::count_if(m_sdus.begin(), m_sdus.end(), [](const Sdu& sdu) {
        return sdu.sent < sdu.bytes;
    }));
}

uint32_t
NbiotRlc::Add(NbiotBlock& block, uint32_t& left, const NbiotSegment& segment)
{
    if (!block.segments.empty())
    {
        left -= std::min(left, NBIOT_FURTHER_PACKET_BYTES);
    }
    const uint32_t taken = std::min(left, segment.bytes);
    if (taken > 0)
    {
        block.segments.push_back({segment.counter, taken, segment.retransmissions});
        left -= taken;
    }
    return taken;
}

void
NbiotRlc::Fill(NbiotBlock& block, uint32_t& left)
{
    while (left > 0 && !m_again.empty())
    {
        NbiotSegment& segment = m_again.front();
        segment.bytes -= Add(block, left, segment);
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
            sdu.sent += Add(block, left, {sdu.counter, sdu.bytes - sdu.sent});
        }
    }
}

void
NbiotRlc::Begin(Sdu sdu, NbiotBlock& block, uint32_t& left)
{
    sdu.sent = Add(block, left, {sdu.counter, sdu.bytes});
    m_sdus.push_back(std::move(sdu));
}

void
NbiotRlc::Restart()
{
    for (Sdu& sdu : m_sdus)
    {
        sdu.sent = 0;
    }
}

NbiotRlc::Ended
NbiotRlc::End(uint32_t counter, NbiotFate fate)
{
    const auto found = std::find_if(m_sdus.begin(), m_sdus.end(), [&](const Sdu& sdu) {
        return sdu.counter == counter;
    });
    Ended ended{std::move(*found), fate};
    m_sdus.erase(found);
    return ended;
}

std::optional<NbiotRlc::Ended>
NbiotRlc::Receive(const NbiotSegment& segment)
{
    Sdu* sdu = Find(segment.counter);
    if (!sdu)
    {
        return std::nullopt;
    }
    sdu->received += segment.bytes;
    if (sdu->received + sdu->lost != sdu->bytes)
    {
        return std::nullopt;
    }
    return End(segment.counter, sdu->lost > 0 ? NbiotFate::RESIDUAL_ERROR : NbiotFate::RECEIVED);
}

std::optional<NbiotRlc::Ended>
NbiotRlc::Lose(const NbiotSegment& segment, uint32_t transmissions, bool acknowledged)
{
    Sdu* sdu = Find(segment.counter);
    if (!sdu)
    {
        return std::nullopt;
    }
    if (!acknowledged)
    {
        sdu->lost += segment.bytes;
        if (sdu->received + sdu->lost != sdu->bytes)
        {
            return std::nullopt;
        }
        return End(segment.counter, NbiotFate::RESIDUAL_ERROR);
    }
    if (segment.retransmissions + 1U < transmissions)
    {
        m_again.push_back(segment);
        ++m_again.back().retransmissions;
        return std::nullopt;
    }
    m_again.erase(std::remove_if(m_again.begin(),
                                 m_again.end(),
                                 [&](const auto& s) { return s.counter == segment.counter; }),
                  m_again.end());
    return End(segment.counter, NbiotFate::DROPPED);
}

std::deque<NbiotRlc::Sdu>
NbiotRlc::Clear()
{
    m_again.clear();
    std::deque<Sdu> sdus;
    sdus.swap(m_sdus);
    return sdus;
}

// --- time on the air ---

void
NbiotRlc::StopSending(Time now)
{
    Charge(now);
    m_onAir.clear();
}

void
NbiotRlc::Send(Time start, const NbiotSending& sending)
{
    m_onAir.push_back({start, sending.duration, sending.block});
}

Time
NbiotRlc::Share(const OnAir& onAir, Time sent)
{
    if (!onAir.block)
    {
        return sent;
    }
    const auto& segments = onAir.block->segments;
    uint32_t bytes = 0; // of packets that are not given up
    for (const NbiotSegment& segment : segments)
    {
        bytes += Find(segment.counter) ? segment.bytes : 0;
    }
    Time rest = sent;
    for (std::size_t i = 0; bytes > 0 && i < segments.size(); ++i)
    {
        Sdu* sdu = Find(segments[i].counter);
        if (!sdu)
        {
            continue;
        }
        const Time share = sent * segments[i].bytes / bytes;
        sdu->airtime += share;
        rest -= share;
        const auto first = std::find_if(segments.begin(), segments.end(), [&](const auto& s) {
            return s.counter == segments[i].counter;
        });
        sdu->blocks += !onAir.begun && first - segments.begin() == std::ptrdiff_t(i) ? 1 : 0;
    }
    return rest; // what rounding leaves
}

void
NbiotRlc::Charge(Time now)
{
    for (OnAir& onAir : m_onAir)
    {
        const Time sent = std::min(now - onAir.start, onAir.left);
        if (!sent.IsStrictlyPositive())
        {
            break;
        }
        onAir.start += sent;
        onAir.left -= sent;
        m_signalling += Share(onAir, sent);
        onAir.begun = true;
    }
    m_onAir.erase(std::remove_if(m_onAir.begin(),
                                 m_onAir.end(),
                                 [](const OnAir& onAir) { return onAir.left.IsZero(); }),
                  m_onAir.end());
}

Time
NbiotRlc::GetSignallingTime() const
{
    return m_signalling;
}

} // namespace lpwan
} // namespace ns3
