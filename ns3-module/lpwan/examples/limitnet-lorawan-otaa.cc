// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Joining over the air (OTAA): a device has a root key only, asks the network for an address and
 * session keys, and sends its packet when it has them. A request may be lost, here by chance in a
 * third of all cases; the device asks again, within the duty cycle for join requests.
 *
 *     ./ns3 run limitnet-lorawan-otaa -- --loss=0.6
 *
 * To change: SetOtaa(false), and devices know their keys from the start (ABP).
 */

#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iostream>
#include <string>

using namespace ns3;
using namespace ns3::lpwan;

/** Trace sink of Joined; the context says which device it was. */
void
OnJoined(std::string context, uint32_t devAddr, uint32_t requests)
{
    std::cout << Simulator::Now().As(Time::S) << "  " << context << " has joined as 0x" << std::hex
              << devAddr << std::dec << " after " << requests << " request(s)\n";
}

/** The network server hands a packet to the application. */
void
OnDelivery(const UplinkDelivery& delivery)
{
    std::cout << delivery.time.As(Time::S) << "  0x" << std::hex << delivery.deviceAddress
              << std::dec << " has sent " << delivery.payload->GetSize() << " bytes\n";
}

int
main(int argc, char* argv[])
{
    double loss = 0.33;
    CommandLine cmd(__FILE__);
    cmd.AddValue("loss", "Part of all uplinks that is lost by chance", loss);
    cmd.Parse(argc, argv);

    NodeContainer gateways(1);
    NodeContainer nodes(5);
    MobilityHelper mobility; // all at one place is near enough
    mobility.Install(gateways);
    mobility.Install(nodes);

    LoraHelper lora;
    lora.SetOtaa(true);
    lora.SetGatewayAttribute("RandomLoss", DoubleValue(loss));
    lora.InstallGateways(gateways);
    const NetDeviceContainer devices = lora.Install(nodes);
    lora.AssignStreams(1);
    lora.GetServer()->SetDeliverCallback(MakeCallback(&OnDelivery));
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = devices.Get(i);
        device->TraceConnect("Joined", "device " + std::to_string(i), MakeCallback(&OnJoined));
        // The first packet starts the join and waits for its end.
        Simulator::Schedule(Seconds(10 * i), [device] {
            device->Send(Create<Packet>(12), device->GetBroadcast(), 1);
        });
    }

    Simulator::Stop(Hours(1));
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
