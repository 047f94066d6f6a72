// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_PCAP_H
#define LPWAN_LORA_PCAP_H

#include "ns3/lpwan-lora-channel.h"
#include "ns3/pcap-file-wrapper.h"
#include "ns3/ptr.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** pcap's link type LINKTYPE_LORATAP. */
constexpr uint32_t LORATAP_LINK_TYPE = 270;

/**
 * Header of LoRaTap, version 0 (github.com/eriknl/LoRaTap): 15 bytes, big endian, before each PHY
 * payload in a pcap file of link type 270.
 *
 * \param frequencyHz carrier
 * \param bandwidthHz bandwidth
 * \param spreadingFactor 7..12
 * \param rssiDbm received power; of a sent frame its radiated power
 * \param snrDb signal over noise; of a sent frame 0
 * \return the header
 */
std::vector<uint8_t> LoraTapHeader(uint32_t frequencyHz,
                                   uint32_t bandwidthHz,
                                   uint8_t spreadingFactor,
                                   double rssiDbm,
                                   double snrDb);

/**
 * Writes what a gateway receives and sends as a pcap file, which Wireshark dissects as LoRaWAN. The
 * time of a received frame is that of its end, of a sent one that of its start.
 *
 * \param gateway the gateway; its frames from now on
 * \param fileName file to write
 */
void EnableLoraPcap(Ptr<LoraGateway> gateway, const std::string& fileName);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_PCAP_H
