// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_UE_H
#define LPWAN_NBIOT_UE_H

#include "lpwan-nbiot-phy.h"
#include "lpwan-net-device.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

class NbiotEnb;

/** Headers of MAC and RLC on a transport block, bytes. */
constexpr uint32_t NBIOT_BLOCK_HEADER_BYTES = 4;
/** Length field for each packet of a block after the first, bytes. */
constexpr uint32_t NBIOT_FURTHER_PACKET_BYTES = 2;

/** What a device is busy with while packets wait; the parts of a packet's latency. */
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

/** What became of a packet that was on the air. */
enum class NbiotFate : uint8_t
{
    RECEIVED,       //!< all of it reached the base station
    RESIDUAL_ERROR, //!< a part was lost in all its transmissions, and nobody repeats it
    DROPPED,        //!< the device gave it up; the trace source Drop says so too
    UNDER_WAY,      //!< not done with: NbiotUe::ReportUnderWay() only
};

/** \param fate a fate \return its name as in result files */
const char* ToString(NbiotFate fate);

/** How a packet fared. */
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
 * An NB-IoT device (UE): half duplex, one cell, packets up.
 *
 * **A packet's way.** Send() queues. Out of power saving the device first finds the cell again
 * (ResyncTime, by coverage level), then goes through random access (see NbiotEnb); with that the
 * base station learns how much waits. All that waits goes in one connection, packets cut into
 * transport blocks as the grants say, several in one block where they fit. Each block has 4 bytes
 * of MAC and RLC headers, each packet PacketOverhead bytes of the layers above; the resume message
 * of the connection has ResumeBytes.
 *
 * **Delivery** is acknowledged (Mode AM): a block that was lost in all its HARQ transmissions is
 * repeated by RLC, MaxRlcRetransmissions times, then the packet is dropped (NOT_ACKNOWLEDGED). Or
 * it is not (UM): a packet with a lost part is lost, and the device does not know.
 *
 * **Then** the base station releases the connection: at once with release assistance (attribute
 * ReleaseAssistance), otherwise after its inactivity timer, during which the device listens in the
 * on-durations of its connected-mode DRX (CdrxCycle, OnDuration). For ActiveTime (T3324) it is then
 * in idle mode and listens for paging each PagingCycle, or, with extended DRX (EdrxCycle), in the
 * PagingTimeWindow of each EdrxCycle. Then it goes to power saving mode, where only Send() wakes
 * it.
 *
 * **Downwards** (NbiotEnb::SendDownlink()) a packet reaches a connected device in the next search
 * space, or on-duration when it had become inactive; an idle one by paging; one in power saving
 * mode when it connects the next time. The callback of SetReceiveCallback() gets it.
 *
 * **Energy** by state, watt: RadioState::TX by TxPower; RX; LIGHT_SLEEP: connected, with its
 * on-durations; DRX: idle, with its paging occasions, at each of which the device hears the whole
 * search space of its level; both at the mean over a cycle. SLEEP: power saving mode. Presets
 * (SetModem()):
 *
 * | modem | TX 23 / 14 dBm | RX | light sleep | idle | PSM | source |
 * |---|---|---|---|---|---|---|
 * | BG96, 3.8 V | 589 / 300 mW | 304 mW | 3.1 mW | 3.1 mW | 15 uW | tudo-cni/ns3-lena-nb @709a330;
 * RX 80 mA | | TR45.820 | 545 / 245 mW | 90 mW | 3 mW | 3 mW | 15 uW | 3GPP TR 45.820, section 5.4
 * | | SARA-N2, 3.6 V | 792 / 360 mW | 166 mW | 21.6 mW | 21.6 mW | 11 uW | u-blox SARA-N2 data
 * sheet |
 *
 * The figures at 14 dBm are not all published; between 14 and 23 dBm the power is linear in
 * radiated watt.
 */
class NbiotUe : public LpwanNetDevice
{
  public:
    /** \return the TypeId */
    static TypeId GetTypeId();

    NbiotUe();
    ~NbiotUe() override;

    /**
     * \param enb the cell's base station
     * \param address by which it knows the device
     */
    void Attach(Ptr<NbiotEnb> enb, uint32_t address);

    /** \return the base station */
    Ptr<NbiotEnb> GetEnb() const;

    /** \return index of the device in its cell */
    uint32_t GetIndex() const;

    /** \return coverage level by the received power, 0..2 */
    uint8_t GetCeLevel() const;

    /** \return coupling loss to the base station, dB */
    double GetCouplingLossDb() const;

    /** \return radiated power, dBm */
    double GetTxPowerDbm() const;

