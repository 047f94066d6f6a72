// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_ENB_H
#define LPWAN_NBIOT_ENB_H

#include "lpwan-nbiot-phy.h"
#include "lpwan-nbiot-ue.h"
#include "lpwan-uplink-delivery.h"

#include "ns3/callback.h"
#include "ns3/event-id.h"
#include "ns3/mobility-model.h"
#include "ns3/object.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/random-variable-stream.h"
#include "ns3/traced-callback.h"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Number of coverage enhancement levels. */
constexpr std::size_t NBIOT_CE_COUNT = 3;

/** What happened in a cell so far. */
struct NbiotCellCounts
{
    uint64_t preambles{0};           //!< sent
    uint64_t collidedPreambles{0};   //!< of those: another device had the same one
    uint64_t undetectedPreambles{0}; //!< of the others: lost in noise
    uint64_t accesses{0};            //!< random accesses that succeeded
    uint64_t failedAccesses{0};      //!< given up after all attempts
    uint64_t blocks{0};              //!< transport blocks of data sent, all attempts
    uint64_t lostBlocks{0};          //!< of those: not decoded
    uint64_t residualErrors{0};      //!< blocks lost in all their HARQ transmissions
    uint64_t missedGrants{0};        //!< grants that the device did not hear
    uint64_t pagings{0};             //!< paging messages
    uint64_t downlinks{0};           //!< packets that reached a device
    uint64_t lostDownlinks{0};       //!< packets for devices that were given up
    uint64_t cancelledDownlinks{0};  //!< packets for devices that were taken back
};

/**
 * \ingroup lpwan
 *
 * A base station of NB-IoT (eNB) with one anchor carrier of 180 kHz, and the scheduler of its cell.
 * It sits on a node with a MobilityModel; devices (NbiotUe) attach to it.
 *
 * **Coupling loss** of a device: the propagation loss model, less both antenna gains, plus
 * shadowing (a normal draw for each device) and penetration loss; computed again when one of the
 * two moved.
 *
 * **Random access.** The received power chooses the coverage level (RsrpThresholdCe1,
 * RsrpThresholdCe2). Each level has its NPRACH occasions; all devices that wait for one draw one of
 * its subcarriers. A preamble is detected by chance (NbiotPreambleDetection()). Devices with the
 * same one are answered as one: their Msg3 collide, and are lost unless one is CaptureThreshold
 * above the others. RAR, Msg4 and release are messages on NPDCCH and NPDSCH, the last two are
 * acknowledged (NPUSCH format 2). Who fails draws a back-off; after MaxAttempts he goes on at the
 * next level, at the last he gives up. With EarlyData, what waits and fits in Msg3 is sent there,
 * and the connection ends with Msg4.
 *
 * **Scheduling.** Search spaces of NPDCCH start each Rmax x G ms, by level. In each, devices are
 * served first come, first served: a grant (its repetitions by the device's downlink) and, 8, 16,
 * 32 or 64 ms after it, an NPUSCH transmission on the first subcarriers that are free. Downlink
 * messages take subframes that others leave, 14 of each 20 on an AnchorCarrier; NPUSCH is postponed
 * where it meets an NPRACH occasion on its subcarriers. Link adaptation (NbiotChooseFormat()) aims
 * at TargetBler with FadingMargin to spare. Lost blocks are repeated by HARQ, received energies add
 * up.
 *
 * **Packets downwards** (SendDownlink()) wait for the device: they go before its next grant but the
 * first one of a connection, in blocks that it acknowledges; an idle device is paged, again at each
 * paging occasion until it answers or goes to power saving mode; there they wait until it connects.
 *
 * **Idle devices cost nothing**: events are those of occasions, search spaces, blocks and messages
 * that somebody uses.
 */
class NbiotEnb : public Object
{
  public:
    /** Told of each packet that reaches the core network. */
    using DeliverCallback = Callback<void, const UplinkDelivery&>;

