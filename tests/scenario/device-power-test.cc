// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/device-power.h"
#include "limitnet/scenario/lorawan-cell-options.h"
#include "limitnet/scenario/offloading-options.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace limitnet
{
namespace
{

const OptionTable&
Table()
{
    static const OptionTable table = OffloadingOptions("lora", "any");
    return table;
}

TEST(DevicePower, ACamerasDefaultsAreItsProfiles)
{
    const auto profile = ProfileOfGroup(Table().Parse(std::vector<std::string>{}));
    const DeviceProfile& stm32f7 = DeviceProfile::Get("stm32f7");
    EXPECT_DOUBLE_EQ(profile.runPowerW, stm32f7.runPowerW);
    EXPECT_DOUBLE_EQ(profile.sleepPowerW, stm32f7.sleepPowerW);
    EXPECT_EQ(profile.pictureEnergyJ, 0);
    EXPECT_EQ(profile.clockHz, stm32f7.clockHz);
}

TEST(DevicePower, AMeterHasAMetersInEveryProgram)
{
    const auto meter = ProfileOfGroup(Table().Parse({"--devices.role=meter"}));
    // 0.86 uA (datasheet of the STM32L072: stop mode, clock, 20 KB of memory kept) at 3.3 V
    EXPECT_NEAR(meter.sleepPowerW, 0.86e-6 * 3.3, 0.01e-6);
    EXPECT_EQ(meter.pictureEnergyJ, 0);
    const auto cell = LorawanCellOptions("any").Parse(std::vector<std::string>{});
    EXPECT_EQ(cell.Real("devices.sleep_power_w"), meter.sleepPowerW);
}

TEST(DevicePower, AGroupHasItsOwn)
{
    const auto values = Table().Parse({"--devices.sleep_power_w=3 mW",
                                       "--group.a.devices.run_power_w=200 mW",
                                       "--group.a.devices.picture_energy_j=60 mJ",
                                       "--group.b.devices.role=meter",
                                       "--group.b.meter.sleep_power_w=5 uW"});
    const auto groups = values.Groups();
    ASSERT_EQ(groups.size(), 2U);
    const auto camera = ProfileOfGroup(groups[0].second);
    EXPECT_DOUBLE_EQ(camera.sleepPowerW, 3e-3);
    EXPECT_DOUBLE_EQ(camera.runPowerW, 0.2);
    EXPECT_DOUBLE_EQ(camera.pictureEnergyJ, 0.06);
    EXPECT_DOUBLE_EQ(ProfileOfGroup(groups[1].second).sleepPowerW, 5e-6);
}

} // namespace
} // namespace limitnet