    /** \return what link adaptation may use */
    NbiotCategory GetCategory() const;

    /** \return whether the device can send 3, 6 and 12 tones */
    bool IsMultiTone() const;

    /** \return HARQ processes of the uplink, 1 or 2 */
    uint8_t GetHarqProcesses() const;

    /** \return bytes that are still to be sent, headers of the packets included */
    uint32_t GetBufferBytes() const;

    /** \return packets that have begun and are not done with */
    std::size_t GetPacketsUnderWay() const;

    /** \return what can be said up to now of the packets on the air that are not done with */
    std::vector<NbiotPacketReport> ReportUnderWay();

    /**
     * \return how long it was sending up to now for no packet: preambles, Msg3 without data,
     * acknowledgements, blocks with signalling alone or with packets that were given up meanwhile.
     * With the airtime of all packets this is the time in RadioState::TX.
     */
    Time GetSignallingTime();

    /**
     * \param from a time
     * \return when the device, connected and inactive, listens: from or later
     */
    Time NextOnDuration(Time from) const;

    /**
     * \param from a time
     * \return its first paging occasion at or after that, if it is idle so long
     */
    Time NextPagingOccasion(Time from) const;

    /** \return application bytes of the packets that wait or are under way */
    uint64_t GetPendingBytes() const;

    // --- LpwanNetDevice, NetDevice ---
    uint32_t GetDeviceAddress() const override;
    uint16_t GetMtu() const override;
    bool Send(Ptr<Packet> packet, const Address& dest, uint16_t protocolNumber) override;
    Ptr<Channel> GetChannel() const override;
    void SetAddress(Address address) override;
    Address GetAddress() const override;
    Address GetBroadcast() const override;
    bool IsLinkUp() const override;
    double GetPowerWatt(RadioState state) const override;
    void TurnOff() override;
    bool IsOff() const override;
    /** What waits is told to the base station, which grants for all of it. */
    uint32_t GetUsefulQueueSize() const override;

  protected:
    void DoDispose() override;
    void OnQueued(const QueueItem& item) override;
    void OnWithdrawn(std::size_t index, const QueueItem& item) override;

  private:
    friend class NbiotEnb;

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

    /** When a packet that waits was handed over. */
    struct Waiting
    {
        Time queued;                                //!< the time
        std::array<Time, NBIOT_STAGE_COUNT> before; //!< see Sdu
    };

    /** A part of a packet in a block. */
    struct Segment
    {
        uint32_t counter;           //!< whose
        uint32_t bytes;             //!< how much of it
        uint8_t retransmissions{0}; //!< by RLC, of this part
    };

    /** A transport block. */
    struct Block
    {
        NbiotFormat format;            //!< how it is sent
        std::vector<Segment> segments; //!< what is in it
        uint32_t controlBytes{0};      //!< of the resume message
        uint8_t transmissions{0};      //!< so far
        double energy{0};              //!< received in all transmissions, over what 10 % need
    };

    /** A part of what the radio sends after a message. */
    struct Sending
    {
        Time duration;                      //!< how long the device really sends; 0: nothing
        std::shared_ptr<const Block> block; //!< null: signalling
    };

    /** Something that the radio sends, or will: its accounts are not closed. */
    struct OnAir
    {
        Time start;                         //!< of what is not charged yet
        Time left;                          //!< likewise
        std::shared_ptr<const Block> block; //!< null: signalling
        bool begun{false};                  //!< a part of it is charged
    };

    /** \param name attribute Modem */
    void SetModem(std::string name);
    /** \return attribute Modem */
    std::string GetModem() const;
    /** \param name attribute Category */
    void SetCategory(std::string name);
    /** \return attribute Category */
    std::string GetCategoryName() const;
    /** \param name attribute Mode */
    void SetMode(std::string name);
    /** \return attribute Mode */
    std::string GetMode() const;

    /** Begins random access when something waits and nothing is under way. */
    void Wake();

    // --- called by the base station ---

    /** \param stage the device is in \param at from then on; what was planned before is void */
    void EnterStage(NbiotStage stage, Time at);

    /** Adds up the stages to now. */
    void SettleStages();

    /** A preamble will go out. \param listenUntil the device looks for its cell until then \param
     * start of the preamble \param end of it */
    void OnPreamble(Time listenUntil, Time start, Time end);

    /** A message comes down, and something goes up after it: a grant and the blocks, or a message
     * and its acknowledgement. \param from of the message \param until its end \param start of
     * what goes up \param sendings what that is, one after the other */
    void OnExchange(Time from, Time until, Time start, const std::array<Sending, 2>& sendings);

