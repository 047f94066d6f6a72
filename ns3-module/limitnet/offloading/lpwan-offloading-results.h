// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_RESULTS_H
#define LPWAN_OFFLOADING_RESULTS_H

#include "limitnet/results/run-folder.h"

#include "ns3/lpwan-offloading-network.h"
#include "ns3/lpwan-offloading-records.h"

#include <cstddef>
#include <iosfwd>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** What the tables of a run are written from. */
struct OffloadingResults
{
    const OffloadingNetwork& network;         //!< what was built
    const std::vector<DeviceRecord>& records; //!< what became of its devices, by number
    double durationS;                         //!< of the simulation
};

/** What the microcontroller of a device did, and what that took. */
struct McuWork
{
    double encodingS{0}; //!< of images that it finished
    double encodingJ{0}; //!< for these
    double pictureJ{0};  //!< for taking them
    double sleepJ{0};    //!< the rest of the time that the device was on
    double onS{0};       //!< that time
};

/**
 * \param results of a run
 * \param device number of a device
 * \return what its microcontroller did
 */
McuWork McuWorkOf(const OffloadingResults& results, std::size_t device);

/**
 * Writes nodes.csv, images.csv, fragments.csv and gateways.csv, as docs/csv.md says.
 *
 * \param results of a run
 * \param folder where
 * \throws limitnet::Error when a file cannot be written
 */
void WriteOffloadingTables(const OffloadingResults& results, const limitnet::RunFolder& folder);

/**
 * Says what the energy of a day is made of, and so a lifetime, in a line for each group.
 *
 * \param results of a run
 * \param out takes the lines
 */
void PrintEnergies(const OffloadingResults& results, std::ostream& out);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_RESULTS_H
