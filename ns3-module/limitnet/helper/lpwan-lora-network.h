// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_NETWORK_H
#define LPWAN_LORA_NETWORK_H

#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-attribute-bindings.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"

#include <cstddef>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** What BuildLoraNetwork() made. */
struct LoraNetwork
{
    NodeContainer gateways;          //!< the first in the centre
    NodeContainer nodes;             //!< of the devices
    NetDeviceContainer devices;      //!< on these
    std::vector<std::size_t> groups; //!< of each device: index in ScenarioValues::Groups()
    SpreadingFactorPlan plan;        //!< when spreading factors were assigned
};

/** \return what a LoRaWAN network does with attributes of ns-3's objects */
const AttributeBindings& LoraAttributes();

/**
 * Builds gateways and devices as the sections `devices` and `lora` say, group by group: places,
 * links, streams, spreading factors. BeginRun() comes before it. Random streams are 1 and 2, as
 * many from 1000 on as LoraHelper::AssignStreams() takes, and from 3000000 on those of walking
 * devices.
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
