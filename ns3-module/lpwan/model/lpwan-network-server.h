// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NETWORK_SERVER_H
#define LPWAN_NETWORK_SERVER_H

#include "lpwan-lora-adr.h"
#include "lpwan-lora-crypto.h"
#include "lpwan-lora-downlink-slot.h"
#include "lpwan-lora-end-device.h"
#include "lpwan-lora-gateway.h"
#include "lpwan-lora-join-server.h"
#include "lpwan-lora-mac-commands.h"
#include "lpwan-lora-region.h"
#include "lpwan-lora-server-session.h"
#include "lpwan-server-rejection.h"
#include "lpwan-uplink-delivery.h"

#include "ns3/nstime.h"
#include "ns3/object.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A downlink that the network server handed to a gateway. */
struct DownlinkDispatch
{
    uint32_t deviceAddress{0}; //!< DevAddr, the new one for a join accept
    uint32_t frameCounter{0};  //!< downlink counter
    uint32_t gateway{0};       //!< index of the gateway
    uint8_t window{0};         //!< 1, 2; 3: class C between the windows
    uint32_t frameBytes{0};    //!< PHY payload
    uint32_t payloadBytes{0};  //!< of these for the application
    bool acknowledges{false};  //!< acknowledges an uplink
};

/** Counters of the server's downlinks. */
struct DownlinkCounts
{
    uint64_t rx1{0};    //!< sent in RX1
    uint64_t rx2{0};    //!< sent in RX2
    uint64_t classC{0}; //!< sent between the windows
    uint64_t missed{0}; //!< wanted, but no gateway could send in time (duty cycle, half duplex)
};

/**
 * \ingroup lpwan
 *
 * LoRaWAN network, join and application server in one.
 *
 * **Up.** Takes frames from gateways after BackhaulDelay, checks device, counter and MIC, removes
 * duplicates by (DevAddr, FCnt), decrypts and delivers each frame once. Copies that arrive within
 * DeduplicationWindow of the first (default 0: at the same instant, which is the rule here since
 * gateways report at the end of the frame and have the same delay) are in the delivery's best SNR
 * and gateway count; the delivery waits for that window. A frame without a port, or on port 0, has
 * nothing for an application and is not delivered. Repetitions of a frame (NbTrans, or a lost
 * acknowledgement) are duplicates, and are acknowledged again.
 *
 * **Down.** After the delivery the server answers where there is reason to: an acknowledgement, MAC
 * commands, application data, ADRACKReq. Among the gateways that received the uplink it takes the
 * one with the best SNR that is free in RX1 and whose duty cycle allows it, else the same for RX2.
 * Data that fits neither window's data rate waits. Class C devices are sent application data when
 * a gateway is free, on RX2's channel.
 *
 * **ADR** (attribute Adr), for devices that ask for it: after AdrHistory uplinks at the same data
 * rate and power an algorithm says what the device is to have, AdaptDataRate() unless
 * SetAdrAlgorithm() names another. The device lowers its data rate by itself when nobody answers,
 * after it has gone to full power; so an uplink at a data rate that nobody asked for is at full
 * power, and a request that the device's back-off has overtaken is forgotten. An algorithm of one's
 * own, which leaves the power alone and goes by the mean:
 *
 *     LoraAdrSetting
 *     ByTheMean(const LoraAdrInput& input)
 *     {
 *         const double sum = std::accumulate(input.snrDb.begin(), input.snrDb.end(), 0.0);
 *         const auto sf = input.region.dataRates[input.dataRate].spreadingFactor;
 *         const double spareDb = sum / input.snrDb.size() - LoraSnrThresholdDb(sf);
 *         return {uint8_t(input.dataRate + (spareDb > 10 && sf > 7 ? 1 : 0)), input.txPower};
 *     }
 *
 *     lora.GetServer()->SetAdrAlgorithm(MakeCallback(&ByTheMean));
 */
class NetworkServer : public Object
{
  public:
    /** Takes deliveries. */
    using DeliverCallback = Callback<void, const UplinkDelivery&>;

    /** An algorithm for adaptive data rate: what a device is to have, by what was heard of it. */
    using AdrAlgorithm = Callback<LoraAdrSetting, const LoraAdrInput&>;

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

