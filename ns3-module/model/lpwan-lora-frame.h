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
    uint8_t fCtrl{0};             //!< upper four bits of FCtrl; the length of FOpts is filled in
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

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_FRAME_H
