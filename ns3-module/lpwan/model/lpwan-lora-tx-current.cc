// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-tx-current.h"

#include <algorithm>
#include <array>

namespace ns3
{
namespace lpwan
{

namespace
{

/** A point of the table of transmit currents. */
struct TxCurrent
{
    double powerDbm;
    double currentA;
};

/** Sources: see LoraEndDevice. */
constexpr std::array<TxCurrent, 12> TABLE{{{2, 0.024},
                                           {4, 0.024},
                                           {5, 0.025},
                                           {8, 0.025},
                                           {9, 0.026},
                                           {10, 0.031},
                                           {11, 0.032},
                                           {12, 0.034},
                                           {13, 0.035},
                                           {14, 0.044},
                                           {17, 0.090},
                                           {20, 0.120}}};

} // namespace

double
LoraTxCurrentAmpere(double powerDbm)
{
    if (powerDbm <= TABLE.front().powerDbm)
    {
        return TABLE.front().currentA;
    }
    const auto above = std::find_if(TABLE.begin(), TABLE.end(), [&](const TxCurrent& row) {
        return row.powerDbm >= powerDbm;
    });
    if (above == TABLE.end())
    {
        return TABLE.back().currentA;
    }
    const TxCurrent& low = *(above - 1);
    return low.currentA + (above->currentA - low.currentA) * (powerDbm - low.powerDbm) /
                              (above->powerDbm - low.powerDbm);
}

} // namespace lpwan
} // namespace ns3
