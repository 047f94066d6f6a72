// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NET_DEVICE_H
#define LPWAN_NET_DEVICE_H

#include "lpwan-rare-trace.h"

#include "ns3/event-id.h"
#include "ns3/net-device.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \defgroup lpwan LPWAN models
 *
 * LoRaWAN and NB-IoT: devices, gateways and base stations, network server, energy, traffic.
 */

/** Why a device gave up a packet before its frame was complete in the air. */
enum class DropReason : uint8_t
{
    PAYLOAD_TOO_LONG, //!< more application bytes than GetMtu() allows
    QUEUE_FULL,       //!< the device's queue is at its limit
    INVALID_PORT,     //!< protocol number is neither 0 nor a port of the link
    NOT_CONNECTED,    //!< the device is on no channel
    BATTERY_EMPTY,    //!< the device has no energy left
    NOT_ACKNOWLEDGED, //!< confirmed, sent as often as allowed, and never acknowledged
    ACCESS_FAILED,    //!< no random access succeeded, in all attempts
};

/** Number of members of DropReason. */
constexpr std::size_t DROP_REASON_COUNT = 7;

/**
 * \param reason a reason
 * \return its name as it stands in result files, e.g. "payload_too_long"
 */
const char* ToString(DropReason reason);

/** What the radio of a device does; each state has its own current. */
enum class RadioState : uint8_t
{
    SLEEP,       //!< off; it hears nothing
    LIGHT_SLEEP, //!< connected, the receiver off between its turns; LoRa is never in it
    DRX,         //!< idle, listens to paging now and then; billed at its mean; LoRa likewise
    RX,          //!< listens or receives
    TX,          //!< sends
};

/** Number of members of RadioState. */
constexpr std::size_t RADIO_STATE_COUNT = 5;

/**
 * One frame in the air, as trace sources tell of it. (deviceAddress, frameCounter) names a frame
 * uniquely within a simulation, so that a trace sink can follow it from device to server.
 */
struct LpwanTransmission
{
    uint32_t deviceAddress{0};  //!< LpwanNetDevice::GetDeviceAddress() of the sender
    uint32_t frameCounter{0};   //!< full (32 bit) uplink frame counter
    Time start;                 //!< first preamble symbol leaves the antenna
    Time end;                   //!< last symbol has left the antenna
    uint32_t frequencyHz{0};    //!< carrier; 0 on a link whose carrier is not the frame's own
    uint32_t bandwidthHz{0};    //!< channel bandwidth
    uint8_t spreadingFactor{0}; //!< 7..12; 0 on a link that has none
    uint16_t frameBytes{0};     //!< PHY payload, all overheads included
    double txPowerDbm{0};       //!< radiated power, EIRP
};

/**
 * \ingroup lpwan
 *
 * What an application knows of an LPWAN uplink, whatever the technology: an MTU, a bounded FIFO
 * queue, a report when a frame has left the antenna, a report when a packet was dropped, and the
 * radio's time and energy.
 *
 * A packet handed to Send() is payload only. The device copies the bytes it needs; the trace
 * sources give the application's own packet back, so that its uid recognises it.
 *
 * The protocol number of Send() is the application port (LoRaWAN FPort): 1..223, or 0 for the
 * default port 1. The destination is ignored: everything goes to the network server.
 */
class LpwanNetDevice : public NetDevice
{
  public:
    /** Told when a frame has left the antenna: application packet, start and end of the frame. */
    using TxCompleteCallback = Callback<void, Ptr<const Packet>, Time, Time>;

    /**
     * Signature of the trace sources TxStart and TxEnd.
     * \param packet the application's packet
     * \param transmission the frame
     */
    typedef void (*TransmissionTracedCallback)(Ptr<const Packet> packet,
                                               const LpwanTransmission& transmission);

    /**
     * Signature of the trace source Drop.
     * \param packet the application's packet
     * \param reason why it was dropped
     */
    typedef void (*DropTracedCallback)(Ptr<const Packet> packet, DropReason reason);

    /** \return the TypeId */
    static TypeId GetTypeId();

    LpwanNetDevice();
    ~LpwanNetDevice() override;

    // --- what links add to NetDevice ---

    /** \return the address by which the network server knows this device (LoRaWAN: DevAddr) */
    virtual uint32_t GetDeviceAddress() const = 0;

    /** \return the application payload in bytes that one frame may carry at the present data rate
     */
    uint16_t GetMtu() const override = 0;

    /** \return packets that wait; the one in the air is not counted */
    uint32_t GetQueueSize() const;

    /**
     * \return how many waiting packets the link makes use of, when it knows of them: 1 where each
     *         goes by itself, so that what comes later can still be chosen
     */
    virtual uint32_t GetUsefulQueueSize() const;

