// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-image-source.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/log.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/trace-source-accessor.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <numeric>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanImageSource");
NS_OBJECT_ENSURE_REGISTERED(ImageSource);

namespace
{

/** \return a word for the log */
const char*
WordOf(ImageSource::Discard reason)
{
    switch (reason)
    {
    case ImageSource::Discard::EXPIRED:
        return "expired";
    case ImageSource::Discard::ENOUGH:
        return "the cloud has enough";
    case ImageSource::Discard::REBOOT:
        return "restart";
    }
    return "unknown";
}

} // namespace

TypeId
ImageSource::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::ImageSource")
            .SetParent<Application>()
            .SetGroupName("Limitnet")
            .AddConstructor<ImageSource>()
            .AddAttribute("Interval",
                          "Seconds between two captures, drawn for each.",
                          StringValue("ns3::ConstantRandomVariable[Constant=600]"),
                          MakePointerAccessor(&ImageSource::m_interval),
                          MakePointerChecker<RandomVariableStream>())
            .AddAttribute("FitDeadline",
                          "Encode an image within the bytes that can be sent before its Deadline.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&ImageSource::m_fitDeadline),
                          MakeBooleanChecker())
            .AddAttribute("ConfirmVital",
                          "The network is to acknowledge fragments without which nothing can be "
                          "decoded.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&ImageSource::m_confirmVital),
                          MakeBooleanChecker())
            .AddAttribute("ImageCount",
                          "Images to capture.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&ImageSource::m_imageCount),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("Deadline",
                          "What is left of an image so long after its capture is discarded; 0: "
                          "never.",
                          TimeValue(Time(0)),
                          MakeTimeAccessor(&ImageSource::m_deadline),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("NewestFirst",
                          "Of the images that wait, the newest one is sent first; otherwise the "
                          "oldest.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&ImageSource::m_newestFirst),
                          MakeBooleanChecker())
            .AddAttribute("MaxReports",
                          "How often at most what is missing of an image, or the question for it, "
                          "is sent again; 0: fragments have no label, and nobody asks.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&ImageSource::m_maxReports),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("ReportTimeout",
                          "How long after its question the device waits for an answer.",
                          TimeValue(Seconds(10)),
                          MakeTimeAccessor(&ImageSource::m_reportTimeout),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Captured",
                            "An image was captured: its number.",
                            MakeTraceSourceAccessor(&ImageSource::m_capturedTrace),
                            "ns3::lpwan::ImageSource::CapturedTracedCallback")
            .AddTraceSource("Encoded",
                            "An image has been encoded: its number, fragments and work.",
                            MakeTraceSourceAccessor(&ImageSource::m_encodedTrace),
                            "ns3::lpwan::ImageSource::EncodedTracedCallback")
            .AddTraceSource("FragmentQueued",
                            "A fragment is handed to the device: image, fragment, packet.",
                            MakeTraceSourceAccessor(&ImageSource::m_fragmentTrace),
                            "ns3::lpwan::ImageSource::FragmentTracedCallback")
            .AddTraceSource("Discarded",
                            "A fragment is not sent any more: image, fragment, why.",
                            MakeTraceSourceAccessor(&ImageSource::m_discardTrace),
                            "ns3::lpwan::ImageSource::DiscardTracedCallback");
    return tid;
}

ImageSource::ImageSource() = default;

ImageSource::~ImageSource() = default;

void
ImageSource::SetDevice(Ptr<LpwanNetDevice> device)
{
    m_device = device;
    m_device->SetTxCompleteCallback(MakeCallback(&ImageSource::TxComplete, this));
    m_device->TraceConnectWithoutContext("Drop", MakeCallback(&ImageSource::Dropped, this));
}

void
ImageSource::SetPictures(Pictures pictures, PictureIndices indices)
{
    m_pictures = std::move(pictures);
    m_indices = std::move(indices);
}

void
ImageSource::SetEncoder(std::shared_ptr<const limitnet::ImageEncoder> encoder)
{
    m_encoder = std::move(encoder);
}

