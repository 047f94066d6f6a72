// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/device/device-profile.h"

#include "limitnet/baselines/codec-table.h"
#include "limitnet/codec/error.h"

namespace limitnet
{

namespace
{

/**
 * STM32F746/F767: Cortex-M7 at 216 MHz, 320/512 kB RAM.
 *
 * Convolutions, cycles per multiply-accumulate of int8 kernels: measured on exactly this part, Lai,
 * Suda, Chandra: CMSIS-NN (arXiv 1801.06601), CIFAR-10 network on an STM32F746 at 216 MHz: 99.1 ms
 * for 24.7 M operations = 12.3 M multiply-accumulates over the whole network; its three
 * convolutions take 31.4, 42.8, 22.6 ms for 4.9, 13.1, 6.6 M operations, for example 31.4 ms x 216
 * MHz / (4.9 M / 2) = 2.8. The first has, like conv1 here, three input channels, which suits the
 * two-way multiply-accumulate of the core badly; the other two have many, as conv2 and conv3 here.
 * The saliency decoder's 3x3 convolutions are taken as conv3. Assumption: its last two layers
 * (8 and 4 input channels) may be slower; they are 8 % of its work.
 *
 * Order and entropy code, cycles per value: instructions counted in QEMU by tests/arm (GCC 12 -O2
 * for the Cortex-M7, which `ctest -R arm -V` prints) times cycles per instruction. Counted: order
 * (the cells sorted) 15.3 a value of the 9,408; entropy code 513.8 a value sent, of which the walk
 * through the order, the prediction and the range code are part. Assumption: 1.0 cycles per
 * instruction; 0.7 to 1.3 is usual for this core, which can issue two at once and waits for memory
 * and branches. The quantiser is part of conv3 in the int8 encoder, and its map (34,000
 * instructions) is left out.
 *
 * The same count for this project's convolutions, in instructions per multiply-accumulate: conv1
 * 1.92, conv2 1.60, conv3 2.05, saliency 1.95. With 1.0 cycles each that is 76.0 M cycles where the
 * published figures above give 98.1 M. Those stay, since they were measured on the part itself.
 *
 * Resizing: assumption, 10 cycles for each of the camera's pixels. Erasure code: assumption, 6
 * cycles for each byte that is multiplied and added, with a table of 256 products for each
 * coefficient (load, look up, load, add, store). Stages of the rivals: codec-table.cc.
 *
 * Power. Assumption, from typical currents at 3.3 V with peripherals: run mode at 216 MHz 100 to
 * 190 mA, taken as 150 mA; stop mode, which keeps the RAM with the fragments, 0.1 to 0.5 mA, taken
 * as 0.3 mA.
 */
DeviceProfile
Stm32f7()
{
    DeviceProfile profile;
    profile.name = "stm32f7";
    profile.clockHz = 216e6;
    profile.runPowerW = 3.3 * 0.150;
    profile.sleepPowerW = 3.3 * 0.0003;
    profile.cyclesPerOperation = {{"conv1", 2.8},
                                  {"conv2", 1.4},
                                  {"conv3", 1.5},
                                  {"saliency", 1.5},
                                  {"order", 15.3},
                                  {"entropy", 513.8},
                                  {"resize", 10},
                                  {"erasure", 6}};
    return profile;
}

/** \return a profile with the stages of the codecs that bring their own */
DeviceProfile
WithCodecs(DeviceProfile profile)
{
    for (const CodecRow& codec : CodecTable())
    {
        for (const CodecRow::Stage& stage : codec.stages)
        {
            const auto cycles = stage.cyclesPerOperation.find(profile.name);
            if (cycles != stage.cyclesPerOperation.end())
            {
                profile.cyclesPerOperation[stage.name] = cycles->second;
            }
        }
    }
    return profile;
}

const std::vector<DeviceProfile>&
Profiles()
{
    static const std::vector<DeviceProfile> profiles = {WithCodecs(Stm32f7())};
    return profiles;
}

} // namespace

const DeviceProfile&
DeviceProfile::Get(std::string_view name)
{
    std::string known;
    for (const DeviceProfile& profile : Profiles())
    {
        if (profile.name == name)
        {
            return profile;
        }
        known += (known.empty() ? "" : ", ") + profile.name;
    }
    throw Error("device profile '" + std::string(name) + "' is not one of " + known);
}

std::vector<std::string>
DeviceProfile::Names()
{
    std::vector<std::string> names;
    for (const DeviceProfile& profile : Profiles())
    {
        names.push_back(profile.name);
    }
    return names;
}

std::vector<DeviceProfile::StageTime>
DeviceProfile::EncodingTime(const EncodingWork& work) const
{
    std::vector<StageTime> times;
    for (const EncodingWork::Stage& stage : work.stages)
    {
        const auto cycles = cyclesPerOperation.find(stage.name);
        if (cycles == cyclesPerOperation.end())
        {
            throw Error("device profile " + name + " has no cycles per operation for the stage '" +
                        stage.name + "'");
        }
        times.push_back(
            {stage.name, static_cast<double>(stage.operations) * cycles->second / clockHz});
    }
    return times;
}

double
DeviceProfile::EncodingSeconds(const EncodingWork& work) const
{
    double seconds = 0;
    for (const StageTime& stage : EncodingTime(work))
    {
        seconds += stage.seconds;
    }
    return seconds;
}

double
DeviceProfile::EncodingEnergyJ(const EncodingWork& work) const
{
    return EncodingSeconds(work) * runPowerW;
}

} // namespace limitnet
