// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_RESULTS_H
#define LPWAN_OFFLOADING_RESULTS_H

#include "limitnet/results/run-folder.h"

#include "ns3/lpwan-offloading-records.h"

#include <iosfwd>
#include <memory>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** What the tables of a run are written from. */
struct OffloadingResults
{
    const std::vector<GroupRecord>& groups;                    //!< in the scenario's order
    const std::vector<DeviceRecord>& devices;                  //!< by number
    const std::vector<std::unique_ptr<OffloadingLink>>& links; //!< in the devices' order
    double durationS;                                          //!< of the simulation
};

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
