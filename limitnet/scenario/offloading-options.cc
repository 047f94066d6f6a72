// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/offloading-options.h"

#include "limitnet/baselines/codec-table.h"
#include "limitnet/device/device-profile.h"
#include "limitnet/scenario/common-options.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace limitnet
{

using namespace keys;

namespace
{

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
    table.Add({Choice("link", choices)
                   .Default(all)
                   .Help("Link of the devices; " + all + ": devices.count on each, those with " +
                         links.front().title + " first.")});
}

/** \return families of codecs in words, "JPEG and WebP": those rivals for which something is true
 */
template <class Predicate>
std::string
Families(Predicate isWanted)
{
    std::vector<std::string> families;
    for (const CodecRow& row : CodecTable())
    {
        const bool isNew =
            std::find(families.begin(), families.end(), row.family) == families.end();
        if (row.open && isNew && isWanted(row))
        {
            families.push_back(row.family);
        }
    }
    return InWords(families, "and");
}

bool
Heeds(const CodecRow& row, const char* key)
{
    return std::find(row.keys.begin(), row.keys.end(), key) != row.keys.end();
}

bool
HasQuality(const CodecRow& row)
{
    return Heeds(row, "quality");
}

/** \return whether a codec has nothing but the size of its picture to fit it into some bytes */
bool
HasSizeAlone(const CodecRow& row)
{
    return !HasQuality(row) && !Heeds(row, "loss_percent"); // a stream that may be cut anywhere
}

/** \return the rivals whose pictures are smaller than those of others at most: "raw: 128" */
std::string
SmallOnes()
{
    std::vector<std::string> ones;
    for (const CodecRow& row : CodecTable())
    {
        if (row.mostSide < MAX_CODEC_SIDE)
        {
            ones.push_back(row.family + ": " + std::to_string(row.mostSide));
        }
    }
    return InWords(ones, "and");
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
    table.Add({
        Text("out").Default("results").Help(
            "Folder for results; a run's files go to OUT/NAME/RUN."),
        Text("data").SelectsFiles().Help(
            "Folder with the dataset; without it LIMITNET_DATA and then the cache are looked at."),
        Boolean("plot").Default(true).Help("Draw accuracy.png at the end."),
    });

    table.AddSection("scenario", "Scenario")
        .Add({
            Name("name")
                .Default(program.name)
                .Help("Name of the scenario, which its results folder gets."),
            Real("duration_s")
                .Default(program.durationS)
                .Range(1, 366 * DAY)
                .Unit("s")
                .Help("Simulated time."),
        });

    table.AddSection("devices", "Devices", OptionTable::Scope::GROUP);
    if (program.links.size() > 1)
    {
        AddLinkKey(table, program.links);
    }
    table.Add({
        Integer("count").Default(25).Range(1, 100000).Help(
            "Number of devices; with placement = list there is one at each place instead."),
        Choice("role", {"camera", "meter"})
            .Default("camera")
            .SelectsFiles()
            .Help("Cameras send images, meters readings of meter.payload_bytes: traffic of others "
                  "on the same link."),
    });
    AddPlacementKeys(table, program.radiusM);
    table.Add({
        Choice("profile", DeviceProfile::Names())
            .Default("stm32f7")
            .Help("Microcontroller of the cameras, which gives the time of the encoding."),
        Real("run_power_w")
            .Default(0.495)
            .Range(0, 100)
            .Unit("W")
            .Help("Power of a camera's microcontroller while it encodes (STM32F7 at 216 MHz: 100 "
                  "to 190 mA with peripherals, taken as 150 mA at 3.3 V)."),
        Real("sleep_power_w")
            .Default(0.00099)
            .Range(0, 10)
            .Unit("W")
            .Help("Power of a camera's microcontroller otherwise (STM32F7 in stop mode, which "
                  "keeps the fragments: 0.1 to 0.5 mA, taken as 0.3 mA at 3.3 V); that of meters "
                  "is meter.sleep_power_w."),
        Real("picture_energy_j")
            .Default(0)
            .Range(0, 1000)
            .Unit("J")
            .Help("Energy that taking a picture costs: sensor and transfer, such as 0.125 W for "
                  "0.5 s; it is drawn while the picture is encoded."),
    });
    AddBatteryKeys(table);

    table.AddSection("images", "Images")
        .Add({
            Text("dataset").Default("cifar10").SelectsFiles().Help(
                "cifar10, cifar100, imagenet, ecssd, or the path of a folder with pictures; test "
                "pictures are used."),
            Integer("first")
                .Default(0)
                .Range(0, 100000000)
                .ForGroups()
                .Help("Index in the dataset of the first picture that is used; after its last one "
                      "comes its first."),
            Integer("per_device")
                .Default(2)
                .Range(1, 1000000)
                .ForGroups()
                .Help("Images that each device captures; with traffic = trace the file says how "
                      "many."),
            Choice("traffic", {"periodic", "poisson", "trace"})
                .Default("periodic")
                .ForGroups()
                .SelectsFiles()
                .Help("When images are captured: every period_s, at random with that mean (Poisson "
                      "process), or as times says."),
            Text("times").ForGroups().NamesFile().Help(
                "With traffic = trace: a CSV file with columns device (from 0, in "
                "its group) and time_s."),
            Real("period_s")
                .Default(program.periodS)
                .Range(0.001, 366 * DAY)
                .Unit("s")
                .ForGroups()
                .Help("Time between two captures of a device, of a Poisson process their mean; the "
                      "first one of a period is uniformly in 0..period."),
        });

    table.AddSection("meter", "Meters", OptionTable::Scope::GROUP)
        .Add({
            Integer("payload_bytes")
                .Default(20)
                .Range(1, 222)
                .Unit("bytes")
                .Help("Length of a meter's reading."),
            Real("period_s")
                .Default(600)
                .Range(0.001, 366 * DAY)
                .Unit("s")
                .Help("Time between two readings of a meter; its first one is uniformly in "
                      "0..period."),
            Real("sleep_power_w")
                .Default(METER_SLEEP_POWER_W)
                .Range(0, 10)
                .Unit("W")
                .Help(
                    std::string("Power of a meter's microcontroller, which sleeps all the time: ") +
                    METER_SLEEP_POWER_SOURCE),
        });

    const std::string withQuality = Families(HasQuality);
    const std::string withSizeAlone = Families(HasSizeAlone);
    table.AddSection("codec", "Codec")
        .Add({
            Choice("name", CodecNames())
                .Default("limitnet")
                .ForGroups()
                .SelectsFiles()
                .Help("The image codec: LimitNet, or a rival."),
            Integer("max_bytes")
                .Default(0)
                .Range(0, 65536)
                .Unit("bytes")
                .ForGroups()
                .Help("Most bytes of an image's fragments: LimitNet sends as many values as fit, a "
                      "rival takes the best quality (" +
                      withSizeAlone +
                      ": the largest picture) that fits, and "
                      "sends the first bytes where none does; labels of strategy.max_reports come "
                      "on top. 0: no limit."),
            Text("model")
                .Default("codec-224")
                .ForGroups()
                .SelectsFiles()
                .OnlyWith("codec.name", CodecsThatHeed("model"))
                .Help("Weights of LimitNet, by name or path."),
            Text("classifier")
                .Default("auto")
                .SelectsFiles()
                .Help("The cloud's classifier: resnet50, a model by name or path, or a TorchScript "
                      "file; auto takes the one for the dataset."),
            Choice("encoder", {"int8", "float"})
                .Default("int8")
                .ForGroups()
                .SelectsFiles()
                .OnlyWith("codec.name", CodecsThatHeed("encoder"))
                .Help("Arithmetic of the devices' encoder: int8, as a microcontroller runs it, or "
                      "float, for comparison."),
            Real("values_percent")
                .Default(30)
                .Range(0.01, 100)
                .Unit("%")
                .ForGroups()
                .OnlyWith("codec.name", CodecsThatHeed("values_percent"))
                .Help("Part of LimitNet's 9,408 latent values that is sent, the most important "
                      "first."),
            Integer("map_copies")
                .Default(2)
                .Range(1, 8)
                .ForGroups()
                .OnlyWith("codec.name", CodecsThatHeed("map_copies"))
                .Help("How often the saliency map is sent; without it nothing can be decoded."),
            Choice("order", {"model", "importance", "saliency", "channel", "random"})
                .Default("model")
                .ForGroups()
                .OnlyWith("codec.name", CodecsThatHeed("order"))
                .Help("Order of LimitNet's values: importance is by saliency and channel, the "
                      "others are there to be compared; model: what the weights were trained for."),
            Boolean("progressive")
                .Default(true)
                .ForGroups()
                .OnlyWith("codec.name", CodecsThatHeed("progressive"))
                .Help("LimitNet decodes whatever has arrived; otherwise nothing before all values "
                      "have."),
            Integer("side_px")
                .Default(224)
                .Range(16, 1024)
                .Unit("px")
                .ForGroups()
                .OnlyWith("codec.name", CodecsThatHeed("side_px"))
                .Help("Rivals: the picture is resized to so many columns and rows (" + SmallOnes() +
                      " at most)."),
            Real("loss_percent")
                .Default(0)
                .Range(0, 90)
                .Unit("%")
                .ForGroups()
                .OnlyWith("codec.name", CodecsThatHeed("loss_percent"))
                .Help("Bit planes: part of the fragments that is expected to be lost; how much of "
                      "codec.max_bytes is parity is chosen for it."),
            Integer("quality")
                .Default(75)
                .Range(1, 100)
                .ForGroups()
                .OnlyWith("codec.name", CodecsThatHeed("quality"))
                .Help(withQuality + ": quality; with codec.max_bytes the highest that is tried."),
        });

    table.AddSection("strategy", "Offloading strategy", OptionTable::Scope::GROUP)
        .Add({
            Real("stop_confidence")
                .Default(0)
                .Range(0, 1)
                .Help("The cloud tells a device that it needs no more of an image when its "
                      "classifier is that sure of the class, 0..1; 0: never."),
            Integer("max_reports")
                .Default(0)
                .Range(0, 100)
                .Help("How often at most a device sends again what the cloud says is missing of an "
                      "image, or asks again; 0: it does not ask. Fragments then have two bytes "
                      "more."),
            Real("report_timeout_s")
                .Default(10)
                .Range(0.001, DAY)
                .Unit("s")
                .Help("How long a device waits for the cloud's answer before it asks again."),
            Real("deadline_s")
                .Default(0)
                .Range(0, 366 * DAY)
                .Unit("s")
                .Help("What of an image has not begun to be sent so long after its capture is not "
                      "sent; 0: no deadline."),
            Choice("queue", {"oldest", "newest"})
                .Default("oldest")
                .Help("Which image goes first when several wait on a device."),
            Boolean("fit_deadline")
                .Default(false)
                .Help("An image is encoded within the bytes that the device can send before "
                      "deadline_s, by its duty cycle, or its pace so far where the network "
                      "schedules it."),
            Boolean("confirm_map")
                .Default(false)
                .Help("The network acknowledges the fragments with LimitNet's saliency map, which "
                      "are sent again until it does; codec.map_copies = 1 goes with it."),
            Reals("parity_percent")
                .Range(0, 400)
                .Unit("%")
                .Help("Forward erasure coding: an image's fragments are split into as many equal "
                      "parts as there are numbers, the most important ones first, and each part "
                      "gets so many percent of parity fragments; empty: none. Fragments then have "
                      "six bytes less."),
        });

    table.AddSection("faults", "Faults")
        .Add({
            Real("reboots_per_day")
                .Default(0)
                .Range(0, 86400)
                .Unit("1/d")
                .Help("How often a camera restarts, at random (Poisson process): what it has of "
                      "images is lost."),
            Real("cloud_down_from_s")
                .Default(0)
                .Range(0, 366 * DAY)
                .Unit("s")
                .Help("From when on the cloud is down for cloud_down_s: what reaches it then is "
                      "lost."),
            Real("cloud_down_s")
                .Default(0)
                .Range(0, 366 * DAY)
                .Unit("s")
                .Help("How long it is down."),
        });

    for (const auto& link : program.links)
    {
        link.addSection(table);
    }

    table.AddSection("cloud", "Cloud")
        .Add({
            Choice("moments", {"all", "grid"})
                .Default("grid")
                .Help(
                    "Which arrivals the cloud decodes and classifies: all, or those whose state "
                    "shows at a time of the accuracy curve, and the last. The curve is the same."),
            Text("cache").Default("auto").Help(
                "Database in which predictions are kept for other runs: a path, auto "
                "(limitnet/predictions.sqlite in $XDG_CACHE_HOME or ~/.cache), or none."),
            Integer("cache_limit_mib")
                .Default(256)
                .Range(1, 1000000)
                .Unit("MiB")
                .Help("What that may take of the disk; the predictions not used for longest go "
                      "first."),
            Boolean("quality").Default(false).Help(
                "Compare what is decoded with the camera's picture too: psnr_db and ssim in the "
                "result files."),
            Text("pictures_of")
                .Help("Images whose reconstructions are kept, one for each fragment that arrives: "
                      "'3/0; 4/1' is image 0 of device 3 and image 1 of device 4."),
        });

    table.AddSection("accuracy", "Accuracy curve")
        .Add({
            Reals("times_s")
                .Default(program.timesS)
                .Range(0, 366 * DAY)
                .Unit("s")
                .Help("Times since capture at which accuracy is given; when empty, step_s and "
                      "limit_s say them."),
            Real("step_s")
                .Default(60)
                .Range(0.001, 366 * DAY)
                .Unit("s")
                .Help("Step of the times since capture."),
            Real("limit_s")
                .Default(7200)
                .Range(0.001, 366 * DAY)
                .Unit("s")
                .Help("Last time since capture."),
        });

    table.AllowCheck().AllowGroups("devices");
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
