// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DEVICE_DEVICE_PROFILE_H
#define LIMITNET_DEVICE_DEVICE_PROFILE_H

#include "limitnet/codec/image-codec.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace limitnet
{

/** What a microcontroller needs for an encoding: time and energy, from the work that it takes. */
struct DeviceProfile
{
    /** The time of one stage. */
    struct StageTime
    {
        std::string name;
        double seconds;
    };

    std::string name;     ///< such as "stm32f7"
    double clockHz = 0;   ///< core clock while encoding
    double runPowerW = 0; ///< power of the microcontroller while it computes
    double sleepPowerW =
        0; ///< power while it waits and keeps its memory (the fragments still to send)
    double pictureEnergyJ = 0; ///< of camera and transfer, for taking a picture
    /** Core cycles for one operation of a stage; the stages are those that image encoders report.
     */
    std::map<std::string, double> cyclesPerOperation;

    /**
     * \param name one of Names()
     * \throws Error that lists the names known.
     */
    static const DeviceProfile& Get(std::string_view name);

    /** \return the profiles there are. */
    static std::vector<std::string> Names();

    /**
     * \return for each stage of the work operations x cycles per operation / clock, in the same
     * order. \throws Error when the profile does not know a stage.
     */
    std::vector<StageTime> EncodingTime(const EncodingWork& work) const;

    /** \return the sum of EncodingTime, seconds. */
    double EncodingSeconds(const EncodingWork& work) const;

    /** \return the energy of the encoding at run power, joules. */
    double EncodingEnergyJ(const EncodingWork& work) const;
};

} // namespace limitnet

#endif // LIMITNET_DEVICE_DEVICE_PROFILE_H
