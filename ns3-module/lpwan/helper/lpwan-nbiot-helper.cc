// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-helper.h"

#include "ns3/abort.h"
#include "ns3/mobility-model.h"
#include "ns3/node.h"

#include <limits>

namespace ns3
{
namespace lpwan
{

namespace
{

/// Apart from LoRaWAN's DevAddr, so that one simulation can have both.
constexpr uint32_t FIRST_ADDRESS = 0x80000001;

} // namespace

NbiotHelper::NbiotHelper()
    : m_nextAddress(FIRST_ADDRESS)
{
    m_deviceFactory.SetTypeId(NbiotUe::GetTypeId());
    m_enbFactory.SetTypeId(NbiotEnb::GetTypeId());
    const auto loss = CreateObject<LogDistancePropagationLossModel>();
    loss->SetPathLossExponent(3.76);
    loss->SetReference(1000, 120.9);
    m_lossModel = loss;
}

void
NbiotHelper::SetDeviceAttribute(const std::string& name, const AttributeValue& value)
{
    m_deviceFactory.Set(name, value);
}

void
NbiotHelper::SetEnbAttribute(const std::string& name, const AttributeValue& value)
{
    m_enbFactory.Set(name, value);
}

void
NbiotHelper::SetPropagationLossModel(Ptr<PropagationLossModel> model)
{
    m_lossModel = model;
}

void
NbiotHelper::InstallEnbs(const NodeContainer& nodes)
{
    for (auto i = nodes.Begin(); i != nodes.End(); ++i)
    {
        const auto enb = m_enbFactory.Create<NbiotEnb>();
        enb->SetNode(*i);
        enb->SetPropagationLossModel(m_lossModel);
        (*i)->AggregateObject(enb);
        m_enbs.push_back(enb);
    }
}

NetDeviceContainer
NbiotHelper::Install(const NodeContainer& nodes)
{
    NS_ABORT_MSG_IF(m_enbs.empty(), "NB-IoT devices need a base station: InstallEnbs() first");
    NetDeviceContainer devices;
    for (auto i = nodes.Begin(); i != nodes.End(); ++i)
    {
        const auto mobility = (*i)->GetObject<MobilityModel>();
        NS_ABORT_MSG_UNLESS(mobility, "the node of an NB-IoT device has no MobilityModel");
        Ptr<NbiotEnb> best = m_enbs.front();
        double mostDbm = -std::numeric_limits<double>::infinity();
        for (std::size_t e = 0; m_enbs.size() > 1 && e < m_enbs.size(); ++e)
        {
            const auto there = m_enbs[e]->GetNode()->GetObject<MobilityModel>();
            const double dbm = m_lossModel->CalcRxPower(0, mobility, there);
            if (dbm > mostDbm)
            {
                mostDbm = dbm;
                best = m_enbs[e];
            }
        }
        const auto device = m_deviceFactory.Create<NbiotUe>();
        (*i)->AddDevice(device);
        device->Attach(best, m_nextAddress++);
        devices.Add(device);
    }
    return devices;
}

const std::vector<Ptr<NbiotEnb>>&
NbiotHelper::GetEnbs() const
{
    return m_enbs;
}

void
NbiotHelper::SetDeliverCallback(NbiotEnb::DeliverCallback callback)
{
    for (const auto& enb : m_enbs)
    {
        enb->SetDeliverCallback(callback);
    }
}

int64_t
NbiotHelper::AssignStreams(int64_t stream)
{
    int64_t taken = 0;
    for (const auto& enb : m_enbs)
    {
        taken += enb->AssignStreams(stream + taken);
    }
    return taken;
}

} // namespace lpwan
} // namespace ns3
