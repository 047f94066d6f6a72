// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_SWEEP_PLAN_H
#define LIMITNET_SWEEP_SWEEP_PLAN_H

#include "limitnet/scenario/option-table.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{

/** A key and the values that it takes, one after the other. */
struct SweepAxis
{
    std::string key;
    std::vector<std::string> values; //!< as in a run's scenario.ini: numbers in the key's unit
};

/**
 * \param file a scenario file
 * \return the program that it is for: the name in the comment of its first line, or
 *         limitnet-lora-scenario
 * \throws Error when it cannot be read
 */
std::string ProgramOfScenario(const std::filesystem::path& file);

/**
 * \param program its name
 * \return its keys
 * \throws Error when it is no program that runs scenarios
 */
OptionTable OptionsOfProgram(const std::string& program);

/**
 * The runs that a scenario file with a section [sweep] asks for.
 *
 * In that section each key of the program may have several values, with commas between, or with |
 * where the values themselves have commas. `7..12` is 7, 8, .. 12; `0..0.5..0.1` is 0, 0.1, .. 0.5;
 * the steps have to meet the end. No value may be there twice, however it is written.
 * `run` gives the repetitions. `mode = grid` (the default) combines every value with every other,
 * the last key changing fastest; `mode = zip` takes the first values together, then the second, and
 * needs lists of one length. Repetitions are combined with either.
 */
class SweepPlan
{
  public:
    /**
     * \param given the scenario file, or the name of one of the project's own (FindScenario())
     * \throws Error in one line that names file, line, key and what would be right
     */
    explicit SweepPlan(const std::filesystem::path& given);

    /** \return the scenario file */
    const std::filesystem::path& File() const;

    /** \return the program that runs it */
    const std::string& Program() const;

    /** \return the scenario's name */
    const std::string& Name() const;

    /** \return the file without the section [sweep] */
    const std::string& BaseText() const;

    /** \return the keys that are swept, as in the file, without `run` */
    const std::vector<SweepAxis>& Axes() const;

    /** \return the run numbers */
    const std::vector<std::string>& Runs() const;

    /** \return number of combinations of values, without the repetitions */
    std::size_t PointCount() const;

    /** \return number of runs in all */
    std::size_t Size() const;

    /** A run. */
    struct Run
    {
        std::size_t point = 0;           //!< number of the combination
        std::vector<std::string> values; //!< by axis
        std::string run;                 //!< its number
    };

    /** \param index 0 .. Size() - 1 \return the run */
    Run At(std::size_t index) const;

    /**
     * \param most how many at most
     * \return runs in which each value of each key is once at least, as far as that many have them
     */
    std::vector<std::size_t> Sample(std::size_t most) const;

    /** \return all that decides about the results: program, file, axes */
    std::string Text() const;

  private:
    void ReadSweep(const std::string& name,
                   const std::string& value,
                   const std::string& where,
                   const OptionTable& table);

    std::filesystem::path m_file;
    std::string m_program;
    std::string m_name;
    std::string m_base;
    std::string m_values; //!< of all keys outside [sweep]
    std::vector<SweepAxis> m_axes;
    std::vector<std::string> m_runs;
    bool m_zip = false;
};

} // namespace limitnet

#endif // LIMITNET_SWEEP_SWEEP_PLAN_H
