// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * The script of the chapter doc/lpwan.rst, word for word: thirty devices that report, orders for
 * one of them, traces and pcap files. A copy of it is a good beginning for a script of one's own,
 * in scratch/.
 *
 *     ./ns3 run limitnet-lorawan-script -- --devices=100 --pcap=/tmp/script
 */

#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iostream>
#include <string>

using namespace ns3;
using namespace ns3::lpwan;

// Trace sink of UplinkFate: says which uplinks no gateway received, and why.
void
OnFate(int* lost, const LoraUplink& uplink)
{
    if (uplink.fate != LoraFate::RECEIVED)
    {
        ++*lost;
        std::cout << Simulator::Now().As(Time::S) << "  a frame of 0x" << std::hex
                  << uplink.transmission.deviceAddress << std::dec
                  << " is lost: " << ToString(uplink.fate) << '\n';
    }
}

// Data from the network has come to the device.
bool
OnOrder(Ptr<NetDevice> device, Ptr<const Packet> packet, uint16_t port, const Address& /* from */)
{
    std::cout << Simulator::Now().As(Time::S) << "  " << device->GetAddress() << " gets "
              << packet->GetSize() << " bytes on port " << port << '\n';
    return true;
}

int
main(int argc, char* argv[])
{
    uint32_t count = 30;
    std::string pcap;
    CommandLine cmd(__FILE__);
    cmd.AddValue("devices", "Number of devices", count);
    cmd.AddValue("pcap", "Begin of the names of pcap files; empty: none", pcap);
    cmd.Parse(argc, argv);

    // Nodes and their places: a gateway in the middle of a disc with a radius of 3 km.
    NodeContainer gateways(1);
    NodeContainer nodes(count);
    MobilityHelper mobility;
    mobility.Install(gateways);
    mobility.SetPositionAllocator("ns3::UniformDiscPositionAllocator", "rho", StringValue("3000"));
    mobility.Install(nodes);

    // The network. Attributes are set before what has them is installed.
    LoraHelper lora;
    lora.SetDeviceAttribute("Adr", BooleanValue(true));
    lora.InstallGateways(gateways);
    const NetDeviceContainer devices = lora.Install(nodes);
    lora.AssignStreams(1);
    lora.AssignSpreadingFactors(devices);
    if (!pcap.empty())
    {
        lora.EnablePcap(pcap); // PCAP-gateway-0.pcap, and keys for Wireshark in PCAP-keys.uat
    }

    // Each device reports 20 bytes every 10 min.
    const auto traffic = CreateObject<PeriodicTraffic>();
    traffic->SetAttribute("Period", TimeValue(Minutes(10)));
    traffic->SetAttribute("PayloadBytes", UintegerValue(20));
    traffic->AssignStreams(100000);
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        traffic->Add(DynamicCast<LpwanNetDevice>(devices.Get(i)));
    }

    // A trace.
    int lost = 0;
    lora.GetChannel()->TraceConnectWithoutContext("UplinkFate", MakeBoundCallback(&OnFate, &lost));

    // After a quarter of an hour the application orders something of the first device, and the
    // network asks for its battery: both go down after the device's next uplink.
    const auto first = DynamicCast<LoraEndDevice>(devices.Get(0));
    first->SetReceiveCallback(MakeCallback(&OnOrder));
    const auto server = lora.GetServer();
    Simulator::Schedule(Minutes(15), [server, first] {
        server->SendDownlink(first->GetDeviceAddress(), {1, 2, 3}, 10);
        server->SendCommand(first->GetDeviceAddress(), DevStatusReq{});
    });

    Simulator::Stop(Hours(1));
    Simulator::Run();
    std::cout << traffic->GetPackets() << " packets, " << server->GetDeliveredFrames()
              << " delivered, " << lost << " lost\n";
    traffic->Dispose();
    Simulator::Destroy();
    return 0;
}