    /**
     * As Send(), and the network is to acknowledge the packet, where the link can do that.
     * \param packet application payload
     * \param protocolNumber port, 0 for the default
     * \return whether the packet was queued
     */
    virtual bool SendConfirmed(Ptr<Packet> packet, uint16_t protocolNumber);

    /**
     * \param payloadBytes of the application, up to the MTU
     * \return time on air of a frame with them at the present data rate; nothing where the device
     *         cannot know
     */
    virtual std::optional<Time> EstimateTimeOnAir(uint32_t payloadBytes) const;

    /**
     * \param until a time
     * \return payload bytes in frames of the present MTU that the device can send from now to then,
     *         by its duty cycle and what waits already; nothing where the device cannot know
     */
    virtual std::optional<uint64_t> EstimateBytesUntil(Time until) const;

    /**
     * \param payloadBytes lengths of packets, each up to the MTU
     * \return how long it takes from now until the last of them is sent, one after the other and as
     *         early as the duty cycle lets, when nothing waits and nothing is lost; nothing where
     *         the device cannot know
     */
    virtual std::optional<Time> EstimateSendingTime(
        const std::vector<uint32_t>& payloadBytes) const;

    /**
     * Takes a packet back that waits and has not begun to be sent; no Drop trace tells of it.
     * \param uid of the packet
     * \return whether it waited
     */
    bool Withdraw(uint64_t uid);

    /** \param packets how many packets may wait (at least 1) */
    void SetQueueLimit(uint32_t packets);

    /** \return how many packets may wait */
    uint32_t GetQueueLimit() const;

    /** \param callback called at the end of each frame; replaces the earlier one */
    void SetTxCompleteCallback(TxCompleteCallback callback);

    /** \return frames that have left the antenna completely */
    uint64_t GetSentFrames() const;

    /** \return packets that were given up */
    uint64_t GetDroppedPackets() const;

    /** \param reason a reason \return packets that were given up for it */
    uint64_t GetDroppedPackets(DropReason reason) const;

    /** \return seconds spent sending up to now, a frame in the air counted up to now */
    double GetTxAirtimeSeconds() const;

    /** \return the present state of the radio */
    RadioState GetRadioState() const;

    /**
     * \param state a radio state
     * \return how long the radio was in it since the device was made, up to now
     */
    Time GetTimeIn(RadioState state) const;

    /**
     * \param state a radio state
     * \return joule the radio used in that state up to now
     */
    double GetEnergyJoule(RadioState state) const;

    /** \return joule the radio used up to now, all states */
    double GetTotalEnergyJoule() const;

    /**
     * \param state a radio state
     * \return power drawn in that state, watt
     */
    virtual double GetPowerWatt(RadioState state) const = 0;

    /** Ends all activity for good, as an empty battery does: what waits is dropped. */
    virtual void TurnOff() = 0;

    /** \return whether TurnOff() was called */
    virtual bool IsOff() const = 0;

    /** \param fraction what is left of the battery, 0..1; a link may have a way to tell it */
    virtual void NotifyBattery(double fraction);

    /** Told when the radio enters another state. */
    using RadioStateCallback = Callback<void, RadioState>;

    /**
     * Follow the radio's state, as an energy model does. Each change is then an event of the
     * simulator of its own, so do it where it is needed only, and before the first frame.
     * \param callback told the new state; replaces the earlier one
     */
    void SetRadioStateCallback(RadioStateCallback callback);

    // --- NetDevice ---

    void SetIfIndex(const uint32_t index) override;
    uint32_t GetIfIndex() const override;
    /**
     * The MTU follows from the data rate.
     * \param mtu ignored
     * \return false
     */
    bool SetMtu(const uint16_t mtu) override;
    bool IsLinkUp() const override;
    void AddLinkChangeCallback(Callback<void> callback) override;
    bool IsBroadcast() const override;
    bool IsMulticast() const override;
    Address GetMulticast(Ipv4Address multicastGroup) const override;
    Address GetMulticast(Ipv6Address addr) const override;
    bool IsBridge() const override;
    bool IsPointToPoint() const override;
    /**
     * A device sends under its own address only.
     * \return false, always
     */
    bool SendFrom(Ptr<Packet> packet,
                  const Address& source,
                  const Address& dest,
                  uint16_t protocolNumber) override;
    bool SupportsSendFrom() const override;
    Ptr<Node> GetNode() const override;
    void SetNode(Ptr<Node> node) override;
    bool NeedsArp() const override;
    void SetReceiveCallback(ReceiveCallback cb) override;
    void SetPromiscReceiveCallback(PromiscReceiveCallback cb) override;

  protected:
    void DoDispose() override;

