// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_CHANNEL_H
#define LPWAN_LORA_CHANNEL_H

#include "lpwan-lora-interference.h"
#include "lpwan-lora-phy.h"
#include "lpwan-lora-time-on-air.h"
#include "lpwan-net-device.h"

#include "ns3/channel.h"
#include "ns3/mobility-model.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simple-ref-count.h"
#include "ns3/vector.h"

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

namespace ns3
{
namespace lpwan
{

class LoraGateway;

/**
 * What became of an uplink in the air. At one gateway exactly one of these; over all gateways the
 * largest counts, so that the order of the members is that of how far the frame got.
 */
enum class LoraFate : uint8_t
{
    UNDER_SENSITIVITY, //!< lost in noise at every gateway
    GATEWAY_SENDING,   //!< strong enough, but the gateway sent a downlink meanwhile
    NO_DEMODULATOR,    //!< strong enough, but all demodulators were held by other frames
    INTERFERENCE,      //!< other frames were too strong
    RANDOM_LOSS,       //!< received, then given to the gateway's extra random loss
    RECEIVED,          //!< handed to the network server
};

/** Number of members of LoraFate. */
constexpr std::size_t LORA_FATE_COUNT = 6;

/**
 * \param fate a fate
 * \return its name as it stands in result files, e.g. "no_demodulator"
 */
const char* ToString(LoraFate fate);

/** The frame that did most to another's loss. */
struct LoraInterferer
{
    uint32_t deviceAddress{0}; //!< its sender
    uint32_t frameCounter{0};  //!< its counter
};

/** An uplink frame on its way through the air. */
struct LoraUplink : public SimpleRefCount<LoraUplink>
{
    LpwanTransmission transmission; //!< who, when, where
    LoraModulation modulation;      //!< how; agrees with `transmission`
    Ptr<const Packet> frame;        //!< the bytes on air (PHY payload)
    uint32_t netId{0};              //!< the network it is for
    Time symbolTime;                //!< duration of one symbol
    /** Its sender's supply failed meanwhile: nobody receives it, and it has no fate. What is left
     * of it disturbs others all the same; that is at most one frame of a device's life. */
    bool truncated{false};
    LoraFate fate{LoraFate::UNDER_SENSITIVITY}; //!< furthest it got so far in its network
    /** When `fate` is INTERFERENCE: who disturbed it most, at the first gateway of that fate. */
    LoraInterferer interferer;
    std::vector<uint32_t> receptions; //!< for gateways: the frame's place there, by gateway
};

/** A downlink frame on its way through the air. */
struct LoraDownlink : public SimpleRefCount<LoraDownlink>
{
    uint32_t gateway{0};       //!< index of the gateway that sends it
    LoraModulation modulation; //!< how; without payload CRC, as LoRaWAN wants it
    uint32_t frequencyHz{0};   //!< carrier
    double txPowerDbm{0};      //!< radiated power, EIRP
    Ptr<const Packet> frame;   //!< the bytes on air (PHY payload)
    Time start;                //!< first preamble symbol leaves the antenna
    Time end;                  //!< last symbol has left the antenna

    /** A device that receives it. */
    struct Listener
    {
        uint32_t device;   //!< index on the channel
        double rxPowerDbm; //!< received power
    };

    std::vector<Listener> listeners; //!< filled in by the channel
};

/** What the channel tells an end device, and asks it. */
class LoraDownlinkReceiver
{
  public:
    virtual ~LoraDownlinkReceiver() = default;

    /** The device's uplink has left its antenna. \param transmission the uplink */
    virtual void EndUplink(const LpwanTransmission& transmission) = 0;

    /**
     * \param spreadingFactor 7..12
     * \param bandwidthHz bandwidth
     * \return weakest power that the device receives, dBm
     */
    virtual double GetDownlinkSensitivityDbm(uint8_t spreadingFactor,
                                             uint32_t bandwidthHz) const = 0;

    /** \return noise of the device's receiver, dBm */
    virtual double GetNoiseFloorDbm(uint32_t bandwidthHz) const = 0;

    /** \return loss of the walls around the device, dB, in both directions */
    virtual double GetPenetrationLossDb() const = 0;

    /**
     * A preamble is there that the device can hear in a window that it announced by Listen().
     * \param downlink the frame
     * \param slot what the device gave as `slot` to Listen()
     * \return whether the device receives it, from now to its end
     */
    virtual bool StartDownlink(const LoraDownlink& downlink, uint8_t slot) = 0;

