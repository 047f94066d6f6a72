// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-modem.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

double
NbiotModem::TxW(double dbm) const
{
    const auto watt = [](double power) { return std::pow(10, power / 10 - 3); };
    constexpr double HIGH_DBM = 23;
    constexpr double LOW_DBM = 14;
    const double share = (watt(dbm) - watt(LOW_DBM)) / (watt(HIGH_DBM) - watt(LOW_DBM));
    return txLowW + (txHighW - txLowW) * share;
}

std::size_t
FindNbiotModem(const std::string& name)
{
    const auto* modem = std::find_if(NBIOT_MODEMS.begin(),
                                     NBIOT_MODEMS.end(),
                                     [&](const NbiotModem& m) { return name == m.name; });
    return static_cast<std::size_t>(modem - NBIOT_MODEMS.begin());
}

} // namespace lpwan
} // namespace ns3
