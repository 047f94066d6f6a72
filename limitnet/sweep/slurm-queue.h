// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_SLURM_QUEUE_H
#define LIMITNET_SWEEP_SLURM_QUEUE_H

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * The job arrays of one sweep on a Slurm cluster, by Slurm's own commands (sbatch, squeue, scancel,
 * scontrol), as users have them; a database of accounts is not needed.
 *
 * They are found by the name of the job alone, so nothing is lost when the sweep is killed between
 * any two steps.
 */
class SlurmQueue
{
  public:
    /**
     * \param jobName a name that no other jobs of this user have
     * \param scratch a folder for what the commands say
     */
    SlurmQueue(std::string jobName, std::filesystem::path scratch);

    /** \return how many tasks an array may have. \throws Error when it may have none */
    std::size_t MaxTasks() const;

    /**
     * Submits a job array.
     * \param script the file to run for each task
     * \param tasks their number; SLURM_ARRAY_TASK_ID counts from 0
     * \param atOnce how many may run at once, 0: as many as the cluster likes
     * \param log where all tasks write, each at the end of the file
     * \param options further ones of sbatch
     * \return its number
     * \throws Error with sbatch's own words when it refuses, or is not there
     */
    std::string Submit(const std::filesystem::path& script,
                       std::size_t tasks,
                       unsigned atOnce,
                       const std::filesystem::path& log,
                       const std::vector<std::string>& options) const;

    /** What is in the queue. */
    struct Tasks
    {
        std::size_t waiting = 0;
        std::size_t running = 0;
        std::string reason; //!< why one of them waits, in Slurm's words
    };

    /** \return the tasks in the queue. \throws Error when Slurm does not answer, or is not there */
    Tasks Find() const;

    /** Takes all out of the queue, and ends those that run. \return whether Slurm has agreed */
    bool Cancel() const;

  private:
    struct Answer;
    Answer Ask(const std::vector<std::string>& command) const;
    Answer Ask(const std::vector<std::string>& command, const std::string& refusal) const;

    std::string m_jobName;
    std::filesystem::path m_scratch;
};

} // namespace limitnet

#endif // LIMITNET_SWEEP_SLURM_QUEUE_H
