// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/node-container.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/test.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

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

/** Correlated shadowing. */
class ShadowingTestCase : public TestCase
{
  public:
    ShadowingTestCase()
        : TestCase("correlated shadowing has the variance and correlation that were asked for")
    {
    }

  private:
    void DoRun() override
    {
        // Many independent channels; three places on each, 0, 50 and 100 m apart.
        constexpr int CHANNELS = 400;
        constexpr double DISTANCE_M = 100;
        double squares = 0;
        double half = 0;
        double full = 0;
        for (int c = 0; c < CHANNELS; ++c)
        {
            Cell cell({1000, 1000 + DISTANCE_M / 2, 1000 + DISTANCE_M}, [&](LoraHelper& lora) {
                lora.SetChannelAttribute("ShadowingSigma", DoubleValue(1));
                lora.SetChannelAttribute("ShadowingCorrelationDistance", DoubleValue(DISTANCE_M));
            });
            cell.m_helper.AssignStreams(1000 + 100 * c);
            std::array<double, 3> shadowing{};
            for (uint32_t i = 0; i < 3; ++i)
            {
                const double distance = 1000 + DISTANCE_M / 2 * i;
                shadowing[i] = cell.m_helper.GetChannel()->GetPathLossDb(i, 0) -
                               (7.7 + 37.6 * std::log10(distance));
            }
            squares += shadowing[0] * shadowing[0];
            half += shadowing[0] * shadowing[1];
            full += shadowing[0] * shadowing[2];
        }
        // The standard deviation of such a mean is below sqrt(2 / 400) = 0.07.
        NS_TEST_ASSERT_MSG_EQ_TOL(squares / CHANNELS, 1, 0.25, "variance");
        NS_TEST_ASSERT_MSG_EQ_TOL(half / CHANNELS, std::exp(-0.5), 0.25, "at half the distance");
        NS_TEST_ASSERT_MSG_EQ_TOL(full / CHANNELS, std::exp(-1), 0.25, "at the distance");
    }
};

/** Path loss near a gateway. */
class OuluTestCase : public TestCase
{
  public:
    OuluTestCase()
        : TestCase("the Oulu path loss is 128.95 dB + 23.2 dB a decade, near the gateway too")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({10, 1000, 10000}, [](LoraHelper& lora) { lora.SetPropagationPreset("oulu"); });
        const auto channel = cell.m_helper.GetChannel();
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(0, 0), 128.95 - 46.4, 1e-9, "10 m");
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(1, 0), 128.95, 1e-9, "1 km");
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(2, 0), 128.95 + 23.2, 1e-9, "10 km");
    }
};

/** Devices at one place. */
class TwinsTestCase : public TestCase
{
  public:
    TwinsTestCase()
        : TestCase("devices at one place have one shadowing, and others the draws they had alone")
    {
    }

  private:
    static std::vector<double> Losses(const std::vector<double>& places, double correlationM = 0)
    {
        Cell cell(places,
                  [&](LoraHelper& lora) {
                      lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
                      lora.SetChannelAttribute("ShadowingSigma", DoubleValue(8));
                      lora.SetChannelAttribute("ShadowingCorrelationDistance",
                                               DoubleValue(correlationM));
                  },
                  {0, 500});
        std::vector<double> losses;
        for (uint32_t i = 0; i < places.size(); ++i)
        {
            losses.push_back(cell.m_helper.GetChannel()->GetPathLossDb(i, 0));
            losses.push_back(cell.m_helper.GetChannel()->GetPathLossDb(i, 1));
        }
        return losses;
    }

