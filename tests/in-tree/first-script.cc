// SPDX-License-Identifier: GPL-2.0-only

// What somebody writes who has the module lpwan and ns-3, and nothing else of this project:
// devices, a gateway, and a trace sink. tests/in-tree.sh builds it in scratch/ of an ns-3 tree,
// tests/installed.sh against the installed module.

#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iostream>

using namespace ns3;

int
main()
{
    NodeContainer gateway(1);
    NodeContainer nodes(30);
    MobilityHelper mobility;
    mobility.SetPositionAllocator("ns3::UniformDiscPositionAllocator", "rho", StringValue("2000"));
    mobility.Install(gateway);
    mobility.Install(nodes);
    lpwan::LoraHelper lora;
    lora.InstallGateways(gateway);
    const NetDeviceContainer devices = lora.Install(nodes);
    lora.AssignStreams(1);
    lora.AssignSpreadingFactors(devices);
    uint32_t received = 0;
    lora.GetChannel()->TraceConnectWithoutContext(
        "UplinkFate",
        Callback<void, const lpwan::LoraUplink&>([&received](const lpwan::LoraUplink& uplink) {
            received += uplink.fate == lpwan::LoraFate::RECEIVED ? 1 : 0;
        }));
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = devices.Get(i);
        Simulator::Schedule(Seconds(1 + 3 * i), [device] {
            device->Send(Create<Packet>(12), device->GetBroadcast(), 1);
        });
    }
    Simulator::Stop(Minutes(5));
    Simulator::Run();
    std::cout << received << " of " << devices.GetN() << " frames received\n";
    Simulator::Destroy();
    return received == devices.GetN() ? 0 : 1;
}
