// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_CRYPTO_H
#define LPWAN_LORA_CRYPTO_H

#include <array>
#include <cstddef>
#include <cstdint>

namespace ns3
{
namespace lpwan
{

/** An AES-128 key or block. */
using AesBlock = std::array<uint8_t, 16>;

/** Session keys of a LoRaWAN 1.0.x device. */
struct LoraSessionKeys
{
    AesBlock nwkSKey{}; //!< signs frames (MIC)
    AesBlock appSKey{}; //!< encrypts FRMPayload on ports 1..223
};

/** Direction of a LoRaWAN frame, as its cryptography counts it. */
enum class LoraDirection : uint8_t
{
    UPLINK = 0,
    DOWNLINK = 1,
};

/**
 * AES-CMAC (RFC 4493).
 * \param key AES-128 key
 * \param bytes message
 * \param size its length
 * \return the full 16 byte tag
 */
AesBlock AesCmac(const AesBlock& key, const uint8_t* bytes, std::size_t size);

/**
 * AES-128 of one block.
 * \param key AES-128 key
 * \param block 16 bytes
 * \return the block encrypted
 */
AesBlock AesEncrypt(const AesBlock& key, const AesBlock& block);

/**
 * The inverse of AesEncrypt().
 * \param key AES-128 key
 * \param block 16 bytes
 * \return the block decrypted
 */
AesBlock AesDecrypt(const AesBlock& key, const AesBlock& block);

/**
 * Message integrity code of a LoRaWAN 1.0.x data frame: the first 4 bytes of
 * AES-CMAC(NwkSKey, B0 | message), section 4.4 of the specification.
 * \param nwkSKey network session key
 * \param direction direction of the frame
 * \param devAddr device address
 * \param frameCounter full 32 bit counter
 * \param message MHDR to the end of FRMPayload
 * \param size its length, at most 251
 * \return the MIC in the order it has on air
 */
std::array<uint8_t, 4> LoraMic(const AesBlock& nwkSKey,
                               LoraDirection direction,
                               uint32_t devAddr,
                               uint32_t frameCounter,
                               const uint8_t* message,
                               std::size_t size);

/**
 * Encrypts or decrypts FRMPayload in place (the same operation), section 4.3.3 of LoRaWAN 1.0.x.
 * \param key AppSKey on ports 1..223, NwkSKey on port 0
 * \param direction direction of the frame
 * \param devAddr device address
 * \param frameCounter full 32 bit counter
 * \param bytes FRMPayload
 * \param size its length
 */
void LoraCryptPayload(const AesBlock& key,
                      LoraDirection direction,
                      uint32_t devAddr,
                      uint32_t frameCounter,
                      uint8_t* bytes,
                      std::size_t size);

/**
 * Session keys of a personalised device (ABP), from a master key of the network:
 * AES-128(master, type | DevAddr, little endian | zeros), type 1 for NwkSKey and 2 for AppSKey, the
 * shape LoRaWAN's join gives them. The same device has the same keys in every run.
 * \param master key of the network
 * \param devAddr device address
 * \return the keys
 */
LoraSessionKeys DeriveSessionKeys(const AesBlock& master, uint32_t devAddr);

/**
 * Session keys of a device that joins over the air, section 6.2.5 of LoRaWAN 1.0.4:
 * AES-128(AppKey, type | JoinNonce | NetID | DevNonce | zeros).
 * \param appKey root key of the device
 * \param joinNonce nonce of the network, 24 bits
 * \param netId network identifier, 24 bits
 * \param devNonce nonce of the device
 * \return the keys
 */
LoraSessionKeys DeriveJoinKeys(const AesBlock& appKey,
                               uint32_t joinNonce,
                               uint32_t netId,
                               uint16_t devNonce);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_CRYPTO_H
