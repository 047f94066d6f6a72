// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_SWEEP_RUNNER_H
#define LIMITNET_SWEEP_SWEEP_RUNNER_H

#include "limitnet/sweep/sweep-plan.h"

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <ostream>
#include <string>

namespace limitnet
{

/** How a sweep is run. */
struct SweepOptions
{
    std::filesystem::path out;      //!< folder of the sweep
    std::filesystem::path programs; //!< folder of the programs that run scenarios
    unsigned jobs = 1;              //!< processes at once
    std::size_t shard = 0;          //!< of the runs only those whose index is this ...
    std::size_t shardCount = 1;     //!< ... modulo this
    bool retryFailed = false;       //!< run those again that failed before
};

/** What became of the runs of a sweep, or of a shard of it. */
struct SweepOutcome
{
    std::size_t done = 0;     //!< finished, now or before
    std::size_t failed = 0;   //!< their program ended with an error, now or before
    std::size_t left = 0;     //!< not begun or broken off
    bool merged = false;      //!< the tables of all runs are in the sweep's folder
    bool interrupted = false; //!< somebody asked to stop
    std::string problem;      //!< why some are left although nobody asked to stop; else empty
};

/**
 * Runs what is missing of a sweep, each run in a process of its own.
 *
 * The folder then has, for the point p (number of the combination of values) and the run r:
 *
 *     sweep.txt            what the sweep is made of; a folder belongs to one sweep
 *     base.ini             the scenario without its section [sweep]
 *     runs/p/r/            the results of a run, whole or not there; such a run is never repeated
 *     logs/p-r.log         what the program said
 *     failed/p-r.log       the same of one that failed, with its command at the end
 *     *.csv                only while all are done: each table of all runs, with the swept keys in
 *                          front
 *
 * Neither the order of the runs nor the number of jobs has any effect on a result file. A sweep
 * that is killed at any moment goes on where it was. Processes share the cores: each is told by
 * OMP_NUM_THREADS how many it has.
 *
 * \param plan the sweep
 * \param options how to run it
 * \param progress takes a line that is written over on a terminal, and failures
 * \param terminal whether it is one
 * \param stop asks to stop; the processes are ended then
 * \throws Error when the folder belongs to another sweep, or was made by another program, or
 *         somebody works on it; or cannot be written
 */
SweepOutcome RunSweep(const SweepPlan& plan,
                      const SweepOptions& options,
                      std::ostream& progress,
                      bool terminal,
                      const std::atomic<bool>& stop);

} // namespace limitnet

#endif // LIMITNET_SWEEP_SWEEP_RUNNER_H
