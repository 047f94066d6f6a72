// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_COMMON_OPTIONS_H
#define LIMITNET_SCENARIO_COMMON_OPTIONS_H

#include "limitnet/scenario/option-table.h"

namespace limitnet
{

/** Begins the section of keys that stand before all sections, with `seed` and `run`. */
void AddGeneralSection(OptionTable& table);

/** Adds the keys of the devices' batteries to the section that was begun last. */
void AddBatteryKeys(OptionTable& table);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_COMMON_OPTIONS_H
