// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_INI_LINE_H
#define LIMITNET_SCENARIO_INI_LINE_H

#include <optional>
#include <string>

namespace limitnet
{

/** \return what a line of a scenario file says: without its comment and the space around it */
std::string IniContent(const std::string& line);

/**
 * \param content of a line
 * \return the section that it begins, `devices` for `[ devices ]`; nothing when it begins none
 */
std::optional<std::string> IniSection(const std::string& content);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_INI_LINE_H
