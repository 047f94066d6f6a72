// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/process.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/tfjs-layers.h"
#include "limitnet/training/head-trainer-torch.h"
#include "limitnet/training/picture-features-torch.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <sstream>

using namespace limitnet;

namespace
{

/** A tiny network of ResNet-50's topology. */
ResNet50
SmallNetwork(const TestFolder& folder)
{
    EXPECT_TRUE(RunProcess({LIMITNET_TEST_NUMPY_PYTHON,
                            "-B",
                            LIMITNET_TEST_TFJS_REFERENCE,
                            "make",
                            folder.Path().string()})
                    .Ok());
    return ResNet50(ReadTfjsWeights(folder.Path() / "model.json"), "model.json");
}

torch::Tensor
SmallPictures(int64_t count)
{
    torch::manual_seed(8);
    return torch::randint(256, {count, 3, 32, 32}).to(torch::kUInt8);
}

} // namespace

TEST(PictureFeatures, OfEachPictureInItsPlace)
{
    const torch::NoGradGuard noGrad;
    const TestFolder folder;
    const auto net = SmallNetwork(folder);
    const auto pictures = SmallPictures(19); // a whole batch and a part of one
    std::ostringstream progress;
    const auto file = folder.Path() / "features" / "a.f16";
    const auto features = PictureFeatures(net, pictures, false, file, progress);
    const auto mirrored =
        PictureFeatures(net, pictures, true, folder.Path() / "features" / "b.f16", progress);
    ASSERT_EQ(features.sizes(), (std::vector<int64_t>{19, net.FeatureCount()}));
    ASSERT_EQ(features.scalar_type(), torch::kHalf);
    for (const int64_t i : {0, 15, 16, 18})
    {
        // As the cloud's classifier sees that picture.
        Image image;
        image.width = 32;
        image.height = 32;
        const auto rows = pictures[i].permute({1, 2, 0}).contiguous();
        image.rgb.assign(rows.data_ptr<uint8_t>(), rows.data_ptr<uint8_t>() + 3072);
        const auto x = Normalise(PictureTensor(image).to(torch::kFloat) / 255);
        const auto difference = [](const torch::Tensor& a, const torch::Tensor& b) {
            return (a.to(torch::kFloat) - b).abs().max().item<double>() /
                   b.abs().max().item<double>();
        };
        EXPECT_LT(difference(features[i], net.Features(x)[0]), 1e-3) << i;
        EXPECT_LT(difference(mirrored[i], net.Features(x.flip({3}))[0]), 1e-3) << i;
        EXPECT_GT(difference(mirrored[i], net.Features(x)[0]), 1e-3) << i;
    }
}

TEST(PictureFeatures, GoOnWhereTheyStopped)
{
    const TestFolder folder;
    const auto net = SmallNetwork(folder);
    const auto pictures = SmallPictures(9);
    std::ostringstream progress;
    const auto unbroken =
        PictureFeatures(net, pictures, false, folder.Path() / "unbroken", progress);
    const auto file = folder.Path() / "broken";
    const auto few = PictureFeatures(net, pictures.narrow(0, 0, 4), false, file, progress);
    EXPECT_TRUE(torch::equal(few, unbroken.narrow(0, 0, 4)));
    // Killed in the midst of the fourth; the first is marked, to see that it is not made again.
    const auto record = static_cast<uintmax_t>(net.FeatureCount()) * 2;
    auto kept = ReadText(file).substr(0, 3 * record + 5);
    kept[0] = 0x34;
    kept[1] = 0x12;
    folder.Write("broken", kept);
    progress.str("");
    const auto rest = PictureFeatures(net, pictures, false, file, progress);
    EXPECT_NE(progress.str().find("after picture 3"), std::string::npos) << progress.str();
    EXPECT_EQ(std::filesystem::file_size(file), 9 * record);
    EXPECT_TRUE(torch::allclose(rest.narrow(0, 1, 8).to(torch::kFloat),
                                unbroken.narrow(0, 1, 8).to(torch::kFloat),
                                1e-2,
                                1e-3));
    EXPECT_EQ(ReadText(file).substr(0, 2), "\x34\x12");
    // Whole: nothing is said, and fewer can be had of it.
    progress.str("");
    EXPECT_TRUE(torch::equal(PictureFeatures(net, pictures.narrow(0, 0, 5), false, file, progress),
                             rest.narrow(0, 0, 5)));
    EXPECT_EQ(progress.str(), "");
}

