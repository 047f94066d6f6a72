// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_HELPER_H
#define LPWAN_LORA_HELPER_H

#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/object-factory.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** How many devices got which spreading factor. */
struct SpreadingFactorPlan
{
    std::array<uint32_t, 6> count{}; //!< SF7..SF12, devices out of range counted at the highest
    uint32_t outOfRange{0};          //!< devices that no gateway hears with the margin at any
};

/**
 * \ingroup lpwan
 *
 * Builds a LoRaWAN network:
 *
 *     LoraHelper lora;
 *     lora.InstallGateways(gatewayNodes);
 *     NetDeviceContainer devices = lora.Install(deviceNodes);
 *     lora.AssignStreams(1000);
 *     lora.AssignSpreadingFactors(devices);
 *     lora.GetServer()->SetDeliverCallback(MakeCallback(&OnUplink));
 *
 * Nodes need a MobilityModel before AssignSpreadingFactors() or the first frame. The path loss is
 * log-distance with exponent 3.76 and 7.7 dB at 1 m (the usual LoRaWAN cell of ns-3 studies, from
 * 3GPP's 128.1 + 37.6 log10(d/km) moved to 868 MHz) until SetPropagationLossModel() names another.
 */
class LoraHelper
{
  public:
    LoraHelper();
    ~LoraHelper();

    LoraHelper(const LoraHelper&) = delete;
    LoraHelper& operator=(const LoraHelper&) = delete;

    /**
     * \param name attribute of LoraEndDevice, for the devices installed from now on
     * \param value its value
     */
    void SetDeviceAttribute(const std::string& name, const AttributeValue& value);

    /**
     * \param name attribute of LoraGateway, for the gateways installed from now on
     * \param value its value
     */
    void SetGatewayAttribute(const std::string& name, const AttributeValue& value);

    /**
     * \param name attribute of NetworkServer
     * \param value its value
     */
    void SetServerAttribute(const std::string& name, const AttributeValue& value);

    /**
     * \param name attribute of LoraChannel, e.g. ShadowingSigma
     * \param value its value
     */
    void SetChannelAttribute(const std::string& name, const AttributeValue& value);

    /** \param model distance part of the path loss */
    void SetPropagationLossModel(Ptr<PropagationLossModel> model);

    /**
     * Takes a path loss from a source.
     * \param name "log-distance": see the class; "okumura-hata": urban, large city, 868 MHz
     *             (ns3::OkumuraHataPropagationLossModel); "oulu": 128.95 dB at 1 km and exponent
     *             2.32 (J. Petajajarvi et al., "On the coverage of LPWANs", ITST 2015; its
     *             shadowing, 7.8 dB, is an attribute of the channel); aborts on another name
     */
    void SetPropagationPreset(const std::string& name);

    /** \param name region of everything that is installed from now on, e.g. "EU868" */
    void SetRegion(const std::string& name);

    /** \param otaa whether devices installed from now on join over the air, instead of ABP */
    void SetOtaa(bool otaa);

    /**
     * \param text sensitivity that AssignSpreadingFactors() goes by, see
     *             LoraSensitivity::Parse(); empty: that of the gateways
     */
    void SetSpreadingFactorSensitivity(const std::string& text);

    /** \param key from which the session keys of the devices follow */
    void SetMasterKey(const AesBlock& key);

    /**
     * \param marginDb what AssignSpreadingFactors() wants above the gateway's sensitivity (default
     *                 3 dB)
     */
    void SetSpreadingFactorMargin(double marginDb);

    /**
     * \param nodes nodes that become gateways of this network
     * \return the gateways, in the order of the nodes
     */
    std::vector<Ptr<LoraGateway>> InstallGateways(const NodeContainer& nodes);

    /**
     * Makes an end device on each node, with a DevAddr and keys that the server knows.
     * \param nodes nodes that become end devices
     * \return the devices, in the order of the nodes
     */
    NetDeviceContainer Install(const NodeContainer& nodes);

    /** \return the channel */
    Ptr<LoraChannel> GetChannel() const;

    /** \return the network server */
    Ptr<NetworkServer> GetServer() const;

    /**
     * Gives each device the lowest spreading factor at which the best gateway receives it with the
     * margin, by mean path loss and the pair's shadowing; a device out of range gets the highest
     * one of the region's uplinks at 125 kHz. Call it after AssignStreams(), since it draws the
     * shadowing. \param devices end devices of this helper \return what was given
     */
    SpreadingFactorPlan AssignSpreadingFactors(const NetDeviceContainer& devices) const;

    /**
     * \param devices end devices
     * \param spreadingFactor 7..12 for all of them
     */
    static void SetSpreadingFactor(const NetDeviceContainer& devices, uint8_t spreadingFactor);

    /**
     * Fixes the random streams of channel, gateways and devices made so far.
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

    /**
     * Writes PREFIX-gateway-N.pcap for each gateway installed so far: what it receives and sends,
     * with LoRaTap headers (link type 270), as Wireshark reads them; and PREFIX-keys.uat, the
     * session keys of the personalised devices installed so far in the form of Wireshark's table
     * `encryption_keys_lorawan` (DevAddr in the byte order of the air).
     * \param prefix of the file names; aborts when a file cannot be written
     */
    void EnablePcap(const std::string& prefix) const;

  private:
    ObjectFactory m_deviceFactory;
    ObjectFactory m_gatewayFactory;
    Ptr<LoraChannel> m_channel;
    Ptr<NetworkServer> m_server;
    AesBlock m_masterKey;
    double m_marginDb{3};
    LoraSensitivity m_planSensitivity; //!< empty text: the gateways'
    bool m_otaa{false};
    uint32_t m_nextAddress;
    std::vector<Ptr<LoraGateway>> m_gateways;
    std::vector<Ptr<LoraEndDevice>> m_devices;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_HELPER_H
