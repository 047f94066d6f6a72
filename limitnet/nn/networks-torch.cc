// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/networks-torch.h"

namespace limitnet
{

namespace
{

namespace F = torch::nn::functional;
using torch::Tensor;
using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::ConvTranspose2d;
using torch::nn::ConvTranspose2dOptions;

/** Convolution of any bias and padding in the type asked for; the result is that type too. */
Tensor
Convolve(const Tensor& x,
         const Tensor& weight,
         const Tensor& bias,
         int64_t stride,
         int64_t padding,
         torch::ScalarType computeType)
{
    return torch::conv2d(x.to(computeType),
                         weight.to(computeType).contiguous(torch::MemoryFormat::ChannelsLast),
                         bias.defined() ? bias.to(computeType) : bias,
                         stride,
                         padding);
}

/** Transposed convolution with stride 1 and "same" padding, as a convolution. */
Tensor
TransposedStride1(const Tensor& x, const ConvTranspose2d& layer, torch::ScalarType computeType)
{
    const auto kernel = layer->weight.flip({2, 3}).transpose(0, 1);
    const auto padding = layer->weight.size(2) / 2;
    return Convolve(x, kernel, layer->bias, 1, padding, computeType);
}

/**
 * Transposed convolution whose output is exactly `stride` times its input, as a convolution to
 * stride^2 times the channels and a pixel shuffle.
 *
 * Output pixel o = stride*q + r receives input i through tap k = o + padding - stride*i, so for
 * phase r and input offset e = i - q the tap is k = r + padding - stride*e, if it lies in the
 * kernel. The offsets that occur at any phase make the new kernel's width.
 */
Tensor
TransposedSubPixel(const Tensor& x,
                   const ConvTranspose2d& layer,
                   int64_t stride,
                   int64_t padding,
                   torch::ScalarType computeType)
{
    const auto weight = layer->weight; // in x out x k x k
    const auto in = weight.size(0);
    const auto out = weight.size(1);
    const auto k = weight.size(2);

    // First and last input offset e that any phase uses: k = r + padding - stride*e in 0..k-1.
    int64_t first = 0;
    int64_t last = 0;
    for (int64_t e = -k; e <= k; ++e)
    {
        for (int64_t r = 0; r < stride; ++r)
        {
            const auto tap = r + padding - stride * e;
            if (tap >= 0 && tap < k)
            {
                first = std::min(first, e);
                last = std::max(last, e);
            }
        }
    }
    const auto width = last - first + 1;

    // Gather the taps with one index_select: tap index k means "no tap" and selects a zero.
    std::vector<int64_t> taps;
    taps.reserve(stride * width);
    for (int64_t r = 0; r < stride; ++r)
    {
        for (int64_t e = first; e <= last; ++e)
        {
            const auto tap = r + padding - stride * e;
            taps.push_back(tap >= 0 && tap < k ? tap : k);
        }
    }
    const auto index = torch::tensor(taps, torch::kLong).to(weight.device());
    auto kernel = F::pad(weight, F::PadFuncOptions({0, 1, 0, 1}));
    kernel = kernel.index_select(2, index).index_select(3, index);
    // in x out x (r_y, e_y) x (r_x, e_x) -> (out, r_y, r_x) x in x e_y x e_x
    kernel = kernel.view({in, out, stride, width, stride, width})
                 .permute({1, 2, 4, 0, 3, 5})
                 .reshape({out * stride * stride, in, width, width});
    const auto bias = layer->bias.repeat_interleave(stride * stride);
    const auto padded = F::pad(x.to(computeType), F::PadFuncOptions({-first, last, -first, last}))
                            .contiguous(torch::MemoryFormat::ChannelsLast);
    return torch::pixel_shuffle(Convolve(padded, kernel, bias, 1, 0, computeType), stride);
}

Conv2dOptions
Plain(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, bool bias = true)
{
    return Conv2dOptions(in, out, kernel).stride(stride).padding(padding).bias(bias);
}

ConvTranspose2dOptions
Transposed(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding)
{
    return ConvTranspose2dOptions(in, out, kernel)
        .stride(stride)
        .padding(padding)
        .output_padding(stride > 1 ? 1 : 0);
}

} // namespace

Tensor
ImageNetMean()
{
    return torch::tensor({0.485F, 0.456F, 0.406F}).view({1, 3, 1, 1});
}

Tensor
ImageNetStd()
{
    return torch::tensor({0.229F, 0.224F, 0.225F}).view({1, 3, 1, 1});
}

Tensor
Normalise(const Tensor& pixels)
{
    return (pixels - ImageNetMean().to(pixels.device())) / ImageNetStd().to(pixels.device());
}

EncoderImpl::EncoderImpl()
    : conv1(register_module("conv1", Conv2d(Plain(3, 16, 7, 2, 3)))),
      conv2(register_module("conv2", Conv2d(Plain(16, 16, 5, 4, 1)))),
      conv3(register_module("conv3", Conv2d(Plain(16, 12, 3, 1, 1))))
{
}

Tensor
EncoderImpl::forward(const Tensor& x, torch::ScalarType computeType)
{
    auto y = torch::relu(Convolve(x, conv1->weight, conv1->bias, 2, 3, computeType));
    y = torch::relu(Convolve(y, conv2->weight, conv2->bias, 4, 1, computeType));
    return torch::relu(Convolve(y, conv3->weight, conv3->bias, 1, 1, computeType))
        .to(torch::kFloat);
}

SaliencyDecoderImpl::SaliencyDecoderImpl()
    : sal_t_conv1(register_module("sal_t_conv1", Conv2d(Plain(12, 16, 3, 1, 1)))),
      sal_t_conv2(register_module("sal_t_conv2", Conv2d(Plain(16, 16, 3, 1, 1)))),
      sal_t_conv3(register_module("sal_t_conv3", Conv2d(Plain(16, 8, 3, 1, 1)))),
      sal_t_conv4(register_module("sal_t_conv4", Conv2d(Plain(8, 4, 3, 1, 1)))),
      sal_t_conv5(register_module("sal_t_conv5", Conv2d(Plain(4, 1, 3, 1, 1))))
{
}

Tensor
SaliencyDecoderImpl::forward(const Tensor& latent)
{
    auto y = torch::relu(sal_t_conv1(latent));
    y = torch::relu(sal_t_conv2(y));
    y = torch::relu(sal_t_conv3(y));
    y = torch::relu(sal_t_conv4(y));
    return sal_t_conv5(y);
}

DecoderImpl::DecoderImpl()
    : t_conv1(register_module("t_conv1", ConvTranspose2d(Transposed(12, 64, 7, 2, 3)))),
      t_conv2(register_module("t_conv2", ConvTranspose2d(Transposed(64, 64, 5, 4, 1)))),
      t_conv3(register_module("t_conv3", ConvTranspose2d(Transposed(64, 64, 3, 1, 1)))),
      t_conv4(register_module("t_conv4", ConvTranspose2d(Transposed(64, 64, 3, 1, 1)))),
      t_conv5(register_module("t_conv5", ConvTranspose2d(Transposed(64, 3, 3, 1, 1))))
{
}

Tensor
DecoderImpl::forward(const Tensor& latent, torch::ScalarType computeType)
{
    auto y = torch::relu(TransposedSubPixel(latent, t_conv1, 2, 3, computeType));
    y = torch::relu(TransposedSubPixel(y, t_conv2, 4, 1, computeType));
    y = torch::relu(TransposedStride1(y, t_conv3, computeType));
    y = torch::relu(TransposedStride1(y, t_conv4, computeType));
    return torch::sigmoid(TransposedStride1(y, t_conv5, computeType).to(torch::kFloat));
}

LimitNetImpl::LimitNetImpl()
    : encoder(register_module("encoder", Encoder())),
      sal_decoder(register_module("sal_decoder", SaliencyDecoder())),
      decoder(register_module("decoder", Decoder()))
{
}

SmallClassifierImpl::SmallClassifierImpl(int64_t classes)
    : stem(register_module("stem", Conv2d(Plain(3, 32, 3, 1, 1, false)))),
      conv1a(register_module("conv1a", Conv2d(Plain(32, 64, 3, 1, 1, false)))),
      conv1b(register_module("conv1b", Conv2d(Plain(64, 64, 3, 1, 1, false)))),
      conv2a(register_module("conv2a", Conv2d(Plain(64, 256, 3, 1, 1, false)))),
      conv2b(register_module("conv2b", Conv2d(Plain(256, 256, 3, 1, 1, false)))),
      conv3a(register_module("conv3a", Conv2d(Plain(256, 256, 3, 1, 1, false)))),
      conv3b(register_module("conv3b", Conv2d(Plain(256, 256, 3, 1, 1, false)))),
      norm0(register_module("norm0", BatchNorm2d(32))),
      norm1a(register_module("norm1a", BatchNorm2d(64))),
      norm1b(register_module("norm1b", BatchNorm2d(64))),
      norm2a(register_module("norm2a", BatchNorm2d(256))),
      norm2b(register_module("norm2b", BatchNorm2d(256))),
      norm3a(register_module("norm3a", BatchNorm2d(256))),
      norm3b(register_module("norm3b", BatchNorm2d(256))),
      head(register_module("head", torch::nn::Linear(256, classes)))
{
}

Tensor
SmallClassifierImpl::Block(Conv2d& conv,
                           BatchNorm2d& norm,
                           const Tensor& x,
                           bool pool,
                           torch::ScalarType computeType)
{
    auto y = Convolve(x, conv->weight, conv->bias, 1, 1, computeType);
    if (pool)
    {
        // Before normalisation and activation: a quarter of the work for both, same strength.
        y = torch::max_pool2d(y, 2);
    }
    return torch::relu(norm(y.to(torch::kFloat)));
}

Tensor
SmallClassifierImpl::forward(const Tensor& x, torch::ScalarType computeType)
{
    auto y = x.size(2) == PICTURE_SIZE ? torch::avg_pool2d(x, 7) : x;
    y = y.contiguous(torch::MemoryFormat::ChannelsLast);
    y = Block(stem, norm0, y, false, computeType);
    y = Block(conv1a, norm1a, y, true, computeType);
    y = y + Block(conv1b, norm1b, y, false, computeType);
    y = Block(conv2a, norm2a, y, true, computeType);
    y = y + Block(conv2b, norm2b, y, false, computeType);
    y = Block(conv3a, norm3a, y, true, computeType);
    y = y + Block(conv3b, norm3b, y, false, computeType);
    return head(y.amax({2, 3})) * 0.125;
}

} // namespace limitnet
