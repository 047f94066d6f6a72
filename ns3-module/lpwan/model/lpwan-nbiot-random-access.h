// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_RANDOM_ACCESS_H
#define LPWAN_NBIOT_RANDOM_ACCESS_H

#include "lpwan-nbiot-air-interface.h"
#include "lpwan-nbiot-cell.h"
#include "lpwan-nbiot-connection.h"
#include "lpwan-nbiot-radio.h"
#include "lpwan-nbiot-scheduler.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * Random access of a cell (3GPP TS 36.321, 5.1): preambles on NPRACH, their answers, Msg3, Msg4.
 *
 * The received power chooses the coverage level. All devices that wait for an NPRACH occasion draw
 * one of its subcarriers. A preamble is detected by chance; devices with the same one are answered
 * as one: their Msg3 collide, and are lost unless one is CaptureThreshold above the others. Who
 * fails draws a back-off; after MaxAttempts he goes on at the next level, at the last he gives up.
 * With EarlyData, what waits and fits in Msg3 is sent there, and the connection ends with Msg4.
 */
class NbiotRandomAccess
{
  public:
    /** The arguments have to live as long as the random access. */
    NbiotRandomAccess(const NbiotCellConfig& config,
                      NbiotCellCounts& counts,
                      NbiotRadio& radio,
                      NbiotAirInterface& air,
                      NbiotContexts& contexts,
                      NbiotScheduler& scheduler);

    /** A device begins, at its level by the received power. \param index of it \param ready not
     * before */
    void Request(uint32_t index, Time ready);

  private:
    using Contacts = std::vector<NbiotContact>;

    /** One of those who send a Msg3. */
    struct Msg3Sender
    {
        NbiotContact contact;              //!< who
        double snr{0};                     //!< sum over the transmissions, linear
        std::shared_ptr<NbiotBlock> block; //!< early data; null: none
    };

    /** Msg3 of one preamble: more than one device after a collision. */
    struct Msg3
    {
        std::vector<Msg3Sender> senders; //!< who
        NbiotFormat format;              //!< of all
        uint8_t level{0};                //!< coverage level
        uint8_t transmissions{0};        //!< so far
        bool earlyData{false};           //!< the block carries the data
    };

    // The steps, each at the time it happens.

    /** Aborts when NPRACH leaves no time for anything else. */
    void CheckPreambles();
    /** Waits for an NPRACH occasion. \param listens the device looks for its cell until ready */
    void JoinOccasion(const NbiotContact& contact, Time ready, bool listens);
    /** The preambles of an occasion were sent. */
    void EndOccasion(uint8_t level, Time start);
    /** \return devices by preamble of those that wait for an occasion */
    std::vector<Contacts> DrawPreambles(uint8_t level, const Contacts& waiting);
    /** \return those whose preamble was heard \param failed gets the others */
    std::vector<Contacts> Detect(uint8_t level, std::vector<Contacts> preambles, Contacts& failed);
    /** An answer to several preambles. \param until end of the window for it */
    void Answer(uint8_t level,
                const Contacts& preamble,
                const NbiotMessage& rar,
                Time until,
                Contacts& failed);
    void Fail(const Contacts& contacts);
    /** Chooses the format of a Msg3, and whether it has early data. */
    void PrepareMsg3(Msg3& msg3);
    /** \return whether there was a place for it \param before what announces it */
    bool SendMsg3(std::shared_ptr<Msg3> msg3,
                  const NbiotMessage& before,
                  const NbiotDelaysMs& delaysMs);
    void EndMsg3(std::shared_ptr<Msg3> msg3);
    /** \return the sender whose Msg3 is received this time; none: the number of senders */
    std::size_t Receive(Msg3& msg3);
    /** \return whether Msg3 is sent again */
    bool RepeatMsg3(const std::shared_ptr<Msg3>& msg3);
    void SendMsg4(NbiotContact contact, bool earlyData, unsigned attempts);

    const NbiotCellConfig& m_config;
    NbiotCellCounts& m_counts;
    NbiotRadio& m_radio;
    NbiotAirInterface& m_air;
    NbiotContexts& m_contexts;
    NbiotScheduler& m_scheduler;
    bool m_checked{false}; //!< CheckPreambles() was called
    std::array<std::map<Time, Contacts>, NBIOT_CE_COUNT> m_occasions; //!< who waits, by start
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_RANDOM_ACCESS_H
