// SPDX-License-Identifier: GPL-2.0-only
#include "tests/cli/program.h"

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <sstream>

namespace limitnet
{
namespace
{

TEST(Demo, WritesThreePictures)
{
    const TestFolder folder;
    const auto picture = WriteMat(folder, "cat.png", TestPicture(160, 120));
    const auto out = folder.Path() / "deep/out";
    const auto text = RunWell(
        {"demo", "--image", picture, "--percentage=35", "-o", out.string(), "--classifier=none"});
    EXPECT_NE(text.find("no predictions"), std::string::npos) << text;
    EXPECT_EQ(NamesIn(out).size(), 3U);
    EXPECT_EQ(cv::imread((out / "cat-saliency.png").string()).size(), cv::Size(160, 120));

    // The reconstruction is what encode and decode give.
    const auto lim = (folder.Path() / "x.lim").string();
    const auto decoded = (folder.Path() / "x.png").string();
    RunWell({"encode", picture, "-o", lim, "-p", "35"});
    RunWell({"decode", lim, "-o", decoded});
    EXPECT_EQ(ReadText(out / "cat-reconstruction.png"), ReadText(decoded));

    // On the sheet: the percentage asked for among others, the original, and its frame in blue.
    EXPECT_NE(text.find(">     35"), std::string::npos) << text;
    EXPECT_NE(text.find("    100"), std::string::npos) << text;
    const auto sheet = cv::imread((out / "cat-sheet.png").string());
    EXPECT_GT(sheet.cols, 1500);
    EXPECT_GT(sheet.rows, 700);
    cv::Mat found;
    cv::inRange(sheet, cv::Scalar(178, 114, 0), cv::Scalar(178, 114, 0), found);
    EXPECT_GT(cv::countNonZero(found), 2000);
    // Its margins are white.
    for (const auto& margin : {sheet.colRange(0, 20), sheet.rowRange(0, 20)})
    {
        EXPECT_EQ(cv::norm(margin, cv::Mat(margin.size(), CV_8UC3, cv::Scalar::all(255))), 0);
    }
    // The original is on it: 380 x 380 pixels in area, 4:3.
    cv::Mat small;
    cv::resize(cv::imread(picture), small, cv::Size(439, 329), 0, 0, cv::INTER_LINEAR);
    cv::Mat match;
    cv::matchTemplate(sheet, small, match, cv::TM_SQDIFF_NORMED);
    double least = 1;
    cv::minMaxLoc(match, &least);
    EXPECT_LT(least, 1e-3);
}

TEST(Demo, ShowsNoMapOfACodecThatSendsNone)
{
    const TestFolder folder;
    const auto picture = WriteMat(folder, "cat.png", TestPicture(160, 120));
    const auto out = folder.Path() / "out";
    const auto text = RunWell(
        {"demo", picture, "-p20", "-o", out.string(), "--model=starfish-224", "--classifier=none"});
    EXPECT_NE(text.find("no saliency map"), std::string::npos) << text;
    auto names = NamesIn(out);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"cat-reconstruction.png", "cat-sheet.png"}));
    const auto lim = (folder.Path() / "x.lim").string();
    const auto decoded = (folder.Path() / "x.png").string();
    RunWell({"encode", picture, "-o", lim, "-p20", "--model=starfish-224"});
    RunWell({"decode", lim, "-o", decoded});
    EXPECT_EQ(ReadText(out / "cat-reconstruction.png"), ReadText(decoded));
}

TEST(Demo, NamesPredictions)
{
    const TestFolder folder;
    const auto picture = WriteMat(folder, "\xC3\xA4.png", TestPicture(20, 300));
    const auto text = RunWell({"demo",
                               picture,
                               "-o",
                               folder.Path().string(),
                               "--bytes=500",
                               "--classifier=cifar10",
                               "--data",
                               folder.Path().string()});
    // The data set is not there, so classes have numbers.
    EXPECT_NE(text.find("class "), std::string::npos) << text;
    EXPECT_TRUE(std::filesystem::exists(folder.Path() / "\xC3\xA4-sheet.png"));
}

TEST(Demo, BadArgumentsGetOneLine)
{
    const TestFolder folder;
    const auto picture = WriteMat(folder, "cat.png", TestPicture(16, 12));
    const auto out = folder.Path() / "out";
    RunBadly({"demo", "-o", out.string()}, {"image"});
    RunBadly({"demo", picture}, {"output"});
    RunBadly({"demo", picture, "-o", picture}, {"cat.png"});
    RunBadly({"demo", picture, "-o", out.string(), "-p", "101"}, {"--percentage=101"});
    RunBadly({"demo", picture, "-o", out.string(), "--classifier=nothing"}, {"nothing"});
    RunBadly({"demo", (folder.Path() / "dog.png").string(), "-o", out.string()}, {"dog.png"});
    EXPECT_FALSE(std::filesystem::exists(out));
}

/** Makes a small video by OpenCV. */
std::string
WriteVideo(const TestFolder& folder, const std::string& name, int fourCc, double rate, int frames)
{
    const auto path = (folder.Path() / name).string();
    cv::VideoWriter writer(path, fourCc, rate, cv::Size(64, 48));
    EXPECT_TRUE(writer.isOpened());
    for (int i = 0; i < frames; ++i)
    {
        writer.write(TestPicture(64, 48, 0.3 * i));
    }
    return path;
}