    /** Signature of the trace sources of packets. \param report how a packet fared */
    typedef void (*PacketTracedCallback)(const NbiotPacketReport& report);

    /**
     * Signature of the trace source Block.
     * \param deviceAddress whose
     * \param format how the block was sent
     * \param start of it \param end of it
     * \param received whether it was decoded
     */
    typedef void (*BlockTracedCallback)(uint32_t deviceAddress,
                                        const NbiotFormat& format,
                                        Time start,
                                        Time end,
                                        bool received);

    /**
     * Signature of the trace source Uplink: subcarriers that are given away.
     * \param first of the subcarriers of 3.75 kHz \param count how many
     * \param start of the first symbol \param end of the last one
     * \param duration without what NPRACH takes in between
     */
    typedef void (
        *UplinkTracedCallback)(uint32_t first, uint32_t count, Time start, Time end, Time duration);

    /**
     * Signature of the trace source Downlink: subframes that are given away.
     * \param start of the first one \param end of the last one
     */
    typedef void (*DownlinkTracedCallback)(Time start, Time end);

    /** \return the TypeId */
    static TypeId GetTypeId();

    NbiotEnb();
    ~NbiotEnb() override;

    /** \param node where the antenna is; needs a MobilityModel before the first packet */
    void SetNode(Ptr<Node> node);

    /** \return where the antenna is */
    Ptr<Node> GetNode() const;

    /** \param model of the propagation loss */
    void SetPropagationLossModel(Ptr<PropagationLossModel> model);

    /** \param callback replaces the earlier one */
    void SetDeliverCallback(DeliverCallback callback);

    /**
     * \param ue attaches itself
     * \return its index
     */
    uint32_t AddUe(NbiotUe* ue);

    /** \return number of devices */
    uint32_t GetUeCount() const;

    /** \param index of a device \return its coupling loss, dB */
    double GetCouplingLossDb(uint32_t index);

    /** \param index of a device \return its level by the received power */
    uint8_t GetCeLevel(uint32_t index);

    /**
     * \param index of a device
     * \param bits to be sent
     * \return the format that link adaptation takes for it
     */
    NbiotFormat GetFormat(uint32_t index, uint32_t bits);

    /**
     * A packet for a device comes from the core network, CoreDelay from now.
     * \param index of the device
     * \param payload of the application, at most 1,600 bytes
     * \param port application port
     * It is lost, and counted so, when DownlinkQueueLimit packets wait for the device already, or
     * when the device does not get one of its blocks.
     */
    void SendDownlink(uint32_t index, Ptr<const Packet> payload, uint8_t port);

    /** Takes back what waits for a device on a port and has not begun. \param index of it \param
     * port of the application */
    void CancelDownlinks(uint32_t index, uint8_t port);

    /** \param index of a device \return packets that wait for it */
    std::size_t GetDownlinkQueueSize(uint32_t index) const;

    /** \param level of coverage \return how long a device there listens at a paging occasion */
    Time GetPagingDuration(uint8_t level) const;

    /** \return what happened so far */
    const NbiotCellCounts& GetCounts() const;

    /**
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

    // --- called by devices ---

    /** \param index of a device that wants to send \param ready not before */
    void RequestAccess(uint32_t index, Time ready);

    /** A device in a connection has something to send again. \param index of it */
    void Resume(uint32_t index);

    /** A device was turned off: what waits for it is lost. \param index of it */
    void OnDeviceOff(uint32_t index);

    /** A packet has arrived. \param ue its device \param sdu the packet */
    void Deliver(const NbiotUe& ue, Ptr<const Packet> packet, uint8_t port, uint32_t counter);

    /** A packet that was on the air is done with. \param report how it fared */
    void Report(const NbiotPacketReport& report);

  protected:
    void DoDispose() override;

  private:
    using Levels = std::array<double, NBIOT_CE_COUNT>;

    /** Subcarriers of 3.75 kHz. */
    static constexpr uint32_t SUBCARRIERS = 48;
    /** Longest early data, bits (TS 36.321: edt-TBS of 1000). */
    static constexpr uint32_t MAX_EARLY_BITS = 1000;

