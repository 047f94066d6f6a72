// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_DEVICE_MAC_H
#define LPWAN_LORA_DEVICE_MAC_H

#include "lpwan-lora-channel-plan.h"
#include "lpwan-lora-crypto.h"
#include "lpwan-lora-frame.h"
#include "lpwan-lora-mac-commands.h"
#include "lpwan-lora-region.h"

#include "ns3/nstime.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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

/** The receive windows of a frame. */
struct LoraReceiveWindows
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

/** An uplink, as far as its receive windows follow from it. */
struct LoraSentUplink
{
    Time end;                //!< of the frame
    uint32_t frequencyHz{0}; //!< carrier
    uint8_t dataRate{0};     //!< LoRaWAN data rate
    bool join{false};        //!< a join request
};

/** What a downlink for this device brought. */
struct LoraDownlinkContent
{
    std::optional<uint8_t> port;          //!< FPort; 0 for MAC commands
    std::vector<uint8_t> payload;         //!< in clear
    std::vector<LinkCheckAns> linkChecks; //!< answers to LinkCheckReq
    bool uplinkWanted{false};             //!< an uplink is due even without payload
};

/**
 * \ingroup lpwan
 *
 * What the MAC of a LoRaWAN device knows and says: session, counters, data rate and power, receive
 * windows, MAC commands, the back-off of ADR. It has no radio and knows no time: when something is
 * sent or heard, LoraDeviceRadio decides.
 */
class LoraDeviceMac
{
  public:
    /** \param region of the device */
    explicit LoraDeviceMac(const LoraRegion& region);

    /** \param region another one: channels, data rate and RX2 are its first ones */
    void SetRegion(const LoraRegion& region);

    /** \return the region */
    const LoraRegion& Region() const;

    /** \return the channels */
    LoraChannelPlan& Plan();
    /** \return the channels */
    const LoraChannelPlan& Plan() const;

    // --- session ---

    /** \param devAddr address by which the network knows the device */
    void SetAddress(uint32_t devAddr);

    /** \return the same */
    uint32_t GetAddress() const;

    /** A session begins. \param devAddr address \param keys its keys */
    void BeginSession(uint32_t devAddr, const LoraSessionKeys& keys);

    /** \param accept a join accept, whose settings count from now on */
    void Obey(const LoraJoinAccept& accept);

    // --- settings ---

    /** \param dataRate LoRaWAN data rate; aborts when the region has no such data rate of uplinks
     */
    void SetDataRate(uint8_t dataRate);
    /** \return LoRaWAN data rate of the next frame */
    uint8_t GetDataRate() const;

    /** \return index of TXPower, each 2 dB less */
    uint8_t GetTxPowerIndex() const;

    /** \param times NbTrans */
    void SetTransmissions(uint8_t times);
    /** \return NbTrans */
    uint8_t GetTransmissions() const;

    /** \param adr whether the network controls data rate and power */
    void SetAdr(bool adr);
    /** \return the same */
    bool GetAdr() const;

    /** \param uplinks ADR_ACK_LIMIT */
    void SetAdrAckLimit(uint16_t uplinks);
    /** \return ADR_ACK_LIMIT */
    uint16_t GetAdrAckLimit() const;

    /** \param uplinks ADR_ACK_DELAY */
    void SetAdrAckDelay(uint16_t uplinks);
    /** \return ADR_ACK_DELAY */
    uint16_t GetAdrAckDelay() const;

    /** \param compatible whether to keep to the payload limits of networks with repeaters */
    void SetRepeaterCompatible(bool compatible);
    /** \return the same */
    bool GetRepeaterCompatible() const;

    /** \param battery what DevStatusAns tells */
    void SetBattery(uint8_t battery);

    /** \return seconds from the end of an uplink to RX1 */
    uint8_t GetRxDelaySeconds() const;

    /** \return data rate of RX2 */
    uint8_t GetRx2DataRate() const;

    /** \return carrier of RX2 */
    uint32_t GetRx2FrequencyHz() const;

    /** \return n of DutyCycleReq: at most 1 / 2^n of the time on air; 0: no limit */
    uint8_t GetMaxDutyCycle() const;

    /** \return longest FOpts and payload together at the present data rate */
    std::size_t MaxContent() const;

    // --- up ---

    /** The next uplink carries LinkCheckReq. */
    void RequestLinkCheck();

    /** ADR back-off of section 4.3.1.1, before a new uplink. */
    void BackOff();

