// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_IMAGE_QUALITY_H
#define LIMITNET_EVALUATION_IMAGE_QUALITY_H

#include "limitnet/codec/image.h"

namespace limitnet
{

/**
 * What PsnrDb() gives for equal pictures, so that means count the best ones too. As in libvpx and
 * x264; two pictures of 224x224 that differ in one byte by one have 99.9 dB.
 */
constexpr double MAX_PSNR_DB = 100;

/**
 * Peak signal-to-noise ratio, 10 log10(255^2 / MSE) over all bytes of both pictures, in dB.
 *
 * \param a a picture
 * \param b another of the same size
 * \return the ratio, at most MAX_PSNR_DB, which equal pictures have
 * \throws Error when the sizes differ
 */
double PsnrDb(const Image& a, const Image& b);

/**
 * Structural similarity (Z. Wang et al., IEEE Trans. Image Processing 13(4), 2004, eq. 13), the
 * mean over all positions of an 11x11 Gaussian window (standard deviation 1.5) that lies whole in
 * the picture; K1 = 0.01, K2 = 0.03, L = 255. It is computed on the luma 0.299 R + 0.587 G +
 * 0.114 B (ITU-R BT.601), not rounded.
 *
 * \param a a picture of at least 11x11 pixels
 * \param b another of the same size
 * \return 1 for equal pictures, less otherwise
 * \throws Error when the sizes differ or are too small
 */
double Ssim(const Image& a, const Image& b);

} // namespace limitnet

#endif // LIMITNET_EVALUATION_IMAGE_QUALITY_H
