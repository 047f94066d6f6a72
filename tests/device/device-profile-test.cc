// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/device/device-profile.h"

#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(DeviceProfile, TimeIsWorkTimesCyclesByClock)
{
    DeviceProfile profile;
    profile.name = "test";
    profile.clockHz = 100e6;
    profile.runPowerW = 0.5;
    profile.cyclesPerOperation = {{"a", 2}, {"b", 0.5}};
    EncodingWork work;
    work.stages = {{"b", 100'000'000}, {"a", 25'000'000}};
    const auto times = profile.EncodingTime(work);
    ASSERT_EQ(times.size(), 2U);
    EXPECT_EQ(times[0].name, "b");
    EXPECT_DOUBLE_EQ(times[0].seconds, 0.5);
    EXPECT_EQ(times[1].name, "a");
    EXPECT_DOUBLE_EQ(times[1].seconds, 0.5);
    EXPECT_DOUBLE_EQ(profile.EncodingSeconds(work), 1);
    EXPECT_DOUBLE_EQ(profile.EncodingEnergyJ(work), 0.5);
    EXPECT_EQ(profile.EncodingSeconds({}), 0);
    work.stages.push_back({"jpeg", 1});
    EXPECT_THROW(profile.EncodingTime(work), Error);
}

/**
 * The published network of CMSIS-NN (arXiv 1801.06601) on the same part: three convolutions
 * of 4.9, 13.1 and 6.6 M operations, two for each multiply-accumulate, take 31.4, 42.8 and 22.6 ms.
 */
TEST(DeviceProfile, Stm32f7ReproducesThePublishedTimes)
{
    const DeviceProfile& profile = DeviceProfile::Get("stm32f7");
    EXPECT_EQ(profile.clockHz, 216e6);
    EncodingWork work;
    work.stages = {{"conv1", 2'450'000}, {"conv2", 6'550'000}, {"conv3", 3'300'000}};
    const auto times = profile.EncodingTime(work);
    EXPECT_NEAR(times[0].seconds, 31.4e-3, 0.05 * 31.4e-3);
    EXPECT_NEAR(times[1].seconds, 42.8e-3, 0.05 * 42.8e-3);
    EXPECT_NEAR(times[2].seconds, 22.6e-3, 0.05 * 22.6e-3);
}

TEST(DeviceProfile, TheWholeEncoderTakesAboutHalfASecond)
{
    // 29.5 M x 2.8 + 5.0 M x 1.4 + 1.35 M x 1.5 + 4.3 M x 1.5 = 98.1 M cycles: 0.454 s; the order
    // and the entropy code, 9408 x (15.3 + 513.8) = 5.0 M cycles, add 0.023 s.
    EncodingWork work;
    work.stages = {{"conv1", 112ULL * 112 * 16 * 147},
                   {"conv2", 28ULL * 28 * 16 * 400},
                   {"conv3", 784ULL * 12 * 144},
                   {"saliency", 4'300'000},
                   {"order", 9408},
                   {"entropy", 9408}};
    const DeviceProfile& profile = DeviceProfile::Get("stm32f7");
    EXPECT_NEAR(profile.EncodingSeconds(work), 0.477, 0.003);
    EXPECT_GT(profile.runPowerW, 100 * profile.sleepPowerW);
}

TEST(DeviceProfile, UnknownNameListsTheKnownOnes)
{
    try
    {
        DeviceProfile::Get("z80");
        FAIL();
    }
    catch (const Error& error)
    {
        EXPECT_NE(std::string(error.what()).find("stm32f7"), std::string::npos);
    }
    for (const std::string& name : DeviceProfile::Names())
    {
        EXPECT_EQ(DeviceProfile::Get(name).name, name);
    }
}

} // namespace
} // namespace limitnet
