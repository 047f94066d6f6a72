// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_SALIENCY_PICTURE_H
#define LIMITNET_CLI_SALIENCY_PICTURE_H

#include "limitnet/codec/saliency-map.h"

#include <opencv2/core.hpp>

namespace limitnet
{

/** \return the map as it was sent, enlarged smoothly: grey, white is most salient. */
cv::Mat SaliencyPicture(const SaliencyMap& map, cv::Size size);

/** \return the picture in grey with the map in colours over it: yellow is most salient. */
cv::Mat SaliencyOverlay(const SaliencyMap& map, const cv::Mat& picture);

} // namespace limitnet

#endif // LIMITNET_CLI_SALIENCY_PICTURE_H