void
ImageSource::SetDeviceProfile(const limitnet::DeviceProfile& profile)
{
    m_profile = profile;
}

uint32_t
ImageSource::GetCapturedImages() const
{
    return m_captured;
}

Time
ImageSource::GetEncodingTime() const
{
    return m_encodingTime;
}

std::size_t
ImageSource::GetPendingFragments() const
{
    return m_queue.size();
}

void
ImageSource::DoDispose()
{
    if (m_device)
    {
        m_device->SetTxCompleteCallback(LpwanNetDevice::TxCompleteCallback());
        m_device->TraceDisconnectWithoutContext("Drop", MakeCallback(&ImageSource::Dropped, this));
        m_device = nullptr;
    }
    if (m_handlerNode)
    {
        m_handlerNode->UnregisterProtocolHandler(MakeCallback(&ImageSource::OnDownlink, this));
        m_handlerNode = nullptr;
    }
    m_energyModel = nullptr;
    m_captureEvent.Cancel();
    for (auto& [image, open] : m_open)
    {
        open.timeout.Cancel();
        open.expiry.Cancel();
    }
    m_open.clear();
    m_queue.clear();
    Application::DoDispose();
}

void
ImageSource::StartApplication()
{
    NS_LOG_FUNCTION(this);
    NS_ABORT_MSG_UNLESS(m_device && m_pictures && m_encoder && m_profile.clockHz > 0,
                        "ImageSource needs a device, pictures, an encoder and a device profile");
    if (!m_handlerNode)
    {
        m_handlerNode = m_device->GetNode();
        m_handlerNode->RegisterProtocolHandler(MakeCallback(&ImageSource::OnDownlink, this),
                                               FEEDBACK_PORT,
                                               m_device);
    }
    if (m_energyModel)
    {
        m_energyModel->SetMcuPower(m_profile.sleepPowerW);
    }
    if (m_captured < m_imageCount)
    {
        m_captureEvent = Simulator::ScheduleNow(&ImageSource::Capture, this);
    }
}

void
ImageSource::StopApplication()
{
    NS_LOG_FUNCTION(this);
    m_captureEvent.Cancel();
}

void
ImageSource::SetEnergyModel(Ptr<LpwanEnergyModel> model)
{
    m_energyModel = model;
}

void
ImageSource::Capture()
{
    if (m_device->IsOff())
    {
        NS_LOG_INFO("device " << m_device->GetDeviceAddress() << " is off: no more pictures");
        return; // and so takes no picture ever again
    }
    const uint32_t image = m_captured++;
    const std::size_t picture = m_indices ? m_indices(image) : image;
    NS_LOG_INFO("device " << m_device->GetDeviceAddress() << " captures image " << image
                          << ", picture " << picture);
    m_capturedTrace(image, picture);

    // The image id on the air has 6 bits; the cloud tells ids apart in a window of half of them.
    const std::size_t labelBytes = m_maxReports > 0 ? FRAGMENT_LABEL_BYTES : 0;
    const auto encoded = std::make_shared<const limitnet::EncodedImage>(
        m_encoder->Encode(m_pictures(image),
                          static_cast<uint8_t>(image),
                          {m_device->GetMtu() - labelBytes, BytesUntilDeadline()}));
    // Energy takes time, also where the encoding takes none (raw pictures).
    const Time least = MilliSeconds(m_profile.pictureEnergyJ > 0 ? 1 : 0);
    const Time duration = std::max(least, Seconds(m_profile.EncodingSeconds(encoded->work)));
    const Time start = std::max(Simulator::Now(), m_encoderFreeAt);
    NS_LOG_LOGIC("image " << image << " has " << encoded->fragments.size()
                          << " fragments; encoded from " << start.GetSeconds() << " s on, for "
                          << duration.GetSeconds() << " s");
    m_encoderFreeAt = start + duration;
    m_encodingTime += duration;
    if (m_energyModel && duration.IsStrictlyPositive())
    {
        const double watt = (m_profile.EncodingEnergyJ(encoded->work) + m_profile.pictureEnergyJ) /
                            duration.GetSeconds();
        Simulator::Schedule(start - Simulator::Now(), [this, watt, boot = m_reboots] {
            if (m_energyModel && boot == m_reboots)
            {
                m_energyModel->SetMcuPower(watt);
            }
        });
    }
    Simulator::Schedule(m_encoderFreeAt - Simulator::Now(),
                        &ImageSource::EncodingDone,
                        this,
                        m_reboots,
                        image,
                        Simulator::Now(),
                        encoded);
    if (m_captured < m_imageCount)
    {
        m_captureEvent =
            Simulator::Schedule(Seconds(m_interval->GetValue()), &ImageSource::Capture, this);
    }
}

