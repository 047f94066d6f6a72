// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-join.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

LoraJoin::LoraJoin(uint64_t joinEui, const AesBlock& appKey)
    : m_joinEui(joinEui),
      m_appKey(appKey)
{
}

uint8_t
LoraJoin::NextDataRate(const LoraRegion& region) const
{
    return region.joinDataRates[m_requests % region.joinDataRates.size()];
}

LoraJoin::Period
LoraJoin::PeriodAt(Time at) const
{
    const Time begun = m_begun.value_or(at);
    const Time passed = at - begun;
    if (passed < Hours(1))
    {
        return {begun, begun + Hours(1), 100};
    }
    if (passed < Hours(11))
    {
        return {begun + Hours(1), begun + Hours(11), 1000};
    }
    const int64_t day = (passed - Hours(11)).GetTimeStep() / Hours(24).GetTimeStep();
    const Time begin = begun + Hours(11) + Hours(24) * day;
    return {begin, begin + Hours(24), 10000};
}

Time
LoraJoin::OpenFrom(Time now, Time airtime) const
{
    const Time from = std::max(now, m_openFrom);
    const Period period = PeriodAt(from);
    const Time used = period.begin == m_periodBegin ? m_airtime : Time(0);
    // A frame counts where it begins, so it has to end there too.
    const bool fits = used + airtime <= (period.end - period.begin) / period.share &&
                      from + airtime <= period.end;
    return fits ? from : period.end;
}

std::vector<uint8_t>
LoraJoin::MakeRequest(uint64_t devEui)
{
    LoraJoinRequest request;
    request.joinEui = m_joinEui;
    request.devEui = devEui;
    request.devNonce = m_nextNonce++;
    ++m_requests;
    return request.Serialize(m_appKey);
}

uint16_t
LoraJoin::GetNonce() const
{
    return static_cast<uint16_t>(m_nextNonce - 1);
}

void
LoraJoin::Book(Time start, Time end)
{
    if (!m_begun)
    {
        m_begun = start;
    }
    const Period period = PeriodAt(start);
    if (m_periodBegin != period.begin)
    {
        m_periodBegin = period.begin;
        m_airtime = Time(0);
    }
    m_airtime += end - start;
    m_openFrom = end + (end - start) * (period.share - 1);
}

std::optional<LoraJoinAccept>
LoraJoin::Read(const std::vector<uint8_t>& bytes) const
{
    return LoraJoinAccept::Parse(m_appKey, bytes.data(), bytes.size());
}

LoraSessionKeys
LoraJoin::DeriveKeys(const LoraJoinAccept& accept) const
{
    return DeriveJoinKeys(m_appKey, accept.joinNonce, accept.netId, GetNonce());
}

uint32_t
LoraJoin::GetRequests() const
{
    return m_requests;
}

void
LoraJoin::Finish()
{
    m_requests = 0;
    m_begun.reset();
}

} // namespace lpwan
} // namespace ns3
