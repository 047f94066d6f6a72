// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_DOWNLINK_SCHEDULE_H
#define LPWAN_NBIOT_DOWNLINK_SCHEDULE_H

#include "lpwan-nbiot-phy.h"

#include "ns3/nstime.h"

#include <cstdint>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * The search spaces of NPDCCH (3GPP TS 36.213, 16.6), by coverage level: where a device there looks
 * for what it is told.
 */
struct NbiotSearchSpaces
{
    NbiotLevels rMax{{8, 64, 256}}; //!< Rmax: subframes of one
    NbiotLevels g{{2, 1.5, 1.5}};   //!< one begins each Rmax x G ms
    bool anchor{true};              //!< the carrier has broadcast subframes: see NbiotDownlink()

    /** \param level of coverage \return Rmax as a whole number */
    uint32_t Subframes(uint8_t level) const;

    /** \param level of coverage \return from one search space to the next, at least 4 ms */
    Time Period(uint8_t level) const;

    /** \param level of coverage \param from a time \return start of the first one not before it */
    Time Next(uint8_t level, Time from) const;

    /** \param level of coverage \param start of one \return its end: Rmax usable subframes later */
    Time End(uint8_t level, Time start) const;
};

/**
 * \ingroup lpwan
 *
 * Who has which subframes of one downlink carrier: NPDCCH (grants, and what announces a message)
 * and NPDSCH (messages). It knows neither devices nor a simulator; the time is an argument.
 */
class NbiotDownlinkSchedule
{
  public:
    /** A message: NPDCCH announces it, NPDSCH has it. */
    struct Message
    {
        NbiotDownlinkSpan npdcch; //!< within a search space
        NbiotDownlinkSpan npdsch; //!< 4 ms after it (TS 36.213, 16.4.1), or later
    };

    /** \param spaces has to live as long as the schedule; read at each booking */
    explicit NbiotDownlinkSchedule(const NbiotSearchSpaces& spaces);

    /**
     * \param from a time
     * \param subframes how many are wanted, 1 or more
     * \return the first free ones: usable, one after the other, none booked between
     */
    NbiotDownlinkSpan FindSubframes(Time from, uint32_t subframes) const;

    /**
     * Takes the subframes of an NPDCCH that FindSubframes() found.
     * \param span the subframes
     * \param now what ended by then is forgotten
     */
    void BookNpdcch(const NbiotDownlinkSpan& span, Time now);

    /**
     * Takes a place for a message.
     * \param level of coverage, whose search spaces are used
     * \param from its NPDCCH lies in a search space that begins then or later: the first one with
     *        room for it, but after one that has none only those are tried that begin when a
     *        subframe is free
     * \param npdcchSubframes how many of these
     * \param npdschSubframes likewise
     * \param now what ended by then is forgotten
     * \return the place
     */
    Message BookMessage(uint8_t level,
                        Time from,
                        uint32_t npdcchSubframes,
                        uint32_t npdschSubframes,
                        Time now);

  private:
    void Book(const NbiotDownlinkSpan& span, Time now);

    const NbiotSearchSpaces& m_spaces;
    std::vector<NbiotDownlinkSpan> m_booked; //!< by start
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_DOWNLINK_SCHEDULE_H
