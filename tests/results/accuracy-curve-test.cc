// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/results/accuracy-curve.h"

#include <cmath>
#include <gtest/gtest.h>

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
