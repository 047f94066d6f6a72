// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-carrier.h"

namespace ns3
{
namespace lpwan
{

NS_OBJECT_ENSURE_REGISTERED(NbiotCarrier);

TypeId
NbiotCarrier::GetTypeId()
{
    static TypeId tid = TypeId("ns3::lpwan::NbiotCarrier")
                            .SetParent<Channel>()
                            .SetGroupName("Limitnet")
                            .AddConstructor<NbiotCarrier>();
    return tid;
}

NbiotCarrier::NbiotCarrier() = default;

NbiotCarrier::~NbiotCarrier() = default;

void
NbiotCarrier::DoDispose()
{
    m_devices.clear();
    Channel::DoDispose();
}

void
NbiotCarrier::Add(Ptr<NetDevice> device)
{
    m_devices.push_back(device);
}

std::size_t
NbiotCarrier::GetNDevices() const
{
    return m_devices.size();
}

Ptr<NetDevice>
NbiotCarrier::GetDevice(std::size_t i) const
{
    return m_devices.at(i);
}

} // namespace lpwan
} // namespace ns3
