// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_UPLINK_SCHEDULE_H
#define LPWAN_NBIOT_UPLINK_SCHEDULE_H

#include "lpwan-nbiot-phy.h"

#include "ns3/nstime.h"

#include <array>
#include <cstdint>
#include <optional>

namespace ns3
{
namespace lpwan
{

/** Subcarriers of 3.75 kHz in an uplink carrier. */
constexpr uint32_t NBIOT_SUBCARRIERS = 48;

/**
 * \ingroup lpwan
 *
 * Where preambles are sent (NPRACH, 3GPP TS 36.211, 10.1.6), by coverage level.
 */
struct NbiotNprach
{
    /** Subcarriers of 3.75 kHz beside each other. */
    struct Range
    {
        uint32_t first; //!< the lowest one
        uint32_t count; //!< how many
    };

    NbiotLevels repetitions{{1, 8, 32}};    //!< of a preamble: 1, 2, 4 .. 128
    NbiotLevels periodMs{{320, 640, 1280}}; //!< from one occasion to the next
    NbiotLevels startMs{{8, 16, 64}};       //!< of the first one
    NbiotLevels subcarriers{{12, 12, 12}};  //!< 12, 24, 36 or 48
    uint8_t format{0};                      //!< see NbiotPreambleTime()

    /** \param level of coverage \return repetitions of a preamble */
    uint32_t Repetitions(uint8_t level) const;

    /** \param level of coverage \return duration of an occasion */
    Time Duration(uint8_t level) const;

    /** \param level of coverage \param from a time \return start of the first one not before it */
    Time NextOccasion(uint8_t level, Time from) const;

    /**
     * \param level of coverage
     * \return its subcarriers: above those of the level before, or from the lowest one on where
     *         these leave no room
     */
    Range Subcarriers(uint8_t level) const;

    /** \return share of the time that has an occasion, the levels' shares added up */
    double TimeShare() const;
};

/**
 * \ingroup lpwan
 *
 * A place in the uplink.
 */
struct NbiotUplinkSpan
{
    Time start;        //!< of the first symbol
    Time end;          //!< of the last one
    uint32_t first{0}; //!< lowest subcarrier of 3.75 kHz
};

/** From the end of what announces a transmission to its start, ms; one is chosen. */
using NbiotDelaysMs = std::array<int64_t, 4>;

/** NPDCCH to NPUSCH format 1 (TS 36.213, 16.5.1): so many subframes lie between. */
constexpr NbiotDelaysMs NBIOT_GRANT_DELAYS_MS{8, 16, 32, 64};
/** RAR to Msg3 (TS 36.213, 16.3.3 and table 16.3.3-1). */
constexpr NbiotDelaysMs NBIOT_MSG3_DELAYS_MS{12, 16, 32, 64};
/** NPDSCH to its acknowledgement, NPUSCH format 2, at 15 kHz (TS 36.213, table 16.4.2-1). */
constexpr NbiotDelaysMs NBIOT_ACKNOWLEDGEMENT_DELAYS_MS{12, 14, 16, 17};

/**
 * \ingroup lpwan
 *
 * Who has which subcarriers of one uplink carrier, and for how long: NPUSCH formats 1 (data) and 2
 * (acknowledgements). It makes way for NPRACH, as a device does (TS 36.211, 10.1.3.6): a
 * transmission pauses while an occasion is on its subcarriers. It knows neither devices nor a
 * simulator.
 */
class NbiotUplinkSchedule
{
  public:
    /** \param nprach has to live as long as the schedule; read at each booking */
    explicit NbiotUplinkSchedule(const NbiotNprach& nprach);

    /**
     * Takes subcarriers that are free at a time, the highest ones first: NPRACH is at the bottom.
     * \param start the time
     * \param tones how many
     * \param duration of the transmission, without what NPRACH takes in between
     * \return the place; nothing when none is free
     */
    std::optional<NbiotUplinkSpan> BookNpuschAt(Time start, NbiotTones tones, Time duration);

    /**
     * Takes subcarriers at the first of these delays at which some are free.
     * \param after end of what announces the transmission
     * \param delaysMs what may lie between
     * \param tones how many
     * \param duration see BookNpuschAt()
     * \return the place; nothing when none is free at any delay
     */
    std::optional<NbiotUplinkSpan> BookNpusch(Time after,
                                              const NbiotDelaysMs& delaysMs,
                                              NbiotTones tones,
                                              Time duration);

    /**
     * Takes the subcarriers that come free first.
     * \param tones how many
     * \param duration see BookNpuschAt()
     * \return the place
     */
    NbiotUplinkSpan BookSoonestNpusch(NbiotTones tones, Time duration);

  private:
    /** \return when all of these subcarriers are free */
    Time FreeFrom(uint32_t first, uint32_t count) const;

    /** \return a transmission around NPRACH that may begin at start */
    NbiotUplinkSpan AroundNprach(Time start, Time duration, uint32_t first, uint32_t count) const;

    const NbiotNprach& m_nprach;
    std::array<Time, NBIOT_SUBCARRIERS> m_freeFrom; //!< by subcarrier of 3.75 kHz
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_UPLINK_SCHEDULE_H
