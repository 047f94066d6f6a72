// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_NETWORK_H
#define LPWAN_LORA_NETWORK_H

#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-lora-helper.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"

namespace ns3
{
namespace lpwan
{

/** What BuildLoraNetwork() made. */
struct LoraNetwork
{
    NodeContainer gateways;     //!< the first in the centre
    NodeContainer nodes;        //!< of the devices
    NetDeviceContainer devices; //!< on these
    SpreadingFactorPlan plan;   //!< when spreading factors were assigned
};

/**
 * Sets ns-3's attribute defaults as the free section `attributes` says.
 * \param values of a scenario
 * \throws limitnet::Error on an attribute that ns-3 does not know, or a value it does not take
 */
void ApplyAttributes(const limitnet::ScenarioValues& values);

/**
 * Builds gateways and devices as the keys `seed`, `run`, `devices.count`, `devices.radius_m` and
 * the section `lora` say: places, links, streams, spreading factors.
 *
 * \param values of a scenario
 * \param helper what makes the network; nothing installed yet
 * \return the network
 * \throws limitnet::Error on a value that makes no sense with another
 */
LoraNetwork BuildLoraNetwork(const limitnet::ScenarioValues& values, LoraHelper& helper);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_NETWORK_H
