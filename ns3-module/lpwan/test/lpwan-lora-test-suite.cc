// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-test-bytes.h"

#include "ns3/boolean.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/lpwan-duty-cycle.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-crypto.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-frame.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/node-container.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/random-variable-stream.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/**
 * \param size number of bytes
 * \param first value of the first byte
 * \return a packet of counting bytes
 */
Ptr<Packet>
CountingPacket(uint32_t size, uint8_t first = 0)
{
    std::vector<uint8_t> bytes(size);
    for (uint32_t i = 0; i < size; ++i)
    {
        bytes[i] = static_cast<uint8_t>(first + i);
    }
    return Create<Packet>(bytes.data(), size);
}

/**
 * \param packet a packet
 * \return its bytes
 */
std::vector<uint8_t>
BytesOf(Ptr<const Packet> packet)
{
    std::vector<uint8_t> bytes(packet->GetSize());
    packet->CopyData(bytes.data(), packet->GetSize());
    return bytes;
}

/**
 * Puts a node at a place on the x axis.
 * \param x metres
 * \return the node
 */
Ptr<Node>
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

/** Time on air: the published values, and the formula in floating point for everything else. */
class TimeOnAirTestCase : public TestCase
{
  public:
    TimeOnAirTestCase()
        : TestCase("time on air is that of Semtech AN1200.13")
    {
    }

  private:
    void DoRun() override
    {
        // Microseconds at 125 kHz, 4/5, explicit header, CRC, preamble 8; SF7..SF12.
        const std::map<uint32_t, std::array<int64_t, 6>> table{
            {13, {46336, 82432, 164864, 288768, 577536, 1155072}},
            {51, {102656, 184832, 328704, 616448, 1314816, 2465792}},
            {64, {118016, 215552, 390144, 698368, 1560576, 2793472}},
            {115, {194816, 348672, 615424, 1148928, 2461696, 4431872}},
            {128, {215296, 379392, 676864, 1230848, 2707456, 4923392}},
            {222, {348416, 614912, 1106944, 2009088, 4427776, 8036352}},
            {235, {368896, 655872, 1168384, 2131968, 4673536, 8364032}},
            {242, {379136, 666112, 1188864, 2172928, 4755456, 8691712}},
            {255, {399616, 707072, 1250304, 2295808, 5001216, 9019392}},
        };
        for (const auto& [bytes, times] : table)
        {
            for (uint8_t sf = 7; sf <= 12; ++sf)
            {
                LoraModulation modulation;
                modulation.spreadingFactor = sf;
                NS_TEST_ASSERT_MSG_EQ(LoraTimeOnAir(modulation, bytes).GetNanoSeconds(),
                                      times[sf - 7] * 1000,
                                      bytes << " bytes at SF" << +sf);
            }
        }

        for (uint8_t sf = 7; sf <= 12; ++sf)
        {
            for (uint32_t bandwidth : {125000, 250000, 500000})
            {
                for (uint8_t codingRate = 1; codingRate <= 4; ++codingRate)
                {
                    for (int flags = 0; flags < 12; ++flags)
                    {
                        LoraModulation modulation;
                        modulation.spreadingFactor = sf;
                        modulation.bandwidthHz = bandwidth;
                        modulation.codingRate = codingRate;
                        modulation.explicitHeader = flags & 1;
                        modulation.payloadCrc = flags & 2;
                        modulation.ldro = static_cast<LowDataRateOptimization>(flags / 4);
                        modulation.preambleSymbols = static_cast<uint16_t>(6 + flags);
                        for (uint32_t bytes : {0, 1, 12, 77, 255})
                        {
                            NS_TEST_ASSERT_MSG_EQ_TOL(LoraTimeOnAir(modulation, bytes).GetSeconds(),
                                                      Formula(modulation, bytes),
                                                      1e-9,
                                                      bytes << " bytes, SF" << +sf << ", "
                                                            << bandwidth << " Hz, flags " << flags);
                        }
                    }
                }
            }
        }
    }

    /** The formula as the application note prints it. */
    static double Formula(const LoraModulation& m, uint32_t bytes)
    {
        const double symbol = std::pow(2.0, m.spreadingFactor) / m.bandwidthHz;
        bool optimized = m.ldro == LowDataRateOptimization::ON;
        if (m.ldro == LowDataRateOptimization::AUTO)
        {
            optimized = symbol > 0.016;
        }
        const double blocks = std::ceil((8.0 * bytes - 4.0 * m.spreadingFactor + 28 +
                                         16 * m.payloadCrc - 20 * !m.explicitHeader) /
                                        (4.0 * (m.spreadingFactor - 2 * optimized)));
        const double payload = 8 + std::max(blocks * (m.codingRate + 4), 0.0);
        return (m.preambleSymbols + 4.25 + payload) * symbol;
    }
};

/** EU868's data. */
class RegionTestCase : public TestCase
{
  public:
    RegionTestCase()
        : TestCase("EU868 has its channels, sub-bands, data rates and payload limits")
    {
    }

  private:
    void DoRun() override
    {
        const LoraRegion& region = LoraRegion::Get("EU868");
        const std::vector<uint32_t> channels{868100000, 868300000, 868500000};
        std::vector<uint32_t> frequencies;
        for (const auto& channel : region.channels)
        {
            frequencies.push_back(channel.frequencyHz);
        }
        NS_TEST_ASSERT_MSG_EQ((frequencies == channels), true, "default channels");
        const std::map<uint32_t, uint16_t> permille{
            {863500000, 1},
            {867100000, 10},
            {868100000, 10},
            {868500000, 10},
            {868800000, 1},
            {869525000, 100},
            {869900000, 10},
        };
        for (const auto& [frequency, limit] : permille)
        {
            NS_TEST_ASSERT_MSG_EQ(region.subBands[region.SubBandOf(frequency)].dutyCyclePermille,
                                  limit,
                                  "duty cycle at " << frequency);
        }
        NS_TEST_ASSERT_MSG_EQ(region.SubBandOf(868100000),
                              region.SubBandOf(868500000),
                              "the default channels share a sub-band");

        const std::array<uint16_t, 7> withRepeater{51, 51, 51, 115, 222, 222, 222};
        const std::array<uint16_t, 7> without{51, 51, 51, 115, 242, 242, 242};
        Ptr<LoraEndDevice> device = CreateObject<LoraEndDevice>();
        for (uint8_t dr = 0; dr < 7; ++dr)
        {
            device->SetDataRate(dr);
            NS_TEST_ASSERT_MSG_EQ(device->GetMtu(), withRepeater[dr], "MTU at DR" << +dr);
            NS_TEST_ASSERT_MSG_EQ(+device->GetSpreadingFactor(),
                                  (dr == 6 ? 7 : 12 - dr),
                                  "spreading factor of DR" << +dr);
            device->SetAttribute("RepeaterCompatible", BooleanValue(false));
            NS_TEST_ASSERT_MSG_EQ(device->GetMtu(), without[dr], "MTU, no repeater, DR" << +dr);
            device->SetAttribute("RepeaterCompatible", BooleanValue(true));
        }
        NS_TEST_ASSERT_MSG_EQ(device->GetModulation().bandwidthHz, 250000, "DR6 has 250 kHz");
        device->SetSpreadingFactor(9);
        NS_TEST_ASSERT_MSG_EQ(+device->GetDataRate(), 3, "SF9 is DR3");
        NS_TEST_ASSERT_MSG_EQ(device->GetTimeOnAir(51).GetMicroSeconds(),
                              390144,
                              "13 bytes of overhead");
        Simulator::Destroy();
    }
};