    /**
     * A device in one random access and the connection that comes of it. A contact begins with the
     * first preamble and is over when the device has been released, gave up or was turned off;
     * EndContact() alone ends it, and the connection with it. Whatever is planned for a device
     * holds the contact that it was planned in, and asks with Find() whether that is still on.
     */
    struct Contact
    {
        uint32_t ue;     //!< index of the device
        uint32_t number; //!< of its contacts, from 0
    };

    /** A connection. */
    struct Connection
    {
        std::vector<std::shared_ptr<NbiotUe::Block>> again; //!< blocks that HARQ repeats
        uint32_t outstanding{0};                            //!< blocks on the air
        EventId inactivity;                                 //!< end of the inactivity timer
        NbiotStage second{NbiotStage::SCHEDULING};          //!< of the second HARQ process's block
    };

    /** A packet for a device. */
    struct Downlink
    {
        Ptr<const Packet> payload; //!< of the application
        uint8_t port{1};           //!< application port
        uint32_t left{0};          //!< bytes that have not arrived, overhead included
        uint32_t attempts{0};      //!< of the block under way
        bool begun{false};         //!< a block of it was sent
    };

    /** What comes down to a device; most never get anything. */
    struct DownlinkQueue
    {
        std::deque<Downlink> packets; //!< oldest first
        EventId paging;               //!< the next attempt, or the end of a message in the air
    };

    /** A device. */
    struct Ue
    {
        NbiotUe* device;                         //!< the device
        Ptr<MobilityModel> mobility;             //!< found at first use
        Vector position;                         //!< of the device, when the loss was computed
        Vector enbPosition;                      //!< of the base station then
        double couplingLossDb{0};                //!< then
        double shadowing{0};                     //!< of N(0, 1)
        uint8_t level{0};                        //!< coverage level of the access under way
        uint16_t attempts{0};                    //!< at this level
        uint32_t contact{0};                     //!< number of the present or next contact
        std::unique_ptr<Connection> connection;  //!< null: none
        std::unique_ptr<DownlinkQueue> downlink; //!< null: nothing ever came

        bool HasDownlink() const
        {
            return downlink && !downlink->packets.empty();
        }
    };

    /** One of those who send a Msg3. */
    struct Msg3Sender
    {
        Contact contact;                       //!< who
        double snr{0};                         //!< sum over the transmissions, linear
        std::shared_ptr<NbiotUe::Block> block; //!< early data; null: none
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

    /** A stretch of time. */
    struct Span
    {
        Time start;
        Time end;
    };

    /** A message downwards. */
    struct Message
    {
        Time from;        //!< its NPDCCH begins
        Time until;       //!< its NPDSCH ends
        bool lost{false}; //!< the device does not get it
    };

    /** A transmission upwards. */
    struct Uplink
    {
        Time start;
        Time end;
        uint32_t first{0}; //!< subcarrier of 3.75 kHz
    };

    /** What is for a device in a search space. */
    enum class Service : uint8_t
    {
        GRANT,    //!< of a block upwards
        DOWNLINK, //!< a block of a packet downwards
        RELEASE,  //!< of its connection
    };

    /** A device that waits for a search space. */
    struct Wait
    {
        Contact contact;
        Service service;
    };

    template <Levels NbiotEnb::*M>
    void SetLevels(std::string text);
    template <Levels NbiotEnb::*M>
    std::string GetLevels() const;
    /** \param name attribute Deployment */
    void SetDeployment(std::string name);
    /** \return attribute Deployment */
    std::string GetDeployment() const;

    /** \return power of the carrier downwards, dBm */
    double GetDownlinkPowerDbm() const;

    /** \return signal over noise upwards, by tones, dB */
    std::array<double, NBIOT_TONES_COUNT> UplinkSnrDb(const NbiotUe& device, double lossDb) const;

