// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_ADR_H
#define LPWAN_LORA_ADR_H

#include "lpwan-lora-mac-commands.h"
#include "lpwan-lora-region.h"

#include <cstdint>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** What an algorithm for adaptive data rate may go by. */
struct LoraAdrInput
{
    const LoraRegion& region;         //!< of the network
    const std::vector<double>& snrDb; //!< of the last uplinks at these settings, oldest first
    uint8_t dataRate{0};              //!< of these uplinks
    uint8_t txPower{0};               //!< index of TXPower of these uplinks, each 2 dB less
    double marginDb{0};               //!< attribute AdrMargin
    uint32_t deviceAddress{0};        //!< DevAddr, for algorithms that tell devices apart
};

/** What an algorithm for adaptive data rate wants of a device. */
struct LoraAdrSetting
{
    uint8_t dataRate{0}; //!< LoRaWAN data rate
    uint8_t txPower{0};  //!< index of TXPower
};

/** \param a a setting \param b another one \return whether they are the same */
bool operator==(const LoraAdrSetting& a, const LoraAdrSetting& b);

/**
 * Adaptive data rate as Semtech ("LoRaWAN - simple rate adaptation recommended algorithm", 2016)
 * and The Things Network have it:
 *
 *     margin = max(SNR of the uplinks) - threshold(DR) - AdrMargin
 *     steps = floor(margin / 3 dB)
 *
 * Each step raises the data rate; at the region's highest 125 kHz rate it lowers the power by one
 * index; negative steps raise the power. The data rate is never lowered.
 *
 * \param input of at least one uplink
 * \return the device's next settings; those of the input when nothing is to change
 */
LoraAdrSetting AdaptDataRate(const LoraAdrInput& input);

/**
 * A LinkADRReq always says which channels to use, so those that the device has are repeated.
 *
 * \param region of the network
 * \param subBand attribute SubBand of the device
 * \param setting what is wanted of it
 * \return the request
 */
LinkAdrReq MakeLinkAdrReq(const LoraRegion& region, uint8_t subBand, const LoraAdrSetting& setting);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_ADR_H
