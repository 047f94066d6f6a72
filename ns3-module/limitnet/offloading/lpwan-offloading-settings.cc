// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-settings.h"

#include "limitnet/codec/error.h"
#include "limitnet/results/accuracy-curve.h"
#include "limitnet/scenario/device-power.h"

#include "ns3/lpwan-feedback.h"
#include "ns3/lpwan-scenario-setup.h"

#include <algorithm>
#include <sstream>

namespace ns3
{
namespace lpwan
{

namespace
{

limitnet::CodecChoice
ChoiceOf(const limitnet::ScenarioValues& values)
{
    limitnet::CodecChoice choice;
    choice.name = values.Text("codec.name");
    choice.bytes = static_cast<std::size_t>(values.Int("codec.max_bytes"));
    choice.model = values.Text("codec.model");
    choice.encoder = values.Text("codec.encoder");
    choice.valuesPercent = values.Real("codec.values_percent");
    choice.mapCopies = static_cast<unsigned>(values.Int("codec.map_copies"));
    choice.order = values.Text("codec.order");
    choice.progressive = values.Bool("codec.progressive");
    choice.side = static_cast<int>(values.Int("codec.side_px"));
    choice.lossPercent = values.Real("codec.loss_percent");
    choice.quality = static_cast<int>(values.Int("codec.quality"));
    choice.parityPercent = values.Reals("strategy.parity_percent");
    return choice;
}

/** \return the keys that say how large an image gets */
std::string
SizeKeys(const limitnet::ScenarioValues& values)
{
    const auto key = [&values](const std::string& name) {
        return name + " = " + values.Text(name);
    };
    const std::string codec =
        key("codec.name") +
        (values.Int("codec.max_bytes") > 0 ? ", " + key("codec.max_bytes") : std::string{});
    return values.Text("codec.name") == "limitnet"
               ? codec + ", " + key("codec.values_percent")
               : codec + ", " + key("codec.side_px") + ", " + key("codec.quality");
}

OffloadingTraffic
TrafficOf(const limitnet::ScenarioValues& values)
{
    const std::string& traffic = values.Text("images.traffic");
    if (traffic == "trace")
    {
        return OffloadingTraffic::TRACE;
    }
    return traffic == "poisson" ? OffloadingTraffic::POISSON : OffloadingTraffic::PERIODIC;
}

/** \return the pairs in a text such as "3/0; 4/1" */
std::vector<std::pair<uint32_t, uint32_t>>
DevicesAndImages(const std::string& text)
{
    std::vector<std::pair<uint32_t, uint32_t>> pairs;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, ';');)
    {
        std::istringstream part(word);
        uint32_t device = 0;
        uint32_t image = 0;
        char slash = 0;
        if (!(part >> device >> slash >> image) || slash != '/' || !(part >> std::ws).eof())
        {
            throw limitnet::Error("cloud.pictures_of = " + text +
                                  ": has to be DEVICE/IMAGE, such as 3/0, with ; between");
        }
        pairs.emplace_back(device, image);
    }
    return pairs;
}

/** \throws limitnet::Error when a group has the name of a level */
void
CheckName(const std::string& group,
          const limitnet::ScenarioValues& values,
          const std::vector<std::unique_ptr<OffloadingLink>>& links)
{
    for (const auto& link : links)
    {
        const auto levels = link->GetLevels();
        if (std::find(levels.begin(), levels.end(), group) != levels.end())
        {
            throw limitnet::Error(values.Where("group." + group) + "group." + group +
                                  ": has the name of a level of " + link->GetName() +
                                  " in the result files; a group needs another name than " +
                                  levels.front() + " .. " + levels.back());
        }
    }
}

/** \throws limitnet::Error when values of a group contradict each other */
void
CheckGroup(const OffloadingGroupSettings& group,
           const std::vector<std::unique_ptr<OffloadingLink>>& links)
{
    const limitnet::ScenarioValues& values = group.values;
    const auto fail = [&](const std::string& key, const std::string& what) {
        throw limitnet::Error(values.Where(key) + group.Prefix() + what);
    };
    if (group.fitsDeadline && group.deadlineS == 0)
    {
        fail("strategy.fit_deadline",
             "strategy.fit_deadline = true needs a strategy.deadline_s above 0");
    }
    if (group.fitsDeadline && !group.codec.progressive)
    {
        fail("strategy.fit_deadline",
             "strategy.fit_deadline = true needs codec.progressive = true: otherwise the cloud "
             "has to know when all is there");
    }
    const bool isUnconfirmed = std::any_of(links.begin(), links.end(), [&values](const auto& link) {
        return !link->CanConfirm() && IsOnLink(values, link->GetName());
    });
    if (values.Bool("strategy.confirm_map") && !group.isMeters &&
        (group.codec.name != "limitnet" || isUnconfirmed))
    {
        fail("strategy.confirm_map",
             "strategy.confirm_map = true needs codec.name = limitnet and a LoRaWAN link");
    }
    if (values.Real("faults.cloud_down_from_s") > 0 && values.Real("faults.cloud_down_s") == 0)
    {
        fail("faults.cloud_down_from_s",
             "faults.cloud_down_from_s needs a faults.cloud_down_s above 0");
    }
}

OffloadingGroupSettings
ReadGroup(const std::string& name, const limitnet::ScenarioValues& values)
{
    OffloadingGroupSettings group;
    group.name = name;
    group.values = values;
    group.isMeters = values.Text("devices.role") == "meter";
    group.profileName = values.Text("devices.profile");
    group.profile = limitnet::ProfileOfGroup(values);
    group.batteryJ = values.Real("devices.battery_j");
    group.basePowerW = values.Real("devices.base_power_w");
    group.codec = ChoiceOf(values);
    group.sizeKeys = SizeKeys(values);
    group.traffic = TrafficOf(values);
    group.periodS = values.Real("images.period_s");
    group.imagesPerDevice = static_cast<uint32_t>(values.Int("images.per_device"));
    group.captureTimesFile = values.Text("images.times");
    group.firstPicture = static_cast<std::size_t>(values.Int("images.first"));
    group.stopConfidence = values.Real("strategy.stop_confidence");
    group.maxReports = static_cast<uint32_t>(values.Int("strategy.max_reports"));
    group.labelBytes = group.maxReports > 0 ? FRAGMENT_LABEL_BYTES : 0;
    group.fitsDeadline = values.Bool("strategy.fit_deadline");
    group.deadlineS = values.Real("strategy.deadline_s");
    group.rebootsPerDay = values.Real("faults.reboots_per_day");
    group.readingBytes = static_cast<uint32_t>(values.Int("meter.payload_bytes"));
    group.readingPeriodS = values.Real("meter.period_s");
    return group;
}

} // namespace

