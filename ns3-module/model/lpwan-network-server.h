// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NETWORK_SERVER_H
#define LPWAN_NETWORK_SERVER_H

#include "lpwan-lora-crypto.h"
#include "lpwan-lora-gateway.h"

#include "ns3/nstime.h"
#include "ns3/object.h"
#include "ns3/packet.h"

#include <cstdint>
#include <unordered_map>

namespace ns3
{
namespace lpwan
{

/** An uplink as the network server hands it to the application server, once per frame. */
struct UplinkDelivery
{
    uint32_t deviceAddress{0};  //!< DevAddr
    uint32_t frameCounter{0};   //!< full uplink counter
    uint8_t port{0};            //!< FPort
    Ptr<Packet> payload;        //!< application bytes only, decrypted
    Time time;                  //!< now
    double rssiDbm{0};          //!< power at the gateway with the best SNR
    double snrDb{0};            //!< best SNR over the gateways
    uint8_t spreadingFactor{0}; //!< 7..12
    uint32_t frequencyHz{0};    //!< carrier
    uint32_t gatewayCount{0};   //!< gateways that received the frame
};

/** Why the network server refused a frame. */
enum class ServerRejection : uint8_t
{
    MALFORMED,      //!< no uplink data frame
    UNKNOWN_DEVICE, //!< DevAddr is not registered
    BAD_MIC,        //!< signature does not fit
    OLD_COUNTER,    //!< counter outside the window of MAX_FCNT_GAP (16384) after the last one
};

/**
 * \param reason a reason
 * \return its name, e.g. "bad_mic"
 */
const char* ToString(ServerRejection reason);

/**
 * \ingroup limitnet
 *
 * LoRaWAN network and application server in one: takes frames from gateways after BackhaulDelay,
 * checks device, counter and MIC, removes duplicates by (DevAddr, FCnt), decrypts and delivers each
 * frame once. Copies that arrive within DeduplicationWindow of the first (default 0: at the same
 * instant, which is the rule here since gateways report at the end of the frame and have the same
 * delay) are in the delivery's best SNR and gateway count; the delivery waits for that window.
 * A frame without a port, or on port 0, has nothing for an application and is not delivered.
 */
class NetworkServer : public Object
{
  public:
    /** Takes deliveries. */
    using DeliverCallback = Callback<void, const UplinkDelivery&>;

    /**
     * Signature of the trace source Delivered.
     * \param delivery the delivery
     */
    typedef void (*DeliveredTracedCallback)(const UplinkDelivery& delivery);

    /**
     * Signature of the trace source Duplicate.
     * \param deviceAddress DevAddr
     * \param frameCounter full counter
     * \param gateway gateway of the further copy
     */
    typedef void (*DuplicateTracedCallback)(uint32_t deviceAddress,
                                            uint32_t frameCounter,
                                            uint32_t gateway);

    /**
     * Signature of the trace source Rejected.
     * \param report what the gateway reported
     * \param reason why it was refused
     */
    typedef void (*RejectedTracedCallback)(const LoraGatewayReport& report, ServerRejection reason);

    /** \return the TypeId */
    static TypeId GetTypeId();

    NetworkServer();
    ~NetworkServer() override;

    /**
     * Makes a device known; its counters start anew.
     * \param devAddr its address
     * \param keys its session keys
     */
    void RegisterDevice(uint32_t devAddr, const LoraSessionKeys& keys);

    /** \param gateway a gateway whose frames this server takes */
    void AddGateway(Ptr<LoraGateway> gateway);

    /** \param callback takes the deliveries; replaces the earlier one */
    void SetDeliverCallback(DeliverCallback callback);

    /**
     * A gateway's report sets out; it arrives after BackhaulDelay.
     * \param report the report
     */
    void Report(const LoraGatewayReport& report);

    /** \return frames delivered */
    uint64_t GetDeliveredFrames() const;

  protected:
    void DoDispose() override;

  private:
    /** What the server knows of a device. */
    struct DeviceSession
    {
        LoraSessionKeys keys;     //!< session keys
        bool seen{false};         //!< whether any frame was accepted
        uint32_t frameCounter{0}; //!< of the last accepted frame
    };

    /** \param report a report that has arrived */
    void Receive(LoraGatewayReport report);

    /** \param key key in m_collecting of the frame that is due */
    void Deliver(uint64_t key);

    Time m_backhaulDelay;
    Time m_deduplicationWindow;
    DeliverCallback m_deliver;
    uint64_t m_delivered{0};
    std::unordered_map<uint32_t, DeviceSession> m_sessions;
    /// frames not yet delivered, by DevAddr << 32 | FCnt
    std::unordered_map<uint64_t, UplinkDelivery> m_collecting;

    TracedCallback<const UplinkDelivery&> m_deliveredTrace;
    TracedCallback<uint32_t, uint32_t, uint32_t> m_duplicateTrace;
    TracedCallback<const LoraGatewayReport&, ServerRejection> m_rejectedTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NETWORK_SERVER_H
