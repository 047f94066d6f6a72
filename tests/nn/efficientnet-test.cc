// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/efficientnet-torch.h"

#include <cmath>
#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace limitnet;

namespace
{

/** A picture of plain numbers: channel, row, column. */
struct Planes
{
    Planes(int64_t channels, int64_t side)
        : channels(channels),
          side(side),
          values(static_cast<size_t>(channels * side * side))
    {
    }

    double& At(int64_t c, int64_t y, int64_t x)
    {
        return values[static_cast<size_t>((c * side + y) * side + x)];
    }

    int64_t channels;
    int64_t side;
    std::vector<double> values;
};

double
Sigmoid(double v)
{
    return 1 / (1 + std::exp(-v));
}

/**
 * A convolution by loops over all its indices, with TensorFlow's "same" padding
 * (tensorflow.org, api_docs/python/tf/nn, "Notes on padding"): in all max((ceil(n / s) - 1) s + k -
 * n, 0), half of it, rounded down, in front.
 */
Planes
Convolve(Planes in,
         const torch::Tensor& weight,
         const torch::Tensor& bias,
         int64_t stride,
         bool each)
{
    const auto k = weight.size(2);
    const auto outSide = static_cast<int64_t>(std::ceil(static_cast<double>(in.side) / stride));
    const auto padding = std::max<int64_t>((outSide - 1) * stride + k - in.side, 0) / 2;
    Planes out(weight.size(0), outSide);
    const auto w = weight.accessor<float, 4>();
    for (int64_t o = 0; o < out.channels; ++o)
    {
        for (int64_t y = 0; y < outSide; ++y)
        {
            for (int64_t x = 0; x < outSide; ++x)
            {
                double sum = bias.defined() ? bias[o].item<double>() : 0;
                for (int64_t i = 0; i < weight.size(1); ++i)
                {
                    for (int64_t v = 0; v < k; ++v)
                    {
                        for (int64_t u = 0; u < k; ++u)
                        {
                            const auto row = y * stride + v - padding;
                            const auto column = x * stride + u - padding;
                            if (row >= 0 && row < in.side && column >= 0 && column < in.side)
                            {
                                sum += w[o][i][v][u] * in.At(each ? o : i, row, column);
                            }
                        }
                    }
                }
                out.At(o, y, x) = sum;
            }
        }
    }
    return out;
}

using Dict = torch::OrderedDict<std::string, torch::Tensor>;

/** Batch normalisation with an epsilon of 0.001, then swish where asked for. */
void
Normalise(Planes& planes, const Dict& p, const Dict& b, const std::string& name, bool swish)
{
    for (int64_t c = 0; c < planes.channels; ++c)
    {
        const auto mean = b[name + ".running_mean"][c].item<double>();
        const auto variance = b[name + ".running_var"][c].item<double>();
        const auto weight = p[name + ".weight"][c].item<double>();
        const auto bias = p[name + ".bias"][c].item<double>();
        for (int64_t y = 0; y < planes.side; ++y)
        {
            for (int64_t x = 0; x < planes.side; ++x)
            {
                auto& v = planes.At(c, y, x);
                v = (v - mean) / std::sqrt(variance + 0.001) * weight + bias;
                v = swish ? v * Sigmoid(v) : v;
            }
        }
    }
}

Planes
BlockByLoops(MbConvBlock& block, const Planes& in, int64_t stride)
{
    const auto p = block->named_parameters();
    const auto b = block->named_buffers();
    auto y = in;
    if (p.contains("_expand_conv.weight"))
    {
        y = Convolve(y, p["_expand_conv.weight"], {}, 1, false);
        Normalise(y, p, b, "_bn0", true);
    }
    y = Convolve(y, p["_depthwise_conv.weight"], {}, stride, true);
    Normalise(y, p, b, "_bn1", true);
    Planes mean(y.channels, 1);
    for (int64_t c = 0; c < y.channels; ++c)
    {
        for (int64_t i = 0; i < y.side * y.side; ++i)
        {
            mean.values[c] += y.At(c, 0, i) / (y.side * y.side);
        }
    }
    auto squeezed = Convolve(mean, p["_se_reduce.weight"], p["_se_reduce.bias"], 1, false);
    for (auto& v : squeezed.values)
    {
        v = v * Sigmoid(v);
    }
    const auto weights = Convolve(squeezed, p["_se_expand.weight"], p["_se_expand.bias"], 1, false);
    for (int64_t c = 0; c < y.channels; ++c)
    {
        for (int64_t i = 0; i < y.side * y.side; ++i)
        {
            y.At(c, 0, i) *= Sigmoid(weights.values[c]);
        }
    }
    y = Convolve(y, p["_project_conv.weight"], {}, 1, false);
    Normalise(y, p, b, "_bn2", false);
    if (stride == 1 && y.channels == in.channels)
    {
        for (size_t i = 0; i < y.values.size(); ++i)
        {
            y.values[i] += in.values[i];
        }
    }
    return y;
}

int64_t
CountParameters(const torch::nn::Module& module)
{
    int64_t count = 0;
    for (const auto& p : module.parameters())
    {
        count += p.numel();
    }
    return count;
}

} // namespace

