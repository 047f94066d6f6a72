// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_COMMON_OPTIONS_H
#define LIMITNET_SCENARIO_COMMON_OPTIONS_H

#include "limitnet/scenario/option-table.h"

#include <string>

namespace limitnet
{

/** Begins the section of keys that stand before all sections, with `seed` and `run`. */
void AddGeneralSection(OptionTable& table);

/**
 * Adds the keys of where devices stand to the section that was begun last.
 *
 * \param radiusM default of radius_m
 */
void AddPlacementKeys(OptionTable& table, const std::string& radiusM);

/** Adds the keys of the devices' batteries to the section that was begun last. */
void AddBatteryKeys(OptionTable& table);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_COMMON_OPTIONS_H
