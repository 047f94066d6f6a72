// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/scenario/option-table.h"
#include "tests/data/test-folder.h"

#include <clocale>
#include <gtest/gtest.h>
#include <locale>
#include <sstream>

namespace limitnet
{

using namespace keys;

namespace
{

OptionTable
Table()
{
    OptionTable table("test-program", "1.2", "Tests options.");
    table.AddSection("", "General")
        .Add({
            Integer("seed").Default(1).Range(1, 100).Help("Seed."),
            Integer("run").Default(3).Range(0, 100).Help("Run."),
        });
    table.AddSection("lora", "Link")
        .Add({
            Choice("sf", {"auto", "7", "12"}).Default("auto").ForGroups().Help("Spreading factor."),
            Real("tx_power_dbm").Default(14).Range(-20, 16).Unit("dBm").Help("Power."),
            Boolean("adr").Default(false).Help("Adaptive data rate."),
        });
    table.AddSection("devices", "Devices", OptionTable::Scope::GROUP)
        .Add({
            Integer("count").Default(10).Range(1, 1000).Help("Number."),
            Text("name").Help("Name."),
            Reals("times_s").Default("1, 2.5").Range(0, 100).Unit("s").Help("Times."),
        });
    table.AddSection("scenario", "Scenario").Add({Name("name").Default("plain").Help("Name.")});
    table.AddFreeSection("attributes", "Attributes");
    return table;
}

ScenarioValues
Parse(const std::vector<std::string>& arguments)
{
    return Table().Parse(arguments);
}

std::string
Failure(const std::vector<std::string>& arguments)
{
    return ErrorOf([&]() { Parse(arguments); });
}

TEST(OptionTable, DefaultsAndCommandLine)
{
    const ScenarioValues defaults = Parse({});
    EXPECT_EQ(defaults.Int("seed"), 1);
    EXPECT_EQ(defaults.Text("lora.sf"), "auto");
    EXPECT_EQ(defaults.Real("lora.tx_power_dbm"), 14);
    EXPECT_EQ(defaults.Real("devices.count"), 10);
    EXPECT_FALSE(defaults.Bool("lora.adr"));
    EXPECT_EQ(defaults.Reals("devices.times_s"), (std::vector<double>{1, 2.5}));
    EXPECT_FALSE(defaults.IsGiven("seed"));
    EXPECT_FALSE(defaults.HelpWanted());

    const ScenarioValues given = Parse({"--seed=7",
                                        "--lora.sf=12",
                                        "--lora.tx_power_dbm=-3.25",
                                        "--lora.adr=true",
                                        "--devices.name",
                                        "two words",
                                        "--devices.times_s="});
    EXPECT_EQ(given.Int("seed"), 7);
    EXPECT_TRUE(given.IsGiven("seed"));
    EXPECT_EQ(given.Text("lora.sf"), "12");
    EXPECT_EQ(given.Real("lora.tx_power_dbm"), -3.25);
    EXPECT_TRUE(given.Bool("lora.adr"));
    EXPECT_EQ(given.Text("devices.name"), "two words");
    EXPECT_TRUE(given.Reals("devices.times_s").empty());
}

TEST(OptionTable, ArgumentVectorOfMain)
{
    const char* argv[] = {"program", "--seed=9", nullptr};
    EXPECT_EQ(Table().Parse(2, argv).Int("seed"), 9);
    EXPECT_EQ(Table().Parse(0, argv).Int("seed"), 1);
}

TEST(OptionTable, CommandLineWinsOverFileOverDefault)
{
    const TestFolder folder;
    const auto file = folder.Write("a.ini",
                                   std::string("# comment\n"
                                               "seed = 5\r\n"
                                               "\n"
                                               "[ devices ]\n"
                                               "count=20   # more\n"
                                               "  name = a = b\n"
                                               "[lora]\n"
                                               "sf = 7\n"));
    const ScenarioValues values =
        Parse({"--lora.sf=12", "--scenario=" + file.string(), "--run", "8"});
    EXPECT_EQ(values.Int("seed"), 5);
    EXPECT_EQ(values.Int("run"), 8);
    EXPECT_EQ(values.Int("devices.count"), 20);
    EXPECT_EQ(values.Text("devices.name"), "a = b");
    EXPECT_EQ(values.Text("lora.sf"), "12");
    EXPECT_EQ(values.Real("lora.tx_power_dbm"), 14);
}

TEST(OptionTable, EveryMistakeOnTheCommandLineIsOneLine)
{
    ExpectLine(Failure({"--lora.sf=13"}), {"command line", "lora.sf", "13", "auto, 7, 12"});
    ExpectLine(Failure({"--lora.tx_power_dbm=17"}), {"from -20 to 16", "(dBm)"});
    ExpectLine(Failure({"--lora.tx_power_dbm=1,5"}), {"tx_power_dbm"});
    ExpectLine(Failure({"--lora.tx_power_dbm=nan"}), {"tx_power_dbm"});
    ExpectLine(Failure({"--lora.tx_power_dbm=1e999"}), {"tx_power_dbm"});
    ExpectLine(Failure({"--devices.count=0"}), {"a whole number from 1 to 1000"});
    ExpectLine(Failure({"--devices.count=2.5"}), {"a whole number"});
    ExpectLine(Failure({"--devices.count=99999999999999999999"}), {"a whole number"});
    ExpectLine(Failure({"--devices.count="}), {"a whole number"});
    ExpectLine(Failure({"--devices.count=10x"}), {"a whole number"});
    ExpectLine(Failure({"--lora.adr=yes"}), {"true or false"});
    ExpectLine(Failure({"--devices.times_s=1,,2"}), {"times_s"});
    ExpectLine(Failure({"--devices.times_s=1,101"}), {"from 0 to 100"});
    ExpectLine(Failure({"--devices.name=a#b"}), {"name"});
    for (const char* name : {"../evil", "a/b", ".hidden", ".", ""})
    {
        ExpectLine(Failure({std::string("--scenario.name=") + name}),
                   {"scenario.name = ", name, "name of a folder", "'/'"});
    }
    EXPECT_EQ(Parse({"--scenario.name=v1.2 x"}).Text("scenario.name"), "v1.2 x");
    ExpectLine(Failure({"--scenario="}), {"--scenario", "file"});
    ExpectLine(Failure({"--seed"}), {"command line", "seed"});
    ExpectLine(Failure({"--seed=1", "--seed=2"}), {"--seed", "twice"});
    ExpectLine(Failure({"seed=1"}), {"'seed=1'"});
    ExpectLine(Failure({"-x"}), {"command line"});
}

TEST(OptionTable, UnknownKeysNameTheNearest)
{
    ExpectLine(Failure({"--lora.tx_power=3"}), {"--lora.tx_power", "lora.tx_power_dbm"});
    ExpectLine(Failure({"--device.count=3"}), {"did you mean devices.count?"});
    ExpectLine(Failure({"--sf=7"}), {"did you mean lora.sf?"});
    ExpectLine(Failure({"--lora.fs=7"}), {"did you mean lora.sf?"});
    ExpectLine(Failure({"--sede=7"}), {"did you mean seed?"});
    ExpectLine(Failure({"--something.else_entirely=7"}), {"--help"});
    // No abbreviations: they would change their meaning with the table.
    ExpectLine(Failure({"--lora.tx=3"}), {"unknown key"});
}

TEST(OptionTable, MistakesInAFileNameFileAndLine)
{
    const TestFolder folder;
    const auto failure = [&](const std::string& content) {
        return Failure({"--scenario=" + folder.Write("a.ini", content).string()});
    };
    ExpectLine(failure("\n[lora]\nsf = 13\n"), {"a.ini:3: ", "lora.sf", "auto, 7, 12"});
    ExpectLine(failure("[lora]\ntxpower_dbm = 3\n"), {"a.ini:2: ", "lora.tx_power_dbm"});
    ExpectLine(failure("[lara]\n"), {"a.ini:1: ", "[lora]", "[devices]"});
    ExpectLine(failure("[]\n"), {"a.ini:1: "});
    ExpectLine(failure("[lora\nsf = 7\n"), {"a.ini:1: "});
    ExpectLine(failure("[lora]\nsf\n"), {"a.ini:2: ", "key = value"});
    ExpectLine(failure("= 7\n"), {"a.ini:1: "});
    ExpectLine(failure("seed = 1\nseed = 2\n"), {"a.ini:2: ", "twice", "line 1"});
    ExpectLine(failure("[scenario]\nname = ../x\n"), {"a.ini:2: scenario.name = ../x"});
    ExpectLine(failure("scenario = other.ini\n"), {"a.ini:1: ", "unknown key"});
    ExpectLine(Failure({"--scenario=" + (folder.Path() / "none.ini").string()}), {"none.ini"});
    ExpectLine(Failure({"--scenario=" + folder.Path().string()}), {folder.Path().string()});
}

TEST(OptionTable, NumbersMayHaveUnits)
{
    const ScenarioValues values =
        Parse({"--lora.tx_power_dbm=25 mW", "--devices.times_s=500 ms, 3, 1 min"});
    EXPECT_NEAR(values.Real("lora.tx_power_dbm"), 13.9794, 1e-4);
    EXPECT_EQ(values.Text("devices.times_s"), "0.5,3,60");
    EXPECT_EQ(values.Reals("devices.times_s"), (std::vector<double>{0.5, 3, 60}));
    EXPECT_EQ(Parse({"--lora.tx_power_dbm=10 dBm"}).Text("lora.tx_power_dbm"), "10");
    ExpectLine(Failure({"--lora.tx_power_dbm=5 m"}),
               {"lora.tx_power_dbm = 5 m", "wrong unit", "dBm, mW, W"});
    ExpectLine(Failure({"--lora.tx_power_dbm=0 mW"}), {"lora.tx_power_dbm", "0 mW"});
    ExpectLine(Failure({"--devices.times_s=1 fortnight"}), {"fortnight", "no unit", "min"});
    ExpectLine(Failure({"--devices.count=3 m"}), {"devices.count", "no unit"});
    ExpectLine(Failure({"--devices.times_s=2 min, 1 h"}), {"devices.times_s", "0 to 100"});
    ExpectLine(Failure({"--lora.tx_power_dbm=loud"}), {"a number from -20 to 16 (dBm)"});
}

TEST(OptionTable, ANumberIsTheSameHoweverItIsWritten)
{
    // With and without a unit, in a list and alone; the record has one form of it.
    for (const char* text : {"14", "+14", "14 dBm", "+14 dBm"})
    {
        EXPECT_EQ(Parse({std::string("--lora.tx_power_dbm=") + text}).Text("lora.tx_power_dbm"),
                  "14")
            << text;
    }
    EXPECT_EQ(Parse({"--lora.tx_power_dbm=+.5"}).Real("lora.tx_power_dbm"), 0.5);
    EXPECT_EQ(Parse({"--devices.times_s=+1, 2.5, +3 s"}).Text("devices.times_s"), "1,2.5,3");
    for (const char* text : {"100", "+100", "1e2", "+1e2", "100.0"})
    {
        EXPECT_EQ(Parse({std::string("--devices.count=") + text}).Text("devices.count"), "100")
            << text;
    }
    for (const char* text : {"+", "++14", "+-14", "-+14", "+ 14", "14+", "+inf", "+dBm"})
    {
        ExpectLine(Failure({std::string("--lora.tx_power_dbm=") + text}), {"lora.tx_power_dbm"});
    }
    for (const char* text : {"1.5", "1e-1", "nan", "inf", "1e30", "0x10"})
    {
        ExpectLine(Failure({std::string("--devices.count=") + text}), {"a whole number"});
    }
}

TEST(OptionTable, ASweepIsNoPartOfAnIncludedFile)
{
    const TestFolder folder;
    folder.Write("inc.ini", std::string("[ sweep ]\n"));
    folder.Write("deep.ini", std::string("include = inc.ini\n"));
    for (const char* name : {"inc.ini", "deep.ini"})
    {
        const auto file = folder.Write("main.ini", "include = " + std::string(name) + "\n");
        ExpectLine(Failure({"--scenario=" + file.string()}),
                   {(folder.Path() / "inc.ini").string() + ":1: [ sweep ]",
                    "has to stand in " + file.string() + " itself"});
    }
    ExpectLine(Failure({"--scenario=" + (folder.Path() / "inc.ini").string()}), {"limitnet-sweep"});
}

TEST(OptionTable, AFileMayIncludeOthers)
{
    const TestFolder folder;
    folder.Write("base/deep.ini", std::string("seed = 9\n[devices]\ncount = 5\n"));
    folder.Write("base/x.ini",
                 std::string("include = deep.ini\n[devices]\ncount = 6\nname = base\n"));
    const auto file =
        folder.Write("y.ini", std::string("include = base/x.ini\nrun = 4\n[devices]\nname = y\n"));
    const ScenarioValues values = Parse({"--scenario=" + file.string(), "--run=8"});
    EXPECT_EQ(values.Int("seed"), 9);
    EXPECT_EQ(values.Int("devices.count"), 6);
    EXPECT_EQ(values.Text("devices.name"), "y");
    EXPECT_EQ(values.Int("run"), 8);
    const auto late = folder.Write("late.ini", std::string("seed = 5\ninclude = base/deep.ini\n"));
    EXPECT_EQ(Parse({"--scenario=" + late.string()}).Int("seed"), 5) << "this file's keys win";

    const auto failure = [&](const std::string& text) {
        return Failure({"--scenario=" + folder.Write("z.ini", text).string()});
    };
    ExpectLine(failure("include = nowhere.ini\n"), {"z.ini:1: ", "nowhere.ini", "cannot be read"});
    ExpectLine(failure("include = z.ini\n"), {"z.ini:1: ", "itself"});
    ExpectLine(failure("[devices]\ninclude = y.ini\n"), {"z.ini:2: ", "devices.include"});
    folder.Write("base/deep.ini", std::string("seed = 900\n"));
    ExpectLine(Failure({"--scenario=" + file.string()}), {"deep.ini:1: ", "seed", "1 to 100"});
}

TEST(OptionTable, AByteOrderMarkIsNoText)
{
    const TestFolder folder;
    folder.Write("other.ini", "\xEF\xBB\xBFrun = 7\n");
    const auto file = folder.Write("a.ini",
                                   "\xEF\xBB\xBF"
                                   "include = other.ini\n[devices]\ncount = 4\n");
    const ScenarioValues values = Parse({"--scenario=" + file.string()});
    EXPECT_EQ(values.Int("run"), 7);
    EXPECT_EQ(values.Int("devices.count"), 4);
    // What only begins like one stays.
    ExpectLine(Failure({"--scenario=" + folder.Write("b.ini", "\xEF\xBB\xBB[devices]\n").string()}),
               {"b.ini:1: ", "\xEF\xBB\xBB[devices]"});
    EXPECT_EQ(Parse({"--scenario=" + folder.Write("c.ini", std::string()).string()}).Int("run"), 3);
}

TEST(OptionTable, FreeSection)
{
    const TestFolder folder;
    const auto file = folder.Write("a.ini",
                                   std::string("[attributes]\n"
                                               "ns3::lpwan::A::X = 1\nns3::lpwan::B::Y = 2ms\n"));
    const ScenarioValues values =
        Parse({"--scenario=" + file.string(), "--attributes.ns3::lpwan::A::X=5"});
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(values.Free("attributes"),
              (Pairs{{"ns3::lpwan::A::X", "5"}, {"ns3::lpwan::B::Y", "2ms"}}));
    EXPECT_EQ(values.Where("attributes.ns3::lpwan::A::X"), "command line: ");
    EXPECT_EQ(values.Where("attributes.ns3::lpwan::B::Y"), file.string() + ":3: ");
    EXPECT_TRUE(Parse({}).Free("attributes").empty());
    ExpectLine(Failure({"--attributes.=5"}), {"unknown key"});
}

TEST(OptionTable, RecordGivesTheSameValues)
{
    const TestFolder folder;
    const ScenarioValues values = Parse({"--seed=42",
                                         "--lora.tx_power_dbm=2.5",
                                         "--devices.name=some name",
                                         "--devices.times_s=",
                                         "--attributes.ns3::A::X=5"});
    std::ostringstream out;
    values.WriteIni(out);
    EXPECT_EQ(out.str(),
              "# test-program 1.2, seed 42, run 3\n"
              "# Every key as it was used; give this file with --scenario to repeat the run.\n"
              "seed = 42\n"
              "run = 3\n"
              "\n[lora]\n"
              "sf = auto\n"
              "tx_power_dbm = 2.5\n"
              "adr = false\n"
              "\n[devices]\n"
              "count = 10\n"
              "name = some name\n"
              "times_s =\n"
              "\n[scenario]\n"
              "name = plain\n"
              "\n[attributes]\n"
              "ns3::A::X = 5\n");
    const ScenarioValues again = Parse({"--scenario=" + folder.Write("a.ini", out.str()).string()});
    EXPECT_EQ(again.All(), values.All());
    std::ostringstream outAgain;
    again.WriteIni(outAgain);
    EXPECT_EQ(outAgain.str(), out.str());
}

TEST(OptionTable, GroupsHaveTheirOwnValues)
{
    OptionTable table = Table();
    table.AllowGroups("devices");
    const TestFolder folder;
    const auto file = folder.Write("a.ini",
                                   "[lora]\nsf = 7\n[group.near]\ndevices.count = 3\n"
                                   "[group.far-2]\nlora.sf = 12\n[devices]\nname = n\n");
    const ScenarioValues values = table.Parse(
        std::vector<std::string>{"--scenario=" + file.string(), "--group.near.devices.name=m"});
    const auto groups = values.Groups();
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].first, "near");
    EXPECT_EQ(groups[0].second.Int("devices.count"), 3);
    EXPECT_EQ(groups[0].second.Text("devices.name"), "m");
    EXPECT_EQ(groups[0].second.Text("lora.sf"), "7");
    EXPECT_TRUE(groups[0].second.IsGiven("devices.count"));
    EXPECT_EQ(groups[0].second.Where("devices.count"), file.string() + ":4: ");
    EXPECT_EQ(groups[0].second.Where("devices.name"), "command line: ");
    EXPECT_EQ(groups[1].second.Where("devices.name"), file.string() + ":8: ");
    EXPECT_EQ(groups[1].second.Where("devices.count"), "");
    EXPECT_EQ(groups[1].first, "far-2");
    EXPECT_EQ(groups[1].second.Int("devices.count"), 10);
    EXPECT_EQ(groups[1].second.Text("devices.name"), "n");
    EXPECT_EQ(groups[1].second.Text("lora.sf"), "12");
    EXPECT_EQ(values.Text("lora.sf"), "7") << "the scenario's own are as they were";

