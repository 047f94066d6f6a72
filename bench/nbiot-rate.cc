// SPDX-License-Identifier: GPL-2.0-only
// What one NB-IoT device reaches by coupling loss: a table for docs/validation.md, without a clock.
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-nbiot-helper.h"
#include "ns3/node-container.h"
#include "ns3/packet.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** What a device did. */
struct Outcome
{
    std::vector<NbiotPacketReport> reports;
    NbiotFormat format; //!< for a long transfer
    int level{0};
    double joule{0};
};

/** Runs a device alone. \param interval between packets; 0: all at once */
Outcome
Run(double lossDb, uint32_t packets, uint32_t bytes, uint32_t overhead, Time interval)
{
    Outcome outcome;
    const auto stand = [](const Ptr<Node>& node) {
        node->AggregateObject(CreateObject<ConstantPositionMobilityModel>());
        return node;
    };
    const auto loss = CreateObject<FixedRssLossModel>();
    loss->SetRss(-lossDb);
    NbiotHelper nbiot;
    nbiot.SetPropagationLossModel(loss);
    nbiot.SetDeviceAttribute("PacketOverhead", UintegerValue(overhead));
    nbiot.InstallEnbs(NodeContainer(stand(CreateObject<Node>())));
    const auto devices = nbiot.Install(NodeContainer(stand(CreateObject<Node>())));
    nbiot.AssignStreams(10);
    nbiot.GetEnbs().front()->TraceConnectWithoutContext(
        "Packet",
        Callback<void, const NbiotPacketReport&>(
            [&outcome](const NbiotPacketReport& report) { outcome.reports.push_back(report); }));
    const auto ue = DynamicCast<NbiotUe>(devices.Get(0));
    for (uint32_t i = 0; i < packets; ++i)
    {
        // 137 ms off each time, so that all places in the NPRACH period come up.
        const Time at = interval.IsZero() ? Time(0) : (interval + MilliSeconds(137)) * int64_t{i};
        Simulator::Schedule(at, [ue, bytes] {
            ue->Send(Create<Packet>(bytes), ue->GetBroadcast(), 1);
        });
    }
    Simulator::Stop(Seconds(100000));
    Simulator::Run();
    outcome.format = nbiot.GetEnbs().front()->GetFormat(0, 10000);
    outcome.level = ue->GetCeLevel();
    outcome.joule = ue->GetEnergyJoule(RadioState::TX) + ue->GetEnergyJoule(RadioState::RX) +
                    ue->GetEnergyJoule(RadioState::LIGHT_SLEEP) +
                    ue->GetEnergyJoule(RadioState::DRX);
    Simulator::Destroy();
    return outcome;
}

} // namespace

int
main()
{
    Time::SetResolution(Time::NS);
    std::cout
        << "| coupling loss dB | CE level | tones | bits | repetitions | sustained bit/s | report "
           "of 105 bytes: median s | 95 % s | J |\n|---|---|---|---|---|---|---|---|---|\n";
    for (const double lossDb : {120.0, 134.0, 140.0, 144.0, 148.0, 154.0, 158.0, 164.0})
    {
        constexpr uint32_t PACKETS = 40;
        constexpr uint32_t BYTES = 1500;
        const Outcome transfer = Run(lossDb, PACKETS, BYTES, 29, Time(0));
        const Time time = transfer.reports.back().end - transfer.reports.front().start;
        constexpr uint32_t REPORTS = 1000;
        const Outcome reports = Run(lossDb, REPORTS, 105, 0, Seconds(60));
        std::vector<double> latencies;
        for (const auto& report : reports.reports)
        {
            latencies.push_back((report.end - report.queued).GetSeconds());
        }
        std::sort(latencies.begin(), latencies.end());
        std::cout << "| " << std::fixed << std::setprecision(0) << lossDb << " | " << transfer.level
                  << " | " << ToString(transfer.format.tones) << " | " << transfer.format.Bits()
                  << " | " << transfer.format.Repetitions() << " | "
                  << 8.0 * BYTES * static_cast<double>(transfer.reports.size()) / time.GetSeconds()
                  << " | " << std::setprecision(2) << latencies[latencies.size() / 2] << " | "
                  << latencies[latencies.size() * 95 / 100] << " | " << reports.joule / REPORTS
                  << " |\n";
    }
    return 0;
}
