// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_TEST_CELL_H
#define LPWAN_LORA_TEST_CELL_H

#include "lpwan-test-bytes.h"

#include "ns3/boolean.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-frame.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/node-container.h"
#include "ns3/node.h"
#include "ns3/packet.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * Puts a node at a place on the x axis.
 * \param x metres
 * \return the node
 */
inline Ptr<Node>
NodeAt(double x)
{
    Ptr<Node> node = CreateObject<Node>();
    Ptr<ConstantPositionMobilityModel> mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(Vector(x, 0, 0));
    node->AggregateObject(mobility);
    return node;
}

/**
 * A small network: gateways and devices on the x axis, everything that happens is written down.
 */
class Network
{
  public:
    /**
     * \param gateways places of the gateways
     * \param devices places of the devices
     * \param prepare sets attributes before anything is installed
     */
    Network(
        const std::vector<double>& gateways,
        const std::vector<double>& devices,
        const std::function<void(LoraHelper&)>& prepare = [](LoraHelper&) {})
    {
        prepare(m_helper);
        NodeContainer gatewayNodes;
        for (double x : gateways)
        {
            gatewayNodes.Add(NodeAt(x));
        }
        NodeContainer deviceNodes;
        for (double x : devices)
        {
            deviceNodes.Add(NodeAt(x));
        }
        m_gateways = m_helper.InstallGateways(gatewayNodes);
        m_devices = m_helper.Install(deviceNodes);
        for (uint32_t i = 0; i < m_devices.GetN(); ++i)
        {
            m_devices.Get(i)->TraceConnectWithoutContext("TxStart",
                                                         MakeCallback(&Network::TxStart, this));
            m_devices.Get(i)->TraceConnectWithoutContext("Drop",
                                                         MakeCallback(&Network::Drop, this));
            Device(i)->SetTxCompleteCallback(MakeCallback(&Network::TxComplete, this));
        }
        m_helper.GetChannel()->TraceConnectWithoutContext("UplinkFate",
                                                          MakeCallback(&Network::Fate, this));
        m_helper.GetServer()->SetDeliverCallback(MakeCallback(&Network::Deliver, this));
        m_helper.GetServer()->TraceConnectWithoutContext("Duplicate",
                                                         MakeCallback(&Network::Duplicate, this));
        m_helper.GetServer()->TraceConnectWithoutContext("Rejected",
                                                         MakeCallback(&Network::Rejected, this));
        m_helper.AssignStreams(100);
    }

    /** A test that gave up early leaves nothing behind either. */
    ~Network()
    {
        Simulator::Destroy();
    }

    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /**
     * \param i index
     * \return a device
     */
    Ptr<LoraEndDevice> Device(uint32_t i) const
    {
        return DynamicCast<LoraEndDevice>(m_devices.Get(i));
    }

    /**
     * \param time when
     * \param i index of the sender
     * \param packet what
     * \param port port
     */
    void SendAt(Time time, uint32_t i, Ptr<Packet> packet, uint16_t port = 1)
    {
        Ptr<LoraEndDevice> device = Device(i);
        Simulator::Schedule(time, [device, packet, port] {
            device->Send(packet, device->GetBroadcast(), port);
        });
    }

    /** Keeps a device's queue filled. */
    void Saturate(uint32_t i, uint32_t payload)
    {
        m_saturated = payload;
        SendAt(Time(0), i, Create<Packet>(payload));
    }

    LoraHelper m_helper;
    std::vector<Ptr<LoraGateway>> m_gateways;
    NetDeviceContainer m_devices;

    std::vector<LpwanTransmission> m_started;
    std::vector<std::pair<Time, Time>> m_completed;
    std::vector<DropReason> m_dropped;
    std::vector<std::pair<LpwanTransmission, LoraFate>> m_fates;
    std::vector<std::vector<uint8_t>> m_framesOnAir;
    std::vector<UplinkDelivery> m_delivered;
    uint32_t m_duplicates{0};
    std::vector<ServerRejection> m_rejected;

  private:
    void TxStart(Ptr<const Packet> /* packet */, const LpwanTransmission& transmission)
    {
        m_started.push_back(transmission);
        if (m_saturated > 0)
        {
            m_devices.Get(0)->Send(Create<Packet>(m_saturated),
                                   m_devices.Get(0)->GetBroadcast(),
                                   1);
        }
    }

    void TxComplete(Ptr<const Packet> /* packet */, Time start, Time end)
    {
        m_completed.emplace_back(start, end);
    }

    void Drop(Ptr<const Packet> /* packet */, DropReason reason)
    {
        m_dropped.push_back(reason);
    }

    void Fate(const LoraUplink& uplink)
    {
        m_fates.emplace_back(uplink.transmission, uplink.fate);
        m_framesOnAir.push_back(BytesOf(uplink.frame));
    }

    void Deliver(const UplinkDelivery& delivery)
    {
        m_delivered.push_back(delivery);
    }

    void Duplicate(uint32_t /* deviceAddress */, uint32_t /* counter */, uint32_t /* gateway */)
    {
        ++m_duplicates;
    }

