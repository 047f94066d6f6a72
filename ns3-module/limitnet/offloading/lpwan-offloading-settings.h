// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_SETTINGS_H
#define LPWAN_OFFLOADING_SETTINGS_H

#include "limitnet/device/device-profile.h"
#include "limitnet/evaluation/open-codec.h"
#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-offloading-link.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** When a camera captures. */
enum class OffloadingTraffic : uint8_t
{
    PERIODIC, //!< at equal intervals, from a random phase on
    POISSON,  //!< at random, with a mean interval
    TRACE     //!< as a file says
};

/** The values of a group of devices, read once. Keys are those of docs/scenario.md. */
struct OffloadingGroupSettings
{
    std::string name;                //!< empty: the only one
    limitnet::ScenarioValues values; //!< all of them, for links and for attributes of ns-3
    bool isMeters{false};            //!< its devices send readings, no images
    std::string profileName;         //!< devices.profile
    limitnet::DeviceProfile profile; //!< of its microcontrollers
    double batteryJ{0};              //!< of a full battery; 0: none
    double basePowerW{0};            //!< that each device draws all the time

    limitnet::CodecChoice codec; //!< of cameras
    std::string sizeKeys;        //!< that say how large an image gets, with their values

    OffloadingTraffic traffic{OffloadingTraffic::PERIODIC};
    double periodS{0};            //!< between captures, or its mean
    uint32_t imagesPerDevice{0};  //!< where no file says it
    std::string captureTimesFile; //!< of TRACE
    std::size_t firstPicture{0};  //!< index in the data set

    double stopConfidence{0};  //!< of an answer that needs no more; 0: there is none
    uint32_t maxReports{0};    //!< how often the cloud may be asked what is missing
    std::size_t labelBytes{0}; //!< that a device puts before each fragment
    bool fitsDeadline{false};  //!< images are encoded to fit it
    double deadlineS{0};       //!< of an image, from its capture; 0: none

    double rebootsPerDay{0};  //!< of a camera, on average
    uint32_t readingBytes{0}; //!< of a meter
    double readingPeriodS{0}; //!< likewise

    /** \return what a message about it begins with: "group NAME: ", or nothing */
    std::string Prefix() const;
};

/** The values of a run, read once. */
struct OffloadingSettings
{
    std::string name;                //!< scenario.name
    double durationS{0};             //!< of the simulation
    std::vector<double> curveTimesS; //!< since capture
    bool evaluatesAll{false};        //!< not only the states that show in the curve
    bool comparesPictures{false};    //!< PSNR and SSIM are asked for
    std::vector<std::pair<uint32_t, uint32_t>> pictured; //!< device, image: kept as pictures
    std::string picturedText;                            //!< the same as it was written
    double cloudDownFromS{0};                            //!< when the cloud's outage begins
    double cloudDownS{0};                                //!< how long it lasts; 0: none
    bool isPlotted{false};                               //!< the curve is drawn
    std::string classifier;                              //!< codec.classifier
    std::vector<OffloadingGroupSettings> groups;         //!< in the scenario's order
};

/**
 * \param values of a scenario
 * \param links that it runs on
 * \return its settings
 * \throws limitnet::Error in one line on a value that makes no sense with another
 */
OffloadingSettings ReadOffloadingSettings(
    const limitnet::ScenarioValues& values,
    const std::vector<std::unique_ptr<OffloadingLink>>& links);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_SETTINGS_H
