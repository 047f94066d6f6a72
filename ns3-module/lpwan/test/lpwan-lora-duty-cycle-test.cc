// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/lpwan-duty-cycle.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/nstime.h"
#include "ns3/simulator.h"
#include "ns3/test.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

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

/** Duty cycles. */
class LoraDutyCycleTestSuite : public TestSuite
{
  public:
    LoraDutyCycleTestSuite()
        : TestSuite("lpwan-lora-duty-cycle")
    {
        AddTestCase(new DutyCycleTestCase);
        AddTestCase(new SaturatedDeviceTestCase(7, 222));
        AddTestCase(new SaturatedDeviceTestCase(9, 51));
        AddTestCase(new SaturatedDeviceTestCase(12, 51));
    }
};

LoraDutyCycleTestSuite g_loraDutyCycleTestSuite; //!< registers the suite

} // namespace
