// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/classifier-trainer.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/gradual-scoring-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/training-torch.h"

#include <fmt/format.h>

namespace limitnet
{

namespace
{

using torch::Tensor;

/** The network that learns, and the average of its weights over the last steps. */
struct ClassifierInTrainingImpl : torch::nn::Module
{
    explicit ClassifierInTrainingImpl(int64_t classes)
        : net(register_module("net", SmallClassifier(classes))),
          average(register_module("average", SmallClassifier(classes)))
    {
        CopyToAverage();
        for (auto& p : average->parameters())
        {
            p.set_requires_grad(false);
        }
    }

    /** Set the average to the network as it is. */
    void CopyToAverage()
    {
        MoveAverage(1.0);
    }

    /** average += share * (net - average), statistics of the normalisation included. */
    void MoveAverage(double share)
    {
        const torch::NoGradGuard noGrad;
        const auto move = [share](const auto& from, const auto& to) {
            for (size_t i = 0; i < to.size(); ++i)
            {
                auto target = to[i];
                if (target.is_floating_point())
                {
                    target.lerp_(from[i], share);
                }
                else
                {
                    target.copy_(from[i]);
                }
            }
        };
        move(net->parameters(), average->parameters());
        move(net->buffers(), average->buffers());
    }

    SmallClassifier net;
    SmallClassifier average;
};

TORCH_MODULE(ClassifierInTraining);

/** Crop of 32x32 at a random place of each picture padded by 4, and a flip of half of them. */
Tensor
Augment(const Tensor& pictures)
{
    const auto n = pictures.size(0);
    const auto padded = torch::reflection_pad2d(pictures.to(torch::kFloat), {4, 4, 4, 4});
    const auto row = torch::randint(9, {n, 1, 1, 1}) + torch::arange(32).view({1, 1, 32, 1});
    const auto column = torch::randint(9, {n, 1, 1, 1}) + torch::arange(32).view({1, 1, 1, 32});
    auto x = padded.gather(2, row.expand({n, 3, 32, 40})).gather(3, column.expand({n, 3, 32, 32}));
    return torch::where(torch::rand({n, 1, 1, 1}) < 0.5, x.flip(3), x);
}

Tensor
Prepare(const Tensor& bytes)
{
    return Normalise(bytes.to(torch::kFloat) / 255);
}

/**
 * Reconstructions of pictures at 32x32: encoded, quantised, cut at a random p, decoded at 224x224
 * and averaged back, as the cloud's classifier sees them.
 *
 * \return uint8 Nx3x32x32
 */
Tensor
Reconstruct(const Tensor& pictures,
            const std::filesystem::path& codecPath,
            bool bfloat16,
            std::ostream& progress)
{
    const torch::NoGradGuard noGrad;
    const CodecModel codec(codecPath);
    auto& net = codec.GetNetworks().net;
    const auto& tables = codec.Tables();
    const auto scale = torch::from_blob(const_cast<float*>(tables.scale.data()), {1, 12, 1, 1});
    const auto offset = torch::from_blob(const_cast<float*>(tables.offset.data()), {1, 12, 1, 1});
    const auto values =
        torch::from_blob(const_cast<float*>(tables.reconstruction[0].data()), {12 * 64});
    const auto channel = torch::arange(12).view({1, 12, 1, 1}) * 64;

    const auto count = pictures.size(0);
    auto out = torch::empty({count, 3, 32, 32}, torch::kUInt8);
    constexpr int64_t BATCH = 8;
    const auto computeType = bfloat16 ? torch::kBFloat16 : torch::kFloat;
    for (int64_t i = 0; i < count; i += BATCH)
    {
        const auto n = std::min(BATCH, count - i);
        const auto x = EnlargeToPicture(pictures.narrow(0, i, n));
        const auto latent = net->encoder(Normalise(x));
        const auto saliency = QuantiseSaliencyPublished(torch::sigmoid(net->sal_decoder(latent)));
        const auto keep = KeepMask(saliency, torch::rand({n}) * 0.95 + 0.05);
        const auto symbol =
            (latent * scale + offset).floor().clamp(0, SYMBOL_COUNT - 1).to(torch::kLong);
        const auto restored =
            values.index_select(0, (symbol + channel).flatten()).view(latent.sizes()) * keep;
        const auto decoded =
            net->decoder(restored.contiguous(torch::MemoryFormat::ChannelsLast), computeType);
        out.narrow(0, i, n).copy_((torch::avg_pool2d(decoded, 7) * 255).round());
        if (i / BATCH % 250 == 0)
        {
            progress << fmt::format("decoding training pictures: {}/{}\n", i, count) << std::flush;
        }
    }
    return out;
}

double
Accuracy(SmallClassifier& net,
         const Tensor& pictures,
         const Tensor& labels,
         torch::ScalarType computeType)
{
    const torch::NoGradGuard noGrad;
    int64_t correct = 0;
    constexpr int64_t BATCH = 500;
    for (int64_t i = 0; i < pictures.size(0); i += BATCH)
    {
        const auto n = std::min(BATCH, pictures.size(0) - i);
        const auto logits = net->forward(Prepare(pictures.narrow(0, i, n)), computeType);
        correct += (logits.argmax(1) == labels.narrow(0, i, n)).sum().item<int64_t>();
    }
    return 100.0 * static_cast<double>(correct) / static_cast<double>(pictures.size(0));
}

} // namespace

void
TrainClassifier(const ClassifierTrainingOptions& options, std::ostream& progress)
{
    UseAllCores();
    const auto dataset = CifarDataset::Open(options.dataset, Split::TRAIN, options.dataDir);
    const auto [pictures, labels] = CifarTensors(*dataset);
    const auto trainCount = pictures.size(0) - options.holdOut;
    if (options.holdOut < 1 || trainCount < options.batch)
    {
        throw Error(fmt::format("--hold-out={} leaves too few pictures of {} for training or "
                                "validation",
                                options.holdOut,
                                pictures.size(0)));
    }
    const auto computeType = options.bfloat16 ? torch::kBFloat16 : torch::kFloat;

    torch::manual_seed(options.seed);
    ClassifierInTraining classifier(dataset->ClassCount());
    if (!options.start.empty())
    {
        ReadClassifier(options.start, classifier->net);
        classifier->CopyToAverage();
    }

    // Reconstructed pictures: of the training part, and of all of the validation part.
    Tensor reconstructed;
    Tensor reconstructedLabels;
    Tensor reconstructedHeldOut;
    if (!options.codec.empty())
    {
        const auto chosen =
            torch::randperm(trainCount).narrow(0, 0, std::min(trainCount, options.decodedPictures));
        reconstructed = Reconstruct(pictures.index_select(0, chosen),
                                    options.codec,
                                    options.bfloat16,
                                    progress);
        reconstructedLabels = labels.index_select(0, chosen);
        reconstructedHeldOut =
            Reconstruct(pictures.narrow(0, trainCount, options.holdOut).contiguous(),
                        options.codec,
                        options.bfloat16,
                        progress);
    }

    torch::optim::SGD optimizer(classifier->net->parameters(),
                                torch::optim::SGDOptions(options.learningRate)
                                    .momentum(0.9)
                                    .nesterov(true)
                                    .weight_decay(options.weightDecay));

    const auto stepsPerEpoch = trainCount / options.batch;
    TrainingLoop::Options loop;
    loop.output = options.output;
    loop.steps = options.epochs * stepsPerEpoch;
    loop.learningRate = options.learningRate;
    loop.warmUpFraction = options.start.empty() ? 0.2 : 0.05;
    loop.reportEvery = stepsPerEpoch;
    loop.seed = options.seed;
    loop.signature = fmt::format("classifier {} {} {} {} {} {} {} {} {} {} {} {}",
                                 options.dataset,
                                 options.epochs,
                                 options.batch,
                                 options.learningRate,
                                 options.weightDecay,
                                 options.labelSmoothing,
                                 options.holdOut,
                                 options.start.filename().string(),
                                 options.codec.filename().string(),
                                 options.decodedPictures,
                                 options.bfloat16,
                                 options.seed);

    Tensor order;
    int64_t orderEpoch = -1;
    const auto loss = [&, &labels = labels, &pictures = pictures](int64_t step) {
        const auto epoch = step / stepsPerEpoch;
        if (epoch != orderEpoch)
        {
            // A function of the epoch alone, so a resumed run sees the same order.
            torch::manual_seed(options.seed * 7919 + static_cast<uint64_t>(epoch));
            order = torch::randperm(trainCount);
            orderEpoch = epoch;
            torch::manual_seed(options.seed * 1000003 + static_cast<uint64_t>(step));
        }
        auto chosen = order.narrow(0, step % stepsPerEpoch * options.batch, options.batch);
        Tensor x;
        Tensor y;
        if (reconstructed.defined())
        {
            chosen = chosen.narrow(0, 0, options.batch / 2);
            const auto other = torch::randint(reconstructed.size(0), {options.batch / 2});
            x = torch::cat(
                {pictures.index_select(0, chosen), reconstructed.index_select(0, other)});
            y = torch::cat(
                {labels.index_select(0, chosen), reconstructedLabels.index_select(0, other)});
        }
        else
        {
            x = pictures.index_select(0, chosen);
            y = labels.index_select(0, chosen);
        }
        const auto logits = classifier->net->forward(Normalise(Augment(x) / 255), computeType);
        return torch::nn::functional::cross_entropy(
            logits,
            y,
            torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(
                options.labelSmoothing));
    };
    const auto validate = [&, &labels = labels, &pictures = pictures] {
        const auto heldOut = pictures.narrow(0, trainCount, options.holdOut);
        const auto heldOutLabels = labels.narrow(0, trainCount, options.holdOut);
        std::vector<std::pair<std::string, double>> values{
            {"clean_top1_percent",
             Accuracy(classifier->average, heldOut, heldOutLabels, computeType)}};
        if (reconstructedHeldOut.defined())
        {
            values.emplace_back(
                "reconstructed_top1_percent",
                Accuracy(classifier->average, reconstructedHeldOut, heldOutLabels, computeType));
        }
        return values;
    };
    TrainingLoop::Run(
        *classifier,
        optimizer,
        loop,
        loss,
        validate,
        [&](int64_t step) {
            // Short memory at first, half an epoch in the end.
            const auto memory = std::min<double>(step / 4.0 + 1, stepsPerEpoch / 2.0);
            classifier->MoveAverage(1 / memory);
        },
        progress);

    classifier->eval();
    WriteClassifier(options.output, classifier->average, options.dataset);
    progress << fmt::format("wrote {}\n", options.output.string());
}

} // namespace limitnet
