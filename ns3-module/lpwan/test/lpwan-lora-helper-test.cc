// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/double.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/test.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

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

/** What the helper builds. */
class LoraHelperTestSuite : public TestSuite
{
  public:
    LoraHelperTestSuite()
        : TestSuite("lpwan-lora-helper")
    {
        AddTestCase(new HelperTestCase);
        AddTestCase(new DeterminismTestCase);
    }
};

LoraHelperTestSuite g_loraHelperTestSuite; //!< registers the suite

} // namespace
