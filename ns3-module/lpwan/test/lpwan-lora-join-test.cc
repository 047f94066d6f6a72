// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/nstime.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <string>

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

/** Joining over the air. */
class LoraJoinTestSuite : public TestSuite
{
  public:
    LoraJoinTestSuite()
        : TestSuite("lpwan-lora-join")
    {
        AddTestCase(new JoinTestCase);
    }
};

LoraJoinTestSuite g_loraJoinTestSuite; //!< registers the suite

} // namespace
