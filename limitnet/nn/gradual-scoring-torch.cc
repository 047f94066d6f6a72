// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/gradual-scoring-torch.h"

#include "limitnet/codec/latent.h"
#include "limitnet/nn/picture-tensor-torch.h"

#include <cmath>

namespace limitnet
{

namespace
{

/** Saliency and (12 - j) / 5 for channel j = 0..11. */
torch::Tensor
Score(const torch::Tensor& quantisedSaliency)
{
    const auto bias = torch::arange(12, 0, -1, quantisedSaliency.options()).view({1, 12, 1, 1}) / 5;
    return quantisedSaliency + bias;
}

} // namespace

torch::Tensor
QuantiseSaliencyPublished(const torch::Tensor& saliency)
{
    const auto small = ResizeAntialiased(saliency, 8, 8);
    const auto low = small.amin({1, 2, 3}, true);
    const auto range = (small.amax({1, 2, 3}, true) - low).clamp_min(1e-12);
    const auto bytes = ((small - low) / range * 255).to(torch::kUInt8);
    const auto levels = bytes.div(8, "floor") * 8;
    const auto back = levels.to(torch::kFloat) / 255 * range + low;
    return ResizeAntialiased(back, saliency.size(2), saliency.size(3));
}

torch::Tensor
ImportanceRanks(const torch::Tensor& quantisedSaliency)
{
    const auto score = Score(quantisedSaliency);
    const auto flat = score.flatten(1);
    const auto order = flat.argsort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
    const auto places = torch::arange(flat.size(1), order.options()).expand_as(order);
    return torch::empty_like(order).scatter_(1, order, places).view(score.sizes());
}

torch::Tensor
KeepMask(const torch::Tensor& quantisedSaliency, const torch::Tensor& fraction)
{
    const auto score = Score(quantisedSaliency);
    const auto flat = std::get<0>(score.flatten(1).sort(1));
    // The quantile with linear interpolation, one fraction for each picture.
    const auto position = (1 - fraction) * static_cast<double>(flat.size(1) - 1);
    const auto below = position.floor();
    const auto low = flat.gather(1, below.to(torch::kLong).unsqueeze(1));
    const auto high = flat.gather(1, position.ceil().to(torch::kLong).unsqueeze(1));
    const auto threshold = low + (high - low) * (position - below).unsqueeze(1);
    return (score >= threshold.view({-1, 1, 1, 1})).to(torch::kFloat);
}

torch::Tensor
LostRuns(const torch::Tensor& ranks, double share, const c10::optional<at::Generator>& generator)
{
    constexpr double SHORTEST_RUN = 60;
    constexpr double LONGEST_RUN = 1500;
    constexpr double MOST_LOST = 0.5;
    const auto count = ranks.size(0);
    const auto device = ranks.device();
    const auto uniform = [&] { return at::rand({count, 1, 1, 1}, generator, at::TensorOptions()); };
    const auto lossRate = (uniform() * MOST_LOST * (uniform() < share)).to(device).flatten(1);
    const auto run =
        torch::exp(uniform() * std::log(LONGEST_RUN / SHORTEST_RUN) + std::log(SHORTEST_RUN))
            .to(device);
    const auto runs = static_cast<int64_t>(LATENT_SIZE / SHORTEST_RUN) + 1;
    const auto lost = at::rand({count, runs}, generator, at::TensorOptions()).to(device) < lossRate;
    const auto runOf = (ranks / run).floor().to(torch::kLong).flatten(1);
    return lost.gather(1, runOf).view(ranks.sizes());
}

} // namespace limitnet
