// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_RUN_PROCESSES_H
#define LIMITNET_SWEEP_RUN_PROCESSES_H

#include "limitnet/sweep/sweep-folder.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <sys/types.h>

namespace limitnet
{

/**
 * The processes of some runs of a sweep on this machine; they end with the object.
 *
 * Each one's log is locked as long as it lives, so that no run has two at once, on whatever
 * machine.
 */
class RunProcesses
{
  public:
    /**
     * \param folder the sweep's
     * \param threads how many cores each process is told to use, by OMP_NUM_THREADS
     * \param ownGroups whether each has a process group of its own: what a terminal or a batch
     *        system sends to the group of the sweep then does not reach it
     */
    RunProcesses(const SweepFolder& folder, unsigned threads, bool ownGroups);
    ~RunProcesses();
    RunProcesses(const RunProcesses&) = delete;
    RunProcesses& operator=(const RunProcesses&) = delete;

    /**
     * \param index a run
     * \return false when another process works on it
     * \throws Error when no process can be started
     */
    bool Start(std::size_t index);

    /** How a process has ended. */
    struct Ended
    {
        std::size_t index; //!< its run
        int status;        //!< as waitpid has it
    };

    /** \param atMost how long to wait \return one that has ended, if any */
    std::optional<Ended> Wait(std::chrono::milliseconds atMost);

    /** Ends all. \return how many were faster and are done */
    std::size_t End();

    /** \return how many there are */
    std::size_t Size() const;

  private:
    struct Process
    {
        std::size_t index;
        int watch; //!< pollable when it has ended; -1 where the system has no such thing
    };

    std::optional<Ended> Reap();
    void Signal(int signal) const;

    const SweepFolder& m_folder;
    unsigned m_threads;
    bool m_ownGroups;
    std::map<pid_t, Process> m_running;
};

} // namespace limitnet

#endif // LIMITNET_SWEEP_RUN_PROCESSES_H
