// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_PHY_H
#define LPWAN_NBIOT_PHY_H

#include "ns3/nstime.h"

#include <array>
#include <cstdint>
#include <optional>

namespace ns3
{
namespace lpwan
{

// The physical layer of NB-IoT as numbers: transport blocks, durations, signal over noise, block
// errors. 3GPP TS 36.211 and 36.213, frame structure type 1 (FDD), normal cyclic prefix.

/// \addtogroup lpwan
/// @{

/** Number of coverage enhancement levels (TS 36.331, NPRACH-ConfigSIB-NB: up to three). */
constexpr std::size_t NBIOT_CE_COUNT = 3;

/** A number for each coverage level. */
using NbiotLevels = std::array<double, NBIOT_CE_COUNT>;

/** Subcarriers of an NPUSCH transmission (TS 36.211, table 10.1.2.3-1). */
enum class NbiotTones : uint8_t
{
    ONE_3K75, //!< one of 3.75 kHz
    ONE,      //!< one of 15 kHz
    THREE,    //!< three of 15 kHz
    SIX,      //!< six of 15 kHz
    TWELVE,   //!< all twelve of 15 kHz
};

/** Number of members of NbiotTones. */
constexpr std::size_t NBIOT_TONES_COUNT = 5;

/** \param tones a configuration \return its name as in result files: "1x3.75" .. "12x15" */
const char* ToString(NbiotTones tones);

/** \param tones a configuration \return its bandwidth, Hz */
double NbiotBandwidthHz(NbiotTones tones);

/** \param tones a configuration \return how many subcarriers of 3.75 kHz it takes of the 48 */
uint32_t NbiotSubcarriers(NbiotTones tones);

/** \param tones a configuration \return duration of a resource unit: 32, 8, 4, 2 or 1 ms */
Time NbiotResourceUnit(NbiotTones tones);

/**
 * \param tones a configuration
 * \return data symbols in a resource unit, without those of the reference signal: 144 multi-tone,
 * 96 single-tone
 */
uint32_t NbiotSymbolsPerResourceUnit(NbiotTones tones);

/** What the device can do. */
enum class NbiotCategory : uint8_t
{
    NB1, //!< Release 13: transport blocks up to 1000 bits up
    NB2, //!< Release 14: up to 2536
};

/** Rows of the table of transport block sizes. */
constexpr uint8_t NBIOT_I_TBS_COUNT = 14;
/** Columns: numbers of resource units. */
constexpr std::array<uint8_t, 8> NBIOT_N_RU{1, 2, 3, 4, 5, 6, 8, 10};
/** Repetitions of an NPUSCH transmission are 1, 2, 4 .. 128: powers of two up to this one. */
constexpr uint8_t NBIOT_MAX_REPETITIONS_LOG2 = 7;

/**
 * \param iTbs row, 0..13
 * \param iRu column, 0..7
 * \return bits of a transport block of NPUSCH format 1 (TS 36.213, table 16.5.1.2-2, V17.4.0); row
 * 13 and sizes above 1000 bits are of category NB2
 */
uint16_t NbiotTransportBlockBits(uint8_t iTbs, uint8_t iRu);

/**
 * \param category a category
 * \param tones a configuration: single-tone transmissions have rows 0..10 only
 * \return highest row
 */
uint8_t NbiotMaxITbs(NbiotCategory category, NbiotTones tones);

/** \param category a category \return its longest transport block of the uplink, bits */
uint16_t NbiotMaxTransportBlockBits(NbiotCategory category);

/** Format of an NPUSCH (format 1) transmission. */
struct NbiotFormat
{
    NbiotTones tones{NbiotTones::ONE}; //!< subcarriers
    uint8_t iTbs{0};                   //!< row of the table
    uint8_t iRu{0};                    //!< column of the table
    uint8_t repetitionsLog2{0};        //!< 0..7: 1 to 128 repetitions

    /** \return transport block, bits */
    uint16_t Bits() const;

    /** \return repetitions */
    uint32_t Repetitions() const;

