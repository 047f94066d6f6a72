// SPDX-License-Identifier: GPL-2.0-only

// The applications: what the device sends, when, and what the cloud makes of what arrives.

#include "limitnet/codec/fragment.h"
#include "limitnet/results/run-folder.h"
#include "limitnet/scenario/lora-link-options.h"
#include "limitnet/scenario/offloading-options.h"

#include "ns3/boolean.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-cloud.h"
#include "ns3/lpwan-compatibility.h"
#include "ns3/lpwan-feedback.h"
#include "ns3/lpwan-image-source.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-link.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/lpwan-scenario-setup.h"
#include "ns3/mac48-address.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Makes fragments whose bytes tell image and place; the work is a million operations. */
class CountingEncoder : public limitnet::ImageEncoder
{
  public:
    explicit CountingEncoder(uint32_t fragments)
        : m_fragments(fragments)
    {
    }

    limitnet::EncodedImage Encode(const limitnet::Image&,
                                  uint8_t imageId,
                                  const limitnet::EncodingLimits& limits) const override
    {
        limitnet::EncodedImage encoded;
        encoded.vital = {false, true};
        for (uint32_t i = 0; i < m_fragments &&
                             (limits.bytes == 0 || (i + 1) * limits.fragmentBytes <= limits.bytes);
             ++i)
        {
            limitnet::Bytes bytes(limits.fragmentBytes, static_cast<uint8_t>(i));
            limitnet::WriteSymbolsHeader(imageId, i * 1000, 1000, bytes.data());
            encoded.fragments.push_back(bytes);
        }
        encoded.work.stages = {{"work", 1000000}};
        return encoded;
    }

  private:
    uint32_t m_fragments;
};

/** 1 MHz and 2 cycles an operation: two seconds for the encoder above. */
limitnet::DeviceProfile
SlowProfile()
{
    limitnet::DeviceProfile profile;
    profile.name = "slow";
    profile.clockHz = 1e6;
    profile.runPowerW = 1;
    profile.cyclesPerOperation = {{"work", 2.0}};
    return profile;
}

/** Lets a cloud take LimitNet's fragments of a device. */
void
Subscribe(Ptr<CloudApplication> cloud,
          uint32_t device,
          bool reports = false,
          CloudApplication::Judge judge = nullptr)
{
    CloudApplication::Subscription subscription;
    subscription.imageIdOf = [](const limitnet::Bytes& bytes) {
        const auto fragment = limitnet::ParseFragment(bytes.data(), bytes.size());
        return fragment.kind == limitnet::FragmentKind::INVALID ? std::nullopt
                                                                : std::optional(fragment.imageId);
    };
    subscription.reports = reports;
    subscription.judge = std::move(judge);
    cloud->Subscribe(device, subscription);
}

Ptr<Node>
NodeAt(double x)
{
    const auto node = CreateObject<Node>();
    const auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(Vector(x, 0, 0));
    node->AggregateObject(mobility);
    return node;
}

/** A source, a device, a gateway, a server, a cloud. */
class OffloadingTestCase : public TestCase
{
  public:
    OffloadingTestCase()
        : TestCase("fragments leave after the encoding and reach the cloud as they were")
    {
    }

  private:
    void OnCaptured(uint32_t)
    {
        m_captures.push_back(Simulator::Now());
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
        source->SetPictures([](uint32_t) { return limitnet::Image{1, 1, {0, 0, 0}}; });
        source->SetStartTime(Seconds(10));
        node->AddApplication(source);
        source->TraceConnectWithoutContext("Captured",
                                           MakeCallback(&OffloadingTestCase::OnCaptured, this));
        source->TraceConnectWithoutContext("FragmentQueued",
                                           MakeCallback(&OffloadingTestCase::OnFragment, this));
        Simulator::Stop(Hours(1));
        Simulator::Run();

        NS_TEST_ASSERT_MSG_EQ(m_captures.size(), 2, "two captures");
        NS_TEST_EXPECT_MSG_EQ(m_captures[0], Seconds(10), "the first at the start time");
        NS_TEST_EXPECT_MSG_EQ(m_captures[1], Seconds(11), "the second a period later");
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
    std::vector<Queued> m_queued;
};

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
        const auto values = limitnet::OffloadingOptions(limitnet::OffloadingLinks::LORA, "test")
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
        NS_TEST_EXPECT_MSG_EQ(m_fates[0].fate, "in_backhaul", "until the cloud has it");

