// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_DOWNLINK_SLOT_H
#define LPWAN_LORA_DOWNLINK_SLOT_H

#include "lpwan-lora-gateway.h"
#include "lpwan-lora-region.h"

#include "ns3/nstime.h"
#include "ns3/ptr.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Where and when a downlink goes. */
struct LoraDownlinkSlot
{
    Ptr<LoraGateway> gateway; //!< that sends it
    Time start;               //!< first symbol
    uint32_t frequencyHz{0};  //!< carrier
    uint8_t dataRate{0};      //!< LoRaWAN data rate
    uint8_t window{0};        //!< 1, 2; 3: class C between the windows
};

/** A downlink that is to go in a window of an uplink. */
struct LoraWantedDownlink
{
    Time rx1;                   //!< RX1 opens
    uint32_t rx1FrequencyHz{0}; //!< its carrier
    uint32_t rx2FrequencyHz{0}; //!< that of RX2
    uint8_t rx1DataRate{0};     //!< data rate of RX1
    uint8_t rx2DataRate{0};     //!< data rate of RX2
    std::size_t size{0};        //!< PHY payload, bytes
};

/**
 * \ingroup lpwan
 *
 * Finds a gateway and a time for a downlink among the gateways of a network. Gateways are asked,
 * nothing is booked.
 */
class LoraDownlinkSlots
{
  public:
    /** \param region of the network */
    explicit LoraDownlinkSlots(const LoraRegion& region);

    /** \param region another one */
    void SetRegion(const LoraRegion& region);

    /** \param compatible whether to keep to the payload limits of networks with repeaters */
    void SetRepeaterCompatible(bool compatible);

    /** \return the same */
    bool GetRepeaterCompatible() const;

    /** \param gateway one more */
    void AddGateway(Ptr<LoraGateway> gateway);

    /** Forgets all gateways. */
    void Clear();

    /** \param dataRate a data rate \return longest FOpts and payload together of a downlink at it
     */
    std::size_t MaxContent(uint8_t dataRate) const;

    /** \return the least of these of RX2 and RX1 after an uplink of any data rate, as first set */
    std::size_t LeastMaxContent() const;

    /**
     * \param gateways indices of the gateways that received the uplink, best first
     * \param wanted the downlink
     * \param earliest when a downlink could be there
     * \return RX1 at the first gateway that can send it, else RX2; nothing when none can
     */
    std::optional<LoraDownlinkSlot> InWindow(const std::vector<uint32_t>& gateways,
                                             const LoraWantedDownlink& wanted,
                                             Time earliest) const;

    /**
     * For class C: between the windows.
     * \param gateways indices of the gateways that received the last uplink, best first
     * \param frequencyHz carrier of RX2
     * \param dataRate data rate of RX2
     * \param size PHY payload, bytes
     * \param earliest when a downlink could be there
     * \return the slot that begins first; nothing when the frame is too long for the data rate
     */
    std::optional<LoraDownlinkSlot> Between(const std::vector<uint32_t>& gateways,
                                            uint32_t frequencyHz,
                                            uint8_t dataRate,
                                            std::size_t size,
                                            Time earliest) const;

  private:
    /** \return the gateway of that index; null: it is another network's */
    Ptr<LoraGateway> Find(uint32_t index) const;

    /** \return time on air of a downlink */
    Time Airtime(uint8_t dataRate, std::size_t size) const;

    const LoraRegion* m_region;
    std::vector<Ptr<LoraGateway>> m_gateways;
    bool m_repeaterCompatible{true};
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_DOWNLINK_SLOT_H