    // The record gives the same groups again.
    std::ostringstream out;
    values.WriteIni(out);
    EXPECT_NE(out.str().find("[group.near]\ndevices.count = 3\ndevices.name = m\n"),
              std::string::npos);
    const auto again = table.Parse(
        std::vector<std::string>{"--scenario=" + folder.Write("b.ini", out.str()).string()});
    EXPECT_EQ(again.All(), values.All());
    EXPECT_EQ(again.Groups().size(), 2U);

    // Without any there is one, which has no name.
    const auto single = table.Parse(std::vector<std::string>{"--lora.sf=12"}).Groups();
    ASSERT_EQ(single.size(), 1U);
    EXPECT_EQ(single[0].first, "");
    EXPECT_EQ(single[0].second.Text("lora.sf"), "12");

    const auto failure = [&](const std::string& argument) {
        return ErrorOf([&] { table.Parse(std::vector<std::string>{argument}); });
    };
    EXPECT_EQ(failure("--group.a.devices.cuont=3"),
              "command line: unknown key devices.cuont of group a; did you mean devices.count?");
    EXPECT_EQ(failure("--group.a.lora.adr=true"),
              "command line: lora.adr: is the same for all groups; give it outside [group.a]");
    EXPECT_EQ(failure("--group.a.devices.count=0"),
              "command line: devices.count = 0: has to be a whole number from 1 to 1000");
    EXPECT_EQ(failure("--group.A.devices.count=2"),
              "command line: group 'A': a name has lower-case letters, digits and '-', and is not "
              "all");
    // With a file the groups are its own: a misspelt one would be further devices.
    const auto inFile = [&](const std::string& argument) {
        return ErrorOf([&] {
            table.Parse(std::vector<std::string>{argument, "--scenario=" + file.string()});
        });
    };
    EXPECT_EQ(inFile("--group.naer.devices.count=2"),
              "command line: group.naer.devices.count: " + file.string() +
                  " has no group naer; did you mean near?");
    EXPECT_EQ(inFile("--group.everybody.devices.count=2"),
              "command line: group.everybody.devices.count: " + file.string() +
                  " has no group everybody; there are near, far-2");
    const auto plain = folder.Write("plain.ini", "seed = 2\n");
    EXPECT_EQ(ErrorOf([&] {
                  table.Parse(std::vector<std::string>{"--group.b.devices.count=2",
                                                       "--scenario=" + plain.string()});
              }),
              "command line: group.b.devices.count: " + plain.string() +
                  " has no group b; a section [group.b] begins one");
    EXPECT_EQ(table.Parse(std::vector<std::string>{"--group.b.devices.count=2"}).Groups()[0].first,
              "b");
    EXPECT_EQ(Failure({"--group.a.devices.count=2"}),
              "command line: group.a.devices.count: test-program knows no groups");
}

