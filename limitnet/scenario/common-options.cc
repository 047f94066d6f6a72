// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/common-options.h"

namespace limitnet
{

void
AddGeneralSection(OptionTable& table)
{
    table
        .AddSection("", "General")
        // the largest that ns-3's generator (MRG32k3a) takes: below its second modulus
        .AddInt("seed", 1, 1, 4294944442, "", "Seed of all random numbers.")
        .AddInt("run",
                1,
                0,
                4294967295,
                "",
                "Run number: another independent run of the same seed.");
}

void
AddPlacementKeys(OptionTable& table, const std::string& radiusM)
{
    table
        .AddChoice("placement",
                   "disc",
                   {"disc", "grid", "list"},
                   "",
                   "Where devices stand: uniformly by area on a disc of radius_m, on a square grid "
                   "over it, or as positions says.")
        .AddText("positions",
                 "",
                 "With placement = list: places in metres, '0,0; 1500,-200', or a CSV file with "
                 "columns x_m and y_m.")
        .AddReal("radius_m",
                 radiusM,
                 1,
                 1e6,
                 "m",
                 "Radius of the disc on which devices stand; further gateways stand at half of it, "
                 "where their positions are not given.")
        .AddReal("center_x_m",
                 "0",
                 -1e6,
                 1e6,
                 "m",
                 "Centre of the disc or grid, to the east of the first gateway.")
        .AddReal("center_y_m", "0", -1e6, 1e6, "m", "The same to the north.")
        .AddReal("speed_m_s",
                 "0",
                 0,
                 300,
                 "m/s",
                 "Devices walk straight from one random place of the disc to the next at this "
                 "speed (random waypoint); 0: they stand.")
        .AddReal("height_m",
                 "1",
                 0.1,
                 1000,
                 "m",
                 "Height of the devices' antennas over ground: it counts in the distance, and in "
                 "Okumura-Hata's path loss, which is for 1 to 10 m.");
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
                 "microcontroller: sensors, converters, self-discharge.");
}

} // namespace limitnet
