// SPDX-License-Identifier: GPL-2.0-only

// Links as a scenario sees them, and what their devices say of the time that frames take.

#include "limitnet/results/run-folder.h"
#include "limitnet/scenario/lora-link-options.h"
#include "limitnet/scenario/offloading-options.h"
#include "lpwan-offloading-test-scene.h"

#include "ns3/boolean.h"
#include "ns3/lpwan-compatibility.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-link.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/lpwan-nbiot-link.h"
#include "ns3/lpwan-scenario-setup.h"
#include "ns3/test.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** What a scenario is told by a link: the same two packets, received and lost. */
class LoraLinkTestCase : public TestCase
{
  public:
    LoraLinkTestCase()
        : TestCase("LoRaWAN as a link of a scenario: devices, deliveries, fates")
    {
    }

  private:
    void Deliver(const UplinkDelivery& delivery)
    {
        m_delivered.push_back(delivery.deviceAddress);
    }

    void TellFate(const OffloadingFate& fate)
    {
        m_fates.push_back(fate);
    }

    void RunWith(const std::string& extraLoss)
    {
        m_delivered.clear();
        m_fates.clear();
        const auto values = limitnet::OffloadingOptions("lora", "test")
                                .Parse({"--devices.count=2",
                                        "--devices.radius_m=500",
                                        "--lora.sf=9",
                                        "--lora.shadowing_sigma_db=0",
                                        "--lora.extra_loss=" + extraLoss});
        BeginRun(values, {});
        const limitnet::RunFolder folder(CreateTempDirFilename("out"), "link", 1);
        LoraLink link;
        m_devices.clear();
        for (const auto& built : link.Build(values, folder))
        {
            NS_TEST_EXPECT_MSG_EQ(built.group, 0, "there is one group");
            m_devices.push_back(built.device);
        }
        link.Connect(MakeCallback(&LoraLinkTestCase::Deliver, this),
                     MakeCallback(&LoraLinkTestCase::TellFate, this));

        NS_TEST_ASSERT_MSG_EQ(m_devices.size(), 2, "as many as asked for");
        NS_TEST_EXPECT_MSG_EQ(link.IsScheduled(), false, "devices send when they like");
        NS_TEST_EXPECT_MSG_EQ(link.CanConfirm(), true, "there are acknowledgements");
        NS_TEST_EXPECT_MSG_EQ(NbiotLink().IsScheduled(), true, "unlike NB-IoT's");
        NS_TEST_EXPECT_MSG_EQ(link.GetGateways().size(), 1, "the default");
        NS_TEST_EXPECT_MSG_EQ(link.GetLevels().front(), "sf7", "in ascending order");
        NS_TEST_EXPECT_MSG_EQ(link.GetLevels().back(), "sf12", "in ascending order");
        for (uint32_t i = 0; i < 2; ++i)
        {
            const OffloadingDeviceState state = link.GetDeviceState(i);
            NS_TEST_EXPECT_MSG_EQ(state.level, "sf9", "as lora.sf says");
            NS_TEST_EXPECT_MSG_EQ(int{*state.spreadingFactor}, 9, "likewise");
            NS_TEST_EXPECT_MSG_EQ(state.ceLevel.has_value(), false, "of NB-IoT alone");
            // The keys' defaults, from the mast of 15 m in the centre.
            const Vector place = m_devices[i]->GetNode()->GetObject<MobilityModel>()->GetPosition();
            const double distance = std::hypot(place.x, place.y, place.z - 15);
            NS_TEST_EXPECT_MSG_EQ_TOL(state.pathLossDb,
                                      7.7 + 37.6 * std::log10(distance),
                                      1e-9,
                                      "log-distance");
        }
        // Far apart in time, so that neither disturbs the other.
        for (uint32_t i = 0; i < 2; ++i)
        {
            const auto device = m_devices[i];
            Simulator::Schedule(Seconds(1 + 10 * i), [device] {
                device->Send(Create<Packet>(10), device->GetBroadcast(), 1);
            });
        }
        Simulator::Stop(Seconds(30));
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ(m_fates.size(), 2, "one fate for each frame");
        for (uint32_t i = 0; i < 2; ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(m_fates[i].deviceAddress,
                                  m_devices[i]->GetDeviceAddress(),
                                  "in the order of the frames");
            NS_TEST_EXPECT_MSG_EQ(m_fates[i].frameCounter, 0, "the device's first");
            NS_TEST_EXPECT_MSG_EQ(m_fates[i].interfererAddress.has_value(), false, "by nobody");
            NS_TEST_EXPECT_MSG_EQ(m_fates[i].latency.has_value(), false, "nothing is scheduled");
        }
        Simulator::Destroy();
    }