/** Off time by sub-band. */
class DutyCycleTestCase : public TestCase
{
  public:
    DutyCycleTestCase()
        : TestCase("a sub-band closes for the off time from the end of a frame")
    {
    }

  private:
    void DoRun() override
    {
        const Time airtime = MicroSeconds(46336);
        NS_TEST_ASSERT_MSG_EQ(DutyCycle::OffTime(airtime, 10), airtime * 99, "1 %");
        NS_TEST_ASSERT_MSG_EQ(DutyCycle::OffTime(airtime, 1), airtime * 999, "0.1 %");
        NS_TEST_ASSERT_MSG_EQ(DutyCycle::OffTime(airtime, 100), airtime * 9, "10 %");
        NS_TEST_ASSERT_MSG_EQ(DutyCycle::OffTime(airtime, 1000), Time(0), "no limit");
        NS_TEST_ASSERT_MSG_EQ(DutyCycle::OffTime(NanoSeconds(1), 300), NanoSeconds(3), "rounds up");

        DutyCycle dutyCycle;
        dutyCycle.Book(1, Seconds(5), Seconds(6), 10);
        NS_TEST_ASSERT_MSG_EQ(dutyCycle.OpenFrom(1), Seconds(105), "counted from the end");
        NS_TEST_ASSERT_MSG_EQ(dutyCycle.OpenFrom(0), Time(0), "the other sub-band stays open");
    }
};

/** A device that always has something to send, for a day. */
class SaturatedDeviceTestCase : public TestCase
{
  public:
    /**
     * \param sf spreading factor
     * \param payload application bytes of each frame
     */
    SaturatedDeviceTestCase(uint8_t sf, uint32_t payload)
        : TestCase("a saturated device fills its duty cycle: SF" + std::to_string(sf) + ", " +
                   std::to_string(payload) + " bytes"),
          m_sf(sf),
          m_payload(payload)
    {
    }

  private:
    void DoRun() override
    {
        Network network({0}, {100});
        network.Device(0)->SetSpreadingFactor(m_sf);
        network.Saturate(0, m_payload);
        const Time airtime = network.Device(0)->GetTimeOnAir(m_payload);
        // The first frame needs no wait. The day runs from its end, so that each frame counted has
        // its off time in the day.
        Simulator::Stop(airtime + Hours(24));
        Simulator::Run();

        const double used = network.Device(0)->GetTxAirtimeSeconds() - airtime.GetSeconds();
        const double limit = 0.01 * 86400;
        NS_TEST_ASSERT_MSG_LT_OR_EQ(used, limit + 1e-9, "no more than 1 %");
        NS_TEST_ASSERT_MSG_GT_OR_EQ(used, 0.99 * limit, "at least 99 % of it");

        double traced = 0;
        std::map<uint32_t, uint32_t> channels;
        for (std::size_t i = 0; i < network.m_started.size(); ++i)
        {
            const LpwanTransmission& t = network.m_started[i];
            NS_TEST_ASSERT_MSG_EQ(t.end - t.start, airtime, "length of each frame");
            if (i > 0)
            {
                NS_TEST_ASSERT_MSG_EQ(t.start - network.m_started[i - 1].end,
                                      airtime * 99,
                                      "as early as allowed");
            }
            traced += std::min(t.end, Simulator::Now()).GetSeconds() - t.start.GetSeconds();
            ++channels[t.frequencyHz];
        }
        NS_TEST_ASSERT_MSG_EQ_TOL(traced, used + airtime.GetSeconds(), 1e-6, "accounts and trace");
        NS_TEST_ASSERT_MSG_EQ(channels.size(), 3, "all channels are used");
        const double share = network.m_started.size() / 3.0;
        for (const auto& [frequency, count] : channels)
        {
            NS_TEST_ASSERT_MSG_EQ_TOL(double(count),
                                      share,
                                      5 * std::sqrt(share * 2 / 3),
                                      "channels are drawn evenly: " << frequency);
        }
        Simulator::Destroy();
    }

    uint8_t m_sf;
    uint32_t m_payload;
};

/** Receive windows and energy. */
class ClassATestCase : public TestCase
{
  public:
    ClassATestCase()
        : TestCase("class A: windows are opened and paid for, and the next uplink waits for them")
    {
    }

  private:
    void DoRun() override
    {
        Network network({0}, {100}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("DutyCycle", BooleanValue(false));
            lora.SetDeviceAttribute("DataRate", UintegerValue(5));
        });
        network.SendAt(Seconds(1), 0, Create<Packet>(51));
        network.SendAt(Seconds(1), 0, Create<Packet>(10));
        Ptr<LoraEndDevice> device = network.Device(0);

        const Time airtime = MicroSeconds(118016);
        const Time rx1 = MicroSeconds(8 * 1024);
        const Time rx2 = MicroSeconds(8 * 32768);
        const Time end = Seconds(1) + airtime;
        // State of the accounts just before and in the middle of each phase.
        Simulator::Schedule(Seconds(1) + airtime / 2, [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::TX), airtime / 2, "while sending");
            NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 1, "the second packet waits");
            NS_TEST_ASSERT_MSG_EQ(device->GetNextOpportunity(),
                                  end + Seconds(2) + rx2,
                                  "what the device says of its next frame");
        });
        Simulator::Schedule(end + Seconds(1), [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), Time(0), "before RX1");
        });
        Simulator::Schedule(end + Seconds(1) + rx1 / 2, [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), rx1 / 2, "in RX1");
        });
        Simulator::Schedule(end + Seconds(2), [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), rx1, "before RX2");
        });
        Simulator::Schedule(end + Seconds(2) + rx2 / 2, [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), rx1 + rx2 / 2, "in RX2");
        });
        Simulator::Stop(Seconds(100));
        Simulator::Run();

        NS_TEST_ASSERT_MSG_EQ(network.m_started.size(), 2, "both are sent");
        NS_TEST_ASSERT_MSG_EQ(network.m_started[1].start,
                              end + Seconds(2) + rx2,
                              "the second starts when RX2 has closed");
        NS_TEST_ASSERT_MSG_EQ(network.m_completed.size(), 2, "both are reported");
        NS_TEST_ASSERT_MSG_EQ(network.m_completed[0].first, Seconds(1), "start");
        NS_TEST_ASSERT_MSG_EQ(network.m_completed[0].second, end, "end");
        NS_TEST_ASSERT_MSG_EQ(device->GetSentFrames(), 2, "counted");

        const double tx = (airtime + device->GetTimeOnAir(10)).GetSeconds();
        const double rx = 2 * (rx1 + rx2).GetSeconds();
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::TX),
                                  3.3 * 0.044 * tx,
                                  1e-12,
                                  "44 mA at 14 dBm");
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::RX),
                                  3.3 * 0.0112 * rx,
                                  1e-12,
                                  "windows are billed as receive");
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::SLEEP),
                                  3.3 * 1.5e-6 * (100 - tx - rx),
                                  1e-12,
                                  "sleep");
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetTotalEnergyJoule(),
                                  device->GetEnergyJoule(RadioState::TX) +
                                      device->GetEnergyJoule(RadioState::RX) +
                                      device->GetEnergyJoule(RadioState::SLEEP),
                                  1e-12,
                                  "sum");
        Simulator::Destroy();
    }
};

