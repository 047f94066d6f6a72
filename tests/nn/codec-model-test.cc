// SPDX-License-Identifier: GPL-2.0-only

// A codec without saliency decoder, and a channel that is constant, as in the published weights.

#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/saliency-map.h"
#include "limitnet/codec/table-calibration.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "tests/data/test-folder.h"

using namespace limitnet;

namespace
{

CodecModel::Networks
NetworksWithConstantChannel(bool hasSaliency)
{
    const torch::NoGradGuard noGrad;
    torch::manual_seed(5);
    CodecModel::Networks networks;
    networks.hasSaliency = hasSaliency;
    auto parameters = networks.net->named_parameters();
    parameters["encoder.conv3.weight"][10].zero_();
    parameters["encoder.conv3.bias"][10].fill_(-1);
    networks.net->eval();
    return networks;
}

CodecTables
SomeTables(const torch::Tensor& latents)
{
    const std::vector<SaliencyMap> maps(static_cast<size_t>(latents.size(0)));
    CalibrationData data;
    data.latents = latents.data_ptr<float>();
    data.maps = maps.data();
    data.images = maps.size();
    return CalibrateTables(data);
}

Image
SomePicture()
{
    Image image;
    image.width = 40;
    image.height = 30;
    for (int i = 0; i < 40 * 30 * 3; ++i)
    {
        image.rgb.push_back(static_cast<uint8_t>(i * 37 % 251));
    }
    return image;
}

} // namespace

TEST(CodecModelTest, WithoutSaliencyDecoderTheOrderIsThatOfTheChannels)
{
    const torch::NoGradGuard noGrad;
    const TestFolder folder;
    const auto path = folder.Path() / "codec.pt";
    const auto networks = NetworksWithConstantChannel(false);
    const auto latents = networks.net->encoder(torch::randn({2, 3, 224, 224})).contiguous();
    WriteCodecModel(path, networks, SomeTables(latents));

    const auto file = ModelFile::Read(path, "codec");
    for (const auto& entry : file.tensors)
    {
        EXPECT_NE(entry.first.rfind("sal_decoder.", 0), 0U) << entry.first;
    }
    const CodecModel model(path);
    EXPECT_FALSE(model.HasSaliency());
    const auto encoded = model.Encode(SomePicture());
    ASSERT_EQ(encoded.saliency.size(), static_cast<size_t>(LATENT_CELLS));
    const auto map = QuantiseSaliency(encoded.saliency.data());
    EXPECT_EQ(map.range, 0);
    std::array<uint16_t, LATENT_SIZE> order{};
    ImportanceOrder(map, order.data());
    for (int i = 0; i < LATENT_SIZE; ++i)
    {
        ASSERT_EQ(order[i], i);
    }
    for (int i = 0; i < LATENT_CELLS; ++i)
    {
        ASSERT_EQ(encoded.latent[10 * LATENT_CELLS + i], 0);
    }
}

TEST(CodecModelTest, WithSaliencyDecoderTheFileHasIt)
{
    const torch::NoGradGuard noGrad;
    const TestFolder folder;
    const auto path = folder.Path() / "codec.pt";
    const auto networks = NetworksWithConstantChannel(true);
    const auto latents = networks.net->encoder(torch::randn({1, 3, 224, 224})).contiguous();
    WriteCodecModel(path, networks, SomeTables(latents), {{"source", "here"}});
    EXPECT_TRUE(CodecModel(path).HasSaliency());
    EXPECT_EQ(ModelFile::Read(path, "codec").notes.at("source"), "here");
    const auto read = ReadCodecNetworks(path);
    EXPECT_TRUE(
        torch::equal(read.Saliency(latents), torch::sigmoid(networks.net->sal_decoder(latents))));
}
