// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/lora-link-options.h"

namespace limitnet
{

void
AddLoraLinkSection(OptionTable& table)
{
    table.AddSection("lora", "LoRa link")
        .AddChoice("sf",
                   "auto",
                   {"auto", "7", "8", "9", "10", "11", "12"},
                   "",
                   "Spreading factor; auto takes the lowest that is received with sf_margin_db.")
        .AddReal("sf_margin_db",
                 "3",
                 -20,
                 60,
                 "dB",
                 "Margin over the sensitivity, by mean path loss, that sf = auto keeps.")
        .AddText("sf_sensitivity",
                 "",
                 "Sensitivity that sf = auto goes by: a chip or six numbers, as "
                 "gateway_sensitivity; empty: the gateways'.")
        .AddChoice("region", "EU868", {"EU868", "US915"}, "", "LoRaWAN region.")
        .AddInt("sub_band",
                2,
                0,
                8,
                "",
                "In US915: which eight channels of 125 kHz are used, with their wide one; 0: all.")
        .AddChoice("class",
                   "A",
                   {"A", "C"},
                   "",
                   "How devices listen: after their uplinks, or whenever they do not send.")
        .AddChoice(
            "activation",
            "abp",
            {"abp", "otaa"},
            "",
            "How devices get their session keys: beforehand, or by joining over the air before "
            "their first packet.")
        .AddBool("adr",
                 false,
                 "The network controls data rate and power of the devices; they begin as sf says.")
        .AddBool("confirmed", false, "The network acknowledges every frame.")
        .AddReal("tx_power_dbm", "14", -20, 16, "dBm", "Transmit power of the devices (EIRP).")
        .AddChoice("propagation",
                   "log-distance",
                   {"log-distance", "okumura-hata", "oulu"},
                   "",
                   "Path loss over distance: log-distance with the path_loss_ keys; Okumura-Hata "
                   "for a large city at 868 MHz, made for 1 to 20 km, gateways at 30 to 200 m and "
                   "devices at 1 to 10 m; or as measured in Oulu (Petajajarvi 2015), 128.95 "
                   "dB at 1 km and exponent 2.32.")
        .AddReal("path_loss_exponent", "3.76", 1, 8, "", "Exponent of the log-distance path loss.")
        .AddReal("path_loss_reference_db",
                 "7.7",
                 -50,
                 250,
                 "dB",
                 "Path loss at the reference distance.")
        .AddReal("path_loss_reference_distance_m",
                 "1",
                 0.001,
                 1e5,
                 "m",
                 "Reference distance; nearer than that the loss is that at it.")
        .AddReal("shadowing_sigma_db",
                 "4",
                 0,
                 30,
                 "dB",
                 "Standard deviation of the log-normal shadowing, drawn once for each pair.")
        .AddReal("shadowing_correlation_m",
                 "0",
                 0,
                 1e5,
                 "m",
                 "Distance over which the shadowing's correlation falls to 1/e; 0: none.")
        .AddReal("building_loss_db", "0", 0, 80, "dB", "Loss of the walls around each device.")
        .AddText(
            "gateway_sensitivity",
            "",
            "SX1301, SX1301-best, SX1303, or six numbers below 0 dBm for SF7 to SF12 at 125 kHz; "
            "empty: noise floor and SNR threshold.")
        .AddChoice("error_model",
                   "threshold",
                   {"threshold", "curve"},
                   "",
                   "How noise decides over a frame: by the sensitivity, or by an error rate.")
        .AddChoice("sir_matrix",
                   "goursaud",
                   {"goursaud", "croce", "orthogonal"},
                   "",
                   "What a frame needs over frames of other spreading factors.")
        .AddReal("noise_figure_db", "6", 0, 30, "dB", "Noise figure of the gateways.")
        .AddReal("capture_db",
                 "6",
                 0,
                 60,
                 "dB",
                 "By how much a frame has to be above the interference of its spreading factor.")
        .AddReal("extra_loss",
                 "0",
                 0,
                 1,
                 "",
                 "Probability that a frame is lost at a gateway for no other reason.")
        .AddInt("gateways",
                1,
                1,
                1000,
                "",
                "Number of gateways; the first is in the centre, the others on a circle of half "
                "the radius.")
        .AddText("gateway_positions",
                 "",
                 "Places of the gateways, which also say how many there are: '0,0; 1500,-200' or a "
                 "CSV file with columns x_m and y_m.")
        .AddReal("gateway_height_m",
                 "15",
                 0.1,
                 10000,
                 "m",
                 "Height of the gateways' antennas over ground: it counts in the distance, and in "
                 "Okumura-Hata's path loss, which is for 30 to 200 m.")
        .AddInt("operators",
                1,
                1,
                100,
                "",
                "Operators that share the band: gateway i, from 0, belongs to operator i modulo "
                "that, plus 1, and serves its devices alone.")
        .AddInt("operator", 1, 1, 100, "", "Operator of the devices.")
        .AddBool(
            "pcap",
            false,
            "Write lora-gateway-N.pcap for each gateway: what it receives and sends, with LoRaTap "
            "headers, for Wireshark.")
        .AddReal("backhaul_delay_s", "0.01", 0, 3600, "s", "Delay from gateway to network server.");
}

} // namespace limitnet
