// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * The shortest LoRaWAN network: a thousand devices, one gateway, a packet of 20 bytes each 10 min.
 * A tenth of the devices walk about, so their path loss changes from frame to frame.
 *
 *     ./ns3 run limitnet-lorawan-first -- --devices=5000 --hours=6
 */

#include "ns3/command-line.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-periodic-traffic.h"
#include "ns3/mobility-helper.h"
#include "ns3/rectangle.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <iostream>

using namespace ns3;
using namespace ns3::lpwan;

int
main(int argc, char* argv[])
{
    uint32_t count = 1000;
    double hours = 1;
    CommandLine cmd(__FILE__);
    cmd.AddValue("devices", "Number of devices", count);
    cmd.AddValue("hours", "Simulated time", hours);
    cmd.Parse(argc, argv);

    // Nodes and places: a gateway in the middle of a disc of 3 km.
    NodeContainer gateways(1);
    NodeContainer standing(count - count / 10);
    NodeContainer walking(count / 10);
    MobilityHelper mobility;
    mobility.Install(gateways);
    mobility.SetPositionAllocator("ns3::UniformDiscPositionAllocator", "rho", StringValue("3000"));
    mobility.Install(standing);
    mobility.SetMobilityModel("ns3::RandomWalk2dMobilityModel",
                              "Bounds",
                              RectangleValue(Rectangle(-3000, 3000, -3000, 3000)));
    mobility.Install(walking);

    // The network.
    LoraHelper lora;
    lora.InstallGateways(gateways);
    const NetDeviceContainer devices = lora.Install(NodeContainer(standing, walking));
    lora.AssignStreams(1);
    lora.AssignSpreadingFactors(devices);

    // What the devices send.
    Ptr<PeriodicTraffic> traffic = CreateObject<PeriodicTraffic>();
    traffic->SetAttribute("PayloadBytes", UintegerValue(20));
    traffic->AssignStreams(100000);
    for (auto i = devices.Begin(); i != devices.End(); ++i)
    {
        traffic->Add(DynamicCast<LpwanNetDevice>(*i));
    }

    Simulator::Stop(Hours(hours));
    Simulator::Run();
    std::cout << traffic->GetPackets() << " packets sent, "
              << lora.GetServer()->GetDeliveredFrames() << " delivered\n";
    traffic->Dispose();
    Simulator::Destroy();
    return 0;
}
