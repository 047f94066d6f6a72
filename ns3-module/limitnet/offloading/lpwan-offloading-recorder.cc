// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-recorder.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <memory>
#include <utility>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanOffloadingRecorder");

namespace
{

uint64_t
FrameKey(uint32_t deviceAddress, uint32_t frameCounter)
{
    return uint64_t{deviceAddress} << 32 | frameCounter;
}

FragmentEvent
EventOf(ImageSource::Discard reason)
{
    switch (reason)
    {
    case ImageSource::Discard::ENOUGH:
        return FragmentEvent::NOT_NEEDED;
    case ImageSource::Discard::REBOOT:
        return FragmentEvent::REBOOT;
    case ImageSource::Discard::EXPIRED:
        break;
    }
    return FragmentEvent::EXPIRED;
}

} // namespace

OffloadingRecorder::OffloadingRecorder(const OffloadingNetwork& network,
                                       const limitnet::Dataset& dataset,
                                       bool keepsOriginals)
    : m_network(network),
      m_dataset(dataset),
      m_keepsOriginals(keepsOriginals),
      m_records(network.GetMembers().size()),
      m_packets(network.GetMembers().size())
{
    for (uint32_t i = 0; i < m_records.size(); ++i)
    {
        Follow(i);
    }
    const auto cloud = network.GetCloud();
    cloud->TraceConnectWithoutContext("Reading",
                                      MakeCallback(&OffloadingRecorder::OnReading, this));
    cloud->TraceConnectWithoutContext("Lost", MakeCallback(&OffloadingRecorder::OnCloudDown, this));
}

void
OffloadingRecorder::Follow(uint32_t number)
{
    const OffloadingMember& member = m_network.GetMembers()[number];
    const auto bind = [&](auto method) { return MakeCallback(method, this).Bind(number); };
    if (member.battery)
    {
        member.battery->TraceConnectWithoutContext("Depleted",
                                                   bind(&OffloadingRecorder::OnDepleted));
    }
    const auto& device = member.device;
    if (!member.source)
    {
        device->TraceConnectWithoutContext("TxEnd", bind(&OffloadingRecorder::OnReadingSent));
        return;
    }
    const auto& source = member.source;
    source->TraceConnectWithoutContext("Captured", bind(&OffloadingRecorder::OnCaptured));
    source->TraceConnectWithoutContext("Encoded", bind(&OffloadingRecorder::OnEncoded));
    source->TraceConnectWithoutContext("FragmentQueued",
                                       bind(&OffloadingRecorder::OnFragmentQueued));
    source->TraceConnectWithoutContext("Discarded", bind(&OffloadingRecorder::OnDiscarded));
    device->TraceConnectWithoutContext("TxStart", bind(&OffloadingRecorder::OnTxStart));
    device->TraceConnectWithoutContext("TxEnd", bind(&OffloadingRecorder::OnTxEnd));
    device->TraceConnectWithoutContext("Drop", bind(&OffloadingRecorder::OnDrop));
}

void
OffloadingRecorder::Finish()
{
    for (uint32_t i = 0; i < m_records.size(); ++i)
    {
        const OffloadingMember& member = m_network.GetMembers()[i];
        m_records[i].state = member.link->GetDeviceState(member.indexOnLink);
    }
}

const std::vector<DeviceRecord>&
OffloadingRecorder::GetRecords() const
{
    return m_records;
}

std::optional<FragmentPlace>
OffloadingRecorder::Find(uint32_t deviceAddress, uint32_t frameCounter) const
{
    const auto found = m_frames.find(FrameKey(deviceAddress, frameCounter));
    return found == m_frames.end() ? std::nullopt : std::optional(found->second);
}

FragmentPlace
OffloadingRecorder::PlaceOf(const CloudApplication::Arrival& arrival) const
{
    return m_frames.at(FrameKey(arrival.deviceAddress, arrival.frameCounter));
}

