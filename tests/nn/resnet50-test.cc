// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/process.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/resnet50-torch.h"
#include "limitnet/nn/tfjs-layers.h"
#include "tests/data/test-folder.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace limitnet;

namespace
{

void
Reference(const std::vector<std::string>& arguments)
{
    std::vector<std::string> command{LIMITNET_TEST_NUMPY_PYTHON,
                                     "-B",
                                     LIMITNET_TEST_TFJS_REFERENCE};
    command.insert(command.end(), arguments.begin(), arguments.end());
    ASSERT_TRUE(RunProcess(command).Ok()) << arguments[0];
}

/** A picture with edges, waves and noise, 1x3xHxH in 0..1. */
torch::Tensor
Picture(int64_t side)
{
    torch::manual_seed(5);
    const auto at = torch::arange(side).to(torch::kFloat) / side;
    const auto waves = (at.view({1, side}) * 17 + at.view({side, 1}) * 9).sin() * 0.3 + 0.5;
    const auto edges = (at.view({1, side}) > at.view({side, 1})).to(torch::kFloat);
    return (torch::stack({waves, edges, waves * edges}).unsqueeze(0) * 0.8 +
            torch::rand({1, 3, side, side}) * 0.2);
}

/**
 * The numbers that the Python reference computes from the topology in a folder's model.json: for
 * the picture as the documentation of the weights has it, blue first, 0..255 minus the mean.
 */
torch::Tensor
ReferenceNumbers(const std::filesystem::path& folder, const torch::Tensor& picture)
{
    const TestFolder work;
    const auto side = picture.size(2);
    std::vector<float> numbers;
    const auto p = picture.accessor<float, 4>();
    for (int64_t y = 0; y < side; ++y)
    {
        for (int64_t x = 0; x < side; ++x)
        {
            numbers.push_back(p[0][2][y][x] * 255 - 103.939F);
            numbers.push_back(p[0][1][y][x] * 255 - 116.779F);
            numbers.push_back(p[0][0][y][x] * 255 - 123.68F);
        }
    }
    const auto input =
        work.Write("in",
                   std::string(reinterpret_cast<const char*>(numbers.data()), numbers.size() * 4));
    const auto output = work.Path() / "out";
    Reference({"run", folder.string(), input.string(), std::to_string(side), output.string()});
    const auto bytes = ReadText(output);
    auto result = torch::empty({static_cast<int64_t>(bytes.size() / 4)});
    std::memcpy(result.data_ptr<float>(), bytes.data(), bytes.size());
    return result;
}

/** The largest difference, as a part of the largest number. */
double
Difference(const torch::Tensor& a, const torch::Tensor& b)
{
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

void
ExpectReference(const std::filesystem::path& folder, int64_t side)
{
    const torch::NoGradGuard noGrad;
    const auto picture = Picture(side);
    const auto expected = ReferenceNumbers(folder, picture);
    const auto modelJson = folder / "model.json";
    const auto weights = ReadTfjsWeights(modelJson);
    const ResNet50 net(weights, modelJson.string());
    ASSERT_EQ(expected.size(0), net.FeatureCount() + net.ClassCount());
    const auto features = expected.narrow(0, 0, net.FeatureCount());
    const auto probabilities = expected.narrow(0, net.FeatureCount(), net.ClassCount());
    EXPECT_NEAR(probabilities.sum().item<double>(), 1, 1e-5);
    EXPECT_GT(features.abs().max().item<double>(), 0.1);

    const auto x = Normalise(picture);
    EXPECT_LT(Difference(net.Features(x).squeeze(0), features), 1e-5);
    EXPECT_LT(Difference(net.Logits(x).log_softmax(1).squeeze(0), probabilities.log()), 1e-5);
    // Each picture of a batch for itself.
    const auto two = net.Features(torch::cat({x * 0.5, x}));
    EXPECT_LT(Difference(two[1], features), 1e-5);
    EXPECT_GT(Difference(two[0], features), 1e-3);
    // With 8 bits of mantissa.
    const ResNet50 fast(weights, modelJson.string(), torch::kBFloat16);
    EXPECT_LT(Difference(fast.Features(x).squeeze(0), features), 0.03);
}

TEST(ResNet50, SmallOneAsTheReference)
{
    const TestFolder folder;
    Reference({"make", folder.Path().string()});
    ExpectReference(folder.Path(), 64);
    ExpectReference(folder.Path(), 75); // odd sides in every stage
}

TEST(ResNet50, PublishedWeightsAsTheReference)
{
    const auto& files = *FindNpmFiles("resnet50");
    const auto wrong = ProblemOfNpmFiles(files);
    if (!wrong.empty())
    {
        GTEST_SKIP() << wrong;
    }
    ExpectReference(NpmFilesFolder(files), 224);
    const ResNet50 net(ReadTfjsWeights(NpmFilePaths(files).front()), "model.json");
    EXPECT_EQ(net.FeatureCount(), 512 + 1024 + 2048);
    EXPECT_EQ(net.ClassCount(), 1000);
}

TEST(ResNet50, OtherWeightsAreRefused)
{
    const TestFolder folder;
    Reference({"make", folder.Path().string()});
    const auto good = ReadTfjsWeights(folder.Path() / "model.json");
    const auto complaint = [](const TfjsWeights& weights) {
        return ErrorOf([&]() { ResNet50(weights, "some/model.json"); });
    };
    EXPECT_EQ(complaint(good), "");
    auto bad = good;
    bad.erase("bn4a_branch2b/beta");
    ExpectLine(complaint(bad), {"some/model.json", "bn4a_branch2b/beta", "missing"});
    bad = good;
    bad["res3a_branch2b/kernel"].shape = {5, 3, 3, 5};
    ExpectLine(complaint(bad), {"some/model.json", "res3a_branch2b/kernel", "[5, 3, 3, 5]"});
    bad = good;
    bad["fc1000/bias"] = {{8}, std::vector<float>(8)};
    ExpectLine(complaint(bad), {"some/model.json", "fc1000/bias", "[8]", "[9]"});
}

TEST(ResNet50Head, OneLayerOrTwo)
{
    torch::manual_seed(1);
    const auto x = torch::randn({2, 6});
    for (const int64_t width : {0, 5})
    {
        ResNet50Head head(6, width, 3);
        head->eval();
        const auto y = head->forward(x, 0.5); // left out in training only
        ASSERT_EQ(y.sizes(), (std::vector<int64_t>{2, 3}));
        const auto w = head->output->weight;
        for (int64_t n = 0; n < 2; ++n)
        {
            std::vector<double> inner;
            for (int64_t i = 0; i < (width == 0 ? 6 : width); ++i)
            {
                double sum = width == 0 ? x[n][i].item<double>() : 0;
                for (int64_t k = 0; width > 0 && k < 6; ++k)
                {
                    sum += head->hidden->weight[i][k].item<double>() * x[n][k].item<double>();
                }
                inner.push_back(
                    width == 0 ? sum : std::max(0.0, sum + head->hidden->bias[i].item<double>()));
            }
            for (int64_t c = 0; c < 3; ++c)
            {
                double sum = head->output->bias[c].item<double>();
                for (size_t i = 0; i < inner.size(); ++i)
                {
                    sum += w[c][static_cast<int64_t>(i)].item<double>() * inner[i];
                }
                EXPECT_NEAR(y[n][c].item<double>(), sum, 1e-5);
            }
        }
    }
}

} // namespace
