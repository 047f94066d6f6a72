// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_INTERFACE_H
#define LPWAN_NBIOT_INTERFACE_H

#include "lpwan-nbiot-phy.h"
#include "lpwan-net-device.h"

#include "ns3/nstime.h"
#include "ns3/packet.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Headers of MAC and RLC on a transport block, bytes. */
constexpr uint32_t NBIOT_BLOCK_HEADER_BYTES = 4;
/** Length field for each packet of a block after the first, bytes. */
constexpr uint32_t NBIOT_FURTHER_PACKET_BYTES = 2;

/**
 * \ingroup lpwan
 *
 * What a device is busy with while packets wait; the parts of a packet's latency.
 */
enum class NbiotStage : uint8_t
{
    ACCESS_WAIT,    //!< finding the cell again, waiting for an NPRACH occasion, back-off
    ACCESS,         //!< preamble to the end of contention
    SCHEDULING,     //!< waiting for grants, and the grants themselves
    TRANSMISSION,   //!< a transport block on the air for the first time
    RETRANSMISSION, //!< one that was lost before
};

/** Number of members of NbiotStage. */
constexpr std::size_t NBIOT_STAGE_COUNT = 5;

/** \param stage a stage \return its name */
const char* ToString(NbiotStage stage);

/**
 * \ingroup lpwan
 *
 * What became of a packet that was on the air.
 */
enum class NbiotFate : uint8_t
{
    RECEIVED,       //!< all of it reached the base station
    RESIDUAL_ERROR, //!< a part was lost in all its transmissions, and nobody repeats it
    DROPPED,        //!< the device gave it up; the trace source Drop says so too
    UNDER_WAY,      //!< not done with: NbiotUe::ReportUnderWay() only
};

/** \param fate a fate \return its name as in result files */
const char* ToString(NbiotFate fate);

/**
 * \ingroup lpwan
 *
 * How a packet fared.
 */
struct NbiotPacketReport
{
    uint32_t deviceAddress{0}; //!< whose
    uint32_t counter{0};       //!< number of the packet on its device, from 0
    uint32_t bytes{0};         //!< of the application
    NbiotFate fate{NbiotFate::RECEIVED};
    DropReason reason{DropReason::BATTERY_EMPTY}; //!< of DROPPED
    Time queued;                                  //!< handed to the device
    Time start;                                   //!< its first transport block began
    Time end;                                   //!< its last one ended; the latency is end - queued
    std::array<Time, NBIOT_STAGE_COUNT> stages; //!< the latency by NbiotStage; the sum is all of it
    uint32_t blocks{0}; //!< transport blocks with a part of it, all attempts; Msg3 with early data
    Time airtime;       //!< its share, by bytes, of the time that these were on the air
    double txJoule{0};  //!< the radio's energy for that
};

/**
 * \ingroup lpwan
 *
 * A part of a packet in a transport block.
 */
struct NbiotSegment
{
    uint32_t counter;           //!< whose
    uint32_t bytes;             //!< how much of it
    uint8_t retransmissions{0}; //!< by RLC, of this part
};

/**
 * \ingroup lpwan
 *
 * A transport block of NPUSCH format 1.
 */
struct NbiotBlock
{
    NbiotFormat format;                 //!< how it is sent
    std::vector<NbiotSegment> segments; //!< what is in it
    uint32_t controlBytes{0};           //!< of the resume message
    uint8_t transmissions{0};           //!< so far
    double energy{0};                   //!< received in all of them, over what 10 % errors need

    /** \return stage of a device that sends it */
    NbiotStage Stage() const
    {
        return transmissions > 0 ? NbiotStage::RETRANSMISSION : NbiotStage::TRANSMISSION;
    }
};

/**
 * \ingroup lpwan
 *
 * A part of what a device's radio sends after a message.
 */
struct NbiotSending
{
    Time duration;                           //!< how long it really sends; 0: nothing
    std::shared_ptr<const NbiotBlock> block; //!< null: signalling
};

/** What a device sends after one message: a block of each of its HARQ processes at most. */
using NbiotSendings = std::array<NbiotSending, 2>;

/**
 * \ingroup lpwan
 *
 * What a base station needs of a device: NbiotUe is one. Whatever tells the device something may
 * turn it off, its battery being found empty.
 */
class NbiotServedUe
{
  public:
    // --- what it is ---

    /** \return address by which the network knows it */
    virtual uint32_t GetDeviceAddress() const = 0;
    /** \return radiated power, dBm */
    virtual double GetTxPowerDbm() const = 0;
    /** \return what link adaptation may use */
    virtual NbiotCategory GetCategory() const = 0;
    /** \return whether it can send 3, 6 and 12 tones */
    virtual bool IsMultiTone() const = 0;
    /** \return HARQ processes of the uplink, 1 or 2 */
    virtual uint8_t GetHarqProcesses() const = 0;
    /** \return headers of the layers above RLC on each packet, bytes */
    virtual uint32_t GetPacketOverhead() const = 0;
    /** \return how often RLC sends a part of a packet at most: once when it does not repeat */
    virtual uint32_t GetRlcTransmissions() const = 0;
    /** \return whether it says when it has sent all, and is released then */
    virtual bool AssistsRelease() const = 0;
    /** \return whether it was turned off */
    virtual bool IsOff() const = 0;

