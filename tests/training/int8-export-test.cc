// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/codec/int8-encoder.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/data/paths.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/training/int8-export.h"
#include "tests/data/image-file-data.h"
#include "tests/data/test-folder.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

using namespace limitnet;

namespace
{

/** A picture with slopes, edges and texture. */
Image
SomePicture()
{
    Image image;
    image.width = 96;
    image.height = 80;
    for (int y = 0; y < image.height; ++y)
    {
        for (int x = 0; x < image.width; ++x)
        {
            const bool inside = (x - 50) * (x - 50) + (y - 40) * (y - 40) < 600;
            image.rgb.push_back(static_cast<uint8_t>(inside ? 220 : 2 * x));
            image.rgb.push_back(static_cast<uint8_t>(inside ? 40 + (x * y) % 60 : 3 * y));
            image.rgb.push_back(static_cast<uint8_t>((x / 8 + y / 8) % 2 == 0 ? 60 : 170));
        }
    }
    return image;
}

std::string
Read(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST(Int8ExportTest, GivesTheSymbolsOfTheFloatNetworks)
{
    const TestFolder folder;
    folder.Write("pictures/0.jpg", image_file_data::GREY_JPEG); // held out
    folder.Write("pictures/a.jpg", image_file_data::PROGRESSIVE_JPEG);
    folder.Write("pictures/b.jpg", image_file_data::GREY_JPEG);
    const auto shipped = FindModel("codec-224");
    for (const bool hasSaliency : {true, false})
    {
        auto networks = ReadCodecNetworks(shipped);
        networks.hasSaliency = hasSaliency;
        Int8ExportOptions options;
        options.model = folder.Path() / "codec.pt";
        options.datasets = {(folder.Path() / "pictures").string()};
        options.count = 2;
        options.output = folder.Path() / "codec.int8";
        WriteCodecModel(options.model, networks, CodecModel(shipped).Tables());
        std::ostringstream progress;
        ExportInt8(options, progress);

        const auto file = Read(options.output);
        const std::vector<uint8_t> bytes(file.begin(), file.end());
        const auto model = Int8Model::Parse(bytes.data(), bytes.size());
        const CodecModel codec(options.model);
        EXPECT_EQ(model.hasSaliency, hasSaliency);
        EXPECT_EQ(model.modelId, codec.Tables().modelId);
        EXPECT_EQ(model.entropy.weight, codec.Tables().entropy.weight);

        const auto picture = ResizePicture(SomePicture(), INT8_PICTURE_SIDE);
        const auto encoder = std::make_unique<Int8Encoder>(model);
        for (size_t y = 0; y < INT8_PICTURE_SIDE; ++y)
        {
            encoder->AddRow(picture.rgb.data() + y * INT8_PICTURE_SIDE * 3);
        }
        std::vector<uint8_t> expected(LATENT_SIZE);
        const auto encoded = codec.Encode(picture);
        QuantiseLatent(codec.Tables(), encoded.latent.data(), expected.data());
        int equal = 0;
        int near = 0;
        for (int i = 0; i < LATENT_SIZE; ++i)
        {
            const int difference = std::abs(encoder->Symbols()[i] - expected[i]);
            ASSERT_LE(difference, 3) << i;
            near += difference <= 2 ? 1 : 0;
            equal += difference == 0 ? 1 : 0;
        }
        // two pictures to calibrate on are few, so a symbol falls on the other side here and there
        EXPECT_GT(equal, LATENT_SIZE * 9 / 10);
        EXPECT_GT(near, LATENT_SIZE * 999 / 1000);
        for (int i = 0; i < LATENT_CELLS; ++i)
        {
            ASSERT_NEAR(encoder->Saliency()[i] / 65535.0, encoded.saliency[i], 0.1) << i;
        }
    }
}

TEST(Int8ExportTest, CppSourceCompilesAndHoldsTheSameBytes)
{
    const TestFolder folder;
    folder.Write("pictures/0.jpg", image_file_data::GREY_JPEG); // held out
    folder.Write("pictures/a.jpg", image_file_data::PROGRESSIVE_JPEG);
    Int8ExportOptions options;
    options.model = FindModel("codec-224");
    options.datasets = {(folder.Path() / "pictures").string()};
    options.count = 1;
    options.output = folder.Path() / "codec.int8";
    options.cpp = folder.Path() / "codec.cc";
    std::ostringstream progress;
    ExportInt8(options, progress);
    const auto command =
        "c++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only " + options.cpp.string();
    EXPECT_EQ(std::system(command.c_str()), 0);

    const auto source = Read(options.cpp);
    std::istringstream numbers(source.substr(source.rfind('{') + 1));
    std::string bytes;
    for (int value = 0; numbers >> value; numbers.ignore(1))
    {
        bytes.push_back(static_cast<char>(value));
    }
    EXPECT_EQ(bytes, Read(options.output));
}

TEST(Int8ExportTest, WithoutPicturesThereIsNothingToCalibrateOn)
{
    const TestFolder folder;
    Int8ExportOptions options;
    options.model = FindModel("codec-224");
    options.output = folder.Path() / "codec.int8";
    std::ostringstream progress;
    EXPECT_THROW(ExportInt8(options, progress), Error);
    // Nor would so many fit into memory.
    options.datasets = {"cifar10"};
    for (const int64_t count : {int64_t{0}, MAX_INT8_EXPORT_PICTURES + 1})
    {
        options.count = count;
        ExpectLine(ErrorOf([&] { ExportInt8(options, progress); }),
                   {"--count=" + std::to_string(count), "1 to 1000"});
    }
    EXPECT_FALSE(std::filesystem::exists(options.output));
}
