// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/nbiot-link-options.h"

namespace limitnet
{

void
AddNbiotLinkSection(OptionTable& table)
{
    table.AddSection("nbiot", "NB-IoT link")
        .AddInt("fragment_bytes",
                256,
                32,
                1600,
                "bytes",
                "Longest fragment of an image, and so how finely it builds up in the cloud.")
        .AddReal("tx_power_dbm",
                 "23",
                 -40,
                 23,
                 "dBm",
                 "Transmit power of the devices: 23 (power class 3), 20 or 14.")
        .AddChoice("modem",
                   "bg96",
                   {"bg96", "tr45.820", "sara-n2"},
                   "",
                   "Power by state of the devices' modem.")
        .AddChoice("category",
                   "nb1",
                   {"nb1", "nb2", "nb2-2harq"},
                   "",
                   "Release 13; Release 14 with blocks up to 2536 bits; the same with two HARQ "
                   "processes.")
        .AddBool("multi_tone", true, "Devices can send on 3, 6 and 12 subcarriers.")
        .AddChoice("rlc_mode",
                   "am",
                   {"am", "um"},
                   "",
                   "What HARQ does not get through is repeated (am) or lost (um).")
        .AddInt("packet_overhead_bytes",
                29,
                0,
                1000,
                "bytes",
                "Headers of the layers above RLC on each fragment: IPv4, UDP and PDCP have 29.")
        .AddBool("release_assistance",
                 true,
                 "Devices say when they have sent all and are released at once; otherwise after "
                 "inactivity_s.")
        .AddReal("inactivity_s",
                 "10",
                 0,
                 600,
                 "s",
                 "Time of inactivity after which a connection is released.")
        .AddReal("active_time_s",
                 "10",
                 0,
                 11160,
                 "s",
                 "T3324: from release to power saving mode, in idle mode with (e)DRX.")
        .AddReal("cdrx_cycle_s",
                 "2.048",
                 0.001,
                 10.24,
                 "s",
                 "Cycle of connected-mode DRX, in which a device waits until inactivity_s is over.")
        .AddReal("on_duration_s", "0.512", 0, 10.24, "s", "How long it listens in each of these.")
        .AddReal("paging_cycle_s",
                 "2.56",
                 0.32,
                 10.24,
                 "s",
                 "From one paging occasion to the next in idle mode.")
        .AddReal("edrx_cycle_s", "0", 0, 10485.76, "s", "Cycle of extended DRX; 0: none.")
        .AddReal("paging_window_s",
                 "10.24",
                 2.56,
                 40.96,
                 "s",
                 "With extended DRX, the part of its cycle that has paging occasions.")
        .AddBool("early_data", false, "What fits in Msg3 of the random access goes there.")
        .AddChoice("deployment",
                   "standalone",
                   {"standalone", "in-band", "guard-band"},
                   "",
                   "43 dBm downwards, or 35.")
        .AddReal("coupling_loss_db",
                 "0",
                 0,
                 200,
                 "dB",
                 "Coupling loss of all devices, whatever their place; 0: by the keys below.")
        .AddReal("path_loss_exponent", "3.76", 1, 8, "", "Exponent of the log-distance path loss.")
        .AddReal("path_loss_reference_db",
                 "120.9",
                 -50,
                 250,
                 "dB",
                 "Path loss at the reference distance (3GPP TR 45.820: 120.9 dB at 1 km, 900 MHz).")
        .AddReal("path_loss_reference_distance_m",
                 "1000",
                 0.001,
                 1e5,
                 "m",
                 "Reference distance; nearer than that the loss is that at it.")
        .AddReal("shadowing_sigma_db",
                 "8",
                 0,
                 30,
                 "dB",
                 "Standard deviation of the log-normal shadowing, drawn once for each device.")
        .AddReal("building_loss_db", "0", 0, 80, "dB", "Loss of the walls around each device.")
        .AddReal("antenna_gain_db", "0", -30, 60, "dB", "Gain of both antennas together.")
        .AddReal("fading_sigma_db",
                 "0",
                 0,
                 30,
                 "dB",
                 "Standard deviation of the received power from one transmission to the next.")
        .AddReal("fading_margin_db",
                 "0",
                 -10,
                 30,
                 "dB",
                 "What link adaptation keeps to spare for that.")
        .AddReal("target_bler",
                 "0.1",
                 0.000001,
                 0.9,
                 "",
                 "Share of transport blocks lost that link adaptation aims at.")
        .AddInt("base_stations",
                1,
                1,
                1000,
                "",
                "Number of cells; the first is in the centre, the others on a circle of half the "
                "radius.")
        .AddText("base_station_positions",
                 "",
                 "Places of the base stations, which also say how many there are: '0,0; 1500,-200' "
                 "or a CSV file with columns x_m and y_m.")
        .AddReal("base_station_height_m",
                 "15",
                 0.1,
                 10000,
                 "m",
                 "Height of the base stations' antennas over ground, which counts in the distance.")
        .AddReal("core_delay_s", "0.05", 0, 3600, "s", "Delay from base station to cloud.");
}

} // namespace limitnet
