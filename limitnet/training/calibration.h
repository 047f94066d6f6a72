// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CALIBRATION_H
#define LIMITNET_TRAINING_CALIBRATION_H

#include "limitnet/nn/checkpoint-import.h"

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/** The pictures that a codec's tables are made from. */
struct CalibrationOptions
{
    /** Data sets by name or by their folders' paths; see PictureSample. */
    std::vector<std::string> datasets;
    /** Where the sets lie; empty: the usual places. */
    std::filesystem::path dataDir;
    /** How many pictures; 1 .. MAX_CALIBRATION_PICTURES. */
    int64_t count = 5000; // as in the published code
};

/** More would need more than a gigabyte for the latents. */
constexpr int64_t MAX_CALIBRATION_PICTURES = 30000;

/**
 * Make the quantiser's and the entropy code's tables of an imported codec, and write its model
 * file.
 *
 * \param checkpoint has a codec
 * \param output the model file, kind "codec"
 * \param options the pictures
 * \param progress lines on how far it is
 * \return how many pictures were used: fewer than options.count when a set has fewer
 * \throws Error when the checkpoint has no codec, the set is not there, or the file cannot be
 *         written; the output is then as it was
 */
int64_t WriteCalibratedCodec(const Checkpoint& checkpoint,
                             const std::filesystem::path& output,
                             const CalibrationOptions& options,
                             std::ostream& progress);

/**
 * Make the tables of a model anew. The networks stay as they are; the model's own tables are not
 * looked at.
 *
 * \param model a model file of kind "codec"
 * \param output the model file to write
 * \param options the pictures
 * \param progress lines on how far it is
 * \return how many pictures were used
 * \throws Error as above
 */
int64_t Recalibrate(const std::filesystem::path& model,
                    const std::filesystem::path& output,
                    const CalibrationOptions& options,
                    std::ostream& progress);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CALIBRATION_H
