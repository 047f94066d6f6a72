// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Joining over the air. */
class JoinTestCase : public TestCase
{
  public:
    JoinTestCase()
        : TestCase("devices join over the air and then send")
    {
    }

  private:
    void DoRun() override
    {
        for (const std::string region : {"EU868", "US915"})
        {
            Cell cell({1000}, [&](LoraHelper& lora) {
                lora.SetRegion(region);
                lora.SetOtaa(true);
                lora.SetDeviceAttribute("DataRate", UintegerValue(region == "EU868" ? 5 : 3));
                lora.SetDeviceAttribute("SubBand", UintegerValue(region == "EU868" ? 0 : 2));
            });
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_joined.size(), 1, region << ": joined");
            NS_TEST_ASSERT_MSG_EQ(cell.m_joined.at(0).second,
                                  1,
                                  region << ": at the first request");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsJoined(), true, region);
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 2, region << ": request and data");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.at(0).transmission.frameBytes, 23, "join request");
            NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 1, region << ": delivered");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).first, true, region << ": and down");
            if (region == "US915")
            {
                const uint32_t hz = cell.m_uplinks.at(1).transmission.frequencyHz;
                NS_TEST_ASSERT_MSG_EQ((hz >= 903900000 && hz <= 905300000),
                                      true,
                                      "sub-band 2 is 903.9 to 905.3 MHz, not " << hz);
            }
        }
        {
            // Nobody answers: data rates in turns, and 1 % in the first hour.
            Cell cell({200000}, [](LoraHelper& lora) { lora.SetOtaa(true); });
            cell.SendAt(Seconds(1), 0, 20);
            cell.Run(Seconds(1800));
            NS_TEST_ASSERT_MSG_GT(cell.m_uplinks.size(), 5, "it goes on trying");
            Time airtime;
            for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
            {
                const auto& t = cell.m_uplinks[i].transmission;
                NS_TEST_ASSERT_MSG_EQ(+t.spreadingFactor,
                                      7 + static_cast<int>(i % 6),
                                      "request " << i);
                airtime += t.end - t.start;
            }
            NS_TEST_ASSERT_MSG_LT(airtime.GetSeconds(), 1800 * 0.01 + 2, "1 %");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetQueueSize(), 1, "the packet waits");
        }
    }
};

/** Airtime of join requests that nobody answers. */
class JoinAirtimeTestCase : public TestCase
{
  public:
    JoinAirtimeTestCase()
        : TestCase("join requests take 36 s of air in the first hour, in the next ten, 8.7 s a day")
    {
    }

  private:
    void DoRun() override
    {
        for (const std::string region : {"EU868", "US915"})
        {
            // TS001-1.0.4, section 7, counted from the first request on, days one after the other.
            const std::vector<double> edgesH{0, 1, 11, 35, 59, 83};
            const std::vector<double> limitS{36, 36, 8.7, 8.7, 8.7};
            Cell cell({1000}, [&](LoraHelper& lora) {
                lora.SetRegion(region);
                lora.SetOtaa(true);
                lora.SetGatewayAttribute("RandomLoss", DoubleValue(1));
                lora.SetDeviceAttribute("DutyCycle", BooleanValue(true));
                lora.SetDeviceAttribute("DataRate", UintegerValue(0));
            });
            cell.SendAt(Seconds(700), 0, 5);
            cell.Run(Seconds(700 + 83 * 3600));
            std::vector<double> usedS(limitS.size(), 0);
            for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
            {
                const auto& t = cell.m_uplinks[i].transmission;
                const double hour = (t.start - Seconds(700)).GetSeconds() / 3600;
                const auto period = static_cast<std::size_t>(
                    std::upper_bound(edgesH.begin(), edgesH.end(), hour) - edgesH.begin() - 1);
                usedS.at(period) += (t.end - t.start).GetSeconds();
                NS_TEST_ASSERT_MSG_LT((t.end - Seconds(700)).GetSeconds() / 3600,
                                      edgesH[period + 1] + 1e-9,
                                      "ends in the period that it began in");
            }
            for (std::size_t i = 0; i < limitS.size(); ++i)
            {
                NS_TEST_ASSERT_MSG_LT(usedS[i], limitS[i], region << ": period " << i);
                // Requests last up to 1.48 s, and the budget is there to be used.
                NS_TEST_ASSERT_MSG_GT(usedS[i], limitS[i] * 0.75, region << ": period " << i);
            }
        }
    }
};

