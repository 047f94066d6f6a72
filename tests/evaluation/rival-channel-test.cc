// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/rival-channel.h"
#include "tests/evaluation/wave-picture.h"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <set>

namespace limitnet
{
namespace
{

TEST(RivalChannel, GivesThePictureBackMoreOrLess)
{
    const auto picture = Waves(32);
    const auto channel = OpenRivalChannel({"jpeg", "jpeg-progressive", "webp", "raw"});
    const auto reference = ResizePicture(picture, 224);
    std::set<int> sides;
    double best = 0;
    double worst = 100;
    for (uint64_t seed = 0; seed < 60; ++seed)
    {
        const auto received = channel(picture, seed);
        EXPECT_EQ(received.rgb, channel(picture, seed).rgb) << "a function of the seed";
        sides.insert(received.width);
        const double psnr = PsnrDb(ResizePicture(received, 224), reference);
        best = std::max(best, psnr);
        worst = std::min(worst, psnr);
    }
    EXPECT_GT(sides.size(), 3U) << "of several sizes";
    EXPECT_GT(best, 25) << "many bytes";
    EXPECT_LT(worst, 20) << "few, or losses";
}

TEST(RivalChannel, GivesBeginningsOfBitplanes)
{
    const auto picture = Waves(32);
    const auto channel = OpenRivalChannel({"bitplane"});
    double best = 0;
    double worst = 100;
    for (uint64_t seed = 0; seed < 30; ++seed)
    {
        const auto received = channel(picture, seed);
        EXPECT_EQ(received.rgb, channel(picture, seed).rgb) << "a function of the seed";
        ASSERT_EQ(received.width, 32) << "as large as it was";
        best = std::max(best, PsnrDb(received, picture));
        worst = std::min(worst, PsnrDb(received, picture));
    }
    EXPECT_GT(best, 30) << "many bytes";
    EXPECT_LT(worst, 25) << "few";
}

TEST(RivalChannel, KnowsTheRivalsAlone)
{
    EXPECT_THROW(OpenRivalChannel({"limitnet"}), Error);
    EXPECT_THROW(OpenRivalChannel({"jpeg", "png"}), Error);
}

} // namespace
} // namespace limitnet