    /** The network pages it. \param from of the message \param until its end \param heard whether
     * the device gets it */
    void OnPaging(Time from, Time until, bool heard);

    /** It has heard its name: goes through random access to hear what there is. */
    void Answer();

    /** \return whether it is in idle mode and not yet in power saving mode */
    bool IsListeningToPaging() const;

    /** Takes bytes out of the queue. \param block to be filled \param bytes it holds */
    void Fill(Block& block, uint32_t bytes);

    /** \return bytes of a block with all that waits, headers included, if it is early data; 0 when
     * nothing waits */
    uint32_t GetEarlyBytes() const;

    /** Takes all that waits into Msg3, which needs no resume message then. \return the block */
    std::shared_ptr<Block> FillEarly();

    /** Random access failed: what went in Msg3 is to be sent again. */
    void TakeEarlyBack();

    /** A block will go out. \param block the block \param start of it \param end of it */
    void OnBlockStart(const Block& block, Time start, Time end);

    /** The same for the parts of the trace: packets that begin with it. */
    void StartPackets(const Block& block, Time start, Time end);

    /** \return stage of a device that sends a block */
    static NbiotStage StageOf(const Block& block);

    /** A block was received. */
    void OnBlockReceived(const Block& block);

    /** A block was lost for good. */
    void OnBlockLost(const Block& block);

    /** Gives all packets up, waiting or under way. \param reason why */
    void DropAll(DropReason reason);

    /** Adds what the radio sent up to now to the accounts of packets, or of signalling. */
    void ChargeAirtime();

    /** \param sdu a packet \param fate of it \return what there is to say of it */
    NbiotPacketReport MakeReport(const Sdu& sdu, NbiotFate fate);

    /** Tells of a packet that is given up. \param report of it \param packet it \param reason why
     */
    void TellDropped(NbiotPacketReport report, Ptr<const Packet> packet, DropReason reason);

    /** \return what the radio draws while it sends, watt */
    double GetTxPowerWatt() const;

    /** Random access failed for good. */
    void OnAccessFailed();

    /** The connection is released. */
    void OnReleased();

    /** A packet is done with: told and forgotten. */
    void Finish(std::size_t index, NbiotFate fate);

    /** \param counter a packet on its way \return its place in m_sdus; its size when it is none */
    std::size_t Find(uint32_t counter) const;

    Ptr<NbiotEnb> m_enb;
    std::deque<Sdu> m_sdus;                       //!< on their way, oldest first
    std::deque<Segment> m_again;                  //!< lost parts that RLC repeats
    std::array<Time, NBIOT_STAGE_COUNT> m_stages; //!< time spent in each
    Time m_stageSince;                            //!< in m_stage
    Time m_nextStageAt;                           //!< see m_nextStage
    std::deque<Waiting> m_waiting;                //!< the packets that wait
    std::vector<OnAir> m_onAir;                   //!< in order of time
    Time m_signalling;                            //!< see GetSignallingTime()
    double m_txPowerDbm{23};
    Time m_cdrxCycle;
    Time m_onDuration;
    Time m_pagingCycle;
    Time m_edrxCycle;
    Time m_pagingTimeWindow;
    Time m_resyncTime0;
    Time m_resyncTime1;
    Time m_resyncTime2;
    Time m_activeTime;
    Time m_psmFrom; //!< end of the active time, when idle
    uint32_t m_address{0};
    uint32_t m_index{0};
    uint32_t m_queuedBytes{0}; //!< of the packets that wait, overhead included
    uint32_t m_counter{0};     //!< of the next packet
    uint32_t m_packetOverhead{29};
    uint32_t m_resumeBytes{20};
    uint32_t m_resumeLeft{0}; //!< of the resume message, still to be sent
    uint16_t m_mtu{1600};
    uint8_t m_maxRlcRetransmissions{8};
    uint8_t m_harqProcesses{1};
    NbiotCategory m_category{NbiotCategory::NB1};
    NbiotStage m_stage{NbiotStage::ACCESS_WAIT};
    NbiotStage m_nextStage{NbiotStage::ACCESS_WAIT}; //!< entered at m_nextStageAt
    uint8_t m_modem{0};
    bool m_acknowledged{true};
    bool m_multiTone{true};
    bool m_releaseAssistance{true};
    bool m_busy{false}; //!< random access or a connection is under way
    bool m_idle{true};  //!< in no connection
    bool m_off{false};

    RareTracedCallback<const NbiotPacketReport&> m_reportTrace;
    RareTracedCallback<const NbiotPacketReport&> m_droppedTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_UE_H
