// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/training/option-list.h"

#include <gtest/gtest.h>

using namespace limitnet;

namespace
{

struct Options
{
    int64_t steps = 5;
    double rate = 0.5;
    uint64_t seed = 1;
    std::filesystem::path output;
    std::vector<std::string> sets;
};

OptionList
Describe(Options& o)
{
    OptionList list;
    list.Add("output", o.output, "file");
    list.Require();
    list.Add("steps", o.steps, "how many");
    list.Add("rate", o.rate, "how fast");
    list.Add("seed", o.seed, "of all draws");
    list.Add("set", o.sets, "several");
    return list;
}

std::string
ErrorOf(const std::vector<std::string>& arguments)
{
    Options o;
    try
    {
        Describe(o).Parse(arguments);
    }
    catch (const Error& error)
    {
        return error.what();
    }
    return "";
}

} // namespace

TEST(OptionListTest, TakesBothForms)
{
    Options o;
    EXPECT_TRUE(Describe(o).Parse(
        {"--output=a.pt", "--steps", "7", "--rate=1e-3", "--set", "x", "--set=y=z"}));
    EXPECT_EQ(o.output, "a.pt");
    EXPECT_EQ(o.steps, 7);
    EXPECT_EQ(o.rate, 1e-3);
    EXPECT_EQ(o.seed, 1U);
    EXPECT_EQ(o.sets, (std::vector<std::string>{"x", "y=z"}));
}

TEST(OptionListTest, HelpSetsNothing)
{
    Options o;
    EXPECT_FALSE(Describe(o).Parse({"--steps=7", "--help"}));
    EXPECT_EQ(o.steps, 5);
    EXPECT_NE(Describe(o).Help().find("how many (5)"), std::string::npos);
}

TEST(OptionListTest, NamesWhatIsWrong)
{
    EXPECT_EQ(ErrorOf({"--steps=7"}), "--output has to be given (see --help)");
    EXPECT_EQ(ErrorOf({"--output=a", "--stesp=7"}), "'--stesp' is no option here (see --help)");
    EXPECT_EQ(ErrorOf({"--output=a", "--steps=7.5"}), "--steps=7.5: has to be a whole number");
    EXPECT_EQ(ErrorOf({"--output=a", "--rate=fast"}), "--rate=fast: has to be a number");
    EXPECT_EQ(ErrorOf({"--output=a", "--seed=-1"}),
              "--seed=-1: has to be a whole number, 0 or more");
    EXPECT_EQ(ErrorOf({"--output=a", "--steps"}), "--steps: needs a value (see --help)");
    EXPECT_EQ(ErrorOf({"--output=a", "--output=b"}), "--output: is given twice");
}
