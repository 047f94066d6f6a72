// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/paths.h"
#include "limitnet/training/head-trainer.h"
#include "limitnet/training/stop-request.h"

#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

void
CheckRange(const std::string& name, double value, double lowest, double highest)
{
    if (!(value >= lowest && value <= highest))
    {
        throw Error(fmt::format("--{}={}: has to be {} to {}", name, value, lowest, highest));
    }
}

} // namespace

int
RunTrainHead(const std::vector<std::string>& arguments)
{
    HeadTrainingOptions o;
    std::string backbone;
    std::string dataDir;
    std::string output;
    po::options_description options("Options");
    options.add_options()("output,o",
                          po::value(&output)->required(),
                          "model file to write; its log and its state appear beside it")(
        "backbone",
        po::value(&backbone)->default_value("resnet50"),
        "network whose features are used; resnet50 is what there is")(
        "dataset",
        po::value(&o.dataset)->default_value(o.dataset),
        "cifar10 or cifar100, training half")("data",
                                              po::value(&dataDir),
                                              "folder that holds the CIFAR sets")(
        "pictures",
        po::value(&o.pictures)->default_value(o.pictures),
        "take the first so many training pictures; 0 for all")(
        "mirrored",
        po::bool_switch(&o.mirrored),
        "train on mirrored pictures too: twice the time for the features")(
        "bfloat16",
        po::bool_switch(&o.bfloat16),
        "features in bfloat16: about twice as fast where the processor has it")(
        "hidden",
        po::value(&o.hidden)->default_value(o.hidden),
        "width of the inner layer; 0 for none")("epochs",
                                                po::value(&o.epochs)->default_value(o.epochs),
                                                "passes over the features")(
        "batch",
        po::value(&o.batch)->default_value(o.batch),
        "pictures in a step")("learning-rate",
                              po::value(&o.learningRate)->default_value(o.learningRate),
                              "highest rate of AdamW")(
        "weight-decay",
        po::value(&o.weightDecay)->default_value(o.weightDecay),
        "of all weights")("label-smoothing",
                          po::value(&o.labelSmoothing)->default_value(o.labelSmoothing),
                          "share of the target spread over all classes")(
        "dropout",
        po::value(&o.dropout)->default_value(o.dropout),
        "share of the features left out in a step")(
        "hold-out",
        po::value(&o.holdOut)->default_value(o.holdOut),
        "training pictures kept for validation, the last ones")(
        "seed",
        po::value(&o.seed)->default_value(o.seed),
        "seed of all random draws");
    if (!ParseArguments("limitnet train-head --output=FILE [OPTIONS]",
                        "Trains a classifier on the features of ResNet-50 (`limitnet data fetch "
                        "resnet50`). The features are\ncomputed once and kept in the cache. A "
                        "stopped run goes on when it is started again with the\nsame options.",
                        options,
                        arguments))
    {
        return 0;
    }
    const auto* files = backbone == "resnet50" ? FindNpmFiles(backbone) : nullptr;
    if (files == nullptr)
    {
        throw Error(fmt::format("--backbone={}: right would be resnet50", backbone));
    }
    CheckRange("epochs", static_cast<double>(o.epochs), 1, 1e6);
    CheckRange("batch", static_cast<double>(o.batch), 2, 1e6);
    CheckRange("hidden", static_cast<double>(o.hidden), 0, 1e5);
    CheckRange("pictures", static_cast<double>(o.pictures), 0, 1e9);
    CheckRange("learning-rate", o.learningRate, 1e-12, 1e3);
    CheckRange("weight-decay", o.weightDecay, 0, 1e3);
    CheckRange("label-smoothing", o.labelSmoothing, 0, 1);
    CheckRange("dropout", o.dropout, 0, 0.99);
    const auto wrong = ProblemOfNpmFiles(*files);
    if (!wrong.empty())
    {
        throw Error(wrong);
    }
    o.backbone = NpmFilePaths(*files).front();
    o.backboneDigest = files->sha256;
    o.featureFolder = CacheDir() / "features";
    o.dataDir = dataDir;
    o.output = output;
    return TrainHead(o, std::cout, &StopRequest()) ? 0 : STOPPED_STATUS;
}

} // namespace limitnet