/** AES-CMAC and LoRaWAN's cryptography against published vectors. */
class CryptoTestCase : public TestCase
{
  public:
    CryptoTestCase()
        : TestCase("MIC and encryption agree with RFC 4493 and published LoRaWAN frames")
    {
    }

  private:
    void DoRun() override
    {
        // RFC 4493, section 4.
        const AesBlock key = HexBlock("2b7e151628aed2a6abf7158809cf4f3c");
        const auto message =
            Hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
        const std::map<std::size_t, std::string> tags{
            {0, "bb1d6929e95937287fa37d129b756746"},
            {16, "070a16b46b4d4144f79bdd9dd04a287c"},
            {40, "dfa66747de9ae63030ca32611497c827"},
            {64, "51f0bebf7e3b9d92fc49741779363cfe"},
        };
        for (const auto& [size, tag] : tags)
        {
            NS_TEST_ASSERT_MSG_EQ((AesCmac(key, message.data(), size) == HexBlock(tag)),
                                  true,
                                  "RFC 4493, " << size << " bytes");
        }

        // Example frames of the lora-packet library (github.com/anthonykirby/lora-packet).
        const LoraSessionKeys keys{HexBlock("44024241ed4ce9a68c6a8bc055233fd3"),
                                   HexBlock("ec925802ae430ca77fd3dd73cb2cc588")};
        CheckFrame(keys, "40F17DBE4900020001954378762B11FF0D", 2, "test");
        CheckFrame(keys, "40F17DBE49000300012A3518AF", 3, "");
    }

    /** Reads the frame, and builds it again from what was read. */
    void CheckFrame(const LoraSessionKeys& keys,
                    const std::string& hex,
                    uint32_t counter,
                    const std::string& clear)
    {
        auto bytes = Hex(hex);
        const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
        NS_TEST_ASSERT_MSG_EQ(view.has_value(), true, "is a data frame");
        NS_TEST_ASSERT_MSG_EQ(view->devAddr, 0x49be7df1, "DevAddr");
        NS_TEST_ASSERT_MSG_EQ(view->frameCounter16, counter, "FCnt");
        NS_TEST_ASSERT_MSG_EQ(+view->port.value_or(0), 1, "FPort");
        NS_TEST_ASSERT_MSG_EQ(view->CheckMic(keys.nwkSKey, counter), true, "MIC");
        NS_TEST_ASSERT_MSG_EQ(view->CheckMic(keys.nwkSKey, counter + 65536),
                              false,
                              "MIC depends on the upper half of the counter");
        const auto payload = view->DecryptPayload(keys, counter);
        NS_TEST_ASSERT_MSG_EQ(std::string(payload.begin(), payload.end()), clear, "FRMPayload");

        LoraDataFrame frame;
        frame.devAddr = view->devAddr;
        frame.frameCounter = counter;
        frame.port = 1;
        frame.payload = payload;
        NS_TEST_ASSERT_MSG_EQ((frame.Serialize(keys) == bytes), true, "built again");
        NS_TEST_ASSERT_MSG_EQ(bytes.size(), clear.size() + LORA_MAC_OVERHEAD, "13 bytes overhead");

        for (std::size_t i = 0; i < bytes.size(); ++i)
        {
            bytes[i] ^= 0x10;
            const auto spoiled = LoraFrameView::Parse(bytes.data(), bytes.size());
            if (spoiled)
            {
                NS_TEST_ASSERT_MSG_EQ(spoiled->CheckMic(keys.nwkSKey, counter),
                                      false,
                                      "byte " << i << " is signed");
            }
            bytes[i] ^= 0x10;
        }
    }
};

/** Frames with options, and bytes that are no frame. */
class FrameTestCase : public TestCase
{
  public:
    FrameTestCase()
        : TestCase("frames are read as they were built, and nothing else is")
    {
    }

  private:
    void DoRun() override
    {
        const AesBlock master = HexBlock("000102030405060708090a0b0c0d0e0f");
        const LoraSessionKeys keys = DeriveSessionKeys(master, 0x01020304);
        NS_TEST_ASSERT_MSG_EQ((keys.nwkSKey == keys.appSKey), false, "two different keys");
        NS_TEST_ASSERT_MSG_EQ((keys.nwkSKey == DeriveSessionKeys(master, 0x01020304).nwkSKey),
                              true,
                              "the same in every run");
        NS_TEST_ASSERT_MSG_EQ((keys.nwkSKey == DeriveSessionKeys(master, 0x01020305).nwkSKey),
                              false,
                              "another device, other keys");

        for (std::size_t size : {0, 1, 15, 16, 17, 100, 242})
        {
            for (std::size_t options : {0, 5})
            {
                if (size + options > 242)
                {
                    continue;
                }
                LoraDataFrame frame;
                frame.devAddr = 0x01020304;
                frame.frameCounter = 0x00012345;
                frame.fOpts.assign(options, 0x02);
                frame.port = 99;
                for (std::size_t i = 0; i < size; ++i)
                {
                    frame.payload.push_back(static_cast<uint8_t>(i));
                }
                const auto bytes = frame.Serialize(keys);
                NS_TEST_ASSERT_MSG_EQ(bytes.size(), 13 + size + options, "length");
                const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
                NS_TEST_ASSERT_MSG_EQ(view.has_value(), true, "is a frame");
                NS_TEST_ASSERT_MSG_EQ(view->devAddr, frame.devAddr, "DevAddr");
                NS_TEST_ASSERT_MSG_EQ(view->frameCounter16, 0x2345, "FCnt");
                NS_TEST_ASSERT_MSG_EQ(view->fOptsSize, options, "FOpts");
                NS_TEST_ASSERT_MSG_EQ(+*view->port, 99, "FPort");
                NS_TEST_ASSERT_MSG_EQ(view->CheckMic(keys.nwkSKey, 0x00012345), true, "MIC");
                NS_TEST_ASSERT_MSG_EQ((view->DecryptPayload(keys, 0x00012345) == frame.payload),
                                      true,
                                      "payload of " << size);
                if (size > 4)
                {
                    const std::vector<uint8_t> onAir(bytes.begin() + view->payloadOffset,
                                                     bytes.begin() + view->payloadOffset + size);
                    NS_TEST_ASSERT_MSG_EQ((onAir == frame.payload), false, "encrypted on air");
                }
            }
        }

        // Bytes of every length and of every first byte: parsing is total.
        std::vector<uint8_t> bytes(300, 0xff);
        for (std::size_t size = 0; size <= bytes.size(); ++size)
        {
            for (int first = 0; first < 256; ++first)
            {
                bytes[0] = static_cast<uint8_t>(first);
                const auto view = LoraFrameView::Parse(bytes.data(), size);
                // FOpts claims 15 bytes here: 8 + 15 + MIC 4.
                const int type = first >> 5;
                const bool frame =
                    size >= 27 && size <= 255 && type >= 2 && type <= 5 && (first & 3) == 0;
                NS_TEST_ASSERT_MSG_EQ(view.has_value(), frame, size << " bytes, first " << first);
            }
        }
    }
};

/** What Send() refuses. */
class RefusalTestCase : public TestCase
{
  public:
    RefusalTestCase()
        : TestCase("over-long payloads, a full queue, bad ports and no channel are refused")
    {
    }

