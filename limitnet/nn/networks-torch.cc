// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/networks-torch.h"

#include "limitnet/nn/convolve-torch.h"

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

/** Phases of one axis of a transposed convolution that see the same input pixels. */
struct PhaseGroup
{
    int64_t firstPhase;
    int64_t phases;
    int64_t firstOffset; // of the input pixels they see, from the input pixel that they lie in
    int64_t lastOffset;
};

/**
 * Output pixel o = stride*q + r of a transposed convolution receives input i through the tap
 * k = o + padding - stride*i: phase r sees input q + e through k = r + padding - stride*e, if that
 * lies in the kernel.
 */
int64_t
Tap(int64_t phase, int64_t offset, int64_t stride, int64_t padding)
{
    return phase + padding - stride * offset;
}

std::vector<PhaseGroup>
PhaseGroups(int64_t kernel, int64_t stride, int64_t padding)
{
    std::vector<PhaseGroup> groups;
    for (int64_t phase = 0; phase < stride; ++phase)
    {
        const auto inKernel = [&](int64_t offset) {
            const auto tap = Tap(phase, offset, stride, padding);
            return tap >= 0 && tap < kernel;
        };
        int64_t first = -kernel;
        while (!inKernel(first))
        {
            ++first;
        }
        int64_t last = first;
        while (inKernel(last + 1))
        {
            ++last;
        }
        if (!groups.empty() && groups.back().firstOffset == first &&
            groups.back().lastOffset == last)
        {
            ++groups.back().phases;
        }
        else
        {
            groups.push_back({phase, 1, first, last});
        }
    }
    return groups;
}

/** The taps of a group, phase by phase, each by rising offset. */
Tensor
Taps(const PhaseGroup& group, int64_t stride, int64_t padding)
{
    std::vector<int64_t> taps;
    for (int64_t phase = group.firstPhase; phase < group.firstPhase + group.phases; ++phase)
    {
        for (int64_t offset = group.firstOffset; offset <= group.lastOffset; ++offset)
        {
            taps.push_back(Tap(phase, offset, stride, padding));
        }
    }
    return torch::tensor(taps, torch::kLong);
}

Tensor
Kernel(const Tensor& weight, torch::ScalarType computeType)
{
    return weight.to(computeType).contiguous(torch::MemoryFormat::ChannelsLast);
}

/** The output phases of a transposed convolution, as few convolutions as give them all. */
std::vector<PhaseConvolution>
PhaseConvolutions(const ConvTranspose2d& layer,
                  int64_t stride,
                  int64_t padding,
                  torch::ScalarType computeType)
{
    const auto& weight = layer->weight; // in x out x k x k
    const auto in = weight.size(0);
    const auto out = weight.size(1);
    const auto groups = PhaseGroups(weight.size(2), stride, padding);
    std::vector<PhaseConvolution> convolutions;
    for (const auto& rows : groups)
    {
        for (const auto& columns : groups)
        {
            const auto height = rows.lastOffset - rows.firstOffset + 1;
            const auto width = columns.lastOffset - columns.firstOffset + 1;
            const auto count = rows.phases * columns.phases;
            // in x out x (phase, offset) x (phase, offset)
            //   -> (row phase, column phase, out) x in x row offset x column offset
            const auto kernel =
                weight.index_select(2, Taps(rows, stride, padding).to(weight.device()))
                    .index_select(3, Taps(columns, stride, padding).to(weight.device()))
                    .view({in, out, rows.phases, height, columns.phases, width})
                    .permute({2, 4, 1, 0, 3, 5})
                    .reshape({count * out, in, height, width});
            convolutions.push_back({rows.firstPhase,
                                    rows.phases,
                                    columns.firstPhase,
                                    columns.phases,
                                    -rows.firstOffset,
                                    rows.lastOffset,
                                    -columns.firstOffset,
                                    columns.lastOffset,
                                    Kernel(kernel, computeType),
                                    layer->bias.to(computeType).repeat({count})});
        }
    }
    return convolutions;
}

/** The transposed convolution that `convolutions` were made of, and a ReLU. */
Tensor
Enlarge(const Tensor& x, const std::vector<PhaseConvolution>& convolutions)
{
    const auto n = x.size(0);
    const auto height = x.size(2);
    const auto width = x.size(3);
    const auto& corner = convolutions.back();
    const auto stride = corner.firstRowPhase + corner.rowPhases;
    const auto out = corner.bias.size(0) / (corner.rowPhases * corner.columnPhases);
    auto y = torch::empty({n, height, stride, width, stride, out}, x.options());
    for (const auto& c : convolutions)
    {
        const auto padded = F::pad(x, F::PadFuncOptions({c.left, c.right, c.top, c.bottom}))
                                .contiguous(torch::MemoryFormat::ChannelsLast);
        const auto phases = Convolve(padded, c.weight, c.bias, 1, 0, x.scalar_type())
                                .relu_()
                                .permute({0, 2, 3, 1})
                                .reshape({n, height, width, c.rowPhases, c.columnPhases, out});
        y.narrow(2, c.firstRowPhase, c.rowPhases)
            .narrow(4, c.firstColumnPhase, c.columnPhases)
            .copy_(phases.permute({0, 1, 3, 2, 4, 5}));
    }
    return y.view({n, height * stride, width * stride, out}).permute({0, 3, 1, 2});
}

