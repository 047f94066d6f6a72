// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_JOIN_SERVER_H
#define LPWAN_LORA_JOIN_SERVER_H

#include "lpwan-lora-crypto.h"
#include "lpwan-lora-device-mac.h"
#include "lpwan-lora-frame.h"
#include "lpwan-lora-region.h"
#include "lpwan-server-rejection.h"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A device that joins over the air, as the join server has to know it. */
struct LoraOtaaDevice
{
    AesBlock appKey{};                               //!< root key
    uint32_t devAddr{0};                             //!< address it gets
    LoraDeviceClass deviceClass{LoraDeviceClass::A}; //!< how it listens
    uint8_t subBand{0};                              //!< attribute SubBand of the device
};

/** What a device that has been let in gets. */
struct LoraJoinAnswer
{
    std::vector<uint8_t> bytes; //!< of the join accept, on air
    LoraSessionKeys keys;       //!< of the session
};

/**
 * \ingroup lpwan
 *
 * A LoRaWAN join server: root keys, nonces, and the answers to join requests (LoRaWAN 1.0.4,
 * section 6.2). When and where an answer goes down is the network server's business.
 */
class LoraJoinServer
{
  public:
    /** \param devEui of a device \param device what is known of it; its nonces begin anew */
    void Register(uint64_t devEui, const LoraOtaaDevice& device);

    /** Forgets all devices. */
    void Clear();

    /**
     * Looks at a join request; nothing changes.
     * \param bytes as received
     * \param request its fields, when it is good
     * \return why it is refused; nothing when its device is known and has signed it
     */
    std::optional<ServerRejection> Check(const std::vector<uint8_t>& bytes,
                                         LoraJoinRequest& request) const;

    /** \param request a good one \return whether it has the nonce of the device's last one */
    bool IsLast(const LoraJoinRequest& request) const;

    /**
     * A device may use a nonce once, and they rise.
     * \param request a good one
     * \return whether its nonce is above the last one, as which it counts from now on
     */
    bool TakeNonce(const LoraJoinRequest& request);

    /** \param devEui a registered device \return what is known of it */
    const LoraOtaaDevice& Get(uint64_t devEui) const;

    /**
     * \param devEui a device whose nonce was taken
     * \param region of the network
     * \return the answer to its last request
     */
    LoraJoinAnswer Answer(uint64_t devEui, const LoraRegion& region);

  private:
    /** A device and its last nonce. */
    struct Known
    {
        LoraOtaaDevice device;
        std::optional<uint16_t> lastNonce; //!< of its last request
    };

    std::unordered_map<uint64_t, Known> m_devices; //!< by DevEUI
    uint32_t m_joinNonce{0};                       //!< of the last join accept
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_JOIN_SERVER_H
