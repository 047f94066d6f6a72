// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-time-on-air.h"

#include "ns3/abort.h"

namespace ns3
{
namespace lpwan
{

Time
LoraSymbolTime(const LoraModulation& modulation)
{
    const uint32_t bandwidth = modulation.bandwidthHz;
    NS_ABORT_MSG_UNLESS(modulation.spreadingFactor >= 7 && modulation.spreadingFactor <= 12,
                        "LoRa spreading factor is " << +modulation.spreadingFactor
                                                    << ", must be 7 to 12");
    NS_ABORT_MSG_UNLESS(bandwidth == 125000 || bandwidth == 250000 || bandwidth == 500000,
                        "LoRa bandwidth is " << bandwidth
                                             << " Hz, must be 125000, 250000 or 500000");
    // A chip lasts 1 / BW: 8000, 4000 or 2000 ns.
    const int64_t chipNs = 1000000000 / static_cast<int64_t>(bandwidth);
    return NanoSeconds(chipNs << modulation.spreadingFactor);
}

Time
LoraTimeOnAir(const LoraModulation& modulation, uint32_t payloadBytes)
{
    NS_ABORT_MSG_UNLESS(modulation.codingRate >= 1 && modulation.codingRate <= 4,
                        "LoRa coding rate is 4/" << 4 + modulation.codingRate
                                                 << ", must be 4/5 to 4/8");
    NS_ABORT_MSG_UNLESS(payloadBytes <= 255,
                        "LoRa PHY payload is " << payloadBytes << " bytes, must be at most 255");
    const int64_t symbolNs = LoraSymbolTime(modulation).GetNanoSeconds();
    const int64_t sf = modulation.spreadingFactor;
    const bool optimized = modulation.ldro == LowDataRateOptimization::AUTO
                               ? symbolNs > 16000000
                               : modulation.ldro == LowDataRateOptimization::ON;

    const int64_t bits = 8 * static_cast<int64_t>(payloadBytes) - 4 * sf + 28 +
                         (modulation.payloadCrc ? 16 : 0) - (modulation.explicitHeader ? 0 : 20);
    const int64_t bitsPerBlock = 4 * (sf - (optimized ? 2 : 0));
    const int64_t blocks = bits > 0 ? (bits + bitsPerBlock - 1) / bitsPerBlock : 0;
    const int64_t payloadSymbols = 8 + blocks * (modulation.codingRate + 4);

    // 4.25 symbols are 17 quarters; a symbol is a multiple of 4 ns at every bandwidth.
    const int64_t preambleNs = (4 * int64_t(modulation.preambleSymbols) + 17) * (symbolNs / 4);
    return NanoSeconds(preambleNs + payloadSymbols * symbolNs);
}

} // namespace lpwan
} // namespace ns3
