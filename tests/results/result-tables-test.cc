// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/result-tables.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sstream>

namespace limitnet
{
namespace
{

/** With LIMITNET_UPDATE_DOCS set, the test writes the page instead of comparing it. */
TEST(ResultTables, PageIsWhatTheTablesSay)
{
    std::ostringstream page;
    PrintTablesMarkdown(page);
    const std::filesystem::path file =
        std::filesystem::path(LIMITNET_TEST_SOURCE_DIR) / "docs/csv.md";
    if (std::getenv("LIMITNET_UPDATE_DOCS"))
    {
        std::ofstream(file) << page.str();
    }
    EXPECT_EQ(ReadText(file), page.str())
        << "docs/csv.md is out of date: run this test with LIMITNET_UPDATE_DOCS=1";
}

TEST(ResultTables, ColumnsHaveTheirUnitLast)
{
    const std::map<std::string, std::string> endings = {{"s", "_s"},
                                                        {"m", "_m"},
                                                        {"dB", "_db"},
                                                        {"Hz", "_hz"},
                                                        {"J", "_j"},
                                                        {"byte", "bytes"},
                                                        {"%", "_percent"},
                                                        {"d", "_days"},
                                                        {"dBm", "_dbm"},
                                                        {"pixel", "_px"}};
    for (const ResultTable* table : AllTables())
    {
        std::set<std::string> names;
        for (const Column& column : table->columns)
        {
            EXPECT_TRUE(names.insert(column.name).second) << column.name;
            EXPECT_EQ(column.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
                      std::string::npos)
                << column.name;
            EXPECT_FALSE(column.meaning.empty());
            EXPECT_EQ(column.meaning.find('|'), std::string::npos);
            if (!column.unit.empty())
            {
                const std::string ending = endings.at(column.unit);
                ASSERT_GE(column.name.size(), ending.size());
                EXPECT_EQ(column.name.substr(column.name.size() - ending.size()), ending);
            }
        }
        EXPECT_EQ(table->Names().size(), table->columns.size());
    }
}

TEST(ResultTables, AccuracyRows)
{
    const TestFolder folder;
    AccuracyCurve curve;
    curve.AddImage(5, {{1, true}});
    curve.AddImage(100, {});
    CsvWriter csv(folder.Path() / "accuracy.csv", AccuracyTable().Names());
    AddAccuracyRows(csv, "sf7", curve.At({0.5, 1, 6, 200}));
    csv.Close();
    // The Wilson interval of 1 of 2 is 0.5 -+ z / (2 sqrt(2 + z^2)), that of 0 of n ends at z^2 /
    // (n + z^2).
    EXPECT_EQ(ReadText(folder.Path() / "accuracy.csv"),
              "group,elapsed_s,images_counted,images_not_observed,correct,accuracy,wilson_low,"
              "wilson_high\n"
              "sf7,0.5,2,0,0,0.000000,0.000000,0.657620\n"
              "sf7,1,2,0,1,0.500000,0.094531,0.905469\n"
              "sf7,6,1,1,0,0.000000,0.000000,0.793451\n"
              "sf7,200,0,2,0,,0.000000,1.000000\n");
}

} // namespace
} // namespace limitnet
