// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/evaluation/saliency-quality.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace limitnet
{
namespace
{

TEST(SaliencyQualityTest, OfTwoPicturesIsWhatComesOutByHand)
{
    SaliencyQuality quality;
    // In units of 1/255; the object covers the first two cells (0.5 is enough).
    quality.Add({200 / 255.0F, 100 / 255.0F, 150 / 255.0F, 0}, {1, 0.5F, 0.4F, 0});
    // The second picture is found best at thresholds that the first one is not.
    quality.Add({60 / 255.0F, 50 / 255.0F}, {1, 0});
    EXPECT_EQ(quality.Pictures(), 2U);
    const double first = (55 / 255.0 + (0.5 - 100 / 255.0) + (150 / 255.0 - 0.4) + 0) / 4;
    const double second = (195 / 255.0 + 50 / 255.0) / 2;
    EXPECT_NEAR(quality.MeanAbsoluteError(), (first + second) / 2, 1e-7);
    const auto both = [&](double one, double two, int threshold) {
        EXPECT_NEAR(quality.IntersectionOverUnion(threshold), (one + two) / 2, 1e-12) << threshold;
    };
    both(2 / 4.0, 1 / 2.0, 0); // everything is salient
    both(2 / 3.0, 1 / 2.0, 1);
    both(2 / 3.0, 1 / 2.0, 50); // at least 50: 50 still counts
    both(2 / 3.0, 1, 51);
    both(2 / 3.0, 1, 60);
    both(2 / 3.0, 0, 61);
    both(2 / 3.0, 0, 100);
    both(1 / 3.0, 0, 101);
    both(1 / 3.0, 0, 150);
    both(1 / 2.0, 0, 151);
    both(1 / 2.0, 0, 200);
    both(0, 0, 201);
    both(0, 0, 255);
    EXPECT_EQ(quality.BestThreshold(), 51); // the lowest of 51 .. 60
}

TEST(SaliencyQualityTest, EveryLevelOfAGreyPictureReachesItself)
{
    for (int level = 0; level < SaliencyQuality::THRESHOLDS; ++level)
    {
        SaliencyQuality quality;
        quality.Add({static_cast<float>(level / 255.0)}, {1});
        EXPECT_EQ(quality.IntersectionOverUnion(level), 1) << level;
        if (level < 255)
        {
            EXPECT_EQ(quality.IntersectionOverUnion(level + 1), 0) << level;
        }
        EXPECT_NEAR(quality.MeanAbsoluteError(), 1 - level / 255.0, 1e-7);
    }
}

TEST(SaliencyQualityTest, NothingFoundWhereNothingIsCountsAsRight)
{
    SaliencyQuality quality;
    quality.Add({0.2F, 0.1F}, {0, 0.49F});
    EXPECT_EQ(quality.IntersectionOverUnion(0), 0);
    EXPECT_EQ(quality.IntersectionOverUnion(51), 0); // 0.2 is 51 / 255
    EXPECT_EQ(quality.IntersectionOverUnion(52), 1);
}

TEST(SaliencyQualityTest, ClampsWhatIsNoSaliency)
{
    SaliencyQuality quality;
    quality.Add({std::numeric_limits<float>::quiet_NaN(), -3, 7}, {0, 0, 1});
    EXPECT_EQ(quality.MeanAbsoluteError(), 0);
    EXPECT_EQ(quality.IntersectionOverUnion(1), 1);
    EXPECT_EQ(quality.IntersectionOverUnion(255), 1);
}

TEST(SaliencyQualityTest, RefusesWhatCannotBeCompared)
{
    SaliencyQuality quality;
    EXPECT_THROW(quality.Add({}, {}), Error);
    EXPECT_THROW(quality.Add({1}, {1, 0}), Error);
    EXPECT_EQ(quality.Pictures(), 0U);
    EXPECT_EQ(quality.MeanAbsoluteError(), 0);
    EXPECT_EQ(quality.IntersectionOverUnion(7), 0);
}

TEST(CentrePriorTest, FallsWithTheDistanceFromTheMiddle)
{
    const auto prior = CentrePrior(4);
    ASSERT_EQ(prior.size(), 16U);
    // Centres of cells are 1/8 and 3/8 from the middle on each axis; s = 1/4.
    const auto expected = [](double dx, double dy) {
        return std::exp(-(dx * dx + dy * dy) / (2 * 0.25 * 0.25));
    };
    EXPECT_NEAR(prior[5], expected(0.125, 0.125), 1e-6);
    EXPECT_NEAR(prior[1], expected(0.125, 0.375), 1e-6);
    EXPECT_NEAR(prior[0], expected(0.375, 0.375), 1e-6);
    for (std::size_t y = 0; y < 4; ++y)
    {
        for (std::size_t x = 0; x < 4; ++x)
        {
            EXPECT_EQ(prior[4 * y + x], prior[4 * x + y]);
            EXPECT_EQ(prior[4 * y + x], prior[4 * y + 3 - x]);
        }
    }
}

} // namespace
} // namespace limitnet
