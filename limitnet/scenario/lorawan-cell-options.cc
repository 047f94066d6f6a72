// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/lorawan-cell-options.h"

#include "limitnet/scenario/common-options.h"
#include "limitnet/scenario/lora-link-options.h"

namespace limitnet
{

using namespace keys;

OptionTable
LorawanCellOptions(const std::string& version)
{
    constexpr double DAY = 86400;
    OptionTable table("limitnet-lorawan-cell",
                      version,
                      "Devices send packets of one length over LoRaWAN at fixed intervals; what "
                      "becomes of them.");

    AddGeneralSection(table);
    table.Add({
        Text("out").Default("results").Help(
            "Folder for results; a run's files go to OUT/NAME/RUN."),
        Boolean("frames").Default(false).Help(
            "Write frames.csv: each uplink with what became of it, and who disturbed it."),
    });

    table.AddSection("scenario", "Scenario")
        .Add({
            Name("name")
                .Default("lorawan-cell")
                .Help("Name of the scenario, which its results folder gets."),
            Real("duration_s").Default(86400).Range(1, 366 * DAY).Unit("s").Help("Simulated time."),
        });

    table.AddSection("devices", "Devices")
        .Add({Integer("count").Default(1000).Range(1, 1000000).Help("Number of devices.")});
    AddPlacementKeys(table, 6400);
    AddBatteryKeys(table);
    table.Add(
        {Real("sleep_power_w")
             .Default(METER_SLEEP_POWER_W)
             .Range(0, 10)
             .Unit("W")
             .Help(std::string("Power of a device's microcontroller, which sleeps all the time: ") +
                   METER_SLEEP_POWER_SOURCE)});

    table.AddSection("traffic", "Traffic")
        .Add({
            Real("period_s")
                .Default(600)
                .Range(0.001, 366 * DAY)
                .Unit("s")
                .Help("Time between two packets of a device; its first one is uniformly in "
                      "0..period."),
            Integer("payload_bytes")
                .Default(23)
                .Range(1, 242)
                .Unit("bytes")
                .Help("Application payload of each packet; 13 bytes of LoRaWAN are added."),
        });

    AddLoraLinkSection(table);

    table.AllowCheck();
    table.AddFreeSection(
        "attributes",
        "Attributes of ns-3 objects, as their defaults (NAME is TypeId::Attribute)");
    return table;
}

} // namespace limitnet
