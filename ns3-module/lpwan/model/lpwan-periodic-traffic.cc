// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-periodic-traffic.h"

#include "ns3/simulator.h"
#include "ns3/uinteger.h"

namespace ns3
{
namespace lpwan
{

NS_OBJECT_ENSURE_REGISTERED(PeriodicTraffic);

TypeId
PeriodicTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::lpwan::PeriodicTraffic")
                            .SetParent<Object>()
                            .SetGroupName("Limitnet")
                            .AddConstructor<PeriodicTraffic>()
                            .AddAttribute("Period",
                                          "Time between two packets of a device.",
                                          TimeValue(Seconds(600)),
                                          MakeTimeAccessor(&PeriodicTraffic::m_period),
                                          MakeTimeChecker(MicroSeconds(1)))
                            .AddAttribute("PayloadBytes",
                                          "Application payload of each packet.",
                                          UintegerValue(23),
                                          MakeUintegerAccessor(&PeriodicTraffic::m_payloadBytes),
                                          MakeUintegerChecker<uint32_t>());
    return tid;
}

PeriodicTraffic::PeriodicTraffic()
    : m_phase(CreateObject<UniformRandomVariable>())
{
}

PeriodicTraffic::~PeriodicTraffic() = default;

void
PeriodicTraffic::DoDispose()
{
    m_devices.clear();
    m_phase = nullptr;
    Object::DoDispose();
}

void
PeriodicTraffic::Add(Ptr<LpwanNetDevice> device)
{
    const Time phase = NanoSeconds(
        static_cast<int64_t>(m_phase->GetValue(0, static_cast<double>(m_period.GetNanoSeconds()))));
    m_devices.push_back(device);
    Simulator::Schedule(phase,
                        &PeriodicTraffic::Send,
                        Ptr<PeriodicTraffic>(this),
                        static_cast<uint32_t>(m_devices.size() - 1));
}

void
PeriodicTraffic::Send(uint32_t device)
{
    if (device >= m_devices.size())
    {
        return; // disposed of
    }
    ++m_packets;
    const auto& sender = m_devices[device];
    sender->Send(Create<Packet>(m_payloadBytes), sender->GetBroadcast(), 0);
    Simulator::Schedule(m_period, &PeriodicTraffic::Send, Ptr<PeriodicTraffic>(this), device);
}

uint64_t
PeriodicTraffic::GetPackets() const
{
    return m_packets;
}

int64_t
PeriodicTraffic::AssignStreams(int64_t stream)
{
    m_phase->SetStream(stream);
    return 1;
}

} // namespace lpwan
} // namespace ns3
