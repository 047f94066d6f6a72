// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/nstime.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"

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

/** Data for devices of both classes. */
class LoraDownlinkTestSuite : public TestSuite
{
  public:
    LoraDownlinkTestSuite()
        : TestSuite("lpwan-lora-downlink")
    {
        AddTestCase(new DownlinkDataTestCase);
    }
};

LoraDownlinkTestSuite g_loraDownlinkTestSuite; //!< registers the suite

} // namespace