  private:
    void DoRun() override
    {
        Network network({0}, {100}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("QueueLimit", UintegerValue(2));
        });
        Ptr<LoraEndDevice> device = network.Device(0);
        const Address nowhere = device->GetBroadcast();
        const std::map<uint8_t, uint32_t> limits{{12, 51}, {11, 51}, {10, 51}, {9, 115}, {8, 222}};
        for (const auto& [sf, limit] : limits)
        {
            device->SetSpreadingFactor(sf);
            network.m_dropped.clear();
            NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(limit + 1), nowhere, 1),
                                  false,
                                  "one byte too many at SF" << +sf);
            NS_TEST_ASSERT_MSG_EQ(network.m_dropped.size(), 1, "traced");
            NS_TEST_ASSERT_MSG_EQ(ToString(network.m_dropped[0]),
                                  std::string("payload_too_long"),
                                  "with its reason");
        }
        device->SetSpreadingFactor(7);
        network.m_dropped.clear();
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(10), nowhere, 224), false, "port 224");
        NS_TEST_ASSERT_MSG_EQ(device->GetNextOpportunity(), Time(0), "free");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(222), nowhere, 0), true, "goes on air");
        NS_TEST_ASSERT_MSG_EQ(device->GetNextOpportunity(),
                              device->GetTimeOnAir(222) * 100,
                              "one per cent");
        NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 0, "nothing waits");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(222), nowhere, 1), true, "waits");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(222), nowhere, 223), true, "waits");
        NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 2, "two wait");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(1), nowhere, 1), false, "queue is full");
        NS_TEST_ASSERT_MSG_EQ(network.m_dropped.size(), 2, "two drops");
        NS_TEST_ASSERT_MSG_EQ((network.m_dropped[0] == DropReason::INVALID_PORT), true, "port");
        NS_TEST_ASSERT_MSG_EQ((network.m_dropped[1] == DropReason::QUEUE_FULL), true, "queue");

        // The data rate goes down while packets wait: they no longer fit.
        Simulator::Schedule(Seconds(1), [device] { device->SetSpreadingFactor(12); });
        Simulator::Stop(Seconds(200));
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ(network.m_started.size(), 1, "only the first was sent");
        NS_TEST_ASSERT_MSG_EQ(network.m_dropped.size(), 4, "both that waited are reported");
        NS_TEST_ASSERT_MSG_EQ((network.m_dropped[3] == DropReason::PAYLOAD_TOO_LONG), true, "why");

        Ptr<LoraEndDevice> alone = CreateObject<LoraEndDevice>();
        NS_TEST_ASSERT_MSG_EQ(alone->IsLinkUp(), false, "no channel");
        NS_TEST_ASSERT_MSG_EQ(alone->Send(Create<Packet>(1), nowhere, 1), false, "no channel");
        NS_TEST_ASSERT_MSG_EQ(device->SendFrom(Create<Packet>(1), nowhere, nowhere, 1),
                              false,
                              "a device has one address");
        NS_TEST_ASSERT_MSG_EQ(device->SetMtu(100), false, "the MTU follows from the data rate");
        Simulator::Destroy();
    }
};

/** From the device's bytes to the application's. */
class DeliveryTestCase : public TestCase
{
  public:
    DeliveryTestCase()
        : TestCase("an uplink arrives with its bytes, once, after its airtime and the backhaul")
    {
    }

  private:
    void DoRun() override
    {
        Network network({0}, {2000, 500}, [](LoraHelper& lora) {
            lora.SetServerAttribute("BackhaulDelay", TimeValue(MilliSeconds(30)));
            lora.SetDeviceAttribute("DataRate", UintegerValue(3));
        });
        network.SendAt(Seconds(1), 0, CountingPacket(51, 7), 42);
        network.SendAt(Seconds(10), 1, CountingPacket(115));
        network.SendAt(Seconds(10), 0, CountingPacket(1));
        Simulator::Stop(Hours(1));
        Simulator::Run();

        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 3, "all arrive");
        NS_TEST_ASSERT_MSG_EQ(network.m_rejected.size(), 0, "none is refused");
        NS_TEST_ASSERT_MSG_EQ(network.m_duplicates, 0, "one gateway, no copies");
        const UplinkDelivery& first = network.m_delivered[0];
        NS_TEST_ASSERT_MSG_EQ(first.deviceAddress,
                              network.Device(0)->GetDeviceAddress(),
                              "device address");
        NS_TEST_ASSERT_MSG_EQ(first.frameCounter, 0, "counter");
        NS_TEST_ASSERT_MSG_EQ(+first.port, 42, "port");
        NS_TEST_ASSERT_MSG_EQ((BytesOf(first.payload) == BytesOf(CountingPacket(51, 7))),
                              true,
                              "bytes");
        NS_TEST_ASSERT_MSG_EQ(first.time,
                              Seconds(1) + MicroSeconds(390144) + MilliSeconds(30),
                              "time");
        NS_TEST_ASSERT_MSG_EQ(+first.spreadingFactor, 9, "spreading factor");
        NS_TEST_ASSERT_MSG_EQ(first.gatewayCount, 1, "one gateway");
        const double rssi = 14 - (7.7 + 37.6 * std::log10(2000));
        NS_TEST_ASSERT_MSG_EQ_TOL(first.rssiDbm, rssi, 1e-9, "log-distance loss");
        NS_TEST_ASSERT_MSG_EQ_TOL(first.snrDb,
                                  rssi + 174 - 10 * std::log10(125000) - 6,
                                  1e-9,
                                  "over noise of 125 kHz and 6 dB noise figure");
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered[2].frameCounter, 1, "counts up");
        NS_TEST_ASSERT_MSG_EQ(network.m_helper.GetServer()->GetDeliveredFrames(), 3, "counted");

        NS_TEST_ASSERT_MSG_EQ(network.m_fates.size(), 3, "each frame has a fate");
        NS_TEST_ASSERT_MSG_EQ(network.m_framesOnAir[0].size(), 64, "13 bytes of overhead on air");
        std::set<std::pair<uint32_t, uint32_t>> ids;
        for (const auto& [transmission, fate] : network.m_fates)
        {
            NS_TEST_ASSERT_MSG_EQ(ToString(fate), std::string("received"), "fate");
            ids.emplace(transmission.deviceAddress, transmission.frameCounter);
        }
        NS_TEST_ASSERT_MSG_EQ(ids.size(), 3, "(DevAddr, FCnt) names a frame");
        Simulator::Destroy();
    }
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

/** Scenes of two and three frames. */
class CaptureTestCase : public TestCase
{
  public:
    CaptureTestCase()
        : TestCase("frames of the same channel and spreading factor disturb each other by energy")
    {
    }

  private:
    /** Two frames of the same length. */
    std::vector<LoraFate> Two(Time offset,
                              double firstDbm,
                              double secondDbm,
                              uint8_t secondSf = 7,
                              uint32_t secondFrequency = 868100000)
    {
        Scene scene;
        scene.Add(Seconds(1), firstDbm);
        scene.Add(Seconds(1) + offset, secondDbm, secondSf, secondFrequency);
        return scene.Run();
    }

