// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_REGION_H
#define LPWAN_LORA_REGION_H

#include "ns3/nstime.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A piece of spectrum whose regulation limits the time a device may send. */
struct LoraSubBand
{
    std::string name;           //!< name in common LoRaWAN use
    uint32_t lowerHz;           //!< lower edge, included
    uint32_t upperHz;           //!< upper edge, excluded
    uint16_t dutyCyclePermille; //!< largest share of time on air; 1000 when there is no limit
    double maxErpDbm;           //!< largest effective radiated power
};

/** One LoRaWAN data rate. */
struct LoraDataRate
{
    uint8_t spreadingFactor;     //!< 7..12
    uint32_t bandwidthHz;        //!< 125000, 250000 or 500000
    uint16_t maxPayload;         //!< N: FRMPayload bytes, empty FOpts, no repeater
    uint16_t maxPayloadRepeater; //!< N when a repeater may be on the way
};

/**
 * What a LoRaWAN region fixes, as data: a further region is a further table and no further code.
 */
struct LoraRegion
{
    std::string name;                      //!< e.g. "EU868"
    std::vector<LoraSubBand> subBands;     //!< regulation, disjoint
    std::vector<LoraDataRate> dataRates;   //!< index is DR; LoRa data rates only
    std::vector<uint32_t> defaultChannels; //!< uplink channels each device knows, Hz
    Time receiveDelay1;                    //!< end of uplink to RX1
    Time receiveDelay2;                    //!< end of uplink to RX2
    uint8_t rx2DataRate;                   //!< data rate of RX2
    uint32_t rx2FrequencyHz;               //!< frequency of RX2

    /**
     * \param frequencyHz a carrier
     * \return index of its sub-band; aborts when the carrier lies in none
     */
    std::size_t SubBandOf(uint32_t frequencyHz) const;

    /**
     * \param spreadingFactor 7..12
     * \param bandwidthHz bandwidth
     * \return the data rate with these; aborts when the region has none
     */
    uint8_t DataRateOf(uint8_t spreadingFactor, uint32_t bandwidthHz = 125000) const;

    /**
     * Europe, 863 to 870 MHz. Channels, data rates and payload limits after LoRaWAN Regional
     * Parameters 1.0.3 rev. A, sub-bands after CEPT ERC/REC 70-03 and ETSI EN 300 220-2.
     * \return the region
     */
    static const LoraRegion& Eu868();

    /**
     * \param name name of a region, e.g. "EU868"
     * \return the region; aborts on an unknown name
     */
    static const LoraRegion& Get(const std::string& name);

    /** \return whether Get() knows a region of that name */
    static bool IsKnown(const std::string& name);
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_REGION_H
