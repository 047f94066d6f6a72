// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_END_DEVICE_H
#define LPWAN_LORA_END_DEVICE_H

#include "lpwan-duty-cycle.h"
#include "lpwan-lora-channel.h"
#include "lpwan-lora-crypto.h"
#include "lpwan-lora-frame.h"
#include "lpwan-lora-mac-commands.h"
#include "lpwan-lora-phy.h"
#include "lpwan-lora-region.h"
#include "lpwan-net-device.h"

#include "ns3/event-id.h"
#include "ns3/mac64-address.h"
#include "ns3/rng-stream.h"

#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** How a device listens for downlinks. */
enum class LoraDeviceClass : uint8_t
{
    A, //!< in RX1 and RX2 only
    C, //!< in RX1, and on RX2's channel whenever it does not send
};

/**
 * \ingroup lpwan
 *
 * A LoRaWAN 1.0.4 end device of class A or C, activated by personalisation or over the air.
 *
 * **Sending.** A queued packet becomes a frame as soon as (1) the receive windows of the frame
 * before are over and (2) the sub-band of a channel is open that takes the data rate; among the
 * open channels one is drawn at random. RX1 opens RECEIVE_DELAY1 and RX2 RECEIVE_DELAY2 after the
 * end of the frame, each for RxWindowSymbols of its data rate, longer when a preamble is there: to
 * the end of that frame. RX2 is not opened when RX1 brought a frame for this device.
 *
 * **Repetition.** An unconfirmed frame is sent NbTrans times, unless something comes down before; a
 * confirmed one until it is acknowledged, at most max(NbTrans, ConfirmedTransmissions) times, with
 * a random 1 to 3 s (RETRANSMIT_TIMEOUT) after its RX2. Repetitions have the same counter and the
 * same bytes, and choose their channel anew.
 *
 * **ADR** (attribute Adr). The network sets data rate and power by LinkADRReq. After AdrAckLimit
 * (64) uplinks without any downlink the device asks for one (ADRACKReq); after AdrAckDelay (32)
 * further ones it raises its power to the most, then, every 32 uplinks, lowers the data rate by
 * one, and at the lowest takes up all channels of the region again and sends once. One that is at
 * the end of that way already does not ask; one that has begun it goes on asking until something
 * comes down (section 4.3.1.1 and its table 9).
 *
 * **MAC commands**: LinkCheck, LinkADR, DutyCycle, RXParamSetup, DevStatus, NewChannel,
 * RXTimingSetup. Answers go into FOpts of the next uplink; where they do not fit beside its
 * payload, a frame without payload goes first. RXParamSetupAns and RXTimingSetupAns are repeated
 * until something comes down (sections 5.4 and 5.7).
 *
 * **Join** (SetOtaa()). The first Send() starts it, or Join(). Requests take the region's data
 * rates in turns and keep to the join duty cycle of section 7: 1 % of the first hour, 0.1 % of the
 * next ten, 0.01 % of each 24 hours after, evenly spread; none of these sums is exceeded. Packets
 * wait meanwhile. Join() ends the session: a frame that waits for its acknowledgement is given up.
 *
 * Energy of the radio: supply voltage x current x time. Default currents:
 * - TX by power, 24 mA at 2 dBm to 44 mA at 14 dBm: energyConsumptionParameters.xml of FLoRa
 *   (github.com/florasim/flora @247611e, SX1272 class); above that 90 mA at 17 dBm (Bor et al.,
 *   LoRaSim) and 120 mA at 20 dBm (SX1276 datasheet, PA_BOOST); linear between these points.
 * - RX 11.2 mA and sleep 1.5 uA at 3.3 V: lora-radio-energy-model of signetlabdei/lorawan @82ea58a
 *   (SX1272 datasheet).
 */
