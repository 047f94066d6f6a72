// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_TIME_ON_AIR_H
#define LPWAN_LORA_TIME_ON_AIR_H

#include "ns3/nstime.h"

#include <cstdint>

namespace ns3
{
namespace lpwan
{

/** How the low data rate optimisation (LDRO) of a LoRa frame is chosen. */
enum class LowDataRateOptimization : uint8_t
{
    AUTO, //!< on when a symbol lasts longer than 16 ms, as the radios require
    OFF,
    ON,
};

/** Modulation of one LoRa frame; the defaults are those of a LoRaWAN uplink in EU868. */
struct LoraModulation
{
    uint8_t spreadingFactor{7};   //!< 7..12
    uint32_t bandwidthHz{125000}; //!< 125000, 250000 or 500000
    uint8_t codingRate{1};        //!< 1..4 for 4/5..4/8
    uint16_t preambleSymbols{8};  //!< programmed preamble, without the 4.25 symbols of sync
    bool explicitHeader{true};    //!< PHY header present
    bool payloadCrc{true};        //!< 16 bit payload CRC (LoRaWAN: uplink only)
    LowDataRateOptimization ldro{LowDataRateOptimization::AUTO}; //!< low data rate optimisation
};

/**
 * \param modulation spreading factor and bandwidth are used
 * \return duration of one symbol, 2^SF / BW, exact
 *
 * Aborts on a spreading factor or bandwidth outside the ranges of LoraModulation.
 */
Time LoraSymbolTime(const LoraModulation& modulation);

/**
 * Time on air of a LoRa frame after Semtech AN1200.13 (SX1276 datasheet 4.1.1.7):
 *
 *     T = (preambleSymbols + 4.25) Tsym
 *         + (8 + max(ceil((8 PL - 4 SF + 28 + 16 CRC - 20 IH) / (4 (SF - 2 DE))) (CR + 4), 0)) Tsym
 *
 * All terms are integers of a quarter symbol, and a quarter symbol is a whole number of
 * nanoseconds at all three bandwidths: the result is exact.
 *
 * \param modulation the frame's modulation; aborts when a member is out of range
 * \param payloadBytes PHY payload, 0..255
 * \return time from the first preamble symbol to the end of the last payload symbol
 */
Time LoraTimeOnAir(const LoraModulation& modulation, uint32_t payloadBytes);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_TIME_ON_AIR_H