        RunWith("1");
        NS_TEST_EXPECT_MSG_EQ(m_delivered.size(), 0, "none in the cloud");
        NS_TEST_EXPECT_MSG_EQ(m_fates[0].fate, "random_loss", "as lora.extra_loss says");
        m_devices.clear();
    }

    std::vector<Ptr<LpwanNetDevice>> m_devices;
    std::vector<uint32_t> m_delivered; //!< senders
    std::vector<OffloadingFate> m_fates;
};

/** A link that a test holds in its hands: a frame a second, lost as it says. */
class HandDevice : public LpwanNetDevice
{
  public:
    std::vector<std::pair<Time, std::vector<uint8_t>>> m_frames; //!< sent so far: start, bytes
    std::function<bool(std::size_t)> m_isLost;                   //!< by number of the frame
    std::vector<std::size_t> m_confirmed; //!< frames that are to be acknowledged
    std::optional<uint64_t> m_estimate;   //!< what EstimateBytesUntil() gives
    Callback<void, const UplinkDelivery&> m_deliver;

    uint32_t GetDeviceAddress() const override
    {
        return 7;
    }

    uint16_t GetMtu() const override
    {
        return 40;
    }

    bool Send(Ptr<Packet> packet, const Address&, uint16_t protocolNumber) override
    {
        if (!Enqueue(packet, protocolNumber))
        {
            return false;
        }
        if (!m_busy)
        {
            Begin();
        }
        return true;
    }

    bool SendConfirmed(Ptr<Packet> packet, uint16_t protocolNumber) override
    {
        m_toConfirm.insert(packet->GetUid());
        return Send(packet, GetBroadcast(), protocolNumber);
    }

    std::optional<uint64_t> EstimateBytesUntil(Time) const override
    {
        return m_estimate;
    }

    /** The cloud sends something down, which arrives at once. */
    void Down(const std::vector<uint8_t>& payload)
    {
        NotifyReceive(Create<Packet>(payload.data(), static_cast<uint32_t>(payload.size())),
                      FEEDBACK_PORT);
    }

    Ptr<Channel> GetChannel() const override
    {
        return nullptr;
    }

    void SetAddress(Address) override
    {
    }

    Address GetAddress() const override
    {
        return Mac48Address("00:00:00:00:00:07");
    }

    Address GetBroadcast() const override
    {
        return Mac48Address::GetBroadcast();
    }

    double GetPowerWatt(RadioState) const override
    {
        return 0;
    }

    void TurnOff() override
    {
    }

    bool IsOff() const override
    {
        return false;
    }

  private:
    void Begin()
    {
        const auto item = Dequeue();
        m_busy = item.has_value();
        if (!item)
        {
            return;
        }
        std::vector<uint8_t> bytes(item->packet->GetSize());
        item->packet->CopyData(bytes.data(), item->packet->GetSize());
        if (m_toConfirm.count(item->packet->GetUid()) > 0)
        {
            m_confirmed.push_back(m_frames.size());
        }
        m_frames.emplace_back(Simulator::Now(), bytes);
        Simulator::Schedule(Seconds(1), &HandDevice::End, this, item->packet, m_frames.size() - 1);
    }

    void End(Ptr<const Packet> packet, std::size_t number)
    {
        m_busy = false;
        if (!m_isLost || !m_isLost(number))
        {
            UplinkDelivery delivery;
            delivery.deviceAddress = GetDeviceAddress();
            delivery.frameCounter = static_cast<uint32_t>(number);
            delivery.payload = packet->Copy();
            m_deliver(delivery);
        }
        LpwanTransmission transmission;
        transmission.start = Simulator::Now() - Seconds(1);
        transmission.end = Simulator::Now();
        NotifyTxEnd(packet, transmission);
        if (!m_busy)
        {
            Begin();
        }
    }

