// SPDX-License-Identifier: GPL-2.0-only

// The camera: what is sent, when, and what is not.

#include "lpwan-offloading-test-scene.h"

#include "ns3/boolean.h"
#include "ns3/lpwan-compatibility.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/node-container.h"
#include "ns3/test.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** A source, a device, a gateway, a server, a cloud. */
class FragmentsTestCase : public TestCase
{
  public:
    FragmentsTestCase()
        : TestCase("fragments leave after the encoding and reach the cloud as they were")
    {
    }

  private:
    void OnCaptured(uint32_t image, std::size_t picture)
    {
        m_captures.push_back(Simulator::Now());
        m_pictures.emplace_back(image, picture);
    }

    void OnFragment(uint32_t image, uint32_t fragment, Ptr<const Packet>)
    {
        m_queued.push_back({Simulator::Now(), image, fragment});
    }

    void DoRun() override
    {
        LoraHelper lora;
        lora.InstallGateways(NodeContainer(NodeAt(0)));
        const auto node = NodeAt(500);
        const auto devices = lora.Install(NodeContainer(node));
        lora.AssignStreams(1);
        LoraHelper::SetSpreadingFactor(devices, 9);
        const auto cloud = CreateObject<CloudApplication>();
        const auto cloudNode = CreateObject<Node>();
        cloudNode->AddApplication(cloud);
        lora.GetServer()->SetDeliverCallback(MakeCallback(&CloudApplication::Receive, cloud));

        const auto device = DynamicCast<LpwanNetDevice>(devices.Get(0));
        Subscribe(cloud, device->GetDeviceAddress());

        const auto source = CreateObject<ImageSource>();
        source->SetAttribute("Interval", StringValue("ns3::ConstantRandomVariable[Constant=1]"));
        source->SetAttribute("ImageCount", UintegerValue(2));
        source->SetDevice(device);
        const auto encoder = std::make_shared<CountingEncoder>(3);
        source->SetEncoder(encoder);
        source->SetDeviceProfile(SlowProfile());
        source->SetPictures(
            [](uint32_t) {
                return limitnet::Image{1, 1, {0, 0, 0}};
            },
            [](uint32_t image) { return 100 - image; });
        source->SetStartTime(Seconds(10));
        node->AddApplication(source);
        source->TraceConnectWithoutContext("Captured",
                                           MakeCallback(&FragmentsTestCase::OnCaptured, this));
        source->TraceConnectWithoutContext("FragmentQueued",
                                           MakeCallback(&FragmentsTestCase::OnFragment, this));
        Simulator::Stop(Hours(1));
        Simulator::Run();

        NS_TEST_ASSERT_MSG_EQ(m_captures.size(), 2, "two captures");
        NS_TEST_EXPECT_MSG_EQ(m_captures[0], Seconds(10), "the first at the start time");
        NS_TEST_EXPECT_MSG_EQ(m_captures[1], Seconds(11), "the second a period later");
        const std::vector<std::pair<uint32_t, std::size_t>> pictures{{0, 100}, {1, 99}};
        NS_TEST_EXPECT_MSG_EQ((m_pictures == pictures), true, "and which picture each is");
        NS_TEST_EXPECT_MSG_EQ(source->GetEncodingTime(), Seconds(4), "two seconds for each");
        NS_TEST_ASSERT_MSG_EQ(m_queued.size(), 6, "three fragments of two images");
        NS_TEST_EXPECT_MSG_EQ(m_queued[0].time, Seconds(12), "after the encoding, not before");

        const auto& arrivals = cloud->GetArrivals();
        NS_TEST_ASSERT_MSG_EQ(arrivals.size(), 6, "all arrive over a clear channel");
        NS_TEST_ASSERT_MSG_EQ(cloud->GetImages().size(), 2, "as two images");
        for (uint32_t i = 0; i < 6; ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(m_queued[i].image, i / 3, "first in, first out");
            NS_TEST_EXPECT_MSG_EQ(m_queued[i].fragment, i % 3, "in sending order");
            const auto sent = encoder->Encode({}, static_cast<uint8_t>(i / 3), 115).fragments;
            NS_TEST_EXPECT_MSG_EQ((arrivals[i].bytes == sent[i % 3]), true, "byte for byte");
        }
        // 115 + 13 bytes at SF9 take 676.864 ms (AN1200.13), then 10 ms of backhaul at the default.
        const Time first = arrivals[0].time - Seconds(12);
        NS_TEST_EXPECT_MSG_EQ((first >= MicroSeconds(676864) && first < MilliSeconds(1700)),
                              true,
                              "the first arrives one frame after the encoding");
        // Duty cycle of 1 %: the next frame may not begin before 99 times on air have passed.
        NS_TEST_EXPECT_MSG_EQ((arrivals[1].time - arrivals[0].time),
                              MicroSeconds(676864 * 100),
                              "the second as soon as the duty cycle allows");
        Simulator::Destroy();
    }

