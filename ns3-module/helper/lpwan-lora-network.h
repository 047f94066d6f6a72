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
 * Builds gateways and devices as the keys `devices.count`, `devices.radius_m` and the section
 * `lora` say: places, links, streams, spreading factors. BeginRun() comes before it. Random streams
 * are 1 and 2, and as many from 1000 on as LoraHelper::AssignStreams() takes.
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