class LoraEndDevice : public LpwanNetDevice, public LoraDownlinkReceiver
{
  public:
    /**
     * Signature of the trace source Acknowledged.
     * \param packet the application's packet, which was to be confirmed
     * \param acknowledged whether it was; otherwise it is given up
     * \param transmissions how often it was sent
     */
    typedef void (*AcknowledgedTracedCallback)(Ptr<const Packet> packet,
                                               bool acknowledged,
                                               uint8_t transmissions);

    /**
     * Signature of the trace source Received.
     * \param frameBytes PHY payload of a downlink for this device
     * \param window 1 or 2; 3: between the windows, class C
     */
    typedef void (*ReceivedTracedCallback)(uint32_t frameBytes, uint8_t window);

    /**
     * Signature of the trace source LinkCheck.
     * \param marginDb SNR above the demodulation floor
     * \param gateways that received the request
     */
    typedef void (*LinkCheckTracedCallback)(uint8_t marginDb, uint8_t gateways);

    /**
     * Signature of the trace source Joined.
     * \param devAddr the device's new address
     * \param requests join requests it took
     */
    typedef void (*JoinedTracedCallback)(uint32_t devAddr, uint32_t requests);

    /** \return the TypeId */
    static TypeId GetTypeId();

    LoraEndDevice();
    ~LoraEndDevice() override;

    /** \param channel the channel to send on; the device adds itself */
    void Attach(Ptr<LoraChannel> channel);

    /** \return index of the device on its channel */
    uint32_t GetChannelIndex() const;

    /**
     * Personalises the device (ABP).
     * \param devAddr its address
     * \param keys its session keys
     */
    void Personalize(uint32_t devAddr, const LoraSessionKeys& keys);

    /**
     * Makes the device join over the air before it sends.
     * \param joinEui of the join server
     * \param appKey root key
     * \param devAddr the address that the network will give it, by which traces know it before it
     * has joined; the device does not use it
     */
    void SetOtaa(uint64_t joinEui, const AesBlock& appKey, uint32_t devAddr = 0);

    /**
     * Starts to join now; needs SetOtaa(). A confirmed packet that is not acknowledged yet is given
     * up (Acknowledged, Drop): it belongs to the session before. What waits is sent in the next.
     */
    void Join();

    /** \return whether the device has a session */
    bool IsJoined() const;

    /** \param dataRate LoRaWAN data rate; aborts when the region has no such data rate of uplinks
     */
    void SetDataRate(uint8_t dataRate);

    /** \return LoRaWAN data rate */
    uint8_t GetDataRate() const;

    /** \param spreadingFactor 7..12 at 125 kHz */
    void SetSpreadingFactor(uint8_t spreadingFactor);

    /** \return 7..12 */
    uint8_t GetSpreadingFactor() const;

    /** \return EIRP of the next frame: TxPower, or less by the network's LinkADRReq */
    double GetTxPowerDbm() const;

    /** \return how often a frame is sent that is not confirmed */
    uint8_t GetTransmissions() const;

    /** \return modulation of the next frame */
    LoraModulation GetModulation() const;

    /**
     * \param payloadBytes application payload
     * \return time on air of the frame that carries it at the present data rate
     */
    Time GetTimeOnAir(uint32_t payloadBytes) const;

    /** \return the region's data */
    const LoraRegion& GetRegion() const;

    /** \return how it listens */
    LoraDeviceClass GetClass() const;

    /** \return attribute NetId */
    uint32_t GetNetId() const;

    /** \return attribute SubBand */
    uint8_t GetSubBand() const;

    /** \return carriers that the device may use at present, Hz */
    std::vector<uint32_t> GetChannelFrequencies() const;

    /** \return earliest time at which a frame could start if one were queued now */
    Time GetNextOpportunity() const;

    /**
     * Queues a packet and says whether it is to be acknowledged, whatever the attribute Confirmed.
     * \param packet application payload
     * \param port 1..223, or 0 for the default port 1
     * \param confirmed whether the network is to acknowledge it
     * \return whether the packet was queued
     */
    bool SendData(Ptr<Packet> packet, uint16_t port, bool confirmed);

