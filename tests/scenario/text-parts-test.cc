// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/text-parts.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace limitnet
{
namespace
{

using Words = std::vector<std::string>;

TEST(TextParts, SplitTrimsAndKeepsEmptyParts)
{
    EXPECT_EQ(Split(" a, b ,,c", ","), (Words{"a", "b", "", "c"}));
    EXPECT_EQ(Split("1..2..0.5", ".."), (Words{"1", "2", "0.5"}));
    EXPECT_EQ(Split("", ","), (Words{""}));
    EXPECT_EQ(Join({"a", "b"}, ", "), "a, b");
    EXPECT_EQ(Join({}, ", "), "");
}

TEST(TextParts, ANumberIsAWholeTextAndFinite)
{
    EXPECT_EQ(NumberOf("1.5e3"), 1500);
    EXPECT_EQ(NumberOf("-.5"), -0.5);
    EXPECT_EQ(NumberOf("+7"), 7);
    for (const char* none : {"", "+", "+-1", "--1", "1 m", "0x10", "inf", "nan", "1e999", "1,5"})
    {
        EXPECT_FALSE(NumberOf(none)) << none;
    }
}

TEST(TextParts, AnEditSwapsNeighboursToo)
{
    EXPECT_EQ(EditDistance("count", "count"), 0U);
    EXPECT_EQ(EditDistance("cuont", "count"), 1U);
    EXPECT_EQ(EditDistance("", "abc"), 3U);
    EXPECT_EQ(EditDistance("abc", "axcd"), 2U);
}

} // namespace
} // namespace limitnet
