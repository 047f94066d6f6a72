// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-cloud.h"

#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"

#include <utility>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanCloud");
NS_OBJECT_ENSURE_REGISTERED(CloudApplication);

TypeId
CloudApplication::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::CloudApplication")
            .SetParent<Application>()
            .SetGroupName("Limitnet")
            .AddConstructor<CloudApplication>()
            .AddAttribute("FeedbackPause",
                          "A device is not told again within that time that the "
                          "cloud needs no more of an image.",
                          TimeValue(Seconds(2)),
                          MakeTimeAccessor(&CloudApplication::m_feedbackPause),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Arrival",
                            "A fragment has arrived: its index in GetArrivals().",
                            MakeTraceSourceAccessor(&CloudApplication::m_arrivalTrace),
                            "ns3::lpwan::CloudApplication::ArrivalTracedCallback")
            .AddTraceSource("Reading",
                            "A meter's payload has arrived.",
                            MakeTraceSourceAccessor(&CloudApplication::m_readingTrace),
                            "ns3::lpwan::CloudApplication::DeliveryTracedCallback")
            .AddTraceSource("Lost",
                            "A payload came while the cloud was down.",
                            MakeTraceSourceAccessor(&CloudApplication::m_lostTrace),
                            "ns3::lpwan::CloudApplication::DeliveryTracedCallback");
    return tid;
}

CloudApplication::CloudApplication() = default;

CloudApplication::~CloudApplication() = default;

void
CloudApplication::DoDispose()
{
    m_send = nullptr;
    m_subscriptions.clear();
    m_arrivals.clear();
    m_images.clear();
    m_devices.clear();
    Application::DoDispose();
}

void
CloudApplication::StartApplication()
{
    NS_LOG_FUNCTION(this);
    m_running = true;
}

void
CloudApplication::StopApplication()
{
    NS_LOG_FUNCTION(this);
    m_running = false;
}

void
CloudApplication::Subscribe(uint32_t deviceAddress, Subscription subscription)
{
    m_subscriptions[deviceAddress] = std::move(subscription);
}

void
CloudApplication::SetOutage(Time from, Time duration)
{
    m_outageFrom = from;
    m_outageEnd = from + duration;
}

bool
CloudApplication::IsDown() const
{
    return Simulator::Now() >= m_outageFrom && Simulator::Now() < m_outageEnd;
}

void
CloudApplication::Receive(const UplinkDelivery& delivery)
{
    NS_LOG_FUNCTION(this << delivery.deviceAddress << delivery.frameCounter);
    if (!m_running)
    {
        return;
    }
    if (IsDown())
    {
        NS_LOG_INFO("cloud is down: frame " << delivery.frameCounter << " of device "
                                            << delivery.deviceAddress << " is lost");
        m_lostTrace(delivery);
        return;
    }
    const auto subscription = m_subscriptions.find(delivery.deviceAddress);
    if (subscription == m_subscriptions.end())
    {
        NS_LOG_WARN("device " << delivery.deviceAddress << " is not subscribed");
        ++m_invalid;
        return;
    }
    if (subscription->second.isMeter)
    {
        NS_LOG_LOGIC("a reading of device " << delivery.deviceAddress);
        m_readingTrace(delivery);
        return;
    }
    ReceiveFragment(delivery, subscription->second);
}

