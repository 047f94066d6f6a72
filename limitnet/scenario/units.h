// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_UNITS_H
#define LIMITNET_SCENARIO_UNITS_H

#include <string>
#include <vector>

namespace limitnet
{

/**
 * \param unit of a key, as in the table of options, such as "m"
 * \return the units that its values may be written in, itself first: m, km, cm
 */
std::vector<std::string> UnitsLike(const std::string& unit);

/**
 * A value as the key's unit has it: "0.5 km" is "500" for a key in metres.
 *
 * \param text a number, and a unit behind it if the user likes; whatever does not begin with a
 *        number is given back as it is
 * \param unit of the key; empty: it has none
 * \return the number alone
 * \throws Error, a part of a sentence: the unit is unknown, or one of something else
 */
std::string InUnit(const std::string& text, const std::string& unit);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_UNITS_H
