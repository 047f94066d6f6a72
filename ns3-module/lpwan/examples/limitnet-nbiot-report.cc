// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * A meter that reports over NB-IoT: 50 bytes each hour for a day, at a coupling loss of one's
 * choice. Prints each report's delay and its parts, and what the radio used in the end.
 *
 *     ./ns3 run limitnet-nbiot-report -- --loss=154
 */

#include "ns3/command-line.h"
#include "ns3/lpwan-nbiot-helper.h"
#include "ns3/lpwan-periodic-traffic.h"
#include "ns3/mobility-helper.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <iostream>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

void
PrintReport(const NbiotPacketReport& report)
{
    const auto stage = [&](NbiotStage s) { return report.stages[static_cast<std::size_t>(s)]; };
    std::cout << report.queued.As(Time::S) << ": " << report.bytes << " bytes "
              << ToString(report.fate) << " after " << (report.end - report.queued).As(Time::MS)
              << " (access "
              << (stage(NbiotStage::ACCESS_WAIT) + stage(NbiotStage::ACCESS)).As(Time::MS)
              << ", on the air " << report.airtime.As(Time::MS) << " in " << report.blocks
              << " blocks), " << 1e3 * report.txJoule << " mJ to send\n";
}

} // namespace

int
main(int argc, char* argv[])
{
    double lossDb = 144;
    CommandLine cmd(__FILE__);
    cmd.AddValue("loss", "Coupling loss, dB", lossDb);
    cmd.Parse(argc, argv);

    NodeContainer site(1);
    NodeContainer meter(1);
    MobilityHelper mobility;
    mobility.Install(site);
    mobility.Install(meter);

    const auto loss = CreateObject<MatrixPropagationLossModel>();
    loss->SetDefaultLoss(lossDb);
    NbiotHelper nbiot;
    nbiot.SetPropagationLossModel(loss);
    nbiot.InstallEnbs(site);
    const auto device = DynamicCast<NbiotUe>(nbiot.Install(meter).Get(0));
    nbiot.AssignStreams(1);
    device->TraceConnectWithoutContext("Packet", MakeCallback(&PrintReport));

    const auto traffic = CreateObject<PeriodicTraffic>();
    traffic->SetAttribute("PayloadBytes", UintegerValue(50));
    traffic->SetAttribute("Period", TimeValue(Hours(1)));
    traffic->AssignStreams(100);
    traffic->Add(device);

    Simulator::Stop(Days(1));
    Simulator::Run();
    std::cout << "In a day the radio sent for " << device->GetTimeIn(RadioState::TX).As(Time::S)
              << " and used " << device->GetTotalEnergyJoule() << " J, "
              << device->GetEnergyJoule(RadioState::TX) << " J of them to send\n";
    traffic->Dispose();
    Simulator::Destroy();
    return 0;
}