    /**
     * Chooses the MAC commands of the next frame. Those that do not fit beside the payload go
     * first, alone; those that are repeated until something comes down then leave every other frame
     * to the payloads.
     * \param payloadBytes of the packet at the head of the queue; nothing: none waits
     * \return whether the packet goes with them
     */
    bool ChooseAnswers(std::optional<std::size_t> payloadBytes);

    /** What a frame carries for an application. */
    struct Payload
    {
        uint8_t port{1};            //!< FPort
        bool confirmed{false};      //!< the network is to acknowledge it
        std::vector<uint8_t> bytes; //!< in clear
    };

    /**
     * Builds the next data frame, with the commands of ChooseAnswers().
     * \param payload nothing: MAC commands alone
     * \return the bytes on air
     */
    std::vector<uint8_t> BuildFrame(std::optional<Payload> payload);

    /** \return counter of the next data frame */
    uint32_t GetFrameCounter() const;

    /**
     * \param uplink the last frame
     * \param symbols length of a window
     * \return its receive windows
     */
    LoraReceiveWindows Windows(const LoraSentUplink& uplink, uint32_t symbols) const;

    // --- down ---

    /** A downlink for this device, signed by its network and not heard before. */
    struct Opened
    {
        LoraFrameView view;  //!< of the bytes that Open() was given
        uint32_t counter{0}; //!< full counter
    };

    /**
     * \param bytes of a downlink; they must outlive what is returned
     * \param snrDb of the downlink
     * \param inWindow it came in RX1 or RX2
     * \return the frame; nothing when it is none for this device
     */
    std::optional<Opened> Open(const std::vector<uint8_t>& bytes, double snrDb, bool inWindow);

    /**
     * Decrypts a downlink and carries out its commands.
     * \param frame what Open() gave
     * \param deviceClass of the device
     * \return what else it has
     */
    LoraDownlinkContent Take(const Opened& frame, LoraDeviceClass deviceClass);

  private:
    /** Commands to send, as bytes. */
    struct Answers
    {
        std::vector<uint8_t> once;   //!< in the next uplink
        std::vector<uint8_t> sticky; //!< repeated until something comes down
        std::vector<uint8_t> chosen; //!< of both, for the next frame
    };

    /** \return whether no step of the back-off would change anything */
    bool IsAtDefaults() const;

    /** \return the answers to send, whole commands only \param room most bytes */
    std::vector<uint8_t> FittingAnswers(std::size_t room) const;

    /** \param bytes commands \param size their length \param content where answers for us go */
    void Obey(const uint8_t* bytes, std::size_t size, LoraDownlinkContent& content);

    // One command each; answers go to ToAnswer().
    void Obey(const std::vector<LinkAdrReq>& block);
    void Obey(const DutyCycleReq& command);
    void Obey(const RxParamSetupReq& command);
    void Obey(const DevStatusReq& command);
    void Obey(const NewChannelReq& command);
    void Obey(const RxTimingSetupReq& command);

    /** \return what there is to answer, made at first use */
    Answers& ToAnswer();

    // Ordered by size: there may be a hundred thousand of these.
    LoraChannelPlan m_plan;
    LoraSessionKeys m_keys;
    std::unique_ptr<Answers> m_answers; //!< null: none
    uint32_t m_devAddr{0};
    uint32_t m_frameCounter{0};                //!< of the next frame
    std::optional<uint32_t> m_downlinkCounter; //!< of the last downlink
    uint32_t m_withoutDownlink{0};             //!< ADR_ACK_CNT
    uint32_t m_backOffs{0};                    //!< steps of the back-off since the last downlink
    uint32_t m_rx2FrequencyHz;
    uint16_t m_adrAckLimit{64};
    uint16_t m_adrAckDelay{32};
    uint8_t m_dataRate{0};
    uint8_t m_txPowerIndex{0};
    uint8_t m_transmissions{1};
    uint8_t m_rx1Offset{0};
    uint8_t m_rx2DataRate;
    uint8_t m_rxDelayS{1};
    uint8_t m_maxDutyCycle{0};
    uint8_t m_battery{255};
    int8_t m_downlinkSnrDb{0}; //!< of the last downlink
    bool m_adr{false};
    bool m_repeaterCompatible{true};
    bool m_acknowledge{false};  //!< the next uplink acknowledges a downlink
    bool m_answersAlone{false}; //!< the last frame had answers in the place of a payload
    bool m_steppedBack{false};  //!< the back-off has begun since the last downlink
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_DEVICE_MAC_H
