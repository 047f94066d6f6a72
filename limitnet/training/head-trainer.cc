// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/head-trainer.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/cache-lock.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/nn/tfjs-layers.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/head-trainer-torch.h"
#include "limitnet/training/picture-features-torch.h"
#include "limitnet/training/training-set-torch.h"
#include "limitnet/training/training-torch.h"

#include <algorithm>

namespace limitnet
{

namespace
{

using torch::Tensor;

using HeadInTrainingImpl = AveragedImpl<ResNet50Head>;
TORCH_MODULE(HeadInTraining);

void
CheckHoldOut(const HeadTrainingOptions& options, int64_t count)
{
    if (options.holdOut < 1 || count - options.holdOut < options.batch)
    {
        throw Error(Text("--hold-out=",
                         options.holdOut,
                         ": of ",
                         count,
                         " pictures it has to leave a batch of ",
                         options.batch,
                         " at least, and to be 1 or more"));
    }
}

/** Rows at a time, where all are gone through. */
constexpr int64_t ROWS = 1000;

/** Features of mean 0 and deviation 1. */
struct Standard
{
    Tensor mean;
    Tensor deviation;

    explicit Standard(const Tensor& features)
    {
        auto sum = torch::zeros({features.size(1)}, torch::kDouble);
        auto squares = torch::zeros({features.size(1)}, torch::kDouble);
        const auto count = features.size(0);
        for (int64_t i = 0; i < count; i += ROWS)
        {
            const auto rows = features.narrow(0, i, std::min(ROWS, count - i))
                                  .to(torch::kFloat)
                                  .to(torch::kDouble);
            sum += rows.sum(0);
            squares += rows.square().sum(0);
        }
        const auto n = static_cast<double>(count);
        mean = (sum / n).to(torch::kFloat);
        // The constant keeps features that are always the same from being blown up.
        deviation =
            ((squares / n - (sum / n).square()).clamp_min(0).sqrt() + 1e-3).to(torch::kFloat);
    }

