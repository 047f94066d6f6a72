// SPDX-License-Identifier: GPL-2.0-only
// What a run of the codec's trainer minimises.
#include "limitnet/codec/latent.h"
#include "limitnet/nn/gradual-scoring-torch.h"
#include "limitnet/training/codec-training-run-torch.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace limitnet::codec_training
{

namespace
{

/** Latent cells on a side of the window that the decoder sees in a step. */
constexpr int64_t WINDOW = 12;
constexpr int64_t LATENT_SIDE = LATENT_WIDTH;

/** The published quantiser has steps of 4/255 of a channel's range. */
constexpr double PUBLISHED_STEP = 4.0 / 255;

/** In phases 2 and 3, parts of a batch. As published, p is uniform in 0..1 for most pictures. */
constexpr double CHANNEL_SHARE = 0.3; // keeps the first channels, as in phase 1
constexpr double LOW_SHARE = 0.3;     // p uniform in 0..0.3, where most is gained
constexpr double LOW_FRACTION = 0.3;
constexpr double LOSSY_SHARE = 0.3; // see LostRuns()

/** Where channels are kept, this share of the pictures keeps 1 to 3, the others 1 to 12: the first
 * ones matter most, and there the error differs most. */
constexpr double FEW_SHARE = 0.5;
constexpr int64_t FEW_CHANNELS = 3;

/**
 * Squared error of the normalised picture, below which no more is gained much: about 40 dB. It
 * keeps the logarithm from chasing the last error of windows without any detail.
 */
constexpr double LEAST_ERROR = 2e-3;

/** Of the steps of a run with random losses: by the squared error itself. */
constexpr double SQUARED_SHARE = 0.3;

/** Of the squared error in phase 1, so that it compares with the saliency loss as its logarithm. */
constexpr double SQUARED_WEIGHT = 6;

} // namespace

/** Calls a function with each source that `wanted` accepts and its share of `count` pictures. */
template <typename Wanted, typename Function>
void
ForShares(const TrainingSet& set, int64_t count, const Wanted& wanted, const Function& function)
{
    std::vector<const TrainingSource*> sources;
    for (const auto& source : set.sources)
    {
        if (wanted(source))
        {
            sources.push_back(&source);
        }
    }
    const auto n = static_cast<int64_t>(sources.size());
    for (int64_t s = 0; s < n; ++s)
    {
        const auto share = count * (s + 1) / n - count * s / n;
        if (share > 0)
        {
            function(*sources[static_cast<size_t>(s)], share);
        }
    }
}

Tensor
Trainer::Draw(int64_t count) const
{
    std::vector<Tensor> pictures;
    ForShares(
        m_set,
        count,
        [](const TrainingSource&) { return true; },
        [&](const TrainingSource& source, int64_t share) {
            pictures.push_back(source.At224(torch::randint(source.trainCount, {share})));
        });
    const auto x = torch::cat(pictures);
    return torch::where(OnDevice(torch::rand({count, 1, 1, 1}) < 0.5), x.flip(3), x);
}

Tensor
Trainer::Received(const Tensor& latent, Reception reception)
{
    {
        const torch::NoGradGuard noGrad;
        m_codec->channelMax.mul_(0.98).add_(latent.amax({0, 2, 3}, true), 0.02);
    }
    // What a quantiser does to a value is at most half a step in either direction.
    const auto step = m_codec->channelMax.clamp_min(1e-3) * PUBLISHED_STEP;
    const auto noisy = latent + (torch::rand_like(latent) - 0.5) * step;
    return noisy * Kept(latent.detach(), reception).to(torch::kFloat);
}

Tensor
Trainer::Kept(const Tensor& latent, Reception reception)
{
    const torch::NoGradGuard noGrad;
    const auto count = latent.size(0);
    const auto uniform = [count] { return torch::rand({count, 1, 1, 1}); };
    if (reception == Reception::RANDOM)
    {
        const auto upTo = torch::where(uniform() < LOW_SHARE, LOW_FRACTION, 1.0);
        return OnDevice(torch::rand(latent.sizes()) < uniform() * upTo);
    }
    const auto channels = OnDevice(
        torch::where(uniform() < FEW_SHARE,
                     torch::randint(1, FEW_CHANNELS + 1, {count, 1, 1, 1}, torch::kLong),
                     torch::randint(1, LATENT_CHANNELS + 1, {count, 1, 1, 1}, torch::kLong)));
    const auto channel =
        torch::arange(LATENT_CHANNELS, channels.options()).view({1, LATENT_CHANNELS, 1, 1});
    const auto first = channel < channels;
    if (reception == Reception::CHANNELS)
    {
        return first;
    }
    const auto logits = m_codec->SaliencyLogits(latent);
    m_codec->NoteLogitRange(logits);
    const auto saliency = torch::sigmoid(logits * Gain());
    const auto rank = ImportanceRanks(QuantiseSaliencyPublished(saliency));
    const auto upTo = torch::where(uniform() < LOW_SHARE, LOW_FRACTION, 1.0);
    const auto p = OnDevice(uniform() * upTo);
    const auto inOrder = (rank < (p * LATENT_SIZE)) & ~LostRuns(rank, LOSSY_SHARE);
    return torch::where(OnDevice(uniform() < CHANNEL_SHARE), first, inOrder);
}

double
Trainer::Gain() const
{
    // The sigmoid's slope at 0 is a quarter.
    const auto range = m_codec->logitRange.item<double>();
    return m_options.saliencyContrast > 0 && range > 0 ? 4 * m_options.saliencyContrast / range : 1;
}

/** Squared error of the normalised picture, of each picture. */
Tensor
SquaredError(const Tensor& difference)
{
    return (difference / ImageNetStd().to(difference.device())).square().mean({1, 2, 3});
}

/**
 * What phases 2 and 3 minimise: the mean of each picture's error in logarithm, that is, in dB. So a
 * picture at 30 dB counts as much as one at 20 dB, whose error is ten times as large, and few
 * values do not drown many. From nothing it learns colour too late: grey pictures weigh too much.
 */
Tensor
LogError(const Tensor& difference)
{
    return (SquaredError(difference) + LEAST_ERROR).log().mean();
}

Tensor
Trainer::DecoderLoss(const Tensor& received, const Tensor& pictures, bool inLogarithm)
{
    const auto place = torch::randint(LATENT_SIDE - WINDOW + 1, {2});
    const auto top = place[0].item<int64_t>();
    const auto left = place[1].item<int64_t>();
    const auto window = received.narrow(2, top, WINDOW)
                            .narrow(3, left, WINDOW)
                            .contiguous(torch::MemoryFormat::ChannelsLast);
    const auto decoded = m_codec->net->decoder(window, m_precision);
    const auto wanted = pictures.narrow(2, top * 8, WINDOW * 8).narrow(3, left * 8, WINDOW * 8);
    // The outermost cell lacks its neighbours, except at the picture's own edge.
    const auto inner = [](const Tensor& t, int64_t dim, int64_t start) {
        const int64_t before = start == 0 ? 0 : 8;
        const int64_t after = start + WINDOW == LATENT_SIDE ? 0 : 8;
        return t.narrow(dim, before, WINDOW * 8 - before - after);
    };
    const auto difference = inner(inner(decoded - wanted, 2, top), 3, left);
    return inLogarithm ? LogError(difference) : SQUARED_WEIGHT * SquaredError(difference).mean();
}

Tensor
Trainer::SaliencyLoss(int64_t count)
{
    std::vector<Tensor> pictures;
    std::vector<Tensor> masks;
    ForShares(
        m_set,
        count,
        [](const TrainingSource& source) { return source.masks.defined(); },
        [&](const TrainingSource& source, int64_t share) {
            const auto chosen = torch::randint(source.trainCount, {share});
            pictures.push_back(source.At224(chosen));
            masks.push_back(source.MasksAt(chosen));
        });
    // There are few pictures with masks, so they are varied: a part of about 0.5 to 1 times the
    // sides, somewhat stretched, mirrored or not; colours mixed, other contrast, other light.
    const auto side = torch::rand({count, 1}) * 0.45 + 0.55;
    const auto stretch = torch::exp((torch::rand({count, 1}) - 0.5) * 0.5);
    const auto sides = torch::cat({side * stretch, side / stretch}, 1).clamp_max(1);
    const auto mirror = torch::where(torch::rand({count}) < 0.5, -1.0, 1.0);
    auto place = torch::zeros({count, 2, 3});
    place.select(1, 0).select(1, 0).copy_(sides.select(1, 0) * mirror);
    place.select(1, 1).select(1, 1).copy_(sides.select(1, 1));
    place.select(2, 2).copy_((torch::rand({count, 2}) * 2 - 1) * (1 - sides));
    auto mix = torch::eye(3) + (torch::rand({count, 3, 3}) - 0.5) * 0.5;
    mix = OnDevice(mix / mix.sum(2, true));
    const auto contrast = OnDevice(torch::rand({count, 1, 1, 1}) * 0.6 + 0.7);
    const auto light = OnDevice((torch::rand({count, 3, 1, 1}) - 0.5) * 0.3);
    const auto part = [&](const Tensor& x) {
        namespace F = torch::nn::functional;
        const auto grid = F::affine_grid(OnDevice(place), x.sizes(), false);
        return F::grid_sample(x, grid, F::GridSampleFuncOptions().align_corners(false));
    };
    const auto mixed = torch::einsum("bij,bjhw->bihw", {mix, part(torch::cat(pictures))});
    const auto x = ((mixed - 0.5) * contrast + 0.5 + light).clamp(0, 1);
    const auto wanted = part(torch::cat(masks));
    const auto latent = m_codec->Latent(Normalise(x).contiguous(torch::MemoryFormat::ChannelsLast));
    const auto logits = m_codec->SaliencyLogits(latent);
    const auto entropy = torch::binary_cross_entropy_with_logits(logits, wanted);
    // Beside the cross entropy the overlap, soft: what the map is measured by.
    const auto map = torch::sigmoid(logits);
    const auto both = (map * wanted).sum({1, 2, 3});
    const auto either = (map + wanted - map * wanted).sum({1, 2, 3});
    return entropy + (1 - (both + 1) / (either + 1)).mean();
}

Tensor
Trainer::PlainLoss(int64_t count, Reception reception)
{
    const auto pictures = Draw(count);
    const auto latent = m_codec->Latent(Normalise(pictures));
    auto loss =
        DecoderLoss(Received(latent, reception), pictures, reception != Reception::CHANNELS);
    if (m_hasMasks && !m_isRandom && m_options.saliencyWeight > 0)
    {
        loss = loss + m_options.saliencyWeight * SaliencyLoss(m_options.batch);
    }
    return loss;
}

Tensor
Trainer::RandomLoss(int64_t step)
{
    const auto pictures = Draw(m_options.batch);
    const auto latent = m_codec->Latent(Normalise(pictures));
    // As long without the logarithm as phase 1 is of the run that the rival is compared with.
    const bool inLogarithm =
        static_cast<double>(step) >= SQUARED_SHARE * static_cast<double>(m_options.randomSteps);
    return DecoderLoss(Received(latent, Reception::RANDOM), pictures, inLogarithm);
}

Tensor
Trainer::TaskLoss(const Task& task, int64_t count)
{
    const auto chosen = torch::randint(task.source->trainCount, {count});
    const auto flip = OnDevice(torch::rand({count, 1, 1, 1}) < 0.5);
    auto x = task.source->At224(chosen);
    x = torch::where(flip, x.flip(3), x);
    const auto labels = task.source->labels.index_select(0, OnDevice(chosen));
    const auto received = Received(m_codec->Latent(Normalise(x)), Late());
    const auto decoded =
        m_codec->net->decoder(received.contiguous(torch::MemoryFormat::ChannelsLast), m_precision);
    const auto entropy = torch::cross_entropy_loss(task.forward(Normalise(decoded)), labels);
    return LogError(decoded - x) + m_options.taskWeight * entropy;
}

Tensor
Trainer::StepLoss(int64_t step)
{
    const auto& o = m_options;
    if (o.mapSteps > 0)
    {
        return SaliencyLoss(o.batch);
    }
    if (o.randomSteps > 0)
    {
        return RandomLoss(step);
    }
    if (step < o.channelSteps + o.saliencySteps)
    {
        return PlainLoss(o.batch, step < o.channelSteps ? Reception::CHANNELS : Late());
    }
    const auto tasks = static_cast<int64_t>(m_tasks.size());
    const auto each = std::max<int64_t>(1, o.batch / 2 / tasks);
    auto loss = PlainLoss(std::max<int64_t>(1, o.batch - each * tasks), Late());
    for (const auto& task : m_tasks)
    {
        loss = loss + TaskLoss(task, each) / static_cast<double>(tasks);
    }
    return loss;
}

} // namespace limitnet::codec_training
