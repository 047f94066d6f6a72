// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_DEVICE_POWER_H
#define LIMITNET_SCENARIO_DEVICE_POWER_H

#include "limitnet/device/device-profile.h"
#include "limitnet/scenario/option-table.h"

namespace limitnet
{

/**
 * \param group values of a group of devices, of a program that offloads images
 * \return their microcontroller: devices.profile with the powers that the keys say; that of a meter
 *         sleeps all the time
 */
DeviceProfile ProfileOfGroup(const ScenarioValues& group);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_DEVICE_POWER_H
