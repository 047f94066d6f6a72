// SPDX-License-Identifier: GPL-2.0-only

// The cloud: images told apart, answers, outages.

#include "lpwan-offloading-test-scene.h"

#include "ns3/lpwan-compatibility.h"
#include "ns3/test.h"

#include <cstdint>
#include <tuple>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Image ids of 6 bits over many images. */
class ImageIdTestCase : public TestCase
{
  public:
    ImageIdTestCase()
        : TestCase("the cloud tells images apart beyond 64 of them")
    {
    }

  private:
    static void Deliver(Ptr<CloudApplication> cloud, uint32_t device, uint8_t imageId)
    {
        limitnet::Bytes bytes(20, 0);
        limitnet::WriteSymbolsHeader(imageId, 0, 10, bytes.data());
        UplinkDelivery delivery;
        delivery.deviceAddress = device;
        delivery.payload = Create<Packet>(bytes.data(), bytes.size());
        cloud->Receive(delivery);
    }

    void DoRun() override
    {
        const auto cloud = CreateObject<CloudApplication>();
        const auto node = CreateObject<Node>();
        node->AddApplication(cloud);
        node->Initialize();
        Subscribe(cloud, 1);
        Subscribe(cloud, 2);
        Subscribe(cloud, 3);
        Simulator::Schedule(Seconds(1), [&] {
            for (uint32_t i = 0; i < 700; ++i)
            {
                Deliver(cloud, 1, static_cast<uint8_t>(i));
                Deliver(cloud, 1, static_cast<uint8_t>(i));
                if (i > 0)
                {
                    // A late fragment of the image before.
                    Deliver(cloud, 1, static_cast<uint8_t>(i - 1));
                }
            }
            // The same ids from another device are other images.
            Deliver(cloud, 2, 5);
            // Rubbish makes no image.
            UplinkDelivery delivery;
            delivery.deviceAddress = 3;
            delivery.payload = Create<Packet>(2);
            cloud->Receive(delivery);
            // Nor does somebody unknown.
            Deliver(cloud, 4, 5);
        });
        Simulator::Run();

        const auto& images = cloud->GetImages();
        NS_TEST_ASSERT_MSG_EQ(images.size(), 701, "each image once");
        for (uint32_t i = 0; i < 699; ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(images[i].arrivals.size(), 3, "with its late fragment");
            NS_TEST_EXPECT_MSG_EQ(int{images[i].imageId}, int(i % limitnet::IMAGE_IDS), "in order");
        }
        NS_TEST_EXPECT_MSG_EQ(images[700].deviceAddress, 2, "the other device's");
        NS_TEST_EXPECT_MSG_EQ(cloud->GetInvalidPayloads(), 2, "the rubbish is counted");
        Simulator::Destroy();
    }
};

/** The bytes of an answer. */
class FeedbackTestCase : public TestCase
{
  public:
    FeedbackTestCase()
        : TestCase("the bytes of an answer")
    {
    }

  private:
    void DoRun() override
    {
        {
            Feedback feedback;
            feedback.imageId = 5;
            feedback.missing = {3, 5, 12};
            const std::vector<uint8_t> expected{0x45, 0, 3, 0xA0, 0x40};
            NS_TEST_ASSERT_MSG_EQ((WriteFeedback(feedback, 51) == expected), true, "as described");
            NS_TEST_ASSERT_MSG_EQ((ReadFeedback(expected)->missing == feedback.missing),
                                  true,
                                  "and back");
            NS_TEST_ASSERT_MSG_EQ(WriteFeedback(feedback, 4).size(),
                                  4,
                                  "what does not fit is left");
            feedback.missing = {1000};
            feedback.enough = true;
            NS_TEST_ASSERT_MSG_EQ(WriteFeedback(feedback, 51).size(), 1, "nothing is missing then");
            NS_TEST_ASSERT_MSG_EQ(ReadFeedback({}).has_value(), false, "nothing says nothing");
            NS_TEST_ASSERT_MSG_EQ(ReadFeedback({0x80}).has_value(), false, "an unknown kind");
            NS_TEST_ASSERT_MSG_EQ(ReadFeedback({0x05, 1}).has_value(), false, "too long");
        }
    }
};

/** What device and cloud say to each other. */
class AnswersTestCase : public TestCase
{
  public:
    AnswersTestCase()
        : TestCase("the cloud's answers")
    {
    }

