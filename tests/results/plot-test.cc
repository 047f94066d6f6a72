// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-file.h"
#include "limitnet/results/plot.h"
#include "limitnet/results/result-tables.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sstream>

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
    std::map<std::string, AccuracyCurve> curves;
    for (int i = 0; i < 50; ++i)
    {
        for (const char* group : {"all", i % 2 == 0 ? "sf7" : "sf12"})
        {
            curves[group].AddImage(100, {{static_cast<double>(i), i % 5 != 0}});
        }
    }
    const auto file = folder.Path() / "accuracy.csv";
    CsvWriter csv(file, AccuracyTable().Names());
    for (const char* group : {"all", "sf7", "sf12"})
    {
        AddAccuracyRows(csv, group, curves[group].At(CurveTimes({}, 1, 120)));
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
    EXPECT_EQ(ReadText(options.errorFile), "error: /no: no such folder\n");

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

TEST(PlotSweep, DrawsAPanelForEachValueOfTheSecondKey)
{
    if (!HasMatplotlib())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no matplotlib: install python3-matplotlib";
    }
    const TestFolder folder;
    std::string table = "lora.sf,lora.extra_loss,run,group,elapsed_s,images_counted,correct\n";
    for (const char* sf : {"7", "9", "12"})
    {
        for (const char* loss : {"0", "0.1", "0.5"})
        {
            for (const char* run : {"1", "2"})
            {
                for (const char* time : {"10", "100", "1000"})
                {
                    table += std::string(sf) + ',' + loss + ',' + run + ",all," + time + ",20,10\n";
                }
            }
        }
    }
    folder.Write("accuracy.csv", table);
    const std::string script =
        (std::filesystem::path(LIMITNET_TEST_SOURCE_DIR) / "analysis/plot-sweep.py").string();
    ProcessOptions options;
    options.errorFile = folder.Path() / "err";
    const auto draw = [&](std::vector<std::string> arguments) {
        const auto picture = folder.Path() / "sweep.png";
        std::filesystem::remove(picture);
        arguments.insert(
            arguments.begin(),
            {"/usr/bin/python3", script, folder.Path().string(), "--output=" + picture.string()});
        const auto result = RunProcess(arguments, options);
        EXPECT_EQ(result.Ok(), std::filesystem::exists(picture));
        return result.Ok() ? ReadImage(picture).width : 0;
    };
    // 3.6 inches of 150 dots a panel, 7.2 at the least.
    EXPECT_EQ(draw({}), 3 * 540);
    EXPECT_EQ(draw({"--where=lora.sf=9"}), 1080);
    EXPECT_EQ(draw({"--by=lora.extra_loss", "--columns=lora.sf"}), 3 * 540);
    EXPECT_EQ(draw({"--where=lora.sf=8"}), 0);
    EXPECT_EQ(ReadText(options.errorFile).find("error: --where lora.sf=8: "), 0U);
    EXPECT_EQ(draw({"--by=lora.power"}), 0);
    EXPECT_EQ(ReadText(options.errorFile),
              "error: lora.power is not swept; these are: lora.sf, lora.extra_loss\n");
}

TEST(CompareRuns, PairsImagesAndGivesThePublishedInterval)
{
    // Right in both 36, in the first only 12, in the second only 2, in neither 0: Newcombe 1998
    // gives the difference 0.2 and, by his method 10, 0.0569 to 0.3404.
    const TestFolder folder;
    const auto write = [&](const std::string& name, int from, int until) {
        std::string images = "device,image,dataset_index,label,fragments,captured_s,observed_s\n";
        std::string fragments = "device,image,fragment,arrived_s,correct\n";
        for (int i = 0; i < 50; ++i)
        {
            const auto number = std::to_string(i);
            images += "0," + number + ',' + number + ",3,2,100,1000\n";
            // First wrong, then right or not.
            fragments += "0," + number + ",0,105,0\n";
            fragments += "0," + number + ",1,120," + (i >= from && i < until ? "1" : "0") + '\n';
        }
        folder.Write(name + "/images.csv", images);
        folder.Write(name + "/fragments.csv", fragments);
        folder.Write(name + "/accuracy.csv", std::string("group,elapsed_s\nall,10\nall,500\n"));
        return (folder.Path() / name).string();
    };
    const std::string script =
        (std::filesystem::path(LIMITNET_TEST_SOURCE_DIR) / "analysis/compare-runs.py").string();
    ProcessOptions options;
    options.outputFile = folder.Path() / "out";
    options.errorFile = folder.Path() / "err";
    const auto a = write("a", 0, 48);
    const auto b = write("b", 12, 50);
    ASSERT_TRUE(RunProcess({"/usr/bin/python3", script, a, b}, options).Ok())
        << ReadText(options.errorFile);
    EXPECT_EQ(
        ReadText(options.outputFile),
        "elapsed_s,images,accuracy_a,accuracy_b,only_a_right,only_b_right,difference,low,high\n"
        "10,50,0.0000,0.0000,0,0,0.0000,-0.0713,0.0713\n"
        "500,50,0.9600,0.7600,12,2,0.2000,0.0569,0.3404\n");
    folder.Write("b/images.csv",
                 std::string("device,image,dataset_index,label,fragments,captured_s,observed_s\n"
                             "0,0,7,3,2,100,1000\n"));
    folder.Write(
        "b/fragments.csv",
        std::string("device,image,fragment,arrived_s,correct\n0,0,0,105,0\n0,0,1,120,1\n"));
    EXPECT_EQ(RunProcess({"/usr/bin/python3", script, a, b}, options).exitCode, 1);
    ExpectLine(ReadText(options.errorFile).substr(0, ReadText(options.errorFile).size() - 1),
               {"error: ", "other pictures", "image 0 is 0 "});
}