    /**
     * Signature of the trace source Dispatched.
     * \param dispatch the downlink
     */
    typedef void (*DispatchedTracedCallback)(const DownlinkDispatch& dispatch);

    /**
     * Signature of the trace source DeviceStatus.
     * \param deviceAddress DevAddr
     * \param status what the device answered
     */
    typedef void (*DeviceStatusTracedCallback)(uint32_t deviceAddress, const DevStatusAns& status);

    /** \return the TypeId */
    static TypeId GetTypeId();

    NetworkServer();
    ~NetworkServer() override;

    /**
     * Makes a device known that is personalised (ABP); its counters start anew.
     * \param devAddr its address
     * \param keys its session keys
     * \param deviceClass how it listens
     * \param subBand attribute SubBand of the device
     */
    void RegisterDevice(uint32_t devAddr,
                        const LoraSessionKeys& keys,
                        LoraDeviceClass deviceClass = LoraDeviceClass::A,
                        uint8_t subBand = 0);

    /**
     * Makes a device known that joins over the air.
     * \param devEui its EUI
     * \param appKey its root key
     * \param devAddr the address it gets
     * \param deviceClass how it listens
     * \param subBand attribute SubBand of the device
     */
    void RegisterOtaaDevice(uint64_t devEui,
                            const AesBlock& appKey,
                            uint32_t devAddr,
                            LoraDeviceClass deviceClass = LoraDeviceClass::A,
                            uint8_t subBand = 0);

    /** \param gateway a gateway whose frames this server takes; it keeps the server as long */
    void AddGateway(Ptr<LoraGateway> gateway);

    /** \param callback takes the deliveries; replaces the earlier one */
    void SetDeliverCallback(DeliverCallback callback);

    /**
     * \param algorithm takes the place of AdaptDataRate(). It is called after an uplink of a device
     *                  that leaves its settings to the network, when AdrHistory of them came at the
     *                  present ones. What it wants is asked of the device unless that is what it
     *                  has; the device may refuse.
     */
    void SetAdrAlgorithm(AdrAlgorithm algorithm);

    /**
     * A gateway's report sets out; it arrives after BackhaulDelay.
     * \param report the report
     */
    void Report(const LoraGatewayReport& report);

    /**
     * Queues application data for a device: sent in the windows of its next uplink, or at once to a
     * class C device. Called while an uplink is delivered, it goes into that uplink's windows.
     * \param devAddr the device; aborts when it is not registered
     * \param payload 1..242 bytes
     * \param port 1..223
     * \param confirmed whether the device is to acknowledge it; it is sent again until it does
     */
    void SendDownlink(uint32_t devAddr,
                      const std::vector<uint8_t>& payload,
                      uint8_t port,
                      bool confirmed = false);

    /**
     * Takes back what waits for a device on a port and has not been sent.
     * \param devAddr the device; aborts when it is not registered
     * \param port of the application
     */
    void CancelDownlinks(uint32_t devAddr, uint8_t port);

    /**
     * Queues a MAC command for a device; it is sent until it is answered.
     * \param devAddr the device; aborts when it is not registered
     * \param command the command
     */
    void SendCommand(uint32_t devAddr, const LoraDownlinkCommand& command);

    /** \param devAddr a device \return application data that waits for it */
    std::size_t GetDownlinkQueueSize(uint32_t devAddr) const;

    /**
     * \return most bytes of SendDownlink() that RX1 and RX2 both carry after an uplink of any data
     *         rate, as the region sets them
     */
    std::size_t GetMaxDownlinkBytes() const;

    /** \return frames delivered */
    uint64_t GetDeliveredFrames() const;

    /** \return downlinks sent and missed */
    const DownlinkCounts& GetDownlinkCounts() const;

  protected:
    void DoDispose() override;

  private:
    /** Copy of a frame at a gateway. */
    struct Copy
    {
        uint32_t gateway; //!< index
        double snrDb;     //!< there
        double rssiDbm;   //!< there
    };

