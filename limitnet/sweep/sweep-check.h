// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_SWEEP_CHECK_H
#define LIMITNET_SWEEP_SWEEP_CHECK_H

#include "limitnet/sweep/sweep-plan.h"

#include <atomic>
#include <filesystem>

namespace limitnet
{

/**
 * Asks the sweep's program, by its --check, about combinations of values: what only the program can
 * tell, such as a model that is not there or keys that need each other, is then known before the
 * first run. Asks about as many as it takes to have each value of each key once, at most 64.
 * Leaves nothing on the disk.
 *
 * \param plan the sweep
 * \param programs folder of the programs that run scenarios
 * \param jobs processes at once
 * \param stop asks to stop
 * \return whether all were asked about: false when somebody asked to stop
 * \throws Error in one line with the file, the values and what the program says against them
 */
bool CheckSweep(const SweepPlan& plan,
                const std::filesystem::path& programs,
                unsigned jobs,
                const std::atomic<bool>& stop);

} // namespace limitnet

#endif // LIMITNET_SWEEP_SWEEP_CHECK_H
