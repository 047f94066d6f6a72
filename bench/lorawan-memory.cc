// SPDX-License-Identifier: GPL-2.0-only
// What an idle LoRaWAN device costs in memory beside ns-3's node and mobility model.
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/node-container.h"
#include "ns3/simulator.h"

#include <cstdlib>
#include <iostream>
#include <malloc.h>

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

} // namespace

int
main(int argc, char* argv[])
{
    Time::SetResolution(Time::NS);
    const auto count = static_cast<uint32_t>(argc > 1 ? std::atoi(argv[1]) : 100000);
    const std::size_t empty = BytesInUse();
    const NodeContainer nodes = Nodes(count);
    const std::size_t withNodes = BytesInUse();
    {
        LoraHelper lora;
        lora.InstallGateways(Nodes(1));
        const NetDeviceContainer devices = lora.Install(nodes);
        lora.AssignStreams(1);
        lora.AssignSpreadingFactors(devices);
        Simulator::Stop(Seconds(1)); // after ns-3 has initialised all devices
        Simulator::Run();
        std::cout << count << " devices: " << (withNodes - empty) / count
                  << " bytes for each node with its mobility model, "
                  << (BytesInUse() - withNodes) / count
                  << " for each device: its object, its path to one gateway, its session at the "
                     "network server\n";
    }
    Simulator::Destroy();
    return 0;
}
