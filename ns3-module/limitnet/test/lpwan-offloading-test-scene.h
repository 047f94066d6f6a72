// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_TEST_SCENE_H
#define LPWAN_OFFLOADING_TEST_SCENE_H

// What tests of the applications share: an encoder whose fragments tell what they are, a link that
// a test holds in its hands, and a camera with its cloud on it.

#include "limitnet/codec/fragment.h"

#include "ns3/abort.h"
#include "ns3/channel.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-cloud.h"
#include "ns3/lpwan-feedback.h"
#include "ns3/lpwan-image-source.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/mac48-address.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
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
inline limitnet::DeviceProfile
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
inline void
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

inline Ptr<Node>
NodeAt(double x)
{
    const auto node = CreateObject<Node>();
    const auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(Vector(x, 0, 0));
    node->AggregateObject(mobility);
    return node;
}

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

    /** Somebody sends so many bytes down on a port. */
    void DownOn(uint16_t port, uint32_t bytes)
    {
        NotifyReceive(Create<Packet>(bytes), static_cast<uint8_t>(port));
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

/** Image and fragment of each frame. */
using SentFrames = std::vector<std::pair<int, int>>;

/** A device with some images of six fragments, captured 10 s apart, and its cloud. */
struct OffloadingScene
{
    Ptr<HandDevice> device = CreateObject<HandDevice>();
    Ptr<ImageSource> source = CreateObject<ImageSource>();
    Ptr<CloudApplication> cloud = CreateObject<CloudApplication>();
    std::vector<std::tuple<uint32_t, uint32_t, ImageSource::Discard>> discarded;
    std::vector<std::vector<uint8_t>> answers;
    bool downlink{true};

    explicit OffloadingScene(uint32_t images = 1)
    {
        const auto node = CreateObject<Node>();
        node->AddDevice(device);
        node->AddApplication(source);
        node->AddApplication(cloud);
        device->m_deliver = MakeCallback(&CloudApplication::Receive, cloud);
        Subscribe(cloud, device->GetDeviceAddress());
        source->SetAttribute("Interval", StringValue("ns3::ConstantRandomVariable[Constant=10]"));
        source->SetAttribute("ImageCount", UintegerValue(images));
        source->SetEncoder(std::make_shared<CountingEncoder>(6));
        source->SetDeviceProfile(SlowProfile());
        source->SetPictures([](uint32_t) { return limitnet::Image{1, 1, {0, 0, 0}}; });
        source->SetDevice(device);
        source->TraceConnectWithoutContext("Discarded",
                                           MakeCallback(&OffloadingScene::OnDiscarded, this));
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
    SentFrames Sent(bool labelled) const
    {
        SentFrames sent;
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

    ~OffloadingScene()
    {
        Simulator::Destroy();
    }
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_TEST_SCENE_H
