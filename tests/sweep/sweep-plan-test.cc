// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/sweep/sweep-plan.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

using namespace limitnet;

namespace
{

std::string
PlanError(const std::string& text)
{
    const TestFolder folder;
    try
    {
        const SweepPlan plan(folder.Write("x.ini", text));
    }
    catch (const Error& error)
    {
        const std::string message = error.what();
        EXPECT_NE(message.find("x.ini"), std::string::npos) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        return message;
    }
    return "";
}

} // namespace

TEST(SweepPlan, GridHasEachCombinationOnceTheLastKeyFastest)
{
    const TestFolder folder;
    const SweepPlan plan(folder.Write("x.ini",
                                      std::string("# a question\n[scenario]\nname = grid\n"
                                                  "[sweep]\nlora.sf = 7..9\n"
                                                  "lora.extra_loss = 0..0.3..0.1  # four\n"
                                                  "run = 3,5\n"
                                                  "[devices]\ncount = 4\n")));
    EXPECT_EQ(plan.Program(), "limitnet-lora-scenario");
    EXPECT_EQ(plan.Name(), "grid");
    ASSERT_EQ(plan.Axes().size(), 2U);
    EXPECT_EQ(plan.Axes()[0].values, (std::vector<std::string>{"7", "8", "9"}));
    EXPECT_EQ(plan.Axes()[1].values, (std::vector<std::string>{"0", "0.1", "0.2", "0.3"}));
    EXPECT_EQ(plan.PointCount(), 12U);
    EXPECT_EQ(plan.Size(), 24U);
    EXPECT_EQ(plan.At(0).values, (std::vector<std::string>{"7", "0"}));
    EXPECT_EQ(plan.At(0).run, "3");
    EXPECT_EQ(plan.At(1).values, plan.At(0).values);
    EXPECT_EQ(plan.At(1).run, "5");
    EXPECT_EQ(plan.At(2).values, (std::vector<std::string>{"7", "0.1"}));
    EXPECT_EQ(plan.At(23).values, (std::vector<std::string>{"9", "0.3"}));
    std::set<std::vector<std::string>> all;
    for (std::size_t i = 0; i < plan.Size(); ++i)
    {
        auto values = plan.At(i).values;
        values.push_back(plan.At(i).run);
        all.insert(values);
        EXPECT_EQ(plan.At(i).point, i / 2);
    }
    EXPECT_EQ(all.size(), 24U);
    // The rest of the file is the scenario, each line in its place.
    EXPECT_EQ(plan.BaseText(),
              "# a question\n[scenario]\nname = grid\n\n\n\n\n[devices]\ncount = 4\n");
}

TEST(SweepPlan, ZipTakesValuesTogetherAndBarsKeepCommas)
{
    const TestFolder folder;
    const SweepPlan plan(
        folder.Write("x.ini",
                     std::string("# for limitnet-nbiot-scenario\n[sweep]\nmode = zip\n"
                                 "nbiot.coupling_loss_db = 144, 154, 164\n"
                                 "accuracy.times_s = 1,2,3 | 10,20 | 100\n")));
    EXPECT_EQ(plan.Program(), "limitnet-nbiot-scenario");
    EXPECT_EQ(plan.Size(), 3U);
    EXPECT_EQ(plan.Runs(), std::vector<std::string>{"1"});
    EXPECT_EQ(plan.At(1).values, (std::vector<std::string>{"154", "10,20"}));
    EXPECT_EQ(plan.At(2).values, (std::vector<std::string>{"164", "100"}));
}

TEST(SweepPlan, ValuesAreInTheKeysUnitAsInARunsScenarioIni)
{
    const TestFolder folder;
    const auto valuesOf = [&](const std::string& line) {
        const SweepPlan plan(
            folder.Write("x.ini", "[sweep]\n" + line + "\n[group.a]\ndevices.count = 2\n"));
        return plan.Axes().at(0).values;
    };
    EXPECT_EQ(valuesOf("devices.radius_m = 300, 1 km, 2000, 2.50"),
              (std::vector<std::string>{"300", "1000", "2000", "2.50"}));
    // 10 log10(10) dBm.
    EXPECT_EQ(valuesOf("lora.tx_power_dbm = 14, 10 mW, 5"),
              (std::vector<std::string>{"14", "10", "5"}));
    EXPECT_EQ(valuesOf("group.a.devices.radius_m = 1 km, 2 km"),
              (std::vector<std::string>{"1000", "2000"}));
    EXPECT_EQ(valuesOf("accuracy.times_s = 1 min, 2 | 3, 1 h"),
              (std::vector<std::string>{"60,2", "3,3600"}));
    EXPECT_EQ(valuesOf("attributes.ns3::A::X = 1 km, 01, 1"),
              (std::vector<std::string>{"1 km", "01", "1"}))
        << "nobody knows their units";
}