void
ImageSource::EncodingDone(uint32_t boot,
                          uint32_t image,
                          Time captured,
                          std::shared_ptr<const limitnet::EncodedImage> encoded)
{
    if (boot != m_reboots)
    {
        NS_LOG_LOGIC("image " << image << " was lost when the device restarted");
        return;
    }
    if (m_energyModel)
    {
        m_energyModel->SetMcuPower(m_profile.sleepPowerW);
    }
    if (m_device->IsOff())
    {
        return;
    }
    NS_LOG_INFO("device " << m_device->GetDeviceAddress() << " has encoded image " << image);
    m_encodedTrace(image, *encoded);
    Open& open = m_open[image];
    open.encoded = encoded;
    // Ids are told apart within half of their number only (CloudApplication).
    while (!m_open.empty() && m_open.begin()->first + limitnet::IMAGE_IDS / 2 <= image)
    {
        Close(m_open.begin()->first, Discard::EXPIRED);
    }
    std::vector<uint32_t> all(encoded->fragments.size());
    std::iota(all.begin(), all.end(), 0U);
    EnqueueAll(image, all);
    if (m_deadline.IsStrictlyPositive())
    {
        const Time left = captured + m_deadline - Simulator::Now();
        if (!left.IsStrictlyPositive())
        {
            Close(image, Discard::EXPIRED);
            return;
        }
        open.expiry = Simulator::Schedule(left, &ImageSource::Expire, this, image);
    }
    Feed();
}

std::size_t
ImageSource::BytesUntilDeadline() const
{
    if (!m_fitDeadline || !m_deadline.IsStrictlyPositive())
    {
        return 0;
    }
    // How long the encoding takes is known when it is done; it is short against a deadline.
    auto bytes = m_device->EstimateBytesUntil(Simulator::Now() + m_deadline);
    if (!bytes && m_paceBytes > 0)
    {
        bytes = static_cast<uint64_t>(static_cast<double>(m_paceBytes) / m_paceTime.GetSeconds() *
                                      m_deadline.GetSeconds());
    }
    if (!bytes)
    {
        return 0;
    }
    uint64_t waiting = 0;
    for (const Pending& pending : m_queue)
    {
        waiting += m_open.at(pending.image).encoded->fragments[pending.fragment].size();
    }
    // A frame at least: the next image may be luckier, and an image of nothing is none. Labels are
    // not the encoder's.
    const uint64_t mtu = m_device->GetMtu();
    const uint64_t label = m_maxReports > 0 ? FRAGMENT_LABEL_BYTES : 0;
    const uint64_t left = *bytes / mtu * (mtu - label);
    const uint64_t free = left - std::min(left, m_newestFirst ? 0 : waiting);
    return static_cast<std::size_t>(std::max<uint64_t>(free, mtu - label));
}

void
ImageSource::Reboot()
{
    if (m_device->IsOff())
    {
        return;
    }
    NS_LOG_INFO("device " << m_device->GetDeviceAddress() << " restarts, with " << m_open.size()
                          << " images that are not sent");
    ++m_reboots;
    m_encoderFreeAt = Simulator::Now();
    while (!m_open.empty())
    {
        Close(m_open.begin()->first, Discard::REBOOT);
    }
    m_busySince.reset();
    if (m_energyModel)
    {
        m_energyModel->SetMcuPower(m_profile.sleepPowerW);
    }
}

