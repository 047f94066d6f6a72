// SPDX-License-Identifier: GPL-2.0-only
// How fast the NB-IoT model is: a cell of devices that report every so often, transport blocks per
// second of processor time, and the time of the whole run.
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/lpwan-nbiot-helper.h"
#include "ns3/node-container.h"
#include "ns3/packet.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simulator.h"
#include "ns3/string.h"

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <sys/resource.h>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** A device's reports. */
void
Report(Ptr<NetDevice> device, uint32_t bytes, Time period)
{
    device->Send(Create<Packet>(bytes), device->GetBroadcast(), 1);
    Simulator::Schedule(period, &Report, device, bytes, period);
}

} // namespace

int
main(int argc, char* argv[])
{
    if (argc != 6)
    {
        std::cerr << "usage: limitnet-nbiot-cell DEVICES SENDERS BYTES PERIOD_S DURATION_S\n"
                     "SENDERS of the DEVICES send BYTES each PERIOD_S, on a disc of 3 km\n";
        return 1;
    }
    Time::SetResolution(Time::NS);
    const auto count = static_cast<uint32_t>(std::atoi(argv[1]));
    const auto senders = static_cast<uint32_t>(std::atoi(argv[2]));
    const auto bytes = static_cast<uint32_t>(std::atoi(argv[3]));
    const double periodS = std::atof(argv[4]);
    const double durationS = std::atof(argv[5]);

    const auto place = CreateObject<UniformRandomVariable>();
    place->SetStream(1);
    const auto stand = [](const Ptr<Node>& node, double x, double y) {
        const auto mobility = CreateObject<ConstantPositionMobilityModel>();
        mobility->SetPosition(Vector(x, y, 0));
        node->AggregateObject(mobility);
    };
    const NodeContainer site(1);
    stand(site.Get(0), 0, 0);
    const NodeContainer nodes(count);
    for (uint32_t i = 0; i < count; ++i)
    {
        constexpr double RADIUS_M = 3000;
        const double distance = RADIUS_M * std::sqrt(place->GetValue());
        const double angle = place->GetValue(0, 2 * M_PI);
        stand(nodes.Get(i), distance * std::cos(angle), distance * std::sin(angle));
    }
    NbiotHelper nbiot;
    nbiot.SetEnbAttribute("ShadowingSigma", DoubleValue(8));
    // Room for 20 accesses a second.
    nbiot.SetEnbAttribute("PreamblePeriod", StringValue("80,320,1280"));
    nbiot.SetEnbAttribute("PreambleSubcarriers", StringValue("24,12,12"));
    nbiot.InstallEnbs(site);
    const NetDeviceContainer devices = nbiot.Install(nodes);
    nbiot.AssignStreams(10);
    uint64_t delivered = 0;
    for (uint32_t i = 0; i < senders; ++i)
    {
        Simulator::Schedule(Seconds(place->GetValue(0, periodS)),
                            &Report,
                            devices.Get(i),
                            bytes,
                            Seconds(periodS));
    }
    const auto& enb = nbiot.GetEnbs().front();
    enb->TraceConnectWithoutContext(
        "Packet",
        Callback<void, const NbiotPacketReport&>(
            [&delivered](const NbiotPacketReport& /* report */) { ++delivered; }));
    const std::clock_t start = std::clock();
    Simulator::Stop(Seconds(durationS));
    Simulator::Run();
    const double cpuS = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    const NbiotCellCounts counts = enb->GetCounts();
    Simulator::Destroy();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    constexpr int64_t KIB_IN_MIB = 1024;
    std::cout << count << " devices, " << senders << " of them send " << bytes << " bytes each "
              << periodS << " s, " << durationS << " s: " << delivered << " packets, "
              << counts.accesses << " accesses, " << counts.blocks << " blocks; " << cpuS
              << " s of processor time, " << std::llround(static_cast<double>(counts.blocks) / cpuS)
              << " blocks per second of it; peak memory " << usage.ru_maxrss / KIB_IN_MIB
              << " MiB\n";
    return 0;
}