    void Rejected(const LoraGatewayReport& /* report */, ServerRejection reason)
    {
        m_rejected.push_back(reason);
    }

    uint32_t m_saturated{0};
};

/** Frames put before one gateway by hand. */
class Scene
{
  public:
    Scene()
        : m_gateway(CreateObject<LoraGateway>())
    {
    }

    /**
     * \param start start of the frame
     * \param dbm received power
     * \param sf spreading factor
     * \param frequencyHz carrier
     * \param bytes PHY payload
     * \return number of the frame
     */
    std::size_t Add(Time start,
                    double dbm,
                    uint8_t sf = 7,
                    uint32_t frequencyHz = 868100000,
                    uint32_t bytes = 64)
    {
        LoraModulation modulation;
        modulation.spreadingFactor = sf;
        Ptr<LoraUplink> uplink = Create<LoraUplink>();
        uplink->transmission.start = start;
        uplink->transmission.end = start + LoraTimeOnAir(modulation, bytes);
        uplink->transmission.frequencyHz = frequencyHz;
        uplink->transmission.bandwidthHz = modulation.bandwidthHz;
        uplink->transmission.spreadingFactor = sf;
        uplink->symbolTime = LoraSymbolTime(modulation);
        uplink->modulation = modulation;
        const std::size_t number = m_fates.size();
        m_fates.push_back(LoraFate::UNDER_SENSITIVITY);
        Simulator::Schedule(start, [this, uplink, dbm] {
            m_gateway->StartReception(uplink, dbm);
            const Time preamble = uplink->symbolTime * uplink->modulation.preambleSymbols;
            Simulator::Schedule(preamble, [this] {
                m_mostBusy = std::max(m_mostBusy, m_gateway->GetBusyDemodulators());
            });
        });
        Simulator::Schedule(uplink->transmission.end, [this, uplink, number] {
            m_fates[number] = m_gateway->EndReception(uplink);
        });
        return number;
    }

    /** \return fates in the order of Add() */
    std::vector<LoraFate> Run()
    {
        Simulator::Run();
        Simulator::Destroy();
        return m_fates;
    }

    Ptr<LoraGateway> m_gateway;
    uint32_t m_mostBusy{0};

  private:
    std::vector<LoraFate> m_fates;
};

/** Frames put before one gateway by hand, of any bandwidth. */
class Air
{
  public:
    explicit Air(const std::string& matrix = "Goursaud")
        : m_gateway(CreateObject<LoraGateway>())
    {
        m_gateway->SetAttribute("SirMatrix", StringValue(matrix));
    }

    void Add(Time start,
             double dbm,
             uint8_t sf,
             uint32_t frequencyHz = 868100000,
             uint32_t bandwidthHz = 125000,
             uint32_t bytes = 30)
    {
        Ptr<LoraUplink> uplink = Create<LoraUplink>();
        uplink->modulation.spreadingFactor = sf;
        uplink->modulation.bandwidthHz = bandwidthHz;
        uplink->transmission.deviceAddress = static_cast<uint32_t>(100 + m_uplinks.size());
        uplink->transmission.start = start;
        uplink->transmission.end = start + LoraTimeOnAir(uplink->modulation, bytes);
        uplink->transmission.frequencyHz = frequencyHz;
        uplink->transmission.bandwidthHz = bandwidthHz;
        uplink->transmission.spreadingFactor = sf;
        uplink->transmission.frameBytes = static_cast<uint16_t>(bytes);
        uplink->symbolTime = LoraSymbolTime(uplink->modulation);
        m_uplinks.push_back(uplink);
        Simulator::Schedule(start, [this, uplink, dbm] { m_gateway->StartReception(uplink, dbm); });
        Simulator::Schedule(uplink->transmission.end,
                            [this, uplink] { uplink->fate = m_gateway->EndReception(uplink); });
    }

    /** \return names of the fates in the order of Add() */
    std::vector<std::string> Run()
    {
        Simulator::Run();
        std::vector<std::string> fates;
        for (const auto& uplink : m_uplinks)
        {
            fates.emplace_back(ToString(uplink->fate));
        }
        Simulator::Destroy();
        return fates;
    }

    Ptr<LoraGateway> m_gateway;
    std::vector<Ptr<LoraUplink>> m_uplinks;
};

/** A path loss of as many dB as there are metres: scenes can be worked out by hand. */
class MetresAreDecibels : public PropagationLossModel
{
  private:
    double DoCalcRxPower(double txPowerDbm,
                         Ptr<MobilityModel> a,
                         Ptr<MobilityModel> b) const override
    {
        return txPowerDbm - a->GetDistanceFrom(b);
    }

    int64_t DoAssignStreams(int64_t /* stream */) override
    {
        return 0;
    }
};