    /** \param offset start of the second frame after that of the first */
    void Expect(Time offset,
                double firstDbm,
                double secondDbm,
                bool firstSurvives,
                bool secondSurvives,
                const std::string& what)
    {
        const auto fates = Two(offset, firstDbm, secondDbm);
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]),
                              std::string(firstSurvives ? "received" : "interference"),
                              "first frame, " << what);
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]),
                              std::string(secondSurvives ? "received" : "interference"),
                              "second frame, " << what);
    }

    void DoRun() override
    {
        const Time symbol = MicroSeconds(1024);
        const Time airtime = MicroSeconds(118016); // 64 bytes at SF7
        const Time needed = airtime - symbol * 3;  // without three preamble symbols

        Expect(Time(0), -100, -100, false, false, "equal power, full overlap");
        Expect(Time(0), -100, -106.01, true, false, "6.01 dB apart");
        Expect(Time(0), -100, -105.99, false, false, "5.99 dB apart");
        Expect(Time(0), -106.01, -100, false, true, "6.01 dB apart, the other way");
        Expect(airtime, -100, -90, true, true, "one after the other");

        // Equal power: 10 log10(needed / overlap) >= 6 dB at an overlap of 25.1 % or less. The
        // first frame is hit in its tail; the second in its head, where three symbols do not count.
        const double limit = std::pow(10, -0.6);
        const Time tail = NanoSeconds(int64_t(limit * needed.GetNanoSeconds()));
        Expect(airtime - tail + MicroSeconds(10), -100, -100, true, true, "short overlap");
        Expect(airtime - tail - MicroSeconds(10), -100, -100, false, true, "tail hit too long");
        Expect(airtime - tail - symbol * 3 + MicroSeconds(10), -100, -100, false, true, "head ok");
        Expect(airtime - tail - symbol * 3 - MicroSeconds(10), -100, -100, false, false, "both");

        // The second frame's first three preamble symbols may be hit by anything.
        Expect(airtime - symbol * 3, -60, -120, true, true, "lost preamble symbols are no loss");
        Expect(airtime - symbol * 3 - MicroSeconds(200), -60, -120, true, false, "needed ones are");

        // Other channels and spreading factors do not disturb.
        auto fates = Two(Time(0), -100, -100, 8);
        NS_TEST_ASSERT_MSG_EQ((fates[0] == LoraFate::RECEIVED && fates[1] == LoraFate::RECEIVED),
                              true,
                              "other spreading factor");
        fates = Two(Time(0), -100, -100, 7, 868300000);
        NS_TEST_ASSERT_MSG_EQ((fates[0] == LoraFate::RECEIVED && fates[1] == LoraFate::RECEIVED),
                              true,
                              "other channel");

        // Energies add up: each of three at -107.5 is 7.5 dB below, two at once only 4.5 dB.
        Scene scene;
        scene.Add(Seconds(1), -100);
        scene.Add(Seconds(1), -107.5);
        NS_TEST_ASSERT_MSG_EQ(ToString(scene.Run()[0]), std::string("received"), "one interferer");
        Scene crowd;
        crowd.Add(Seconds(1), -100);
        crowd.Add(Seconds(1), -107.5);
        crowd.Add(Seconds(1), -107.5);
        NS_TEST_ASSERT_MSG_EQ(ToString(crowd.Run()[0]), std::string("interference"), "two");

        // What is too weak to be received disturbs all the same.
        Scene weak;
        weak.Add(Seconds(1), -123);
        weak.Add(Seconds(1), -125);
        fates = weak.Run();
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]), std::string("interference"), "disturbed");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]), std::string("under_sensitivity"), "too weak");

        // The threshold is an attribute.
        Scene one;
        one.m_gateway->SetAttribute("CaptureThreshold", StringValue("1"));
        one.Add(Seconds(1), -100);
        one.Add(Seconds(1), -102);
        NS_TEST_ASSERT_MSG_EQ(ToString(one.Run()[0]), std::string("received"), "1 dB capture");
    }
};

/** Demodulators. */
class DemodulatorTestCase : public TestCase
{
  public:
    DemodulatorTestCase()
        : TestCase("eight demodulators are held from a preamble's end to its frame's")
    {
    }

  private:
    void DoRun() override
    {
        const std::array<uint32_t, 3> channels{868100000, 868300000, 868500000};
        // Nine frames, no two on the same channel with the same spreading factor.
        Scene scene;
        for (int i = 0; i < 9; ++i)
        {
            scene.Add(Seconds(1) + MilliSeconds(i),
                      -100,
                      static_cast<uint8_t>(9 + i / 3),
                      channels[i % 3]);
        }
        auto fates = scene.Run();
        for (int i = 0; i < 8; ++i)
        {
            NS_TEST_ASSERT_MSG_EQ(ToString(fates[i]), std::string("received"), "frame " << i);
        }
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[8]), std::string("no_demodulator"), "the ninth");
        NS_TEST_ASSERT_MSG_EQ(scene.m_mostBusy, 8, "never more than eight");
        NS_TEST_ASSERT_MSG_EQ(scene.m_gateway->GetBusyDemodulators(), 0, "all given back");
        NS_TEST_ASSERT_MSG_EQ(scene.m_gateway->GetCount(LoraFate::RECEIVED), 8, "counted");
        NS_TEST_ASSERT_MSG_EQ(scene.m_gateway->GetCount(LoraFate::NO_DEMODULATOR), 1, "counted");

        // Doomed frames hold one too, frames below sensitivity hold none.
        Scene doomed;
        for (int i = 0; i < 8; ++i)
        {
            doomed.Add(Seconds(1), -100);
        }
        doomed.Add(Seconds(1) + MilliSeconds(1), -80, 9);
        fates = doomed.Run();
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]), std::string("interference"), "doomed");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[8]), std::string("no_demodulator"), "none left");

        Scene faint;
        for (int i = 0; i < 8; ++i)
        {
            faint.Add(Seconds(1), -130);
        }
        faint.Add(Seconds(1) + MilliSeconds(1), -80, 9);
        NS_TEST_ASSERT_MSG_EQ(ToString(faint.Run()[8]), std::string("received"), "all are free");

        // A demodulator is free again at the end of its frame.
        Scene turns;
        turns.m_gateway->SetAttribute("Demodulators", UintegerValue(1));
        turns.Add(Seconds(1), -100);
        // Eight symbols of SF8 are 16384 us.
        turns.Add(Seconds(1) + MicroSeconds(118016 - 16384 - 1), -100, 8);
        turns.Add(Seconds(2), -100, 8);
        turns.Add(Seconds(2) + MicroSeconds(215552 - 16384 + 1), -100, 8, 868300000);
        fates = turns.Run();
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]), std::string("no_demodulator"), "1 us too early");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[2]), std::string("received"), "free again");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[3]), std::string("received"), "1 us late enough");
    }
};

/** Sensitivity. */
class SensitivityTestCase : public TestCase
{
  public:
    SensitivityTestCase()
        : TestCase("sensitivity is noise plus threshold, or as given")
    {
    }

