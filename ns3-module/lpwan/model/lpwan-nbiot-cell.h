// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_CELL_H
#define LPWAN_NBIOT_CELL_H

#include "lpwan-nbiot-downlink-schedule.h"
#include "lpwan-nbiot-phy.h"
#include "lpwan-nbiot-uplink-schedule.h"

#include "ns3/nstime.h"

#include <cstdint>
#include <string>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * What happened in a cell so far.
 */
struct NbiotCellCounts
{
    uint64_t preambles{0};           //!< sent
    uint64_t collidedPreambles{0};   //!< of those: another device had the same one
    uint64_t undetectedPreambles{0}; //!< of the others: lost in noise
    uint64_t accesses{0};            //!< random accesses that succeeded
    uint64_t failedAccesses{0};      //!< given up after all attempts
    uint64_t blocks{0};              //!< transport blocks of data sent, all attempts
    uint64_t lostBlocks{0};          //!< of those: not decoded
    uint64_t residualErrors{0};      //!< blocks lost in all their HARQ transmissions
    uint64_t missedGrants{0};        //!< grants that the device did not hear
    uint64_t pagings{0};             //!< paging messages
    uint64_t downlinks{0};           //!< packets that reached a device
    uint64_t lostDownlinks{0};       //!< packets for devices that were given up
    uint64_t cancelledDownlinks{0};  //!< packets for devices that were taken back
};

/**
 * \ingroup lpwan
 *
 * How a cell is set up: the attributes of NbiotEnb, where each has its text and its default.
 */
struct NbiotCellConfig
{
    NbiotNprach nprach;             //!< Preamble...
    NbiotSearchSpaces searchSpaces; //!< NpdcchRmax, NpdcchG, AnchorCarrier
    NbiotLevels maxAttempts{};
    NbiotLevels backoffMs{};
    std::string deployment{"Standalone"};
    double rsrpThresholdCe1Dbm{-115.5};
    double rsrpThresholdCe2Dbm{-127.5};
    double antennaGainDb{0};
    double noiseFigureDb{3};
    double ueNoiseFigureDb{5};
    double interferenceMarginDb{0};
    double shadowingSigmaDb{0};
    double penetrationLossDb{0};
    double fadingSigmaDb{0};
    double fadingMarginDb{0};
    double targetBler{0.1};
    double spectrumWeight{0.1};
    double downlinkEnergyPerBitDb{10};
    double downlinkErrorRate{0.01};
    double maxCouplingLossDb{164};
    double captureThresholdDb{300};
    Time inactivityTime;
    Time coreDelay;
    uint32_t rarWindow{4};
    uint32_t contentionTimer{8};
    uint32_t msg4Bits{200};
    uint32_t releaseBits{80};
    uint32_t downlinkQueueLimit{16};
    uint8_t maxHarqTransmissions{4};
    bool earlyData{false};
    bool subcarrier3k75{true};
};

/// NPUSCH to the next NPDCCH (TS 36.213, 16.6): that many subframes lie between.
constexpr int64_t NBIOT_TURN_DELAY_MS = 3;

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_CELL_H
