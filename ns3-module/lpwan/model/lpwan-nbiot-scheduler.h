// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_SCHEDULER_H
#define LPWAN_NBIOT_SCHEDULER_H

#include "lpwan-nbiot-air-interface.h"
#include "lpwan-nbiot-cell.h"
#include "lpwan-nbiot-connection.h"
#include "lpwan-nbiot-paging.h"
#include "lpwan-nbiot-radio.h"

#include "ns3/callback.h"
#include "ns3/traced-callback.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * Serves the connected devices of a cell in the search spaces of their levels, first come, first
 * served: grants and blocks upwards with HARQ, blocks downwards with their acknowledgements,
 * releases.
 *
 * A grant (its repetitions by the device's downlink) is followed 8, 16, 32 or 64 ms later by an
 * NPUSCH transmission on the first subcarriers that are free. Lost blocks are repeated by HARQ,
 * received energies add up. Packets downwards go before the next grant but the first one of a
 * connection.
 */
class NbiotScheduler
{
  public:
    /** Told of each transport block: device address, format, start, end, whether it was decoded. */
    using BlockTrace = TracedCallback<uint32_t, const NbiotFormat&, Time, Time, bool>;

    /** The arguments have to live as long as the scheduler. */
    NbiotScheduler(const NbiotCellConfig& config,
                   NbiotCellCounts& counts,
                   NbiotRadio& radio,
                   NbiotAirInterface& air,
                   NbiotContexts& contexts,
                   NbiotPaging& paging,
                   const BlockTrace& blockTrace);

    /** Random access succeeded: the device is, or still is, in a connection. \param contact of it
     */
    void Connect(NbiotContact contact);

    /** The connection is over. \param contact of it */
    void EndRelease(NbiotContact contact);

    /** Packets wait for a device that was asleep, idle or inactive. \param index of it */
    void AnnounceDownlink(uint32_t index);

  private:
    /** Puts a device in the queue of the first search space of its level from then on. */
    void Register(const NbiotContact& contact, NbiotService service, Time from);
    /** Those that wait for a search space get what they wait for, or wait for the next one. */
    void Serve(uint8_t level, Time start);
    /** \return whether a grant was given, or none is needed \param end of the search space */
    bool Grant(const NbiotContact& contact, Time start, Time end);
    /** A block's place upwards, booked; its format is set. \param again it was sent before \param
     * after end of its grant \param previous the block of the other HARQ process, granted just now
     */
    std::optional<NbiotUplinkSpan> BookBlock(const NbiotServedUe& device,
                                             double lossDb,
                                             NbiotBlock& block,
                                             bool again,
                                             Time after,
                                             const std::optional<NbiotUplinkSpan>& previous);
    /** \return the format of a block on so many subcarriers at most; nothing: it has none there */
    std::optional<NbiotFormat> FormatWithin(const NbiotServedUe& device,
                                            double lossDb,
                                            const NbiotBlock& block,
                                            bool again,
                                            uint32_t maxSubcarriers) const;
    void EndBlock(NbiotContact contact, std::shared_ptr<NbiotBlock> block, Time start);
    void EndGrant(NbiotContact contact);
    /** Nothing of the device is on the air: what comes next. */
    void ServeNext(NbiotContact contact);
    void EndInactivity(NbiotContact contact);
    /** \return whether the search space had room for it */
    bool SendDownlinkBlock(const NbiotContact& contact, Time start, Time end);
    void ReceiveDownlinkBlock(NbiotContact contact, uint32_t bytes);
    void LoseDownlinkBlock(NbiotContact contact);
    /** \return whether the search space had room for it */
    bool SendRelease(const NbiotContact& contact, Time start, Time end);

    const NbiotCellConfig& m_config;
    NbiotCellCounts& m_counts;
    NbiotRadio& m_radio;
    NbiotAirInterface& m_air;
    NbiotContexts& m_contexts;
    NbiotPaging& m_paging;
    const BlockTrace& m_blockTrace;
    std::array<NbiotWaitingList, NBIOT_CE_COUNT> m_waiting; //!< by level
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_SCHEDULER_H