    /** \return signal over noise downwards, dB */
    double DownlinkSnrDb(double lossDb) const;

    /** \return largest coupling loss that belongs to a level, dB */
    double EdgeLossDb(uint8_t level) const;

    /** \return whether a message or grant is lost, drawn \param deficitDb what it lacks to the
     * wanted energy */
    bool IsLostDownlink(double deficitDb);

    /** \return format of a block \param lossDb coupling loss it is made for */
    NbiotFormat ChooseFormat(const NbiotUe& device,
                             double lossDb,
                             uint32_t bits,
                             uint32_t maxSubcarriers) const;

    /** \return what link adaptation may do for a device */
    NbiotAdaptation Adaptation(const NbiotUe& device) const;

    /** \return first NPRACH occasion of a level at or after a time */
    Time NextOccasion(uint8_t level, Time from) const;

    /** \return first search space of a level at or after a time */
    Time NextSearchSpace(uint8_t level, Time from) const;

    /** Aborts when NPRACH leaves no time for anything else. */
    void CheckPreambles() const;

    /** \return how a grant goes down; not less than Rmax / 8 subframes, the fewest repetitions that
     * a search space has (TS 36.213, tables 16.6-1 and 16.6-3) */
    NbiotDownlinkEffort GrantEffort(uint8_t level, double snrDb) const;

    /** \return period of a level's search spaces */
    Time SearchSpacePeriod(uint8_t level) const;

    /** \return free subframes downwards, not booked yet */
    NbiotDownlinkSpan FitDownlink(Time from, uint32_t subframes) const;

    /** Books subframes. */
    void BookDownlink(Time start, Time end);

    /** \return a message, booked \param snrDb of who shall hear it */
    Message SendMessage(uint8_t level, Time from, double snrDb, uint32_t bits);

    /** \return end of a transmission upwards that NPRACH occasions hold up; \param start is moved
     * behind an occasion that is on then */
    Time UplinkEnd(Time& start, Time duration, uint32_t first, uint32_t count) const;

    /** \return a place for a transmission at one of these delays, booked; nothing when none is free
     */
    std::optional<Uplink> FitUplink(Time after,
                                    const std::vector<Time>& delays,
                                    NbiotTones tones,
                                    Time duration);

    /** Takes a transmission's subcarriers. \param count how many */
    void BookUplink(const Uplink& uplink, uint32_t count);

    /** \return the contact that a device is in */
    Contact ContactOf(uint32_t index) const;

    /** \return the device of a contact; null when the contact is over */
    Ue* Find(const Contact& contact);

    /** Ends the contact of a device, and its connection. */
    void EndContact(Ue& ue);

    // The steps of an access and of a connection, each at the time it happens. A device that is
    // told something may be turned off by it, its battery being empty, and its contact is over
    // then.
    void JoinOccasion(const Contact& contact, Time ready, bool listens);
    void EndOccasion(uint8_t level, Time start);
    void FailAccess(const std::vector<Contact>& contacts);
    void PrepareMsg3(Msg3& msg3);
    bool SendMsg3(std::shared_ptr<Msg3> msg3,
                  const Message& before,
                  const std::vector<Time>& delays);
    void EndMsg3(std::shared_ptr<Msg3> msg3);
    void SendMsg4(Contact contact, bool earlyData, unsigned attempts);
    void Connect(Contact contact);
    void Register(const Contact& contact, Service service, Time from);
    void Serve(uint8_t level, Time start);
    bool Grant(const Contact& contact, Time start, Time end);

