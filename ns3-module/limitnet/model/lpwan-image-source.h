// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_IMAGE_SOURCE_H
#define LPWAN_IMAGE_SOURCE_H

#include "limitnet/codec/image-codec.h"
#include "limitnet/codec/image.h"
#include "limitnet/device/device-profile.h"
#include "lpwan-feedback.h"

#include "ns3/application.h"
#include "ns3/event-id.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"
#include "ns3/traced-callback.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \defgroup limitnet Image offloading over LPWAN
 *
 * Cameras with a microcontroller, the cloud that answers, and whole scenarios of them.
 */

/**
 * \ingroup limitnet
 *
 * The camera and the microcontroller behind it: captures a picture at the application's StartTime
 * and then after each Interval, encodes it, and hands the fragments to an LPWAN device in order.
 *
 * The host encodes the picture at once; simulated time passes as the device profile says (work of
 * each stage x cycles per operation / clock), and only then is the first fragment handed over. The
 * microcontroller encodes one picture at a time: a picture captured meanwhile waits. The device's
 * own queue has no more than it makes use of (LpwanNetDevice::GetUsefulQueueSize()), the rest waits
 * here, and can still be changed:
 *
 * - Images go first in, first out, or the newest one first (NewestFirst).
 * - What is left of an image Deadline after its capture is discarded, and when it is 32 images
 * behind the newest: the cloud could not tell their ids apart any more.
 * - When the cloud says that it needs no more of an image, the rest of it is discarded.
 * - With MaxReports above 0, each fragment has a label of two bytes, and the last one of an image
 *   asks the cloud what is missing, which is sent again, the most important first, and the last of
 *   these asks again; MaxReports times at most. Without an answer within ReportTimeout the same
 *   fragment asks again.
 * - With FitDeadline an image is encoded within the bytes that can be sent before its Deadline, by
 *   LpwanNetDevice::EstimateBytesUntil(), or where the device cannot know, at the pace so far.
 * - With ConfirmVital the fragments without which nothing can be decoded are sent confirmed.
 */
class ImageSource : public Application
{
  public:
    /** \param image number of the image on this device, from 0 \return its picture */
    using Pictures = std::function<limitnet::Image(uint32_t image)>;

    /** \param image number of the image on this device \return which picture of a set it is */
    using PictureIndices = std::function<std::size_t(uint32_t image)>;

    /**
     * Signature of the trace source Captured.
     * \param image number of the image on this device
     * \param picture which one it is, as SetPictures() was told
     */
    typedef void (*CapturedTracedCallback)(uint32_t image, std::size_t picture);

    /**
     * Signature of the trace source Encoded; it fires when the encoding is done in simulated time.
     * \param image number of the image on this device
     * \param encoded fragments and work
     */
    typedef void (*EncodedTracedCallback)(uint32_t image, const limitnet::EncodedImage& encoded);

    /**
     * Signature of the trace source FragmentQueued.
     * \param image number of the image on this device
     * \param fragment number of the fragment in sending order
     * \param packet what is handed to the device now; its uid recognises it in the device's traces
     */
    typedef void (*FragmentTracedCallback)(uint32_t image,
                                           uint32_t fragment,
                                           Ptr<const Packet> packet);

    /** Why a fragment is not handed to the device any more. */
    enum class Discard : uint8_t
    {
        EXPIRED, //!< its image is too old, or too far behind the newest
        ENOUGH,  //!< the cloud needs no more of it
        REBOOT,  //!< the device forgot it
    };

    /**
     * Signature of the trace source Discarded.
     * \param image number of the image on this device
     * \param fragment number of the fragment in sending order
     * \param reason why
     */
    typedef void (*DiscardTracedCallback)(uint32_t image, uint32_t fragment, Discard reason);

    /** \return the TypeId */
    static TypeId GetTypeId();

    ImageSource();
    ~ImageSource() override;

    /**
     * \param device where fragments are sent; its MTU is asked at each capture. From the start of
     *        the application the cloud's answers are taken from it, those on FEEDBACK_PORT, as a
     *        protocol handler of the node: others may register handlers for other ports.
     */
    void SetDevice(Ptr<LpwanNetDevice> device);

    /**
     * \param pictures gives the picture of each image; it has no other effect
     * \param indices which picture of a set that is, for the trace source Captured; without it the
     *        number of the image
     */
    void SetPictures(Pictures pictures, PictureIndices indices = nullptr);

    /** \param encoder the codec's device half */
    void SetEncoder(std::shared_ptr<const limitnet::ImageEncoder> encoder);

    /** \param profile the microcontroller */
    void SetDeviceProfile(const limitnet::DeviceProfile& profile);

    /**
     * \param model told what the microcontroller draws: the encoding's power while it encodes, the
     *              profile's sleep power otherwise
     */
    void SetEnergyModel(Ptr<LpwanEnergyModel> model);

    /**
     * Restarts the microcontroller: images that it encodes or has not sent are lost. What is in its
     * flash stays: the numbers of images and frames, and the clock goes on.
     */
    void Reboot();

    /** \param stream random stream of the intervals \return number of streams taken */
    int64_t AssignStreams(int64_t stream);

    /** \return images captured up to now */
    uint32_t GetCapturedImages() const;