    /** The next uplink carries LinkCheckReq. */
    void RequestLinkCheck();

    /**
     * \param battery what DevStatusAns tells: 0 external power, 1..254 empty to full, 255 unknown
     */
    void SetBatteryLevel(uint8_t battery);

    /**
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

    // --- LpwanNetDevice, NetDevice ---
    uint32_t GetDeviceAddress() const override;
    uint16_t GetMtu() const override;
    bool SendConfirmed(Ptr<Packet> packet, uint16_t protocolNumber) override;
    std::optional<Time> EstimateTimeOnAir(uint32_t payloadBytes) const override;
    std::optional<uint64_t> EstimateBytesUntil(Time until) const override;
    std::optional<Time> EstimateSendingTime(
        const std::vector<uint32_t>& payloadBytes) const override;
    bool Send(Ptr<Packet> packet, const Address& dest, uint16_t protocolNumber) override;
    Ptr<Channel> GetChannel() const override;
    /** \param address DevEUI, a Mac64Address */
    void SetAddress(Address address) override;
    Address GetAddress() const override;
    Address GetBroadcast() const override;
    bool IsLinkUp() const override;
    double GetPowerWatt(RadioState state) const override;
    /** A frame in the air ends as it would. */
    void TurnOff() override;
    bool IsOff() const override;
    /** DevStatusAns tells it: 1..254. */
    void NotifyBattery(double fraction) override;

    // --- LoraDownlinkReceiver ---
    void EndUplink(const LpwanTransmission& transmission) override;
    double GetDownlinkSensitivityDbm(uint8_t spreadingFactor, uint32_t bandwidthHz) const override;
    double GetNoiseFloorDbm(uint32_t bandwidthHz) const override;
    double GetPenetrationLossDb() const override;
    bool StartDownlink(const LoraDownlink& downlink, uint8_t slot) override;
    void EndDownlink(const LoraDownlink& downlink, double rxPowerDbm, bool received) override;

  protected:
    void DoDispose() override;

  private:
    /** Channels that a device can know: 72 in US915. */
    static constexpr std::size_t MAX_CHANNELS = 96;

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

    /** Commands to send, as bytes. */
    struct Answers
    {
        std::vector<uint8_t> once;   //!< in the next uplink
        std::vector<uint8_t> sticky; //!< repeated until something comes down
    };

    /** What joining over the air needs. */
    struct Otaa
    {
        uint64_t joinEui{0};       //!< of the join server
        AesBlock appKey{};         //!< root key
        uint16_t devNonce{0};      //!< of the next request
        uint32_t requests{0};      //!< so far
        std::optional<Time> begun; //!< first request
        Time openFrom;             //!< join duty cycle
        Time periodBegin;          //!< of the period that `airtime` is of
        Time airtime;              //!< of the requests of that period
    };

    /** \param name attribute Region */
    void SetRegion(std::string name);
    /** \return attribute Region */
    std::string GetRegionName() const;
    /** \param text attribute Sensitivity */
    void SetSensitivity(std::string text);
    /** \return attribute Sensitivity */
    std::string GetSensitivity() const;
    /** \param name attribute Class */
    void SetClass(std::string name);
    /** \return attribute Class */
    std::string GetClassName() const;
    /** \param number attribute SubBand */
    void SetSubBand(uint8_t number);

    /** \return the channels the device knows */
    const std::vector<LoraUplinkChannel>& Channels() const;

    /** Takes up the region's channels, or those of SubBand. */
    void ResetChannels();

    /** \return those */
    std::bitset<MAX_CHANNELS> DefaultChannels() const;

    /** \return whether no step of the back-off would change anything */
    bool IsAtDefaults() const;

    /** A span of time with its own limit for join requests (section 7). */
    struct JoinPeriod
    {
        Time begin;    //!< its begin
        Time end;      //!< its end
        int64_t share; //!< at most 1 / share of it on air
    };

