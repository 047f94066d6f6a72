// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_PICTURE_RESIZE_H
#define LIMITNET_CODEC_PICTURE_RESIZE_H

#include "limitnet/codec/image.h"

namespace limitnet
{

/// Most pixels on a side that ResizePicture takes: its sums fit 64 bits up to there.
constexpr int MAX_RESIZE_SIDE = 65535;

/**
 * A picture as the camera of the device would have taken it: resized to a square without keeping
 * its aspect ratio, bilinear, with antialiasing where it shrinks. The same rule as
 * `torch::_upsample_bilinear2d_aa` followed by rounding to bytes, but exact, in integers: where
 * floating point and exact arithmetic fall on different sides of a half, bytes differ by 1.
 *
 * Output sample i of an axis of n pixels is the mean of the input samples j with the weights
 * max(0, 1 - |j + 1/2 - n / side * (i + 1/2)| / max(1, n / side)). Halves are rounded to even.
 *
 * \param image the picture.
 * \param side columns and rows of the result, at least 1.
 * \return the result.
 * \throws Error when the picture is empty, not of the size that it says, or larger than
 * MAX_RESIZE_SIDE.
 */
Image ResizePicture(const Image& image, int side);

} // namespace limitnet

#endif // LIMITNET_CODEC_PICTURE_RESIZE_H