    /**
     * The frame ends that the device said it receives.
     * \param downlink the frame
     * \param rxPowerDbm received power
     * \param received whether its bytes arrived whole
     */
    virtual void EndDownlink(const LoraDownlink& downlink, double rxPowerDbm, bool received) = 0;
};

/**
 * \ingroup lpwan
 *
 * The air between end devices and gateways. An uplink is given to gateways only: devices listen for
 * inverted IQ and cannot demodulate one another, so a frame costs the same in a large network as in
 * a small one. A downlink is given to the devices that listen on its channel and data rate when its
 * preamble is there.
 *
 * Path loss is the model of the attribute PropagationLossModel (its chain included), plus the
 * device's penetration loss, plus log-normal shadowing of ShadowingSigma. With
 * ShadowingCorrelationDistance 0 the shadowing is drawn once for each pair of device and gateway,
 * in the order of installation and from the stream given by AssignStreams(): it does not depend on
 * the traffic. Devices at one and the same place have the first one's, as long as they stay there:
 * groups of devices can be compared at the same places. Otherwise it is a function of the device's
 * place, one for each gateway, whose correlation falls off as exp(-d / distance) (Gudmundson 1991):
 * a sum of 500 plane waves (Cai and Giannakis, "A two-dimensional channel simulation model for
 * shadowing processes", IEEE Trans. Veh. Technol. 52(6), 2003), so moving devices meet it too. The
 * loss of a pair is computed when it is first needed and again only after one of the two has moved.
 * A loss model that draws, RandomPropagationLossModel for one, therefore makes no fading from frame
 * to frame; a line on std::cerr says so.
 * Propagation delay (0.07 ms at 20 km, under a fifteenth of the shortest symbol) is left out.
 *
 * A device receives a downlink that is at its sensitivity or above and, over each other downlink
 * that overlaps it, by the threshold of DownlinkSirMatrix (energies as at the gateway).
 */
class LoraChannel : public Channel
{
  public:
    /**
     * Signature of the trace source UplinkFate.
     * \param uplink the frame; its member fate is final
     */
    typedef void (*UplinkTracedCallback)(const LoraUplink& uplink);

    /**
     * Signature of the trace source DownlinkFate.
     * \param downlink the frame
     * \param device index of a device that listened to it
     * \param rxPowerDbm received power
     * \param received whether its bytes arrived whole
     */
    typedef void (*DownlinkTracedCallback)(const LoraDownlink& downlink,
                                           uint32_t device,
                                           double rxPowerDbm,
                                           bool received);

    /** \return the TypeId */
    static TypeId GetTypeId();

    LoraChannel();
    ~LoraChannel() override;

    /**
     * \param device an end device; its node needs a MobilityModel before the first frame
     * \param receiver the same device, as the channel talks to it; null for one that only sends
     * \return index of the device on this channel
     */
    uint32_t AddDevice(Ptr<NetDevice> device, LoraDownlinkReceiver* receiver = nullptr);

    /**
     * \param gateway a gateway; its node needs a MobilityModel before the first frame
     * \return index of the gateway on this channel
     */
    uint32_t AddGateway(Ptr<LoraGateway> gateway);

    /** \return number of gateways */
    uint32_t GetGatewayCount() const;

    /**
     * \param index index of a gateway
     * \return the gateway
     */
    Ptr<LoraGateway> GetGateway(uint32_t index) const;

    /**
     * \param device index of a device
     * \param gateway index of a gateway
     * \return loss between the two, dB, the same both ways: shadowing and the device's walls are
     *         in it, no antenna's gain is
     */
    double GetPathLossDb(uint32_t device, uint32_t gateway);

    /**
     * Puts an uplink on the air now; it ends at uplink->transmission.end.
     * \param device index of the sender
     * \param uplink the frame
     */
    void SendUplink(uint32_t device, Ptr<LoraUplink> uplink);

    /**
     * A device will listen for a downlink.
     * \param device index of the device
     * \param slot given back by StartDownlink()
     * \param frequencyHz carrier
     * \param modulation spreading factor and bandwidth are used
     * \param from start of the window \param until its end; Time::Max(): for good
     */
    void Listen(uint32_t device,
                uint8_t slot,
                uint32_t frequencyHz,
                const LoraModulation& modulation,
                Time from,
                Time until);

    /**
     * Puts a downlink on the air now; it ends at downlink->end (called by the gateway).
     * \param downlink the frame
     */
    void SendDownlink(Ptr<LoraDownlink> downlink);

    /** \param model distance part of the path loss */
    void SetPropagationLossModel(Ptr<PropagationLossModel> model);

    /**
     * Fixes the streams of the shadowing and of the propagation loss model.
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

    std::size_t GetNDevices() const override;
    Ptr<NetDevice> GetDevice(std::size_t i) const override;

  protected:
    void DoDispose() override;

  private:
    /** Of a device that is the first at its place. */
    static constexpr uint32_t NO_TWIN = std::numeric_limits<uint32_t>::max();

