// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_OFFLOADING_PROGRAMS_H
#define LIMITNET_SCENARIO_OFFLOADING_PROGRAMS_H

#include <functional>
#include <string>
#include <vector>

namespace limitnet
{

class OptionTable;

/** A link, as far as the keys of a scenario know it. */
struct LinkKeys
{
    std::string name;  ///< of its section, and in devices.link where there are several
    std::string title; ///< in a summary, such as "LoRaWAN"
    std::function<void(OptionTable& table)> addSection; ///< adds its section
};

/** A program that offloads images over one or more links, in one run and one set of results. */
struct OffloadingProgram
{
    std::string name;            ///< of the program, less "limitnet-" and "-scenario"
    std::vector<LinkKeys> links; ///< one at least, in the order of their devices

    // Defaults of keys that depend on how fast the links are.
    double radiusM = 4000;    ///< devices.radius_m
    double periodS = 14400;   ///< images.period_s
    double durationS = 43200; ///< scenario.duration_s
    /** accuracy.times_s */
    std::string timesS = "10,15,20,30,45,60,90,120,180,240,300,420,600,900,1800,3600,7200,14400";

    /** \return "limitnet-NAME-scenario" */
    std::string FullName() const;
};

/** \return the programs of the project: lora, nbiot, and mixed, which has both links */
const std::vector<OffloadingProgram>& OffloadingPrograms();

/**
 * \param name of a program of the project, such as "lora"
 * \return that program
 * \throws std::logic_error when there is none
 */
const OffloadingProgram& FindOffloadingProgram(const std::string& name);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_OFFLOADING_PROGRAMS_H
