// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/lorawan-cell-options.h"
#include "limitnet/scenario/offloading-options.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <map>
#include <sstream>

namespace limitnet
{
namespace
{

/** With LIMITNET_UPDATE_DOCS set, the test writes the page instead of comparing it. */
void
ExpectPage(const OptionTable& table, const std::string& name)
{
    std::ostringstream page;
    table.PrintMarkdown(page);
    const std::filesystem::path file =
        std::filesystem::path(LIMITNET_TEST_SOURCE_DIR) / "docs" / name;
    if (std::getenv("LIMITNET_UPDATE_DOCS"))
    {
        std::ofstream(file) << page.str();
    }
    EXPECT_EQ(ReadText(file), page.str())
        << name << " is out of date: run this test with LIMITNET_UPDATE_DOCS=1";
}

TEST(OffloadingOptions, PageIsWhatTheTableSays)
{
    ExpectPage(OffloadingOptions("lora", "any"), "scenario.md");
    ExpectPage(OffloadingOptions("nbiot", "any"), "nbiot-scenario.md");
    ExpectPage(OffloadingOptions("mixed", "any"), "mixed-scenario.md");
}

TEST(LorawanCellOptions, PageIsWhatTheTableSays)
{
    ExpectPage(LorawanCellOptions("any"), "lorawan-cell.md");
}

TEST(OffloadingOptions, KeysHaveTheirUnitLast)
{
    const std::map<std::string, std::string> endings = {{"s", "_s"},
                                                        {"m", "_m"},
                                                        {"dB", "_db"},
                                                        {"dBm", "_dbm"},
                                                        {"%", "_percent"},
                                                        {"bytes", "_bytes"},
                                                        {"J", "_j"},
                                                        {"W", "_w"},
                                                        {"MiB", "_mib"},
                                                        {"m/s", "_m_s"},
                                                        {"1/d", "_per_day"},
                                                        {"px", "_px"}};
    std::vector<Option> options = OffloadingOptions("mixed", "any").Options();
    const OptionTable cell = LorawanCellOptions("any");
    options.insert(options.end(), cell.Options().begin(), cell.Options().end());
    for (const Option& option : options)
    {
        EXPECT_EQ(option.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."),
                  std::string::npos)
            << option.key;
        EXPECT_FALSE(option.help.empty()) << option.key;
        if (!option.unit.empty())
        {
            const std::string ending = endings.at(option.unit);
            ASSERT_GT(option.key.size(), ending.size());
            EXPECT_EQ(option.key.substr(option.key.size() - ending.size()), ending);
        }
    }
}

TEST(OffloadingOptions, RecordOfDefaultsIsAScenarioFile)
{
    const TestFolder folder;
    const OptionTable table = OffloadingOptions("lora", "any");
    const ScenarioValues values = table.Parse(std::vector<std::string>{});
    std::ostringstream out;
    values.WriteIni(out);
    const auto file = folder.Write("scenario.ini", out.str());
    EXPECT_EQ(table.Parse(std::vector<std::string>{"--scenario=" + file.string()}).All(),
              values.All());
}

} // namespace
} // namespace limitnet