    /** \return time of the encodings that were begun, those still running counted whole */
    Time GetEncodingTime() const;

    /** \return fragments that have been encoded and not yet been handed to the device */
    std::size_t GetPendingFragments() const;

  protected:
    void DoDispose() override;

  private:
    /** A fragment that waits for the device. */
    struct Pending
    {
        uint32_t image{0};
        uint32_t fragment{0};
        bool poll{false}; //!< it asks the cloud what is missing
    };

    /** An image of which fragments may still be sent. */
    struct Open
    {
        std::shared_ptr<const limitnet::EncodedImage> encoded;
        uint32_t reports{0};                   //!< how often something was sent again
        std::optional<uint64_t> pollUid;       //!< packet that asks, until it has left
        std::map<uint64_t, uint32_t> inDevice; //!< fragments that the device has, by packet
        EventId timeout;                       //!< of the answer to it
        EventId expiry;                        //!< its deadline
    };

    void StartApplication() override;
    void StopApplication() override;

    /** Takes the next picture and schedules the one after it. */
    void Capture();

    /**
     * The microcontroller is done with an image.
     * \param boot number of reboots when it began
     * \param image number of the image
     * \param captured when
     * \param encoded its fragments
     */
    void EncodingDone(uint32_t boot,
                      uint32_t image,
                      Time captured,
                      std::shared_ptr<const limitnet::EncodedImage> encoded);

    /** Nothing is measured while the device has nothing to send. */
    void EndPaceIfIdle();

    /** \return bytes that an image may have; 0: any number */
    std::size_t BytesUntilDeadline() const;

    /** The device gave up a fragment, so there may be room. */
    void Dropped(Ptr<const Packet> packet, DropReason reason);

    /** Puts a fragment behind those of its image, before or behind those of other images. */
    void Enqueue(const Pending& pending);

    /** Puts fragments of an image into the queue, of which the last one asks, if any does. */
    void EnqueueAll(uint32_t image, const std::vector<uint32_t>& fragments);

    /** An image's deadline has come: what has not begun to be sent will not be. */
    void Expire(uint32_t image);

    /** Discards what waits of an image, and forgets it. */
    void Close(uint32_t image, Discard reason);

    /** Forgets an image when nothing of it waits and nothing more can come. */
    void CloseIfDone(uint32_t image);

    /** Something comes down on FEEDBACK_PORT: the signature of Node::ProtocolHandler. */
    void OnDownlink(Ptr<NetDevice> device,
                    Ptr<const Packet> packet,
                    uint16_t port,
                    const Address& from,
                    const Address& to,
                    NetDevice::PacketType type);

    /** The cloud says something. */
    void OnFeedback(const Feedback& feedback);

    /** The cloud says what is missing of an image. */
    void OnMissing(uint32_t image, const std::vector<uint16_t>& missing);

    /** A packet has left, or never will: if it asks, the wait for an answer begins. */
    void OnLeft(Ptr<const Packet> packet);

    /** The cloud has said nothing. */
    void OnTimeout(uint32_t image);

    /** Hands fragments over until enough of them wait in the device. */
    void Feed();

    /**
     * A frame has left the antenna.
     * \param packet its payload
     * \param start start of the frame
     * \param end end of the frame
     */
    void TxComplete(Ptr<const Packet> packet, Time start, Time end);

    Ptr<LpwanNetDevice> m_device;
    Ptr<LpwanEnergyModel> m_energyModel;
    Ptr<Node> m_handlerNode; //!< where OnDownlink() is registered
    Pictures m_pictures;
    PictureIndices m_indices; //!< null: the number of the image
    std::shared_ptr<const limitnet::ImageEncoder> m_encoder;
    limitnet::DeviceProfile m_profile;
    Ptr<RandomVariableStream> m_interval; //!< attribute Interval
    bool m_fitDeadline{false};            //!< attribute FitDeadline
    bool m_confirmVital{false};           //!< attribute ConfirmVital
    uint32_t m_reboots{0};                //!< up to now
    Time m_paceTime;                      //!< during which the device had something to send
    uint64_t m_paceBytes{0};              //!< that it sent in that time
    std::optional<Time> m_busySince;      //!< it has something to send since then
    uint32_t m_imageCount;                //!< attribute ImageCount
    uint32_t m_captured{0};               //!< images captured
    Time m_encoderFreeAt;                 //!< when the microcontroller can start on another image
    Time m_encodingTime;                  //!< spent in all
    Time m_deadline;                      //!< attribute Deadline
    bool m_newestFirst{false};            //!< attribute NewestFirst
    uint32_t m_maxReports{0};             //!< attribute MaxReports
    Time m_reportTimeout;                 //!< attribute ReportTimeout
    std::map<uint32_t, Open> m_open;      //!< by image
    std::deque<Pending> m_queue;          //!< fragments not yet handed over
    EventId m_captureEvent;

    TracedCallback<uint32_t, std::size_t> m_capturedTrace;
    TracedCallback<uint32_t, const limitnet::EncodedImage&> m_encodedTrace;
    TracedCallback<uint32_t, uint32_t, Ptr<const Packet>> m_fragmentTrace;
    TracedCallback<uint32_t, uint32_t, Discard> m_discardTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_IMAGE_SOURCE_H
