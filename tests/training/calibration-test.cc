// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/table-calibration.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/training/calibration-torch.h"
#include "limitnet/training/calibration.h"
#include "tests/data/image-file-data.h"
#include "tests/data/test-folder.h"

#include <sstream>

using namespace limitnet;

namespace
{

CodecModel::Networks
SomeNetworks()
{
    torch::manual_seed(6);
    CodecModel::Networks networks;
    networks.net->eval();
    return networks;
}

} // namespace

TEST(CalibrationTest, SampleHoldsEachPicturesLatentAndMap)
{
    const torch::NoGradGuard noGrad;
    const auto networks = SomeNetworks();
    constexpr int64_t COUNT = 53; // a whole batch and a part of one
    const auto small = torch::rand({COUNT, 3, 8, 8});
    const auto enlarge = [&](int64_t first, int64_t count) {
        return small.narrow(0, first, count).repeat_interleave(28, 2).repeat_interleave(28, 3);
    };
    std::ostringstream progress;
    const auto sample = SampleCodec(networks, COUNT, enlarge, progress);
    ASSERT_EQ(sample.latents.sizes(), at::IntArrayRef({COUNT, 12, 28, 28}));
    ASSERT_EQ(sample.maps.size(), static_cast<size_t>(COUNT));
    for (const int64_t i : {int64_t{0}, int64_t{49}, int64_t{50}, COUNT - 1})
    {
        const auto latent = networks.net->encoder(Normalise(enlarge(i, 1)));
        EXPECT_LT((sample.latents[i] - latent[0]).abs().max().item<double>(), 1e-5) << i;
        const auto saliency = torch::sigmoid(networks.net->sal_decoder(latent)).contiguous();
        const auto map = QuantiseSaliency(saliency.data_ptr<float>());
        EXPECT_NEAR(sample.maps[i].range, map.range, 1) << i;
    }
    EXPECT_TRUE(progress.str().empty());
}

TEST(CalibrationTest, MapsAreFlatWithoutSaliencyDecoder)
{
    auto networks = SomeNetworks();
    networks.hasSaliency = false;
    std::ostringstream progress;
    const auto sample = SampleCodec(
        networks,
        2,
        [](int64_t, int64_t count) {
            return torch::rand({count, 3, 224, 224});
        },
        progress);
    for (const auto& map : sample.maps)
    {
        EXPECT_EQ(map, SaliencyMap());
    }
}

TEST(CalibrationTest, RecalibrationChangesTheTablesAlone)
{
    const torch::NoGradGuard noGrad;
    const TestFolder folder;
    const auto networks = SomeNetworks();
    const std::vector<float> otherLatent(LATENT_SIZE, 3.0F);
    const auto before = folder.Path() / "before.pt";
    const auto after = folder.Path() / "after.pt";
    const SaliencyMap otherMap;
    CalibrationData other;
    other.latents = otherLatent.data();
    other.maps = &otherMap;
    other.images = 1;
    WriteCodecModel(before, networks, CalibrateTables(other), {{"source", "here"}});
    folder.Write("pictures/0.jpg", image_file_data::GREY_JPEG); // held out
    folder.Write("pictures/a.jpg", image_file_data::PROGRESSIVE_JPEG);
    folder.Write("pictures/b.jpg", image_file_data::GREY_JPEG);

    CalibrationOptions options;
    options.datasets = {(folder.Path() / "pictures").string()};
    std::ostringstream progress;
    EXPECT_EQ(Recalibrate(before, after, options, progress), 2);

    const auto weights = ReadCodecNetworks(after);
    const auto expected = networks.net->named_parameters();
    for (const auto& entry : weights.net->named_parameters())
    {
        EXPECT_TRUE(torch::equal(entry.value(), expected[entry.key()])) << entry.key();
    }
    EXPECT_EQ(ModelFile::Read(after, "codec").notes.at("source"), "here");
    EXPECT_NE(CodecModel(after).Tables().Checksum(), CodecModel(before).Tables().Checksum());

    options.count = 0;
    ExpectLine(ErrorOf([&] { Recalibrate(before, after, options, progress); }), {"--count=0"});
    options.count = 1;
    options.datasets = {"no/such/folder"};
    ExpectLine(ErrorOf([&] { Recalibrate(before, after, options, progress); }), {"no/such/folder"});
}