    /** \return the period \param at when */
    JoinPeriod JoinPeriodAt(Time at) const;

    /** \return from when on a join request may start \param dataRate its data rate */
    Time JoinOpenFrom(uint8_t dataRate) const;

    /** \return whether a channel can be used at a data rate */
    bool IsUsable(std::size_t channel, uint8_t dataRate) const;

    /** \return from when on a frame could start on a channel, as far as duty cycles go */
    Time OpenFrom(std::size_t channel) const;

    /** \return the same of the sub-bands that can be used at the present data rate */
    std::map<std::size_t, Time> SubBandsOpenFrom() const;

    /** \return duty cycle that the device keeps to in a sub-band, 1000: none */
    uint16_t DutyCyclePermille(std::size_t subBand) const;

    /** \return earliest start of a frame at a data rate */
    Time NextOpportunity(uint8_t dataRate) const;

    /** \return longest FOpts and payload together at the present data rate */
    std::size_t MaxContent() const;

    /** Starts the next frame, or comes back when that is possible. */
    void TryTransmit();

    /** Comes back to TryTransmit(). \param at when */
    void TryAt(Time at);

    /**
     * Builds the next data frame.
     * \param item what it carries; null: MAC commands alone
     * \param answers its FOpts
     */
    void BuildFrame(const QueueItem* item, const std::vector<uint8_t>& answers);

    /** \return the answers to send, whole commands only \param room most bytes */
    std::vector<uint8_t> FittingAnswers(std::size_t room) const;

    /** The session ends: what is to be repeated in it is given up. */
    void GiveUpPending();

    /** Builds the next join request. */
    void BuildJoinRequest();

    /** ADR back-off of section 4.3.1.1, before a new uplink. */
    void BackOff();

    /** Puts m_pending on the air. \param dataRate its data rate */
    void Transmit(uint8_t dataRate);

    /** \return how long a receive window stays open \param modulation of the window */
    Time WindowLength(const LoraModulation& modulation) const;

    /** The receive windows of a frame. */
    struct Windows
    {
        Time from1;                 //!< RX1 opens
        Time until1;                //!< RX1 closes
        Time from2;                 //!< RX2 opens
        Time until2;                //!< RX2 closes
        LoraModulation modulation1; //!< of RX1
        LoraModulation modulation2; //!< of RX2
        uint32_t frequency1Hz{0};   //!< of RX1
        uint32_t frequency2Hz{0};   //!< of RX2
    };

    /** \return the windows of the last frame \param join it is a join request */
    Windows GetWindows(bool join) const;

    /** Announces and plans the receive windows of the frame that ended. */
    void OpenWindows();

    /** The receive windows of a frame are over and it may have to be repeated. */
    void EndWindows();

    /** m_pending is done with. \param acknowledged whether an acknowledgement came */
    void Finish(bool acknowledged);

    /** \param downlink a frame that came through \param window 1, 2 or 3 \return whether it was
     * ours */
    bool Accept(const LoraDownlink& downlink, uint8_t window, double rxPowerDbm);

    /** \param accept what the join server sent */
    void AcceptJoin(const LoraJoinAccept& accept);

    /** \param bytes commands \param size their length */
    void Obey(const uint8_t* bytes, std::size_t size);

    // One command each; answers go to ToAnswer().
    void Obey(const LinkCheckAns& command);
    void Obey(const std::vector<LinkAdrReq>& block);
    void Obey(const DutyCycleReq& command);
    void Obey(const RxParamSetupReq& command);
    void Obey(const DevStatusReq& command);
    void Obey(const NewChannelReq& command);
    void Obey(const RxTimingSetupReq& command);

    /** \return what there is to answer, made at first use */
    Answers& ToAnswer();

    /** Listens between the windows, class C. */
    void ListenAlways();

    /** \return state of the radio when nothing happens */
    RadioState IdleState() const;

