// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_INPUT_FILES_H
#define LIMITNET_SWEEP_INPUT_FILES_H

#include "limitnet/data/dataset.h"
#include "limitnet/scenario/option-table.h"

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <set>
#include <string>
#include <vector>

namespace limitnet
{

class SweepPlan;

/** A file that a key of a scenario names. */
struct InputFile
{
    std::string key;            //!< of the scenario
    std::filesystem::path path; //!< where it is
};

/**
 * \param values of a run
 * \return the files that its keys name, groups' too, but for the data set: weights of the codec and
 *         its device's file, the classifier, positions and times of captures. A file that is not
 *         found is left out: the run itself says so
 */
std::vector<InputFile> InputFilesOf(const ScenarioValues& values);

/**
 * Writes what a run was made of, beside its keys, as comments of a scenario file: each input file
 * with its SHA-256, and one of the pictures that were used, with their labels.
 *
 * \param out the scenario file
 * \param values of the run
 * \param dataset its data set
 * \param used indices of the pictures
 */
void WriteInputs(std::ostream& out,
                 const ScenarioValues& values,
                 const Dataset& dataset,
                 const std::set<std::size_t>& used);

/**
 * What all runs of a sweep are made of, beside its text: files as above, included scenario files,
 * and all of the data sets.
 *
 * \param plan the sweep
 * \param base its scenario without [sweep]
 * \return a line for each file: key, name and checksum, then where it is
 */
std::vector<std::string> SweepInputs(const SweepPlan& plan, const std::filesystem::path& base);

/**
 * \param before lines of SweepInputs()
 * \param now the same, later
 * \return what has changed, in one line that names the first such file; empty: nothing
 */
std::string ChangedInput(const std::vector<std::string>& before,
                         const std::vector<std::string>& now);

} // namespace limitnet

#endif // LIMITNET_SWEEP_INPUT_FILES_H
