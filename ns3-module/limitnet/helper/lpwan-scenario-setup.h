// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_SCENARIO_SETUP_H
#define LPWAN_SCENARIO_SETUP_H

#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-attribute-bindings.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/node-container.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** \return what places, walks and batteries do with attributes, whatever the links */
const AttributeBindings& CommonAttributes();

/**
 * What a run begins with, whatever its links: sets ns-3's seed and run number as the keys `seed`
 * and `run` say, and its attribute defaults as the free section `attributes` says.
 *
 * \param values of a scenario
 * \param tables what the parts of the program do with attributes, beside CommonAttributes()
 * \throws limitnet::Error as SetAttributeDefaults() does
 */
void BeginRun(const limitnet::ScenarioValues& values, std::vector<AttributeBindings> tables);

/**
 * Makes nodes for gateways, or base stations, on masts: where their positions are given
 * there, otherwise the first in the centre and the others on a circle of half of devices.radius_m.
 *
 * \param values of a scenario
 * \param countKey key of their number
 * \param positionsKey key of their positions
 * \param heightKey key of their height over ground
 * \return the nodes
 * \throws limitnet::Error when the positions make no sense
 */
NodeContainer PlaceGateways(const limitnet::ScenarioValues& values,
                            const std::string& countKey,
                            const std::string& positionsKey,
                            const std::string& heightKey);

/** Makes nodes for devices, one group after the other. */
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
 * \param group values of its group: energy of the full battery, base power
 * \return the model between them, which has the trace source Depleted
 */
Ptr<LpwanEnergyModel> AddBattery(Ptr<LpwanNetDevice> device, const limitnet::ScenarioValues& group);

/** What devices of one kind have used, together, joule by what it was for. */
struct EnergyOfDevices
{
    double onS{0};          //!< seconds that they were on, together
    double batteryJ{0};     //!< of one of them when it is full; 0: none
    double sleepingMcuJ{0}; //!< microcontroller, but for the encoding
    double encodingJ{0};    //!< microcontroller, encoding
    double picturesJ{0};    //!< taking pictures
    double sendingJ{0};     //!< radio
    double listeningJ{0};   //!< radio, waiting for the network included
    double sleepingRadioJ{0};
    double baseJ{0}; //!< devices.base_power_w

    /** \param device whose radio's energies are added */
    void AddRadio(Ptr<LpwanNetDevice> device);
};

/**
 * Prints a line with what a device uses in a day, the largest part first, and how long a full
 * battery lasts by it.
 *
 * \param who such a device, in words
 * \param energy what such devices have used
 * \param out takes the line
 */
void PrintEnergyOfADay(const std::string& who, const EnergyOfDevices& energy, std::ostream& out);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_SCENARIO_SETUP_H
