// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Adaptive data rate (ADR): three devices at different distances start at SF12 with full power. The
 * network server sees how strong their frames are and commands a higher data rate, then less power.
 *
 *     ./ns3 run limitnet-lorawan-adr -- --margin=5
 *
 * To change: the distances, or the server's attribute AdrHistory (uplinks that it looks at).
 */

#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iostream>

using namespace ns3;
using namespace ns3::lpwan;

/** Prints how the devices send now. */
void
Print(NetDeviceContainer devices)
{
    std::cout << Simulator::Now().As(Time::H);
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = DynamicCast<LoraEndDevice>(devices.Get(i));
        std::cout << "\tSF" << +device->GetSpreadingFactor() << ", " << device->GetTxPowerDbm()
                  << " dBm";
    }
    std::cout << '\n';
}

int
main(int argc, char* argv[])
{
    double marginDb = 10;
    CommandLine cmd(__FILE__);
    cmd.AddValue("margin", "What the server leaves to spare, dB", marginDb);
    cmd.Parse(argc, argv);

    NodeContainer gateways(1);
    NodeContainer nodes(3);
    MobilityHelper mobility;
    const auto places = CreateObject<ListPositionAllocator>();
    for (const double distanceM : {0, 500, 1500, 3000})
    {
        places->Add(Vector(distanceM, 0, 0));
    }
    mobility.SetPositionAllocator(places);
    mobility.Install(gateways);
    mobility.Install(nodes);

    LoraHelper lora;
    lora.SetDeviceAttribute("Adr", BooleanValue(true));
    lora.SetDeviceAttribute("DataRate", UintegerValue(0)); // SF12
    lora.SetServerAttribute("AdrMargin", DoubleValue(marginDb));
    lora.InstallGateways(gateways);
    const NetDeviceContainer devices = lora.Install(nodes);
    lora.AssignStreams(1);

    const auto traffic = CreateObject<PeriodicTraffic>();
    traffic->SetAttribute("Period", TimeValue(Minutes(10)));
    traffic->SetAttribute("PayloadBytes", UintegerValue(12));
    traffic->AssignStreams(100000);
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        traffic->Add(DynamicCast<LpwanNetDevice>(devices.Get(i)));
    }
    std::cout << "time\t500 m\t\t1500 m\t\t3000 m\n";
    for (int hours = 0; hours <= 10; hours += 2)
    {
        Simulator::Schedule(Hours(hours), &Print, devices);
    }

    Simulator::Stop(Hours(11));
    Simulator::Run();
    traffic->Dispose();
    Simulator::Destroy();
    return 0;
}