    /** A frame whose copies are being collected. */
    struct Collecting
    {
        UplinkDelivery delivery;
        std::vector<Copy> copies;
        uint32_t bandwidthHz{0};
        Time end; //!< of the frame
        bool forApplication{false};
        bool confirmed{false};         //!< wants an acknowledgement
        bool adr{false};               //!< the device leaves its data rate to the network
        bool answerWanted{false};      //!< ADRACKReq
        bool repeated{false};          //!< accepted before: acknowledge only
        std::vector<uint8_t> commands; //!< from FOpts or port 0
    };

    /** A join request whose copies are being collected. */
    struct CollectingJoin
    {
        LoraGatewayReport report;
        std::vector<Copy> copies;
    };

    /** \param name attribute Region */
    void SetRegion(std::string name);
    /** \return attribute Region */
    std::string GetRegionName() const;

    /** \param compatible attribute RepeaterCompatible */
    void SetRepeaterCompatible(bool compatible);
    /** \return attribute RepeaterCompatible */
    bool GetRepeaterCompatible() const;

    /** \param devAddr a device \return its session; aborts when it is not registered */
    LoraServerSession& SessionOf(uint32_t devAddr);

    /** \return a new session, as the region begins it */
    LoraServerSession NewSession(const LoraSessionKeys& keys,
                                 LoraDeviceClass deviceClass,
                                 uint8_t subBand) const;

    /** \param report a report that has arrived */
    void Receive(LoraGatewayReport report);

    /** A report that is a join request. */
    void ReceiveJoin(const LoraGatewayReport& report, const std::vector<uint8_t>& bytes);

    /** The gateway with the best SNR goes first. */
    static void SortBestFirst(std::vector<Copy>& copies);

    /** \return the gateways of copies, in their order */
    static std::vector<uint32_t> GatewaysOf(const std::vector<Copy>& copies);

    /** Tells of a refused frame. */
    void Refuse(const LoraGatewayReport& report, ServerRejection reason);

    /** \param key key in m_collecting of the frame that is due */
    void Deliver(uint64_t key);

    /** \param devEui of the device that joins */
    void AnswerJoin(uint64_t devEui);

    /** Adaptive data rate after an uplink. */
    void Adapt(LoraServerSession& session, const Collecting& frame);

    /** Sends what there is to send in the windows of an uplink. */
    void Answer(uint32_t devAddr, LoraServerSession& session, const Collecting& frame);

    /** Sends application data to a class C device as soon as a gateway is free. */
    void SendClassC(uint32_t devAddr);

    /**
     * Builds a data frame and hands it to the gateway.
     * \param withData whether the oldest application data goes with it
     */
    void Dispatch(uint32_t devAddr,
                  LoraServerSession& session,
                  const LoraDownlinkSlot& slot,
                  bool acknowledge,
                  bool withData);

    /** Hands bytes to the gateway. */
    void Send(const std::vector<uint8_t>& bytes,
              const LoraDownlinkSlot& slot,
              DownlinkDispatch dispatch);

    const LoraRegion* m_region;
    Time m_backhaulDelay;
    Time m_deduplicationWindow;
    bool m_adr{true};
    double m_adrMarginDb{10};
    uint32_t m_adrHistory{20};
    AdrAlgorithm m_adrAlgorithm;
    DeliverCallback m_deliver;
    uint64_t m_delivered{0};
    DownlinkCounts m_counts;
    LoraDownlinkSlots m_slots;
    LoraJoinServer m_joinServer;
    std::unordered_map<uint32_t, LoraServerSession> m_sessions; //!< by DevAddr
    /// frames not yet delivered, by DevAddr << 32 | FCnt
    std::unordered_map<uint64_t, Collecting> m_collecting;
    std::unordered_map<uint64_t, CollectingJoin> m_joining; //!< by DevEUI

    TracedCallback<const UplinkDelivery&> m_deliveredTrace;
    TracedCallback<uint32_t, uint32_t, uint32_t> m_duplicateTrace;
    TracedCallback<const LoraGatewayReport&, ServerRejection> m_rejectedTrace;
    TracedCallback<const DownlinkDispatch&> m_dispatchedTrace;
    TracedCallback<uint32_t, const DevStatusAns&> m_statusTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NETWORK_SERVER_H