  private:
    void DoRun() override
    {
        {
            // Two are lost; then one of these again.
            OffloadingScene scene;
            scene.Reports(5);
            scene.device->m_isLost = [](std::size_t n) { return n == 1 || n == 3 || n == 6; };
            scene.Run();
            const SentFrames
                expected{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 1}, {0, 3}, {0, 1}};
            NS_TEST_ASSERT_MSG_EQ((scene.Sent(true) == expected),
                                  true,
                                  "lost ones again, in order");
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetArrivals().size(), 6, "all there at last");
            NS_TEST_ASSERT_MSG_EQ(scene.answers.size(), 3, "an answer to each question");
            NS_TEST_ASSERT_MSG_EQ(scene.answers.back().size(), 1, "the last: nothing is missing");
        }
        {
            // The question itself is lost, twice.
            OffloadingScene scene;
            scene.Reports(5);
            scene.device->m_isLost = [](std::size_t n) { return n == 2 || n == 5 || n == 6; };
            scene.Run();
            const SentFrames
                expected{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 5}, {0, 5}, {0, 2}};
            NS_TEST_ASSERT_MSG_EQ((scene.Sent(true) == expected), true, "it is asked again");
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames[6].first - scene.device->m_frames[5].first,
                                  Seconds(11),
                                  "a timeout after its end");
        }
        {
            // No way down: asked as often as allowed, then the device goes on.
            OffloadingScene scene(2);
            scene.Reports(2);
            scene.downlink = false;
            scene.Run();
            int questions = 0;
            for (const auto& [image, fragment] : scene.Sent(true))
            {
                questions += fragment == 5 ? 1 : 0;
            }
            NS_TEST_ASSERT_MSG_EQ(questions, 2 * 3, "once and twice again, each image");
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames.size(), 2 * 8, "nothing else again");
        }
        {
            // Enough after three; one is in the air when the answer comes.
            OffloadingScene scene(2);
            Subscribe(scene.cloud, 7, false, [&](std::size_t arrival) {
                const auto& image = scene.cloud->GetArrivals()[arrival].image;
                return scene.cloud->GetImages()[image].arrivals.size() >= 3;
            });
            scene.Run();
            const SentFrames
                expected{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}, {1, 1}, {1, 2}, {1, 3}};
            NS_TEST_ASSERT_MSG_EQ((scene.Sent(false) == expected), true, "no more than needed");
            NS_TEST_ASSERT_MSG_EQ(scene.discarded.size(), 4, "two of each are not sent");
            NS_TEST_ASSERT_MSG_EQ(scene.device->GetQueueSize(), 0, "nor do they wait there");
            NS_TEST_ASSERT_MSG_EQ((std::get<2>(scene.discarded[0]) == ImageSource::Discard::ENOUGH),
                                  true,
                                  "for that reason");
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetEnoughAnswers(), 2, "told once in two seconds");
        }
    }
};

/** The cloud is down for a while. */
class OutageTestCase : public TestCase
{
  public:
    OutageTestCase()
        : TestCase("outages of the cloud")
    {
    }

  private:
    void DoRun() override
    {
        {
            // The cloud is down while the third and fourth frame arrive, at 5 and 6 s.
            OffloadingScene scene;
            std::size_t lost = 0;
            scene.cloud->TraceConnectWithoutContext(
                "Lost",
                CallbackOf<void, const UplinkDelivery&>([&](const UplinkDelivery&) { ++lost; }));
            scene.cloud->SetOutage(MilliSeconds(4500), Seconds(2));
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(lost, 2, "what came meanwhile");
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetArrivals().size(), 4, "and nothing else");
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetImages().size(), 1, "it knows the image still");
        }
        {
            // With reports, what was lost in that time is asked for again.
            OffloadingScene scene;
            scene.Reports(3);
            scene.cloud->SetOutage(MilliSeconds(4500), Seconds(2));
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetArrivals().size(), 6, "all there at last");
        }
    }
};

/** Payloads of a meter. */
class ReadingsTestCase : public TestCase
{
  public:
    ReadingsTestCase()
        : TestCase("readings of meters are traced, and lost while the cloud is down")
    {
    }

  private:
    void DoRun() override
    {
        const auto cloud = CreateObject<CloudApplication>();
        const auto node = CreateObject<Node>();
        node->AddApplication(cloud);
        CloudApplication::Subscription subscription;
        subscription.isMeter = true;
        cloud->Subscribe(3, subscription);
        cloud->SetOutage(Seconds(10), Seconds(5));
        std::vector<Time> readings;
        std::vector<Time> lost;
        const auto note = [](std::vector<Time>& times) {
            return CallbackOf<void, const UplinkDelivery&>(
                [&times](const UplinkDelivery&) { times.push_back(Simulator::Now()); });
        };
        cloud->TraceConnectWithoutContext("Reading", note(readings));
        cloud->TraceConnectWithoutContext("Lost", note(lost));
        std::vector<bool> down;
        for (const int second : {9, 10, 14, 15})
        {
            Simulator::Schedule(Seconds(second), [cloud, &down] {
                UplinkDelivery delivery;
                delivery.deviceAddress = 3;
                delivery.payload = Create<Packet>(20);
                cloud->Receive(delivery);
                down.push_back(cloud->IsDown());
            });
        }
        Simulator::Run();
        const std::vector<Time> before{Seconds(9), Seconds(15)};
        const std::vector<Time> meanwhile{Seconds(10), Seconds(14)};
        NS_TEST_ASSERT_MSG_EQ((readings == before), true, "before it and from its end on");
        NS_TEST_ASSERT_MSG_EQ((lost == meanwhile), true, "meanwhile");
        NS_TEST_ASSERT_MSG_EQ((down == std::vector<bool>{false, true, true, false}), true, "so");
        NS_TEST_ASSERT_MSG_EQ(cloud->GetArrivals().size(), 0, "they are no fragments");
        NS_TEST_ASSERT_MSG_EQ(cloud->GetInvalidPayloads(), 0, "nor invalid");
        Simulator::Destroy();
    }
};

/** The suite. */
class LpwanCloudTestSuite : public TestSuite
{
  public:
    LpwanCloudTestSuite()
        : TestSuite("lpwan-cloud")
    {
        AddTestCase(new ImageIdTestCase);
        AddTestCase(new FeedbackTestCase);
        AddTestCase(new AnswersTestCase);
        AddTestCase(new OutageTestCase);
        AddTestCase(new ReadingsTestCase);
    }
};

/** Registers the suite. */
LpwanCloudTestSuite g_lpwanCloudTestSuite;

} // namespace