TEST(PictureFeatures, FingerprintIsFnv1a)
{
    // Test vectors of http://www.isthe.com/chongo/src/fnv/test_fnv.c
    const auto of = [](const std::string& text) {
        return FingerprintOf(
            torch::tensor(std::vector<int>(text.begin(), text.end())).to(torch::kUInt8));
    };
    EXPECT_EQ(of("a"), "af63dc4c8601ec8c");
    EXPECT_EQ(of("foobar"), "85944171f73967e8");
}

TEST(HeadTrainer, LearnsToTellFeaturesApart)
{
    const TestFolder folder;
    const auto net = SmallNetwork(folder);
    const auto width = net.FeatureCount();
    // Clouds around a centre for each class; the features on unequal scales.
    torch::manual_seed(2);
    const auto labels = torch::randint(10, {3000});
    const auto centres = torch::randn({10, width}) * 1.5;
    const auto scales = torch::linspace(0.1, 5, width);
    const auto features =
        ((torch::randn({3000, width}) + centres.index_select(0, labels) + 3) * scales)
            .to(torch::kHalf);
    HeadTrainingOptions options;
    options.dataset = "cifar10";
    options.backboneDigest = "abc";
    options.holdOut = 500;
    options.batch = 100;
    options.epochs = 10;
    options.dropout = 0.1;
    for (const int64_t hidden : {0, 32})
    {
        options.hidden = hidden;
        options.output = folder.Path() / ("head" + std::to_string(hidden) + ".pt");
        std::ostringstream progress;
        TrainHeadOnFeatures(features, labels, 10, options, progress);
        const auto log = ReadText(options.output.string() + ".csv");
        EXPECT_EQ(log.substr(0, log.find('\n')), "step,loss,clean_top1_percent");
        EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 11);

        // The written head, on features as they are: as good as the centres themselves tell.
        auto file = ModelFile::Read(options.output, "resnet50-head");
        EXPECT_EQ(file.notes["dataset"], "cifar10");
        EXPECT_EQ(file.notes["backbone"], "abc");
        ResNet50Head head(width, hidden, 10);
        file.Give(*head, options.output);
        head->eval();
        const torch::NoGradGuard noGrad;
        const auto heldOut = features.narrow(0, 2500, 500).to(torch::kFloat);
        const auto answers = head->forward(heldOut).argmax(1);
        const auto nearest =
            torch::cdist(heldOut / scales - 3, centres).argmin(1); // the best there is
        const auto right = [&](const torch::Tensor& classes) {
            return (classes == labels.narrow(0, 2500, 500)).sum().item<int64_t>();
        };
        EXPECT_GT(right(nearest), 450);
        EXPECT_GT(right(answers), right(nearest) - 15) << hidden;
    }
    // What is there is not continued by a run on other pictures or with other options.
    const auto refused = [&](const torch::Tensor& rows, const torch::Tensor& classes) {
        std::ostringstream progress;
        const auto message =
            ErrorOf([&] { TrainHeadOnFeatures(rows, classes, 10, options, progress); });
        return message.find("other options or pictures") != std::string::npos;
    };
    EXPECT_FALSE(refused(features, labels));
    auto otherLabels = labels.clone();
    otherLabels[7] = (otherLabels[7] + 1) % 10;
    EXPECT_TRUE(refused(features, otherLabels));
    auto otherFeatures = features.clone();
    otherFeatures[7][3] += 1;
    EXPECT_TRUE(refused(otherFeatures, labels));
    options.seed = 5;
    std::ostringstream progress;
    ExpectLine(ErrorOf([&]() { TrainHeadOnFeatures(features, labels, 10, options, progress); }),
               {"head32.pt.state", "other options"});
    options.holdOut = 2950;
    ExpectLine(ErrorOf([&]() { TrainHeadOnFeatures(features, labels, 10, options, progress); }),
               {"--hold-out", "2950", "3000"});
}
