// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TESTS_CLI_PROGRAM_H
#define LIMITNET_TESTS_CLI_PROGRAM_H

#include "limitnet/data/lim-file.h"
#include "tests/cli/run-command.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

namespace limitnet
{

/** Runs `limitnet ARGUMENTS` as a user does. */
inline ProgramRun
RunLimitnet(const std::vector<std::string>& arguments)
{
    std::vector<std::string> command = {std::string(LIMITNET_TEST_BIN_DIR) + "/limitnet"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return RunCommand(command);
}

/** The run has to succeed and to leave standard error, which is no terminal here, empty. */
inline std::string
RunWell(const std::vector<std::string>& arguments)
{
    const auto run = RunLimitnet(arguments);
    EXPECT_EQ(run.exitCode, 0) << run.err;
    EXPECT_EQ(run.err, "");
    return run.out;
}

/** The run has to end with exit status 1 and one line that has some words in it. */
inline void
RunBadly(const std::vector<std::string>& arguments, const std::vector<std::string>& words)
{
    const auto run = RunLimitnet(arguments);
    EXPECT_EQ(run.exitCode, 1) << run.out;
    EXPECT_EQ(run.err.rfind("error: ", 0), 0U) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    for (const auto& word : words)
    {
        EXPECT_NE(run.err.find(word), std::string::npos) << "no '" << word << "' in: " << run.err;
    }
}

/** A picture with some structure, blue first: coloured waves and a bright disc. */
inline cv::Mat
TestPicture(int width, int height, double phase = 0)
{
    cv::Mat picture(height, width, CV_8UC3);
    for (int y = 0; y < height; ++y)
    {
        for (int x = 0; x < width; ++x)
        {
            const double u = 9.0 * x / width + phase;
            const double v = 9.0 * y / height;
            const bool disc = std::hypot(x - width * 0.6, y - height * 0.4) < 0.2 * width;
            picture.at<cv::Vec3b>(y, x) =
                cv::Vec3b(static_cast<std::uint8_t>(127 + 100 * std::sin(u)),
                          static_cast<std::uint8_t>(127 + 100 * std::cos(u + v)),
                          disc ? 250 : static_cast<std::uint8_t>(90 + 60 * std::sin(v)));
        }
    }
    return picture;
}

/** Writes a picture by OpenCV, in the format of the name's ending. \return its path. */
inline std::string
WriteMat(const TestFolder& folder,
         const std::string& name,
         const cv::Mat& picture,
         const std::vector<int>& parameters = {})
{
    const auto path = (folder.Path() / name).string();
    EXPECT_TRUE(cv::imwrite(path, picture, parameters)) << path;
    return path;
}

/** Encodes one picture. \return its fragments. */
inline std::vector<Bytes>
FragmentsOf(const std::string& picture)
{
    const TestFolder folder;
    const auto file = (folder.Path() / "x.lim").string();
    RunWell({"encode", picture, "-o", file, "--percentage=30"});
    const auto lim = ReadLimFile(file);
    EXPECT_EQ(lim.pictures.size(), 1U);
    return lim.pictures.at(0).fragments;
}

/** \return 10 log10(255^2 / mean squared difference) of two pictures of one size, dB. */
inline double
MatPsnrDb(const cv::Mat& a, const cv::Mat& b)
{
    EXPECT_EQ(a.size(), b.size());
    return 20 * std::log10(255.0 * std::sqrt(static_cast<double>(a.total() * 3)) /
                           cv::norm(a, b, cv::NORM_L2));
}

} // namespace limitnet

#endif // LIMITNET_TESTS_CLI_PROGRAM_H
