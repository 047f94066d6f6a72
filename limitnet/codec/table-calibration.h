// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_TABLE_CALIBRATION_H
#define LIMITNET_CODEC_TABLE_CALIBRATION_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/saliency-map.h"

#include <array>
#include <cstddef>

namespace limitnet
{

/**
 * What tables are made from.
 */
struct CalibrationData
{
    const float* latents = nullptr;    //!< images * LATENT_SIZE values, image after image.
    const SaliencyMap* maps = nullptr; //!< Map of each image.
    size_t images = 0;                 //!< Number of images, at least 1.

    /// Mean squared error of the decoded picture for an error of mean square 1 in each channel, in
    /// any unit common to all. It decides how coarse a channel is.
    std::array<double, LATENT_CHANNELS> sensitivity{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
};

/**
 * Tables from calibration images; for a host, not for a device.
 *
 * - Quantiser: the published step is 4/255 of the channel's range. A channel whose quantisation
 *   at that step would disturb the picture most gets 1.1 times that; another channel, with a share
 *   r of that disturbance, a step that is r^-0.4 times as long, up to 16 times the published one.
 *   (Equal disturbance by all channels, r^-0.5, is best where steps are small against the spread of
 *   the values; 0.4 keeps detail in pictures that have more of it than the average.)
 * - Reconstruction: the mean of the values in each cell, the middle where there were none.
 * - Frequencies, means: from the symbols.
 * - Weights: the linear prediction of least squared error for each pattern of known neighbours, for
 *   four sets of channels, ordered by the variance of their symbols: 1, 2, 3 and the rest.
 * - Widths: those with the shortest code, over fragments of 16 to 4096 symbols.
 *
 * modelId is the low byte of Checksum().
 *
 * \param data the images.
 * \return the tables.
 * \throws Error when there is no image or a value is not finite.
 */
CodecTables CalibrateTables(const CalibrationData& data);

} // namespace limitnet

#endif // LIMITNET_CODEC_TABLE_CALIBRATION_H
