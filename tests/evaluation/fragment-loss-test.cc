// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/evaluation/fragment-loss.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

namespace limitnet
{
namespace
{

struct Runs
{
    double lost = 0;       // part of the fragments
    double meanLength = 0; // of a run of lost ones
    double afterLoss = 0;  // part of those that follow a lost one that are lost
};

/** Of a long sequence. */
Runs
RunsOf(const FragmentLoss& loss, std::size_t count)
{
    const auto lost = loss.Draw(count, 3);
    std::size_t sum = 0;
    std::size_t runs = 0;
    std::size_t both = 0;
    for (std::size_t i = 0; i < count; ++i)
    {
        sum += lost[i] ? 1 : 0;
        runs += lost[i] && (i == 0 || !lost[i - 1]) ? 1 : 0;
        both += lost[i] && i > 0 && lost[i - 1] ? 1 : 0;
    }
    return {static_cast<double>(sum) / static_cast<double>(count),
            runs == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(runs),
            sum == 0 ? 0 : static_cast<double>(both) / static_cast<double>(sum)};
}

TEST(FragmentLoss, IndependentLossesHaveTheGeometricRunsOfCoins)
{
    for (const double p : {0.1, 0.3, 0.5})
    {
        const auto runs = RunsOf(FragmentLoss(p), 400000);
        EXPECT_NEAR(runs.lost, p, 0.004);
        EXPECT_NEAR(runs.meanLength, 1 / (1 - p), 0.02);
        EXPECT_NEAR(runs.afterLoss, p, 0.01);
    }
}

/** Gilbert's chain in closed form: mean loss, geometric bursts, autocorrelation 1 - a - b. */
TEST(FragmentLoss, BurstsHaveTheMeanLossAndLengthAskedFor)
{
    for (const double p : {0.1, 0.3, 0.5})
    {
        for (const double length : {2.0, 5.0, 20.0})
        {
            const auto runs = RunsOf(FragmentLoss(p, length), 2000000);
            // The sum's variance is (1 + r) / (1 - r) that of coins, r = 1 - a - b.
            const double r = 1 - 1 / length - p / (length * (1 - p));
            const double deviation = std::sqrt(p * (1 - p) / 2e6 * (1 + r) / (1 - r));
            EXPECT_NEAR(runs.lost, p, 4 * deviation) << p << ' ' << length;
            EXPECT_NEAR(runs.meanLength / length, 1, 0.03) << p << ' ' << length;
            EXPECT_NEAR(runs.afterLoss, 1 - 1 / length, 0.01) << p << ' ' << length;
        }
    }
}

/** Also of short sequences, which begin in the stationary distribution. */
TEST(FragmentLoss, TheFirstFragmentIsLostAsOftenAsAnyOther)
{
    const FragmentLoss loss(0.3, 10);
    int first = 0;
    int third = 0;
    constexpr int DRAWS = 40000;
    for (int seed = 0; seed < DRAWS; ++seed)
    {
        const auto lost = loss.Draw(3, seed);
        first += lost[0] ? 1 : 0;
        third += lost[2] ? 1 : 0;
    }
    EXPECT_NEAR(first / double{DRAWS}, 0.3, 0.01);
    EXPECT_NEAR(third / double{DRAWS}, 0.3, 0.01);
}

/** So that more loss is never better by chance. */
TEST(FragmentLoss, WhatIsLostIsLostAtAHigherLossToo)
{
    const auto few = FragmentLoss(0.1).Draw(1000, 7);
    const auto many = FragmentLoss(0.3).Draw(1000, 7);
    for (std::size_t i = 0; i < few.size(); ++i)
    {
        EXPECT_TRUE(!few[i] || many[i]);
    }
    EXPECT_EQ(FragmentLoss(0.1).Draw(1000, 7), few);
    EXPECT_NE(FragmentLoss(0.1).Draw(1000, 8), few);
}

TEST(FragmentLoss, TheEndsLoseNothingAndAll)
{
    for (const double length : {0.0, 4.0})
    {
        const auto none = FragmentLoss(0, length).Draw(50, 1);
        const auto all = FragmentLoss(1, length).Draw(50, 1);
        EXPECT_EQ(std::accumulate(none.begin(), none.end(), 0), 0);
        EXPECT_EQ(std::accumulate(all.begin(), all.end(), 0), 50);
    }
}

TEST(FragmentLoss, RefusesChainsThatThereAreNot)
{
    EXPECT_THROW(FragmentLoss(-0.1), Error);
    EXPECT_THROW(FragmentLoss(1.1), Error);
    EXPECT_THROW(FragmentLoss(std::nan("")), Error);
    EXPECT_THROW(FragmentLoss(0.3, 0.5), Error);
    EXPECT_THROW(FragmentLoss(0.3, -2), Error);
    EXPECT_THROW(FragmentLoss(0.9, 5), Error); // of each good state nine in ten have to end at once
    EXPECT_NO_THROW(FragmentLoss(0.9, 9));
}

} // namespace
} // namespace limitnet
