// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Batteries: devices near and far with the same battery draw from an energy source of ns-3. One day
 * is simulated, from which the lifetime follows; a third device has next to nothing left and falls
 * silent on the way.
 *
 *     ./ns3 run limitnet-lorawan-battery -- --period=600
 *
 * To change: the battery, BasePower (what draws all the time beside radio and microcontroller), or
 * SetMcuPower() (the microcontroller, which may change at any time).
 */

#include "ns3/basic-energy-source.h"
#include "ns3/core-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <array>
#include <iomanip>
#include <iostream>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

/** Trace sink of Depleted. */
void
OnDepleted(Ptr<LpwanNetDevice> device)
{
    std::cout << "0x" << std::hex << device->GetDeviceAddress() << std::dec << " is empty after "
              << Simulator::Now().As(Time::H) << '\n';
}

int
main(int argc, char* argv[])
{
    double periodS = 3600;
    CommandLine cmd(__FILE__);
    cmd.AddValue("period", "Time between two packets of a device, s", periodS);
    cmd.Parse(argc, argv);

    NodeContainer gateways(1);
    NodeContainer nodes(3);
    MobilityHelper mobility;
    mobility.Install(gateways);
    mobility.Install(nodes);
    LoraHelper lora;
    lora.InstallGateways(gateways);
    const NetDeviceContainer devices = lora.Install(nodes);
    lora.AssignStreams(1);

    const std::array<uint8_t, 3> spreadingFactors{7, 12, 12};
    const std::array<double, 3> joule{13000, 13000, 3}; // two AA cells; next to nothing
    const auto traffic = CreateObject<PeriodicTraffic>();
    traffic->SetAttribute("Period", TimeValue(Seconds(periodS)));
    traffic->SetAttribute("PayloadBytes", UintegerValue(20));
    traffic->AssignStreams(100000);
    std::vector<Ptr<LpwanEnergyModel>> models;
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = DynamicCast<LoraEndDevice>(devices.Get(i));
        device->SetSpreadingFactor(spreadingFactors[i]);
        const auto source = CreateObject<BasicEnergySource>();
        source->SetNode(nodes.Get(i));
        source->SetInitialEnergy(joule[i]);
        nodes.Get(i)->AggregateObject(source);
        models.push_back(InstallEnergyModel(device, source));
        models.back()->SetAttribute("BasePower", DoubleValue(20e-6));
        models.back()->TraceConnectWithoutContext("Depleted", MakeCallback(&OnDepleted));
        traffic->Add(device);
    }

    Simulator::Stop(Days(1));
    Simulator::Run();
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        std::cout << std::fixed << std::setprecision(1) << "SF" << +spreadingFactors[i] << " with "
                  << joule[i] << " J: " << models[i]->GetTotalEnergyConsumption()
                  << " J on the first day, lasts for "
                  << models[i]->EstimateLifetimeSeconds() / 86400 << " days\n";
    }
    traffic->Dispose();
    Simulator::Destroy();
    return 0;
}
