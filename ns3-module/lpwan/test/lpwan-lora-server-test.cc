// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-crypto.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-frame.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

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

/** Two gateways: the better one answers, or the other when that is busy. */
class GatewayChoiceTestCase : public TestCase
{
  public:
    GatewayChoiceTestCase()
        : TestCase("the best free gateway answers")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({1000, 2500}, [](LoraHelper&) {}, {0, 3000});
        cell.SendAt(Seconds(1), 0, 20, true);
        cell.SendAt(Seconds(10), 1, 20, true);
        // Within the off time of gateway 0, which leaves gateway 1 for RX1.
        cell.SendAt(Seconds(3), 0, 20, true);
        cell.Run(Seconds(60));
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.size(), 3, "three answers");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.at(0).gateway, 0, "the near one");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.at(1).gateway, 1, "the free one");
        NS_TEST_ASSERT_MSG_EQ(+cell.m_dispatched.at(1).window, 1, "in RX1");
        NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 3, "all arrive");
        for (const auto& [acknowledged, transmissions] : cell.m_acknowledged)
        {
            NS_TEST_ASSERT_MSG_EQ(acknowledged, true, "acknowledged");
        }
        NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.at(0).gatewayCount, 2, "both heard it");
    }
};

/** The network server and several gateways. */
class LoraServerTestSuite : public TestSuite
{
  public:
    LoraServerTestSuite()
        : TestSuite("lpwan-lora-server")
    {
        AddTestCase(new DuplicateTestCase);
        AddTestCase(new ServerTestCase);
        AddTestCase(new GatewayChoiceTestCase);
    }
};

LoraServerTestSuite g_loraServerTestSuite; //!< registers the suite

} // namespace
