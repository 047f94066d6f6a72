// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/evaluation/image-quality.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(PsnrTest, FollowsItsDefinition)
{
    const Image black{2, 1, {0, 0, 0, 0, 0, 0}};
    const Image white{2, 1, {255, 255, 255, 255, 255, 255}};
    Image one = black;
    one.rgb[0] = 10;
    EXPECT_DOUBLE_EQ(PsnrDb(black, white), 0);
    EXPECT_DOUBLE_EQ(PsnrDb(black, one), 10 * std::log10(255.0 * 255.0 * 6 / 100));
    // Equal pictures have a number too, so that a mean over pictures counts them; no other picture
    // of the size that is compared has more.
    EXPECT_EQ(PsnrDb(white, white), 100);
    Image camera{224, 224, std::vector<std::uint8_t>(std::size_t{3} * 224 * 224, 128)};
    Image near = camera;
    near.rgb[1000] = 129;
    EXPECT_NEAR(PsnrDb(camera, near), 99.907, 0.001); // 48.131 + 10 log10(150528)
    camera = {1024, 1024, std::vector<std::uint8_t>(std::size_t{3} * 1024 * 1024, 128)};
    near = camera;
    near.rgb[1000] = 129;
    EXPECT_EQ(PsnrDb(camera, near), 100);
    EXPECT_THROW(PsnrDb(black, Image{1, 1, {0, 0, 0}}), Error);
}

Image
Constant(int side, std::uint8_t value)
{
    return {side,
            side,
            std::vector<std::uint8_t>(static_cast<std::size_t>(3 * side * side), value)};
}

TEST(Ssim, OfConstantPicturesIsTheLuminanceTerm)
{
    // Without variance, (2 x y + C1) / (x^2 + y^2 + C1) is left; the luma of R = G = B is that.
    constexpr double C1 = 2.55 * 2.55;
    EXPECT_NEAR(Ssim(Constant(11, 100), Constant(11, 150)),
                (2 * 100 * 150 + C1) / (100 * 100 + 150 * 150 + C1),
                1e-12);
    EXPECT_NEAR(Ssim(Constant(30, 0), Constant(30, 255)), C1 / (255 * 255 + C1), 1e-12);
    EXPECT_NEAR(Ssim(Constant(13, 77), Constant(13, 77)), 1, 1e-12);
}

TEST(Ssim, IsWhatTheFormulaGivesWindowByWindow)
{
    Image a{24, 20, {}};
    Image b{24, 20, {}};
    for (int y = 0; y < 20; ++y)
    {
        for (int x = 0; x < 24; ++x)
        {
            for (int c = 0; c < 3; ++c)
            {
                const int value = (7 * x + 13 * y + 50 * c) % 256;
                a.rgb.push_back(static_cast<std::uint8_t>(value));
                b.rgb.push_back(
                    static_cast<std::uint8_t>(std::clamp(value + (x * y) % 31 - 15, 0, 255)));
            }
        }
    }
    // By numpy 1.24, for each window position p, q (11x11 of the lumas) with the weights
    // w = exp(-(i^2 + j^2) / (2 1.5^2)), i, j = -5..5, of sum 1:
    //   mp = (w*p).sum(); vp = (w*(p-mp)**2).sum(); cv = (w*(p-mp)*(q-mq)).sum()
    //   (2*mp*mq+c1)*(2*cv+c2) / ((mp**2+mq**2+c1)*(vp+vq+c2))
    // and the mean over the 14 x 10 positions.
    EXPECT_NEAR(Ssim(a, b), 0.955408696394, 1e-9);
    EXPECT_NEAR(Ssim(b, a), 0.955408696394, 1e-9);
    EXPECT_NEAR(Ssim(a, a), 1, 1e-12);
}

TEST(Ssim, RefusesWhatItCannotCompare)
{
    EXPECT_THROW(Ssim(Constant(11, 0), Constant(12, 0)), Error);
    EXPECT_THROW(Ssim(Constant(10, 0), Constant(10, 0)), Error);
    EXPECT_THROW(Ssim(Image{}, Image{}), Error);
}

} // namespace
} // namespace limitnet
