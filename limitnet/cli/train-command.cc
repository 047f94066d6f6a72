// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/codec/error.h"
#include "limitnet/evaluation/open-classifier.h"
#include "limitnet/evaluation/rival-channel.h"
#include "limitnet/results/plot.h"
#include "limitnet/training/classifier-trainer.h"
#include "limitnet/training/codec-trainer.h"
#include "limitnet/training/option-list.h"
#include "limitnet/training/stop-request.h"
#include "limitnet/training/training-set.h"

#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/** A trainer's options for Boost.Program_options, which hands each value to the list. */
po::options_description
ForBoost(const OptionList& list)
{
    po::options_description options("Options");
    for (const auto& option : list.Options())
    {
        const auto help = option.defaultText.empty()
                              ? option.help
                              : fmt::format("{} ({})", option.help, option.defaultText);
        auto* value = po::value<std::vector<std::string>>();
        if (option.required)
        {
            value->required();
        }
        value->composing()->notifier([&option](const std::vector<std::string>& texts) {
            if (texts.size() > 1 && !option.repeated)
            {
                throw Error(fmt::format("--{}: is given {} times", option.name, texts.size()));
            }
            for (const auto& text : texts)
            {
                option.set(text);
            }
        });
        const auto name = option.name == "output" ? "output,o" : option.name;
        options.add_options()(name.c_str(), value, help.c_str());
    }
    return options;
}

/** Where the pictures come from. */
struct PictureOptions
{
    TrainingSetOptions sets;
    std::filesystem::path pack;

    void Describe(OptionList& list)
    {
        list.Add("dataset",
                 sets.datasets,
                 std::string(DATASET_HELP) + "; several times for several");
        list.Add("data", sets.dataDir, SETS_DATA_HELP);
        list.Add("hold-out", sets.holdOutPercent, "percent of a folder's pictures kept out");
        list.Add("hold-out-pictures",
                 sets.holdOutPictures,
                 "of the last training pictures of a CIFAR set, kept out");
        list.Add("most", sets.mostOfFolder, "most pictures to take of a folder; 0 for all");
        list.Add("pack", pack, "file of `limitnet pack` to take instead of --dataset");
    }

    std::shared_ptr<const TrainingSet> Load(std::ostream& progress) const
    {
        if (pack.empty())
        {
            return LoadTrainingSet(sets, progress);
        }
        if (!sets.datasets.empty())
        {
            throw Error("--pack and --dataset: one of them is right");
        }
        return ReadTrainingSet(pack);
    }
};

/** Draws the log of a run beside it; a missing picture is no reason to fail. */
void
PlotLog(const std::filesystem::path& output)
{
    auto log = output;
    log += ".csv";
    auto picture = output;
    picture += ".png";
    const auto plot = PlotTraining(log, picture, output.stem().string());
    std::cout << (plot.done ? fmt::format("log: {}, {}\n", log.string(), picture.string())
                            : fmt::format("log: {}; not drawn: {}\n", log.string(), plot.reason));
}

template <typename TrainerOptions, typename Train>
int
RunTrainer(const std::string& usage,
           const std::string& about,
           const std::vector<std::string>& arguments,
           const Train& train)
{
    TrainerOptions o;
    PictureOptions pictures;
    OptionList list;
    pictures.Describe(list);
    DescribeOptions(list, o);
    if (!ParseArguments(usage, about, ForBoost(list), arguments))
    {
        return 0;
    }
    const auto& stop = StopRequest();
    const auto set = pictures.Load(std::cout);
    const bool done = train(*set, o, std::cout, &stop);
    PlotLog(o.output);
    return done ? 0 : STOPPED_STATUS;
}

} // namespace

int
RunTrain(const std::vector<std::string>& arguments)
{
    return RunTrainer<CodecTrainingOptions>(
        "limitnet train --output=FILE --dataset=cifar10 [OPTIONS]",
        "Trains encoder, saliency decoder and decoder at 224x224, in up to three phases, and makes "
        "the tables of the\nbitstream. A stopped run goes on when it is started again with the "
        "same options (docs/training.md).",
        arguments,
        [](const TrainingSet& set,
           CodecTrainingOptions& options,
           std::ostream& progress,
           const std::atomic<bool>* stop) {
            for (auto& classifier : options.classifiers)
            {
                const auto found = LocateClassifier(classifier.string()); // by name, or a path
                classifier = found.path;
                if (!found.options.backbone.empty())
                {
                    options.classifierOptions = found.options;
                }
            }
            return TrainCodec(set, options, progress, stop);
        });
}

int
RunTrainClassifier(const std::vector<std::string>& arguments)
{
    return RunTrainer<ClassifierTrainingOptions>(
        "limitnet train-classifier --output=FILE --dataset=cifar10 [OPTIONS]",
        "Trains the small classifier. A stopped run goes on when it is started again with the "
        "same\noptions (docs/training.md).",
        arguments,
        [](const TrainingSet& set,
           ClassifierTrainingOptions& options,
           std::ostream& progress,
           const std::atomic<bool>* stop) {
            options.openRivals = OpenRivalChannel;
            return TrainClassifier(set, options, progress, stop);
        });
}

int
RunPack(const std::vector<std::string>& arguments)
{
    PictureOptions pictures;
    std::filesystem::path output;
    OptionList list;
    list.Add("output", output, "file to write");
    list.Require();
    pictures.Describe(list);
    if (!ParseArguments("limitnet pack --output=FILE --dataset=cifar10 [OPTIONS]",
                        "Writes the pictures that a trainer takes into one file, as bytes at 32x32 "
                        "or 224x224, for another machine:\n`limitnet train --pack FILE`, or the "
                        "trainer that is built with LibTorch alone (docs/training.md).",
                        ForBoost(list),
                        arguments))
    {
        return 0;
    }
    WriteTrainingSet(*pictures.Load(std::cout), output);
    std::cout << fmt::format("wrote {}: {:.1f} MB\n",
                             output.string(),
                             static_cast<double>(std::filesystem::file_size(output)) / 1e6);
    return 0;
}

} // namespace limitnet
