// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_STAGE_CLOCK_H
#define LPWAN_NBIOT_STAGE_CLOCK_H

#include "lpwan-nbiot-interface.h"

#include "ns3/nstime.h"

#include <array>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * How long a device was in each NbiotStage; of two readings the difference is what a packet waited
 * for. One stage can be planned ahead, so that it costs no event.
 */
class NbiotStageClock
{
  public:
    using Times = std::array<Time, NBIOT_STAGE_COUNT>;

    /** \param now it begins, in ACCESS_WAIT */
    void Start(Time now);

    /** \param stage from then on; what was planned is void \param at when: now, or later \param now
     * the time */
    void Enter(NbiotStage stage, Time at, Time now);

    /** \return whether a stage is planned that had not begun at the last reading */
    bool IsPlanned() const;

    /** \param now the time \return time spent in each stage up to then */
    const Times& Read(Time now);

  private:
    Times m_times; //!< spent in each
    Time m_since;  //!< in m_stage
    Time m_nextAt; //!< see m_next; Time::Max(): nothing is planned
    NbiotStage m_stage{NbiotStage::ACCESS_WAIT};
    NbiotStage m_next{NbiotStage::ACCESS_WAIT}; //!< entered at m_nextAt
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_STAGE_CLOCK_H