int64_t
ImageSource::AssignStreams(int64_t stream)
{
    m_interval->SetStream(stream);
    return 1;
}

void
ImageSource::Enqueue(const Pending& pending)
{
    const auto place = std::find_if(m_queue.begin(), m_queue.end(), [&](const Pending& other) {
        return m_newestFirst ? other.image < pending.image : other.image > pending.image;
    });
    m_queue.insert(place, pending);
}

void
ImageSource::EnqueueAll(uint32_t image, const std::vector<uint32_t>& fragments)
{
    for (const uint32_t fragment : fragments)
    {
        Pending pending;
        pending.image = image;
        pending.fragment = fragment;
        pending.poll = m_maxReports > 0 && fragment == fragments.back();
        Enqueue(pending);
    }
}

void
ImageSource::Close(uint32_t image, Discard reason)
{
    const auto open = m_open.find(image);
    if (open == m_open.end())
    {
        return;
    }
    std::vector<uint32_t> discarded;
    for (auto i = m_queue.begin(); i != m_queue.end();)
    {
        if (i->image == image)
        {
            discarded.push_back(i->fragment);
            i = m_queue.erase(i);
        }
        else
        {
            ++i;
        }
    }
    for (const auto& [uid, fragment] : open->second.inDevice)
    {
        if (m_device->Withdraw(uid))
        {
            discarded.push_back(fragment);
        }
    }
    open->second.timeout.Cancel();
    open->second.expiry.Cancel();
    m_open.erase(open);
    EndPaceIfIdle();
    NS_LOG_INFO("discards " << discarded.size() << " fragments of image " << image << ": "
                            << WordOf(reason));
    for (const uint32_t fragment : discarded)
    {
        m_discardTrace(image, fragment, reason);
    }
}

void
ImageSource::EndPaceIfIdle()
{
    if (std::all_of(m_open.begin(), m_open.end(), [](const auto& entry) {
            return entry.second.inDevice.empty();
        }))
    {
        m_busySince.reset();
    }
}

void
ImageSource::CloseIfDone(uint32_t image)
{
    const auto open = m_open.find(image);
    const bool waits = std::any_of(m_queue.begin(), m_queue.end(), [&](const Pending& pending) {
        return pending.image == image;
    });
    if (open != m_open.end() && !waits && open->second.inDevice.empty() &&
        open->second.timeout.IsExpired())
    {
        open->second.expiry.Cancel();
        m_open.erase(open);
    }
}

void
ImageSource::OnDownlink(Ptr<NetDevice> /* device */,
                        Ptr<const Packet> packet,
                        uint16_t /* port */,
                        const Address& /* from */,
                        const Address& /* to */,
                        NetDevice::PacketType /* type */)
{
    std::vector<uint8_t> bytes(packet->GetSize());
    packet->CopyData(bytes.data(), packet->GetSize());
    if (const auto feedback = ReadFeedback(bytes))
    {
        OnFeedback(*feedback);
    }
    else
    {
        NS_LOG_WARN("a downlink of " << bytes.size() << " bytes is no answer of the cloud");
    }
}

void
ImageSource::OnFeedback(const Feedback& feedback)
{
    // Of the images under way with that id the newest: the others are 64 images behind.
    const auto found = std::find_if(m_open.rbegin(), m_open.rend(), [&](const auto& entry) {
        return entry.first % limitnet::IMAGE_IDS == feedback.imageId;
    });
    if (found == m_open.rend())
    {
        NS_LOG_LOGIC("an answer about image id " << int{feedback.imageId} << " comes too late");
        return;
    }
    const uint32_t image = found->first;
    if (feedback.enough)
    {
        Close(image, Discard::ENOUGH);
        Simulator::ScheduleNow(&ImageSource::Feed, this); // there is room in the device
        return;
    }
    OnMissing(image, feedback.missing);
}

