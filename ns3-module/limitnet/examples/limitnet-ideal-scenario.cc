// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * A link of one's own in a scenario: one that loses nothing. Each frame is on the air for its size
 * / bit rate, and in the cloud a fixed delay after its end; devices do not disturb each other, and
 * use energy for nothing but sending. It shows what codec and classifier can do without a network.
 *
 *     ./ns3 run limitnet-ideal-scenario -- --ideal.bit_rate_bps=1000 --run=2
 *
 * Its keys are those of docs/scenario.md with a section `ideal` in the place of `lora`; see --help.
 */

#include "limitnet/scenario/option-table.h"

#include "ns3/channel.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-offloading-link.h"
#include "ns3/lpwan-offloading-program.h"
#include "ns3/lpwan-scenario-setup.h"
#include "ns3/mac48-address.h"
#include "ns3/node.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** What the section `ideal` says. */
struct IdealSettings
{
    double bitRateBps; //!< of each device, both ways
    Time delay;        //!< from the end of a frame to its other end
    double txPowerW;   //!< drawn while sending
    uint16_t mtuBytes; //!< most bytes of a frame; it has no header
};

/** The device: first in, first out, and nothing in the way. */
class IdealDevice : public LpwanNetDevice
{
  public:
    IdealDevice(uint32_t address, const IdealSettings& settings)
        : m_address(address),
          m_settings(settings)
    {
    }

    /**
     * \param deliver takes each packet in the cloud
     * \param fate told of each frame
     */
    void Connect(OffloadingLink::DeliverCallback deliver, OffloadingLink::FateCallback fate)
    {
        m_deliver = deliver;
        m_fate = fate;
    }

    /** The cloud sends something to it. */
    void SendDown(const std::vector<uint8_t>& payload, uint8_t port)
    {
        const auto bytes = static_cast<uint32_t>(payload.size());
        const Ptr<const Packet> packet = Create<Packet>(payload.data(), bytes);
        Simulator::Schedule(m_settings.delay + TimeOnAir(bytes),
                            &IdealDevice::Receive,
                            Ptr<IdealDevice>(this),
                            packet,
                            port);
    }

    // --- LpwanNetDevice ---

    uint32_t GetDeviceAddress() const override
    {
        return m_address;
    }

    uint16_t GetMtu() const override
    {
        return m_settings.mtuBytes;
    }

    double GetPowerWatt(RadioState state) const override
    {
        return state == RadioState::TX ? m_settings.txPowerW : 0;
    }

    std::optional<Time> EstimateTimeOnAir(uint32_t payloadBytes) const override
    {
        return TimeOnAir(payloadBytes);
    }

    std::optional<uint64_t> EstimateBytesUntil(Time until) const override
    {
        const double leftS = std::max(0.0, (until - Simulator::Now()).GetSeconds());
        return static_cast<uint64_t>(leftS * m_settings.bitRateBps / 8);
    }

    std::optional<Time> EstimateSendingTime(const std::vector<uint32_t>& bytes) const override
    {
        return TimeOnAir(std::accumulate(bytes.begin(), bytes.end(), uint32_t{0}));
    }

    void TurnOff() override
    {
        m_isOff = true;
        m_end.Cancel();
        SetRadioState(RadioState::SLEEP);
        if (m_inAir)
        {
            NotifyDrop(m_inAir, DropReason::BATTERY_EMPTY);
            m_inAir = nullptr;
        }
        DropQueue(DropReason::BATTERY_EMPTY);
    }

    bool IsOff() const override
    {
        return m_isOff;
    }

    // --- NetDevice ---

    bool Send(Ptr<Packet> packet, const Address& /* dest */, uint16_t protocolNumber) override
    {
        if (m_isOff)
        {
            NotifyDrop(packet, DropReason::BATTERY_EMPTY);
            return false;
        }
        const bool isQueued = Enqueue(packet, protocolNumber);
        SendNext();
        return isQueued;
    }

    Ptr<Channel> GetChannel() const override
    {
        return nullptr;
    }

    void SetAddress(Address /* address */) override
    {
    }

    Address GetAddress() const override
    {
        return GetBroadcast();
    }

    Address GetBroadcast() const override
    {
        return Mac48Address::GetBroadcast();
    }

  private:
    Time TimeOnAir(uint32_t bytes) const
    {
        return Seconds(8.0 * bytes / m_settings.bitRateBps);
    }

    void SendNext()
    {
        if (m_inAir || m_isOff)
        {
            return;
        }
        const auto next = Dequeue();
        if (!next)
        {
            return;
        }
        m_inAir = next->packet;
        LpwanTransmission frame;
        frame.deviceAddress = m_address;
        frame.frameCounter = m_frames++;
        frame.start = Simulator::Now();
        frame.end = frame.start + TimeOnAir(m_inAir->GetSize());
        frame.frameBytes = static_cast<uint16_t>(m_inAir->GetSize());
        SetRadioState(RadioState::TX);
        NotifyTxStart(m_inAir, frame);
        m_end = Simulator::Schedule(frame.end - frame.start, &IdealDevice::End, this, frame);
    }

