// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_COMMAND_LINE_H
#define LIMITNET_SCENARIO_COMMAND_LINE_H

#include "limitnet/scenario/scenario-file.h"

#include <string>
#include <vector>

namespace limitnet
{

/** What the arguments of a program say. */
struct CommandLine
{
    std::vector<GivenValue> given; ///< in their order, none checked
    std::string file;              ///< after --scenario; empty without
    bool helpWanted = false;       ///< --help was given
    bool checkWanted = false;      ///< --check was given
};

/**
 * Reads arguments such as `--devices.count=20`.
 *
 * \param arguments without the program's name
 * \param keys that there are
 * \param hasCheck whether --check may be given
 * \throws Error that begins with "command line: ": what is no such argument, or is given twice
 */
CommandLine ReadCommandLine(const std::vector<std::string>& arguments,
                            const std::vector<std::string>& keys,
                            bool hasCheck);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_COMMAND_LINE_H
