// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_PICTURE_FILE_H
#define LIMITNET_CLI_PICTURE_FILE_H

#include "limitnet/codec/image.h"

#include <filesystem>
#include <opencv2/core.hpp>

namespace limitnet
{

/**
 * Reads a picture as 8-bit RGB: JPEG, PNG, WebP and PNM by ReadImage(), as data sets do, and TIFF,
 * BMP, JPEG 2000 and PFM by OpenCV, as far as that reads them right.
 *
 * The same picture reads the same from each: turned as its orientation says, grey as R = G = B,
 * transparent parts on white, 16 bits rounded to 8, floating point clamped to 0..1. Files of which
 * OpenCV would not give that (TIFF with other depths, colour spaces or channels, BMP with masks,
 * ...) are refused.
 *
 * \throws Error in one line that names the file, when it is missing, empty, damaged, no picture, of
 * a kind that is refused, or larger than MAX_PICTURE_PIXELS.
 */
Image ReadPicture(const std::filesystem::path& path);

/** \throws Error when WritePicture() knows no format for the ending of \p path. */
void CheckPictureName(const std::filesystem::path& path);

/**
 * Writes a picture in the format that the ending of its name says. It appears whole or not at all.
 * \throws Error that names the file.
 */
void WritePicture(const std::filesystem::path& path, const Image& image);

/** \return the picture as OpenCV has it: 8 bits, blue first. */
cv::Mat ToMat(const Image& image);

/** \param picture 8 bits; grey, or blue first, or that with opacity, which lies on white. */
Image ToImage(const cv::Mat& picture);

/** \return the picture in another size: bilinear where it grows, area means where it shrinks. */
cv::Mat Resized(const cv::Mat& picture, cv::Size size);

} // namespace limitnet

#endif // LIMITNET_CLI_PICTURE_FILE_H
