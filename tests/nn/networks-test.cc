// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/networks-torch.h"

#include <gtest/gtest.h>

using namespace limitnet;

namespace
{

double
MaxDifference(const torch::Tensor& a, const torch::Tensor& b)
{
    return (a - b).abs().max().item<double>();
}

/** The decoder as LimitNet's table states it, by LibTorch's own transposed convolutions. */
torch::Tensor
DecodeByTransposedConvolutions(const Decoder& decoder, torch::Tensor x)
{
    const auto p = decoder->named_parameters();
    const auto layer = [&](int n, int64_t stride, int64_t padding, int64_t outputPadding) {
        const auto name = "t_conv" + std::to_string(n);
        x = torch::conv_transpose2d(x,
                                    p[name + ".weight"],
                                    p[name + ".bias"],
                                    stride,
                                    padding,
                                    outputPadding);
    };
    layer(1, 2, 3, 1);
    x = torch::relu(x);
    layer(2, 4, 1, 1);
    x = torch::relu(x);
    layer(3, 1, 1, 0);
    x = torch::relu(x);
    layer(4, 1, 1, 0);
    x = torch::relu(x);
    layer(5, 1, 1, 0);
    return torch::sigmoid(x);
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

// Shapes and counts are those of the published networks.
TEST(NetworksTest, HaveThePublishedSizes)
{
    const torch::NoGradGuard noGrad;
    LimitNet net;
    EXPECT_EQ(CountParameters(*net->encoder), 10524);
    EXPECT_EQ(CountParameters(*net->sal_decoder), 5553);
    EXPECT_EQ(CountParameters(*net->decoder), 215747);
    const auto latent = net->encoder(torch::rand({1, 3, 224, 224}));
    EXPECT_EQ(latent.sizes(), at::IntArrayRef({1, 12, 28, 28}));
    EXPECT_EQ(net->sal_decoder(latent).sizes(), at::IntArrayRef({1, 1, 28, 28}));
    EXPECT_EQ(net->decoder(latent).sizes(), at::IntArrayRef({1, 3, 224, 224}));
}

TEST(NetworksTest, DecoderEqualsTransposedConvolutions)
{
    const torch::NoGradGuard noGrad;
    torch::manual_seed(1);
    Decoder decoder;
    // Larger weights than the initial ones, so that the picture is not all grey.
    for (auto& p : decoder->parameters())
    {
        p.mul_(2);
    }
    for (const auto& [height, width] : {std::pair{28, 28}, std::pair{5, 9}, std::pair{1, 1}})
    {
        const auto latent = torch::rand({2, 12, height, width}) * 5;
        const auto expected = DecodeByTransposedConvolutions(decoder, latent);
        ASSERT_GT((expected.max() - expected.min()).item<double>(), 0.05);
        EXPECT_LT(MaxDifference(decoder(latent), expected), 1e-5) << height << 'x' << width;
    }
}

TEST(NetworksTest, DecoderGradientsEqualThoseOfTransposedConvolutions)
{
    torch::manual_seed(2);
    Decoder decoder;
    const auto latent = torch::rand({1, 12, 6, 6});
    const auto gradients = [&](const torch::Tensor& picture) {
        decoder->zero_grad();
        (picture * torch::arange(picture.numel()).view(picture.sizes()) / picture.numel())
            .sum()
            .backward();
        std::vector<torch::Tensor> all;
        for (const auto& p : decoder->parameters())
        {
            all.push_back(p.grad().clone());
        }
        return all;
    };
    const auto ours = gradients(decoder(latent));
    const auto expected = gradients(DecodeByTransposedConvolutions(decoder, latent));
    ASSERT_EQ(ours.size(), expected.size());
    for (size_t i = 0; i < ours.size(); ++i)
    {
        const auto scale = expected[i].abs().max().item<double>();
        EXPECT_LT(MaxDifference(ours[i], expected[i]), 1e-4 * scale + 1e-6) << "parameter " << i;
    }
}

TEST(NetworksTest, ClassifierUndoesTheEnlargement)
{
    const torch::NoGradGuard noGrad;
    torch::manual_seed(3);
    SmallClassifier net(10);
    net->eval();
    const auto small = torch::rand({2, 3, 32, 32});
    // Each pixel as a square of 7x7: their mean is the pixel.
    const auto large = small.repeat_interleave(7, 2).repeat_interleave(7, 3);
    EXPECT_LT(MaxDifference(net->forward(small), net->forward(large)), 1e-4);
}
