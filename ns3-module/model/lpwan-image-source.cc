// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-image-source.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"
#include "ns3/uinteger.h"

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanImageSource");
NS_OBJECT_ENSURE_REGISTERED(ImageSource);

TypeId
ImageSource::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::ImageSource")
            .SetParent<Application>()
            .SetGroupName("Limitnet")
            .AddConstructor<ImageSource>()
            .AddAttribute("Period",
                          "Time between two captures.",
                          TimeValue(Minutes(10)),
                          MakeTimeAccessor(&ImageSource::m_period),
                          MakeTimeChecker(MicroSeconds(1)))
            .AddAttribute("ImageCount",
                          "Images to capture.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&ImageSource::m_imageCount),
                          MakeUintegerChecker<uint32_t>())
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
                            "ns3::lpwan::ImageSource::FragmentTracedCallback");
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
ImageSource::SetPictures(Pictures pictures)
{
    m_pictures = std::move(pictures);
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
    m_energyModel = nullptr;
    m_captureEvent.Cancel();
    m_queue.clear();
    Application::DoDispose();
}

void
ImageSource::StartApplication()
{
    NS_ABORT_MSG_UNLESS(m_device && m_pictures && m_encoder && m_profile.clockHz > 0,
                        "ImageSource needs a device, pictures, an encoder and a device profile");
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
        return; // and so takes no picture ever again
    }
    const uint32_t image = m_captured++;
    NS_LOG_INFO("device " << m_device->GetDeviceAddress() << " captures image " << image);
    m_capturedTrace(image);

    // The image id on the air has 8 bits; the cloud tells ids apart in a window of 128.
    const auto encoded = std::make_shared<const limitnet::EncodedImage>(
        m_encoder->Encode(m_pictures(image), static_cast<uint8_t>(image), m_device->GetMtu()));
    const Time duration = Seconds(m_profile.EncodingSeconds(encoded->work));
    const Time start = std::max(Simulator::Now(), m_encoderFreeAt);
    m_encoderFreeAt = start + duration;
    m_encodingTime += duration;
    if (m_energyModel && duration.IsStrictlyPositive())
    {
        const double watt = m_profile.EncodingEnergyJ(encoded->work) / duration.GetSeconds();
        Simulator::Schedule(start - Simulator::Now(),
                            &LpwanEnergyModel::SetMcuPower,
                            m_energyModel,
                            watt);
    }
    Simulator::Schedule(m_encoderFreeAt - Simulator::Now(),
                        &ImageSource::EncodingDone,
                        this,
                        image,
                        encoded);
    if (m_captured < m_imageCount)
    {
        m_captureEvent = Simulator::Schedule(m_period, &ImageSource::Capture, this);
    }
}

void
ImageSource::EncodingDone(uint32_t image, std::shared_ptr<const limitnet::EncodedImage> encoded)
{
    if (m_energyModel)
    {
        m_energyModel->SetMcuPower(m_profile.sleepPowerW);
    }
    if (m_device->IsOff())
    {
        return;
    }
    m_encodedTrace(image, *encoded);
    for (uint32_t i = 0; i < encoded->fragments.size(); ++i)
    {
        m_queue.push_back({image, i, encoded->fragments[i]});
    }
    Feed();
}

void
ImageSource::Feed()
{
    while (m_device && !m_queue.empty() &&
           m_device->GetQueueSize() < m_device->GetUsefulQueueSize())
    {
        const Pending next = std::move(m_queue.front());
        m_queue.pop_front();
        const auto packet =
            Create<Packet>(next.bytes.data(), static_cast<uint32_t>(next.bytes.size()));
        m_fragmentTrace(next.image, next.fragment, packet);
        // A refusal fires the device's Drop trace; there is nothing better to do with the packet.
        m_device->Send(packet, m_device->GetBroadcast(), 0);
    }
}

void
ImageSource::Dropped(Ptr<const Packet> /* packet */, DropReason /* reason */)
{
    // Not at once: the device is in the midst of it, or in Send().
    Simulator::ScheduleNow(&ImageSource::Feed, this);
}

void
ImageSource::TxComplete(Ptr<const Packet>, Time, Time)
{
    Feed();
}

} // namespace lpwan
} // namespace ns3
