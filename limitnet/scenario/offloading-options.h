// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_OFFLOADING_OPTIONS_H
#define LIMITNET_SCENARIO_OFFLOADING_OPTIONS_H

#include "limitnet/scenario/option-table.h"

#include <string>

namespace limitnet
{

/** Links of a program that offloads images. */
enum class OffloadingLinks
{
    LORA,  ///< limitnet-lora-scenario
    NBIOT, ///< limitnet-nbiot-scenario
    MIXED  ///< limitnet-mixed-scenario: both in one run
};

/**
 * \param links which program
 * \param version of the program, for the record of a run
 * \return its keys; docs/scenario.md lists those of LORA, docs/nbiot-scenario.md those of NBIOT,
 *         MIXED has both.
 */
OptionTable OffloadingOptions(OffloadingLinks links, const std::string& version);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_OFFLOADING_OPTIONS_H