TEST(OptionTable, AKeyDeclaresWhatItIsFor)
{
    OptionTable table("p", "1", "s");
    table.AddSection("devices", "Devices", OptionTable::Scope::GROUP)
        .Add({Text("positions").NamesFile().Help("Places."),
              Integer("count").Default(1).Help("Number.")});
    table.AddSection("codec", "Codec")
        .Add({Text("model").SelectsFiles().Help("Weights."), Text("list").NamesFile().Help("L.")});
    const auto& options = table.Options();
    EXPECT_TRUE(options[0].forGroups);
    EXPECT_TRUE(options[0].selectsFiles) << "a file's name says which file is read";
    EXPECT_TRUE(options[1].forGroups);
    EXPECT_FALSE(options[1].selectsFiles);
    EXPECT_FALSE(options[2].forGroups);
    EXPECT_TRUE(options[2].selectsFiles);
    const auto values = table.Parse(std::vector<std::string>{});
    EXPECT_EQ(values.FileKeys(true), std::vector<std::string>{"devices.positions"});
    EXPECT_EQ(values.FileKeys(false), std::vector<std::string>{"codec.list"});
}

TEST(OptionTable, AKeyThatCountsNowhereIsWarnedOfOnTheCommandLine)
{
    OptionTable table("p", "1", "s");
    table.AllowGroups("devices").AddSection("codec", "Codec", OptionTable::Scope::GROUP);
    table.Add({Choice("name", {"a", "b", "c"}).Default("a").Help("Codec."),
               Integer("side").Default(1).OnlyWith("codec.name", {"b", "c"}).Help("Side.")});
    const auto warning = [&](const std::vector<std::string>& arguments) {
        const auto warnings = table.Parse(arguments).Warnings();
        return warnings.empty() ? std::string{} : warnings.front();
    };
    EXPECT_EQ(warning({"--codec.side=2"}),
              "command line: codec.side = 2: counts only with codec.name = b or c");
    EXPECT_EQ(warning({"--codec.side=2", "--codec.name=b"}), "");
    EXPECT_EQ(warning({"--codec.side=2", "--group.x.codec.name=c"}), "");
    EXPECT_EQ(warning({"--group.x.codec.side=2", "--group.y.codec.name=c"}),
              "command line: group.x.codec.side = 2: counts only with codec.name = b or c");
    // The record of a run has every key.
    const TestFolder folder;
    const auto file = folder.Write("a.ini", std::string("[codec]\nname = a\nside = 2\n"));
    EXPECT_EQ(warning({"--scenario=" + file.string()}), "");
}

