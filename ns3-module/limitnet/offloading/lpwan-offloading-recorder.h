// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_RECORDER_H
#define LPWAN_OFFLOADING_RECORDER_H

#include "limitnet/data/dataset.h"

#include "ns3/lpwan-offloading-network.h"
#include "ns3/lpwan-offloading-records.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Which fragment. */
struct FragmentPlace
{
    uint32_t device{0};   //!< its number
    uint32_t image{0};    //!< of the device
    uint32_t fragment{0}; //!< of the image, in sending order

    /** \return whether it is the same \param other another one */
    bool operator==(const FragmentPlace& other) const
    {
        return device == other.device && image == other.image && fragment == other.fragment;
    }
};

/**
 * \ingroup limitnet
 *
 * Follows an OffloadingNetwork by its trace sources and writes down what becomes of devices, images
 * and fragments. It knows which fragment a frame carries in truth, which the cloud does not: that
 * is for scoring alone.
 */
class OffloadingRecorder
{
  public:
    /**
     * Begins to follow; the links' fates come by OnFate(), to which they have to be connected.
     * \param network the network, built
     * \param dataset whose pictures its cameras take
     * \param keepsOriginals whether records have the cameras' pictures
     */
    OffloadingRecorder(const OffloadingNetwork& network,
                       const limitnet::Dataset& dataset,
                       bool keepsOriginals);

    OffloadingRecorder(const OffloadingRecorder&) = delete;
    OffloadingRecorder& operator=(const OffloadingRecorder&) = delete;

    /** \param fate what a link says of a frame */
    void OnFate(const OffloadingFate& fate);

    /** The simulation has ended: asks the links for the state of each device. */
    void Finish();

    /** \return the records, by number of the device */
    const std::vector<DeviceRecord>& GetRecords() const;

    /** \return the fragment that came so \param arrival of the cloud */
    FragmentPlace PlaceOf(const CloudApplication::Arrival& arrival) const;

    /** \return the record of an image \param place of one of its fragments */
    ///@{
    ImageRecord& ImageAt(const FragmentPlace& place);
    const ImageRecord& ImageAt(const FragmentPlace& place) const;
    ///@}

    /**
     * Writes down that a fragment is in the cloud's log, whatever became of it when it was sent
     * again.
     * \param arrival how it came
     * \return its record
     */
    FragmentRecord& AddArrival(const CloudApplication::Arrival& arrival);

  private:
    // Trace sinks; the first argument is the number of the device.
    void OnCaptured(uint32_t device, uint32_t image, std::size_t picture);
    void OnEncoded(uint32_t device, uint32_t image, const limitnet::EncodedImage& encoded);
    void OnFragmentQueued(uint32_t device,
                          uint32_t image,
                          uint32_t fragment,
                          Ptr<const Packet> packet);
    void OnDiscarded(uint32_t device,
                     uint32_t image,
                     uint32_t fragment,
                     ImageSource::Discard reason);
    void OnTxStart(uint32_t device,
                   Ptr<const Packet> packet,
                   const LpwanTransmission& transmission);
    void OnTxEnd(uint32_t device, Ptr<const Packet> packet, const LpwanTransmission& transmission);
    void OnDrop(uint32_t device, Ptr<const Packet> packet, DropReason reason);
    void OnDepleted(uint32_t device, Ptr<LpwanNetDevice> netDevice);
    void OnReadingSent(uint32_t device,
                       Ptr<const Packet> packet,
                       const LpwanTransmission& transmission);
    void OnReading(const UplinkDelivery& delivery);
    void OnCloudDown(const UplinkDelivery& delivery);

    /** Follows a camera or a meter. */
    void Follow(uint32_t number);

    /** \return where the fragment in a packet belongs */
    FragmentPlace PlaceOf(uint32_t device, Ptr<const Packet> packet) const;

    FragmentRecord& FragmentAt(const FragmentPlace& place);

    /** \return the fragment in a frame; nothing for a frame of the link alone */
    std::optional<FragmentPlace> Find(uint32_t deviceAddress, uint32_t frameCounter) const;

    /** Something happens to a fragment. \param cause why, where it is lost or dropped */
    void Tell(const FragmentPlace& place, FragmentEvent event, const std::string& cause = "");

    const OffloadingNetwork& m_network;
    const limitnet::Dataset& m_dataset;
    bool m_keepsOriginals;
    std::vector<DeviceRecord> m_records;
    /// of each device by uid of the packet: image, fragment
    std::vector<std::map<uint64_t, std::pair<uint32_t, uint32_t>>> m_packets;
    std::map<uint64_t, FragmentPlace> m_frames; //!< by device address << 32 | frame counter
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_RECORDER_H