    // --- what it has to send ---

    /** \return bytes that wait, headers of the packets included, those of blocks not */
    virtual uint32_t GetBufferBytes() const = 0;
    /** \return bytes of a block with all that waits as early data, headers included; 0: nothing */
    virtual uint32_t GetEarlyBytes() const = 0;
    /** Takes bytes out of its queue. \param block to be filled \param bytes it holds */
    virtual void Fill(NbiotBlock& block, uint32_t bytes) = 0;
    /** Takes all that waits into Msg3, which needs no resume message then. \return the block */
    virtual std::shared_ptr<NbiotBlock> FillEarly() = 0;
    /** Random access failed: what went in Msg3 is to be sent again. */
    virtual void TakeEarlyBack() = 0;

    // --- what happens to it ---

    /** \param stage it is in \param at from then on; what was planned before is void */
    virtual void EnterStage(NbiotStage stage, Time at) = 0;
    /**
     * A preamble will go out.
     * \param listenUntil it looks for its cell until then; 0: not at all
     * \param start of the preamble \param end of it
     */
    virtual void OnPreamble(Time listenUntil, Time start, Time end) = 0;
    /**
     * A message comes down, and something goes up after it: a grant and the blocks, or a message
     * and its acknowledgement.
     * \param from of the message \param until its end
     * \param start of what goes up
     * \param sendings what that is, one after the other
     */
    virtual void OnExchange(Time from, Time until, Time start, const NbiotSendings& sendings) = 0;
    /** A block will go out. \param block the block \param start of it \param end of it */
    virtual void OnBlockStart(const NbiotBlock& block, Time start, Time end) = 0;
    /** Msg3 with early data will go out. \param block the data \param start of it \param end of it
     */
    virtual void OnEarlyDataStart(const NbiotBlock& block, Time start, Time end) = 0;
    /** A block was received. \param block the block */
    virtual void OnBlockReceived(const NbiotBlock& block) = 0;
    /** A block was lost in all its HARQ transmissions. \param block the block */
    virtual void OnBlockLost(const NbiotBlock& block) = 0;
    /** It waits in its connection for a search space. */
    virtual void OnWaiting() = 0;
    /** In its connection nothing is left to do: it listens in its on-durations. */
    virtual void OnInactive() = 0;
    /** In its connection there is something to do again. */
    virtual void OnActive() = 0;
    /** A packet for it has come whole. \param payload of the application \param port likewise */
    virtual void OnDownlink(Ptr<const Packet> payload, uint8_t port) = 0;
    /** The connection is released. */
    virtual void OnReleased() = 0;
    /** Random access failed for good. */
    virtual void OnAccessFailed() = 0;

    // --- how it is reached ---

    /** \return whether random access or something in a connection is under way */
    virtual bool IsBusy() const = 0;
    /** \param from a time \return when it, connected and inactive, listens: from or later */
    virtual Time NextOnDuration(Time from) const = 0;
    /** \return whether it is in idle mode and not yet in power saving mode */
    virtual bool IsListeningToPaging() const = 0;
    /** \return when it goes from idle mode to power saving mode */
    virtual Time GetPowerSavingStart() const = 0;
    /** \param from a time \return its first paging occasion not before that, if it is idle then */
    virtual Time NextPagingOccasion(Time from) const = 0;
    /**
     * It is paged.
     * \param from of the message \param until its end \param heard whether it gets it
     */
    virtual void OnPaging(Time from, Time until, bool heard) = 0;
    /** The page was heard to its end: it goes through random access to hear what there is. */
    virtual void AnswerPage() = 0;

  protected:
    ~NbiotServedUe() = default;
};

/**
 * \ingroup lpwan
 *
 * What a device needs of its base station: NbiotEnb is one. The index of a device is its number in
 * the cell, from 0.
 */
class NbiotServingCell
{
  public:
    /** \param index of a device \return its coupling loss, dB */
    virtual double GetCouplingLossDb(uint32_t index) = 0;
    /** \param index of a device \return its coverage level by the received power, 0..2 */
    virtual uint8_t GetCeLevel(uint32_t index) = 0;
    /** \param level of coverage \return how long a device there listens at a paging occasion */
    virtual Time GetPagingDuration(uint8_t level) const = 0;
    /** \param index of a device that has something to send \param ready to send: not before */
    virtual void RequestAccess(uint32_t index, Time ready) = 0;
    /** A device in a connection has something to send again. \param index of it */
    virtual void Resume(uint32_t index) = 0;
    /** A device was turned off: what waits for it is lost. \param index of it */
    virtual void OnDeviceOff(uint32_t index) = 0;
    /**
     * A packet has come whole, and goes on to the core network.
     * \param index of its device
     * \param packet of the application \param port likewise
     * \param counter number of the packet on its device
     */
    virtual void Deliver(uint32_t index,
                         Ptr<const Packet> packet,
                         uint8_t port,
                         uint32_t counter) = 0;
    /** A packet that was on the air is done with. \param report how it fared */
    virtual void Report(const NbiotPacketReport& report) = 0;

  protected:
    ~NbiotServingCell() = default;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_INTERFACE_H
