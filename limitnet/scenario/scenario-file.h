// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_SCENARIO_FILE_H
#define LIMITNET_SCENARIO_SCENARIO_FILE_H

#include <string>
#include <vector>

namespace limitnet
{

/** A value as it stands in a scenario file or on the command line. */
struct GivenValue
{
    std::string key;   ///< whole: `devices.count`, `group.NAME.devices.count`; `group.NAME` itself
    std::string text;  ///< without the white space around it
    std::string where; ///< to begin a message: "file:line: " or "command line: "
};

/**
 * Reads a scenario file and the files that it includes, whose values come first.
 *
 * \param path the file
 * \param sections that it may have beside those of groups
 * \return its values in their order, none checked; the beginning of a group's section as one
 *         without a text
 * \throws Error that begins with file and line: what cannot be read, a line that says nothing, a
 *         section that there is not, a key twice
 */
std::vector<GivenValue> ReadScenarioFile(const std::string& path,
                                         const std::vector<std::string>& sections);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_SCENARIO_FILE_H
