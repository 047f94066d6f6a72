// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_RESERVATIONS_H
#define LPWAN_LORA_RESERVATIONS_H

#include "ns3/nstime.h"

#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * When one transmitter sends or is to send: stretches of time that do not overlap. The end of one
 * may be the start of another.
 */
class LoraReservations
{
  public:
    /**
     * \param start first symbol of a frame
     * \param airtime its length
     * \return whether nothing else is in the air then
     */
    bool IsFree(Time start, Time airtime) const;

    /**
     * \param from a time
     * \param airtime length of a frame
     * \return first time from then on at which IsFree()
     */
    Time NextFree(Time from, Time airtime) const;

    /**
     * Takes a stretch of time, and forgets those that are over.
     * \param now the present time
     * \param start first symbol
     * \param end last symbol
     */
    void Book(Time now, Time start, Time end);

  private:
    /** A stretch of time. */
    struct Stretch
    {
        Time start; //!< first symbol
        Time end;   //!< last symbol
    };

    std::vector<Stretch> m_stretches; //!< in the air and to come, by start
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_RESERVATIONS_H