  private:
    void DoRun() override
    {
        Ptr<LoraGateway> gateway = CreateObject<LoraGateway>();
        const std::array<double, 6> expected{-124.5, -127.0, -129.5, -132.0, -134.5, -137.0};
        for (uint8_t sf = 7; sf <= 12; ++sf)
        {
            NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetSensitivityDbm(sf),
                                      expected[sf - 7],
                                      0.05,
                                      "SF" << +sf);
            NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetSensitivityDbm(sf, 500000),
                                      expected[sf - 7] + 6,
                                      0.05,
                                      "500 kHz, SF" << +sf);
        }
        gateway->SetAttribute("NoiseFigure", DoubleValue(3));
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetSensitivityDbm(7), -127.5, 0.05, "less noise");
        gateway->SetAttribute("Sensitivity", StringValue("-126.5,-129, -131.5 -134 -136.5 -139.5"));
        NS_TEST_ASSERT_MSG_EQ(gateway->GetSensitivityDbm(9), -131.5, "as given");

        for (uint8_t sf = 7; sf <= 12; ++sf)
        {
            Scene scene;
            const double limit = scene.m_gateway->GetSensitivityDbm(sf);
            scene.Add(Seconds(1), limit + 0.001, sf);
            scene.Add(Seconds(20), limit - 0.001, sf);
            const auto fates = scene.Run();
            NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]), std::string("received"), "SF" << +sf);
            NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]),
                                  std::string("under_sensitivity"),
                                  "SF" << +sf);
        }
    }
};

/** Two gateways hear the same frame. */
class DuplicateTestCase : public TestCase
{
  public:
    DuplicateTestCase()
        : TestCase("a frame that two gateways hear is delivered once, with the best SNR")
    {
    }

  private:
    void DoRun() override
    {
        // With and without backhaul delay and window, near gateway first and last.
        for (int variant = 0; variant < 8; ++variant)
        {
            const Time delay = MilliSeconds(variant & 1 ? 5 : 0);
            const Time window = MilliSeconds(variant & 2 ? 200 : 0);
            std::vector<double> gateways{1000, -3000};
            if (variant & 4)
            {
                std::swap(gateways[0], gateways[1]);
            }
            Network network(gateways, {0}, [&](LoraHelper& lora) {
                lora.SetServerAttribute("BackhaulDelay", TimeValue(delay));
                lora.SetServerAttribute("DeduplicationWindow", TimeValue(window));
            });
            for (int i = 0; i < 5; ++i)
            {
                network.SendAt(Time(0), 0, CountingPacket(20, static_cast<uint8_t>(i)));
            }
            Simulator::Stop(Hours(1));
            Simulator::Run();
            NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 5, "each once");
            NS_TEST_ASSERT_MSG_EQ(network.m_duplicates, 5, "and one copy of each");
            for (std::size_t i = 0; i < 5; ++i)
            {
                const UplinkDelivery& delivery = network.m_delivered[i];
                NS_TEST_ASSERT_MSG_EQ(delivery.frameCounter, i, "in order");
                NS_TEST_ASSERT_MSG_EQ(delivery.gatewayCount, 2, "two gateways");
                NS_TEST_ASSERT_MSG_EQ_TOL(delivery.rssiDbm,
                                          14 - 7.7 - 37.6 * std::log10(1000),
                                          1e-9,
                                          "the better one");
                NS_TEST_ASSERT_MSG_EQ(delivery.time,
                                      network.m_started[i].end + delay + window,
                                      "at the first arrival, after the window");
            }
            Simulator::Destroy();
        }

        // Interference at one gateway, not at the other: the best fate counts.
        Network network({0, 6000}, {100, 5900}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("DataRate", UintegerValue(0));
        });
        for (int i = 0; i < 40; ++i)
        {
            network.SendAt(Seconds(1000 * i), 0, CountingPacket(20));
            network.SendAt(Seconds(1000 * i), 1, CountingPacket(20));
        }
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 80, "the near gateway has it");
        for (const auto& [transmission, fate] : network.m_fates)
        {
            NS_TEST_ASSERT_MSG_EQ(ToString(fate), std::string("received"), "best fate");
        }
        const uint64_t disturbed = network.m_gateways[0]->GetCount(LoraFate::INTERFERENCE);
        NS_TEST_ASSERT_MSG_GT(disturbed, 0, "collisions at the far gateway");
        NS_TEST_ASSERT_MSG_LT(disturbed, 40, "not when the channels differ");
        Simulator::Destroy();
    }
};

/** Frames the server must not take. */
class ServerTestCase : public TestCase
{
  public:
    ServerTestCase()
        : TestCase("the server refuses what is malformed, unknown, wrongly signed or old")
    {
    }

  private:
    /** Gives the server the bytes and lets them arrive. */
    static void Give(Network& network, const std::vector<uint8_t>& bytes)
    {
        LoraGatewayReport report;
        report.frame = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
        network.m_helper.GetServer()->Report(report);
        Simulator::Run();
    }

    void DoRun() override
    {
        const LoraSessionKeys keys = DeriveSessionKeys(HexBlock(std::string(32, '7')), 5);
        Network network({0}, {});
        network.m_helper.GetServer()->RegisterDevice(5, keys);
        const auto frame = [&](uint32_t counter, uint32_t devAddr = 5, uint8_t port = 1) {
            LoraDataFrame data;
            data.devAddr = devAddr;
            data.frameCounter = counter;
            data.port = port;
            data.payload = {1, 2, 3};
            return data.Serialize(keys);
        };
        const auto rejected = [&] {
            return network.m_rejected.empty() ? std::string("none")
                                              : ToString(network.m_rejected.back());
        };

        Give(network, {});
        NS_TEST_ASSERT_MSG_EQ(rejected(), "malformed", "empty");
        Give(network, std::vector<uint8_t>(40, 0));
        NS_TEST_ASSERT_MSG_EQ(rejected(), "malformed", "a join request");
        LoraDataFrame down;
        down.type = LoraMessageType::UNCONFIRMED_DOWN;
        down.devAddr = 5;
        Give(network, down.Serialize(keys));
        NS_TEST_ASSERT_MSG_EQ(rejected(), "malformed", "a downlink");
        Give(network, frame(0, 6));
        NS_TEST_ASSERT_MSG_EQ(rejected(), "unknown_device", "not registered");
        auto spoiled = frame(0);
        spoiled[10] ^= 1;
        Give(network, spoiled);
        NS_TEST_ASSERT_MSG_EQ(rejected(), "bad_mic", "one bit of the payload");
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 0, "nothing delivered so far");
        NS_TEST_ASSERT_MSG_EQ(network.m_rejected.size(), 5, "five refused");

        Give(network, frame(65530));
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 1, "a good one");
        Give(network, frame(65530));
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 1, "a late copy is a duplicate");
        NS_TEST_ASSERT_MSG_EQ(network.m_duplicates, 1, "a late copy is a duplicate");
        Give(network, frame(65529));
        NS_TEST_ASSERT_MSG_EQ(rejected(), "old_counter", "replayed");
        Give(network, frame(65536 + 3));
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 2, "the counter's lower half wraps");
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered[1].frameCounter, 65539, "full counter");
        Give(network, frame(65539 + 65536));
        NS_TEST_ASSERT_MSG_EQ(rejected(), "bad_mic", "a whole round ahead cannot be told");
        Give(network, frame(65539 + 16385));
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 3, "more than the old MAX_FCNT_GAP");
        Give(network, frame(65539 + 16385 + 65535));
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 4, "the largest gap");
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered[3].frameCounter, 147459, "full counter");
        Give(network, frame(147459 - 1));
        NS_TEST_ASSERT_MSG_EQ(rejected(), "old_counter", "replayed from the same round");
        Give(network, frame(147460, 5, 0));
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 4, "port 0 is not for applications");
        NS_TEST_ASSERT_MSG_EQ(FullFrameCounter({}, 7), 7, "the first one");
        Simulator::Destroy();
    }
};

