// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/results/accuracy-curve.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace limitnet
{
namespace
{

/**
 * Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17
 * (1998), table I, method 3: the Wilson interval, four decimals.
 */
TEST(WilsonInterval, PublishedTable)
{
    const struct
    {
        std::uint64_t successes;
        std::uint64_t total;
        double low;
        double high;
    } rows[] = {{81, 263, 0.2553, 0.3662},
                {15, 148, 0.0624, 0.1605},
                {0, 20, 0.0000, 0.1611},
                {1, 29, 0.0061, 0.1718}};

    for (const auto& row : rows)
    {
        const Interval interval = WilsonInterval(row.successes, row.total);
        EXPECT_NEAR(interval.low, row.low, 5.01e-5) << row.successes << "/" << row.total;
        EXPECT_NEAR(interval.high, row.high, 5.01e-5) << row.successes << "/" << row.total;
    }
}

/** The ends solve (p - successes/total)^2 = z^2 p (1 - p) / total. */
TEST(WilsonInterval, SolvesItsEquation)
{
    for (const std::uint64_t total : {1U, 2U, 7U, 40U, 1000U, 1000000U})
    {
        for (std::uint64_t successes = 0; successes <= total; successes += 1 + total / 7)
        {
            const Interval interval = WilsonInterval(successes, total);
            const double n = static_cast<double>(total);
            const double share = static_cast<double>(successes) / n;
            for (const double p : {interval.low, interval.high})
            {
                EXPECT_NEAR((p - share) * (p - share),
                            NORMAL_95 * NORMAL_95 * p * (1 - p) / n,
                            1e-12);
                EXPECT_GE(p, 0);
                EXPECT_LE(p, 1);
            }
            EXPECT_LE(interval.low, share);
            EXPECT_GE(interval.high, share);
            const Interval mirrored = WilsonInterval(total - successes, total);
            EXPECT_NEAR(mirrored.low, 1 - interval.high, 1e-12);
        }
    }
    EXPECT_EQ(WilsonInterval(0, 5).low, 0);
    EXPECT_EQ(WilsonInterval(5, 5).high, 1);
    EXPECT_EQ(WilsonInterval(0, 0).low, 0);
    EXPECT_EQ(WilsonInterval(0, 0).high, 1);
}

TEST(WilsonInterval, QuantileOfTheNormalDistribution)
{
    EXPECT_NEAR(0.5 * std::erfc(-NORMAL_95 / std::sqrt(2.0)), 0.975, 1e-14);
}

TEST(AccuracyCurve, ScenesByHand)
{
    AccuracyCurve curve;
    // Seen to the end: wrong at 10 s, right from 20 s on.
    curve.AddImage(100, {{10, false}, {20, true}});
    // Right from 5 s, wrong again from 50 s; captured late: seen for 60 s only.
    curve.AddImage(60, {{50, false}, {5, true}});
    // Nothing ever arrives: wrong for as long as it is seen.
    curve.AddImage(100, {});
    // Seen for 15 s, right at once.
    curve.AddImage(15, {{0, true}});
    EXPECT_EQ(curve.Images(), 4U);

    const auto points = curve.At({0, 5, 15, 15.1, 20, 50, 60, 60.1, 100, 100.1});

    const struct
    {
        std::uint64_t counted;
        std::uint64_t correct;
    } expected[] = {{4, 1}, {4, 2}, {4, 2}, {3, 1}, {3, 2}, {3, 1}, {3, 1}, {2, 1}, {2, 1}, {0, 0}};

    ASSERT_EQ(points.size(), 10U);
    for (std::size_t i = 0; i < points.size(); ++i)
    {
        EXPECT_EQ(points[i].counted, expected[i].counted) << points[i].elapsedS;
        EXPECT_EQ(points[i].correct, expected[i].correct) << points[i].elapsedS;
        EXPECT_EQ(points[i].notObserved, 4 - expected[i].counted);
        if (expected[i].counted > 0)
        {
            EXPECT_DOUBLE_EQ(points[i].accuracy,
                             static_cast<double>(expected[i].correct) /
                                 static_cast<double>(expected[i].counted));
        }
    }
    EXPECT_TRUE(std::isnan(points.back().accuracy));
    EXPECT_EQ(points.back().wilsonLow, 0);
    EXPECT_EQ(points.back().wilsonHigh, 1);
    const Interval interval = WilsonInterval(2, 4);
    EXPECT_EQ(points[1].wilsonLow, interval.low);
    EXPECT_EQ(points[1].wilsonHigh, interval.high);
}

/** Published: A. Gosset's (Student's) t, 97.5 %; between whole numbers by numerical integration. */
TEST(StudentQuantile95, PublishedTable)
{
    const struct
    {
        double freedom;
        double quantile;
        double close;
    } rows[] = {{1, 12.706, 5e-4},
                {1.2, 8.6488, 0.25},
                {1.5, 6.0167, 0.2},
                {2, 4.303, 2e-3},
                {2.5, 3.5747, 1e-3},
                {3, 3.182, 1e-3},
                {3.3, 3.0249, 1e-3},
                {4, 2.776, 1e-3},
                {7, 2.365, 1e-3},
                {10, 2.228, 1e-3},
                {24, 2.064, 1e-3},
                {30, 2.042, 1e-3},
                {120, 1.980, 1e-3},
                {1e9, 1.960, 1e-3}};

    for (const auto& row : rows)
    {
        EXPECT_NEAR(StudentQuantile95(row.freedom), row.quantile, row.close) << row.freedom;
    }
    double before = StudentQuantile95(1);
    for (double freedom = 1.01; freedom < 300; freedom += 0.01)
    {
        const double quantile = StudentQuantile95(freedom);
        EXPECT_LT(quantile, before) << freedom;
        before = quantile;
    }
}

/** \return an accuracy curve at one time of images that are right or not, of pictures and places */
AccuracyPoint
PointOf(const std::vector<int>& right,
        const std::vector<std::uint64_t>& pictures,
        const std::vector<std::uint64_t>& places)
{
    AccuracyCurve curve;
    for (std::size_t i = 0; i < right.size(); ++i)
    {
        curve.AddImage(10, {{1, right[i] == 1}}, pictures[i], places[i]);
    }
    return curve.At({2})[0];
}

/** The ends solve (p - share)^2 = t^2 p (1 - p) / worth. */
void
ExpectWorth(const AccuracyPoint& point, double worth, double t)
{
    for (const double p : {point.wilsonLow, point.wilsonHigh})
    {
        EXPECT_NEAR((p - point.accuracy) * (p - point.accuracy),
                    t * t * p * (1 - p) / worth,
                    1e-4 * (1 + t * t / worth));
    }
    EXPECT_LT(point.wilsonLow, point.accuracy);
    EXPECT_GT(point.wilsonHigh, point.accuracy);
}

TEST(AccuracyInterval, CamerasThatAreHeardOrNot)
{
    // Four cameras with five pictures each: two are heard, two are not. They are four observations;
    // all clusters are of one size, so there are three degrees of freedom.
    std::vector<int> right;
    std::vector<std::uint64_t> pictures;
    std::vector<std::uint64_t> places;
    for (std::uint64_t i = 0; i < 20; ++i)
    {
        right.push_back(i < 10 ? 1 : 0);
        pictures.push_back(100 + i);
        places.push_back(7 * (i / 5));
    }
    ExpectWorth(PointOf(right, pictures, places), 4, 3.182);
    // The same of pictures that several cameras take.
    ExpectWorth(PointOf(right, places, pictures), 4, 3.182);
    // Pictures and places of their own: as ever.
    const auto plain = PointOf(right, pictures, pictures);
    EXPECT_EQ(plain.wilsonLow, WilsonInterval(10, 20).low);
    EXPECT_EQ(plain.wilsonHigh, WilsonInterval(10, 20).high);
}

TEST(AccuracyInterval, BothSourcesAddUp)
{
    // Three pictures, which each of four cameras takes: right are 4, 2, 0 of them, and 2, 2, 1, 1
    // of the cameras' three. p = 1/2. Deviations of the pictures 2, 0, -2: 8/144; of the cameras
    // 1/2 four times: 1/144; of the single images 1/2 twelve times: 3/144. 8 + 1 - 3 is less than
    // 8, so the pictures' alone counts: (1/4) / (8/144) = 4.5 images. Satterthwaite: 8^2 / (8^2/2 +
    // 1^2/3).
    const std::vector<int> right = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0};
    const std::vector<std::uint64_t> pictures = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
    const std::vector<std::uint64_t> places = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
    ExpectWorth(PointOf(right, pictures, places), 4.5, StudentQuantile95(64 / (32 + 1.0 / 3)));
    // Four pictures that each of four cameras takes; right are two of them from two of the cameras,
    // p = 1/4. Sums less 4 p: 1, 1, -1, -1 of pictures and cameras alike: 4/256 each; single images
    // 4 (3/4)^2 + 12 (1/4)^2 = 3, 3/256. (3/16) / (5/256) = 9.6 images.
    std::vector<int> few;
    std::vector<std::uint64_t> fourPictures;
    std::vector<std::uint64_t> fourPlaces;
    for (std::uint64_t i = 0; i < 16; ++i)
    {
        few.push_back(i / 4 < 2 && i % 4 < 2 ? 1 : 0);
        fourPictures.push_back(i / 4);
        fourPlaces.push_back(i % 4);
    }
    ExpectWorth(PointOf(few, fourPictures, fourPlaces),
                9.6,
                StudentQuantile95(25 / (16.0 / 3 + 16.0 / 3)));
}

TEST(AccuracyInterval, WhereNothingVaries)
{
    const std::vector<std::uint64_t> pictures = {0, 1, 2, 3, 4, 5};
    const std::vector<std::uint64_t> places = {0, 0, 1, 1, 2, 2};
    // All right, or half of each camera's: as many as there are cameras.
    auto point = PointOf({1, 1, 1, 1, 1, 1}, pictures, places);
    EXPECT_EQ(point.wilsonLow, WilsonInterval(3, 3).low);
    EXPECT_EQ(point.wilsonHigh, 1);
    // One camera says nothing of others: its pictures alone count.
    point = PointOf({1, 0, 1, 0, 0, 0}, pictures, {5, 5, 5, 5, 5, 5});
    ExpectWorth(point, 6, NORMAL_95);
    // More often right than chance would have it varies no less than single images.
    point = PointOf({1, 0, 1, 0, 0, 1}, pictures, places);
    EXPECT_GE(point.wilsonHigh - point.wilsonLow,
              WilsonInterval(3, 6).high - WilsonInterval(3, 6).low);
    // An image that is gone takes its picture and camera with it.
    AccuracyCurve curve;
    for (std::size_t i = 0; i < 6; ++i)
    {
        curve.AddImage(i < 4 ? 10 : 100, {{1, i < 5}}, pictures[i], places[i]);
    }
    EXPECT_EQ(curve.At({50})[0].counted, 2U);
    EXPECT_EQ(curve.At({50})[0].wilsonLow, WilsonInterval(1, 2).low);
}

/** Images that behave alike but are captured later and later give the same curve as if all were
 * seen to the end. */
TEST(AccuracyCurve, CapturingLateIsNoBias)
{
    AccuracyCurve all;
    AccuracyCurve late;
    for (int i = 0; i < 100; ++i)
    {
        all.AddImage(1000, {{30, true}});
        late.AddImage(i, {{30, true}});
    }
    const auto expected = all.At({10, 30, 99});
    const auto censored = late.At({10, 30, 99});
    for (std::size_t i = 0; i < expected.size(); ++i)
    {
        EXPECT_EQ(censored[i].accuracy, expected[i].accuracy);
    }
    EXPECT_EQ(censored[1].counted, 70U);
    EXPECT_EQ(censored[2].counted, 1U);
}

TEST(AccuracyCurve, LaterOfTwoAtTheSameMomentCounts)
{
    AccuracyCurve curve;
    curve.AddImage(10, {{1, true}, {1, false}});
    curve.AddImage(10, {{1, false}, {1, true}, {0.5, false}});
    EXPECT_EQ(curve.At({1})[0].correct, 1U);
}

TEST(CurveTimes, ListOrGrid)
{
    EXPECT_EQ(CurveTimes({5, 1, 5, 0.5}, 1, 1), (std::vector<double>{0.5, 1, 5}));
    EXPECT_EQ(CurveTimes({}, 0.1, 0.3), (std::vector<double>{0, 0.1, 0.2, 0.3}));
    EXPECT_EQ(CurveTimes({}, 2, 5), (std::vector<double>{0, 2, 4}));
    EXPECT_EQ(CurveTimes({}, 5, 1), (std::vector<double>{0}));
    EXPECT_EQ(CurveTimes({}, 0.1, 100).size(), 1001U);
    EXPECT_THROW(CurveTimes({}, 0, 1), Error);
    EXPECT_THROW(CurveTimes({}, 1e-9, 1), Error);
}

} // namespace
} // namespace limitnet