void
ImageSource::OnMissing(uint32_t image, const std::vector<uint16_t>& missing)
{
    Open& open = m_open.at(image);
    if (open.timeout.IsExpired())
    {
        return; // an answer to an earlier question; what is missing is on its way
    }
    open.timeout.Cancel();
    std::vector<uint32_t> again;
    for (const uint16_t fragment : missing)
    {
        if (fragment < open.encoded->fragments.size())
        {
            again.push_back(fragment);
        }
    }
    if (open.reports < m_maxReports && !again.empty())
    {
        NS_LOG_INFO("sends " << again.size() << " fragments of image " << image << " again");
        ++open.reports;
        EnqueueAll(image, again);
        Simulator::ScheduleNow(&ImageSource::Feed, this); // the device is in the midst of it
    }
    CloseIfDone(image);
}

void
ImageSource::Expire(uint32_t image)
{
    Close(image, Discard::EXPIRED);
    Feed(); // there is room in the device
}

void
ImageSource::OnTimeout(uint32_t image)
{
    Open& open = m_open.at(image);
    if (open.reports < m_maxReports)
    {
        NS_LOG_INFO("no answer about image " << image << ": asks again");
        ++open.reports;
        EnqueueAll(image, {static_cast<uint32_t>(open.encoded->fragments.size() - 1)});
        Feed();
    }
    CloseIfDone(image);
}

void
ImageSource::Feed()
{
    while (m_device && !m_queue.empty() &&
           m_device->GetQueueSize() < m_device->GetUsefulQueueSize())
    {
        const Pending next = m_queue.front();
        Open& open = m_open.at(next.image);
        m_queue.pop_front();
        limitnet::Bytes bytes = open.encoded->fragments[next.fragment];
        if (m_maxReports > 0)
        {
            FragmentLabel label;
            label.number = static_cast<uint16_t>(next.fragment);
            label.poll = next.poll;
            bytes.insert(bytes.begin(), FRAGMENT_LABEL_BYTES, 0);
            WriteFragmentLabel(label, bytes.data());
        }
        const auto packet = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
        if (next.poll)
        {
            open.pollUid = packet->GetUid();
        }
        open.inDevice[packet->GetUid()] = next.fragment;
        NS_LOG_LOGIC("hands over fragment " << next.fragment << " of image " << next.image << ", "
                                            << packet->GetSize() << " bytes"
                                            << (next.poll ? ", which asks" : ""));
        m_fragmentTrace(next.image, next.fragment, packet);
        m_busySince = m_busySince.value_or(Simulator::Now());
        const auto& vital = open.encoded->vital;
        // A refusal fires the device's Drop trace; there is nothing better to do with the packet.
        if (m_confirmVital && next.fragment < vital.size() && vital[next.fragment])
        {
            m_device->SendConfirmed(packet, 0);
        }
        else
        {
            m_device->Send(packet, m_device->GetBroadcast(), 0);
        }
        CloseIfDone(next.image);
    }
}

void
ImageSource::Dropped(Ptr<const Packet> packet, DropReason /* reason */)
{
    OnLeft(packet);
    EndPaceIfIdle();
    // Not at once: the device is in the midst of it, or in Send().
    Simulator::ScheduleNow(&ImageSource::Feed, this);
}

void
ImageSource::TxComplete(Ptr<const Packet> packet, Time, Time)
{
    if (m_busySince)
    {
        m_paceBytes += packet->GetSize();
        m_paceTime += Simulator::Now() - *m_busySince;
        m_busySince.reset();
    }
    OnLeft(packet);
    Feed();
    if (m_device && m_device->GetQueueSize() > 0)
    {
        m_busySince = Simulator::Now();
    }
}

void
ImageSource::OnLeft(Ptr<const Packet> packet)
{
    for (auto& [image, open] : m_open)
    {
        if (open.inDevice.erase(packet->GetUid()) == 0)
        {
            continue;
        }
        if (open.pollUid == packet->GetUid())
        {
            open.pollUid.reset();
            open.timeout =
                Simulator::Schedule(m_reportTimeout, &ImageSource::OnTimeout, this, image);
        }
        CloseIfDone(image);
        return;
    }
}

} // namespace lpwan
} // namespace ns3
