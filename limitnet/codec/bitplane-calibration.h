// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_BITPLANE_CALIBRATION_H
#define LIMITNET_CODEC_BITPLANE_CALIBRATION_H

#include "limitnet/codec/bitplane-code.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace limitnet
{

/// How the tables of the bit-plane code are made.
struct BitplaneCalibrationOptions
{
    int chromaGain = 24;       //!< See BitplaneTables.
    int rounds = 3;            //!< The order of a plane depends on the tables, so several.
    size_t streamBytes = 1400; //!< What would come later in a picture's stream is not counted.
    std::string note;          //!< See BitplaneTables.
    std::function<void(int round, double bytes)> progress; //!< Mean length of a stream so far.
};

/**
 * Fits the logistic models of the bit-plane code to pictures: the greatest likelihood of their
 * decisions, with a weak prior, by Newton's method with damping (Levenberg-Marquardt).
 *
 * \param pictures how many there are.
 * \param picture gives one of them, as TransformPicture() takes it.
 * \param options see there.
 * \return the tables.
 * \throws Error when there is no picture, or one that cannot be coded.
 */
BitplaneTables CalibrateBitplanes(size_t pictures,
                                  const std::function<Image(size_t)>& picture,
                                  const BitplaneCalibrationOptions& options);

} // namespace limitnet

#endif // LIMITNET_CODEC_BITPLANE_CALIBRATION_H
