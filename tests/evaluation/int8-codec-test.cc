// SPDX-License-Identifier: GPL-2.0-only

// The int8 encoder against the float one, on the model that ships.

#include "limitnet/codec/error.h"
#include "limitnet/codec/int8-model.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "tests/data/test-folder.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <random>

using namespace limitnet;

namespace
{

class Int8CodecTest : public testing::Test
{
  protected:
    std::shared_ptr<const CodecModel> m_codec =
        std::make_shared<CodecModel>(FindModel("codec-224"));
    std::filesystem::path m_device = FindDeviceModel("codec-224");
};

/** Smooth colours and an edge: what pictures have. */
Image
Landscape(int width, int height)
{
    Image image{width, height, {}};
    std::minstd_rand noise(7);
    for (int y = 0; y < height; ++y)
    {
        for (int x = 0; x < width; ++x)
        {
            const bool hill = y > height / 2 + height / 8 * std::sin(9.0 * x / width);
            image.rgb.push_back(static_cast<uint8_t>((hill ? 90 : 130) + noise() % 16));
            image.rgb.push_back(static_cast<uint8_t>((hill ? 120 : 160) + noise() % 16));
            image.rgb.push_back(static_cast<uint8_t>((hill ? 40 : 235 - 60 * y / height)));
        }
    }
    return image;
}

} // namespace

TEST_F(Int8CodecTest, LosesLittleAgainstFloat)
{
    // Where CIFAR-100 is on this machine its test pictures, else drawn ones.
    constexpr size_t COUNT = 25;
    const bool hasData = HasDataset("cifar100");
    const auto dataset = hasData ? OpenDataset("cifar100", Split::TEST) : nullptr;
    const LimitNetDecoder decoder(m_codec);
    for (const double p : {0.2, 1.0})
    {
        const auto values = static_cast<size_t>(std::lround(p * LATENT_SIZE));
        const LimitNetEncoder integer(MakePictureEncoder("int8", m_codec, m_device), values, 1);
        const LimitNetEncoder floating(MakePictureEncoder("float", m_codec, {}), values, 1);
        double loss = 0;
        for (size_t i = 0; i < COUNT; ++i)
        {
            const int side = 100 + 20 * static_cast<int>(i);
            const auto picture = hasData ? dataset->At(i) : Landscape(side, 300);
            const auto original = m_codec->Input(picture);
            const auto psnr = [&](const ImageEncoder& encoder) {
                return PsnrDb(decoder.Decode(encoder.Encode(picture, 0, 222).fragments).value(),
                              original);
            };
            loss += psnr(floating) - psnr(integer);
        }
        EXPECT_LT(loss / COUNT, 0.1) << "p = " << p;
        EXPECT_GT(loss / COUNT, -0.1) << "p = " << p;
    }
}

TEST_F(Int8CodecTest, GivesTheSaliencyThatItsMapIsMadeFrom)
{
    const auto picture = Landscape(150, 120);
    const auto integer = MakePictureEncoder("int8", m_codec, m_device)->Encode(picture);
    const auto floating = MakePictureEncoder("float", m_codec, {})->Encode(picture);
    ASSERT_EQ(integer.saliency.size(), size_t{LATENT_CELLS});
    EXPECT_EQ(integer.map, QuantiseSaliency(integer.saliency.data()));
    EXPECT_EQ(floating.saliency, m_codec->Encode(picture).saliency);
    double difference = 0;
    for (size_t i = 0; i < LATENT_CELLS; ++i)
    {
        difference += std::abs(integer.saliency[i] - floating.saliency[i]) / LATENT_CELLS;
    }
    EXPECT_LT(difference, 0.02);
    EXPECT_GT(difference, 0); // they are two computations
}

TEST_F(Int8CodecTest, ResizesAsLibTorchDoes)
{
    const int sizes[][2] = {{32, 32}, {500, 375}, {333, 500}, {224, 100}, {97, 1000}, {1, 1}};
    for (const auto& size : sizes)
    {
        const auto picture = Landscape(size[0], size[1]);
        const auto torch = m_codec->Input(picture);
        const auto exact = ResizePicture(picture, 224);
        ASSERT_EQ(exact.rgb.size(), torch.rgb.size());
        size_t differing = 0;
        for (size_t i = 0; i < exact.rgb.size(); ++i)
        {
            const int difference = std::abs(int{exact.rgb[i]} - int{torch.rgb[i]});
            ASSERT_LE(difference, 1);
            differing += difference == 0 ? 0 : 1;
        }
        // CIFAR's size byte for byte; elsewhere where floating point meets a half
        EXPECT_LE(differing, size[0] == 32 ? 0 : exact.rgb.size() / 500)
            << size[0] << " x " << size[1];
    }
}

TEST_F(Int8CodecTest, ReportsTheSameWorkAsFloat)
{
    const auto picture = Landscape(50, 40);
    const auto a = LimitNetEncoder(MakePictureEncoder("int8", m_codec, m_device), 100, 1)
                       .Encode(picture, 0, 51);
    const auto b =
        LimitNetEncoder(MakePictureEncoder("float", m_codec, {}), 100, 1).Encode(picture, 0, 51);
    ASSERT_EQ(a.work.stages.size(), b.work.stages.size());
    for (size_t i = 0; i < a.work.stages.size(); ++i)
    {
        EXPECT_EQ(a.work.stages[i].name, b.work.stages[i].name);
        EXPECT_EQ(a.work.stages[i].operations, b.work.stages[i].operations);
    }
}

TEST_F(Int8CodecTest, RefusesWhatCannotBeUsed)
{
    EXPECT_THROW(MakePictureEncoder("int16", m_codec, m_device), Error);
    EXPECT_THROW(MakePictureEncoder("int8", m_codec, "no-such-file.int8"), Error);
    EXPECT_THROW(MakePictureEncoder("int8", m_codec, FindModel("codec-224")), Error);

    // Made from another codec: the same file with another model id, sealed again.
    std::ifstream in(m_device, std::ios::binary);
    std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    Int8Model other = Int8Model::Parse(bytes.data(), bytes.size());
    other.modelId ^= 1;
    const auto changed = other.Serialise();
    const TestFolder folder;
    const auto path = folder.Path() / "other.int8";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(changed.data()),
               static_cast<std::streamsize>(changed.size()));
    EXPECT_THROW(MakePictureEncoder("int8", m_codec, path), Error);
}
