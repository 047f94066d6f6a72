// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_DUTY_CYCLE_H
#define LPWAN_DUTY_CYCLE_H

#include "ns3/nstime.h"

#include <array>
#include <cstdint>

namespace ns3
{
namespace lpwan
{

/**
 * Duty cycle of one transmitter, sub-band by sub-band. After a frame of length T the sub-band is
 * closed for T_off = T/DC - T, counted from the END of the frame (LoRaWAN 1.0.x, section 7.1 of
 * the regional parameters), so that frames sent as early as allowed fill exactly the share DC.
 * All sub-bands are open at first. Times are whole nanoseconds, rounded up: the limit is never
 * passed by rounding.
 */
class DutyCycle
{
  public:
    /** Sub-bands that a region may have. */
    static constexpr std::size_t MAX_SUB_BANDS = 8;

    /**
     * \param subBand index of a sub-band
     * \return from when on a frame may start there
     */
    Time OpenFrom(std::size_t subBand) const;

    /**
     * \param airtime length of a frame
     * \param permille duty cycle, 1..1000
     * \return how long the sub-band stays closed after the frame's end
     */
    static Time OffTime(Time airtime, uint16_t permille);

    /**
     * Books a frame.
     * \param subBand index of its sub-band
     * \param start start of the frame
     * \param end end of the frame
     * \param permille duty cycle of the sub-band, 1..1000
     */
    void Book(std::size_t subBand, Time start, Time end, uint16_t permille);

  private:
    /** Without a heap of its own: there may be a hundred thousand devices. */
    std::array<Time, MAX_SUB_BANDS> m_openFrom; //!< by sub-band
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_DUTY_CYCLE_H
