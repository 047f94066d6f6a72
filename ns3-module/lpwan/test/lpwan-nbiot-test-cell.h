// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_TEST_CELL_H
#define LPWAN_NBIOT_TEST_CELL_H

#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-nbiot-enb.h"
#include "ns3/lpwan-nbiot-helper.h"
#include "ns3/lpwan-nbiot-phy.h"
#include "ns3/lpwan-nbiot-ue.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/node.h"
#include "ns3/packet.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/simulator.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A cell whose devices have the coupling losses that a test wants. */
class NbiotTestCell
{
  public:
    NbiotHelper m_helper;
    NetDeviceContainer m_devices;
    std::vector<UplinkDelivery> m_deliveries;
    std::vector<NbiotPacketReport> m_reports;
    std::vector<NbiotPacketReport> m_dropReports; // of those that were on the air
    std::map<std::string, uint32_t> m_drops;
    uint64_t m_droppedBytes{0};
    std::vector<std::pair<Time, Time>> m_blocks;
    std::vector<uint32_t> m_blockBits;
    std::vector<std::pair<Time, uint32_t>> m_received; // downwards: when, bytes

    ~NbiotTestCell()
    {
        Simulator::Destroy();
    }

    /** Builds it. \param lossesDb one for each device */
    void Build(const std::vector<double>& lossesDb)
    {
        // Losses by place: a device i metres from the origin has the i-th one.
        const auto place = [](double x) {
            const auto node = CreateObject<Node>();
            const auto mobility = CreateObject<ConstantPositionMobilityModel>();
            mobility->SetPosition(Vector(x, 0, 0));
            node->AggregateObject(mobility);
            return node;
        };
        NodeContainer nodes;
        const auto site = place(0);
        const auto matrix = CreateObject<MatrixPropagationLossModel>();
        for (std::size_t i = 0; i < lossesDb.size(); ++i)
        {
            nodes.Add(place(static_cast<double>(i + 1)));
            matrix->SetLoss(nodes.Get(static_cast<uint32_t>(i))->GetObject<MobilityModel>(),
                            site->GetObject<MobilityModel>(),
                            lossesDb[i]);
        }
        m_helper.SetPropagationLossModel(matrix);
        m_helper.InstallEnbs(NodeContainer(site));
        m_devices = m_helper.Install(nodes);
        m_helper.AssignStreams(100);
        m_helper.SetDeliverCallback(MakeCallback(&NbiotTestCell::OnDelivery, this));
        Enb()->TraceConnectWithoutContext("Packet", MakeCallback(&NbiotTestCell::OnPacket, this));
        Enb()->TraceConnectWithoutContext("DroppedPacket",
                                          MakeCallback(&NbiotTestCell::OnDroppedPacket, this));
        Enb()->TraceConnectWithoutContext("Block", MakeCallback(&NbiotTestCell::OnBlock, this));
        for (uint32_t i = 0; i < m_devices.GetN(); ++i)
        {
            m_devices.Get(i)->TraceConnectWithoutContext(
                "Drop",
                MakeCallback(&NbiotTestCell::OnDrop, this));
            m_devices.Get(i)->SetReceiveCallback(MakeCallback(&NbiotTestCell::OnReceive, this));
        }
    }

    Ptr<NbiotEnb> Enb() const
    {
        return m_helper.GetEnbs().front();
    }

    Ptr<NbiotUe> Ue(uint32_t i) const
    {
        return DynamicCast<NbiotUe>(m_devices.Get(i));
    }

    /** A device sends. */
    void SendAt(Time at, uint32_t device, uint32_t bytes)
    {
        const auto ue = Ue(device);
        Simulator::Schedule(at, [ue, bytes] {
            ue->Send(Create<Packet>(bytes), ue->GetBroadcast(), 1);
        });
    }

    /** The cloud sends to a device. */
    void SendDownAt(Time at, uint32_t device, uint32_t bytes)
    {
        const auto enb = Enb();
        Simulator::Schedule(at, [enb, device, bytes] {
            enb->SendDownlink(device, Create<Packet>(bytes), 9);
        });
    }

    void Run(Time until)
    {
        Simulator::Stop(until);
        Simulator::Run();
    }

  private:
    void OnDelivery(const UplinkDelivery& delivery)
    {
        m_deliveries.push_back(delivery);
    }

    bool OnReceive(Ptr<NetDevice>, Ptr<const Packet> packet, uint16_t port, const Address&)
    {
        NS_ABORT_MSG_UNLESS(port == 9, "another port than it was sent to");
        m_received.emplace_back(Simulator::Now(), packet->GetSize());
        return true;
    }

    void OnPacket(const NbiotPacketReport& report)
    {
        m_reports.push_back(report);
    }

    void OnDroppedPacket(const NbiotPacketReport& report)
    {
        m_dropReports.push_back(report);
    }

    void OnBlock(uint32_t, const NbiotFormat& format, Time start, Time end, bool)
    {
        m_blocks.emplace_back(start, end);
        m_blockBits.push_back(format.Bits());
    }

    void OnDrop(Ptr<const Packet> packet, DropReason reason)
    {
        m_droppedBytes += packet->GetSize();
        ++m_drops[ToString(reason)];
    }
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_TEST_CELL_H
