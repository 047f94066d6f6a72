// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/device-power.h"

namespace limitnet
{

DeviceProfile
ProfileOfGroup(const ScenarioValues& group)
{
    DeviceProfile profile = DeviceProfile::Get(group.Text("devices.profile"));
    if (group.Text("devices.role") == "meter")
    {
        profile.runPowerW = 0;
        profile.sleepPowerW = group.Real("meter.sleep_power_w");
        return profile;
    }
    profile.runPowerW = group.Real("devices.run_power_w");
    profile.sleepPowerW = group.Real("devices.sleep_power_w");
    profile.pictureEnergyJ = group.Real("devices.picture_energy_j");
    return profile;
}

} // namespace limitnet
