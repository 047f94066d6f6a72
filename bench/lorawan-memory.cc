// SPDX-License-Identifier: GPL-2.0-only
// What an idle LoRaWAN device costs in memory beside ns-3's node and mobility model.
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/node-container.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"

#include <cstdlib>
#include <iostream>
#include <malloc.h>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

std::size_t
BytesInUse()
{
    return mallinfo2().uordblks;
}

NodeContainer
Nodes(uint32_t count)
{
    NodeContainer nodes(count);
    for (auto i = nodes.Begin(); i != nodes.End(); ++i)
    {
        (*i)->AggregateObject(CreateObject<ConstantPositionMobilityModel>());
    }
    return nodes;
}

/**
 * \return what Node::AddDevice() allocates for a device of any kind, in bytes: its place in the
 * node's list, and the callback by which the node receives
 */
std::size_t
BytesForANodesDevice(uint32_t count)
{
    const NodeContainer nodes(count);
    std::vector<Ptr<LoraEndDevice>> devices(count);
    for (auto& device : devices)
    {
        device = CreateObject<LoraEndDevice>();
    }
    const std::size_t before = BytesInUse();
    for (uint32_t i = 0; i < count; ++i)
    {
        nodes.Get(i)->AddDevice(devices[i]);
    }
    Simulator::Stop(Seconds(1)); // after ns-3 has initialised all devices
    Simulator::Run();
    const std::size_t bytes = (BytesInUse() - before) / count;
    Simulator::Destroy();
    return bytes;
}

} // namespace

int
main(int argc, char* argv[])
{
    Time::SetResolution(Time::NS);
    const auto count = static_cast<uint32_t>(argc > 1 ? std::atoi(argv[1]) : 100000);
    const std::size_t ofNode = BytesForANodesDevice(count);
    const std::size_t empty = BytesInUse();
    const NodeContainer nodes = Nodes(count);
    const std::size_t withNodes = BytesInUse();
    {
        LoraHelper lora;
        lora.InstallGateways(Nodes(1));
        const NetDeviceContainer devices = lora.Install(nodes);
        lora.AssignStreams(1);
        lora.AssignSpreadingFactors(devices);
        Simulator::Stop(Seconds(1));
        Simulator::Run();
        const std::size_t silent = (BytesInUse() - withNodes) / count;
        for (uint32_t i = 0; i < count; ++i)
        {
            Ptr<NetDevice> device = devices.Get(i);
            Simulator::Schedule(MilliSeconds(10 * i), [device] {
                device->Send(Create<Packet>(10), device->GetBroadcast(), 1);
            });
        }
        Simulator::Stop(MilliSeconds(10 * count) + Seconds(60));
        Simulator::Run();
        const std::size_t sent = (BytesInUse() - withNodes) / count;
        std::cout
            << count << " devices: " << (withNodes - empty) / count
            << " bytes for each node with its mobility model, " << ofNode
            << " for what the node keeps of any device, and for each LoRaWAN device, its path "
               "to one gateway and its session at the network server "
            << silent - ofNode << " at first, " << sent - ofNode << " after it has sent a frame\n";
    }
    Simulator::Destroy();
    return 0;
}
