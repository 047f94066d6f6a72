// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_END_DEVICE_H
#define LPWAN_LORA_END_DEVICE_H

#include "lpwan-duty-cycle.h"
#include "lpwan-lora-channel.h"
#include "lpwan-lora-crypto.h"
#include "lpwan-lora-region.h"
#include "lpwan-net-device.h"

#include "ns3/event-id.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <string>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup limitnet
 *
 * A LoRaWAN 1.0.x class A end device, activated by personalisation, that sends unconfirmed uplinks.
 *
 * A queued packet becomes a frame as soon as (1) the receive windows of the frame before are over
 * and (2) a channel's sub-band is open; among the open channels one is drawn at random. RX1 opens
 * RECEIVE_DELAY1 and RX2 RECEIVE_DELAY2 after the end of the frame, each for RxWindowSymbols of its
 * data rate; the radio draws its receive current in them and sleeps between. Nothing is ever sent
 * down in this version, so no window is longer than that.
 *
 * Energy of the radio: supply voltage x current x time. Default currents:
 * - TX by power, 24 mA at 2 dBm to 44 mA at 14 dBm: energyConsumptionParameters.xml of FLoRa
 *   (github.com/florasim/flora @247611e, SX1272 class); above that 90 mA at 17 dBm (Bor et al.,
 *   LoRaSim) and 120 mA at 20 dBm (SX1276 datasheet, PA_BOOST); linear between these points.
 * - RX 11.2 mA and sleep 1.5 uA at 3.3 V: lora-radio-energy-model of signetlabdei/lorawan @82ea58a
 *   (SX1272 datasheet).
 */
class LoraEndDevice : public LpwanNetDevice
{
  public:
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

    /** \param dataRate LoRaWAN data rate; aborts when the region has none of that number */
    void SetDataRate(uint8_t dataRate);

    /** \return LoRaWAN data rate */
    uint8_t GetDataRate() const;

    /** \param spreadingFactor 7..12 at 125 kHz */
    void SetSpreadingFactor(uint8_t spreadingFactor);

    /** \return 7..12 */
    uint8_t GetSpreadingFactor() const;

    /** \return radiated power, dBm */
    double GetTxPowerDbm() const;

    /** \return modulation of the next frame */
    LoraModulation GetModulation() const;

    /**
     * \param payloadBytes application payload
     * \return time on air of the frame that carries it at the present data rate
     */
    Time GetTimeOnAir(uint32_t payloadBytes) const;

    /** \return the region's data */
    const LoraRegion& GetRegion() const;

    /** \return earliest time at which a frame could start if one were queued now */
    Time GetNextOpportunity() const;

    /**
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

    // --- LpwanNetDevice, NetDevice ---
    uint32_t GetDeviceAddress() const override;
    uint16_t GetMtu() const override;
    bool Send(Ptr<Packet> packet, const Address& dest, uint16_t protocolNumber) override;
    Ptr<Channel> GetChannel() const override;
    /** \param address DevEUI, a Mac64Address */
    void SetAddress(Address address) override;
    Address GetAddress() const override;
    Address GetBroadcast() const override;
    bool IsLinkUp() const override;

  protected:
    void DoDispose() override;
    double GetPowerWatt(RadioState state) const override;

  private:
    /** \param name attribute Region */
    void SetRegion(std::string name);
    /** \return attribute Region */
    std::string GetRegionName() const;

    /** Starts the next frame, or comes back when that is possible. */
    void TryTransmit();

    /**
     * \param item packet whose frame starts now
     * \param frequencyHz its carrier
     */
    void Transmit(const QueueItem& item, uint32_t frequencyHz);

    /** The frame has left the antenna. */
    void EndTransmission();

    /**
     * \param dataRate data rate of a receive window
     * \return how long the window stays open
     */
    Time WindowLength(uint8_t dataRate) const;

    /**
     * Opens a receive window.
     * \param window 1 or 2
     */
    void OpenWindow(uint8_t window);

    /**
     * Ends a receive window.
     * \param window 1 or 2
     */
    void CloseWindow(uint8_t window);

    const LoraRegion* m_region;
    Ptr<LoraChannel> m_channel;
    uint32_t m_channelIndex{0};
    uint32_t m_devAddr{0};
    LoraSessionKeys m_keys;
    Address m_devEui;
    uint8_t m_dataRate{0};
    bool m_repeaterCompatible{true};
    bool m_dutyCycleEnabled{true};
    uint32_t m_rxWindowSymbols{8};
    double m_txPowerDbm{14};
    double m_voltage{3.3};
    double m_txCurrentA{0};
    double m_rxCurrentA{0.0112};
    double m_sleepCurrentA{1.5e-6};

    Ptr<UniformRandomVariable> m_channelChoice;
    DutyCycle m_dutyCycle;
    uint32_t m_frameCounter{0};       //!< of the next frame
    bool m_busy{false};               //!< from the start of a frame to the end of its RX2 window
    Time m_busyUntil;                 //!< end of the last RX2 window
    Ptr<const Packet> m_inAir;        //!< application packet of the frame in the air
    LpwanTransmission m_transmission; //!< the last frame
    EventId m_next;                   //!< next attempt to send
    EventId m_radio;                  //!< next change of the radio's state
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_END_DEVICE_H
