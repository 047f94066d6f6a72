// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Class A, the plain LoRaWAN device: it sends when it wants to and listens only after a frame of
 * its own. Thirty devices send a packet each 10 min for an hour. Shows how to build a network, take
 * what arrives, and ask a device for the time and energy of its radio.
 *
 *     ./ns3 run limitnet-lorawan-class-a -- --devices=300 --radius=5000
 *
 * To change: the payload, the period, or the region, by lora.SetRegion("US915").
 */

#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iomanip>
#include <iostream>

using namespace ns3;
using namespace ns3::lpwan;

int
main(int argc, char* argv[])
{
    uint32_t count = 30;
    double radiusM = 3000;
    CommandLine cmd(__FILE__);
    cmd.AddValue("devices", "Number of devices", count);
    cmd.AddValue("radius", "Radius of the disc with the devices, m", radiusM);
    cmd.Parse(argc, argv);

    NodeContainer gateways(1); // in the middle
    NodeContainer nodes(count);
    MobilityHelper mobility;
    mobility.Install(gateways);
    mobility.SetPositionAllocator("ns3::UniformDiscPositionAllocator", "rho", DoubleValue(radiusM));
    mobility.Install(nodes);

    LoraHelper lora;
    lora.InstallGateways(gateways);
    const NetDeviceContainer devices = lora.Install(nodes);
    lora.AssignStreams(1);
    const SpreadingFactorPlan plan = lora.AssignSpreadingFactors(devices);

    const auto traffic = CreateObject<PeriodicTraffic>();
    traffic->SetAttribute("Period", TimeValue(Minutes(10)));
    traffic->SetAttribute("PayloadBytes", UintegerValue(20));
    traffic->AssignStreams(100000);
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        traffic->Add(DynamicCast<LpwanNetDevice>(devices.Get(i)));
    }

    Simulator::Stop(Hours(1));
    Simulator::Run();

    for (std::size_t i = 0; i < plan.count.size(); ++i)
    {
        std::cout << "SF" << 7 + i << ": " << plan.count[i] << " devices\n";
    }
    std::cout << traffic->GetPackets() << " packets sent, "
              << lora.GetServer()->GetDeliveredFrames() << " delivered\n";
    const auto first = DynamicCast<LoraEndDevice>(devices.Get(0));
    std::cout << "the first device at SF" << +first->GetSpreadingFactor() << ": " << std::fixed
              << std::setprecision(3) << first->GetTimeIn(RadioState::TX).GetSeconds()
              << " s sending, " << first->GetTimeIn(RadioState::RX).GetSeconds() << " s listening, "
              << first->GetTotalEnergyJoule() * 1000 << " mJ\n";
    traffic->Dispose();
    Simulator::Destroy();
    return 0;
}
