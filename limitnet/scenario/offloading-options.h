// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_OFFLOADING_OPTIONS_H
#define LIMITNET_SCENARIO_OFFLOADING_OPTIONS_H

#include "limitnet/scenario/offloading-programs.h"
#include "limitnet/scenario/option-table.h"

#include <string>

namespace limitnet
{

/**
 * \param program a program that offloads images
 * \param version of the program, for the record of a run
 * \return its keys: those of every such program, and the sections of its links
 */
OptionTable OffloadingOptions(const OffloadingProgram& program, const std::string& version);

/** The same of FindOffloadingProgram(\p program); docs/scenario.md lists those of "lora",
 * docs/nbiot-scenario.md those of "nbiot", docs/mixed-scenario.md those of "mixed". */
OptionTable OffloadingOptions(const std::string& program, const std::string& version);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_OFFLOADING_OPTIONS_H