FragmentPlace
OffloadingRecorder::PlaceOf(uint32_t device, Ptr<const Packet> packet) const
{
    const auto [image, fragment] = m_packets[device].at(packet->GetUid());
    return {device, image, fragment};
}

ImageRecord&
OffloadingRecorder::ImageAt(const FragmentPlace& place)
{
    return m_records[place.device].images.at(place.image);
}

const ImageRecord&
OffloadingRecorder::ImageAt(const FragmentPlace& place) const
{
    return m_records[place.device].images.at(place.image);
}

FragmentRecord&
OffloadingRecorder::FragmentAt(const FragmentPlace& place)
{
    return ImageAt(place).fragments.at(place.fragment);
}

void
OffloadingRecorder::Tell(const FragmentPlace& place, FragmentEvent event, const std::string& cause)
{
    FragmentRecord& record = FragmentAt(place);
    const FragmentFate fate = NextFate(record.fate, event);
    if (event == FragmentEvent::LOST || event == FragmentEvent::DROPPED)
    {
        record.cause = cause;
    }
    NS_LOG_LOGIC("fragment " << place.fragment << " of image " << place.image << " of device "
                             << place.device << ": " << ToString(record.fate, record.cause)
                             << " -> " << ToString(fate, record.cause));
    record.fate = fate;
}

void
OffloadingRecorder::OnCaptured(uint32_t device, uint32_t /* image */, std::size_t picture)
{
    ImageRecord record;
    record.capturedS = Simulator::Now().GetSeconds();
    record.datasetIndex = picture;
    record.label = m_dataset.Label(picture);
    if (m_keepsOriginals)
    {
        record.original = std::make_shared<const limitnet::Image>(m_dataset.At(picture));
    }
    m_records[device].images.push_back(std::move(record));
}

void
OffloadingRecorder::OnEncoded(uint32_t device,
                              uint32_t image,
                              const limitnet::EncodedImage& encoded)
{
    ImageRecord& record = m_records[device].images.at(image);
    record.encodedS = Simulator::Now().GetSeconds();
    const auto& group = m_network.GroupOf(m_network.GetMembers()[device]).settings;
    for (const auto& fragment : encoded.fragments)
    {
        // Made in place: of a moved one GCC 16 believes that its empty transmission is read.
        record.fragments.emplace_back();
        record.fragments.back().bytes = static_cast<uint32_t>(group.labelBytes + fragment.size());
    }
    record.encodingEnergyJ = group.profile.EncodingEnergyJ(encoded.work);
    record.encodingTimeS = group.profile.EncodingSeconds(encoded.work);
}

void
OffloadingRecorder::OnFragmentQueued(uint32_t device,
                                     uint32_t image,
                                     uint32_t fragment,
                                     Ptr<const Packet> packet)
{
    m_packets[device][packet->GetUid()] = {image, fragment};
    FragmentRecord& record = FragmentAt({device, image, fragment});
    record.queuedS = record.queuedS.value_or(Simulator::Now().GetSeconds());
}

void
OffloadingRecorder::OnDiscarded(uint32_t device,
                                uint32_t image,
                                uint32_t fragment,
                                ImageSource::Discard reason)
{
    Tell({device, image, fragment}, EventOf(reason));
}

void
OffloadingRecorder::OnTxStart(uint32_t device,
                              Ptr<const Packet> packet,
                              const LpwanTransmission& transmission)
{
    const FragmentPlace place = PlaceOf(device, packet);
    FragmentRecord& record = FragmentAt(place);
    if (record.transmission && record.transmission->frameCounter != transmission.frameCounter)
    {
        Tell(place, FragmentEvent::SENT_AGAIN);
    }
    record.transmission = transmission;
    record.sentS = record.sentS.value_or(transmission.start.GetSeconds());
    ImageRecord& image = ImageAt(place);
    if (!image.sentAt)
    {
        const OffloadingMember& member = m_network.GetMembers()[device];
        image.sentAt = member.link->GetDeviceState(member.indexOnLink);
    }
    m_frames[FrameKey(transmission.deviceAddress, transmission.frameCounter)] = place;
}

