// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/codec-trainer.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/gradual-scoring-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/calibration-torch.h"
#include "limitnet/training/training-torch.h"

#include <fmt/format.h>

namespace limitnet
{

namespace
{

using torch::Tensor;

/** Latent cells on a side of the window that the decoder sees in a step. */
constexpr int64_t WINDOW = 12;
constexpr int64_t LATENT_SIDE = PICTURE_SIZE / 8;

/** The networks, and what the quantiser's width was estimated to be. */
struct CodecInTrainingImpl : torch::nn::Module
{
    CodecInTrainingImpl()
        : net(register_module("net", LimitNet())),
          channelMax(register_buffer("channel_max", torch::ones({1, 12, 1, 1})))
    {
    }

    LimitNet net;
    Tensor channelMax; // running mean of each channel's largest value
};

TORCH_MODULE(CodecInTraining);

/** Pictures in memory as bytes. */
struct Pictures
{
    Tensor small;        // Nx3x32x32
    Tensor large;        // Mx3x224x224
    Tensor salient;      // Kx3x224x224
    Tensor masks;        // Kx1x28x28 in 0..1
    Tensor heldOutSmall; // validation
    Tensor heldOutLarge; // validation
};

Tensor
Cat(std::vector<Tensor>& parts)
{
    auto all = parts.empty() ? Tensor() : torch::cat(parts);
    parts.clear();
    return all;
}

Pictures
LoadPictures(const CodecTrainingOptions& options, std::ostream& progress)
{
    Pictures pictures;
    std::vector<Tensor> parts;
    std::vector<Tensor> heldOut;
    for (const auto& name : options.datasets)
    {
        const auto dataset = CifarDataset::Open(name, Split::TRAIN, options.dataDir);
        auto tensor = CifarTensors(*dataset).first;
        constexpr int64_t VALIDATION = 64;
        heldOut.push_back(tensor.narrow(0, tensor.size(0) - VALIDATION, VALIDATION));
        parts.push_back(tensor.narrow(0, 0, tensor.size(0) - VALIDATION));
    }
    pictures.small = Cat(parts);
    pictures.heldOutSmall = Cat(heldOut);

    // Every fifth picture (for 20 %) is held out: by place in the sorted list, so it is known
    // which without a list in the repository.
    const auto split = [&](size_t index) {
        return static_cast<int>(index % 100 * 37 % 100) < options.holdOutPercent;
    };
    for (const auto& path : options.pictures)
    {
        const ImageFolder folder(path);
        for (size_t i = 0; i < folder.Size(); ++i)
        {
            (split(i) ? heldOut : parts).push_back(PictureTensor(folder.At(i)));
        }
    }
    std::vector<Tensor> salient;
    std::vector<Tensor> masks;
    if (!options.saliency.empty())
    {
        const ImageFolder folder(options.saliency);
        for (size_t i = 0; i < folder.Size(); ++i)
        {
            const auto picture = PictureTensor(folder.At(i));
            if (split(i))
            {
                heldOut.push_back(picture);
                continue;
            }
            salient.push_back(picture);
            masks.push_back(torch::avg_pool2d(
                PictureTensor(folder.Mask(i)).narrow(1, 0, 1).to(torch::kFloat) / 255,
                8));
        }
    }
    pictures.salient = Cat(salient);
    pictures.masks = Cat(masks);
    pictures.large = Cat(parts);
    if (pictures.salient.defined())
    {
        pictures.large = pictures.large.defined() ? torch::cat({pictures.large, pictures.salient})
                                                  : pictures.salient;
    }
    pictures.heldOutLarge = Cat(heldOut);
    if (!pictures.small.defined() && !pictures.large.defined())
    {
        throw Error("no training pictures: name a CIFAR set with --dataset or a folder with "
                    "--pictures");
    }
    if (options.saliencySteps > 0 && !pictures.salient.defined())
    {
        throw Error("phase 2 needs pictures with saliency masks: name them with --saliency, or "
                    "set --saliency-steps=0");
    }
    const auto count = [](const Tensor& t) { return t.defined() ? t.size(0) : 0; };
    progress << fmt::format("{} small pictures, {} larger ones, {} with saliency masks; held out "
                            "{} and {}\n",
                            count(pictures.small),
                            count(pictures.large),
                            count(pictures.salient),
                            count(pictures.heldOutSmall),
                            count(pictures.heldOutLarge));
    return pictures;
}

Tensor
RandomOf(const Tensor& all, int64_t count)
{
    return all.index_select(0, torch::randint(all.size(0), {count}));
}

/** \return float Nx3x224x224 in 0..1, half of it from each kind where there are both */
Tensor
DrawBatch(const Pictures& pictures, int64_t batch)
{
    std::vector<Tensor> parts;
    const auto largeCount = !pictures.large.defined()  ? 0
                            : pictures.small.defined() ? batch / 2
                                                       : batch;
    if (largeCount > 0)
    {
        parts.push_back(RandomOf(pictures.large, largeCount).to(torch::kFloat) / 255);
    }
    if (batch > largeCount)
    {
        parts.push_back(EnlargeToPicture(RandomOf(pictures.small, batch - largeCount)));
    }
    const auto x = torch::cat(parts);
    return torch::where(torch::rand({batch, 1, 1, 1}) < 0.5, x.flip(3), x);
}

Tensor
KeepChannels(const Tensor& count)
{
    return (torch::arange(12).view({1, 12, 1, 1}) < count.view({-1, 1, 1, 1})).to(torch::kFloat);
}

/** The loss of one step of phase 1 (useSaliency false) or 2. */
Tensor
StepLoss(CodecInTraining& codec,
         const Pictures& pictures,
         const CodecTrainingOptions& options,
         bool useSaliency)
{
    const auto computeType = options.bfloat16 ? torch::kBFloat16 : torch::kFloat;
    auto& net = codec->net;
    const auto x = DrawBatch(pictures, options.batch);
    const auto count = x.size(0);
    auto latent = net->encoder(Normalise(x));
    {
        const torch::NoGradGuard noGrad;
        codec->channelMax.mul_(0.98).add_(latent.amax({0, 2, 3}, true), 0.02);
    }
    // What the 6-bit quantiser does to a value is at most half a cell in either direction. The
    // published training adds +-0.01 instead, whatever the cell's width.
    const auto cell = codec->channelMax.clamp_min(1e-3) / 64;
    const auto noisy = latent + (torch::rand_like(latent) - 0.5) * cell;

    Tensor keep;
    Tensor saliencyLoss;
    if (useSaliency)
    {
        const torch::NoGradGuard noGrad;
        const auto saliency = torch::sigmoid(net->sal_decoder(latent));
        keep = KeepMask(QuantiseSaliencyPublished(saliency), torch::rand({count}));
    }
    else
    {
        keep = KeepChannels(torch::randint(1, 13, {count}));
    }
    const auto kept = noisy * keep;

    const auto place = torch::randint(LATENT_SIDE - WINDOW + 1, {2});
    const auto top = place[0].item<int64_t>();
    const auto left = place[1].item<int64_t>();
    const auto window = kept.narrow(2, top, WINDOW)
                            .narrow(3, left, WINDOW)
                            .contiguous(torch::MemoryFormat::ChannelsLast);
    const auto decoded = net->decoder(window, computeType);
    const auto wanted = x.narrow(2, top * 8, WINDOW * 8).narrow(3, left * 8, WINDOW * 8);

    // The outermost cell lacks its neighbours, except at the picture's own edge.
    const auto inner = [](const Tensor& t, int64_t dim, int64_t start) {
        const int64_t before = start == 0 ? 0 : 8;
        const int64_t after = start + WINDOW == LATENT_SIDE ? 0 : 8;
        return t.narrow(dim, before, WINDOW * 8 - before - after);
    };
    const auto difference = inner(inner(decoded - wanted, 2, top), 3, left) / ImageNetStd();
    auto loss = difference.square().mean();
    if (useSaliency)
    {
        const auto chosen = torch::randint(pictures.salient.size(0), {options.batch / 2});
        const auto salient =
            Normalise(pictures.salient.index_select(0, chosen).to(torch::kFloat) / 255);
        const auto logits = net->sal_decoder(net->encoder(salient));
        loss = loss + options.saliencyWeight * torch::binary_cross_entropy_with_logits(
                                                   logits,
                                                   pictures.masks.index_select(0, chosen));
    }
    return loss;
}

double
Psnr(const Tensor& decoded, const Tensor& wanted)
{
    // Mean of each picture's PSNR, as the reference figures are.
    return (-10 * (decoded - wanted).square().mean({1, 2, 3}).log10()).mean().item<double>();
}

/** PSNR on held-out pictures: the first 1, 3 and 12 channels, and p = 0.1, 0.2, 0.5, 0.9. */
std::vector<std::pair<std::string, double>>
Validate(CodecInTraining& codec, const Pictures& pictures, const CodecTrainingOptions& options)
{
    const torch::NoGradGuard noGrad;
    constexpr int64_t COUNT = 16;
    std::vector<std::pair<std::string, double>> results;
    const auto measure = [&](const std::string& name, const Tensor& x) {
        const auto latent = codec->net->encoder(Normalise(x));
        const auto saliency =
            QuantiseSaliencyPublished(torch::sigmoid(codec->net->sal_decoder(latent)));
        const auto score = [&](const std::string& what, const Tensor& keep) {
            const auto kept = (latent * keep).contiguous(torch::MemoryFormat::ChannelsLast);
            const auto computeType = options.bfloat16 ? torch::kBFloat16 : torch::kFloat;
            results.emplace_back(fmt::format("{}_{}_psnr_db", name, what),
                                 Psnr(codec->net->decoder(kept, computeType), x));
        };
        for (const auto channels : {1, 3, 12})
        {
            score(fmt::format("first_{}", channels),
                  KeepChannels(torch::full({x.size(0)}, channels)));
        }
        for (const auto p : {0.1, 0.2, 0.5, 0.9})
        {
            score(fmt::format("p{}", p), KeepMask(saliency, torch::full({x.size(0)}, p)));
        }
    };
    if (pictures.heldOutSmall.defined())
    {
        measure("small", EnlargeToPicture(pictures.heldOutSmall.narrow(0, 0, COUNT)));
    }
    if (pictures.heldOutLarge.defined())
    {
        const auto count = std::min(COUNT, pictures.heldOutLarge.size(0));
        measure("large", pictures.heldOutLarge.narrow(0, 0, count).to(torch::kFloat) / 255);
    }
    return results;
}

} // namespace

void
TrainCodec(const CodecTrainingOptions& options, std::ostream& progress)
{
    UseAllCores();
    torch::manual_seed(options.seed);
    CodecInTraining codec;
    const auto pictures = LoadPictures(options, progress);
    torch::optim::Adam optimizer(codec->net->parameters(),
                                 torch::optim::AdamOptions(options.learningRate));

    TrainingLoop::Options loop;
    loop.output = options.output;
    loop.steps = options.channelSteps + options.saliencySteps;
    loop.learningRate = options.learningRate;
    loop.reportEvery = 250;
    loop.seed = options.seed;
    std::string sources;
    for (const auto& name : options.datasets)
    {
        sources += name + '+';
    }
    for (const auto& path : options.pictures)
    {
        sources += path.filename().string() + '+';
    }
    sources += options.saliency.filename().string();
    loop.signature = fmt::format("codec {} {} {} {} {} {} {} {} {}",
                                 sources,
                                 options.holdOutPercent,
                                 options.channelSteps,
                                 options.saliencySteps,
                                 options.batch,
                                 options.learningRate,
                                 options.saliencyWeight,
                                 options.bfloat16,
                                 options.seed);
    TrainingLoop::Run(
        *codec,
        optimizer,
        loop,
        [&](int64_t step) {
            return StepLoss(codec, pictures, options, step >= options.channelSteps);
        },
        [&] { return Validate(codec, pictures, options); },
        [](int64_t) {},
        progress);

    codec->eval();
    progress << "calibrating quantiser and entropy code\n" << std::flush;
    const CodecModel::Networks networks{codec->net};
    torch::manual_seed(0);
    // Half from each kind where there are both.
    const auto tables = CalibrateTables(
        networks,
        CALIBRATION_PICTURES,
        [&](int64_t, int64_t batch) { return DrawBatch(pictures, batch); },
        progress);
    WriteCodecModel(options.output, networks, tables);
    progress << fmt::format("wrote {}\n", options.output.string());
}

} // namespace limitnet
