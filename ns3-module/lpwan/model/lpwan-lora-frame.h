// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_FRAME_H
#define LPWAN_LORA_FRAME_H

#include "lpwan-lora-crypto.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** LoRaWAN message types (MHDR bits 7..5) of data frames. */
enum class LoraMessageType : uint8_t
{
    UNCONFIRMED_UP = 2,
    UNCONFIRMED_DOWN = 3,
    CONFIRMED_UP = 4,
    CONFIRMED_DOWN = 5,
};

// Flags of FCtrl.
constexpr uint8_t LORA_FCTRL_ADR = 0x80;         //!< data rate is controlled by the network
constexpr uint8_t LORA_FCTRL_ADR_ACK_REQ = 0x40; //!< uplink: please send anything down
constexpr uint8_t LORA_FCTRL_ACK = 0x20;         //!< the last frame was confirmed and received
constexpr uint8_t LORA_FCTRL_PENDING = 0x10;     //!< downlink: there is more to come

/** Longest FOpts. */
constexpr std::size_t LORA_MAX_FOPTS = 15;

/** MHDR 1, DevAddr 4, FCtrl 1, FCnt 2, FPort 1, MIC 4: what a frame has beside its payload. */
constexpr std::size_t LORA_MAC_OVERHEAD = 13;

/**
 * A LoRaWAN 1.0.x data frame:
 *
 *     MHDR 1 | DevAddr 4 | FCtrl 1 | FCnt 2 | FOpts 0..15 | FPort 0..1 | FRMPayload | MIC 4
 *
 * Multi-byte fields are little endian. `payload` is clear text in this struct and encrypted on air.
 */
struct LoraDataFrame
{
    LoraMessageType type{LoraMessageType::UNCONFIRMED_UP}; //!< message type
    uint32_t devAddr{0};                                   //!< device address
    uint8_t fCtrl{0};             //!< flags of FCtrl; the length of FOpts is filled in
    uint32_t frameCounter{0};     //!< full counter; 16 bits of it travel
    std::vector<uint8_t> fOpts;   //!< MAC commands, at most 15 bytes
    std::optional<uint8_t> port;  //!< FPort; needed when there is a payload
    std::vector<uint8_t> payload; //!< FRMPayload, clear text

    /** \return direction that follows from the type */
    LoraDirection Direction() const;

    /**
     * Encrypts the payload and signs the frame. Aborts when FOpts or the frame are too long, or
     * when there is a payload without a port.
     * \param keys the device's session keys
     * \return the bytes on air (PHY payload)
     */
    std::vector<uint8_t> Serialize(const LoraSessionKeys& keys) const;
};

/** A received frame before its keys are known: fields in clear, offsets of the rest. */
struct LoraFrameView
{
    LoraMessageType type{LoraMessageType::UNCONFIRMED_UP}; //!< message type
    uint32_t devAddr{0};                                   //!< device address
    uint8_t fCtrl{0};                                      //!< FCtrl as received
    uint16_t frameCounter16{0};                            //!< lower half of the counter
    std::optional<uint8_t> port;                           //!< FPort
    const uint8_t* bytes{nullptr}; //!< the whole frame; must outlive the view
    std::size_t size{0};           //!< length of the frame
    std::size_t fOptsOffset{0};    //!< where FOpts starts
    std::size_t fOptsSize{0};      //!< length of FOpts
    std::size_t payloadOffset{0};  //!< where FRMPayload starts
    std::size_t payloadSize{0};    //!< length of FRMPayload

    /**
     * Takes any bytes.
     * \param bytes what was received
     * \param size its length
     * \return the fields, or nothing when this is no data frame of LoRaWAN 1.0.x
     */
    static std::optional<LoraFrameView> Parse(const uint8_t* bytes, std::size_t size);

    /** \return direction that follows from the type */
    LoraDirection Direction() const;

    /**
     * \param nwkSKey network session key
     * \param frameCounter full counter
     * \return whether the MIC is that of these bytes
     */
    bool CheckMic(const AesBlock& nwkSKey, uint32_t frameCounter) const;

    /**
     * \param keys session keys
     * \param frameCounter full counter
     * \return FRMPayload in clear
     */
    std::vector<uint8_t> DecryptPayload(const LoraSessionKeys& keys, uint32_t frameCounter) const;
};

/**
 * The counter's full value, of which 16 bits travelled: the next one with these bits. The MIC tells
 * whether it is that; a frame that is older, or more than 65,535 ahead, has another.
 * (LoRaWAN 1.0.4, section 4.3.1.5, has no other limit; MAX_FCNT_GAP, 16,384, was one up to 1.0.3.)
 * \param last counter of the last accepted frame; nothing: none yet
 * \param received what travelled
 * \return the full counter, equal to `last` for a repetition
 */
uint32_t FullFrameCounter(std::optional<uint32_t> last, uint16_t received);

/** Length of a join request. */
constexpr std::size_t LORA_JOIN_REQUEST_SIZE = 23;

/** A join request: MHDR 1 | JoinEUI 8 | DevEUI 8 | DevNonce 2 | MIC 4. */
struct LoraJoinRequest
{
    uint64_t joinEui{0};  //!< of the join server
    uint64_t devEui{0};   //!< of the device
    uint16_t devNonce{0}; //!< counts the device's joins

    /** \param appKey root key of the device \return the bytes on air */
    std::vector<uint8_t> Serialize(const AesBlock& appKey) const;

    /**
     * Takes any bytes.
     * \param bytes what was received \param size its length
     * \return the fields, or nothing when this is no join request
     */
    static std::optional<LoraJoinRequest> Parse(const uint8_t* bytes, std::size_t size);

    /**
     * \param appKey root key of the device
     * \param bytes LORA_JOIN_REQUEST_SIZE bytes as received
     * \return whether the MIC is that of these bytes
     */
    static bool CheckMic(const AesBlock& appKey, const uint8_t* bytes);
};

/**
 * A join accept: MHDR 1, then encrypted: JoinNonce 3 | NetID 3 | DevAddr 4 | DLSettings 1 |
 * RxDelay 1 | CFList 0 or 16 | MIC 4.
 */
struct LoraJoinAccept
{
    uint32_t joinNonce{0};          //!< 24 bits
    uint32_t netId{0};              //!< 24 bits
    uint32_t devAddr{0};            //!< address of the device from now on
    uint8_t rx1DataRateOffset{0};   //!< RX1DROffset
    uint8_t rx2DataRate{0};         //!< data rate of RX2
    uint8_t rxDelayS{1};            //!< 1..15
    std::vector<uint32_t> channels; //!< CFList type 0: up to five further carriers, Hz

    /** \param appKey root key of the device \return the bytes on air */
    std::vector<uint8_t> Serialize(const AesBlock& appKey) const;

    /**
     * Takes any bytes.
     * \param appKey root key of the device
     * \param bytes what was received \param size its length
     * \return the fields, or nothing when this is no join accept, or one for another key
     */
    static std::optional<LoraJoinAccept> Parse(const AesBlock& appKey,
                                               const uint8_t* bytes,
                                               std::size_t size);
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_FRAME_H
