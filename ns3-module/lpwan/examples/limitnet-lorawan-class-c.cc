// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Data for devices: the same order at the same time to a device of class A and to one of class C.
 * Class C listens all the time and gets it at once; class A hears nothing before it has sent
 * something itself. What that costs is the receiver's energy.
 *
 *     ./ns3 run limitnet-lorawan-class-c -- --at=100
 *
 * To change: the last argument of SendDownlink(), true for data that the device acknowledges.
 */

#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iomanip>
#include <iostream>
#include <string>

using namespace ns3;
using namespace ns3::lpwan;

/** An order has come: the application on the device. */
bool
OnOrder(Ptr<NetDevice> device, Ptr<const Packet> packet, uint16_t port, const Address& /* from */)
{
    std::cout << Simulator::Now().As(Time::S) << "  class "
              << (DynamicCast<LoraEndDevice>(device)->GetClass() == LoraDeviceClass::A ? 'A' : 'C')
              << " gets " << packet->GetSize() << " bytes on port " << port << '\n';
    return true;
}

int
main(int argc, char* argv[])
{
    double orderedAtS = 100;
    CommandLine cmd(__FILE__);
    cmd.AddValue("at", "When the orders are given, s", orderedAtS);
    cmd.Parse(argc, argv);

    NodeContainer gateways(1);
    NodeContainer nodes(2);
    MobilityHelper mobility;
    mobility.Install(gateways);
    mobility.Install(nodes);

    LoraHelper lora;
    lora.InstallGateways(gateways);
    NetDeviceContainer devices;
    for (const std::string name : {"A", "C"})
    {
        lora.SetDeviceAttribute("Class", StringValue(name));
        devices.Add(lora.Install(NodeContainer(nodes.Get(devices.GetN()))));
    }
    lora.AssignStreams(1);
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = DynamicCast<LoraEndDevice>(devices.Get(i));
        device->SetReceiveCallback(MakeCallback(&OnOrder));
        // Both send once in 10 min; the server knows from the first frame by which gateway to
        // answer.
        for (int at = 10; at < 3600; at += 600)
        {
            Simulator::Schedule(Seconds(at + 5 * i), [device] {
                device->Send(Create<Packet>(12), device->GetBroadcast(), 1);
            });
        }
        Simulator::Schedule(Seconds(orderedAtS), [device, &lora] {
            lora.GetServer()->SendDownlink(device->GetDeviceAddress(), {'o', 'p', 'e', 'n'}, 2);
        });
    }

    std::cout << "orders are given at " << orderedAtS << " s\n";
    Simulator::Stop(Hours(1));
    Simulator::Run();
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        std::cout << (i == 0 ? "class A: " : "class C: ") << std::fixed << std::setprecision(1)
                  << DynamicCast<LoraEndDevice>(devices.Get(i))->GetTotalEnergyJoule()
                  << " J in an hour\n";
    }
    Simulator::Destroy();
    return 0;
}
