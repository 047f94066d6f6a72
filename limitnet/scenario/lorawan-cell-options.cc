// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/lorawan-cell-options.h"

#include "limitnet/scenario/common-options.h"
#include "limitnet/scenario/lora-link-options.h"

namespace limitnet
{

OptionTable
LorawanCellOptions(const std::string& version)
{
    constexpr double DAY = 86400;
    OptionTable table("limitnet-lorawan-cell",
                      version,
                      "Devices send packets of one length over LoRaWAN at fixed intervals; what "
                      "becomes of them.");

    AddGeneralSection(table);
    table.AddText("out", "results", "Folder for results; a run's files go to OUT/NAME/RUN.")
        .AddBool("frames",
                 false,
                 "Write frames.csv: each uplink with what became of it, and who disturbed it.");

    table.AddSection("scenario", "Scenario")
        .AddName("name", "lorawan-cell", "Name of the scenario, which its results folder gets.")
        .AddReal("duration_s", "86400", 1, 366 * DAY, "s", "Simulated time.");

    table.AddSection("devices", "Devices")
        .AddInt("count", 1000, 1, 1000000, "", "Number of devices.");
    AddPlacementKeys(table, "6400");
    AddBatteryKeys(table);
    table.AddReal("sleep_power_w",
                  METER_SLEEP_POWER_W,
                  0,
                  10,
                  "W",
                  std::string("Power of a device's microcontroller, which sleeps all the time: ") +
                      METER_SLEEP_POWER_SOURCE);

    table.AddSection("traffic", "Traffic")
        .AddReal("period_s",
                 "600",
                 0.001,
                 366 * DAY,
                 "s",
                 "Time between two packets of a device; its first one is uniformly in 0..period.")
        .AddInt("payload_bytes",
                23,
                1,
                242,
                "bytes",
                "Application payload of each packet; 13 bytes of LoRaWAN are added.");

    AddLoraLinkSection(table);

    table.AllowCheck();
    table.AddFreeSection(
        "attributes",
        "Attributes of ns-3 objects, as their defaults (NAME is TypeId::Attribute)");
    return table;
}

} // namespace limitnet