    /** A packet that waits, and its port. */
    struct QueueItem
    {
        Ptr<const Packet> packet; //!< application payload
        uint8_t port{1};          //!< application port
        bool confirmed{false};    //!< the network is to acknowledge it
    };

    /**
     * Checks port, length and queue, and queues the packet or drops it with a trace.
     * \param packet application payload
     * \param protocolNumber port, 0 for the default
     * \param confirmed whether the network is to acknowledge it
     * \return whether the packet was queued
     */
    bool Enqueue(Ptr<const Packet> packet, uint16_t protocolNumber, bool confirmed = false);

    /** A packet was queued, of which nobody has been told yet. \param item the packet */
    virtual void OnQueued(const QueueItem& item);

    /** A packet was taken back. \param index its place in the queue before \param item the packet
     */
    virtual void OnWithdrawn(std::size_t index, const QueueItem& item);

    /** \return the packet at the head of the queue; null when it is empty */
    const QueueItem* Head() const;

    /** Drops all that waits. \param reason why */
    void DropQueue(DropReason reason);

    /** \return the packet at the head of the queue, taken out; nothing when the queue is empty */
    std::optional<QueueItem> Dequeue();

    /**
     * \param packet application payload that is given up
     * \param reason why
     */
    void NotifyDrop(Ptr<const Packet> packet, DropReason reason);

    /**
     * \param packet application payload whose frame starts now
     * \param transmission the frame
     */
    void NotifyTxStart(Ptr<const Packet> packet, const LpwanTransmission& transmission);

    /**
     * \param packet application payload whose frame ends now
     * \param transmission the frame
     */
    void NotifyTxEnd(Ptr<const Packet> packet, const LpwanTransmission& transmission);

    /**
     * Closes the accounts of the present state and enters another. What was planned is forgotten.
     * \param state the new state
     */
    void SetRadioState(RadioState state);

    /**
     * The radio will enter a state by itself, after those that were planned before. It costs no
     * event unless somebody follows the state (SetRadioStateCallback()).
     * \param at when, not before what was planned last
     * \param state the state
     */
    void PlanRadioState(Time at, RadioState state);

    /**
     * Gives a downlink's payload to whoever called SetReceiveCallback().
     * \param payload application payload
     * \param port its port
     */
    void NotifyReceive(Ptr<const Packet> payload, uint8_t port);

  private:
    /** Who follows the radio's state, and the changes to come that he is to be told. */
    struct Follower
    {
        RadioStateCallback callback;
        RadioState told{RadioState::SLEEP}; //!< the last one he knows of
        std::vector<EventId> events;
    };

    /** Adds the time since the last change to the accounts, and follows the plan up to now. */
    void Account() const;

    /** Adds the time up to a moment to the accounts of the present state. */
    void AccountUntil(Time until) const;

    /** Tells of the queue's size. \param before what it was */
    void NotifyQueueSize(std::size_t before);

    /** Tells who follows of a state, unless he knows. \param state the state */
    void Tell(RadioState state);

    /** A planned change is due that somebody follows. */
    void FollowPlan(RadioState state);

    Ptr<Node> m_node;                                    //!< where the device sits
    uint32_t m_ifIndex{0};                               //!< index on the node
    uint32_t m_queueLimit{64};                           //!< attribute QueueLimit
    std::vector<QueueItem> m_queue;                      //!< packets that wait, oldest first
    std::array<uint32_t, DROP_REASON_COUNT> m_dropped{}; //!< packets given up, by reason
    uint64_t m_sentFrames{0};                            //!< frames sent completely
    TxCompleteCallback m_txComplete;
    ReceiveCallback m_receive;

    // Reading the accounts brings them up to date, which changes nothing that can be observed.
    mutable RadioState m_state{RadioState::SLEEP};
    mutable Time m_accountedUntil;
    mutable uint8_t m_planNext{0}; //!< first planned change that has not come to pass
    uint8_t m_planned{0};          //!< number of planned changes
    /** Two receive windows are four changes. */
    static constexpr std::size_t PLAN_LENGTH = 4;
    std::array<RadioState, PLAN_LENGTH> m_planStates{}; //!< planned states ...
    std::array<Time, PLAN_LENGTH> m_planTimes;          //!< ... and when they are entered
    std::unique_ptr<Follower> m_follower;
    mutable std::array<int64_t, RADIO_STATE_COUNT> m_timeNs{};
    mutable std::array<double, RADIO_STATE_COUNT> m_joule{};

    RareTracedCallback<Ptr<const Packet>, const LpwanTransmission&> m_txStartTrace;
    RareTracedCallback<Ptr<const Packet>, const LpwanTransmission&> m_txEndTrace;
    RareTracedCallback<Ptr<const Packet>, DropReason> m_dropTrace;
    RareTracedCallback<uint32_t, uint32_t> m_queueSizeTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NET_DEVICE_H