/** The kernel of the convolution that equals a transposed one with stride 1. */
Tensor
Flipped(const ConvTranspose2d& layer)
{
    return layer->weight.flip({2, 3}).transpose(0, 1);
}

/**
 * Keep a network's kernels in the order in which Convolve() wants them, which spares it a copy each
 * time; for the classifier's eight megabytes the copy takes longer than the convolutions.
 */
void
KeepChannelsLast(torch::nn::Module& module)
{
    for (auto& parameter : module.parameters())
    {
        if (parameter.dim() == 4)
        {
            parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
        }
    }
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
Convolve(const Tensor& x,
         const Tensor& weight,
         const Tensor& bias,
         int64_t stride,
         int64_t padding,
         torch::ScalarType computeType)
{
    const auto input = x.to(computeType);
    const auto kernel = weight.to(computeType).contiguous(torch::MemoryFormat::ChannelsLast);
    const auto offset = bias.defined() ? bias.to(computeType) : bias;
    if (computeType == torch::kFloat && input.device().is_cpu() && at::hasMKLDNN())
    {
        return at::mkldnn_convolution(input,
                                      kernel,
                                      offset,
                                      {padding, padding},
                                      {stride, stride},
                                      {1, 1},
                                      1);
    }
    return torch::conv2d(input, kernel, offset, stride, padding);
}

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
    KeepChannelsLast(*this);
}

Tensor
EncoderImpl::forward(const Tensor& x, torch::ScalarType computeType)
{
    auto y = Convolve(x, conv1->weight, conv1->bias, 2, 3, computeType).relu_();
    y = Convolve(y, conv2->weight, conv2->bias, 4, 1, computeType).relu_();
    return Convolve(y, conv3->weight, conv3->bias, 1, 1, computeType).relu_().to(torch::kFloat);
}

std::vector<Conv2d>
EncoderImpl::Layers() const
{
    return {conv1, conv2, conv3};
}

SaliencyDecoderImpl::SaliencyDecoderImpl()
    : sal_t_conv1(register_module("sal_t_conv1", Conv2d(Plain(12, 16, 3, 1, 1)))),
      sal_t_conv2(register_module("sal_t_conv2", Conv2d(Plain(16, 16, 3, 1, 1)))),
      sal_t_conv3(register_module("sal_t_conv3", Conv2d(Plain(16, 8, 3, 1, 1)))),
      sal_t_conv4(register_module("sal_t_conv4", Conv2d(Plain(8, 4, 3, 1, 1)))),
      sal_t_conv5(register_module("sal_t_conv5", Conv2d(Plain(4, 1, 3, 1, 1))))
{
    KeepChannelsLast(*this);
}

Tensor
SaliencyDecoderImpl::forward(const Tensor& latent)
{
    const auto layer = [](const Tensor& x, const Conv2d& conv) {
        return Convolve(x, conv->weight, conv->bias, 1, 1, torch::kFloat);
    };
    auto y = layer(latent, sal_t_conv1).relu_();
    y = layer(y, sal_t_conv2).relu_();
    y = layer(y, sal_t_conv3).relu_();
    y = layer(y, sal_t_conv4).relu_();
    return layer(y, sal_t_conv5);
}

std::vector<Conv2d>
SaliencyDecoderImpl::Layers() const
{
    return {sal_t_conv1, sal_t_conv2, sal_t_conv3, sal_t_conv4, sal_t_conv5};
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
    return Run(Kernels(computeType), latent);
}

DecoderKernels
DecoderImpl::Kernels(torch::ScalarType computeType) const
{
    // Each of the 2x2 pixels of a square looks at its own 3x3 of the 4x4 that the square sees.
    const auto flipped5 = Flipped(t_conv5);
    std::vector<Tensor> squares;
    for (const int64_t row : {0, 1})
    {
        for (const int64_t column : {0, 1})
        {
            const auto place = F::PadFuncOptions({column, 1 - column, row, 1 - row});
            squares.push_back(F::pad(flipped5, place));
        }
    }
    return {PhaseConvolutions(t_conv1, 2, 3, computeType),
            PhaseConvolutions(t_conv2, 4, 1, computeType),
            Kernel(Flipped(t_conv3), computeType),
            t_conv3->bias.to(computeType),
            Kernel(Flipped(t_conv4), computeType),
            t_conv4->bias.to(computeType),
            Kernel(torch::cat(squares), computeType),
            t_conv5->bias.to(computeType).repeat({4})};
}

Tensor
DecoderImpl::Run(const DecoderKernels& kernels, const Tensor& latent)
{
    const auto type = kernels.bias3.scalar_type();
    auto y = Enlarge(latent.to(type), kernels.phases1);
    y = Enlarge(y, kernels.phases2);
    y = Convolve(y, kernels.weight3, kernels.bias3, 1, 1, type).relu_();
    y = Convolve(y, kernels.weight4, kernels.bias4, 1, 1, type).relu_();
    y = Convolve(y, kernels.weight5, kernels.bias5, 2, 1, type);
    const auto n = y.size(0);
    const auto height = y.size(2);
    const auto width = y.size(3);
    return torch::sigmoid(y.to(torch::kFloat))
        .permute({0, 2, 3, 1})
        .reshape({n, height, width, 2, 2, 3})
        .permute({0, 5, 1, 3, 2, 4})
        .reshape({n, 3, 2 * height, 2 * width});
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
    KeepChannelsLast(*this);
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
    return norm(y.to(torch::kFloat)).relu_();
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
