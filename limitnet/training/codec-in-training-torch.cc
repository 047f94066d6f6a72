// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/codec-in-training-torch.h"

#include "limitnet/codec/latent.h"
#include "limitnet/nn/convolve-torch.h"
#include "limitnet/nn/text.h"

namespace limitnet
{

namespace
{

using torch::Tensor;
using torch::nn::BatchNorm2d;
using torch::nn::BatchNorm2dOptions;

/** Share of the newest batch in the running statistics. */
constexpr double MOMENTUM = 0.05;

} // namespace

CodecInTrainingImpl::CodecInTrainingImpl(bool normalised)
    : net(register_module("net", LimitNet())),
      channelMax(register_buffer("channel_max", torch::ones({1, LATENT_CHANNELS, 1, 1}))),
      logitRange(register_buffer("logit_range", torch::zeros({})))
{
    if (!normalised)
    {
        return;
    }
    const auto layers = net->sal_decoder->Layers();
    for (size_t i = 0; i + 1 < layers.size(); ++i)
    {
        const auto channels = layers[i]->options.out_channels();
        saliencyNorms.push_back(
            register_module(Text("saliency_norm", i + 1),
                            BatchNorm2d(BatchNorm2dOptions(channels).momentum(MOMENTUM))));
    }
}

Tensor
CodecInTrainingImpl::Latent(const Tensor& x)
{
    return net->encoder(x);
}

Tensor
CodecInTrainingImpl::SaliencyLogits(const Tensor& latent)
{
    if (saliencyNorms.empty())
    {
        return net->sal_decoder(latent);
    }
    const auto layers = net->sal_decoder->Layers();
    auto y = latent;
    for (size_t i = 0; i < saliencyNorms.size(); ++i)
    {
        y = Convolve(y, layers[i]->weight, layers[i]->bias, 1, 1, torch::kFloat);
        y = saliencyNorms[i](y).relu();
    }
    return Convolve(y, layers.back()->weight, layers.back()->bias, 1, 1, torch::kFloat);
}

void
CodecInTrainingImpl::NoteLogitRange(const Tensor& logits)
{
    const torch::NoGradGuard noGrad;
    const auto range = (logits.amax({1, 2, 3}) - logits.amin({1, 2, 3})).mean();
    const bool first = logitRange.item<float>() == 0;
    logitRange.lerp_(range, first ? 1.0 : 0.02);
}

LimitNet
CodecInTrainingImpl::Plain(double gain)
{
    const torch::NoGradGuard noGrad;
    LimitNet plain;
    const auto from = net->named_parameters();
    for (auto& parameter : plain->named_parameters())
    {
        parameter.value().copy_(from[parameter.key()]);
    }
    const auto layers = plain->sal_decoder->Layers();
    for (size_t i = 0; i < saliencyNorms.size(); ++i)
    {
        const auto& norm = saliencyNorms[i];
        const auto deviation = (norm->running_var + norm->options.eps()).sqrt();
        const auto factor = (norm->weight / deviation).cpu();
        layers[i]->weight.mul_(factor.view({-1, 1, 1, 1}));
        layers[i]->bias.sub_(norm->running_mean.cpu()).mul_(factor).add_(norm->bias.cpu());
    }
    layers.back()->weight.mul_(gain);
    layers.back()->bias.mul_(gain);
    plain->eval();
    return plain;
}

} // namespace limitnet