    Tensor Of(const Tensor& features) const
    {
        return (features.to(torch::kFloat) - mean) / deviation;
    }
};

/** The share of rows whose most likely class is right, in percent. */
template <typename Forward>
double
Accuracy(const Tensor& features, const Tensor& labels, const Forward& forward)
{
    const torch::NoGradGuard noGrad;
    int64_t correct = 0;
    for (int64_t i = 0; i < features.size(0); i += ROWS)
    {
        const auto n = std::min(ROWS, features.size(0) - i);
        const auto answers = forward(features.narrow(0, i, n)).argmax(1);
        correct += (answers == labels.narrow(0, i, n)).sum().template item<int64_t>();
    }
    return 100.0 * static_cast<double>(correct) / static_cast<double>(features.size(0));
}

/** The same head for features as they are: the standardisation goes into its first layer. */
ResNet50Head
ForPlainFeatures(const ResNet50Head& head, int64_t hidden, const Standard& standard)
{
    const torch::NoGradGuard noGrad;
    const auto classes = head->output->weight.size(0);
    ResNet50Head plain(standard.mean.size(0), hidden, classes);
    const auto from = head->parameters();
    auto to = plain->parameters();
    for (size_t i = 0; i < to.size(); ++i)
    {
        to[i].copy_(from[i]);
    }
    auto& first = hidden > 0 ? plain->hidden : plain->output;
    first->weight.div_(standard.deviation);
    first->bias.sub_(first->weight.matmul(standard.mean));
    plain->eval();
    return plain;
}

} // namespace

bool
TrainHeadOnFeatures(const Tensor& features,
                    const Tensor& labels,
                    int64_t classes,
                    const HeadTrainingOptions& options,
                    std::ostream& progress,
                    const std::atomic<bool>* stop)
{
    CheckHoldOut(options, features.size(0));
    const auto trainCount = features.size(0) - options.holdOut;
    const Standard standard(features.narrow(0, 0, trainCount));
    torch::manual_seed(options.seed);
    HeadInTraining head(features.size(1), options.hidden, classes);
    torch::optim::AdamW optimizer(
        head->net->parameters(),
        torch::optim::AdamWOptions(options.learningRate).weight_decay(options.weightDecay));

    EpochOrder order(trainCount, options.batch, options.seed);
    const auto stepsPerEpoch = order.StepsPerEpoch();
    TrainingLoop::Options loop;
    loop.output = options.output;
    loop.steps = options.epochs * stepsPerEpoch;
    loop.learningRate = options.learningRate;
    loop.reportEvery = stepsPerEpoch;
    loop.seed = options.seed;
    loop.stop = stop;
    loop.signature = Text("head ",
                          options.dataset,
                          ' ',
                          options.backboneDigest,
                          ' ',
                          features.size(0),
                          ' ',
                          options.mirrored,
                          ' ',
                          options.bfloat16,
                          ' ',
                          options.hidden,
                          ' ',
                          options.epochs,
                          ' ',
                          options.batch,
                          ' ',
                          options.learningRate,
                          ' ',
                          options.weightDecay,
                          ' ',
                          options.labelSmoothing,
                          ' ',
                          options.dropout,
                          ' ',
                          options.holdOut,
                          ' ',
                          options.seed,
                          ' ',
                          // the pictures, as far as they are seen here
                          ChecksumOf(labels, ChecksumOf(features)));

    const auto loss = [&](int64_t step) {
        const auto chosen = order.At(step);
        const auto logits =
            head->net->forward(standard.Of(features.index_select(0, chosen)), options.dropout);
        return torch::nn::functional::cross_entropy(
            logits,
            labels.index_select(0, chosen),
            torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(
                options.labelSmoothing));
    };
    const auto heldOut = features.narrow(0, trainCount, options.holdOut);
    const auto heldOutLabels = labels.narrow(0, trainCount, options.holdOut);
    const auto validate = [&] {
        const auto accuracy = Accuracy(heldOut, heldOutLabels, [&](const Tensor& rows) {
            return head->average->forward(standard.Of(rows));
        });
        return std::vector<std::pair<std::string, double>>{{"clean_top1_percent", accuracy}};
    };
    const bool done = TrainingLoop::Run(
        *head,
        optimizer,
        loop,
        loss,
        validate,
        [&](int64_t step) {
            head->MoveAverage(head->ShareAt(step, static_cast<double>(stepsPerEpoch)));
        },
        progress);

    if (!done)
    {
        return false;
    }
    head->eval();
    auto plain = ForPlainFeatures(head->average, options.hidden, standard);
    WriteClassifier(options.output, plain, options.dataset, options.backboneDigest);
    progress << Text("wrote ", options.output.string(), '\n');
    return true;
}

bool
TrainHead(const HeadTrainingOptions& options, std::ostream& progress, const std::atomic<bool>* stop)
{
    UseAllCores();
    KeepFreedMemory();
    TrainingSetOptions wanted;
    wanted.datasets = {options.dataset};
    wanted.dataDir = options.dataDir;
    wanted.holdOutPictures = options.holdOut;
    const auto set = LoadTrainingSet(wanted, progress);
    const auto& source = set->sources.front();
    if (!source.IsSmall() || !source.labels.defined())
    {
        throw Error(Text("--dataset=", options.dataset, ": right would be cifar10 or cifar100"));
    }
    const auto& pictures = source.pictures;
    const auto count =
        options.pictures > 0 ? std::min(options.pictures, source.Size()) : source.Size();
    CheckHoldOut(options, count);
    const auto name = Text("resnet50-",
                           options.backboneDigest.substr(0, 8),
                           '-',
                           options.dataset,
                           '-',
                           FingerprintOf(pictures),
                           options.bfloat16 ? "-bfloat16" : "-float");
    Tensor features;
    Tensor mirrored;
    {
        const ResNet50 net(ReadTfjsWeights(options.backbone),
                           options.backbone.string(),
                           options.bfloat16 ? torch::kBFloat16 : torch::kFloat);
        // Two runs at once would both append to the file.
        const CacheLock lock(name, progress);
        const auto file = options.featureFolder / (name + ".f16");
        progress << Text("features are kept in ", file.string(), '\n') << std::flush;
        features = PictureFeatures(net, pictures.narrow(0, 0, count), false, file, progress, stop);
        if (options.mirrored && features.defined())
        {
            mirrored = PictureFeatures(net,
                                       pictures.narrow(0, 0, count - options.holdOut),
                                       true,
                                       options.featureFolder / (name + "-mirrored.f16"),
                                       progress,
                                       stop);
        }
    }
    if (!features.defined() || (options.mirrored && !mirrored.defined()))
    {
        return false;
    }
    auto chosenLabels = source.labels.narrow(0, 0, count);
    if (options.mirrored)
    {
        features = torch::cat({mirrored, features});
        chosenLabels =
            torch::cat({source.labels.narrow(0, 0, count - options.holdOut), chosenLabels});
    }
    return TrainHeadOnFeatures(features, chosenLabels, source.classes, options, progress, stop);
}

} // namespace limitnet
