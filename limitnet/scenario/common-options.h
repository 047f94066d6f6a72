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
void AddPlacementKeys(OptionTable& table, double radiusM);

/**
 * Default of the power of a device's microcontroller that sends readings and no pictures, watt:
 * STM32L072, as in many LoRaWAN modules, in stop mode with its clock and 20 KB of memory kept, has
 * 0.86 uA (datasheet DS10690, features), here at 3.3 V.
 */
constexpr double METER_SLEEP_POWER_W = 0.00000284;

/** The same in words, to end a key's help. */
constexpr const char* METER_SLEEP_POWER_SOURCE =
    "an STM32L072's in stop mode with clock and memory, 0.86 uA at 3.3 V. What wakes up to take a "
    "reading is in devices.base_power_w.";

/** Adds the keys of the devices' batteries to the section that was begun last. */
void AddBatteryKeys(OptionTable& table);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_COMMON_OPTIONS_H
