// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-file.h"
#include "limitnet/results/plot.h"
#include "limitnet/results/result-tables.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <set>

namespace limitnet
{
namespace
{

bool
HasMatplotlib()
{
    return RunProcess({"/usr/bin/python3", "-c", "import matplotlib"}).Ok();
}

std::filesystem::path
WriteCurve(const TestFolder& folder)
{
    AccuracyCurve curve;
    for (int i = 0; i < 50; ++i)
    {
        curve.AddImage(100, {{static_cast<double>(i), i % 5 != 0}});
    }
    const auto file = folder.Path() / "accuracy.csv";
    CsvWriter csv(file, AccuracyTable().Names());
    for (const char* group : {"all", "sf7", "sf12"})
    {
        AddAccuracyRows(csv, group, curve.At(CurveTimes({}, 1, 120)));
    }
    csv.Close();
    return file;
}

TEST(PlotAccuracy, DrawsAPicture)
{
    if (!HasMatplotlib())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no matplotlib: install python3-matplotlib";
    }
    const TestFolder folder;
    const auto csv = WriteCurve(folder);
    const PlotResult result = PlotAccuracy(csv, folder.Path() / "accuracy.png", "a test");
    EXPECT_TRUE(result.done) << result.reason;
    const Image image = ReadImage(folder.Path() / "accuracy.png");
    EXPECT_GT(image.width, 500);
    EXPECT_GT(image.height, 300);
    // The colours of the three curves are in it: black, blue, vermilion.
    std::set<int> colours;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
    {
        colours.insert(image.rgb[i] << 16 | image.rgb[i + 1] << 8 | image.rgb[i + 2]);
    }
    EXPECT_EQ(colours.count(0x000000), 1U);
    EXPECT_EQ(colours.count(0x0072B2), 1U);
    EXPECT_EQ(colours.count(0xD55E00), 1U);
    EXPECT_EQ(NamesIn(folder.Path()).size(), 2U);
}

TEST(PlotAccuracy, SaysWhyNot)
{
    if (!HasMatplotlib())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no matplotlib: install python3-matplotlib";
    }
    const TestFolder folder;
    const auto picture = folder.Path() / "accuracy.png";
    const PlotResult missing = PlotAccuracy(folder.Path() / "none.csv", picture, "");
    EXPECT_FALSE(missing.done);
    ExpectLine(missing.reason, {"none.csv"});
    const auto other = folder.Write("other.csv", std::string("a,b\n1,2\n"));
    ExpectLine(PlotAccuracy(other, picture, "").reason, {"other.csv", "group"});
    const auto empty = folder.Write("empty.csv", std::string());
    ExpectLine(PlotAccuracy(empty, picture, "").reason, {"empty.csv"});
    const auto csv = WriteCurve(folder);
    EXPECT_FALSE(PlotAccuracy(csv, folder.Path() / "none/accuracy.png", "").done);
    EXPECT_FALSE(std::filesystem::exists(picture));
    EXPECT_EQ(NamesIn(folder.Path()).size(), 3U);
}

TEST(PlotAccuracy, ScriptHasHelpAndClearErrors)
{
    if (!HasMatplotlib())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no matplotlib: install python3-matplotlib";
    }
    const TestFolder folder;
    const std::string script =
        (std::filesystem::path(LIMITNET_TEST_SOURCE_DIR) / "analysis/plot-accuracy.py").string();
    ProcessOptions options;
    options.outputFile = folder.Path() / "out";
    options.errorFile = folder.Path() / "err";
    EXPECT_TRUE(RunProcess({"/usr/bin/python3", script, "--help"}, options).Ok());
    EXPECT_NE(ReadText(options.outputFile).find("--output"), std::string::npos);
    EXPECT_EQ(RunProcess({"/usr/bin/python3", script, "/no/such.csv"}, options).exitCode, 1);
    EXPECT_EQ(ReadText(options.errorFile), "error: /no/such.csv: No such file or directory\n");

    const auto csv = WriteCurve(folder).string();
    EXPECT_TRUE(RunProcess({"/usr/bin/python3",
                            script,
                            csv,
                            csv,
                            "--labels",
                            "one",
                            "two",
                            "--time-axis=log",
                            "--output",
                            (folder.Path() / "two.svg").string()},
                           options)
                    .Ok())
        << ReadText(options.errorFile);
    EXPECT_TRUE(std::filesystem::exists(folder.Path() / "two.svg"));
}

} // namespace
} // namespace limitnet
