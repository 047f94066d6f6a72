// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"
#include "tests/codec/codec-test-data.h"

#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>

namespace limitnet::test
{
namespace
{

Image
Noise(int width, int height, uint64_t seed)
{
    Random random(seed);
    Image image{width, height, {}};
    for (int i = 0; i < width * height * 3; ++i)
    {
        image.rgb.push_back(static_cast<uint8_t>(random.Below(256)));
    }
    return image;
}

/// The definition, in double and in two dimensions at once.
double
SampleByDefinition(const Image& image, int side, int x, int y, int channel)
{
    const auto weight = [side](int n, int i, int j) {
        const double scale = static_cast<double>(n) / side;
        return std::max(0.0, 1 - std::abs(j + 0.5 - scale * (i + 0.5)) / std::max(1.0, scale));
    };
    double sum = 0;
    double total = 0;
    for (int v = 0; v < image.height; ++v)
    {
        const double wy = weight(image.height, y, v);
        for (int u = 0; wy > 0 && u < image.width; ++u)
        {
            const double w = wy * weight(image.width, x, u);
            sum += w * image.rgb[(static_cast<size_t>(v) * image.width + u) * 3 + channel];
            total += w;
        }
    }
    return sum / total;
}

TEST(ResizePicture, FollowsItsDefinition)
{
    const int sizes[][2] = {{32, 32}, {1, 1}, {7, 300}, {500, 375}, {223, 225}, {1000, 2}};
    for (const auto& size : sizes)
    {
        const Image image = Noise(size[0], size[1], 21);
        const Image resized = ResizePicture(image, 224);
        ASSERT_EQ(resized.rgb.size(), 224U * 224 * 3);
        for (int i = 0; i < 224 * 224 * 3; i += 97)
        {
            const double exact = SampleByDefinition(image, 224, i / 3 % 224, i / 3 / 224, i % 3);
            EXPECT_NEAR(resized.rgb[static_cast<size_t>(i)], exact, 0.5 + 1e-9);
        }
    }
}

TEST(ResizePicture, KeepsWhatIsRight)
{
    const Image image = Noise(224, 224, 22);
    EXPECT_EQ(ResizePicture(image, 224).rgb, image.rgb);
    const Image white{40, 30, std::vector<uint8_t>(40 * 30 * 3, 255)};
    EXPECT_EQ(ResizePicture(white, 224).rgb, std::vector<uint8_t>(224 * 224 * 3, 255));
}

TEST(ResizePicture, RefusesWhatIsNoPicture)
{
    EXPECT_THROW(ResizePicture(Image{}, 224), Error);
    EXPECT_THROW(ResizePicture(Image{2, 2, {1, 2, 3}}, 224), Error);
    EXPECT_THROW(ResizePicture(Image{65536, 1, std::vector<uint8_t>(65536 * 3)}, 224), Error);
    EXPECT_NO_THROW(ResizePicture(Image{65535, 1, std::vector<uint8_t>(65535 * 3, 255)}, 224));
}

} // namespace
} // namespace limitnet::test
