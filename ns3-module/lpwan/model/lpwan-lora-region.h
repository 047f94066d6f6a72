// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_REGION_H
#define LPWAN_LORA_REGION_H

#include "lpwan-lora-time-on-air.h"

#include "ns3/nstime.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * Gain of the half-wave dipole that effective radiated power (ERP) is relative to. All powers here
 * are EIRP; rules that say ERP are converted where they are written down, and nowhere else.
 */
constexpr double LORA_ERP_TO_EIRP_DB = 2.15;

/** A piece of spectrum whose regulation limits the time a device may send. */
struct LoraSubBand
{
    std::string name;           //!< name in common LoRaWAN use
    uint32_t lowerHz;           //!< lower edge, included
    uint32_t upperHz;           //!< upper edge, excluded
    uint16_t dutyCyclePermille; //!< largest share of time on air; 1000 when there is no limit
    double maxEirpDbm;          //!< largest radiated power, of an isotropic antenna (EIRP)
};

/** One LoRaWAN data rate; with spreading factor 0 it is no LoRa data rate, or reserved. */
struct LoraDataRate
{
    uint8_t spreadingFactor;     //!< 7..12
    uint32_t bandwidthHz;        //!< 125000, 250000 or 500000
    uint16_t maxPayload;         //!< N: FRMPayload bytes, empty FOpts, no repeater
    uint16_t maxPayloadRepeater; //!< N when a repeater may be on the way
};

/** An uplink channel. */
struct LoraUplinkChannel
{
    uint32_t frequencyHz; //!< carrier
    uint8_t minDataRate;  //!< lowest data rate it takes
    uint8_t maxDataRate;  //!< highest
};

/**
 * What a LoRaWAN region fixes, as data: a further region is a further table and no further code.
 */
struct LoraRegion
{
    std::string name;                        //!< e.g. "EU868"
    std::vector<LoraSubBand> subBands;       //!< regulation, disjoint
    std::vector<LoraDataRate> dataRates;     //!< index is DR, of uplinks and downlinks
    uint8_t maxUplinkDataRate;               //!< highest DR of uplinks
    std::vector<LoraUplinkChannel> channels; //!< channels each device knows
    /**
     * The channels are all there are, and LinkADRReq chooses among them by masks of 16 channels
     * (Regional Parameters: fixed channel plan). Otherwise the network may add channels, up to 16.
     */
    bool fixedChannels;
    /** Of a fixed plan: wide channels at the end of `channels`, one for each eight of the others.
     */
    std::size_t wideChannels;
    std::vector<uint8_t> joinDataRates;             //!< of join requests, taken in turns
    std::vector<std::vector<uint8_t>> rx1DataRates; //!< by uplink DR and RX1DROffset
    /** Carriers of RX1, by number of the uplink's channel modulo their count; none: the uplink's.
     */
    std::vector<uint32_t> rx1Frequencies;
    Time receiveDelay1;                    //!< end of uplink to RX1
    Time receiveDelay2;                    //!< end of uplink to RX2
    Time joinAcceptDelay1;                 //!< the same for join requests
    Time joinAcceptDelay2;                 //!< the same for join requests
    uint8_t rx2DataRate;                   //!< data rate of RX2
    uint32_t rx2FrequencyHz;               //!< frequency of RX2
    double maxEirpDbm;                     //!< of devices; theirs may be less
    uint8_t lowestTxPower;                 //!< highest index of TXPower, 2 dB less for each
    Time maxUplinkDwell;                   //!< longest uplink; 0: no limit
    Time retransmitTimeoutMin{Seconds(1)}; //!< RETRANSMIT_TIMEOUT: after RX2, at least ...
    Time retransmitTimeoutMax{Seconds(3)}; //!< ... and at most (2 s +- 1 s in all regions)

    /**
     * \param dataRate data rate of an uplink
     * \param offset RX1DROffset
     * \return data rate of RX1; aborts when the region has no such combination
     */
    uint8_t Rx1DataRate(uint8_t dataRate, uint8_t offset) const;

    /**
     * \param frequencyHz carrier of an uplink
     * \return carrier of RX1
     */
    uint32_t Rx1Frequency(uint32_t frequencyHz) const;

    /** \return spreading factors of uplinks at 125 kHz, ascending */
    std::vector<uint8_t> SpreadingFactors() const;

    /** \param dataRate a data rate \return whether uplinks can have it */
    bool IsUplinkDataRate(uint8_t dataRate) const;

    /** \param dataRate a data rate \return its modulation, with the CRC of an uplink */
    LoraModulation Modulation(uint8_t dataRate) const;

    /**
     * \param frequencyHz a carrier
     * \return index of its sub-band; aborts when the carrier lies in none
     */
    std::size_t SubBandOf(uint32_t frequencyHz) const;

    /** \param frequencyHz a carrier \return whether it lies in any sub-band */
    bool IsInside(uint32_t frequencyHz) const;

    /**
     * \param spreadingFactor 7..12
     * \param bandwidthHz bandwidth
     * \return the data rate of uplinks with these; aborts when the region has none
     */
    uint8_t DataRateOf(uint8_t spreadingFactor, uint32_t bandwidthHz = 125000) const;

    /**
     * Europe, 863 to 870 MHz. Channels, data rates and payload limits after LoRaWAN Regional
     * Parameters 1.0.3 rev. A, sub-bands after CEPT ERC/REC 70-03 and ETSI EN 300 220-2.
     * \return the region
     */
    static const LoraRegion& Eu868();

    /**
     * United States, 902 to 928 MHz, after LoRaWAN Regional Parameters 1.0.3 rev. A and FCC
     * 15.247: 64 channels of 125 kHz and 8 of 500 kHz upwards, 8 of 500 kHz downwards, 400 ms of
     * dwell time, no duty cycle, 36 dBm EIRP (1 W into an antenna of 6 dBi).
     * \return the region
     */
    static const LoraRegion& Us915();

    /**
     * \param name name of a region, e.g. "EU868"
     * \return the region; aborts on an unknown name
     */
    static const LoraRegion& Get(std::string_view name);

    /** \return whether Get() knows a region of that name */
    static bool IsKnown(const std::string& name);

    /** \return the names that Get() knows */
    static std::vector<std::string> Names();
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_REGION_H