void
OffloadingRecorder::OnTxEnd(uint32_t device,
                            Ptr<const Packet> packet,
                            const LpwanTransmission& transmission)
{
    FragmentRecord& record = FragmentAt(PlaceOf(device, packet));
    ++record.transmissions;
    record.transmission = transmission; // a link may not know the end any earlier
    const OffloadingMember& member = m_network.GetMembers()[device];
    if (member.link->IsScheduled())
    {
        return; // the frame's span has waiting in it: its fate tells the time on air
    }
    record.txEnergyJ += (transmission.end - transmission.start).GetSeconds() *
                        member.device->GetPowerWatt(RadioState::TX);
}

void
OffloadingRecorder::OnDrop(uint32_t device, Ptr<const Packet> packet, DropReason reason)
{
    Tell(PlaceOf(device, packet), FragmentEvent::DROPPED, ToString(reason));
}

void
OffloadingRecorder::OnDepleted(uint32_t device, Ptr<LpwanNetDevice> /* netDevice */)
{
    m_records[device].offAtS = Simulator::Now().GetSeconds();
}

void
OffloadingRecorder::OnReadingSent(uint32_t device,
                                  Ptr<const Packet> packet,
                                  const LpwanTransmission& /* transmission */)
{
    DeviceRecord& record = m_records[device];
    record.readingsSent += record.lastPacket == packet->GetUid() ? 0 : 1; // repetitions are one
    record.lastPacket = packet->GetUid();
}

void
OffloadingRecorder::OnReading(const UplinkDelivery& delivery)
{
    ++m_records[m_network.NumberOf(delivery.deviceAddress)].readingsDelivered;
}

void
OffloadingRecorder::OnCloudDown(const UplinkDelivery& delivery)
{
    if (const auto place = Find(delivery.deviceAddress, delivery.frameCounter))
    {
        Tell(*place, FragmentEvent::CLOUD_DOWN);
    }
}

void
OffloadingRecorder::OnFate(const OffloadingFate& fate)
{
    const auto place = Find(fate.deviceAddress, fate.frameCounter);
    if (!place)
    {
        return; // a frame of the link alone, without a fragment
    }
    FragmentRecord& record = FragmentAt(*place);
    if (record.fate == FragmentFate::CLOUD_DOWN)
    {
        return; // a repetition: the network does not deliver it a second time
    }
    if (fate.airtimeS)
    {
        record.airtimeS = record.airtimeS.value_or(0) + *fate.airtimeS;
        record.txEnergyJ += fate.txEnergyJ;
    }
    switch (fate.outcome)
    {
    case FrameOutcome::UNDER_WAY:
        return; // whatever is said of it already
    case FrameOutcome::RECEIVED:
        // It is delivered when it reaches the cloud, which the arrivals tell; one that is still on
        // its way there when the simulation ends is in the backhaul.
        Tell(*place, FragmentEvent::RECEIVED);
        break;
    case FrameOutcome::LOST:
        Tell(*place, FragmentEvent::LOST, fate.cause);
        break;
    case FrameOutcome::DROPPED:
        Tell(*place, FragmentEvent::DROPPED, fate.cause);
        break;
    }
    record.latency = fate.latency;
    record.interferer.reset();
    if (fate.interfererAddress && m_network.Has(*fate.interfererAddress))
    {
        record.interferer = m_network.NumberOf(*fate.interfererAddress);
    }
}

FragmentRecord&
OffloadingRecorder::AddArrival(const CloudApplication::Arrival& arrival)
{
    const FragmentPlace place = PlaceOf(arrival);
    Tell(place, FragmentEvent::ARRIVED);
    FragmentRecord& record = FragmentAt(place);
    record.interferer.reset();
    record.arrival = {arrival.time.GetSeconds(), arrival.gatewayCount, arrival.snrDb};
    return record;
}

} // namespace lpwan
} // namespace ns3
