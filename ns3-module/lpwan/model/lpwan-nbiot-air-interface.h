// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_AIR_INTERFACE_H
#define LPWAN_NBIOT_AIR_INTERFACE_H

#include "lpwan-nbiot-cell.h"
#include "lpwan-nbiot-connection.h"
#include "lpwan-nbiot-radio.h"

#include "ns3/traced-callback.h"

#include <cstdint>
#include <optional>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * A message downwards, or a grant alone.
 */
struct NbiotMessage
{
    Time from;        //!< its NPDCCH begins
    Time until;       //!< its NPDSCH ends; of a grant its NPDCCH
    bool lost{false}; //!< the device does not get it
};

/**
 * \ingroup lpwan
 *
 * The two carriers of a cell at the present time: what is sent where, by the schedules of both, and
 * how long that takes, by the radio.
 */
class NbiotAirInterface
{
  public:
    /** Told of subframes that are given away: start of the first, end of the last one. */
    using DownlinkTrace = TracedCallback<Time, Time>;
    /** Told of subcarriers that are given away: first, count, start, end, duration. */
    using UplinkTrace = TracedCallback<uint32_t, uint32_t, Time, Time, Time>;

    /** The arguments have to live as long as the air interface. */
    NbiotAirInterface(const NbiotCellConfig& config,
                      NbiotRadio& radio,
                      const DownlinkTrace& downlinkTrace,
                      const UplinkTrace& uplinkTrace);

    /** \return the subframes of an NPDCCH; see NbiotDownlinkSchedule::FindSubframes() */
    NbiotDownlinkSpan FindNpdcch(Time from, uint32_t subframes) const;
    /** \param span subframes that FindNpdcch() found and that are taken now */
    void BookNpdcch(const NbiotDownlinkSpan& span);

    /** \return the place of a block; see NbiotUplinkSchedule::BookNpuschAt() */
    std::optional<NbiotUplinkSpan> BookNpuschAt(Time start, const NbiotFormat& format);
    /** \return the place of a block; see NbiotUplinkSchedule::BookNpusch() */
    std::optional<NbiotUplinkSpan> BookNpusch(Time after,
                                              const NbiotDelaysMs& delaysMs,
                                              const NbiotFormat& format);

    /**
     * Sends a message in the first search space that has room for it.
     * \param level of coverage
     * \param from not before this time
     * \param snrDb of who shall hear it
     * \param bits of its content
     * \return when it is on the air, and whether it is lost
     */
    NbiotMessage SendMessage(uint8_t level, Time from, double snrDb, uint32_t bits);

    /**
     * Has a device acknowledge a message (NPUSCH format 2), and tells it of both.
     * \param index of the device \param context likewise
     * \param message what it answers
     * \return when the acknowledgement is on the air
     */
    NbiotUplinkSpan SendAcknowledgement(uint32_t index,
                                        NbiotContext& context,
                                        const NbiotMessage& message);

  private:
    void TellUplink(const NbiotUplinkSpan& span, NbiotTones tones, Time duration) const;

    const NbiotCellConfig& m_config;
    NbiotRadio& m_radio;
    const DownlinkTrace& m_downlinkTrace;
    const UplinkTrace& m_uplinkTrace;
    NbiotDownlinkSchedule m_downlink;
    NbiotUplinkSchedule m_uplink;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_AIR_INTERFACE_H
