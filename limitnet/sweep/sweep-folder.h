// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_SWEEP_FOLDER_H
#define LIMITNET_SWEEP_SWEEP_FOLDER_H

#include "limitnet/sweep/sweep-plan.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace limitnet
{

/**
 * The folder of a sweep, whoever runs it: docs/sweep.md says what is in it.
 *
 * What is in the folder is all that is known of a run: it is done when its results are there, has
 * failed when its log is kept apart, and is missing otherwise.
 */
class SweepFolder
{
  public:
    /**
     * \param plan the sweep
     * \param path the folder
     * \param programs folder of the programs that run scenarios
     * \throws Error when the sweep's program is not there
     */
    SweepFolder(const SweepPlan& plan,
                const std::filesystem::path& path,
                const std::filesystem::path& programs);

    /**
     * Makes the folder, or sees that it belongs to this sweep and to this build of the program.
     * \throws Error when it belongs to another one or cannot be written
     */
    void Prepare() const;

    /** \throws Error when the folder was made for another sweep, by another build or with other
     * input files */
    void Check() const;

    /** \throws Error that names a file which its runs read and which is not what it was */
    void CheckInputs() const;

    const SweepPlan& Plan() const;                               ///< \return the sweep
    const std::filesystem::path& Path() const;                   ///< \return the folder
    const std::filesystem::path& Program() const;                ///< \return what runs a scenario
    std::filesystem::path ResultsOf(std::size_t index) const;    ///< \return a run's folder
    std::filesystem::path FailureOf(std::size_t index) const;    ///< \return log of a failed run
    std::filesystem::path LogOf(std::size_t index) const;        ///< \return what its program said
    std::vector<std::string> CommandOf(std::size_t index) const; ///< \return program and arguments
    bool IsDone(std::size_t index) const;    ///< \return whether results are there
    bool HasFailed(std::size_t index) const; ///< \return whether it has failed

    /** What has become of a run whose process has ended. */
    enum class Ending
    {
        DONE,
        FAILED,  //!< its log is kept apart
        NO_SPACE //!< the disk is full, which is no fault of the run: it is still missing
    };

    /**
     * Takes down how the process of a run has ended.
     * \param index the run
     * \param status as waitpid has it
     * \return what has become of the run
     */
    Ending Settle(std::size_t index, int status) const;

    /** \return one line that says so, of a run for which the disk was full */
    std::string NoSpaceFor(std::size_t index) const;

    /**
     * Removes what processes that are gone have left half-written of a run.
     * \param index the run
     * \param owner only what this process has left; 0: whoever it was, so nobody may work on the
     *        run
     */
    void RemoveLeftovers(std::size_t index, pid_t owner) const;

    /** Removes the tables of all runs: they are there only as long as they have all of them. */
    void RemoveTables() const;

    /**
     * Writes each table of all runs as one, once all are done. Tables that are there stay: finished
     * runs do not change.
     * \return whether they are there
     * \throws Error when the tables of two runs have different columns, or the disk is full
     */
    bool WriteTables() const;

  private:
    std::string NameOf(std::size_t index) const;
    std::vector<std::string> TablesOf(std::size_t index) const;
    void WriteTable(const std::string& table) const;

    const SweepPlan& m_plan;
    std::filesystem::path m_path;
    std::filesystem::path m_program;
};

/**
 * A lock on a folder, held until the end, and by the processes that are started meanwhile: when the
 * sweep is killed, nobody goes on with it before they have ended.
 */
class FolderLock
{
  public:
    /**
     * \param folder the folder
     * \param name of the file in it that is locked
     * \param sharedBy empty: nobody else may have it; else it is held together with those who name
     *        the same, such as the parts of one sweep
     * \throws Error when others have it
     */
    FolderLock(const std::filesystem::path& folder,
               const std::string& name,
               const std::string& sharedBy);

    /** Joins those who share a lock, if need be after a few seconds. \throws Error as above */
    static FolderLock Join(const std::filesystem::path& folder,
                           const std::string& name,
                           const std::string& sharedBy);

    ~FolderLock();
    FolderLock(FolderLock&& other) noexcept;
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    explicit FolderLock(int descriptor);
    bool Share(const std::string& sharedBy) const;

    int m_descriptor;
};

/** Writes a file that appears whole or not at all. \throws Error when it cannot be written */
void WriteWhole(const std::filesystem::path& file, const std::string& text);

} // namespace limitnet

#endif // LIMITNET_SWEEP_SWEEP_FOLDER_H
