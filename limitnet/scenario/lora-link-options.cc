// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/lora-link-options.h"

namespace limitnet
{

using namespace keys;

void
AddLoraLinkSection(OptionTable& table)
{
    table.AddSection("lora", "LoRa link")
        .Add({
            Choice("sf", {"auto", "7", "8", "9", "10", "11", "12"})
                .Default("auto")
                .ForGroups()
                .Help(
                    "Spreading factor; auto takes the lowest that is received with sf_margin_db."),
            Real("sf_margin_db")
                .Default(3)
                .Range(-20, 60)
                .Unit("dB")
                .ForGroups()
                .Help("Margin over the sensitivity, by mean path loss, that sf = auto keeps."),
            Text("sf_sensitivity")
                .Help("Sensitivity that sf = auto goes by: a chip or six numbers, as "
                      "gateway_sensitivity; empty: the gateways'."),
            Choice("region", {"EU868", "US915"}).Default("EU868").Help("LoRaWAN region."),
            Integer("sub_band")
                .Default(2)
                .Range(0, 8)
                .Help("In US915: which eight channels of 125 kHz are used, with their wide one; 0: "
                      "all."),
            Choice("class", {"A", "C"})
                .Default("A")
                .ForGroups()
                .Help("How devices listen: after their uplinks, or whenever they do not send."),
            Choice("activation", {"abp", "otaa"})
                .Default("abp")
                .ForGroups()
                .Help("How devices get their session keys: beforehand, or by joining over the air "
                      "before their first packet."),
            Boolean("adr").Default(false).ForGroups().Help(
                "The network controls data rate and power of the devices; they begin as sf says."),
            Boolean("confirmed")
                .Default(false)
                .ForGroups()
                .Help("The network acknowledges every frame."),
            Real("tx_power_dbm")
                .Default(14)
                .Range(-20, 16)
                .Unit("dBm")
                .ForGroups()
                .Help("Transmit power of the devices (EIRP)."),
            Choice("propagation", {"log-distance", "okumura-hata", "oulu"})
                .Default("log-distance")
                .Help("Path loss over distance: log-distance with the path_loss_ keys; "
                      "Okumura-Hata for a large city at 868 MHz, made for 1 to 20 km, gateways at "
                      "30 to 200 m and devices at 1 to 10 m; or as measured in Oulu (Petajajarvi "
                      "2015), 128.95 dB at 1 km and exponent 2.32."),
            Real("path_loss_exponent")
                .Default(3.76)
                .Range(1, 8)
                .Help("Exponent of the log-distance path loss."),
            Real("path_loss_reference_db")
                .Default(7.7)
                .Range(-50, 250)
                .Unit("dB")
                .Help("Path loss at the reference distance."),
            Real("path_loss_reference_distance_m")
                .Default(1)
                .Range(0.001, 1e5)
                .Unit("m")
                .Help("Reference distance; nearer than that the loss is that at it."),
            Real("shadowing_sigma_db")
                .Default(4)
                .Range(0, 30)
                .Unit("dB")
                .Help("Standard deviation of the log-normal shadowing, drawn once for each pair."),
            Real("shadowing_correlation_m")
                .Default(0)
                .Range(0, 1e5)
                .Unit("m")
                .Help("Distance over which the shadowing's correlation falls to 1/e; 0: none."),
            Real("building_loss_db")
                .Default(0)
                .Range(0, 80)
                .Unit("dB")
                .ForGroups()
                .Help("Loss of the walls around each device."),
            Text("gateway_sensitivity")
                .Help("SX1301, SX1301-best, SX1303, or six numbers below 0 dBm for SF7 to SF12 at "
                      "125 kHz; empty: noise floor and SNR threshold."),
            Choice("error_model", {"threshold", "curve"})
                .Default("threshold")
                .Help("How noise decides over a frame: by the sensitivity, or by an error rate."),
            Choice("sir_matrix", {"goursaud", "croce", "orthogonal"})
                .Default("goursaud")
                .Help("What a frame needs over frames of other spreading factors."),
            Real("noise_figure_db")
                .Default(6)
                .Range(0, 30)
                .Unit("dB")
                .Help("Noise figure of the gateways."),
            Real("capture_db")
                .Default(6)
                .Range(0, 60)
                .Unit("dB")
                .Help("By how much a frame has to be above the interference of its spreading "
                      "factor."),
            Real("extra_loss")
                .Default(0)
                .Range(0, 1)
                .Help("Probability that a frame is lost at a gateway for no other reason."),
            Integer("gateways")
                .Default(1)
                .Range(1, 1000)
                .Help("Number of gateways; the first is in the centre, the others on a circle of "
                      "half the radius."),
            Text("gateway_positions")
                .NamesFile()
                .Help("Places of the gateways, which also say how many there are: '0,0; 1500,-200' "
                      "or a CSV file with columns x_m and y_m."),
            Real("gateway_height_m")
                .Default(15)
                .Range(0.1, 10000)
                .Unit("m")
                .Help("Height of the gateways' antennas over ground: it counts in the distance, "
                      "and in Okumura-Hata's path loss, which is for 30 to 200 m."),
            Integer("operators")
                .Default(1)
                .Range(1, 100)
                .Help("Operators that share the band: gateway i, from 0, belongs to operator i "
                      "modulo that, plus 1, and serves its devices alone."),
            Integer("operator")
                .Default(1)
                .Range(1, 100)
                .ForGroups()
                .Help("Operator of the devices."),
            Boolean("pcap").Default(false).Help(
                "Write lora-gateway-N.pcap for each gateway: what it receives and sends, with "
                "LoRaTap headers, for Wireshark."),
            Real("backhaul_delay_s")
                .Default(0.01)
                .Range(0, 3600)
                .Unit("s")
                .Help("Delay from gateway to network server."),
        });
}

} // namespace limitnet