void
CloudApplication::ReceiveFragment(const UplinkDelivery& delivery, const Subscription& device)
{
    limitnet::Bytes bytes(delivery.payload->GetSize());
    delivery.payload->CopyData(bytes.data(), static_cast<uint32_t>(bytes.size()));
    FragmentLabel label;
    if (device.reports && bytes.size() >= FRAGMENT_LABEL_BYTES)
    {
        label = ReadFragmentLabel(bytes.data());
        bytes.erase(bytes.begin(), bytes.begin() + FRAGMENT_LABEL_BYTES);
    }
    const auto imageId = device.imageIdOf(bytes);
    if (!imageId)
    {
        NS_LOG_WARN("payload of device " << delivery.deviceAddress << " is no fragment");
        ++m_invalid;
        return;
    }
    const std::size_t image = FindImage(delivery.deviceAddress, *imageId);
    m_images[image].arrivals.push_back(m_arrivals.size());
    if (device.reports)
    {
        m_images[image].numbers.insert(label.number);
    }
    NS_LOG_INFO("fragment " << m_images[image].arrivals.size() << " of image " << image
                            << ", of device " << delivery.deviceAddress << ", " << bytes.size()
                            << " bytes");
    m_arrivals.push_back({Simulator::Now(),
                          delivery.deviceAddress,
                          delivery.frameCounter,
                          delivery.gatewayCount,
                          delivery.snrDb,
                          image,
                          std::move(bytes)});
    m_arrivalTrace(m_arrivals.size() - 1);
    if (m_send)
    {
        Answer(m_arrivals.size() - 1, device, label);
    }
}

std::size_t
CloudApplication::FindImage(uint32_t deviceAddress, uint8_t imageId)
{
    DeviceState& state = m_devices[deviceAddress];
    // ids count modulo IMAGE_IDS: up to half of them further on is ahead, the rest is behind
    const unsigned forward = (imageId + limitnet::IMAGE_IDS - state.newest) % limitnet::IMAGE_IDS;
    const bool isAhead = forward > 0 && forward < limitnet::IMAGE_IDS / 2;
    const bool isNew = !state.any || isAhead || state.images.find(imageId) == state.images.end();
    if (isNew)
    {
        NS_LOG_LOGIC("image id " << int{imageId} << " of device " << deviceAddress
                                 << " is a new image, number " << m_images.size());
        state.images[imageId] = m_images.size();
        m_images.emplace_back();
        m_images.back().deviceAddress = deviceAddress;
        m_images.back().imageId = imageId;
    }
    if (!state.any || isAhead)
    {
        state.any = true;
        state.newest = imageId;
    }
    return state.images[imageId];
}

void
CloudApplication::Answer(std::size_t arrival,
                         const Subscription& device,
                         const FragmentLabel& label)
{
    ReceivedImage& image = m_images[m_arrivals[arrival].image];
    const bool wasEnough = image.enough;
    image.enough = image.enough || (device.judge && device.judge(arrival));
    Feedback feedback;
    feedback.imageId = image.imageId;
    if (image.enough)
    {
        if (wasEnough && Simulator::Now() - image.toldAt < m_feedbackPause)
        {
            NS_LOG_LOGIC("device " << image.deviceAddress << " was told already that image "
                                   << int{image.imageId} << " is enough");
            return;
        }
        image.toldAt = Simulator::Now();
        feedback.enough = true;
        ++m_enoughAnswers;
    }
    else if (label.poll)
    {
        for (uint16_t number = 0; number < *image.numbers.rbegin(); ++number)
        {
            if (image.numbers.count(number) == 0)
            {
                feedback.missing.push_back(number);
            }
        }
        ++m_missingAnswers;
    }
    else
    {
        return;
    }
    NS_LOG_INFO("answer to device "
                << image.deviceAddress << " about image id " << int{image.imageId} << ": "
                << (feedback.enough ? "enough, " : "not enough, ") << feedback.missing.size()
                << " fragments are missing");
    m_send(image.deviceAddress, WriteFeedback(feedback, device.maxAnswerBytes));
}

void
CloudApplication::SetSendCallback(SendCallback send)
{
    m_send = std::move(send);
}

uint64_t
CloudApplication::GetEnoughAnswers() const
{
    return m_enoughAnswers;
}

uint64_t
CloudApplication::GetMissingAnswers() const
{
    return m_missingAnswers;
}

const std::vector<CloudApplication::Arrival>&
CloudApplication::GetArrivals() const
{
    return m_arrivals;
}

const std::vector<CloudApplication::ReceivedImage>&
CloudApplication::GetImages() const
{
    return m_images;
}

uint64_t
CloudApplication::GetInvalidPayloads() const
{
    return m_invalid;
}

} // namespace lpwan
} // namespace ns3