TEST(SweepPlan, ASampleHasEachValueOnce)
{
    const TestFolder folder;
    const SweepPlan grid(folder.Write(
        "x.ini",
        std::string("[sweep]\nlora.sf = 7..9\nlora.extra_loss = 0, 0.1\nrun = 1..4\n")));
    // Combinations 7/0, 8/0.1, 9/0: the first, fourth and fifth of six.
    EXPECT_EQ(grid.Sample(10), (std::vector<std::size_t>{0, 12, 16}));
    EXPECT_EQ(grid.Sample(2), (std::vector<std::size_t>{0, 12}));
    const SweepPlan zip(folder.Write("x.ini",
                                     std::string("[sweep]\nmode = zip\nlora.sf = 7..9\n"
                                                 "lora.extra_loss = 0, 0.1, 0.2\n")));
    EXPECT_EQ(zip.Sample(10), (std::vector<std::size_t>{0, 1, 2}));
    const SweepPlan repeated(folder.Write("x.ini", std::string("[sweep]\nrun = 1..4\n")));
    EXPECT_EQ(repeated.Sample(10), std::vector<std::size_t>{0});
}

TEST(SweepPlan, AByteOrderMarkIsNoText)
{
    const TestFolder folder;
    const std::string mark = "\xEF\xBB\xBF";
    const SweepPlan plan(
        folder.Write("x.ini", mark + "# limitnet-nbiot-scenario\n[sweep]\nseed = 1,2\n"));
    EXPECT_EQ(plan.Program(), "limitnet-nbiot-scenario");
    EXPECT_EQ(plan.BaseText().find(mark), std::string::npos);
    EXPECT_EQ(SweepPlan(folder.Write("x.ini", mark + "[sweep]\nseed = 1,2\n")).Size(), 2U);
}

TEST(SweepPlan, AllThatDecidesIsInItsText)
{
    const TestFolder folder;
    const auto text = [&](const std::string& content) {
        return SweepPlan(folder.Write("x.ini", content)).Text();
    };
    const auto first = text("[sweep]\nlora.sf = 7,8\n");
    EXPECT_EQ(first, text("[sweep]\nlora.sf = 7..8\n"));
    EXPECT_NE(first, text("[sweep]\nlora.sf = 8,7\n"));
    EXPECT_NE(first, text("[sweep]\nlora.sf = 7,8\nrun = 2\n"));
    EXPECT_NE(first, text("[sweep]\nlora.sf = 7,8\n[devices]\ncount = 3\n"));
}

TEST(SweepPlan, IncludedFilesAreFoundFromElsewhereAndCount)
{
    const TestFolder folder;
    folder.Write("base.ini", std::string("[devices]\ncount = 4\n"));
    const auto file =
        folder.Write("x.ini", std::string("include = base.ini\n[sweep]\nseed = 1,2\n"));
    const SweepPlan plan(file);
    EXPECT_EQ(plan.BaseText().rfind("include = " + (folder.Path() / "base.ini").string(), 0), 0U);
    folder.Write("base.ini", std::string("[devices]\ncount = 5\n"));
    EXPECT_NE(SweepPlan(file).Text(), plan.Text());
}

TEST(SweepPlan, TheSectionIsFoundAsTheProgramsFindIt)
{
    const TestFolder folder;
    for (const char* section : {"[sweep]", "[ sweep ]", "  [sweep ] # many", "[sweep]\r"})
    {
        const SweepPlan plan(
            folder.Write("x.ini", section + std::string("\nlora.sf = 7..9\n[ devices ]\n")));
        EXPECT_EQ(plan.Size(), 3U) << section;
        EXPECT_EQ(plan.BaseText().find("sweep"), std::string::npos) << section;
        EXPECT_NE(plan.BaseText().find("[ devices ]"), std::string::npos) << section;
    }
}

TEST(SweepPlan, AnIncludedFileHasNoSweep)
{
    // Else its values would be left out, and every run would fail.
    const TestFolder folder;
    folder.Write("inc.ini", std::string("[devices]\ncount = 1\n[ sweep ]\nlora.sf = 7, 8\n"));
    const auto file = folder.Write("main.ini",
                                   std::string("# limitnet-lorawan-cell\ninclude = inc.ini\n"
                                               "[sweep]\ntraffic.period_s = 60, 120\n"));
    ExpectLine(ErrorOf([&] { SweepPlan plan(file); }),
               {(folder.Path() / "inc.ini").string() + ":3: [ sweep ]",
                "has to stand in " + file.string()});
}