/** The extra random loss. */
class RandomLossTestCase : public TestCase
{
  public:
    RandomLossTestCase()
        : TestCase("the extra loss takes its share and is traced as what it is")
    {
    }

  private:
    void DoRun() override
    {
        for (double probability : {0.0, 0.25, 1.0})
        {
            Network network({0}, {100}, [&](LoraHelper& lora) {
                lora.SetDeviceAttribute("DutyCycle", BooleanValue(false));
                lora.SetDeviceAttribute("DataRate", UintegerValue(5));
                lora.SetGatewayAttribute("RandomLoss", DoubleValue(probability));
            });
            network.Saturate(0, 10);
            Simulator::Stop(Hours(2));
            Simulator::Run();
            const double count = double(network.m_fates.size());
            NS_TEST_ASSERT_MSG_GT(count, 2900, "enough frames");
            double lost = 0;
            for (const auto& [transmission, fate] : network.m_fates)
            {
                lost += fate == LoraFate::RANDOM_LOSS;
            }
            NS_TEST_ASSERT_MSG_EQ_TOL(lost / count,
                                      probability,
                                      4 * std::sqrt(probability * (1 - probability) / count),
                                      "share that was lost");
            NS_TEST_ASSERT_MSG_EQ(network.m_gateways[0]->GetCount(LoraFate::RANDOM_LOSS),
                                  uint64_t(lost),
                                  "counted");
            NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), uint64_t(count - lost), "the rest");
            Simulator::Destroy();
        }
    }
};

/** Path loss and shadowing of pairs. */
class ChannelTestCase : public TestCase
{
  public:
    ChannelTestCase()
        : TestCase("path loss is cached for a pair until it moves; shadowing is drawn once")
    {
    }

  private:
    /** A distance model that counts how often it is asked. */
    class CountingLossModel : public PropagationLossModel
    {
      public:
        uint32_t m_calls{0};

      private:
        double DoCalcRxPower(double txPowerDbm,
                             Ptr<MobilityModel> a,
                             Ptr<MobilityModel> b) const override
        {
            ++const_cast<CountingLossModel*>(this)->m_calls;
            return txPowerDbm - a->GetDistanceFrom(b);
        }

        int64_t DoAssignStreams(int64_t /* stream */) override
        {
            return 0;
        }
    };

    /** Shadowing of the pairs of 500 devices and 2 gateways. */
    static std::vector<double> Shadowing(double sigma, uint64_t run)
    {
        const uint64_t before = RngSeedManager::GetRun();
        RngSeedManager::SetRun(run);
        std::vector<double> places;
        for (int i = 0; i < 500; ++i)
        {
            places.push_back(20 + 0.01 * i);
        }
        Network network({0, 50}, places, [&](LoraHelper& lora) {
            lora.SetPropagationLossModel(CreateObject<CountingLossModel>());
            lora.SetChannelAttribute("ShadowingSigma", DoubleValue(sigma));
        });
        std::vector<double> values;
        for (uint32_t device = 0; device < 500; ++device)
        {
            Ptr<LoraChannel> channel = network.m_helper.GetChannel();
            // Later devices first: what is drawn does not depend on who asks first.
            const uint32_t asked = sigma > 5 ? 499 - device : device;
            values.push_back(channel->GetPathLossDb(asked, 0) - places[asked]);
            values.push_back(channel->GetPathLossDb(asked, 1) - (50 - places[asked]));
        }
        Simulator::Destroy();
        RngSeedManager::SetRun(before);
        return values;
    }

    void DoRun() override
    {
        Ptr<CountingLossModel> loss = CreateObject<CountingLossModel>();
        Network network({0, 50}, {10, 20}, [&](LoraHelper& lora) {
            lora.SetPropagationLossModel(loss);
            lora.SetGatewayAttribute("AntennaGain", DoubleValue(3));
        });
        for (int i = 0; i < 20; ++i)
        {
            network.SendAt(Seconds(300 * i), 0, Create<Packet>(10));
            network.SendAt(Seconds(300 * i), 1, Create<Packet>(10));
        }
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ(loss->m_calls, 4, "once for each pair");
        Ptr<LoraChannel> channel = network.m_helper.GetChannel();
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(0, 1), 40, 1e-9, "power");
        Ptr<MobilityModel> mobility = network.Device(0)->GetNode()->GetObject<MobilityModel>();
        mobility->SetPosition(Vector(30, 0, 0));
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(0, 1), 20, 1e-9, "moved");
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(0, 0), 30, 1e-9, "moved");
        mobility = network.m_gateways[0]->GetNode()->GetObject<MobilityModel>();
        mobility->SetPosition(Vector(29, 0, 0));
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(0, 0), 1, 1e-9, "gateway");
        NS_TEST_ASSERT_MSG_EQ(loss->m_calls, 7, "again for those that moved");
        NS_TEST_ASSERT_MSG_EQ(channel->GetNDevices(), 2, "devices");
        NS_TEST_ASSERT_MSG_EQ(channel->GetDevice(1), network.m_devices.Get(1), "devices");
        Simulator::Destroy();

        const auto none = Shadowing(0, 1);
        const auto four = Shadowing(4, 1);
        const auto eight = Shadowing(8, 1);
        double sum = 0;
        double squares = 0;
        for (std::size_t i = 0; i < four.size(); ++i)
        {
            NS_TEST_ASSERT_MSG_EQ_TOL(none[i], 0, 1e-9, "no shadowing by default");
            // Pairs of two gateways, asked in reverse for the larger sigma.
            const std::size_t other = 998 - (i & ~std::size_t(1)) + (i & 1);
            NS_TEST_ASSERT_MSG_EQ_TOL(eight[other], 2 * four[i], 1e-9, "same draw, larger sigma");
            sum += four[i];
            squares += four[i] * four[i];
        }
        const double n = double(four.size());
        NS_TEST_ASSERT_MSG_EQ_TOL(sum / n, 0, 4 * 4 / std::sqrt(n), "mean");
        NS_TEST_ASSERT_MSG_EQ_TOL(std::sqrt(squares / n), 4, 4 * 4 / std::sqrt(2 * n), "sigma");
        NS_TEST_ASSERT_MSG_EQ((Shadowing(4, 1) == four), true, "same run, same shadowing");
        NS_TEST_ASSERT_MSG_EQ((Shadowing(4, 2) == four), false, "other run, other shadowing");
    }
};

/** Spreading factors by distance. */
class HelperTestCase : public TestCase
{
  public:
    HelperTestCase()
        : TestCase("the helper gives the lowest spreading factor that is received with the margin")
    {
    }

  private:
    /** Distance at which the default loss leaves just the given power. */
    static double DistanceFor(double rxDbm)
    {
        return std::pow(10, (14 - 7.7 - rxDbm) / 37.6);
    }