    // Ordered by size: there may be a hundred thousand of these.
    const LoraRegion* m_region;
    Ptr<LoraChannel> m_channel;
    std::unique_ptr<std::vector<LoraUplinkChannel>> m_ownChannels; //!< when they differ
    std::unique_ptr<Otaa> m_otaa;
    std::unique_ptr<Pending> m_pending;
    std::bitset<MAX_CHANNELS> m_enabled; //!< channels in use
    DutyCycle m_dutyCycle;
    LoraSensitivity m_sensitivity;
    LoraSessionKeys m_keys;
    Mac64Address m_devEui;
    RngStream
        m_random; //!< ns-3's generator by itself: a RandomVariableStream costs four times as much
    std::unique_ptr<Answers> m_answers; //!< null: none
    EventId m_next;                     //!< next attempt to send, or end of the windows
    Time m_uplinkEnd;                   //!< of the last frame
    Time m_busyUntil;                   //!< no frame starts before
    Time m_aggregateOpenFrom;           //!< of DutyCycleReq
    double m_txPowerDbm{14};
    double m_voltage{3.3};
    double m_txCurrentA{0};
    double m_rxCurrentA{0.0112};
    double m_sleepCurrentA{1.5e-6};
    double m_noiseFigureDb{6};
    double m_penetrationLossDb{0};
    uint32_t m_uplinkFrequencyHz{0}; //!< of the last frame
    uint32_t m_channelIndex{0};
    uint32_t m_devAddr{0};
    uint32_t m_rxWindowSymbols{8};
    uint32_t m_rx2FrequencyHz;
    uint32_t m_listensHz{0};                   //!< class C: carrier it listens on for good
    uint32_t m_frameCounter{0};                //!< of the next frame
    std::optional<uint32_t> m_downlinkCounter; //!< of the last downlink
    uint16_t m_adrAckLimit{64};
    uint16_t m_adrAckDelay{32};
    uint32_t m_withoutDownlink{0}; //!< ADR_ACK_CNT
    uint32_t m_backOffs{0};        //!< steps of the back-off since the last downlink
    uint8_t m_uplinkDataRate{0};   //!< of the last frame
    uint8_t m_dataRate{0};
    uint8_t m_txPowerIndex{0};
    uint8_t m_transmissions{1};
    uint8_t m_confirmedTransmissions{8};
    uint8_t m_rx1Offset{0};
    uint8_t m_rx2DataRate;
    uint8_t m_rxDelayS{1};
    uint8_t m_maxDutyCycle{0};
    uint32_t m_netId{0}; //!< attribute NetId
    uint8_t m_subBand{0};
    uint8_t m_listensDataRate{0}; //!< class C
    uint8_t m_battery{255};
    int8_t m_downlinkSnrDb{0}; //!< of the last downlink
    LoraDeviceClass m_class{LoraDeviceClass::A};
    bool m_joined{false};
    bool m_repeaterCompatible{true};
    bool m_dutyCycleEnabled{true};
    bool m_confirmed{false};
    bool m_adr{false};
    bool m_sending{false};
    bool m_receiving{false};
    uint8_t m_receivingSlot{0};
    uint8_t m_windows{0};       //!< bit i: window i may still bring something
    bool m_acknowledge{false};  //!< the next uplink acknowledges a downlink
    bool m_uplinkWanted{false}; //!< an uplink is due even without payload
    bool m_answersAlone{false}; //!< the last frame had answers in the place of a payload
    bool m_steppedBack{false};  //!< the back-off has begun since the last downlink
    bool m_off{false};

    RareTracedCallback<Ptr<const Packet>, bool, uint8_t> m_acknowledgedTrace;
    RareTracedCallback<uint32_t, uint8_t> m_receivedTrace;
    RareTracedCallback<uint8_t, uint8_t> m_linkCheckTrace;
    RareTracedCallback<uint32_t, uint32_t> m_joinedTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_END_DEVICE_H
