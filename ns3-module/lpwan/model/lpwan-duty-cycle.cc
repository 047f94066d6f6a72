// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-duty-cycle.h"

#include "ns3/abort.h"

namespace ns3
{
namespace lpwan
{

Time
DutyCycle::OpenFrom(std::size_t subBand) const
{
    return m_openFrom.at(subBand);
}

Time
DutyCycle::OffTime(Time airtime, uint16_t permille)
{
    NS_ABORT_MSG_UNLESS(permille >= 1 && permille <= 1000,
                        "duty cycle is " << permille << " thousandths, must be 1 to 1000");
    const int64_t airtimeNs = airtime.GetNanoSeconds();
    const int64_t periodNs = (airtimeNs * 1000 + permille - 1) / permille;
    return NanoSeconds(periodNs - airtimeNs);
}

void
DutyCycle::Book(std::size_t subBand, Time start, Time end, uint16_t permille)
{
    m_openFrom.at(subBand) = end + OffTime(end - start, permille);
}

} // namespace lpwan
} // namespace ns3
