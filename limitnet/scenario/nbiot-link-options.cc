// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/nbiot-link-options.h"

namespace limitnet
{

using namespace keys;

void
AddNbiotLinkSection(OptionTable& table)
{
    table.AddSection("nbiot", "NB-IoT link")
        .Add({
            Integer("fragment_bytes")
                .Default(256)
                .Range(32, 1600)
                .Unit("bytes")
                .ForGroups()
                .Help("Longest fragment of an image, and so how finely it builds up in the cloud."),
            Real("tx_power_dbm")
                .Default(23)
                .Range(-40, 23)
                .Unit("dBm")
                .ForGroups()
                .Help("Transmit power of the devices: 23 (power class 3), 20 or 14."),
            Choice("modem", {"bg96", "tr45.820", "sara-n2"})
                .Default("bg96")
                .ForGroups()
                .Help("Power by state of the devices' modem."),
            Choice("category", {"nb1", "nb2", "nb2-2harq"})
                .Default("nb1")
                .ForGroups()
                .Help("Release 13; Release 14 with blocks up to 2536 bits; the same with two HARQ "
                      "processes."),
            Boolean("multi_tone")
                .Default(true)
                .ForGroups()
                .Help("Devices can send on 3, 6 and 12 subcarriers."),
            Choice("rlc_mode", {"am", "um"})
                .Default("am")
                .ForGroups()
                .Help("What HARQ does not get through is repeated (am) or lost (um)."),
            Integer("packet_overhead_bytes")
                .Default(29)
                .Range(0, 1000)
                .Unit("bytes")
                .Help("Headers of the layers above RLC on each fragment: IPv4, UDP and PDCP have "
                      "29."),
            Boolean("release_assistance")
                .Default(true)
                .ForGroups()
                .Help("Devices say when they have sent all and are released at once; otherwise "
                      "after inactivity_s."),
            Real("inactivity_s")
                .Default(10)
                .Range(0, 600)
                .Unit("s")
                .Help("Time of inactivity after which a connection is released."),
            Real("active_time_s")
                .Default(10)
                .Range(0, 11160)
                .Unit("s")
                .ForGroups()
                .Help("T3324: from release to power saving mode, in idle mode with (e)DRX."),
            Real("cdrx_cycle_s")
                .Default(2.048)
                .Range(0.001, 10.24)
                .Unit("s")
                .Help("Cycle of connected-mode DRX, in which a device waits until inactivity_s is "
                      "over."),
            Real("on_duration_s")
                .Default(0.512)
                .Range(0, 10.24)
                .Unit("s")
                .Help("How long it listens in each of these."),
            Real("paging_cycle_s")
                .Default(2.56)
                .Range(0.32, 10.24)
                .Unit("s")
                .Help("From one paging occasion to the next in idle mode."),
            Real("edrx_cycle_s")
                .Default(0)
                .Range(0, 10485.76)
                .Unit("s")
                .ForGroups()
                .Help("Cycle of extended DRX; 0: none."),
            Real("paging_window_s")
                .Default(10.24)
                .Range(2.56, 40.96)
                .Unit("s")
                .Help("With extended DRX, the part of its cycle that has paging occasions."),
            Boolean("early_data")
                .Default(false)
                .Help("What fits in Msg3 of the random access goes there."),
            Choice("deployment", {"standalone", "in-band", "guard-band"})
                .Default("standalone")
                .Help("43 dBm downwards, or 35."),
            Real("coupling_loss_db")
                .Default(0)
                .Range(0, 200)
                .Unit("dB")
                .Help("Coupling loss of all devices, whatever their place; 0: by the keys below."),
            Real("path_loss_exponent")
                .Default(3.76)
                .Range(1, 8)
                .Help("Exponent of the log-distance path loss."),
            Real("path_loss_reference_db")
                .Default(120.9)
                .Range(-50, 250)
                .Unit("dB")
                .Help("Path loss at the reference distance (3GPP TR 45.820: 120.9 dB at 1 km, 900 "
                      "MHz)."),
            Real("path_loss_reference_distance_m")
                .Default(1000)
                .Range(0.001, 1e5)
                .Unit("m")
                .Help("Reference distance; nearer than that the loss is that at it."),
            Real("shadowing_sigma_db")
                .Default(8)
                .Range(0, 30)
                .Unit("dB")
                .Help(
                    "Standard deviation of the log-normal shadowing, drawn once for each device."),
            Real("building_loss_db")
                .Default(0)
                .Range(0, 80)
                .Unit("dB")
                .Help("Loss of the walls around each device."),
            Real("antenna_gain_db")
                .Default(0)
                .Range(-30, 60)
                .Unit("dB")
                .Help("Gain of both antennas together."),
            Real("fading_sigma_db")
                .Default(0)
                .Range(0, 30)
                .Unit("dB")
                .Help(
                    "Standard deviation of the received power from one transmission to the next."),
            Real("fading_margin_db")
                .Default(0)
                .Range(-10, 30)
                .Unit("dB")
                .Help("What link adaptation keeps to spare for that."),
            Real("target_bler")
                .Default(0.1)
                .Range(0.000001, 0.9)
                .Help("Share of transport blocks lost that link adaptation aims at."),
            Integer("base_stations")
                .Default(1)
                .Range(1, 1000)
                .Help("Number of cells; the first is in the centre, the others on a circle of half "
                      "the radius."),
            Text("base_station_positions")
                .NamesFile()
                .Help("Places of the base stations, which also say how many there are: '0,0; "
                      "1500,-200' or a CSV file with columns x_m and y_m."),
            Real("base_station_height_m")
                .Default(15)
                .Range(0.1, 10000)
                .Unit("m")
                .Help("Height of the base stations' antennas over ground, which counts in the "
                      "distance."),
            Real("core_delay_s")
                .Default(0.05)
                .Range(0, 3600)
                .Unit("s")
                .Help("Delay from base station to cloud."),
        });
}

} // namespace limitnet
