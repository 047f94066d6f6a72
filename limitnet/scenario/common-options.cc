// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/common-options.h"

namespace limitnet
{

void
AddGeneralSection(OptionTable& table)
{
    table.AddSection("", "General")
        .AddInt("seed", 1, 1, 4294967295, "", "Seed of all random numbers.")
        .AddInt("run",
                1,
                0,
                4294967295,
                "",
                "Run number: another independent run of the same seed.");
}

void
AddBatteryKeys(OptionTable& table)
{
    table
        .AddReal("battery_j",
                 "0",
                 0,
                 1e9,
                 "J",
                 "Energy of each device's battery; a device whose battery is empty falls silent. "
                 "0: no battery is modelled.")
        .AddReal("base_power_w",
                 "0",
                 0,
                 1000,
                 "W",
                 "What a device draws from its battery all the time beside its radio and the "
                 "microcontroller.");
}

} // namespace limitnet
