// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_FIND_SCENARIO_H
#define LIMITNET_SCENARIO_FIND_SCENARIO_H

#include <string>

namespace limitnet
{

/**
 * Finds a scenario file. A file that is there under that name is meant; otherwise one of the
 * project's own scenarios, by `lora-far`, `lora-far.ini` or `scenarios/lora-far.ini`.
 *
 * \param name as the user gave it
 * \return the path of the file
 * \throws Error when neither is there
 */
std::string FindScenario(const std::string& name);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_FIND_SCENARIO_H
