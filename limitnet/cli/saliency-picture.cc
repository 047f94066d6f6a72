// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/saliency-picture.h"

#include <opencv2/imgproc.hpp>

namespace limitnet
{

cv::Mat
SaliencyPicture(const SaliencyMap& map, cv::Size size)
{
    cv::Mat levels(MAP_SIDE, MAP_SIDE, CV_8UC1);
    for (int i = 0; i < MAP_CELLS; ++i)
    {
        levels.at<std::uint8_t>(i / MAP_SIDE, i % MAP_SIDE) =
            static_cast<std::uint8_t>(map.level[i] * 255 / (MAP_LEVELS - 1));
    }
    cv::Mat result;
    cv::resize(levels, result, size, 0, 0, cv::INTER_LINEAR);
    return result;
}

cv::Mat
SaliencyOverlay(const SaliencyMap& map, const cv::Mat& picture)
{
    cv::Mat grey;
    cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
    cv::cvtColor(grey, grey, cv::COLOR_GRAY2BGR);
    cv::Mat colours;
    cv::applyColorMap(SaliencyPicture(map, picture.size()), colours, cv::COLORMAP_VIRIDIS);
    cv::Mat result;
    cv::addWeighted(grey, 0.4, colours, 0.6, 0, result);
    return result;
}

} // namespace limitnet
