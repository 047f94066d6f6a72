// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_END_DEVICE_H
#define LPWAN_LORA_END_DEVICE_H

#include "lpwan-lora-crypto.h"
#include "lpwan-lora-device-mac.h"
#include "lpwan-lora-device-radio.h"
#include "lpwan-lora-phy.h"
#include "lpwan-lora-region.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

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
 * NS_LOG=LpwanLoraEndDevice prints what the device does, NS_LOG=LpwanLoraDeviceMac what it makes of
 * the network's commands, NS_LOG=LpwanNetDevice its queue and the states of its radio.
 *
 * Energy of the radio: supply voltage x current x time. Default currents:
 * - TX by power, 24 mA at 2 dBm to 44 mA at 14 dBm: energyConsumptionParameters.xml of FLoRa
 *   (github.com/florasim/flora @247611e, SX1272 class); above that 90 mA at 17 dBm (Bor et al.,
 *   LoRaSim) and 120 mA at 20 dBm (SX1276 datasheet, PA_BOOST); linear between these points.
 * - RX 11.2 mA and sleep 1.5 uA at 3.3 V: lora-radio-energy-model of signetlabdei/lorawan @82ea58a
 *   (SX1272 datasheet).
 */
class LoraEndDevice : public LoraDeviceRadio
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

    /**
     * Signature of the trace source DataRate.
     * \param before LoRaWAN data rate up to now
     * \param now data rate of the next frame
     */
    typedef void (*DataRateTracedCallback)(uint8_t before, uint8_t now);

    /**
     * Signature of the trace source TxPower.
     * \param beforeDbm EIRP up to now
     * \param nowDbm EIRP of the next frame
     */
    typedef void (*TxPowerTracedCallback)(double beforeDbm, double nowDbm);

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
    /** DevStatusAns tells it: 1..254. */
    void NotifyBattery(double fraction) override;

  private:
    /** \param name attribute Region */
    void SetRegion(std::string name);
    /** \return attribute Region */
    std::string GetRegionName() const;
    /** \param text attribute Sensitivity */
    void SetSensitivity(std::string text);
    /** \return attribute Sensitivity */
    std::string GetSensitivity() const;
    /** \param deviceClass attribute Class */
    void SetClass(LoraDeviceClass deviceClass);
    /** \param number attribute SubBand */
    void SetSubBand(uint8_t number);

    /** \param times attribute Transmissions */
    void SetTransmissions(uint8_t times);
    /** \param adr attribute Adr */
    void SetAdr(bool adr);
    /** \return attribute Adr */
    bool GetAdr() const;
    /** \param uplinks attribute AdrAckLimit */
    void SetAdrAckLimit(uint16_t uplinks);
    /** \return attribute AdrAckLimit */
    uint16_t GetAdrAckLimit() const;
    /** \param uplinks attribute AdrAckDelay */
    void SetAdrAckDelay(uint16_t uplinks);
    /** \return attribute AdrAckDelay */
    uint16_t GetAdrAckDelay() const;
    /** \param compatible attribute RepeaterCompatible */
    void SetRepeaterCompatible(bool compatible);
    /** \return attribute RepeaterCompatible */
    bool GetRepeaterCompatible() const;

    /** \param keep attribute DutyCycle */
    void SetDutyCycle(bool keep);
    /** \return attribute DutyCycle */
    bool GetDutyCycle() const;

    bool m_confirmed{false}; //!< attribute Confirmed
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_END_DEVICE_H
