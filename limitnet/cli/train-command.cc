// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/codec/error.h"
#include "limitnet/training/classifier-trainer.h"
#include "limitnet/training/codec-trainer.h"

#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

void
CheckPositive(const std::string& name, double value)
{
    if (!(value > 0))
    {
        throw Error(fmt::format("--{}={}: has to be above 0", name, value));
    }
}

} // namespace

int
RunTrain(const std::vector<std::string>& arguments)
{
    CodecTrainingOptions o;
    std::vector<std::string> pictures;
    std::string saliency;
    std::string dataDir;
    std::string output;
    po::options_description options("Options");
    options.add_options()("output,o",
                          po::value(&output)->required(),
                          "model file to write; its log and its state appear beside it")(
        "dataset",
        po::value(&o.datasets)->composing(),
        "cifar10 or cifar100, training half; may be given several times")(
        "pictures",
        po::value(&pictures)->composing(),
        "folder or .tar of larger pictures; may be given several times")(
        "saliency",
        po::value(&saliency),
        "folder or .tar with image/ and mask/, for phase 2")("data",
                                                             po::value(&dataDir),
                                                             "folder that holds the CIFAR sets")(
        "channel-steps",
        po::value(&o.channelSteps)->default_value(o.channelSteps),
        "steps of phase 1: keep the first k channels")(
        "saliency-steps",
        po::value(&o.saliencySteps)->default_value(o.saliencySteps),
        "steps of phase 2: importance order by saliency")(
        "batch",
        po::value(&o.batch)->default_value(o.batch),
        "pictures in a step")("learning-rate",
                              po::value(&o.learningRate)->default_value(o.learningRate),
                              "highest rate of Adam")(
        "saliency-weight",
        po::value(&o.saliencyWeight)->default_value(o.saliencyWeight),
        "weight of the saliency loss")(
        "hold-out",
        po::value(&o.holdOutPercent)->default_value(o.holdOutPercent),
        "percent of the larger pictures kept for validation")(
        "bfloat16",
        po::bool_switch(&o.bfloat16),
        "decoder convolutions in bfloat16: several times faster where the processor has it")(
        "seed",
        po::value(&o.seed)->default_value(o.seed),
        "seed of all random draws");
    if (!ParseArguments("limitnet train --output=FILE --dataset=cifar10 [OPTIONS]",
                        "Trains encoder, saliency decoder and decoder at 224x224. A stopped run "
                        "goes on when it is\nstarted again with the same options.",
                        options,
                        arguments))
    {
        return 0;
    }
    CheckPositive("batch", static_cast<double>(o.batch) - 1);
    CheckPositive("learning-rate", o.learningRate);
    CheckPositive("channel-steps + saliency-steps",
                  static_cast<double>(o.channelSteps + o.saliencySteps));
    o.pictures.assign(pictures.begin(), pictures.end());
    o.saliency = saliency;
    o.dataDir = dataDir;
    o.output = output;
    TrainCodec(o, std::cout);
    return 0;
}

int
RunTrainClassifier(const std::vector<std::string>& arguments)
{
    ClassifierTrainingOptions o;
    std::string dataDir;
    std::string output;
    std::string start;
    std::string codec;
    po::options_description options("Options");
    options.add_options()("output,o",
                          po::value(&output)->required(),
                          "model file to write; its log and its state appear beside it")(
        "dataset",
        po::value(&o.dataset)->default_value(o.dataset),
        "cifar10 or cifar100, training half")("data",
                                              po::value(&dataDir),
                                              "folder that holds the CIFAR sets")(
        "epochs",
        po::value(&o.epochs)->default_value(o.epochs),
        "passes over the pictures")("batch",
                                    po::value(&o.batch)->default_value(o.batch),
                                    "pictures in a step")(
        "learning-rate",
        po::value(&o.learningRate)->default_value(o.learningRate),
        "highest rate of SGD")("weight-decay",
                               po::value(&o.weightDecay)->default_value(o.weightDecay),
                               "of all weights")(
        "label-smoothing",
        po::value(&o.labelSmoothing)->default_value(o.labelSmoothing),
        "share of the target spread over all classes")(
        "hold-out",
        po::value(&o.holdOut)->default_value(o.holdOut),
        "training pictures kept for validation")("start",
                                                 po::value(&start),
                                                 "classifier to start from")(
        "codec",
        po::value(&codec),
        "train on reconstructions of this codec as well")(
        "decoded-pictures",
        po::value(&o.decodedPictures)->default_value(o.decodedPictures),
        "how many reconstructions")(
        "bfloat16",
        po::bool_switch(&o.bfloat16),
        "convolutions in bfloat16: several times faster where the processor has it")(
        "seed",
        po::value(&o.seed)->default_value(o.seed),
        "seed of all random draws");
    if (!ParseArguments("limitnet train-classifier --output=FILE [OPTIONS]",
                        "Trains the small classifier. A stopped run goes on when it is started "
                        "again with the same\noptions.",
                        options,
                        arguments))
    {
        return 0;
    }
    CheckPositive("epochs", static_cast<double>(o.epochs));
    CheckPositive("batch", static_cast<double>(o.batch) - 1);
    CheckPositive("learning-rate", o.learningRate);
    o.dataDir = dataDir;
    o.output = output;
    o.start = start;
    o.codec = codec;
    TrainClassifier(o, std::cout);
    return 0;
}

} // namespace limitnet
