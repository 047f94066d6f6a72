// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Two gateways, 4 km apart, and 20 devices around them: each frame is delivered once, however many
 * gateways receive it. Each gateway writes what it hears and sends to a pcap file, which Wireshark
 * dissects as LoRaWAN; with the session keys that are written beside it (NAME-keys.uat, Wireshark's
 * table encryption_keys_lorawan) it decrypts the payloads.
 *
 *     ./ns3 run limitnet-lorawan-two-gateways -- --pcap=/tmp/two-gateways
 *     tshark -r /tmp/two-gateways-gateway-0.pcap
 *
 * To change: the places of the gateways, or their number.
 */

#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iostream>
#include <map>
#include <string>

using namespace ns3;
using namespace ns3::lpwan;

/** Trace sink of Delivered: counts frames by the number of gateways that received them. */
void
CountDelivered(std::map<uint32_t, int>* frames, const UplinkDelivery& delivery)
{
    ++(*frames)[delivery.gatewayCount];
}

int
main(int argc, char* argv[])
{
    std::string pcap;
    CommandLine cmd(__FILE__);
    cmd.AddValue("pcap", "Begin of the names of pcap files; empty: none", pcap);
    cmd.Parse(argc, argv);

    NodeContainer gatewayNodes(2);
    NodeContainer nodes(20);
    MobilityHelper mobility;
    const auto places = CreateObject<ListPositionAllocator>();
    places->Add(Vector(-2000, 0, 15));
    places->Add(Vector(2000, 0, 15));
    mobility.SetPositionAllocator(places);
    mobility.Install(gatewayNodes);
    mobility.SetPositionAllocator("ns3::UniformDiscPositionAllocator", "rho", StringValue("5000"));
    mobility.Install(nodes);

    LoraHelper lora;
    const auto gateways = lora.InstallGateways(gatewayNodes);
    const NetDeviceContainer devices = lora.Install(nodes);
    lora.AssignStreams(1);
    lora.AssignSpreadingFactors(devices);
    if (!pcap.empty())
    {
        lora.EnablePcap(pcap);
    }
    std::map<uint32_t, int> delivered; // by number of gateways
    lora.GetServer()->TraceConnectWithoutContext("Delivered",
                                                 MakeBoundCallback(&CountDelivered, &delivered));
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = devices.Get(i);
        Simulator::Schedule(Seconds(5 * i), [device] {
            device->Send(Create<Packet>(12), device->GetBroadcast(), 1);
        });
    }

    Simulator::Run();
    for (std::size_t i = 0; i < gateways.size(); ++i)
    {
        std::cout << "gateway " << i << " received " << gateways[i]->GetCount(LoraFate::RECEIVED)
                  << " frames of " << devices.GetN() << '\n';
    }
    for (const auto& [count, frames] : delivered)
    {
        std::cout << frames << " frames came by " << count << " gateway(s)\n";
    }
    Simulator::Destroy();
    return 0;
}
