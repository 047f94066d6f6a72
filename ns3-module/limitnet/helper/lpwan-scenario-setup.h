// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_SCENARIO_SETUP_H
#define LPWAN_SCENARIO_SETUP_H

#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-energy-model.h"
#include "ns3/node-container.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <string>

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
 * Makes nodes for gateways, or base stations, on masts of 15 m: where their positions are given
 * there, otherwise the first in the centre and the others on a circle of half of devices.radius_m.
 *
 * \param values of a scenario
 * \param countKey key of their number
 * \param positionsKey key of their positions
 * \return the nodes
 * \throws limitnet::Error when the positions make no sense
 */
NodeContainer PlaceGateways(const limitnet::ScenarioValues& values,
                            const std::string& countKey,
                            const std::string& positionsKey);

/** Makes nodes for devices, at hand height (1 m), one group after the other. */
class DevicePlacer
{
  public:
    /**
     * \param stream first of the two random streams that it takes
     * \param walkStream first of those that walking devices take, each a few
     */
    DevicePlacer(int64_t stream, int64_t walkStream);

    /**
     * Places the devices of a group as its section `devices` says.
     *
     * \param group values of the group
     * \return the nodes
     * \throws limitnet::Error when the positions make no sense
     */
    NodeContainer Place(const limitnet::ScenarioValues& group);

  private:
    Ptr<UniformRandomVariable> m_radius;
    Ptr<UniformRandomVariable> m_angle;
    int64_t m_walkStream;
};

/** \return whether the devices of a group are on a link: always, where the program has but one */
bool IsOnLink(const limitnet::ScenarioValues& group, const std::string& link);

/**
 * Gives a device a battery, a BasicEnergySource on its node, from which its radio draws. When
 * it is empty (LpwanEnergyModel::EMPTY_FRACTION), the device is turned off.
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