    /**
     * A place for a block, booked; its format is set. \param again it was sent before \param after
     * the end of its grant \param previous the block of the other HARQ process, granted just now
     */
    std::optional<Uplink> FitBlock(const NbiotUe& device,
                                   double lossDb,
                                   NbiotUe::Block& block,
                                   bool again,
                                   Time after,
                                   const std::optional<Uplink>& previous);
    void EndBlock(Contact contact, std::shared_ptr<NbiotUe::Block> block, Time start);
    void Continue(Contact contact);
    void ServeNext(Contact contact);
    void EndInactivity(Contact contact);
    void ArriveDownlink(uint32_t index, Ptr<const Packet> payload, uint8_t port);
    void AnnounceDownlink(uint32_t index);
    void Page(uint32_t index);
    bool SendDownlinkBlock(const Contact& contact, Time start, Time end);
    void ReceiveDownlinkBlock(Contact contact, uint32_t bytes);
    void LoseDownlinkBlock(Contact contact);
    void Arrive(UplinkDelivery delivery);
    bool SendRelease(const Contact& contact, Time start, Time end);
    void EndRelease(Contact contact);

    /** An acknowledgement (NPUSCH format 2) after a message. */
    Uplink SendAcknowledgement(Ue& ue, const Message& message);

    /** \return signal over noise of one transmission, faded, linear */
    double DrawSnr(double snrDb);

    Ptr<Node> m_node;
    Ptr<MobilityModel> m_mobility;
    Ptr<PropagationLossModel> m_lossModel;
    Ptr<UniformRandomVariable> m_uniform;
    Ptr<NormalRandomVariable> m_normal;
    Ptr<NormalRandomVariable> m_shadowingVariable;
    DeliverCallback m_deliver;

    Levels m_preambleRepetitions{};
    Levels m_preamblePeriodMs{};
    Levels m_preambleStartMs{};
    Levels m_preambleSubcarriers{};
    Levels m_maxAttempts{};
    Levels m_backoffMs{};
    Levels m_rMax{};
    Levels m_g{};
    std::string m_deployment{"Standalone"};
    double m_antennaGainDb{0};
    double m_noiseFigureDb{3};
    double m_interferenceMarginDb{0};
    double m_ueNoiseFigureDb{5};
    double m_downlinkEnergyPerBitDb{10};
    double m_downlinkErrorRate{0.01};
    double m_maxCouplingLossDb{164};
    double m_shadowingSigmaDb{0};
    double m_penetrationLossDb{0};
    double m_fadingSigmaDb{0};
    double m_fadingMarginDb{0};
    double m_targetBler{0.1};
    double m_spectrumWeight{0.1};
    double m_captureThresholdDb{300};
    Time m_inactivityTime;
    Time m_coreDelay;
    uint32_t m_rarWindow{4};
    uint32_t m_contentionTimer{8};
    uint32_t m_msg4Bits{200};
    uint32_t m_releaseBits{80};
    uint32_t m_downlinkQueueLimit{16};
    uint8_t m_maxHarqTransmissions{4};
    uint8_t m_preambleFormat{0};
    double m_rsrpThresholdCe1Dbm{-115.5};
    double m_rsrpThresholdCe2Dbm{-127.5};
    bool m_anchor{true};
    bool m_earlyData{false};
    bool m_subcarrier3k75{true};

    std::vector<Ue> m_ues;
    bool m_checked{false};        //!< CheckPreambles() was called
    uint32_t m_shadowingDrawn{0}; //!< devices whose shadowing is drawn
    std::array<std::map<Time, std::vector<Contact>>, NBIOT_CE_COUNT> m_occasions; //!< by start
    std::array<std::map<Time, std::vector<Wait>>, NBIOT_CE_COUNT> m_searchSpaces; //!< by start
    std::vector<Span> m_downlink;                   //!< booked, by start
    std::array<Time, SUBCARRIERS> m_uplinkFreeFrom; //!< by subcarrier of 3.75 kHz
    NbiotCellCounts m_counts;

    TracedCallback<const NbiotPacketReport&> m_packetTrace;
    TracedCallback<const NbiotPacketReport&> m_droppedTrace;
    TracedCallback<uint32_t, const NbiotFormat&, Time, Time, bool> m_blockTrace;
    TracedCallback<uint32_t, uint32_t, Time, Time, Time> m_uplinkTrace;
    TracedCallback<Time, Time> m_downlinkTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_ENB_H
