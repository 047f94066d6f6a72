// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/common-options.h"

namespace limitnet
{

using namespace keys;

void
AddGeneralSection(OptionTable& table)
{
    // the largest seed that ns-3's generator (MRG32k3a) takes: below its second modulus
    constexpr double MOST_SEED = 4294944442;
    table.AddSection("", "General")
        .Add({
            Integer("seed").Default(1).Range(1, MOST_SEED).Help("Seed of all random numbers."),
            Integer("run")
                .Default(1)
                .Range(0, 4294967295)
                .Help("Run number: another independent run of the same seed."),
        });
}

void
AddPlacementKeys(OptionTable& table, double radiusM)
{
    table.Add({
        Choice("placement", {"disc", "grid", "list"})
            .Default("disc")
            .SelectsFiles()
            .Help("Where devices stand: uniformly by area on a disc of radius_m, on a square grid "
                  "over it, or as positions says."),
        Text("positions")
            .NamesFile()
            .Help("With placement = list: places in metres, '0,0; 1500,-200', or a CSV file with "
                  "columns x_m and y_m."),
        Real("radius_m")
            .Default(radiusM)
            .Range(1, 1e6)
            .Unit("m")
            .Help("Radius of the disc on which devices stand; further gateways stand at half of "
                  "it, where their positions are not given."),
        Real("center_x_m")
            .Default(0)
            .Range(-1e6, 1e6)
            .Unit("m")
            .Help("Centre of the disc or grid, to the east of the first gateway."),
        Real("center_y_m").Default(0).Range(-1e6, 1e6).Unit("m").Help("The same to the north."),
        Real("speed_m_s")
            .Default(0)
            .Range(0, 300)
            .Unit("m/s")
            .Help("Devices walk straight from one random place of the disc to the next at this "
                  "speed (random waypoint); 0: they stand."),
        Real("height_m")
            .Default(1)
            .Range(0.1, 1000)
            .Unit("m")
            .Help("Height of the devices' antennas over ground: it counts in the distance, and in "
                  "Okumura-Hata's path loss, which is for 1 to 10 m."),
    });
}

void
AddBatteryKeys(OptionTable& table)
{
    table.Add({
        Real("battery_j")
            .Default(0)
            .Range(0, 1e9)
            .Unit("J")
            .Help("Energy of each device's battery; a device whose battery is empty falls silent. "
                  "0: no battery is modelled."),
        Real("base_power_w")
            .Default(0)
            .Range(0, 1000)
            .Unit("W")
            .Help("What a device draws from its battery all the time beside its radio and the "
                  "microcontroller: sensors, converters, self-discharge."),
    });
}

} // namespace limitnet
