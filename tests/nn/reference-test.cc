// SPDX-License-Identifier: GPL-2.0-only

// The networks and the order against tensors that PyTorch computed from published weights.

#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/saliency-map.h"
#include "limitnet/nn/checkpoint-import-torch.h"
#include "limitnet/nn/gradual-scoring-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/networks-torch.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

using namespace limitnet;

namespace
{

class ReferenceTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        const char* data = std::getenv("LIMITNET_DATA");
        const auto folder = std::filesystem::path(data == nullptr ? "" : data) / ".." / "reference";
        if (data == nullptr || !std::filesystem::exists(folder / "limitnet_reference.pt"))
        {
            GTEST_SKIP() << "LIMITNET_DATA names no folder with ../reference/limitnet_reference.pt "
                            "beside it: nothing to compare with";
        }
        m_checkpoint = folder / "limitnet_encoder_decoder_statedict.ckpt";
        m_tensors = ModelFile::Read(folder / "limitnet_reference.pt", "").tensors;
        const auto path = folder / "limitnet_encoder_decoder.pt";
        const auto weights = ModelFile::Read(path, "");
        weights.Give(*m_net, path, "encoder.");
        weights.Give(*m_net, path, "decoder.");
    }

    static double MaxDifference(const torch::Tensor& a, const torch::Tensor& b)
    {
        return (a - b).abs().max().item<double>();
    }

    const torch::NoGradGuard m_noGrad;
    std::filesystem::path m_checkpoint;
    std::map<std::string, torch::Tensor> m_tensors;
    LimitNet m_net;
};

} // namespace

TEST_F(ReferenceTest, LatentIsThePublishedOne)
{
    const auto pixels = m_tensors.at("pixels").to(torch::kFloat) / 255;
    EXPECT_LT(MaxDifference(m_net->encoder(Normalise(pixels)), m_tensors.at("latent")), 1e-4);
}

TEST_F(ReferenceTest, PicturesAreThePublishedOnes)
{
    EXPECT_LT(MaxDifference(m_net->decoder(m_tensors.at("latent")),
                            m_tensors.at("decoded_100_unquantised")),
              1e-3);
    for (const std::string p : {"10", "20", "50", "90"})
    {
        EXPECT_LT(MaxDifference(m_net->decoder(m_tensors.at("kept_quantised_" + p)),
                                m_tensors.at("decoded_" + p)),
                  1e-3)
            << p;
    }
}

TEST_F(ReferenceTest, IntegerOrderKeepsThePublishedPositions)
{
    const auto saliency = m_tensors.at("saliency").contiguous();
    const auto latent = m_tensors.at("latent").contiguous();
    for (int64_t image = 0; image < saliency.size(0); ++image)
    {
        const auto map = QuantiseSaliency(saliency[image].data_ptr<float>());
        std::array<uint16_t, LATENT_SIZE> order{};
        ImportanceOrder(map, order.data());
        for (const std::string p : {"10", "20", "50", "90"})
        {
            // A kept value that is zero does not show in kept_P, so the published rule itself says
            // what is kept; where kept_P does show it, the two have to agree.
            const auto fraction = torch::full({1}, std::stod(p) / 100);
            const auto mask = KeepMask(m_tensors.at("saliency_28x28").narrow(0, image, 1), fraction)
                                  .flatten()
                                  .contiguous();
            const auto kept = m_tensors.at("kept_" + p)[image].flatten().contiguous();
            ASSERT_TRUE(torch::equal(kept, latent[image].flatten() * mask)) << p;

            const auto count = mask.sum().item<int64_t>();
            int64_t common = 0;
            for (int64_t n = 0; n < count; ++n)
            {
                common += mask.data_ptr<float>()[order[n]] > 0 ? 1 : 0;
            }
            EXPECT_GE(static_cast<double>(common), 0.99 * static_cast<double>(count))
                << "image " << image << ", p " << p;
        }
    }
}

TEST_F(ReferenceTest, ImportedCheckpointGivesThePublishedTensors)
{
    const Checkpoint checkpoint(m_checkpoint);
    ASSERT_TRUE(checkpoint.HasCodec());
    EXPECT_FALSE(checkpoint.HasSaliency());
    EXPECT_EQ(checkpoint.ClassCount(), 0);
    EXPECT_TRUE(checkpoint.Ignored().empty());
    const auto net = checkpoint.GetNetworks().codec->net;
    const auto expected = m_net->named_parameters();
    for (const auto& entry : net->named_parameters())
    {
        if (entry.key().rfind("sal_decoder.", 0) != 0)
        {
            EXPECT_TRUE(torch::equal(entry.value(), expected[entry.key()])) << entry.key();
        }
    }
    const auto pixels = m_tensors.at("pixels").to(torch::kFloat) / 255;
    auto encoder = net->encoder;
    auto decoder = net->decoder;
    EXPECT_LT(MaxDifference(encoder(Normalise(pixels)), m_tensors.at("latent")), 1e-4);
    for (const std::string p : {"10", "20", "50", "90"})
    {
        EXPECT_LT(MaxDifference(decoder(m_tensors.at("kept_quantised_" + p)),
                                m_tensors.at("decoded_" + p)),
                  1e-3)
            << p;
    }
}

TEST_F(ReferenceTest, TrainingQuantisesTheMapAsPublished)
{
    EXPECT_LT(MaxDifference(QuantiseSaliencyPublished(m_tensors.at("saliency")),
                            m_tensors.at("saliency_28x28")),
              1e-5);
}
