// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/efficientnet-torch.h"

#include <algorithm>
#include <array>

namespace limitnet
{

namespace
{

namespace F = torch::nn::functional;
using torch::Tensor;
using torch::nn::BatchNorm2d;
using torch::nn::BatchNorm2dOptions;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

/** A row of the paper's table 1: stages 2 to 8. */
struct Stage
{
    int64_t repeats;
    int64_t kernel;
    int64_t stride; // of the first block; the others have 1
    int64_t expand;
    int64_t out;
};

constexpr int64_t STEM_CHANNELS = 32;
constexpr int64_t HEAD_CHANNELS = 1280;
constexpr std::array<Stage, 7> STAGES{{
    {1, 3, 1, 1, 16},
    {2, 3, 2, 6, 24},
    {2, 5, 2, 6, 40},
    {3, 3, 2, 6, 80},
    {3, 5, 1, 6, 112},
    {4, 5, 2, 6, 192},
    {1, 3, 1, 6, 320},
}};

Conv2d
Pointwise(int64_t in, int64_t out, bool bias = false)
{
    return Conv2d(Conv2dOptions(in, out, 1).bias(bias));
}

BatchNorm2d
Norm(int64_t channels)
{
    return BatchNorm2d(BatchNorm2dOptions(channels).eps(1e-3).momentum(0.01));
}

/** The layer on a picture that is padded so that the output has ceil(side / stride) pixels. */
Tensor
Same(Conv2d& layer, const Tensor& x)
{
    const auto kernel = layer->weight.size(2);
    const auto stride = layer->options.stride()->at(0);
    const auto padding = [&](int64_t side) {
        const auto out = (side + stride - 1) / stride;
        return std::max<int64_t>((out - 1) * stride + kernel - side, 0);
    };
    const auto high = padding(x.size(2));
    const auto wide = padding(x.size(3));
    return layer(
        F::pad(x, F::PadFuncOptions({wide / 2, wide - wide / 2, high / 2, high - high / 2})));
}

} // namespace

MbConvBlockImpl::MbConvBlockImpl(int64_t in,
                                 int64_t out,
                                 int64_t expand,
                                 int64_t kernel,
                                 int64_t stride)
    : m_skip(stride == 1 && in == out)
{
    const auto inner = in * expand;
    if (expand != 1)
    {
        m_expandConv = register_module("_expand_conv", Pointwise(in, inner));
        m_norm0 = register_module("_bn0", Norm(inner));
    }
    m_depthwiseConv = register_module(
        "_depthwise_conv",
        Conv2d(Conv2dOptions(inner, inner, kernel).stride(stride).groups(inner).bias(false)));
    m_norm1 = register_module("_bn1", Norm(inner));
    // A quarter of the block's input channels, not of those inside.
    const auto squeezed = std::max<int64_t>(1, in / 4);
    m_reduce = register_module("_se_reduce", Pointwise(inner, squeezed, true));
    m_expand = register_module("_se_expand", Pointwise(squeezed, inner, true));
    m_projectConv = register_module("_project_conv", Pointwise(inner, out));
    m_norm2 = register_module("_bn2", Norm(out));
}

Tensor
MbConvBlockImpl::forward(const Tensor& x)
{
    auto y = x;
    if (!m_expandConv.is_empty())
    {
        y = torch::silu(m_norm0(m_expandConv(y)));
    }
    y = torch::silu(m_norm1(Same(m_depthwiseConv, y)));
    const auto weights = m_expand(torch::silu(m_reduce(y.mean({2, 3}, true))));
    y = m_norm2(m_projectConv(y * torch::sigmoid(weights)));
    return m_skip ? y + x : y;
}

EfficientNetB0Impl::EfficientNetB0Impl(int64_t classes)
{
    m_stem = register_module("_conv_stem",
                             Conv2d(Conv2dOptions(3, STEM_CHANNELS, 3).stride(2).bias(false)));
    m_norm0 = register_module("_bn0", Norm(STEM_CHANNELS));
    register_module("_blocks", m_blocks);
    auto in = STEM_CHANNELS;
    for (const auto& stage : STAGES)
    {
        for (int64_t i = 0; i < stage.repeats; ++i)
        {
            m_blocks->push_back(
                MbConvBlock(in, stage.out, stage.expand, stage.kernel, i == 0 ? stage.stride : 1));
            in = stage.out;
        }
    }
    m_head = register_module("_conv_head", Pointwise(in, HEAD_CHANNELS));
    m_norm1 = register_module("_bn1", Norm(HEAD_CHANNELS));
    m_linear = register_module("_fc", torch::nn::Linear(HEAD_CHANNELS, classes));
}

Tensor
EfficientNetB0Impl::forward(const Tensor& x)
{
    auto y = x.contiguous(torch::MemoryFormat::ChannelsLast);
    y = torch::silu(m_norm0(Same(m_stem, y)));
    for (const auto& block : *m_blocks)
    {
        y = block->as<MbConvBlock>()->forward(y);
    }
    y = torch::silu(m_norm1(m_head(y)));
    return m_linear(y.mean({2, 3}));
}

} // namespace limitnet
