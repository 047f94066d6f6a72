// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_CLOUD_H
#define LPWAN_CLOUD_H

#include "limitnet/codec/fragment.h"
#include "lpwan-feedback.h"

#include "ns3/application.h"
#include "ns3/lpwan-uplink-delivery.h"
#include "ns3/nstime.h"
#include "ns3/traced-callback.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup limitnet
 *
 * The cloud's end of the offloading: takes the payloads that links deliver, sorts them by
 * device and image, and keeps a log of the arrivals, from which the evaluator decodes and
 * classifies. It knows nothing but the bytes that arrived and who sent them.
 *
 * It can answer (SetSendCallback()): where a device has a judge, that it needs no more of an image,
 * again with each further fragment of it but not within FeedbackPause; where it has reports, on a
 * fragment that asks for it, which ones it lacks. Its answers take no time beside the way.
 *
 * An image id has 6 bits. Ids up to 31 ahead of the newest one of a device begin a new image; all
 * others belong to the image that has that id already. A device of which nothing arrives for 32
 * images may so be misunderstood.
 */
class CloudApplication : public Application
{
  public:
    /** A fragment that arrived. */
    struct Arrival
    {
        Time time;                 //!< when it reached the cloud
        uint32_t deviceAddress{0}; //!< who sent it
        uint32_t frameCounter{0};  //!< of the frame it came in
        uint32_t gatewayCount{0};  //!< gateways that received the frame
        double snrDb{0};           //!< the best of them
        std::size_t image{0};      //!< index in GetImages() of the image it belongs to
        limitnet::Bytes bytes;     //!< the fragment
    };

    /** An image, as far as the cloud knows it. */
    struct ReceivedImage
    {
        uint32_t deviceAddress{0};         //!< whose
        uint8_t imageId{0};                //!< its id on the air
        std::vector<std::size_t> arrivals; //!< its fragments, as indices of GetArrivals()
        std::set<uint16_t> numbers;        //!< of its fragments; with reports only
        bool enough{false};                //!< the judge has had enough of it
        Time toldAt;                       //!< when the device was told so for the last time
    };

    /** Takes what is to go down to a device: its address, the bytes. */
    using SendCallback = std::function<void(uint32_t, const std::vector<uint8_t>&)>;

    /** \param arrival index in GetArrivals() \return whether its image needs no more */
    using Judge = std::function<bool(std::size_t arrival)>;

    /**
     * Signature of the trace source Arrival.
     * \param arrival index in GetArrivals() of a fragment that came just now
     */
    typedef void (*ArrivalTracedCallback)(std::size_t arrival);

    /** \return the TypeId */
    static TypeId GetTypeId();

    CloudApplication();
    ~CloudApplication() override;

    /**
     * Signature of the trace sources Lost and Reading.
     * \param delivery what reached the cloud
     */
    typedef void (*DeliveryTracedCallback)(const UplinkDelivery& delivery);

    /** What the cloud has to know of a device beforehand. */
    struct Subscription
    {
        bool isMeter{false}; //!< its payloads are readings: traced, not logged, not answered
        /** Tells the image of a payload; nothing for what is no fragment. Not of meters. */
        std::function<std::optional<uint8_t>(const limitnet::Bytes&)> imageIdOf;
        bool reports{false}; //!< fragments have labels, and the device may ask what is missing
        Judge judge;         //!< asked after each arrival; null: the cloud never has enough
        std::size_t maxAnswerBytes{51}; //!< most bytes that its link carries down, at least 4
    };

    /**
     * Payloads of devices that are not subscribed are counted as invalid.
     * \param deviceAddress whose
     * \param subscription what is to be known of it
     */
    void Subscribe(uint32_t deviceAddress, Subscription subscription);

    /**
     * Lets the cloud be down for a while: what reaches it then is lost, and nothing that it has is.
     * \param from when
     * \param duration how long
     */
    void SetOutage(Time from, Time duration);

    /** \return whether the cloud is down now; nobody else has to know when it is */
    bool IsDown() const;

    /** \param send sends answers; null for none */
    void SetSendCallback(SendCallback send);

    /** \return answers sent: that an image is enough */
    uint64_t GetEnoughAnswers() const;

    /** \return answers sent: what is missing of an image */
    uint64_t GetMissingAnswers() const;

    /** \param delivery a payload from a link */
    void Receive(const UplinkDelivery& delivery);

    /** \return all fragments, in the order in which they arrived */
    const std::vector<Arrival>& GetArrivals() const;

    /** \return all images, in the order of their first fragment */
    const std::vector<ReceivedImage>& GetImages() const;

    /** \return payloads that were no fragment */
    uint64_t GetInvalidPayloads() const;

  protected:
    void DoDispose() override;

  private:
    /** What the cloud remembers of a device. */
    struct DeviceState
    {
        bool any{false};                       //!< whether an image was seen
        uint8_t newest{0};                     //!< id of the newest image
        std::map<uint8_t, std::size_t> images; //!< by id: index in m_images
    };

    void StartApplication() override;
    void StopApplication() override;

    /** Takes the payload of a camera. */
    void ReceiveFragment(const UplinkDelivery& delivery, const Subscription& device);

    /** \return index of the image that a fragment belongs to, made where it is a new one */
    std::size_t FindImage(uint32_t deviceAddress, uint8_t imageId);

    /** Answers to a fragment if there is reason to. */
    void Answer(std::size_t arrival, const Subscription& device, const FragmentLabel& label);

    SendCallback m_send;
    std::map<uint32_t, Subscription> m_subscriptions;
    Time m_outageFrom;
    Time m_outageEnd;
    Time m_feedbackPause; //!< attribute FeedbackPause
    uint64_t m_enoughAnswers{0};
    uint64_t m_missingAnswers{0};
    bool m_running{false};
    std::vector<Arrival> m_arrivals;
    std::vector<ReceivedImage> m_images;
    std::map<uint32_t, DeviceState> m_devices;
    uint64_t m_invalid{0};
    TracedCallback<std::size_t> m_arrivalTrace;
    TracedCallback<const UplinkDelivery&> m_readingTrace;
    TracedCallback<const UplinkDelivery&> m_lostTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_CLOUD_H
