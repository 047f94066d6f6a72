// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_SCENARIO_SETUP_H
#define LPWAN_SCENARIO_SETUP_H

#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-energy-model.h"
#include "ns3/node-container.h"

#include <cstdint>

namespace ns3
{
namespace lpwan
{

/**
 * What a run begins with, whatever its links: sets ns-3's seed and run number as the keys `seed`
 * and `run` say, and its attribute defaults as the free section `attributes` says.
 *
 * \param values of a scenario
 * \throws limitnet::Error on an attribute that ns-3 does not know, or a value it does not take
 */
void BeginRun(const limitnet::ScenarioValues& values);

/**
 * Makes nodes for gateways, or base stations, on masts of 15 m: the first in the centre, the others
 * on a circle of half the radius.
 *
 * \param count at least 1
 * \param radiusM of the disc on which the devices stand
 * \return the nodes
 */
NodeContainer PlaceGateways(uint32_t count, double radiusM);

/**
 * Makes nodes for devices, at hand height (1 m), uniformly by area on a disc around the centre.
 *
 * \param count how many
 * \param radiusM of the disc
 * \param stream first of the two random streams that are taken
 * \return the nodes
 */
NodeContainer PlaceDevices(uint32_t count, double radiusM, int64_t stream);

/**
 * Gives a device a battery, a BasicEnergySource on its node, from which its radio draws. ns-3 looks
 * whether it is empty at each change of power and every ten minutes; then the device is turned off.
 *
 * \param device the device
 * \param joule energy of the full battery
 * \param basePowerW what the device draws all the time beside its radio and microcontroller
 * \return the model between them, which has the trace source Depleted
 */
Ptr<LpwanEnergyModel> AddBattery(Ptr<LpwanNetDevice> device, double joule, double basePowerW);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_SCENARIO_SETUP_H