TEST(OptionTable, DefaultsAreWrittenWithoutAnExponent)
{
    EXPECT_EQ(Real("a").Default(0.00000284).defaultValue, "0.00000284");
    EXPECT_EQ(Real("a").Default(3.76).defaultValue, "3.76");
    EXPECT_EQ(Real("a").Default(86400.0).defaultValue, "86400");
    EXPECT_EQ(Integer("a").Default(4294967295).defaultValue, "4294967295");
    EXPECT_EQ(Boolean("a").Default(true).defaultValue, "true");
    EXPECT_EQ(Text("a").Default("x").defaultValue, "x");
}

TEST(OptionTable, HelpHasEverything)
{
    EXPECT_TRUE(Parse({"--help"}).HelpWanted());
    EXPECT_TRUE(Parse({"-h"}).HelpWanted());
    // Also when the file is missing: somebody who asks for help gets it.
    EXPECT_TRUE(Parse({"--help", "--scenario=none.ini"}).HelpWanted());
    const OptionTable table = Table();
    std::ostringstream help;
    std::ostringstream markdown;
    table.PrintHelp(help);
    table.PrintMarkdown(markdown);
    for (const Option& option : table.Options())
    {
        for (const std::string& text : {help.str(), markdown.str()})
        {
            EXPECT_NE(text.find(option.key), std::string::npos) << option.key;
            EXPECT_NE(text.find(option.help), std::string::npos) << option.key;
        }
    }
    EXPECT_NE(help.str().find("--lora.tx_power_dbm=-20..16 dBm  [14]"), std::string::npos);
    EXPECT_NE(markdown.str().find("| `lora.sf` | choice | auto\\|7\\|12 |  | `auto` |"),
              std::string::npos);
}

