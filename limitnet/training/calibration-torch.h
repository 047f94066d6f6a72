// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CALIBRATION_TORCH_H
#define LIMITNET_TRAINING_CALIBRATION_TORCH_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/saliency-map.h"
#include "limitnet/nn/codec-model-torch.h"

#include <array>
#include <functional>
#include <ostream>
#include <vector>

namespace limitnet
{

/** How many pictures tables are made from, as in the published code. */
constexpr int64_t CALIBRATION_PICTURES = 5000;

/** What the tables are made from. */
struct CalibrationSample
{
    torch::Tensor latents;         //!< Nx12x28x28 float, contiguous
    std::vector<SaliencyMap> maps; //!< N, as the device would send them
};

/** \param first index of the batch's first picture \param count of its pictures \return count
 * x3x224x224 in 0..1, not normalised */
using CalibrationPictures = std::function<torch::Tensor(int64_t first, int64_t count)>;

/**
 * Run encoder and saliency decoder over pictures, in single precision and in batches.
 *
 * \param networks the codec
 * \param count how many pictures, at most MAX_CALIBRATION_PICTURES
 * \param pictures where they come from; called in the order of the pictures
 * \param progress a line every thousand pictures
 * \return latents and maps; 38 kB a picture
 */
CalibrationSample SampleCodec(const CodecModel::Networks& networks,
                              int64_t count,
                              const CalibrationPictures& pictures,
                              std::ostream& progress);

/**
 * How much an error in each channel disturbs the decoded picture: for some of the latents, each
 * channel in turn is rounded to twice the published quantiser's step and decoded.
 *
 * \param networks the codec
 * \param latents Nx12x28x28; 16 of them are decoded
 * \return sum of squared errors of the picture per squared error of the latent; 0 for a channel
 *         that is constant
 */
std::array<double, LATENT_CHANNELS> DecoderSensitivity(const CodecModel::Networks& networks,
                                                       const torch::Tensor& latents);

/** Tables from such a sample; parameters as of SampleCodec(). */
CodecTables CalibrateTables(const CodecModel::Networks& networks,
                            int64_t count,
                            const CalibrationPictures& pictures,
                            std::ostream& progress);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CALIBRATION_TORCH_H
