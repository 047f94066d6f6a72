// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/lora-scenario-options.h"

#include "limitnet/device/device-profile.h"
#include "limitnet/scenario/lora-link-options.h"

#include <cstdint>

namespace limitnet
{

OptionTable
LoraScenarioOptions(const std::string& version)
{
    constexpr double DAY = 86400;
    OptionTable table("limitnet-lora-scenario",
                      version,
                      "Devices with cameras send images over LoRaWAN; accuracy of the cloud's "
                      "answer against the time since capture.");

    AddGeneralSection(table);
    table.AddText("out", "results", "Folder for results; a run's files go to OUT/NAME/RUN.")
        .AddText(
            "data",
            "",
            "Folder with the dataset; without it LIMITNET_DATA and then the cache are looked at.")
        .AddBool("plot", true, "Draw accuracy.png at the end.");

    table.AddSection("scenario", "Scenario")
        .AddText("name", "lora", "Name of the scenario, which its results folder gets.")
        .AddReal("duration_s", "43200", 1, 366 * DAY, "s", "Simulated time.");

    table.AddSection("devices", "Devices")
        .AddInt("count", 25, 1, 100000, "", "Number of devices with a camera.")
        .AddReal(
            "radius_m",
            "4000",
            1,
            1e6,
            "m",
            "Devices stand on a disc of this radius around the first gateway, uniformly by area.")
        .AddChoice("profile",
                   "stm32f7",
                   DeviceProfile::Names(),
                   "",
                   "Microcontroller, which gives time and energy of the encoding.");

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
                 "14400",
                 0.001,
                 366 * DAY,
                 "s",
                 "Time between two captures of a device; its first one is uniformly in 0..period.");

    table.AddSection("codec", "Codec")
        .AddText("model", "codec-224", "Weights of the codec, by name or path.")
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
                 "Part of the 9,408 latent values that is sent, the most important first.")
        .AddInt("map_copies",
                2,
                1,
                8,
                "",
                "How often the saliency map is sent; without it nothing can be decoded.");

    AddLoraLinkSection(table);

    table.AddSection("cloud", "Cloud")
        .AddChoice(
            "moments",
            "grid",
            {"all", "grid"},
            "",
            "Which arrivals the cloud decodes and classifies: all, or those whose state shows "
            "at a time of the accuracy curve, and the last. The curve is the same.");

    table.AddSection("accuracy", "Accuracy curve")
        .AddReals("times_s",
                  "10,15,20,30,45,60,90,120,180,240,300,420,600,900,1800,3600,7200,14400",
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