    void DoRun() override
    {
        Ptr<LoraGateway> reference = CreateObject<LoraGateway>();
        for (double margin : {0.0, 3.0, 10.0})
        {
            std::vector<double> places;
            for (uint8_t sf = 7; sf <= 12; ++sf)
            {
                const double edge = DistanceFor(reference->GetSensitivityDbm(sf) + margin);
                places.push_back(edge - 1);
                places.push_back(edge + 1);
            }
            // The far gateway adds nothing for anyone but the last device.
            Network network({0, 1e6}, places, [&](LoraHelper& lora) {
                lora.SetSpreadingFactorMargin(margin);
            });
            const auto plan = network.m_helper.AssignSpreadingFactors(network.m_devices);
            for (uint32_t i = 0; i < places.size(); ++i)
            {
                const uint32_t expected = std::min(12U, 7 + (i + 1) / 2);
                NS_TEST_ASSERT_MSG_EQ(+network.Device(i)->GetSpreadingFactor(),
                                      expected,
                                      "device at " << places[i] << " m");
            }
            NS_TEST_ASSERT_MSG_EQ(plan.outOfRange, 1, "one is out of range");
            NS_TEST_ASSERT_MSG_EQ(plan.count[0], 1, "SF7");
            NS_TEST_ASSERT_MSG_EQ(plan.count[1], 2, "SF8");
            NS_TEST_ASSERT_MSG_EQ(plan.count[5], 3, "SF12");
            if (margin > 0)
            {
                // All but the last lie within range.
                for (uint32_t i = 0; i < places.size(); ++i)
                {
                    network.SendAt(Seconds(10 * i), i, CountingPacket(20));
                }
                Simulator::Run();
                NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), places.size(), "all arrive");
            }
            Simulator::Destroy();
        }

        Network fixed({0}, {10, 20});
        LoraHelper::SetSpreadingFactor(fixed.m_devices, 10);
        NS_TEST_ASSERT_MSG_EQ(+fixed.Device(1)->GetSpreadingFactor(), 10, "fixed");
        std::set<Address> addresses;
        for (uint32_t i = 0; i < 2; ++i)
        {
            addresses.insert(fixed.Device(i)->GetAddress());
            NS_TEST_ASSERT_MSG_EQ(fixed.Device(i)->GetNode()->GetDevice(0),
                                  fixed.Device(i),
                                  "installed on its node");
        }
        NS_TEST_ASSERT_MSG_EQ(addresses.size(), 2, "own addresses");
        Simulator::Destroy();
    }
};

/** A run is a function of seed and run number. */
class DeterminismTestCase : public TestCase
{
  public:
    DeterminismTestCase()
        : TestCase("same seed and run, same trace; another run, another trace")
    {
    }

  private:
    /** Everything that happened in a small network, as text. */
    static std::string Trace(uint64_t run)
    {
        const uint64_t before = RngSeedManager::GetRun();
        RngSeedManager::SetRun(run);
        std::vector<double> places;
        for (int i = 0; i < 30; ++i)
        {
            places.push_back(100 + 100 * i);
        }
        Network network({0, 4000}, places, [](LoraHelper& lora) {
            lora.SetChannelAttribute("ShadowingSigma", DoubleValue(6));
            lora.SetGatewayAttribute("RandomLoss", DoubleValue(0.05));
        });
        network.m_helper.AssignSpreadingFactors(network.m_devices);
        for (uint32_t i = 0; i < places.size(); ++i)
        {
            for (int k = 0; k < 10; ++k)
            {
                network.SendAt(MilliSeconds(700 * i + 20000 * k), i, CountingPacket(40));
            }
        }
        Simulator::Stop(Hours(2));
        Simulator::Run();
        std::ostringstream text;
        text.precision(17);
        for (const auto& [t, fate] : network.m_fates)
        {
            text << t.deviceAddress << ' ' << t.frameCounter << ' ' << t.start.GetNanoSeconds()
                 << ' ' << t.end.GetNanoSeconds() << ' ' << t.frequencyHz << ' '
                 << +t.spreadingFactor << ' ' << ToString(fate) << '\n';
        }
        for (const auto& delivery : network.m_delivered)
        {
            text << delivery.deviceAddress << ' ' << delivery.frameCounter << ' '
                 << delivery.time.GetNanoSeconds() << ' ' << delivery.rssiDbm << ' '
                 << delivery.gatewayCount << '\n';
        }
        for (uint32_t i = 0; i < places.size(); ++i)
        {
            text << network.Device(i)->GetTotalEnergyJoule() << '\n';
        }
        Simulator::Destroy();
        RngSeedManager::SetRun(before);
        return text.str();
    }

    void DoRun() override
    {
        const std::string first = Trace(1);
        NS_TEST_ASSERT_MSG_GT(first.size(), 10000, "something happened");
        NS_TEST_ASSERT_MSG_EQ((first == Trace(1)), true, "same run");
        NS_TEST_ASSERT_MSG_EQ((first == Trace(2)), false, "other run");
    }
};

/** Unslotted ALOHA without capture has a closed form. */
class AlohaTestCase : public TestCase
{
  public:
    AlohaTestCase()
        : TestCase("one channel, one spreading factor, no capture: exp(-2G) of ALOHA")
    {
    }

  private:
    void DoRun() override
    {
        LoraModulation modulation;
        const Time airtime = LoraTimeOnAir(modulation, 64);
        Ptr<ExponentialRandomVariable> gap = CreateObject<ExponentialRandomVariable>();
        gap->SetStream(4711);
        for (double load : {0.05, 0.2, 0.5})
        {
            Scene scene;
            // Any overlap with a frame of equal power is a loss, preamble included.
            scene.m_gateway->SetAttribute("CaptureThreshold", StringValue("200"));
            scene.m_gateway->SetAttribute("RequiredPreambleSymbols", UintegerValue(8));
            scene.m_gateway->SetAttribute("Demodulators", UintegerValue(1000));
            const int count = 20000;
            Time start;
            for (int i = 0; i < count; ++i)
            {
                start += NanoSeconds(int64_t(gap->GetValue(airtime.GetNanoSeconds() / load, 0)));
                scene.Add(start, -100);
            }
            double received = 0;
            for (LoraFate fate : scene.Run())
            {
                received += fate == LoraFate::RECEIVED;
            }
            const double expected = std::exp(-2 * load);
            // Losses come in groups: the deviation is wider than that of independent frames.
            NS_TEST_ASSERT_MSG_EQ_TOL(received / count,
                                      expected,
                                      5 * std::sqrt(expected * (1 - expected) / count),
                                      "G = " << load);
        }
    }
};

/** The suite. */
class LpwanLoraTestSuite : public TestSuite
{
  public:
    LpwanLoraTestSuite()
        : TestSuite("lpwan-lora")
    {
        AddTestCase(new TimeOnAirTestCase);
        AddTestCase(new RegionTestCase);
        AddTestCase(new DutyCycleTestCase);
        AddTestCase(new SaturatedDeviceTestCase(7, 222));
        AddTestCase(new SaturatedDeviceTestCase(9, 51));
        AddTestCase(new SaturatedDeviceTestCase(12, 51));
        AddTestCase(new ClassATestCase);
        AddTestCase(new CryptoTestCase);
        AddTestCase(new FrameTestCase);
        AddTestCase(new RefusalTestCase);
        AddTestCase(new DeliveryTestCase);
        AddTestCase(new CaptureTestCase);
        AddTestCase(new DemodulatorTestCase);
        AddTestCase(new SensitivityTestCase);
        AddTestCase(new DuplicateTestCase);
        AddTestCase(new ServerTestCase);
        AddTestCase(new RandomLossTestCase);
        AddTestCase(new ChannelTestCase);
        AddTestCase(new HelperTestCase);
        AddTestCase(new DeterminismTestCase);
        AddTestCase(new AlohaTestCase);
    }
};

/** Registers the suite. */
LpwanLoraTestSuite g_lpwanLoraTestSuite;

} // namespace
