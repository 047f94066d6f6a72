// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_LINK_H
#define LPWAN_OFFLOADING_LINK_H

#include "limitnet/results/run-folder.h"
#include "limitnet/scenario/option-table.h"

#include "ns3/callback.h"
#include "ns3/lpwan-attribute-bindings.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/lpwan-uplink-delivery.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** What a frame's time was spent on, seconds; on a link whose network schedules its devices. */
struct OffloadingLatency
{
    double accessWaitS{0};   //!< waiting for a random access occasion
    double accessS{0};       //!< random access
    double schedulingS{0};   //!< waiting for grants
    double transmissionS{0}; //!< the device's transport blocks on the air, this frame's or others'
    double retransmissionS{0}; //!< of these, the repeated ones
};

/** How a frame ended. */
enum class FrameOutcome : uint8_t
{
    UNDER_WAY, //!< not yet, when the simulation ended
    RECEIVED,  //!< by a gateway or base station, which hands it on to the cloud
    LOST,      //!< on the air
    DROPPED,   //!< the device gave it up
};

/** What became of a frame. (deviceAddress, frameCounter) are those of its LpwanTransmission. */
struct OffloadingFate
{
    uint32_t deviceAddress{0};
    uint32_t frameCounter{0};
    FrameOutcome outcome{FrameOutcome::UNDER_WAY};
    std::string cause; //!< of LOST and DROPPED: a word for fragments.csv, such as "interference"
    std::optional<uint32_t> interfererAddress; //!< the device that did most to its loss, if any
    std::optional<OffloadingLatency> latency;  //!< on a link that has these components
    std::optional<double> airtimeS; //!< on air for it, repeated parts included; on such a link
    double txEnergyJ{0};            //!< the radio's for that; likewise
};

/** What result files say of a device of a link. */
struct OffloadingDeviceState
{
    std::string level;                      //!< in accuracy.csv; one of GetLevels()
    std::optional<uint8_t> spreadingFactor; //!< LoRa: 7..12
    std::optional<uint8_t> ceLevel;         //!< NB-IoT: level of coverage enhancement, 0..2
    double pathLossDb{0};                   //!< to the gateway with the lowest one, with shadowing
    std::optional<double> signallingS;      //!< on air for no packet, where the link knows
};

/** A device that a link has built. */
struct OffloadingDevice
{
    Ptr<LpwanNetDevice> device; //!< on a node with a MobilityModel
    std::size_t group{0};       //!< index in limitnet::ScenarioValues::Groups()
};

/** A gateway, or base station. */
struct OffloadingGateway
{
    Ptr<Node> node;             //!< with a MobilityModel
    uint32_t operatorNumber{1}; //!< whose it is, from 1
};

/**
 * \ingroup limitnet
 *
 * What OffloadingScenario wants of a link: devices on nodes that have a place, their payloads in
 * the cloud, the fate of each frame, and a few words for the result files.
 *
 * A run may have several links. Device addresses differ over all of them, since the cloud knows a
 * device by its address alone. So do random streams: the scenario takes 3, one for each group from
 * 4 on, and one for each device from 4000000 and from 6000000 on; LoraLink those of
 * BuildLoraNetwork(); NbiotLink from 2000001 on, and from 3500000 on those of walking devices. From
 * 8000000 on they are free.
 */
class OffloadingLink
{
  public:
    /** Takes payloads, as CloudApplication does. */
    using DeliverCallback = Callback<void, const UplinkDelivery&>;

    /** Told what became of a frame. */
    using FateCallback = Callback<void, const OffloadingFate&>;

    OffloadingLink() = default;
    virtual ~OffloadingLink() = default;

    OffloadingLink(const OffloadingLink&) = delete;
    OffloadingLink& operator=(const OffloadingLink&) = delete;

    /** \return the link's name in result files, e.g. "lora" */
    virtual std::string GetName() const = 0;

    /**
     * \return the levels that devices can be at, in the order of accuracy.csv, e.g. "sf7"; no two
     *         links of a run have the same
     */
    virtual std::vector<std::string> GetLevels() const = 0;

    /** \return what it does with attributes of ns-3's objects */
    virtual AttributeBindings GetAttributes() const = 0;

    /**
     * \return whether the network says when devices send. The span of a frame, from the start to
     *         the end of its LpwanTransmission, then has waiting in it, and what it was on the air
     *         comes with its OffloadingFate.
     */
    virtual bool IsScheduled() const
    {
        return false;
    }

    /** \return whether LpwanNetDevice::SendConfirmed() has a packet acknowledged */
    virtual bool CanConfirm() const
    {
        return false;
    }

    /**
     * Builds the network, once and before the simulation; BeginRun() comes before it. Of the
     * groups it takes those that are on it, see IsOnLink().
     * \param values of the scenario
     * \param folder takes the link's own files, such as captures, if there are any
     * \return its devices
     * \throws limitnet::Error on a value that makes no sense with another
     */
    virtual std::vector<OffloadingDevice> Build(const limitnet::ScenarioValues& values,
                                                const limitnet::RunFolder& folder) = 0;

    /**
     * To be called after Build().
     * \param deliver takes each payload once, when it reaches the cloud
     * \param fate told of each frame after its end, and again after each repetition
     */
    virtual void Connect(DeliverCallback deliver, FateCallback fate) = 0;

    /** The simulation has ended: tells of frames under way what is known, where the link does. */
    virtual void Finish()
    {
    }

    /**
     * Sends to a device, as the link's network can: when the device listens the next time. What
     * still waits for it on that port is taken back: an older answer says nothing any more.
     * \param device index in what Build() returned
     * \param payload of the application, 1 to GetMaxDownlinkBytes()
     * \param port application port
     */
    virtual void SendDownlink(uint32_t device,
                              const std::vector<uint8_t>& payload,
                              uint8_t port) = 0;

    /** \return most bytes that SendDownlink() carries, whenever the device listens */
    virtual std::size_t GetMaxDownlinkBytes() const = 0;

    /** \return the gateways, or base stations */
    virtual std::vector<OffloadingGateway> GetGateways() const = 0;

    /**
     * \param device index in what Build() returned
     * \return its state now; the scenario asks at the end of the simulation
     */
    virtual OffloadingDeviceState GetDeviceState(uint32_t device) const = 0;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_LINK_H
