// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_ENB_H
#define LPWAN_NBIOT_ENB_H

#include "lpwan-nbiot-air-interface.h"
#include "lpwan-nbiot-carrier.h"
#include "lpwan-nbiot-cell.h"
#include "lpwan-nbiot-connection.h"
#include "lpwan-nbiot-interface.h"
#include "lpwan-nbiot-paging.h"
#include "lpwan-nbiot-radio.h"
#include "lpwan-nbiot-random-access.h"
#include "lpwan-nbiot-scheduler.h"
#include "lpwan-uplink-delivery.h"

#include "ns3/attribute.h"
#include "ns3/callback.h"
#include "ns3/object.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/traced-callback.h"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * A base station of NB-IoT (eNB) with one anchor carrier of 180 kHz, and the cell that it makes:
 * its attributes, its devices, what comes from and goes to the core network. It sits on a node with
 * a MobilityModel; devices (NbiotUe) attach to it. What happens in the cell is done by its parts:
 *
 * - NbiotRadio: coupling losses, signal over noise, link adaptation (NbiotChooseFormat()), which
 *   aims at TargetBler with FadingMargin to spare;
 * - NbiotDownlinkSchedule and NbiotUplinkSchedule, behind NbiotAirInterface: which subframes and
 *   subcarriers are whose. Downlink messages take subframes that others leave, 14 of each 20 on an
 *   AnchorCarrier; NPUSCH is postponed where it meets an NPRACH occasion on its subcarriers;
 * - NbiotRandomAccess: from the preamble to Msg4;
 * - NbiotScheduler: grants, blocks and releases of connected devices (NbiotConnection);
 * - NbiotPaging: how idle devices are reached.
 *
 * RAR, Msg4 and release are messages on NPDCCH and NPDSCH, the last two are acknowledged (NPUSCH
 * format 2).
 *
 * **Packets downwards** (SendDownlink()) wait for the device: they go before its next grant but the
 * first one of a connection, in blocks that it acknowledges; an idle device is paged, again at each
 * paging occasion until it answers or goes to power saving mode; there they wait until it connects.
 *
 * **Idle devices cost nothing**: events are those of occasions, search spaces, blocks and messages
 * that somebody uses.
 */
class NbiotEnb : public Object, public NbiotServingCell
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
     * Takes a device in; NbiotUe::Attach() calls it.
     * \param ue lives longer than the cell's last event
     * \param device the same as ns-3 knows it; its node is where it is
     * \return its index
     */
    uint32_t AddUe(NbiotServedUe& ue, Ptr<NetDevice> device);

    /** \return the cell's carrier with its devices; null before the first one */
    Ptr<NbiotCarrier> GetCarrier() const;

    /** \return number of devices */
    uint32_t GetUeCount() const;

    /** \param index of a device \return its coupling loss, dB */
    double GetCouplingLossDb(uint32_t index) override;

    /** \param index of a device \return its level by the received power */
    uint8_t GetCeLevel(uint32_t index) override;

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
    Time GetPagingDuration(uint8_t level) const override;

    /** \return what happened so far */
    const NbiotCellCounts& GetCounts() const;

    /**
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

  protected:
    void DoDispose() override;

  private:
    // --- NbiotServingCell ---
    void RequestAccess(uint32_t index, Time ready) override;
    void Resume(uint32_t index) override;
    void OnDeviceOff(uint32_t index) override;
    void Deliver(uint32_t index, Ptr<const Packet> packet, uint8_t port, uint32_t counter) override;
    void Report(const NbiotPacketReport& report) override;

    // Attributes are members of NbiotCellConfig, or of a member of it: PATH leads there.

    template <auto... PATH>
    using Value = std::remove_reference_t<decltype((std::declval<NbiotCellConfig&>().*....*PATH))>;
    template <auto... PATH>
    void SetValue(Value<PATH...> value);
    template <auto... PATH>
    Value<PATH...> GetValue() const;
    template <auto... PATH>
    void SetLevels(std::string text);
    template <auto... PATH>
    std::string GetLevels() const;
    /** \return the accessor of an attribute, by the type of the member */
    template <auto... PATH>
    static Ptr<const AttributeAccessor> Accessor();

    void ArriveUplink(UplinkDelivery delivery);
    void ArriveDownlink(uint32_t index, Ptr<const Packet> payload, uint8_t port);

    NbiotCellConfig m_config;
    NbiotCellCounts m_counts;
    DeliverCallback m_deliver;
    Ptr<NbiotCarrier> m_carrier;

    TracedCallback<const NbiotPacketReport&> m_packetTrace;
    TracedCallback<const NbiotPacketReport&> m_droppedTrace;
    NbiotScheduler::BlockTrace m_blockTrace;
    NbiotAirInterface::UplinkTrace m_uplinkTrace;
    NbiotAirInterface::DownlinkTrace m_downlinkTrace;

    // Each needs those before it.
    NbiotContexts m_contexts;
    NbiotRadio m_radio;
    NbiotAirInterface m_air;
    NbiotPaging m_paging;
    NbiotScheduler m_scheduler;
    NbiotRandomAccess m_randomAccess;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_ENB_H