    /** One end of a path, and how often it has moved. */
    struct Place
    {
        Ptr<MobilityModel> mobility; //!< found at first use
        Vector position;             //!< as last seen
        uint32_t moves{1};           //!< changes of position, from 1
        uint32_t twin{NO_TWIN};      //!< of a device: an earlier one that began at this place
    };

    /** An end device. */
    struct Device
    {
        Ptr<NetDevice> device;                   //!< the device
        LoraDownlinkReceiver* receiver{nullptr}; //!< the same
        Place place;                             //!< where it is
    };

    /** A path between a device and a gateway. */
    struct Path
    {
        double lossDb{0};   //!< without shadowing
        float shadowing{0}; //!< of N(0, 1)
        uint32_t moves{0};  //!< of both ends together, that lossDb was computed for
    };

    /** A plane wave of a shadowing field. */
    struct Wave
    {
        double x;     //!< wave number along x, rad/m
        double y;     //!< wave number along y, rad/m
        double phase; //!< rad
    };

    /** A receive window. */
    struct Window
    {
        uint32_t device; //!< index
        uint8_t slot;    //!< the device's name for it
        Time from;       //!< start
        Time until;      //!< end
    };

    /** Says on std::cerr when the loss model draws, whose draws are kept. */
    void WarnOfRandomLoss() const;

    /** Draws the shadowing of the paths that have none yet. */
    void CompletePaths();

    /** Finds devices that begin at the place of an earlier one. \param first the first new one */
    void FindTwins(std::size_t first);

    /**
     * Finds the mobility model of a place.
     * \param place the place
     * \param node the node that is there; aborts when it has no MobilityModel
     */
    static void FindMobility(Place& place, Ptr<Node> node);

    /** Looks whether a place has moved. \param place the place, its mobility model known */
    static void Visit(Place& place);

    /** \return value of a gateway's shadowing field at a place, of N(0, 1) */
    double FieldAt(uint32_t gateway, const Vector& position) const;

    /** \return key of m_windows */
    static uint64_t WindowKey(uint32_t frequencyHz, const LoraModulation& modulation);

    /** \param matrix attribute DownlinkSirMatrix */
    void SetDownlinkSirMatrix(LoraSirMatrix matrix);
    /** \return attribute DownlinkSirMatrix */
    LoraSirMatrix GetDownlinkSirMatrix() const;
    /** \param model attribute DownlinkErrorModel */
    void SetDownlinkErrorModel(LoraErrorModel model);
    /** \return attribute DownlinkErrorModel */
    LoraErrorModel GetDownlinkErrorModel() const;

    /**
     * The frame has ended: the device is told, gateways decide, then its fate is known.
     * \param device index of the sender
     * \param uplink the frame
     */
    void EndUplink(uint32_t device, Ptr<LoraUplink> uplink);

    /** A downlink ends: its listeners are told. */
    void EndDownlink(Ptr<LoraDownlink> downlink);

    /** A device may hear a downlink's preamble in a window. */
    void Offer(LoraDownlink& downlink, const Window& window);

    /** \return whether a device receives a downlink whole */
    bool IsReceived(const LoraDownlink& downlink, const LoraDownlink::Listener& listener);

    Ptr<PropagationLossModel> m_lossModel;
    Ptr<NormalRandomVariable> m_shadowing;
    Ptr<UniformRandomVariable> m_waves;  //!< draws the fields
    Ptr<UniformRandomVariable> m_chance; //!< for DownlinkErrorModel "Curve"
    double m_sigmaDb{0};
    double m_correlationM{0};
    LoraSirMatrix m_sirMatrix{LoraSirMatrix::GOURSAUD};
    LoraSirRatios m_sirRatios{LoraSirMatrix::GOURSAUD}; //!< of m_sirMatrix
    LoraErrorModel m_errorModel{LoraErrorModel::THRESHOLD};
    std::deque<Device> m_devices; //!< which wastes no memory on growth
    std::vector<Ptr<LoraGateway>> m_gateways;
    std::vector<Place> m_gatewayPlaces;
    std::vector<Path> m_paths;               //!< by device, then gateway
    std::size_t m_completeDevices{0};        //!< devices whose paths are drawn ...
    std::size_t m_completeGateways{0};       //!< ... to that many gateways
    std::vector<std::vector<Wave>> m_fields; //!< by gateway
    /// windows to come and open ones, by carrier and data rate, in the order of announcement
    std::unordered_map<uint64_t, std::deque<Window>> m_windows;
    std::unordered_map<uint64_t, std::vector<Window>> m_endlessWindows; //!< the same, without end
    /// downlinks in the air, and those that overlapped one of them
    std::vector<Ptr<LoraDownlink>> m_downlinks;

    TracedCallback<const LoraUplink&> m_fateTrace;
    TracedCallback<const LoraDownlink&, uint32_t, double, bool> m_downlinkTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_CHANNEL_H
