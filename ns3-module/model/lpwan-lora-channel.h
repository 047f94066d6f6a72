// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_CHANNEL_H
#define LPWAN_LORA_CHANNEL_H

#include "lpwan-lora-time-on-air.h"
#include "lpwan-net-device.h"

#include "ns3/channel.h"
#include "ns3/mobility-model.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simple-ref-count.h"
#include "ns3/vector.h"

#include <cstdint>
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
    UNDER_SENSITIVITY, //!< too weak at every gateway
    NO_DEMODULATOR,    //!< strong enough, but all demodulators were held by other frames
    INTERFERENCE,      //!< a frame of the same channel and spreading factor was too strong
    RANDOM_LOSS,       //!< received, then given to the gateway's extra random loss
    RECEIVED,          //!< handed to the network server
};

/** Number of members of LoraFate. */
constexpr std::size_t LORA_FATE_COUNT = 5;

/**
 * \param fate a fate
 * \return its name as it stands in result files, e.g. "no_demodulator"
 */
const char* ToString(LoraFate fate);

/** An uplink frame on its way through the air. */
struct LoraUplink : public SimpleRefCount<LoraUplink>
{
    LpwanTransmission transmission;             //!< who, when, where
    Ptr<const Packet> frame;                    //!< the bytes on air (PHY payload)
    Time symbolTime;                            //!< duration of one symbol
    uint16_t preambleSymbols{8};                //!< programmed preamble
    LoraFate fate{LoraFate::UNDER_SENSITIVITY}; //!< furthest it got so far
};

/**
 * \ingroup limitnet
 *
 * The air between end devices and gateways. An uplink is given to gateways only: devices listen for
 * inverted IQ and cannot demodulate one another, so a frame costs the same in a large network as in
 * a small one.
 *
 * Path loss is the model of the attribute PropagationLossModel (its chain included) plus log-normal
 * shadowing of ShadowingSigma, drawn once for each pair of device and gateway, in the order of
 * installation and from the stream given by AssignStreams(): it does not depend on the traffic. The
 * loss of a pair is computed when it is first needed and again only after one of the two has moved.
 * Propagation delay (0.07 ms at 20 km, under a fifteenth of the shortest symbol) is left out.
 */
class LoraChannel : public Channel
{
  public:
    /**
     * Signature of the trace source UplinkFate.
     * \param uplink the frame; its member fate is final
     */
    typedef void (*UplinkTracedCallback)(const LoraUplink& uplink);

    /** \return the TypeId */
    static TypeId GetTypeId();

    LoraChannel();
    ~LoraChannel() override;

    /**
     * \param device an end device; its node needs a MobilityModel before the first frame
     * \return index of the device on this channel
     */
    uint32_t AddDevice(Ptr<NetDevice> device);

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
     * \param txPowerDbm radiated power
     * \return power at the gateway's receiver, its antenna gain included, dBm
     */
    double GetRxPowerDbm(uint32_t device, uint32_t gateway, double txPowerDbm);

    /**
     * Puts an uplink on the air now; it ends at uplink->transmission.end.
     * \param device index of the sender
     * \param uplink the frame
     */
    void SendUplink(uint32_t device, Ptr<LoraUplink> uplink);

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
    /** One end of a path, and how often it has moved. */
    struct Place
    {
        Ptr<MobilityModel> mobility; //!< found at first use
        Vector position;             //!< as last seen
        uint32_t moves{1};           //!< changes of position, from 1
    };

    /** A path between a device and a gateway. */
    struct Path
    {
        double shadowing{0};      //!< drawn from N(0, 1)
        double lossDb{0};         //!< without shadowing
        uint32_t deviceMoves{0};  //!< place of the device that lossDb was computed for
        uint32_t gatewayMoves{0}; //!< place of the gateway that lossDb was computed for
    };

    /** Draws the shadowing of the paths that have none yet. */
    void CompletePaths();

    /**
     * Looks where a node is.
     * \param place the place to update
     * \param node the node
     */
    static void Visit(Place& place, Ptr<Node> node);

    /**
     * The frame has ended: gateways decide, then its fate is known.
     * \param uplink the frame
     */
    void EndUplink(Ptr<LoraUplink> uplink);

    Ptr<PropagationLossModel> m_lossModel;
    Ptr<NormalRandomVariable> m_shadowing;
    double m_sigmaDb{0};
    std::vector<Ptr<NetDevice>> m_devices;
    std::vector<Ptr<LoraGateway>> m_gateways;
    std::vector<Place> m_devicePlaces;
    std::vector<Place> m_gatewayPlaces;
    std::vector<std::vector<Path>> m_paths; //!< by device, then gateway
    std::size_t m_completeDevices{0};       //!< devices whose paths are drawn ...
    std::size_t m_completeGateways{0};      //!< ... to that many gateways

    TracedCallback<const LoraUplink&> m_fateTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_CHANNEL_H