    /** A fragment that was handed over. */
    struct Queued
    {
        Time time;
        uint32_t image;
        uint32_t fragment;
    };

    std::vector<Time> m_captures;
    std::vector<std::pair<uint32_t, std::size_t>> m_pictures; //!< image, picture
    std::vector<Queued> m_queued;
};

/** What of an image is sent until its deadline. */
class DeadlineTestCase : public TestCase
{
  public:
    DeadlineTestCase()
        : TestCase("deadlines")
    {
    }

  private:
    void DoRun() override
    {
        {
            // Encoded after 2 s, a frame each second: those that would begin 5 s after capture or
            // later are not sent.
            OffloadingScene scene;
            scene.source->SetAttribute("Deadline", TimeValue(Seconds(5)));
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames.size(), 3, "at 2, 3 and 4 s");
            NS_TEST_ASSERT_MSG_EQ(scene.discarded.size(), 3, "one that waited in the device too");
            NS_TEST_ASSERT_MSG_EQ(scene.device->GetQueueSize(), 0, "it does not wait there");
            NS_TEST_ASSERT_MSG_EQ(
                (std::get<2>(scene.discarded[0]) == ImageSource::Discard::EXPIRED),
                true,
                "for that reason");
        }
        {
            // 130 bytes until the deadline: three fragments of 40.
            OffloadingScene scene;
            scene.device->m_estimate = 130;
            scene.source->SetAttribute("Deadline", TimeValue(Minutes(5)));
            scene.source->SetAttribute("FitDeadline", BooleanValue(true));
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames.size(), 3, "what fits");
        }
        {
            // A link that does not know: 40 bytes a second were measured with the first image, so
            // four fragments of the second one in 4 s.
            OffloadingScene scene(2);
            scene.source->SetAttribute("Deadline", TimeValue(Seconds(4)));
            scene.source->SetAttribute("FitDeadline", BooleanValue(true));
            scene.source->SetAttribute("Interval",
                                       StringValue("ns3::ConstantRandomVariable[Constant=100]"));
            std::vector<std::size_t> made;
            scene.source->TraceConnectWithoutContext(
                "Encoded",
                CallbackOf<void, uint32_t, const limitnet::EncodedImage&>(
                    [&](uint32_t, const limitnet::EncodedImage& encoded) {
                        made.push_back(encoded.fragments.size());
                    }));
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ((made == std::vector<std::size_t>{6, 4}), true, "by its pace");
        }
    }
};

/** What a restart leaves. */
class RebootTestCase : public TestCase
{
  public:
    RebootTestCase()
        : TestCase("restarts")
    {
    }

  private:
    void DoRun() override
    {
        {
            // Restarts in the midst of the first image: what it has of it is lost, the next one
            // has the next number.
            OffloadingScene scene(2);
            Simulator::Schedule(MilliSeconds(4500), &ImageSource::Reboot, scene.source);
            scene.Run();
            const SentFrames
                expected{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}};
            NS_TEST_ASSERT_MSG_EQ((scene.Sent(false) == expected), true, "three had begun");
            NS_TEST_ASSERT_MSG_EQ(scene.discarded.size(), 3, "the others are lost");
            NS_TEST_ASSERT_MSG_EQ((std::get<2>(scene.discarded[0]) == ImageSource::Discard::REBOOT),
                                  true,
                                  "for that reason");
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetImages().size(), 2, "not mixed up");
        }
        {
            // In the midst of the encoding, which takes the first two seconds: no image.
            OffloadingScene scene(2);
            Simulator::Schedule(MilliSeconds(1500), &ImageSource::Reboot, scene.source);
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames.size(), 6, "those of the second image");
        }
    }
};

