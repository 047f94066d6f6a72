// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_UE_H
#define LPWAN_NBIOT_UE_H

#include "lpwan-nbiot-drx.h"
#include "lpwan-nbiot-interface.h"
#include "lpwan-nbiot-modem.h"
#include "lpwan-nbiot-phy.h"
#include "lpwan-nbiot-rlc.h"
#include "lpwan-nbiot-stage-clock.h"
#include "lpwan-net-device.h"

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
 * | BG96, 3.8 V | 589 / 300 mW | 304 mW | 3.1 mW | 3.1 mW | 15 uW | (1) |
 * | TR45.820 | 545 / 245 mW | 90 mW | 3 mW | 3 mW | 15 uW | (2) |
 * | SARA-N2, 3.6 V | 792 / 360 mW | 166 mW | 21.6 mW | 21.6 mW | 11 uW | (3) |
 *
 * (1) tudo-cni/ns3-lena-nb @709a330; RX 80 mA. (2) 3GPP TR 45.820, section 5.4. (3) u-blox SARA-N2
 * data sheet.
 *
 * The figures at 14 dBm are not all published; between 14 and 23 dBm the power is linear in
 * radiated watt.
 */
class NbiotUe : public LpwanNetDevice, public NbiotServedUe
{
  public:
    /**
     * Signature of the trace source BlockStart.
     * \param format of a transport block that was granted: tones, size, repetitions
     * \param txPowerDbm by which it is sent
     * \param start of it \param end of it
     */
    typedef void (*BlockStartTracedCallback)(const NbiotFormat& format,
                                             double txPowerDbm,
                                             Time start,
                                             Time end);

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
    double GetTxPowerDbm() const override;

    /** \return what link adaptation may use */
    NbiotCategory GetCategory() const override;

    /** \return whether the device can send 3, 6 and 12 tones */
    bool IsMultiTone() const override;

    /** \return HARQ processes of the uplink, 1 or 2 */
    uint8_t GetHarqProcesses() const override;

    /** \return bytes that are still to be sent, headers of the packets included */
    uint32_t GetBufferBytes() const override;

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
    Time NextOnDuration(Time from) const override;

    /**
     * \param from a time
     * \return its first paging occasion at or after that, if it is idle so long
     */
    Time NextPagingOccasion(Time from) const override;

    /** \return application bytes of the packets that wait or are under way */
    uint64_t GetPendingBytes() const;

    // --- LpwanNetDevice, NetDevice ---
    uint32_t GetDeviceAddress() const override;
    uint16_t GetMtu() const override;
    bool Send(Ptr<Packet> packet, const Address& dest, uint16_t protocolNumber) override;
    /** \return the cell's NbiotCarrier; null before Attach() */
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
    /** When a packet that waits was handed over. */
    struct Waiting
    {
        Time queued;                   //!< the time
        NbiotStageClock::Times before; //!< see NbiotRlc::Sdu
    };

    // --- NbiotServedUe ---
    uint32_t GetPacketOverhead() const override;
    uint32_t GetRlcTransmissions() const override;
    bool AssistsRelease() const override;
    uint32_t GetEarlyBytes() const override;
    void Fill(NbiotBlock& block, uint32_t bytes) override;
    std::shared_ptr<NbiotBlock> FillEarly() override;
    void TakeEarlyBack() override;
    void EnterStage(NbiotStage stage, Time at) override;
    void OnPreamble(Time listenUntil, Time start, Time end) override;
    void OnExchange(Time from, Time until, Time start, const NbiotSendings& sendings) override;
    void OnBlockStart(const NbiotBlock& block, Time start, Time end) override;
    void OnEarlyDataStart(const NbiotBlock& block, Time start, Time end) override;
    void OnBlockReceived(const NbiotBlock& block) override;
    void OnBlockLost(const NbiotBlock& block) override;
    void OnWaiting() override;
    void OnInactive() override;
    void OnActive() override;
    void OnDownlink(Ptr<const Packet> payload, uint8_t port) override;
    void OnReleased() override;
    void OnAccessFailed() override;
    bool IsBusy() const override;
    bool IsListeningToPaging() const override;
    Time GetPowerSavingStart() const override;
    void OnPaging(Time from, Time until, bool heard) override;
    void AnswerPage() override;

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

    /** \return the base station, as far as the device needs it */
    NbiotServingCell& Cell() const;

    /** \return when it listens, by its attributes */
    NbiotDrx Drx() const;

    /** Begins random access when something waits and nothing is under way. */
    void Wake();

    /** Tells of packets that begin with a block. */
    void StartPackets(const NbiotBlock& block, Time start, Time end);

    /** Gives all packets up, waiting or under way. \param reason why */
    void DropAll(DropReason reason);

    /** \param sdu a packet \param fate of it \return what there is to say of it */
    NbiotPacketReport MakeReport(const NbiotRlc::Sdu& sdu, NbiotFate fate);

    /** Tells of a packet that is given up. \param report of it \param packet it \param reason why
     */
    void TellDropped(NbiotPacketReport report, Ptr<const Packet> packet, DropReason reason);

    /** Tells of a packet that was sent to its end. \param ended the packet */
    void TellEnded(const NbiotRlc::Ended& ended);

    Ptr<NbiotEnb> m_enb;
    NbiotRlc m_rlc;                //!< packets that have begun
    NbiotStageClock m_stages;      //!< what it is busy with
    std::deque<Waiting> m_waiting; //!< the packets that wait
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
    uint8_t m_modem{0}; //!< place in NBIOT_MODEMS
    bool m_acknowledged{true};
    bool m_multiTone{true};
    bool m_releaseAssistance{true};
    bool m_busy{false}; //!< random access or a connection is under way
    bool m_idle{true};  //!< in no connection
    bool m_off{false};

    RareTracedCallback<const NbiotPacketReport&> m_reportTrace;
    RareTracedCallback<const NbiotPacketReport&> m_droppedTrace;
    RareTracedCallback<const NbiotFormat&, double, Time, Time> m_blockStartTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_UE_H