TEST(PlotTraining, DrawsAPanelForEachKindOfColumn)
{
    if (!HasMatplotlib())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no matplotlib: install python3-matplotlib";
    }
    const TestFolder folder;
    const auto width = [&](const std::string& columns, const std::string& values) {
        std::string log = "step,loss" + columns + '\n';
        for (int step = 100; step <= 500; step += 100)
        {
            log += std::to_string(step) + ",0.5" + values + '\n';
        }
        const auto csv = folder.Write("x.pt.csv", log);
        const auto picture = folder.Path() / "x.pt.png";
        const auto result = PlotTraining(csv, picture, "a test");
        EXPECT_TRUE(result.done) << result.reason;
        return ReadImage(picture).width;
    };
    const auto loss = width("", "");
    const auto one = width(",clean_top1_percent", ",70");
    const auto three =
        width(",small_p0.1_psnr_db,large_p0.1_psnr_db,ecssd_saliency_iou", ",20,18,0.5");
    // 3.8 inches of 150 dots a panel.
    EXPECT_EQ(one - loss, 570);
    EXPECT_EQ(three - loss, 3 * 570);

    const auto other = folder.Write("other.csv", std::string("a,b\n1,2\n"));
    ExpectLine(PlotTraining(other, folder.Path() / "y.png", "").reason, {"other.csv", "step"});
    EXPECT_FALSE(std::filesystem::exists(folder.Path() / "y.png"));
}

std::filesystem::path
WriteEvaluation(const TestFolder& folder, bool withClassifier)
{
    const auto file = folder.Path() / "eval.csv";
    CsvWriter csv(file, EvaluationTable().Names());
    for (int p = 10; p <= 100; p += 10)
    {
        csv.Add(p)
            .AddEmpty()
            .Add(94 * p)
            .Add(200)
            .Add(36.0 * p, 2)
            .Add(20 + 0.1 * p, 3)
            .Add(0.9, 5);
        csv.Add(40.0 * p, 2).Add(40.0 * p + 40, 2).Add(19 + 0.1 * p, 3).AddEmpty();
        for (int k = 0; k < 5; ++k)
        {
            withClassifier ? csv.Add(0.4 + 0.004 * p, 5) : csv.AddEmpty();
        }
        csv.EndRow();
    }
    csv.Close();
    return file;
}

/** \return how many pixels of a picture have a colour. */
int
CountColour(const std::filesystem::path& file, int colour)
{
    const Image image = ReadImage(file);
    int count = 0;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
    {
        count += (image.rgb[i] << 16 | image.rgb[i + 1] << 8 | image.rgb[i + 2]) == colour ? 1 : 0;
    }
    return count;
}

TEST(PlotEvaluation, DrawsPublishedResultsWhereThereAreAny)
{
    if (!HasMatplotlib())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no matplotlib: install python3-matplotlib";
    }
    constexpr int VERMILION = 0xD55E00; // the published curve, and nothing else
    const TestFolder folder;
    const auto csv = WriteEvaluation(folder, true);
    const auto picture = folder.Path() / "eval.png";
    for (const auto& [dataset, published] :
         {std::pair{"cifar100", true}, {"imagenet", true}, {"cifar10", false}})
    {
        const PlotResult result = PlotEvaluation(csv, picture, "a test", dataset);
        EXPECT_TRUE(result.done) << result.reason;
        EXPECT_EQ(CountColour(picture, VERMILION) > 100, published) << dataset;
        EXPECT_GT(CountColour(picture, 0x000000), 1000);
    }
    const int wide = ReadImage(picture).width;
    // Without a classifier, there is PSNR alone, and no accuracy to draw published ones beside.
    const PlotResult result =
        PlotEvaluation(WriteEvaluation(folder, false), picture, "a test", "cifar100");
    EXPECT_TRUE(result.done) << result.reason;
    EXPECT_LT(ReadImage(picture).width, wide);
    EXPECT_EQ(CountColour(picture, VERMILION), 0);
    EXPECT_EQ(NamesIn(folder.Path()).size(), 2U);
}

TEST(PlotEvaluation, SaysWhyNot)
{
    if (!HasMatplotlib())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no matplotlib: install python3-matplotlib";
    }
    const TestFolder folder;
    const auto picture = folder.Path() / "eval.png";
    ExpectLine(PlotEvaluation(folder.Path() / "none.csv", picture, "", "").reason, {"none.csv"});
    const auto other = folder.Write("other.csv", std::string("a,b\n1,2\n"));
    ExpectLine(PlotEvaluation(other, picture, "", "").reason, {"other.csv", "p_percent"});
    const auto csv = WriteEvaluation(folder, true);
    EXPECT_FALSE(PlotEvaluation(csv, folder.Path() / "none/eval.png", "", "").done);
    EXPECT_EQ(NamesIn(folder.Path()).size(), 2U);
}

/** The figures that are drawn beside are facts of another work: each row says of which. */
TEST(PlotEvaluation, PublishedResultsHaveASource)
{
    std::istringstream in(ReadText(std::filesystem::path(LIMITNET_TEST_SOURCE_DIR) /
                                   "analysis/published-results.csv"));
    std::string line;
    std::getline(in, line);
    EXPECT_EQ(line, "dataset,system,p_percent,size_kib,top1_percent,source");
    int rows = 0;
    for (; std::getline(in, line); ++rows)
    {
        EXPECT_EQ(std::count(line.begin(), line.end(), ','), 5) << line;
        EXPECT_NE(line.find("github.com/ds-kiel/LimitNet"), std::string::npos) << line;
    }
    EXPECT_EQ(rows, 9 + 8);
}

} // namespace
} // namespace limitnet