TEST(OptionTable, MistakesInTheTableItself)
{
    OptionTable table("p", "1", "s");
    EXPECT_THROW(table.Add({Integer("a").Default(1).Range(0, 2).Help("")}), std::logic_error);
    table.AddSection("x", "X");
    EXPECT_THROW(table.Add({Integer("a").Default(3).Range(0, 2).Help("")}), std::logic_error);
    EXPECT_THROW(table.Add({Real("a").Default("one").Range(0, 2).Help("")}), std::logic_error);
    table.Add({Integer("a").Default(1).Range(0, 2).Help("")});
    EXPECT_THROW(table.Add({Integer("a").Default(1).Range(0, 2).Help("")}), std::logic_error);
    const ScenarioValues values = table.Parse(std::vector<std::string>{});
    EXPECT_THROW(values.Int("x.b"), std::logic_error);
    EXPECT_THROW(values.Bool("x.a"), std::logic_error);
    EXPECT_THROW(values.Reals("x.a"), std::logic_error);
}

/** Numbers have a point whatever the language of the user is. */
TEST(OptionTable, LanguageOfTheUserDoesNotMatter)
{
    struct Comma : std::numpunct<char>
    {
        char do_decimal_point() const override
        {
            return ',';
        }

        char do_thousands_sep() const override
        {
            return '.';
        }

        std::string do_grouping() const override
        {
            return "\3";
        }
    };

    const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
    const ScenarioValues values = Parse({"--lora.tx_power_dbm=2.5", "--devices.count=1000"});
    std::ostringstream out;
    values.WriteIni(out);
    std::locale::global(before);
    EXPECT_EQ(values.Real("lora.tx_power_dbm"), 2.5);
    EXPECT_NE(out.str().find("count = 1000\n"), std::string::npos);
}

} // namespace
} // namespace limitnet