std::vector<cv::Mat>
FramesOf(const std::string& path, double& rate)
{
    cv::VideoCapture capture(path);
    EXPECT_TRUE(capture.isOpened()) << path;
    rate = capture.get(cv::CAP_PROP_FPS);
    std::vector<cv::Mat> frames;
    for (cv::Mat frame; capture.read(frame);)
    {
        frames.push_back(frame.clone());
    }
    return frames;
}

TEST(Video, KeepsRateAndFramesAndSaysTheirBytes)
{
    const TestFolder folder;
    const auto in =
        WriteVideo(folder, "in.avi", cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 12.5, 5);
    for (const char* name : {"out.avi", "out.mp4", "out.mkv"})
    {
        const auto out = (folder.Path() / name).string();
        RunWell({"video", "--in", in, "--out", out, "--bytes", "400", "--saliency"});
        double rate = 0;
        const auto frames = FramesOf(out, rate);
        EXPECT_NEAR(rate, 12.5, 0.01) << name;
        ASSERT_EQ(frames.size(), 5U) << name;
        EXPECT_EQ(frames[0].size(), cv::Size(128, 48)) << name;

        std::istringstream csv(ReadText(std::filesystem::path(out).replace_extension(".csv")));
        std::string line;
        std::getline(csv, line);
        EXPECT_EQ(line, "frame,time_s,fragments,size_bytes,values,psnr_db");
        for (int i = 0; i < 5; ++i)
        {
            std::getline(csv, line);
            int frame = -1;
            double time = -1;
            int fragments = 0;
            int bytes = 0;
            ASSERT_EQ(std::sscanf(line.c_str(), "%d,%lf,%d,%d", &frame, &time, &fragments, &bytes),
                      4)
                << line;
            EXPECT_EQ(frame, i);
            EXPECT_NEAR(time, i / 12.5, 1e-4);
            EXPECT_GE(fragments, 2);
            EXPECT_LE(bytes, 400);
            EXPECT_GT(bytes, 394);
        }
        EXPECT_FALSE(std::getline(csv, line));
    }
    // The input, three videos, and out.csv, which each run replaced.
    EXPECT_EQ(NamesIn(folder.Path()).size(), 5U);
}

TEST(Video, ShowsWhatTheCloudSees)
{
    const TestFolder folder;
    const auto in =
        WriteVideo(folder, "in.avi", cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 30, 2);
    const auto out = (folder.Path() / "out.avi").string();
    const auto csv = (folder.Path() / "bytes.csv").string();
    const auto text = RunWell({"video", "--in", in, "--out", out, "--percentage=50", "--csv", csv});
    EXPECT_NE(text.find("2 frames of 64 x 48"), std::string::npos) << text;
    double rate = 0;
    const auto before = FramesOf(in, rate);
    const auto after = FramesOf(out, rate);
    ASSERT_EQ(after.size(), 2U);
    EXPECT_NEAR(rate, 30, 0.01);
    for (std::size_t i = 0; i < 2; ++i)
    {
        ASSERT_EQ(after[i].size(), cv::Size(64, 48));
        // The frame as encode and decode give it; the rest is Motion JPEG's loss.
        const auto lim = (folder.Path() / "x.lim").string();
        const auto decoded = (folder.Path() / "x.png").string();
        RunWell({"encode", WriteMat(folder, "frame.png", before[i]), "-o", lim, "-p", "50"});
        RunWell({"decode", lim, "-o", decoded});
        EXPECT_GT(MatPsnrDb(after[i], cv::imread(decoded)), 27);
    }
    EXPECT_TRUE(std::filesystem::exists(csv));
}

TEST(Video, BadArgumentsGetOneLine)
{
    const TestFolder folder;
    const auto out = (folder.Path() / "out.avi").string();
    const auto in = WriteVideo(folder, "in.avi", cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 5, 1);
    RunBadly({"video", "--out", out}, {"in"});
    RunBadly({"video", "--in", (folder.Path() / "no.avi").string(), "--out", out}, {"no.avi"});
    RunBadly(
        {"video", "--in", folder.Write("text.avi", std::string("hello")).string(), "--out", out},
        {"text.avi"});
    const auto half = ReadText(in).substr(0, 300);
    RunBadly({"video", "--in", folder.Write("half.mp4", half).string(), "--out", out},
             {"half.mp4"});
    RunBadly({"video", "--in", in, "--out", (folder.Path() / "out.xyz").string()},
             {"out.xyz", ".mp4"});
    RunBadly({"video", "--in", in, "--out", (folder.Path() / "no/out.avi").string()},
             {"no/out.avi"});
    RunBadly({"video", "--in", in, "--out", out, "--bytes=7"}, {"--bytes=7", "frame 0"});
    RunBadly({"video", "--in", in, "--out", out, "--model=starfish-224", "--saliency"},
             {"--saliency", "starfish-224"});
    EXPECT_FALSE(std::filesystem::exists(out));
    EXPECT_EQ(NamesIn(folder.Path()).size(), 3U);
}

} // namespace
} // namespace limitnet