    /** \return bits that one resource unit carries: BPSK for rows 0 and 2 of a single tone */
    uint32_t CodedBitsPerResourceUnit() const;
};

/**
 * \param format a format
 * \return resource units x their duration x repetitions: how long the device really sends
 */
Time NbiotSendingTime(const NbiotFormat& format);

/**
 * \param sending time of sending
 * \return from its first to its last symbol: after each 256 ms of sending, 40 ms are left out for
 * the device to find its frequency again (TS 36.211, 10.1.3.6)
 */
Time NbiotWithCompensationGaps(Time sending);

/**
 * \param repetitions of a preamble, 1..128
 * \param format 0 (cells up to 10 km), 1 (up to 35 km)
 * \return its duration: 5.6 or 6.4 ms each, and 40 ms after each 64 (TS 36.211, 10.1.6.1)
 */
Time NbiotPreambleTime(uint32_t repetitions, uint8_t format);

/**
 * \param txPowerDbm of the sender
 * \param couplingLossDb from antenna port to antenna port
 * \param bandwidthHz of the signal
 * \param noiseFigureDb of the receiver
 * \return signal over thermal noise (-174 dBm/Hz), dB
 */
double NbiotSnrDb(double txPowerDbm,
                  double couplingLossDb,
                  double bandwidthHz,
                  double noiseFigureDb);

/**
 * \param format a format
 * \return signal over noise in the signal's bandwidth at which one block in ten is lost, dB
 *
 * Energy for each bit of block and CRC, 2.75 dB over noise with turbo code of rate 1/3 and below:
 *
 *     SNR10 = 2.75 + 10 log10((TBS + 24) / (symbols x N_RU)) - 10 log10(repetitions) + loss
 *
 * which fits the curves of the Lite NB-IoT NPUSCH Simulator (LUT2.csv of
 * jjalcaraz-upct/nb-iot-environment @c0987b7, blocks of 256 bits) within 0.1 dB. The loss is that
 * of puncturing: 0.09, 0.54 and 1.84 dB at 0.243, 0.324 and 0.486 information bits for each coded
 * bit, repetitions counted, from the same curves; 2.2 dB at 0.81, where MATLAB's LTE toolbox has 7
 * dB (tudo-cni/ns3-lena-nb @709a330). Six resource units sent once have 0.54 dB in these curves.
 */
double NbiotSnrAtTenPercentDb(const NbiotFormat& format);

/**
 * \param aboveDb signal over noise, less NbiotSnrAtTenPercentDb()
 * \return chance that a block is lost. The curve is Gaussian with 0.5 dB: 50 % at -0.64 dB, 1 % at
 * 0.52 dB, as steep as the curves above (0.55 .. 0.7, 0.45 .. 0.65)
 */
double NbiotBlockErrorRate(double aboveDb);

/**
 * \param blockErrorRate 1e-6 .. 0.999999
 * \return inverse of NbiotBlockErrorRate(), dB
 */
double NbiotMarginDb(double blockErrorRate);

/** What link adaptation has to choose from, and by what. */
struct NbiotAdaptation
{
    NbiotCategory category{NbiotCategory::NB1}; //!< of the device
    bool multiTone{true};                       //!< the device can send 3, 6 and 12 tones
    bool subcarrier3k75{true};                  //!< single tones of 3.75 kHz are used
    uint32_t maxSubcarriers{48};                //!< of 3.75 kHz, that may be taken
    double marginDb{0};                         //!< wanted over NbiotSnrAtTenPercentDb()
    /**
     * 0: least time; 1: least subcarriers x time, so that most devices fit in; between: time x
     * subcarriers^weight is least.
     */
    double spectrumWeight{0.1};
};

/**
 * Chooses tones, row, resource units and repetitions.
 *
 * \param snrDb by NbiotTones, dB
 * \param bits to be carried; more than a block holds go in several
 * \param adaptation what there is to choose from
 * \return the format by which all bits are sent at least cost, overheads of 24 ms of control for
 * each block counted; nothing if no format has the wanted margin: then the most robust one is all
 * there is, see NbiotMostRobustFormat()
 */
std::optional<NbiotFormat> NbiotChooseFormat(const std::array<double, NBIOT_TONES_COUNT>& snrDb,
                                             uint32_t bits,
                                             const NbiotAdaptation& adaptation);

/**
 * \param bits to be carried
 * \param adaptation what there is to choose from
 * \return a single tone, 128 repetitions, the row with least bits for each symbol that still
 * carries all bits, or row 0 in 10 resource units
 */
NbiotFormat NbiotMostRobustFormat(uint32_t bits, const NbiotAdaptation& adaptation);

/**
 * \param snrDb of a preamble, in 3.75 kHz
 * \param repetitions 1..128
 * \return chance that the base station detects it: logistic, 1 / (1 + exp(-0.3227 (SNR - x0))) with
 * x0 = -9.85 dB - 1.6 dB x log2(repetitions), as jjalcaraz-upct/nb-iot-environment @c0987b7 has it,
 * whose signal over noise is taken over 180 kHz (16.81 dB less)
 */
double NbiotPreambleDetection(double snrDb, uint32_t repetitions);

/** Subframes of the downlink. */
struct NbiotDownlinkSpan
{
    Time start; //!< of the first subframe
    Time end;   //!< of the last one
};

/**
 * Which subframes can have NPDCCH and NPDSCH: on an anchor carrier not subframe 0 (NPBCH), 5
 * (NPSS), 9 of even frames (NSSS) and 4 of odd frames (SIB1-NB, 16 repetitions), so 14 of each 20;
 * on another carrier all.
 *
 * \param from a time; rounded up to the start of a subframe
 * \param subframes how many are wanted, 1 or more
 * \param anchor whether it is an anchor carrier
 * \return from the first usable one to the last
 */
NbiotDownlinkSpan NbiotDownlink(Time from, uint32_t subframes, bool anchor);

/** How a message goes down. */
struct NbiotDownlinkEffort
{
    uint32_t subframes; //!< repetitions included, a power of two
    double deficitDb;   //!< what is missing to the wanted energy even so; 0 or more
};

/**
 * Subframes of a downlink message.
 *
 * \param bits of the message and its CRC
 * \param snrDb at the device, in 180 kHz
 * \param energyPerBitDb over noise that is wanted, dB: its mean over a fading channel at which
 * about one message in a hundred is lost
 * \param maxSubframes limit
 * \return subframes of 152 symbols each. Each doubling gains 3.01 dB, below -10 dB 2.25 dB, since
 * the channel is harder to estimate there.
 */
NbiotDownlinkEffort NbiotDownlinkSubframes(uint32_t bits,
                                           double snrDb,
                                           double energyPerBitDb,
                                           uint32_t maxSubframes);

/// @}

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_PHY_H
