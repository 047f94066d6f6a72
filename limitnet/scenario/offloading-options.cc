// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/offloading-options.h"

#include "limitnet/device/device-profile.h"
#include "limitnet/scenario/common-options.h"

#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <vector>

namespace limitnet
{

namespace
{

/** \return a default as the table takes it */
std::string
Number(double value)
{
    return fmt::format("{:g}", value);
}

/** \return the titles of the links, for a summary */
std::string
Over(const OffloadingProgram& program)
{
    std::string over = program.links.front().title;
    for (std::size_t i = 1; i < program.links.size(); ++i)
    {
        over += ", others over " + program.links[i].title;
    }
    return over;
}

/** Adds the key that says on which of several links devices are. */
void
AddLinkKey(OptionTable& table, const std::vector<LinkKeys>& links)
{
    // The words for more than one of them: see IsOnLink() of the ns-3 module.
    const std::string all = links.size() == 2 ? "both" : "all";
    std::vector<std::string> choices;
    for (const auto& link : links)
    {
        choices.push_back(link.name);
    }
    choices.push_back(all);
    table.AddChoice("link",
                    all,
                    choices,
                    "",
                    "Link of the devices; " + all + ": devices.count on each, those with " +
                        links.front().title + " first.");
}

} // namespace

OptionTable
OffloadingOptions(const OffloadingProgram& program, const std::string& version)
{
    constexpr double DAY = 86400;
    OptionTable table(program.FullName(),
                      version,
                      "Devices with cameras send images over " + Over(program) +
                          "; accuracy of the cloud's answer against the time since capture.");

    AddGeneralSection(table);
    table.AddText("out", "results", "Folder for results; a run's files go to OUT/NAME/RUN.")
        .AddText(
            "data",
            "",
            "Folder with the dataset; without it LIMITNET_DATA and then the cache are looked at.")
        .AddBool("plot", true, "Draw accuracy.png at the end.");

    table.AddSection("scenario", "Scenario")
        .AddName("name", program.name, "Name of the scenario, which its results folder gets.")
        .AddReal("duration_s", Number(program.durationS), 1, 366 * DAY, "s", "Simulated time.");

    table.AddSection("devices", "Devices");
    if (program.links.size() > 1)
    {
        AddLinkKey(table, program.links);
    }
    table
        .AddInt("count",
                25,
                1,
                100000,
                "",
                "Number of devices; with placement = list there is one at each place instead.")
        .AddChoice("role",
                   "camera",
                   {"camera", "meter"},
                   "",
                   "Cameras send images, meters readings of meter.payload_bytes: traffic of others "
                   "on the same link.");
    AddPlacementKeys(table, Number(program.radiusM));
    table
        .AddChoice("profile",
                   "stm32f7",
                   DeviceProfile::Names(),
                   "",
                   "Microcontroller of the cameras, which gives the time of the encoding.")
        .AddReal("run_power_w",
                 "0.495",
                 0,
                 100,
                 "W",
                 "Power of a camera's microcontroller while it encodes (STM32F7 at 216 MHz: 100 to "
                 "190 mA with peripherals, taken as 150 mA at 3.3 V).")
        .AddReal("sleep_power_w",
                 "0.00099",
                 0,
                 10,
                 "W",
                 "Power of a camera's microcontroller otherwise (STM32F7 in stop mode, which keeps "
                 "the fragments: 0.1 to 0.5 mA, taken as 0.3 mA at 3.3 V); that of meters is "
                 "meter.sleep_power_w.")
        .AddReal("picture_energy_j",
                 "0",
                 0,
                 1000,
                 "J",
                 "Energy that taking a picture costs: sensor and transfer, such as 0.125 W for "
                 "0.5 s; it is drawn while the picture is encoded.");
    AddBatteryKeys(table);

    table.AddSection("images", "Images")
        .AddText("dataset",
                 "cifar10",
                 "cifar10, cifar100, imagenet, ecssd, or the path of a folder with pictures; test "
                 "pictures "
                 "are used.")
        .AddInt(
            "first",
            0,
            0,
            100000000,
            "",
            "Index in the dataset of the first picture that is used; after its last one comes its "
            "first.")
        .AddInt("per_device",
                2,
                1,
                1000000,
                "",
                "Images that each device captures; with traffic = trace the file says how many.")
        .AddChoice("traffic",
                   "periodic",
                   {"periodic", "poisson", "trace"},
                   "",
                   "When images are captured: every period_s, at random with that mean (Poisson "
                   "process), or as times says.")
        .AddText("times",
                 "",
                 "With traffic = trace: a CSV file with columns device (from 0, in its group) and "
                 "time_s.")
        .AddReal("period_s",
                 Number(program.periodS),
                 0.001,
                 366 * DAY,
                 "s",
                 "Time between two captures of a device, of a Poisson process their mean; the "
                 "first one of a period is uniformly in 0..period.");

    table.AddSection("meter", "Meters")
        .AddInt("payload_bytes", 20, 1, 222, "bytes", "Length of a meter's reading.")
        .AddReal("period_s",
                 "600",
                 0.001,
                 366 * DAY,
                 "s",
                 "Time between two readings of a meter; its first one is uniformly in 0..period.")
        .AddReal("sleep_power_w",
                 METER_SLEEP_POWER_W,
                 0,
                 10,
                 "W",
                 std::string("Power of a meter's microcontroller, which sleeps all the time: ") +
                     METER_SLEEP_POWER_SOURCE);

    table.AddSection("codec", "Codec")
        .AddChoice("name",
                   "limitnet",
                   {"limitnet", "jpeg", "jpeg-progressive", "webp", "raw"},
                   "",
                   "The image codec: LimitNet, or a rival.")
        .AddInt("max_bytes",
                0,
                0,
                65536,
                "bytes",
                "Most bytes of an image's fragments: LimitNet sends as many values as fit, a rival "
                "takes the best quality (raw: the largest picture) that fits, and sends the first "
                "bytes where none does; labels of strategy.max_reports come on top. 0: no limit.")
        .AddText("model", "codec-224", "Weights of LimitNet, by name or path.")
        .AddText(
            "classifier",
            "auto",
            "The cloud's classifier: resnet50, a model by name or path, or a TorchScript file; "
            "auto takes the one for the dataset.")
        .AddChoice("encoder",
                   "int8",
                   {"int8", "float"},
                   "",
                   "Arithmetic of the devices' encoder: int8, as a microcontroller runs it, or "
                   "float, for comparison.")
        .AddReal("values_percent",
                 "30",
                 0.01,
                 100,
                 "%",
                 "Part of LimitNet's 9,408 latent values that is sent, the most important first.")
        .AddInt("map_copies",
                2,
                1,
                8,
                "",
                "How often the saliency map is sent; without it nothing can be decoded.")
        .AddChoice("order",
                   "model",
                   {"model", "importance", "saliency", "channel", "random"},
                   "",
                   "Order of LimitNet's values: importance is by saliency and channel, the others "
                   "are there to be compared; model: what the weights were trained for.")
        .AddBool("progressive",
                 true,
                 "LimitNet decodes whatever has arrived; otherwise nothing before all values have.")
        .AddInt("side_px",
                224,
                16,
                1024,
                "px",
                "Rivals: the picture is resized to so many columns and rows (raw: 128 at most).")
        .AddInt("quality",
                75,
                1,
                100,
                "",
                "JPEG and WebP: quality; with codec.max_bytes the highest that is tried.");

    table.AddSection("strategy", "Offloading strategy")
        .AddReal(
            "stop_confidence",
            "0",
            0,
            1,
            "",
            "The cloud tells a device that it needs no more of an image when its classifier is "
            "that sure of the class, 0..1; 0: never.")
        .AddInt(
            "max_reports",
            0,
            0,
            100,
            "",
            "How often at most a device sends again what the cloud says is missing of an image, "
            "or asks again; 0: it does not ask. Fragments then have two bytes more.")
        .AddReal("report_timeout_s",
                 "10",
                 0.001,
                 DAY,
                 "s",
                 "How long a device waits for the cloud's answer before it asks again.")
        .AddReal("deadline_s",
                 "0",
                 0,
                 366 * DAY,
                 "s",
                 "What of an image has not begun to be sent so long after its capture is not sent; "
                 "0: no "
                 "deadline.")
        .AddChoice("queue",
                   "oldest",
                   {"oldest", "newest"},
                   "",
                   "Which image goes first when several wait on a device.")
        .AddBool("fit_deadline",
                 false,
                 "An image is encoded within the bytes that the device can send before deadline_s, "
                 "by its duty cycle, or its pace so far where the network schedules it.")
        .AddBool("confirm_map",
                 false,
                 "The network acknowledges the fragments with LimitNet's saliency map, which are "
                 "sent again until it does; codec.map_copies = 1 goes with it.")
        .AddReals("parity_percent",
                  "",
                  0,
                  400,
                  "%",
                  "Forward erasure coding: an image's fragments are split into as many equal parts "
                  "as there are numbers, the most important ones first, and each part gets so many "
                  "percent of parity fragments; empty: none. Fragments then have six bytes less.");

    table.AddSection("faults", "Faults")
        .AddReal("reboots_per_day",
                 "0",
                 0,
                 86400,
                 "1/d",
                 "How often a camera restarts, at random (Poisson process): what it has of images "
                 "is lost.")
        .AddReal("cloud_down_from_s",
                 "0",
                 0,
                 366 * DAY,
                 "s",
                 "From when on the cloud is down for cloud_down_s: what reaches it then is lost.")
        .AddReal("cloud_down_s", "0", 0, 366 * DAY, "s", "How long it is down.");

    for (const auto& link : program.links)
    {
        link.addSection(table);
    }

    table.AddSection("cloud", "Cloud")
        .AddChoice(
            "moments",
            "grid",
            {"all", "grid"},
            "",
            "Which arrivals the cloud decodes and classifies: all, or those whose state shows "
            "at a time of the accuracy curve, and the last. The curve is the same.")
        .AddText("cache",
                 "auto",
                 "Database in which predictions are kept for other runs: a path, auto "
                 "(limitnet/predictions.sqlite in $XDG_CACHE_HOME or ~/.cache), or none.")
        .AddInt("cache_limit_mib",
                256,
                1,
                1000000,
                "MiB",
                "What that may take of the disk; the predictions not used for longest go first.")
        .AddBool("quality",
                 false,
                 "Compare what is decoded with the camera's picture too: psnr_db and ssim in the "
                 "result files.")
        .AddText("pictures_of",
                 "",
                 "Images whose reconstructions are kept, one for each fragment that arrives: "
                 "'3/0; 4/1' is image 0 of device 3 and image 1 of device 4.");

    table.AddSection("accuracy", "Accuracy curve")
        .AddReals("times_s",
                  program.timesS,
                  0,
                  366 * DAY,
                  "s",
                  "Times since capture at which accuracy is given; when empty, step_s and limit_s "
                  "say them.")
        .AddReal("step_s", "60", 0.001, 366 * DAY, "s", "Step of the times since capture.")
        .AddReal("limit_s", "7200", 0.001, 366 * DAY, "s", "Last time since capture.");

    std::vector<std::string> own{"devices",
                                 "meter",
                                 "images.first",
                                 "images.per_device",
                                 "images.traffic",
                                 "images.times",
                                 "images.period_s",
                                 "codec.name",
                                 "codec.max_bytes",
                                 "codec.model",
                                 "codec.encoder",
                                 "codec.values_percent",
                                 "codec.map_copies",
                                 "codec.order",
                                 "codec.progressive",
                                 "codec.side_px",
                                 "codec.quality",
                                 "strategy"};
    for (const auto& link : program.links)
    {
        own.insert(own.end(), link.ofGroups.begin(), link.ofGroups.end());
    }
    table.AllowCheck().AllowGroups("devices", own);
    table.AddFreeSection(
        "attributes",
        "Attributes of ns-3 objects, as their defaults (NAME is TypeId::Attribute)");
    return table;
}

OptionTable
OffloadingOptions(const std::string& program, const std::string& version)
{
    return OffloadingOptions(FindOffloadingProgram(program), version);
}

} // namespace limitnet