    bool m_busy{false};
    std::set<uint64_t> m_toConfirm; //!< uids of packets
};

/** What device and cloud say to each other. */
class StrategyTestCase : public TestCase
{
  public:
    StrategyTestCase()
        : TestCase("the cloud's answers, deadlines and the order of images")
    {
    }

  private:
    /** A device with some images of six fragments, captured 10 s apart, and its cloud. */
    struct Scene
    {
        Ptr<HandDevice> device = CreateObject<HandDevice>();
        Ptr<ImageSource> source = CreateObject<ImageSource>();
        Ptr<CloudApplication> cloud = CreateObject<CloudApplication>();
        std::vector<std::tuple<uint32_t, uint32_t, ImageSource::Discard>> discarded;
        std::vector<std::vector<uint8_t>> answers;
        bool downlink{true};

        explicit Scene(uint32_t images = 1)
        {
            const auto node = CreateObject<Node>();
            node->AddDevice(device);
            node->AddApplication(source);
            node->AddApplication(cloud);
            device->m_deliver = MakeCallback(&CloudApplication::Receive, cloud);
            Subscribe(cloud, device->GetDeviceAddress());
            source->SetAttribute("Interval",
                                 StringValue("ns3::ConstantRandomVariable[Constant=10]"));
            source->SetAttribute("ImageCount", UintegerValue(images));
            source->SetEncoder(std::make_shared<CountingEncoder>(6));
            source->SetDeviceProfile(SlowProfile());
            source->SetPictures([](uint32_t) { return limitnet::Image{1, 1, {0, 0, 0}}; });
            source->SetDevice(device);
            source->TraceConnectWithoutContext("Discarded",
                                               MakeCallback(&Scene::OnDiscarded, this));
            cloud->SetSendCallback([this](uint32_t address, const std::vector<uint8_t>& answer) {
                NS_ABORT_MSG_UNLESS(address == 7, "an answer to somebody else");
                answers.push_back(answer);
                if (downlink)
                {
                    // After the frame's end, as in a receive window.
                    Simulator::Schedule(MilliSeconds(100), &HandDevice::Down, device, answer);
                }
            });
        }

        void Reports(uint32_t most)
        {
            source->SetAttribute("MaxReports", UintegerValue(most));
            Subscribe(cloud, device->GetDeviceAddress(), most > 0);
        }

        void OnDiscarded(uint32_t image, uint32_t fragment, ImageSource::Discard reason)
        {
            discarded.emplace_back(image, fragment, reason);
        }

        /** \return image and fragment of each frame, with reports */
        std::vector<std::pair<int, int>> Sent(bool labelled) const
        {
            std::vector<std::pair<int, int>> sent;
            for (const auto& [time, bytes] : device->m_frames)
            {
                const auto* fragment = bytes.data() + (labelled ? FRAGMENT_LABEL_BYTES : 0);
                // CountingEncoder fills fragments with their number; the header has the image.
                sent.emplace_back(fragment[0] >> 2, bytes.back());
            }
            return sent;
        }

        void Run()
        {
            Simulator::Stop(Hours(1));
            Simulator::Run();
        }

        ~Scene()
        {
            Simulator::Destroy();
        }
    };