// 5,288,548 is what efficientnet_pytorch and torchvision count for 1,000 classes; the last layer
// has 1,281 parameters a class.
TEST(EfficientNetTest, HasThePublishedNumberOfParameters)
{
    EXPECT_EQ(CountParameters(*EfficientNetB0(1000)), 5288548);
    EXPECT_EQ(CountParameters(*EfficientNetB0(100)), 5288548 - 900 * 1281);
    const auto p = EfficientNetB0(10)->named_parameters();
    EXPECT_EQ(p["_conv_stem.weight"].sizes(), at::IntArrayRef({32, 3, 3, 3}));
    EXPECT_EQ(p["_blocks.0._se_reduce.weight"].sizes(), at::IntArrayRef({8, 32, 1, 1}));
    EXPECT_FALSE(p.contains("_blocks.0._expand_conv.weight"));
    EXPECT_EQ(p["_blocks.1._expand_conv.weight"].sizes(), at::IntArrayRef({96, 16, 1, 1}));
    EXPECT_EQ(p["_blocks.15._project_conv.weight"].sizes(), at::IntArrayRef({320, 1152, 1, 1}));
    EXPECT_FALSE(p.contains("_blocks.16._project_conv.weight"));
    EXPECT_EQ(p["_fc.weight"].sizes(), at::IntArrayRef({10, 1280}));
}

// The paper states 0.39 billion multiply-adds at 224x224.
TEST(EfficientNetTest, HasThePublishedNumberOfMultiplications)
{
    const std::vector<int64_t>
        blockInput{112, 112, 56, 56, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7, 7, 7};
    const std::vector<int64_t>
        blockOutput{112, 56, 56, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7, 7, 7, 7};
    const EfficientNetB0 net(1000);
    int64_t count = 0;
    for (const auto& entry : net->named_parameters())
    {
        const auto& name = entry.key();
        if (entry.value().dim() < 2)
        {
            continue;
        }
        int64_t side = 1; // squeeze, excitation and the last layer see one value a channel
        if (name == "_conv_stem.weight")
        {
            side = 112;
        }
        else if (name == "_conv_head.weight")
        {
            side = 7;
        }
        else if (name.rfind("_blocks.", 0) == 0 && name.find("._se_") == std::string::npos)
        {
            const auto block = std::stoul(name.substr(8));
            side = name.find("_expand_conv") != std::string::npos ? blockInput[block]
                                                                  : blockOutput[block];
        }
        count += entry.value().numel() * side * side;
    }
    EXPECT_NEAR(static_cast<double>(count), 0.39e9, 0.005e9);
}

TEST(EfficientNetTest, BlocksEqualPlainLoops)
{
    const torch::NoGradGuard noGrad;

    struct Case
    {
        int64_t in, out, expand, kernel, stride, side;
    };

    for (const auto& c : {Case{8, 8, 6, 5, 1, 6},
                          Case{8, 4, 6, 3, 2, 8},
                          Case{8, 4, 6, 5, 2, 7},
                          Case{4, 4, 1, 3, 1, 5},
                          Case{4, 6, 1, 3, 2, 6}})
    {
        torch::manual_seed(c.kernel * 10 + c.side);
        MbConvBlock block(c.in, c.out, c.expand, c.kernel, c.stride);
        for (auto& p : block->parameters())
        {
            p.uniform_(-1, 1);
        }
        for (auto& entry : block->named_buffers())
        {
            if (entry.value().is_floating_point())
            {
                entry.value().uniform_(0.1, 2);
            }
        }
        block->eval();
        const auto x = torch::randn({1, c.in, c.side, c.side});
        Planes planes(c.in, c.side);
        std::copy(x.data_ptr<float>(), x.data_ptr<float>() + x.numel(), planes.values.begin());
        const auto expected = BlockByLoops(block, planes, c.stride);
        const auto got = block->forward(x).contiguous();
        ASSERT_EQ(got.sizes(), at::IntArrayRef({1, c.out, expected.side, expected.side}));
        double largest = 0;
        for (int64_t i = 0; i < got.numel(); ++i)
        {
            largest = std::max(largest, std::abs(expected.values[i]));
            EXPECT_NEAR(got.data_ptr<float>()[i], expected.values[i], 1e-4)
                << "kernel " << c.kernel << ", side " << c.side << ", value " << i;
        }
        EXPECT_GT(largest, 0.1);
    }
}

TEST(EfficientNetTest, GivesLogitsForEachPicture)
{
    const torch::NoGradGuard noGrad;
    torch::manual_seed(4);
    EfficientNetB0 net(100);
    // Statistics of a batch as the running ones, else nothing of the picture reaches the logits.
    for (const auto& module : net->modules())
    {
        if (auto* norm = module->as<torch::nn::BatchNorm2d>())
        {
            norm->options.momentum(1.0);
        }
    }
    net->forward(torch::randn({2, 3, 224, 224}));
    net->eval();
    const auto x = torch::randn({2, 3, 224, 224});
    const auto both = net->forward(x);
    ASSERT_EQ(both.sizes(), at::IntArrayRef({2, 100}));
    EXPECT_LT((net->forward(x.narrow(0, 1, 1)) - both.narrow(0, 1, 1)).abs().max().item<double>(),
              1e-4);
    EXPECT_GT((both[0] - both[1]).abs().max().item<double>(), 0.1);
}
