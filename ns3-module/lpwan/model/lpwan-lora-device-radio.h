// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_DEVICE_RADIO_H
#define LPWAN_LORA_DEVICE_RADIO_H

#include "lpwan-lora-channel-access.h"
#include "lpwan-lora-channel.h"
#include "lpwan-lora-device-mac.h"
#include "lpwan-lora-join.h"
#include "lpwan-lora-phy.h"
#include "lpwan-net-device.h"
#include "lpwan-rare-trace.h"

#include "ns3/event-id.h"
#include "ns3/mac64-address.h"
#include "ns3/rng-stream.h"

#include <cstdint>
#include <memory>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * The half of a LoRaWAN device that lives in time: when a frame of LoraDeviceMac goes out, when its
 * receive windows are, what is repeated, and what the radio draws meanwhile. LoraEndDevice is the
 * other half, with the attributes.
 */
class LoraDeviceRadio : public LpwanNetDevice, public LoraDownlinkReceiver
{
  public:
    ~LoraDeviceRadio() override;

    /** \return EIRP of the next frame: TxPower, or less by the network's LinkADRReq */
    double GetTxPowerDbm() const;

    // --- LpwanNetDevice ---
    double GetPowerWatt(RadioState state) const override;
    /** A frame in the air ends as it would. */
    void TurnOff() override;
    bool IsOff() const override;

    // --- LoraDownlinkReceiver ---
    void EndUplink(const LpwanTransmission& transmission) override;
    double GetDownlinkSensitivityDbm(uint8_t spreadingFactor, uint32_t bandwidthHz) const override;
    double GetNoiseFloorDbm(uint32_t bandwidthHz) const override;
    double GetPenetrationLossDb() const override;
    bool StartDownlink(const LoraDownlink& downlink, uint8_t slot) override;
    void EndDownlink(const LoraDownlink& downlink, double rxPowerDbm, bool received) override;

  protected:
    LoraDeviceRadio();

    void DoDispose() override;

    /** Starts the next frame, or comes back when that is possible. */
    void TryTransmit();

    /** Listens between the windows, class C. */
    void ListenAlways();

    /** The session ends: what is to be repeated in it is given up. */
    void GiveUpPending();

    /** \param dataRate a data rate \return earliest start of a frame at it */
    Time NextOpportunity(uint8_t dataRate) const;

    /** \param stream as RandomVariableStream::SetStream(); below 0: one that nobody else has */
    void SetStream(int64_t stream);

    // What LoraEndDevice has attributes for, or asks. Ordered by size: there may be a hundred
    // thousand of these.
    LoraDeviceMac m_mac;
    Ptr<LoraChannel> m_channel;
    std::unique_ptr<LoraJoin> m_join; //!< null: personalised
    LoraSensitivity m_sensitivity;
    Mac64Address m_devEui;
    LoraChannelAccess m_access;
    Time m_busyUntil; //!< no frame starts before
    double m_txPowerDbm{14};
    double m_voltage{3.3};
    double m_txCurrentA{0};
    double m_rxCurrentA{0.0112};
    double m_sleepCurrentA{1.5e-6};
    double m_noiseFigureDb{6};
    double m_penetrationLossDb{0};
    uint32_t m_channelIndex{0};
    uint32_t m_rxWindowSymbols{8};
    uint32_t m_netId{0};
    LoraDeviceClass m_class{LoraDeviceClass::A};
    uint8_t m_confirmedTransmissions{8};
    bool m_joined{false};
    bool m_uplinkWanted{false}; //!< an uplink is due even without payload
    bool m_off{false};

    RareTracedCallback<Ptr<const Packet>, bool, uint8_t> m_acknowledgedTrace;
    RareTracedCallback<uint32_t, uint8_t> m_receivedTrace;
    RareTracedCallback<uint8_t, uint8_t> m_linkCheckTrace;
    RareTracedCallback<uint32_t, uint32_t> m_joinedTrace;
    RareTracedCallback<uint8_t, uint8_t> m_dataRateTrace;
    RareTracedCallback<double, double> m_txPowerTrace;

    /** What the trace sources DataRate and TxPower tell of. */
    struct Settings
    {
        double txPowerDbm; //!< EIRP of the next frame
        uint8_t dataRate;  //!< of the next frame
    };

    /** \return the present ones */
    Settings PresentSettings() const;

    /** Tells what has changed. \param before what the settings were */
    void TellChanges(const Settings& before);

  private:
    /** The frame in the air, or between its repetitions. */
    struct Pending
    {
        Ptr<const Packet> packet;     //!< the application's; null for a frame of the MAC alone
        Ptr<const Packet> frame;      //!< PHY payload
        Ptr<LoraUplink> uplink;       //!< the one in the air, or the last one
        uint32_t frameCounter{0};     //!< its counter
        uint8_t transmissionsLeft{0}; //!< after the one in the air
        uint8_t transmissions{0};     //!< so far
        bool confirmed{false};        //!< waits for an acknowledgement
        bool join{false};             //!< a join request
        bool windowsDue{false};       //!< EndWindows() is to come
    };

    /** Comes back to TryTransmit(). \param at when */
    void TryAt(Time at);

    /** \return from when on a join request may start, by its duty cycle \param dataRate its rate */
    Time JoinOpenFrom(uint8_t dataRate) const;

    /** Builds the next data frame from the head of the queue. \return false: try once more */
    bool BuildFrame();

    /** Builds the next join request. */
    void BuildJoinRequest();

    /** Puts m_pending on the air. \param dataRate its data rate */
    void Transmit(uint8_t dataRate);

    /** \return the windows of the last frame \param join it is a join request */
    LoraReceiveWindows GetWindows(bool join) const;

    /** Announces and plans the receive windows of the frame that ended. */
    void OpenWindows();

    /** The receive windows of a frame are over and it may have to be repeated. */
    void EndWindows();

    /** \return RETRANSMIT_TIMEOUT, drawn */
    Time DrawTimeout();

    /**
     * m_pending is done with.
     * \param acknowledged whether an acknowledgement came
     * \param reason why it is given up otherwise
     */
    void Finish(bool acknowledged, DropReason reason = DropReason::NOT_ACKNOWLEDGED);

    /** \param downlink a frame that came through \param window 1, 2 or 3 \return whether it was
     * ours */
    bool Accept(const LoraDownlink& downlink, uint8_t window, double rxPowerDbm);

    /** \param accept what the join server sent */
    void AcceptJoin(const LoraJoinAccept& accept);

    /** \return state of the radio when nothing happens */
    RadioState IdleState() const;

    RngStream
        m_random; //!< ns-3's generator by itself: a RandomVariableStream costs four times as much
    std::unique_ptr<Pending> m_pending;
    EventId m_next;                  //!< next attempt to send, or end of the windows
    Time m_uplinkEnd;                //!< of the last frame
    uint32_t m_uplinkFrequencyHz{0}; //!< of the last frame
    uint32_t m_listensHz{0};         //!< class C: carrier it listens on for good
    uint8_t m_uplinkDataRate{0};     //!< of the last frame
    uint8_t m_listensDataRate{0};    //!< class C
    uint8_t m_receivingSlot{0};
    uint8_t m_windows{0}; //!< bit i: window i may still bring something
    bool m_sending{false};
    bool m_receiving{false};
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_DEVICE_RADIO_H