/** A gateway at 0 and devices on the x axis; everything that happens is written down. */
class Cell
{
  public:
    explicit Cell(
        const std::vector<double>& devices,
        const std::function<void(LoraHelper&)>& prepare = [](LoraHelper&) {},
        const std::vector<double>& gateways = {0})
    {
        // Without duty cycles of the devices, so that tests are short.
        m_helper.SetDeviceAttribute("DutyCycle", BooleanValue(false));
        m_helper.SetDeviceAttribute("DataRate", UintegerValue(5));
        prepare(m_helper);
        NodeContainer gatewayNodes;
        for (const double x : gateways)
        {
            gatewayNodes.Add(NodeAt(x));
        }
        NodeContainer nodes;
        for (const double x : devices)
        {
            nodes.Add(NodeAt(x));
        }
        m_gateways = m_helper.InstallGateways(gatewayNodes);
        const auto installed = m_helper.Install(nodes);
        for (uint32_t i = 0; i < installed.GetN(); ++i)
        {
            const auto device = DynamicCast<LoraEndDevice>(installed.Get(i));
            m_devices.push_back(device);
            device->TraceConnectWithoutContext("Acknowledged",
                                               MakeCallback(&Cell::Acknowledged, this));
            device->TraceConnectWithoutContext("Received", MakeCallback(&Cell::Received, this));
            device->TraceConnectWithoutContext("LinkCheck", MakeCallback(&Cell::LinkCheck, this));
            device->TraceConnectWithoutContext("Joined", MakeCallback(&Cell::Joined, this));
            device->TraceConnectWithoutContext("Drop", MakeCallback(&Cell::Drop, this));
            device->SetReceiveCallback(MakeCallback(&Cell::Receive, this));
        }
        m_helper.GetChannel()->TraceConnectWithoutContext("UplinkFate",
                                                          MakeCallback(&Cell::Fate, this));
        m_helper.GetServer()->SetDeliverCallback(MakeCallback(&Cell::Deliver, this));
        m_helper.GetServer()->TraceConnectWithoutContext("Dispatched",
                                                         MakeCallback(&Cell::Dispatched, this));
        m_helper.GetServer()->TraceConnectWithoutContext("DeviceStatus",
                                                         MakeCallback(&Cell::Status, this));
        m_helper.AssignStreams(100);
    }

    ~Cell()
    {
        Simulator::Destroy();
    }

    Cell(const Cell&) = delete;
    Cell& operator=(const Cell&) = delete;

    void SendAt(Time time, uint32_t i, uint32_t bytes, bool confirmed = false)
    {
        Ptr<LoraEndDevice> device = m_devices[i];
        Simulator::Schedule(time, [device, bytes, confirmed] {
            device->SendData(Create<Packet>(bytes), 1, confirmed);
        });
    }

    void Run(Time until)
    {
        Simulator::Stop(until - Simulator::Now());
        Simulator::Run();
    }

    Ptr<NetworkServer> Server() const
    {
        return m_helper.GetServer();
    }

    LoraHelper m_helper;
    std::vector<Ptr<LoraGateway>> m_gateways;
    std::vector<Ptr<LoraEndDevice>> m_devices;
    std::vector<LoraUplink> m_uplinks;
    std::vector<UplinkDelivery> m_delivered;
    std::vector<DownlinkDispatch> m_dispatched;
    std::vector<std::pair<bool, int>> m_acknowledged;
    std::vector<std::pair<uint32_t, int>> m_received; //!< bytes, window
    std::vector<std::vector<uint8_t>> m_payloads;     //!< that applications got
    std::vector<std::pair<int, int>> m_linkChecks;
    std::vector<std::pair<uint32_t, uint32_t>> m_joined;
    std::vector<std::string> m_dropped;
    std::vector<DevStatusAns> m_status;
    /// called with each delivery
    std::function<void(const UplinkDelivery&)> m_onDelivery = [](const UplinkDelivery&) {};

  private:
    void Acknowledged(Ptr<const Packet> /* packet */, bool acknowledged, uint8_t transmissions)
    {
        m_acknowledged.emplace_back(acknowledged, transmissions);
    }

    void Received(uint32_t bytes, uint8_t window)
    {
        m_received.emplace_back(bytes, window);
    }

    void LinkCheck(uint8_t margin, uint8_t gateways)
    {
        m_linkChecks.emplace_back(margin, gateways);
    }

    void Joined(uint32_t devAddr, uint32_t requests)
    {
        m_joined.emplace_back(devAddr, requests);
    }

    void Drop(Ptr<const Packet> /* packet */, DropReason reason)
    {
        m_dropped.emplace_back(ToString(reason));
    }

    bool Receive(Ptr<NetDevice> /* device */,
                 Ptr<const Packet> packet,
                 uint16_t /* port */,
                 const Address& /* from */)
    {
        m_payloads.push_back(BytesOf(packet));
        return true;
    }

    void Fate(const LoraUplink& uplink)
    {
        m_uplinks.push_back(uplink);
    }

    void Deliver(const UplinkDelivery& delivery)
    {
        m_delivered.push_back(delivery);
        m_onDelivery(delivery);
    }

    void Dispatched(const DownlinkDispatch& dispatch)
    {
        m_dispatched.push_back(dispatch);
    }

    void Status(uint32_t /* deviceAddress */, const DevStatusAns& status)
    {
        m_status.push_back(status);
    }
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_TEST_CELL_H
