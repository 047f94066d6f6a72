// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/paths.h"
#include "limitnet/nn/checkpoint-import.h"
#include "limitnet/training/calibration.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

const char* const AUTO = "auto";

/** The data set whose classes a classifier tells apart, by their number; empty: not known. */
std::string
DatasetWithClasses(int64_t classes)
{
    return classes == 10     ? "cifar10"
           : classes == 100  ? "cifar100"
           : classes == 1000 ? "imagenet"
                             : "";
}

/** The set of a classifier: by the number of its classes, else as the user says. */
std::string
ClassifierDataset(const Checkpoint& checkpoint,
                  const std::string& named,
                  const std::filesystem::path& dataDir)
{
    const auto classes = checkpoint.ClassCount();
    auto dataset = DatasetWithClasses(classes);
    if (dataset.empty() && named != AUTO &&
        OpenDataset(named, Split::TRAIN, dataDir)->ClassCount() == classes)
    {
        dataset = named;
    }
    if (dataset.empty())
    {
        throw Error(fmt::format("{}: its classifier has {} classes; name the data set with as many "
                                "with --dataset",
                                checkpoint.Path().string(),
                                classes));
    }
    return dataset;
}

/** `models/x.pt` -> `models/x-classifier.pt` */
std::filesystem::path
BesideFor(const std::filesystem::path& output)
{
    auto name = output.stem();
    name += "-classifier";
    name += output.extension();
    return output.parent_path() / name;
}

/** Say now that a file cannot be written, not after minutes of work. */
void
CheckFolderOf(const std::filesystem::path& file)
{
    const auto folder = file.parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder))
    {
        throw Error(
            fmt::format("--output={}: there is no folder {}", file.string(), folder.string()));
    }
}

void
PrintIgnored(const Checkpoint& checkpoint)
{
    const auto& ignored = checkpoint.Ignored();
    if (ignored.empty())
    {
        return;
    }
    std::string names;
    constexpr size_t SHOWN = 4;
    for (size_t i = 0; i < std::min(SHOWN, ignored.size()); ++i)
    {
        names += (i == 0 ? "" : ", ") + ignored[i];
    }
    std::cout << fmt::format("not used: {} tensor(s): {}{}\n",
                             ignored.size(),
                             names,
                             ignored.size() > SHOWN ? ", ..." : "");
}

} // namespace

int
RunImport(const std::vector<std::string>& arguments)
{
    std::string file;
    std::string output;
    std::string dataDir;
    std::string dataset;
    CalibrationOptions calibration;
    po::options_description options("Options");
    options.add_options()("file", po::value(&file)->required(), "checkpoint that PyTorch saved")(
        "output,o",
        po::value(&output)->required(),
        "model file to write; a classifier found beside a codec goes to NAME-classifier.pt")(
        "dataset",
        po::value(&dataset)->default_value(AUTO),
        "data set whose training pictures the codec's tables are made from; auto: the one with as "
        "many classes as the checkpoint's classifier, cifar100 when it has none")(
        "data",
        po::value(&dataDir),
        DATA_HELP)("count",
                   po::value(&calibration.count)->default_value(calibration.count),
                   "training pictures to use");
    po::positional_options_description positional;
    positional.add("file", 1);
    if (!ParseArguments(
            "limitnet import FILE --output=MODEL.pt [OPTIONS]",
            "Turns a checkpoint of LimitNet (a state dict, a Lightning .ckpt or a whole "
            "pickled module) into the\nproject's model files. No code of the checkpoint "
            "is run.",
            options,
            arguments,
            positional))
    {
        return 0;
    }
    CheckFolderOf(output);
    calibration.dataDir = dataDir;
    const Checkpoint checkpoint(file);
    std::cout << fmt::format("{}: {}\n", file, checkpoint.Form());

    // What may fail for want of a data set comes first, so that no half of a pair is written.
    const auto classes = checkpoint.ClassCount();
    std::string classifierDataset;
    if (classes > 0)
    {
        classifierDataset = ClassifierDataset(checkpoint, dataset, dataDir);
    }
    if (dataset == AUTO)
    {
        dataset = classes > 0 ? DatasetOnDisk(classifierDataset, dataDir) : "cifar100";
    }
    calibration.datasets = {dataset};
    if (checkpoint.HasCodec())
    {
        std::cout << fmt::format("making the codec's tables from training pictures of {}\n",
                                 dataset)
                  << std::flush;
        const auto used = WriteCalibratedCodec(checkpoint, output, calibration, std::cerr);
        std::cout << fmt::format(
            "codec: encoder, decoder{}; tables from {} pictures of {}: wrote {}\n",
            checkpoint.HasSaliency() ? ", saliency decoder" : "",
            used,
            dataset,
            output);
        if (!checkpoint.HasSaliency())
        {
            std::cout << "missing: the saliency decoder; pictures are sent channel by channel\n";
        }
    }
    else
    {
        std::cout << "missing: encoder and decoder; no codec was written\n";
    }
    if (classes > 0)
    {
        const auto path = checkpoint.HasCodec() ? BesideFor(output) : std::filesystem::path(output);
        checkpoint.WriteClassifier(path, classifierDataset);
        std::cout << fmt::format("classifier: EfficientNet-B0, {} classes of {}: wrote {}\n",
                                 classes,
                                 classifierDataset,
                                 path.string());
    }
    else
    {
        std::cout << "missing: the classifier\n";
    }
    PrintIgnored(checkpoint);
    return 0;
}

int
RunCalibrate(const std::vector<std::string>& arguments)
{
    std::string model;
    std::string output;
    std::string dataDir;
    CalibrationOptions calibration;
    po::options_description options("Options");
    options.add_options()("model", po::value(&model)->required(), MODEL_HELP)(
        "output,o",
        po::value(&output)->required(),
        "model file to write; may be the same")(
        "dataset",
        po::value(&calibration.datasets)->required()->composing(),
        "cifar10, cifar100, imagenet, ecssd, or a folder of pictures (with a slash); "
        "training pictures are used where there are halves; several times for an equal share of "
        "each")("data", po::value(&dataDir), DATA_HELP)(
        "count",
        po::value(&calibration.count)->default_value(calibration.count),
        "pictures to use");
    po::positional_options_description positional;
    positional.add("model", 1);
    if (!ParseArguments("limitnet calibrate MODEL --output=MODEL.pt --dataset=NAME [OPTIONS]",
                        "Makes the tables of a codec's quantiser and entropy code anew, from the "
                        "latents of pictures.\nThe networks stay as they are.",
                        options,
                        arguments,
                        positional))
    {
        return 0;
    }
    CheckFolderOf(output);
    calibration.dataDir = dataDir;
    const auto used = Recalibrate(FindModel(model), output, calibration, std::cerr);
    std::cout << fmt::format("tables from {} pictures of {}: wrote {}\n",
                             used,
                             fmt::join(calibration.datasets, " and "),
                             output);
    return 0;
}

} // namespace limitnet
