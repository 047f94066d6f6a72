// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/offloading-options.h"

#include "limitnet/device/device-profile.h"
#include "limitnet/scenario/common-options.h"
#include "limitnet/scenario/lora-link-options.h"
#include "limitnet/scenario/nbiot-link-options.h"

#include <cstdint>

namespace limitnet
{

namespace
{

/** What differs between the programs. */
struct Program
{
    std::string name;     ///< of the program, less "limitnet-" and "-scenario"
    std::string over;     ///< in its summary
    std::string radiusM;  ///< default
    std::string periodS;  ///< default
    std::string duration; ///< default, s
    std::string timesS;   ///< default, of the accuracy curve
};

const char* const SLOW_TIMES_S =
    "10,15,20,30,45,60,90,120,180,240,300,420,600,900,1800,3600,7200,14400";
const char* const FAST_TIMES_S = "1,2,3,4,5,6,8,10,15,20,30,45,60,90,120,180,300,600";

Program
ProgramOf(OffloadingLinks links)
{
    switch (links)
    {
    case OffloadingLinks::LORA:
        return {"lora", "LoRaWAN", "4000", "14400", "43200", SLOW_TIMES_S};
    case OffloadingLinks::NBIOT:
        return {"nbiot", "NB-IoT", "4000", "600", "1800", FAST_TIMES_S};
    case OffloadingLinks::MIXED:
        break;
    }
    return {"mixed", "LoRaWAN, others over NB-IoT", "4000", "14400", "43200", SLOW_TIMES_S};
}

} // namespace

OptionTable
OffloadingOptions(OffloadingLinks links, const std::string& version)
{
    constexpr double DAY = 86400;
    const Program program = ProgramOf(links);
    OptionTable table("limitnet-" + program.name + "-scenario",
                      version,
                      "Devices with cameras send images over " + program.over +
                          "; accuracy of the cloud's answer against the time since capture.");

    AddGeneralSection(table);
    table.AddText("out", "results", "Folder for results; a run's files go to OUT/NAME/RUN.")
        .AddText(
            "data",
            "",
            "Folder with the dataset; without it LIMITNET_DATA and then the cache are looked at.")
        .AddBool("plot", true, "Draw accuracy.png at the end.");

    table.AddSection("scenario", "Scenario")
        .AddText("name", program.name, "Name of the scenario, which its results folder gets.")
        .AddReal("duration_s", program.duration, 1, 366 * DAY, "s", "Simulated time.");

    table.AddSection("devices", "Devices")
        .AddInt("count",
                25,
                1,
                100000,
                "",
                links == OffloadingLinks::MIXED ? "Number of devices with a camera and LoRaWAN."
                                                : "Number of devices with a camera.");
    if (links == OffloadingLinks::MIXED)
    {
        table.AddInt("nbiot_count",
                     25,
                     1,
                     100000,
                     "",
                     "Number of devices with a camera and NB-IoT; they follow the others.");
    }
    table
        .AddReal(
            "radius_m",
            program.radiusM,
            1,
            1e6,
            "m",
            "Devices stand on a disc of this radius around the first gateway, uniformly by area.")
        .AddChoice("profile",
                   "stm32f7",
                   DeviceProfile::Names(),
                   "",
                   "Microcontroller, which gives time and energy of the encoding.");
    AddBatteryKeys(table);

    table.AddSection("images", "Images")
        .AddText(
            "dataset",
            "cifar10",
            "cifar10, cifar100, or the path of a folder with pictures; test pictures are used.")
        .AddInt("first",
                0,
                0,
                100000000,
                "",
                "Index in the dataset of the first picture that is used.")
        .AddInt("per_device", 2, 1, 1000000, "", "Images that each device captures.")
        .AddReal("period_s",
                 program.periodS,
                 0.001,
                 366 * DAY,
                 "s",
                 "Time between two captures of a device; its first one is uniformly in 0..period.");

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
                "bytes where none does. 0: no limit.")
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
                 "What is left of an image so long after its capture is not sent; 0: no deadline.")
        .AddChoice("queue",
                   "oldest",
                   {"oldest", "newest"},
                   "",
                   "Which image goes first when several wait on a device.");

    if (links != OffloadingLinks::NBIOT)
    {
        AddLoraLinkSection(table);
    }
    if (links != OffloadingLinks::LORA)
    {
        AddNbiotLinkSection(table);
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
                "What that may take of the disk; the predictions not used for longest go first.");

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

    table.AddFreeSection(
        "attributes",
        "Attributes of ns-3 objects, as their defaults (NAME is TypeId::Attribute)");
    return table;
}

} // namespace limitnet
