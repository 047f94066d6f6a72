// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/codec-in-training-torch.h"

#include "limitnet/codec/latent.h"
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

CodecInTrainingImpl::CodecInTrainingImpl(Normalised normalised)
    : net(register_module("net", LimitNet())),
      channelMax(register_buffer("channel_max", torch::ones({1, LATENT_CHANNELS, 1, 1}))),
      logitRange(register_buffer("logit_range", torch::zeros({})))
{
    const auto addNorms = [this](const char* name,
                                 const std::vector<torch::nn::Conv2d>& layers,
                                 size_t count,
                                 std::vector<BatchNorm2d>& norms) {
        for (size_t i = 0; i < count; ++i)
        {
            const auto channels = layers[i]->options.out_channels();
            norms.push_back(
                register_module(Text(name, i + 1),
                                BatchNorm2d(BatchNorm2dOptions(channels).momentum(MOMENTUM))));
        }
    };
    if (normalised == Normalised::ENCODER_TOO)
    {
        const auto layers = net->encoder->Layers();
        addNorms("encoder_norm", layers, layers.size(), encoderNorms);
    }
    if (normalised != Normalised::NOTHING)
    {
        const auto layers = net->sal_decoder->Layers();
        addNorms("saliency_norm", layers, layers.size() - 1, saliencyNorms);
    }
}

namespace
{

/** Layers with a normalisation and a ReLU after each, as many as there are normalisations. */
Tensor
RunNormalised(Tensor y,
              const std::vector<torch::nn::Conv2d>& layers,
              const std::vector<BatchNorm2d>& norms)
{
    for (size_t i = 0; i < norms.size(); ++i)
    {
        y = torch::nn::BatchNorm2d(norms[i])(torch::nn::Conv2d(layers[i])(y)).relu();
    }
    return y;
}

} // namespace

Tensor
CodecInTrainingImpl::Latent(const Tensor& x)
{
    return encoderNorms.empty() ? net->encoder(x)
                                : RunNormalised(x, net->encoder->Layers(), encoderNorms);
}

Tensor
CodecInTrainingImpl::SaliencyLogits(const Tensor& latent)
{
    if (saliencyNorms.empty())
    {
        return net->sal_decoder(latent);
    }
    const auto layers = net->sal_decoder->Layers();
    const auto y = RunNormalised(latent, layers, saliencyNorms);
    return torch::nn::Conv2d(layers.back())(y);
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
    const auto fold = [](const std::vector<torch::nn::Conv2d>& layers,
                         const std::vector<BatchNorm2d>& norms) {
        for (size_t i = 0; i < norms.size(); ++i)
        {
            const auto& norm = norms[i];
            const auto deviation = (norm->running_var + norm->options.eps()).sqrt();
            const auto factor = (norm->weight / deviation).cpu();
            layers[i]->weight.mul_(factor.view({-1, 1, 1, 1}));
            layers[i]->bias.sub_(norm->running_mean.cpu()).mul_(factor).add_(norm->bias.cpu());
        }
    };
    fold(plain->encoder->Layers(), encoderNorms);
    const auto layers = plain->sal_decoder->Layers();
    fold(layers, saliencyNorms);
    layers.back()->weight.mul_(gain);
    layers.back()->bias.mul_(gain);
    plain->eval();
    return plain;
}

} // namespace limitnet
