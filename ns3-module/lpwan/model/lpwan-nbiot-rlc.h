// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_RLC_H
#define LPWAN_NBIOT_RLC_H

#include "lpwan-nbiot-interface.h"

#include "ns3/nstime.h"
#include "ns3/packet.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * The packets of a device that have begun, cut into transport blocks (RLC, 3GPP TS 36.322): what is
 * sent, repeated, received, lost, and each one's share of the time on the air. It knows neither the
 * device nor a simulator; the time is an argument.
 */
class NbiotRlc
{
  public:
    /** A packet on its way. */
    struct Sdu
    {
        Ptr<const Packet> packet;                   //!< the application's
        uint32_t counter{0};                        //!< its number
        uint8_t port{1};                            //!< application port
        uint32_t bytes{0};                          //!< with its overhead
        uint32_t sent{0};                           //!< in blocks so far, each byte once
        uint32_t received{0};                       //!< that reached the base station
        uint32_t lost{0};                           //!< that never will
        uint32_t blocks{0};                         //!< see NbiotPacketReport
        Time airtime;                               //!< likewise
        bool started{false};                        //!< a block of it has begun
        Time queued;                                //!< handed over
        Time start;                                 //!< first block
        std::array<Time, NBIOT_STAGE_COUNT> before; //!< the device's stages when it was queued
    };

    /** A packet that is done with, and how it fared. */
    struct Ended
    {
        Sdu sdu;
        NbiotFate fate;
    };

    /** \return packets that have begun, oldest first */
    const std::deque<Sdu>& GetSdus() const;
    /** \param counter of a packet \return the packet; null when it is not on its way */
    Sdu* Find(uint32_t counter);
    /** \return bytes that are to be sent, for the first time or again */
    uint32_t GetBufferBytes() const;
    /** \return packets of which a part was not sent */
    uint32_t CountUnsent() const;

    /**
     * Takes room in a block for a part of a packet.
     * \param block gets the part
     * \param left room in it, bytes; what the part takes is taken off
     * \param segment whose part, and how much is wanted
     * \return how much there was room for
     */
    static uint32_t Add(NbiotBlock& block, uint32_t& left, const NbiotSegment& segment);
    /** Fills a block with what has begun: lost parts first. \param block gets it \param left see
     * Add() */
    void Fill(NbiotBlock& block, uint32_t& left);
    /** A packet begins in a block. \param sdu the packet \param block gets it \param left see Add()
     */
    void Begin(Sdu sdu, NbiotBlock& block, uint32_t& left);
    /** All parts of all packets are to be sent anew. */
    void Restart();

    /** A part was received. \param segment the part \return its packet, when that is done with */
    std::optional<Ended> Receive(const NbiotSegment& segment);
    /**
     * A part was lost in all its HARQ transmissions.
     * \param segment the part
     * \param transmissions how often RLC sends a part at most: 1 where nobody acknowledges
     * \param acknowledged whether it knows of the loss, and gives the packet up at last
     * \return the part's packet, when that is done with
     */
    std::optional<Ended> Lose(const NbiotSegment& segment,
                              uint32_t transmissions,
                              bool acknowledged);
    /** Lets go of all. \return the packets */
    std::deque<Sdu> Clear();

    // --- time on the air ---

    /** What the radio was to send before is void, as far as it was not. \param now the time */
    void StopSending(Time now);
    /** \param start of what is sent after what was said before \param sending what that is */
    void Send(Time start, const NbiotSending& sending);
    /** Shares what was sent up to now among the packets, by bytes. \param now the time */
    void Charge(Time now);
    /** \return time of sending up to the last Charge() that belongs to no packet */
    Time GetSignallingTime() const;

  private:
    /** Something that the radio sends, or will: its accounts are not closed. */
    struct OnAir
    {
        Time start;                              //!< of what is not charged yet
        Time left;                               //!< likewise
        std::shared_ptr<const NbiotBlock> block; //!< null: signalling
        bool begun{false};                       //!< a part of it is charged
    };

    /** \param fate of a packet that is done with \return the packet, taken out */
    Ended End(uint32_t counter, NbiotFate fate);
    /** Charges a part of one block to its packets. \param sent how long that took \return the rest
     */
    Time Share(const OnAir& onAir, Time sent);

    std::deque<Sdu> m_sdus;           //!< on their way, oldest first
    std::deque<NbiotSegment> m_again; //!< lost parts that RLC repeats
    std::vector<OnAir> m_onAir;       //!< in order of time
    Time m_signalling;                //!< see GetSignallingTime()
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_RLC_H