std::string
OffloadingGroupSettings::Prefix() const
{
    return name.empty() ? "" : "group " + name + ": ";
}

OffloadingSettings
ReadOffloadingSettings(const limitnet::ScenarioValues& values,
                       const std::vector<std::unique_ptr<OffloadingLink>>& links)
{
    OffloadingSettings settings;
    settings.name = values.Text("scenario.name");
    settings.durationS = values.Real("scenario.duration_s");
    settings.curveTimesS = limitnet::CurveTimes(values.Reals("accuracy.times_s"),
                                                values.Real("accuracy.step_s"),
                                                values.Real("accuracy.limit_s"));
    settings.evaluatesAll = values.Text("cloud.moments") == "all";
    settings.comparesPictures = values.Bool("cloud.quality");
    settings.picturedText = values.Text("cloud.pictures_of");
    settings.pictured = DevicesAndImages(settings.picturedText);
    settings.cloudDownFromS = values.Real("faults.cloud_down_from_s");
    settings.cloudDownS = values.Real("faults.cloud_down_s");
    settings.isPlotted = values.Bool("plot");
    settings.classifier = values.Text("codec.classifier");
    for (const auto& [name, own] : values.Groups())
    {
        CheckName(name, values, links);
        settings.groups.push_back(ReadGroup(name, own));
        CheckGroup(settings.groups.back(), links);
    }
    return settings;
}

} // namespace lpwan
} // namespace ns3