    void End(LpwanTransmission frame)
    {
        const auto packet = m_inAir;
        m_inAir = nullptr;
        SetRadioState(RadioState::SLEEP);
        Simulator::Schedule(m_settings.delay,
                            &IdealDevice::Arrive,
                            Ptr<IdealDevice>(this),
                            packet,
                            frame.frameCounter);
        NotifyTxEnd(packet, frame);
        OffloadingFate fate;
        fate.deviceAddress = m_address;
        fate.frameCounter = frame.frameCounter;
        fate.outcome = FrameOutcome::RECEIVED;
        m_fate(fate);
        SendNext();
    }

    void Arrive(Ptr<const Packet> packet, uint32_t frameCounter)
    {
        UplinkDelivery delivery;
        delivery.deviceAddress = m_address;
        delivery.frameCounter = frameCounter;
        delivery.gatewayCount = 1;
        delivery.payload = packet->Copy();
        m_deliver(delivery);
    }

    void Receive(Ptr<const Packet> packet, uint8_t port)
    {
        if (!m_isOff)
        {
            NotifyReceive(packet, port);
        }
    }

    uint32_t m_address;
    IdealSettings m_settings;
    OffloadingLink::DeliverCallback m_deliver;
    OffloadingLink::FateCallback m_fate;
    Ptr<const Packet> m_inAir; //!< null: nothing is
    EventId m_end;             //!< of its frame
    uint32_t m_frames{0};      //!< begun so far
    bool m_isOff{false};
};

/** The link, as a scenario wants it. */
class IdealLink : public OffloadingLink
{
  public:
    std::string GetName() const override
    {
        return "ideal";
    }

    std::vector<std::string> GetLevels() const override
    {
        return {"ideal"};
    }

    AttributeBindings GetAttributes() const override
    {
        return {}; // its objects have none
    }

    std::vector<OffloadingDevice> Build(const limitnet::ScenarioValues& values,
                                        const limitnet::RunFolder& /* folder */) override
    {
        // Streams and addresses that no other link has.
        constexpr int64_t POSITION_STREAM = 8000000;
        constexpr int64_t WALK_STREAM = 8000002;
        constexpr uint32_t FIRST_ADDRESS = 0x70000000;

        const IdealSettings settings{values.Real("ideal.bit_rate_bps"),
                                     Seconds(values.Real("ideal.delay_s")),
                                     values.Real("ideal.tx_power_w"),
                                     static_cast<uint16_t>(values.Int("ideal.mtu_bytes"))};
        m_gateway = CreateObject<Node>();
        m_gateway->AggregateObject(CreateObject<ConstantPositionMobilityModel>());
        DevicePlacer placer(POSITION_STREAM, WALK_STREAM);
        const auto groups = values.Groups();
        std::vector<OffloadingDevice> devices;
        for (std::size_t g = 0; g < groups.size(); ++g)
        {
            if (!IsOnLink(groups[g].second, GetName()))
            {
                continue;
            }
            const NodeContainer nodes = placer.Place(groups[g].second);
            for (uint32_t i = 0; i < nodes.GetN(); ++i)
            {
                const auto address = FIRST_ADDRESS + static_cast<uint32_t>(m_devices.size());
                const auto device = CreateObject<IdealDevice>(address, settings);
                nodes.Get(i)->AddDevice(device);
                m_devices.push_back(device);
                devices.push_back({device, g});
            }
        }
        return devices;
    }

    void Connect(DeliverCallback deliver, FateCallback fate) override
    {
        for (const auto& device : m_devices)
        {
            device->Connect(deliver, fate);
        }
    }

    void SendDownlink(uint32_t device, const std::vector<uint8_t>& payload, uint8_t port) override
    {
        m_devices.at(device)->SendDown(payload, port);
    }

    std::size_t GetMaxDownlinkBytes() const override
    {
        constexpr std::size_t AS_LORAWAN = 51; // so that the cloud answers the same
        return AS_LORAWAN;
    }

    std::vector<OffloadingGateway> GetGateways() const override
    {
        return {{m_gateway, 1}};
    }

    OffloadingDeviceState GetDeviceState(uint32_t /* device */) const override
    {
        OffloadingDeviceState state;
        state.level = GetLevels().front();
        return state;
    }

  private:
    Ptr<Node> m_gateway;
    std::vector<Ptr<IdealDevice>> m_devices;
};

void
AddIdealSection(limitnet::OptionTable& table)
{
    using namespace limitnet::keys;
    table.AddSection("ideal", "Ideal link")
        .Add({
            Real("bit_rate_bps")
                .Default(5000)
                .Range(1, 1e9)
                .Unit("bit/s")
                .Help("Bit rate of each device."),
            Real("delay_s").Default(0.1).Range(0, 3600).Unit("s").Help(
                "From the end of a frame to its arrival."),
            Real("tx_power_w")
                .Default(0.1)
                .Range(0, 100)
                .Unit("W")
                .Help("What a radio draws while it sends."),
            Integer("mtu_bytes")
                .Default(222)
                .Range(20, 1500)
                .Unit("bytes")
                .Help("Most bytes of a frame."),
        });
}

} // namespace

int
main(int argc, char* argv[])
{
    limitnet::OffloadingProgram program;
    program.name = "ideal";
    program.links = {{"ideal", "an ideal link", AddIdealSection}};
    const OffloadingLinkMakers makers{{"ideal", [] { return std::make_unique<IdealLink>(); }}};
    EndProgram(RunOffloadingProgram(program, makers, argc, argv));
}
