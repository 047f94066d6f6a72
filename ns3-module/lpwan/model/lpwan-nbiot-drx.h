// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_DRX_H
#define LPWAN_NBIOT_DRX_H

#include "ns3/nstime.h"

#include <cstdint>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * When a device that has nothing to do listens: discontinuous reception in a connection, and in
 * idle mode. Devices are spread over the cycles by their index in the cell.
 */
struct NbiotDrx
{
    Time cdrxCycle;        //!< cycle in a connection
    Time onDuration;       //!< it listens for so long in each
    Time pagingCycle;      //!< from one paging occasion to the next
    Time edrxCycle;        //!< cycle of extended DRX; 0: none
    Time pagingTimeWindow; //!< the part of it that has paging occasions

    /** \param index of a device \param from a time \return when it listens in a connection: from or
     * later (TS 36.321, 5.7, with a drxStartOffset of a millisecond for each index) */
    Time NextOnDuration(uint32_t index, Time from) const;

    /** \param index of a device \param from a time \return its first paging occasion not before
     * that (TS 36.304, 7.1 and 7.3) */
    Time NextPagingOccasion(uint32_t index, Time from) const;

    /** \return share of the time that it listens in a connection */
    double OnShare() const;

    /** \param duration of listening at an occasion \return share of the time in idle mode */
    double PagingShare(Time duration) const;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_DRX_H
