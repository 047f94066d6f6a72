// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_SLURM_ENGINE_H
#define LIMITNET_SWEEP_SLURM_ENGINE_H

#include "limitnet/sweep/sweep-plan.h"
#include "limitnet/sweep/sweep-runner.h"

#include <atomic>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/** How a sweep is run on a Slurm cluster. */
struct SlurmOptions
{
    unsigned tasks = 0;              //!< most tasks at once; 0: as many as the cluster likes
    std::vector<std::string> sbatch; //!< further options of sbatch
    std::filesystem::path program;   //!< limitnet-sweep, for the tasks
    std::filesystem::path file;      //!< the scenario file, for the tasks
};

/**
 * Runs what is missing of a sweep as a job array of a Slurm cluster that shares the folder, and
 * waits for it; the folder is then that of RunSweep, file by file.
 *
 * Each task does some runs one after the other (RunSlurmTask). Runs that are missing when the queue
 * has no more tasks are submitted again, until three arrays in a row have brought none to its end.
 * When the sweep is killed the array goes on, and the next call waits for it.
 *
 * In the folder `slurm` of the sweep are the script of the last array, the list of its runs, and
 * tasks.log with what Slurm and the tasks say themselves.
 *
 * \param plan the sweep
 * \param options folder, programs, and whether to try again what failed
 * \param slurm how to run it
 * \param progress takes a line that is written over on a terminal, and what happens
 * \param terminal whether it is one
 * \param stop asks to stop; the array is cancelled then
 * \throws Error as RunSweep, and when Slurm is not there or refuses the job
 */
SweepOutcome RunSweepOnSlurm(const SweepPlan& plan,
                             const SweepOptions& options,
                             const SlurmOptions& slurm,
                             std::ostream& progress,
                             bool terminal,
                             const std::atomic<bool>& stop);

/**
 * One task of an array: the runs in one line of a list, those that are still missing.
 *
 * \param plan the sweep
 * \param options folder and programs
 * \param list a file with a line for each task, of indices of runs with spaces between
 * \param stop asks to stop
 * \throws Error when the folder belongs to another sweep or build, or is worked on otherwise
 */
void RunSlurmTask(const SweepPlan& plan,
                  const SweepOptions& options,
                  const std::filesystem::path& list,
                  const std::atomic<bool>& stop);

} // namespace limitnet

#endif // LIMITNET_SWEEP_SLURM_ENGINE_H