    void DoRun() override
    {
        RunWith("0");
        NS_TEST_ASSERT_MSG_EQ(m_delivered.size(), 2, "both in the cloud");
        NS_TEST_EXPECT_MSG_EQ(m_delivered[0], m_devices[0]->GetDeviceAddress(), "the first");
        NS_TEST_EXPECT_MSG_EQ(m_delivered[1], m_devices[1]->GetDeviceAddress(), "the second");
        NS_TEST_EXPECT_MSG_EQ((m_fates[0].outcome == FrameOutcome::RECEIVED),
                              true,
                              "by the gateway");

        RunWith("1");
        NS_TEST_EXPECT_MSG_EQ(m_delivered.size(), 0, "none in the cloud");
        NS_TEST_EXPECT_MSG_EQ((m_fates[0].outcome == FrameOutcome::LOST), true, "on the air");
        NS_TEST_EXPECT_MSG_EQ(m_fates[0].cause, "random_loss", "as lora.extra_loss says");
        m_devices.clear();
    }

    std::vector<Ptr<LpwanNetDevice>> m_devices;
    std::vector<uint32_t> m_delivered; //!< senders
    std::vector<OffloadingFate> m_fates;
};

/** How long a device takes for frames of several lengths. */
class SendingTimeTestCase : public TestCase
{
  public:
    SendingTimeTestCase()
        : TestCase("time for frames of several lengths, by the duty cycle")
    {
    }

  private:
    void DoRun() override
    {
        LoraHelper lora;
        lora.InstallGateways(NodeContainer(NodeAt(0)));
        const auto devices = lora.Install(NodeContainer(NodeAt(500)));
        LoraHelper::SetSpreadingFactor(devices, 7);
        const auto device = DynamicCast<LpwanNetDevice>(devices.Get(0));
        // AN1200.13: 20 and 222 bytes with 13 of header are 71.936 ms and 368.896 ms at SF7; the
        // sub-band of EU868's default channels opens 100 times that from a frame's start.
        const auto seconds = [&](const std::vector<uint32_t>& bytes) {
            return device->EstimateSendingTime(bytes).value_or(Seconds(-1)).GetSeconds();
        };
        NS_TEST_ASSERT_MSG_EQ_TOL(seconds({20}), 0.071936, 1e-9, "one");
        NS_TEST_ASSERT_MSG_EQ_TOL(seconds({20, 20, 222}), 14.3872 + 0.368896, 1e-9, "long last");
        NS_TEST_ASSERT_MSG_EQ_TOL(seconds({222, 20}), 36.8896 + 0.071936, 1e-9, "short last");
        NS_TEST_ASSERT_MSG_EQ_TOL(seconds({}), 0, 1e-9, "none");
        // Without a duty cycle a class A device still listens in two windows, 2 s after each.
        device->SetAttribute("DutyCycle", BooleanValue(false));
        NS_TEST_ASSERT_MSG_EQ_TOL(seconds({20, 20}), 2 * 0.071936 + 2, 1e-9, "windows");
        Simulator::Destroy();
    }
};

/** What a device may still send until a time, against what it then sends. */
class EstimateTestCase : public TestCase
{
  public:
    EstimateTestCase()
        : TestCase("bytes until a deadline, by the duty cycle")
    {
    }

  private:
    void DoRun() override
    {
        for (const uint8_t sf : {7, 12})
        {
            for (const double seconds : {5.0, 100.0, 1000.0})
            {
                LoraHelper lora;
                lora.InstallGateways(NodeContainer(NodeAt(0)));
                const auto devices = lora.Install(NodeContainer(NodeAt(500)));
                lora.AssignStreams(1);
                LoraHelper::SetSpreadingFactor(devices, sf);
                const auto device = DynamicCast<LoraEndDevice>(devices.Get(0));
                device->SetQueueLimit(1000);
                std::optional<uint64_t> estimate;
                Simulator::Schedule(Seconds(1), [&] {
                    estimate = device->EstimateBytesUntil(Seconds(1 + seconds));
                    for (int i = 0; i < 500; ++i)
                    {
                        device->Send(Create<Packet>(device->GetMtu()), device->GetBroadcast(), 0);
                    }
                });
                Simulator::Stop(Seconds(1 + seconds) + MicroSeconds(1));
                Simulator::Run();
                NS_TEST_ASSERT_MSG_EQ(estimate.value_or(0),
                                      device->GetSentFrames() * device->GetMtu(),
                                      "SF" << int{sf} << ", " << seconds << " s");
                Simulator::Destroy();
            }
        }
    }
};

/** Two networks in one place. */
class OperatorsTestCase : public TestCase
{
  public:
    OperatorsTestCase()
        : TestCase("gateways serve the devices of their own network alone")
    {
    }

  private:
    void OnFate(const LoraUplink& uplink)
    {
        m_fates.push_back(uplink.fate);
    }