/** Join() while something is under way. */
class RejoinTestCase : public TestCase
{
  public:
    RejoinTestCase()
        : TestCase("Join() ends the session: what waits for an answer is given up in a trace")
    {
    }

  private:
    void DoRun() override
    {
        // A frame of 20 bytes at SF7 takes 72 ms; RX1 is from 1.072 s on, RX2 from 2.072 s on. What
        // is repeated follows 1 to 3 s after 2.334 s.
        for (const bool confirmed : {true, false})
        {
            for (const int64_t afterMs : {1, 71, 500, 1073, 1500, 2100, 2330, 3000})
            {
                Cell cell({1000, 200000}, [](LoraHelper& lora) {
                    lora.SetOtaa(true);
                    lora.SetDeviceAttribute("Transmissions", UintegerValue(3));
                });
                const auto device = cell.m_devices[0];
                cell.SendAt(Seconds(1), 0, 5);
                cell.Run(Seconds(60));
                NS_TEST_ASSERT_MSG_EQ(device->IsJoined(), true, "joined");
                const std::size_t uplinks = cell.m_uplinks.size();
                // Out of reach for a while, so that no answer ends it.
                const auto mobility = device->GetNode()->GetObject<MobilityModel>();
                mobility->SetPosition(Vector(200000, 0, 0));
                device->SendData(Create<Packet>(20), 1, confirmed);
                device->SendData(Create<Packet>(21), 1, confirmed);
                Simulator::Schedule(MilliSeconds(afterMs), [device, mobility] {
                    mobility->SetPosition(Vector(1000, 0, 0));
                    device->Join();
                });
                cell.Run(Seconds(200));
                NS_TEST_ASSERT_MSG_EQ(cell.m_joined.size(), 2, afterMs << " ms: joined again");
                NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.at(uplinks).transmission.frameBytes,
                                      33,
                                      afterMs << " ms: the first one");
                const std::size_t requests = static_cast<std::size_t>(
                    std::count_if(cell.m_uplinks.begin(), cell.m_uplinks.end(), [](const auto& u) {
                        return u.transmission.frameBytes == 23 && BytesOf(u.frame)[0] == 0;
                    }));
                NS_TEST_ASSERT_MSG_EQ(requests, 2, afterMs << " ms: a request each time");
                if (!confirmed)
                {
                    continue;
                }
                NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 2, afterMs << " ms: both end");
                NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged[0].first, false, afterMs << " ms");
                NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged[1].first, true, afterMs << " ms");
                NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.size(), 1, afterMs << " ms: one is lost");
                NS_TEST_ASSERT_MSG_EQ(cell.m_dropped[0], "not_acknowledged", afterMs << " ms");
                NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 0, "nothing waits");
            }
        }
        // The same of a device that fails, at any time before it gives up by itself.
        for (const int64_t afterMs : {1, 71, 500, 1073, 1500, 2100, 2330, 3000})
        {
            Cell cell({200000});
            cell.SendAt(Seconds(1), 0, 20, true);
            Simulator::Schedule(Seconds(1) + MilliSeconds(afterMs),
                                [&] { cell.m_devices[0]->TurnOff(); });
            cell.Run(Seconds(60));
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, afterMs << " ms: dropped");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 1, afterMs << " ms: reported");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged[0].first, false, afterMs << " ms");
        }
    }
};

/** Joining over the air. */
class LoraJoinTestSuite : public TestSuite
{
  public:
    LoraJoinTestSuite()
        : TestSuite("lpwan-lora-join")
    {
        AddTestCase(new JoinTestCase);
        AddTestCase(new JoinAirtimeTestCase);
        AddTestCase(new RejoinTestCase);
    }
};

LoraJoinTestSuite g_loraJoinTestSuite; //!< registers the suite

} // namespace