/** Which image goes first, and which fragments are acknowledged. */
class OrderTestCase : public TestCase
{
  public:
    OrderTestCase()
        : TestCase("the order of images, and confirmed fragments")
    {
    }

  private:
    void DoRun() override
    {
        for (const bool confirm : {false, true})
        {
            OffloadingScene scene;
            scene.source->SetAttribute("ConfirmVital", BooleanValue(confirm));
            scene.Run();
            const std::vector<std::size_t> vital =
                confirm ? std::vector<std::size_t>{1} : std::vector<std::size_t>{};
            NS_TEST_ASSERT_MSG_EQ((scene.device->m_confirmed == vital), true, "the second alone");
        }
        for (const bool newest : {false, true})
        {
            // The second image is encoded while the first one is being sent.
            OffloadingScene scene(2);
            scene.source->SetAttribute("Interval",
                                       StringValue("ns3::ConstantRandomVariable[Constant=3]"));
            scene.source->SetAttribute("NewestFirst", BooleanValue(newest));
            scene.Run();
            SentFrames expected{{0, 0},
                                {0, 1},
                                {0, 2},
                                {0, 3},
                                {0, 4},
                                {0, 5},
                                {1, 0},
                                {1, 1},
                                {1, 2},
                                {1, 3},
                                {1, 4},
                                {1, 5}};
            if (newest)
            {
                // Three are sent and one waits in the device when the second one is encoded.
                expected = {{0, 0},
                            {0, 1},
                            {0, 2},
                            {0, 3},
                            {1, 0},
                            {1, 1},
                            {1, 2},
                            {1, 3},
                            {1, 4},
                            {1, 5},
                            {0, 4},
                            {0, 5}};
            }
            NS_TEST_ASSERT_MSG_EQ((scene.Sent(false) == expected), true, "in that order");
        }
    }
};

/** Somebody else on a camera's node. */
class HandlersTestCase : public TestCase
{
  public:
    HandlersTestCase()
        : TestCase("other applications of the node still receive")
    {
    }

  private:
    void OnPacket(Ptr<NetDevice> /* device */,
                  Ptr<const Packet> packet,
                  uint16_t port,
                  const Address& /* from */,
                  const Address& /* to */,
                  NetDevice::PacketType /* type */)
    {
        m_received.emplace_back(port, packet->GetSize());
        m_context = Simulator::GetContext();
    }

    void DoRun() override
    {
        constexpr uint16_t OWN_PORT = 7;
        OffloadingScene scene;
        scene.Reports(1);
        scene.device->m_isLost = [](std::size_t n) { return n == 1; };
        const auto node = scene.device->GetNode();
        node->RegisterProtocolHandler(MakeCallback(&HandlersTestCase::OnPacket, this),
                                      OWN_PORT,
                                      scene.device);
        Simulator::Schedule(Seconds(3), &HandDevice::DownOn, scene.device, OWN_PORT, 5);
        scene.Run();
        const std::vector<std::pair<uint16_t, uint32_t>> expected{{OWN_PORT, 5}};
        NS_TEST_ASSERT_MSG_EQ((m_received == expected), true, "what is for it, and nothing else");
        NS_TEST_ASSERT_MSG_EQ(m_context, node->GetId(), "in the node's context, as Node wants it");
        NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetArrivals().size(), 6, "and the camera its answers");
    }

    std::vector<std::pair<uint16_t, uint32_t>> m_received; //!< port, bytes
    uint32_t m_context{0};                                 //!< of the event in which it came
};

/** The suite. */
class LpwanImageSourceTestSuite : public TestSuite
{
  public:
    LpwanImageSourceTestSuite()
        : TestSuite("lpwan-image-source")
    {
        AddTestCase(new FragmentsTestCase);
        AddTestCase(new DeadlineTestCase);
        AddTestCase(new RebootTestCase);
        AddTestCase(new OrderTestCase);
        AddTestCase(new HandlersTestCase);
    }
};

/** Registers the suite. */
LpwanImageSourceTestSuite g_lpwanImageSourceTestSuite;

} // namespace