    void DoRun() override
    {
        LoraHelper lora;
        lora.SetGatewayAttribute("NetId", UintegerValue(1));
        lora.InstallGateways(NodeContainer(NodeAt(0)));
        lora.SetGatewayAttribute("NetId", UintegerValue(2));
        lora.InstallGateways(NodeContainer(NodeAt(50000))); // out of reach
        NetDeviceContainer devices;
        for (const uint32_t network : {1, 2})
        {
            lora.SetDeviceAttribute("NetId", UintegerValue(network));
            devices.Add(lora.Install(NodeContainer(NodeAt(100 * network))));
        }
        lora.AssignStreams(1);
        LoraHelper::SetSpreadingFactor(devices, 7);
        std::vector<uint32_t> delivered;
        lora.GetServer()->SetDeliverCallback(CallbackOf<void, const UplinkDelivery&>(
            [&](const UplinkDelivery& delivery) { delivered.push_back(delivery.deviceAddress); }));
        lora.GetChannel()->TraceConnectWithoutContext(
            "UplinkFate",
            MakeCallback(&OperatorsTestCase::OnFate, this));
        for (uint32_t i = 0; i < 2; ++i)
        {
            const auto device = DynamicCast<LpwanNetDevice>(devices.Get(i));
            Simulator::Schedule(Seconds(1 + 10 * i), [device] {
                device->Send(Create<Packet>(10), device->GetBroadcast(), 1);
            });
        }
        Simulator::Stop(Seconds(100));
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ(delivered.size(), 1, "one is served");
        NS_TEST_EXPECT_MSG_EQ(delivered[0],
                              DynamicCast<LpwanNetDevice>(devices.Get(0))->GetDeviceAddress(),
                              "by the near gateway");
        NS_TEST_ASSERT_MSG_EQ(m_fates.size(), 2, "both were sent");
        NS_TEST_EXPECT_MSG_EQ((m_fates[0] == LoraFate::RECEIVED), true, "in its network");
        NS_TEST_EXPECT_MSG_EQ((m_fates[1] == LoraFate::UNDER_SENSITIVITY),
                              true,
                              "its own gateway is far; the near one is no help");
        NS_TEST_EXPECT_MSG_EQ(lora.AssignSpreadingFactors(devices).outOfRange,
                              1,
                              "nor does it count when spreading factors are planned");
        Simulator::Destroy();
    }

    std::vector<LoraFate> m_fates;
};

/** What scenario files offer is what the models have. */
class RegionKeyTestCase : public TestCase
{
  public:
    RegionKeyTestCase()
        : TestCase("the regions of lora.region are those of the model")
    {
    }

  private:
    void DoRun() override
    {
        limitnet::OptionTable options("test", "0", "");
        limitnet::AddLoraLinkSection(options);
        const auto region = std::find_if(
            options.Options().begin(),
            options.Options().end(),
            [](const limitnet::Option& option) { return option.key == "lora.region"; });
        NS_TEST_ASSERT_MSG_EQ((region != options.Options().end()), true, "there is the key");
        NS_TEST_ASSERT_MSG_EQ((region->choices == LoraRegion::Names()), true, "and its values");
    }
};

/** A program with more links than the project has. */
class OpenLinksTestCase : public TestCase
{
  public:
    OpenLinksTestCase()
        : TestCase("a program has the links that it names, and groups are on one or on all")
    {
    }

  private:
    void DoRun() override
    {
        limitnet::OffloadingProgram program = limitnet::FindOffloadingProgram("mixed");
        program.name = "three";
        const auto addSection = [](limitnet::OptionTable& table) {
            table.AddSection("own", "A link of one's own")
                .Add({limitnet::keys::Boolean("loud").Default(true).ForGroups().Help("Whether.")});
        };
        program.links.push_back({"own", "a third", addSection});
        const auto values = limitnet::OffloadingOptions(program, "test")
                                .Parse({"--group.a.devices.count=1",
                                        "--group.b.devices.link=own",
                                        "--group.b.own.loud=false"});
        const auto groups = values.Groups();
        NS_TEST_ASSERT_MSG_EQ(groups.size(), 2, "as given");
        for (const std::string link : {"lora", "nbiot", "own"})
        {
            NS_TEST_EXPECT_MSG_EQ(IsOnLink(groups[0].second, link), true, "all by default");
            NS_TEST_EXPECT_MSG_EQ(IsOnLink(groups[1].second, link), (link == "own"), "on that one");
        }
        NS_TEST_EXPECT_MSG_EQ(groups[0].second.Bool("own.loud"), true, "the default");
        NS_TEST_EXPECT_MSG_EQ(groups[1].second.Bool("own.loud"), false, "the group's own");
    }
};

/** The suite. */
class LpwanOffloadingLinksTestSuite : public TestSuite
{
  public:
    LpwanOffloadingLinksTestSuite()
        : TestSuite("lpwan-offloading-links")
    {
        AddTestCase(new LoraLinkTestCase);
        AddTestCase(new SendingTimeTestCase);
        AddTestCase(new EstimateTestCase);
        AddTestCase(new OperatorsTestCase);
        AddTestCase(new RegionKeyTestCase);
        AddTestCase(new OpenLinksTestCase);
    }
};

/** Registers the suite. */
LpwanOffloadingLinksTestSuite g_lpwanOffloadingLinksTestSuite;

} // namespace