TEST(SweepPlan, TheProjectsOwnGoByName)
{
    const SweepPlan plan("sweep-spreading-factor");
    EXPECT_EQ(plan.File().filename(), "sweep-spreading-factor.ini");
    EXPECT_GT(plan.Size(), 1U);
}

TEST(SweepPlan, NumbersWithASignAreTheSame)
{
    EXPECT_NE(PlanError("[sweep]\nlora.tx_power_dbm = 14, +14\n").find("twice"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\ndevices.count = 100, 1e2\n").find("twice"), std::string::npos);
}

TEST(SweepPlan, NonsenseGetsALineWithFileLineAndKey)
{
    EXPECT_NE(PlanError("[sweep]\nlora.spf = 7\n").find("x.ini:2: "), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.spf = 7\n").find("lora.sf?"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.sf = 7..13\n").find("13"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.sf = 9..7\n").find("upwards"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.sf = 7,7\n").find("twice"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.sf = 7\nlora.sf = 8\n").find("twice"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nrun = 1, 01\n").find("twice"), std::string::npos);
    EXPECT_NE(
        PlanError("[sweep]\ndevices.radius_m = 1 km, 1000 m\n")
            .find("x.ini:2: devices.radius_m: the value 1000 m is there twice, first as 1 km"),
        std::string::npos);
    EXPECT_NE(PlanError("[sweep]\ndevices.radius_m = 1000, 1e3\n").find("twice"),
              std::string::npos);
    EXPECT_NE(PlanError("[sweep]\ndevices.count = 3, 03\n").find("twice"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\naccuracy.times_s = 1,2 | 1.0,2\n").find("twice"),
              std::string::npos);
    EXPECT_NE(
        PlanError("[sweep]\ngroup.a.devices.radius_m = 1 km, 1000\n[group.a]\n").find("twice"),
        std::string::npos);
    EXPECT_EQ(PlanError("[sweep]\ncodec.model = 1, 01\n"), "") << "names, not numbers";
    EXPECT_NE(PlanError("[sweep]\nlora.sf\n").find("key = value"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nmode = both\n").find("grid or zip"), std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nmode = zip\nlora.sf = 7,8\nlora.extra_loss = 0,0.1,0.2\n")
                  .find("x.ini:4: mode = zip needs as many values for lora.extra_loss as for "
                        "lora.sf in line 3: 2, not 3"),
              std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nout = a,b\n").find("itself"), std::string::npos);
    EXPECT_NE(PlanError("[devices]\ncount = 3\n").find("no section [sweep]"), std::string::npos);
    EXPECT_NE(PlanError("[devices]\ncount = many\n[sweep]\nlora.sf = 7\n").find("x.ini:2"),
              std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.extra_loss = 0..1..0.0000001\n").find("100000"),
              std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.extra_loss = 0..1..0.0001\nseed = 1..10000\n").find("runs"),
              std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.sf = 7,8\n[group.a]\nlora.sf = 9\n")
                  .find("x.ini:2: lora.sf is swept, but group.a.lora.sf = 9 has its own value"),
              std::string::npos);
    EXPECT_EQ(PlanError("[sweep]\ngroup.a.lora.sf = 7,8\n[group.a]\nlora.sf = 9\n"), "");
    // A group that the file does not have would be further devices.
    EXPECT_NE(PlanError("[sweep]\ngroup.meter.devices.count = 1,2\n[group.meters]\n"
                        "devices.count = 3\n")
                  .find("has no group meter; did you mean meters?"),
              std::string::npos);
    EXPECT_NE(PlanError("[sweep]\ngroup.b.devices.count = 1,2\n").find("x.ini:2: group.b.devices"),
              std::string::npos);
    EXPECT_NE(PlanError("[sweep]\nlora.extra_loss = 0..1..0.3\n")
                  .find("x.ini:2: 0..1..0.3: the steps do not meet the end; has to be such as "
                        "0..0.9..0.3 or 0..1.2..0.3"),
              std::string::npos);
    EXPECT_NE(PlanError("[scenario]\nname = ../x\n[sweep]\nlora.sf = 7\n")
                  .find("x.ini:2: scenario.name = ../x"),
              std::string::npos);
    EXPECT_THROW(SweepPlan("/nowhere/x.ini"), Error);
}