    void DoRun() override
    {
        for (const double correlationM : {0.0, 50.0})
        {
            const auto alone = Losses({10, 20, 30, 40, 50}, correlationM);
            const auto paired = Losses({10, 20, 10, 20, 10}, correlationM);
            for (std::size_t i = 0; i < 10; ++i)
            {
                NS_TEST_ASSERT_MSG_EQ(paired[i], alone[i % 4], "path " << i);
            }
            const auto last = Losses({10, 20, 10, 40, 20}, correlationM);
            NS_TEST_ASSERT_MSG_EQ(last[6], alone[6], "a place of its own, the old draw");
            NS_TEST_ASSERT_MSG_EQ(last[7], alone[7], "to the other gateway too");
            NS_TEST_ASSERT_MSG_EQ((std::abs(alone[0] - alone[2] + 10) > 0.01), true, "they differ");
        }
        // One that leaves has its own; a later one at the old place has the first one's; one at
        // another height has its own.
        Cell cell({10, 10, 11}, [&](LoraHelper& lora) {
            lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
            lora.SetChannelAttribute("ShadowingSigma", DoubleValue(8));
        });
        const auto channel = cell.m_helper.GetChannel();
        const double first = channel->GetPathLossDb(0, 0);
        const double third = channel->GetPathLossDb(2, 0);
        NS_TEST_ASSERT_MSG_EQ(channel->GetPathLossDb(1, 0), first, "the same");
        const auto mobility = cell.m_devices[1]->GetNode()->GetObject<MobilityModel>();
        mobility->SetPosition(Vector(11, 0, 0));
        const double moved = channel->GetPathLossDb(1, 0);
        NS_TEST_ASSERT_MSG_EQ((std::abs(moved - first - 1) > 1e-6), true, "its own draw");
        NS_TEST_ASSERT_MSG_EQ((std::abs(moved - third) > 1e-6), true, "and not its new twin's");
        NodeContainer later;
        for (const Vector& place : {Vector(10, 0, 0), Vector(10, 0, 1e-9)})
        {
            Ptr<Node> node = CreateObject<Node>();
            const auto fixed = CreateObject<ConstantPositionMobilityModel>();
            fixed->SetPosition(place);
            node->AggregateObject(fixed);
            later.Add(node);
        }
        cell.m_helper.Install(later);
        NS_TEST_ASSERT_MSG_EQ(channel->GetPathLossDb(3, 0), first, "a later one");
        NS_TEST_ASSERT_MSG_EQ((std::abs(channel->GetPathLossDb(4, 0) - first) > 1e-6),
                              true,
                              "at another height");
        NS_TEST_ASSERT_MSG_EQ(channel->GetPathLossDb(0, 0), first, "what was drawn stays");
    }
};

/** Walls. */
class BuildingLossTestCase : public TestCase
{
  public:
    BuildingLossTestCase()
        : TestCase("the loss of a building is between its device and every gateway, both ways")
    {
    }

  private:
    void DoRun() override
    {
        std::vector<double> up;
        std::vector<double> down;
        for (const double wallsDb : {0.0, 20.0})
        {
            Cell cell({100}, [&](LoraHelper& lora) {
                lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
                lora.SetDeviceAttribute("PenetrationLoss", DoubleValue(wallsDb));
            });
            const std::function<void(const LoraDownlink&, uint32_t, double, bool)> note =
                [&](const LoraDownlink&, uint32_t, double rxPowerDbm, bool) {
                    down.push_back(rxPowerDbm);
                };
            cell.m_helper.GetChannel()->TraceConnectWithoutContext(
                "DownlinkFate",
                Callback<void, const LoraDownlink&, uint32_t, double, bool>(note));
            cell.SendAt(Seconds(1), 0, 10, true);
            cell.Run(Seconds(20));
            up.push_back(cell.m_delivered.at(0).rssiDbm);
        }
        NS_TEST_ASSERT_MSG_EQ_TOL(up.at(0), 14 - 100, 1e-9, "outside");
        NS_TEST_ASSERT_MSG_EQ_TOL(up.at(1), 14 - 120, 1e-9, "inside");
        NS_TEST_ASSERT_MSG_EQ_TOL(down.at(0), 16.15 - 100, 1e-9, "outside, down");
        NS_TEST_ASSERT_MSG_EQ_TOL(down.at(1), 16.15 - 120, 1e-9, "inside, down");
    }
};

/** Path loss and shadowing. */
class LoraChannelTestSuite : public TestSuite
{
  public:
    LoraChannelTestSuite()
        : TestSuite("lpwan-lora-channel")
    {
        AddTestCase(new ChannelTestCase);
        AddTestCase(new ShadowingTestCase);
        AddTestCase(new OuluTestCase);
        AddTestCase(new TwinsTestCase);
        AddTestCase(new BuildingLossTestCase);
    }
};

LoraChannelTestSuite g_loraChannelTestSuite; //!< registers the suite

} // namespace
