// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/boolean.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <functional>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Application data downwards. */
class DownlinkDataTestCase : public TestCase
{
  public:
    DownlinkDataTestCase()
        : TestCase("application data goes down, in windows and to class C at once")
    {
    }

  private:
    void DoRun() override
    {
        {
            Cell cell({1000});
            const uint32_t address = cell.m_devices[0]->GetDeviceAddress();
            cell.m_onDelivery = [&](const UplinkDelivery& delivery) {
                if (delivery.frameCounter == 0)
                {
                    // Three at once: the second follows, since the first frame says that there is
                    // more. Then both sub-bands of the gateway are closed, and the third waits.
                    cell.Server()->SendDownlink(address, {1, 2, 3}, 5);
                    cell.Server()->SendDownlink(address, {4}, 5, true);
                    cell.Server()->SendDownlink(address, {5, 6}, 5);
                }
            };
            cell.SendAt(Seconds(1), 0, 20);
            cell.SendAt(Seconds(30), 0, 20);
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 3, "all three");
            NS_TEST_ASSERT_MSG_EQ(ToHex(cell.m_payloads.at(0)), "010203", "first");
            NS_TEST_ASSERT_MSG_EQ(ToHex(cell.m_payloads.at(1)), "04", "second");
            NS_TEST_ASSERT_MSG_EQ(ToHex(cell.m_payloads.at(2)), "0506", "third");
            NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 2, "two uplinks had a payload");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 4, "two were only to ask for more");
            NS_TEST_ASSERT_MSG_EQ(cell.Server()->GetDownlinkQueueSize(address),
                                  0,
                                  "the confirmed one was acknowledged");
        }
        {
            // Class C: within the backhaul's delay, though it last sent long ago.
            Cell cell({1000},
                      [](LoraHelper& lora) { lora.SetDeviceAttribute("Class", StringValue("C")); });
            const uint32_t address = cell.m_devices[0]->GetDeviceAddress();
            cell.SendAt(Seconds(1), 0, 20);
            Simulator::Schedule(Seconds(30), [&] {
                cell.Server()->SendDownlink(address, {7}, 5);
                NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 0, "not yet");
            });
            cell.Run(Seconds(40));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 1, "arrived");
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.at(0).second, 3, "between the windows");
            const Time sent = cell.m_devices[0]->GetTimeIn(RadioState::TX);
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTimeIn(RadioState::RX),
                                  Seconds(40) - sent,
                                  "it listens all the time");
        }
        {
            // Too long for SF12 in RX2, and RX1 is closed: it waits for the next uplink.
            Cell cell({1000});
            const uint32_t address = cell.m_devices[0]->GetDeviceAddress();
            cell.m_onDelivery = [&](const UplinkDelivery& delivery) {
                if (delivery.frameCounter == 0)
                {
                    cell.Server()->SendDownlink(address, std::vector<uint8_t>(100), 5);
                    cell.Server()->SendDownlink(address, std::vector<uint8_t>(100), 5);
                }
            };
            cell.SendAt(Seconds(1), 0, 20);
            cell.SendAt(Seconds(40), 0, 20);
            cell.Run(Seconds(39));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 1, "the second waits");
            NS_TEST_ASSERT_MSG_GT(cell.Server()->GetDownlinkCounts().missed, 0, "and is counted");
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 2, "until the next uplink");
        }
        {
            // A device that has sent nothing does not listen to a neighbour's answer.
            Cell cell({1000, 1100});
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.Run(Seconds(10));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[1]->GetTimeIn(RadioState::RX),
                                  Time(0),
                                  "nobody listens outside windows");
        }
    }
};

/** What a class C device was tuned to before. */
class StaleWindowTestCase : public TestCase
{
  public:
    StaleWindowTestCase()
        : TestCase("a class C device whose RX2 was moved hears nothing on the old one")
    {
    }

  private:
    /** Sends by hand what would be a frame of the network. */
    static void SendBy(Cell& cell, uint8_t dataRate, uint32_t frequencyHz)
    {
        Ptr<LoraDownlink> downlink = Create<LoraDownlink>();
        downlink->modulation = cell.m_devices[0]->GetRegion().Modulation(dataRate);
        downlink->modulation.payloadCrc = false;
        downlink->frequencyHz = frequencyHz;
        downlink->frame = Create<Packet>(20);
        downlink->start = Simulator::Now();
        cell.m_gateways[0]->Send(downlink);
    }

    void Try(const std::string& region, const RxParamSetupReq& moved, uint8_t dataRate, uint32_t hz)
    {
        Cell cell({100}, [&](LoraHelper& lora) {
            lora.SetRegion(region);
            lora.SetDeviceAttribute("Class", StringValue("C"));
            lora.SetDeviceAttribute("DataRate", UintegerValue(region == "EU868" ? 5 : 3));
            lora.SetGatewayAttribute("DutyCycle", BooleanValue(false));
        });
        int heard = 0;
        const std::function<void(const LoraDownlink&, uint32_t, double, bool)> note =
            [&](const LoraDownlink&, uint32_t, double, bool) { ++heard; };
        cell.m_helper.GetChannel()->TraceConnectWithoutContext(
            "DownlinkFate",
            Callback<void, const LoraDownlink&, uint32_t, double, bool>(note));
        cell.Server()->SendCommand(cell.m_devices[0]->GetDeviceAddress(), moved);
        Simulator::Schedule(Seconds(1), [&] { SendBy(cell, dataRate, hz); });
        cell.SendAt(Seconds(10), 0, 5);
        cell.SendAt(Seconds(20), 0, 5);
        cell.Run(Seconds(30));
        const int before = heard;
        NS_TEST_ASSERT_MSG_EQ(before, 2, region << ": on the first RX2, and the request");
        SendBy(cell, dataRate, hz);
        cell.Run(Seconds(40));
        NS_TEST_ASSERT_MSG_EQ(heard, before, region << ": not on the old RX2");
        SendBy(cell, moved.rx2DataRate, moved.rx2FrequencyHz);
        cell.Run(Seconds(50));
        NS_TEST_ASSERT_MSG_EQ(heard, before + 1, region << ": but on the new one");
    }

    void DoRun() override
    {
        Try("EU868", {0, 3, 869525000}, 0, 869525000);  // another spreading factor
        Try("EU868", {0, 0, 868500000}, 0, 869525000);  // another carrier
        Try("US915", {0, 0, 923300000}, 8, 923300000);  // SF12 at 500 kHz to SF10 at 125 kHz
        Try("US915", {0, 10, 923300000}, 8, 923300000); // to SF10 at 500 kHz
    }
};

/** Data for devices of both classes. */
class LoraDownlinkTestSuite : public TestSuite
{
  public:
    LoraDownlinkTestSuite()
        : TestSuite("lpwan-lora-downlink")
    {
        AddTestCase(new DownlinkDataTestCase);
        AddTestCase(new StaleWindowTestCase);
    }
};

LoraDownlinkTestSuite g_loraDownlinkTestSuite; //!< registers the suite

} // namespace