    using Frames = std::vector<std::pair<int, int>>;

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
        {
            // Two are lost; then one of these again.
            Scene scene;
            scene.Reports(5);
            scene.device->m_isLost = [](std::size_t n) { return n == 1 || n == 3 || n == 6; };
            scene.Run();
            const Frames
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
            Scene scene;
            scene.Reports(5);
            scene.device->m_isLost = [](std::size_t n) { return n == 2 || n == 5 || n == 6; };
            scene.Run();
            const Frames
                expected{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 5}, {0, 5}, {0, 2}};
            NS_TEST_ASSERT_MSG_EQ((scene.Sent(true) == expected), true, "it is asked again");
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames[6].first - scene.device->m_frames[5].first,
                                  Seconds(11),
                                  "a timeout after its end");
        }
        {
            // No way down: asked as often as allowed, then the device goes on.
            Scene scene(2);
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
            Scene scene(2);
            Subscribe(scene.cloud, 7, false, [&](std::size_t arrival) {
                const auto& image = scene.cloud->GetArrivals()[arrival].image;
                return scene.cloud->GetImages()[image].arrivals.size() >= 3;
            });
            scene.Run();
            const Frames expected{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}, {1, 1}, {1, 2}, {1, 3}};
            NS_TEST_ASSERT_MSG_EQ((scene.Sent(false) == expected), true, "no more than needed");
            NS_TEST_ASSERT_MSG_EQ(scene.discarded.size(), 4, "two of each are not sent");
            NS_TEST_ASSERT_MSG_EQ(scene.device->GetQueueSize(), 0, "nor do they wait there");
            NS_TEST_ASSERT_MSG_EQ((std::get<2>(scene.discarded[0]) == ImageSource::Discard::ENOUGH),
                                  true,
                                  "for that reason");
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetEnoughAnswers(), 2, "told once in two seconds");
        }
        {
            // Encoded after 2 s, a frame each second: those that would begin 5 s after capture or
            // later are not sent.
            Scene scene;
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
            // Restarts in the midst of the first image: what it has of it is lost, the next one
            // has the next number.
            Scene scene(2);
            Simulator::Schedule(MilliSeconds(4500), &ImageSource::Reboot, scene.source);
            scene.Run();
            const Frames
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
            Scene scene(2);
            Simulator::Schedule(MilliSeconds(1500), &ImageSource::Reboot, scene.source);
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames.size(), 6, "those of the second image");
        }
        {
            // The cloud is down while the third and fourth frame arrive, at 5 and 6 s.
            Scene scene;
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
            Scene scene;
            scene.Reports(3);
            scene.cloud->SetOutage(MilliSeconds(4500), Seconds(2));
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(scene.cloud->GetArrivals().size(), 6, "all there at last");
        }
        for (const bool confirm : {false, true})
        {
            Scene scene;
            scene.source->SetAttribute("ConfirmVital", BooleanValue(confirm));
            scene.Run();
            const std::vector<std::size_t> vital =
                confirm ? std::vector<std::size_t>{1} : std::vector<std::size_t>{};
            NS_TEST_ASSERT_MSG_EQ((scene.device->m_confirmed == vital), true, "the second alone");
        }
        {
            // 130 bytes until the deadline: three fragments of 40.
            Scene scene;
            scene.device->m_estimate = 130;
            scene.source->SetAttribute("Deadline", TimeValue(Minutes(5)));
            scene.source->SetAttribute("FitDeadline", BooleanValue(true));
            scene.Run();
            NS_TEST_ASSERT_MSG_EQ(scene.device->m_frames.size(), 3, "what fits");
        }
        {
            // A link that does not know: 40 bytes a second were measured with the first image, so
            // four fragments of the second one in 4 s.
            Scene scene(2);
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
        for (const bool newest : {false, true})
        {
            // The second image is encoded while the first one is being sent.
            Scene scene(2);
            scene.source->SetAttribute("Interval",
                                       StringValue("ns3::ConstantRandomVariable[Constant=3]"));
            scene.source->SetAttribute("NewestFirst", BooleanValue(newest));
            scene.Run();
            Frames expected{{0, 0},
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

/** The suite. */
class LpwanOffloadingTestSuite : public TestSuite
{
  public:
    LpwanOffloadingTestSuite()
        : TestSuite("lpwan-offloading")
    {
        AddTestCase(new OffloadingTestCase);
        AddTestCase(new ImageIdTestCase);
        AddTestCase(new LoraLinkTestCase);
        AddTestCase(new StrategyTestCase);
        AddTestCase(new SendingTimeTestCase);
        AddTestCase(new EstimateTestCase);
        AddTestCase(new OperatorsTestCase);
        AddTestCase(new RegionKeyTestCase);
    }
};

/** Registers the suite. */
LpwanOffloadingTestSuite g_lpwanOffloadingTestSuite;

} // namespace
