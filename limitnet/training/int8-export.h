// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_INT8_EXPORT_H
#define LIMITNET_TRAINING_INT8_EXPORT_H

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/** Each takes some 8 MB while the file is made: the activations of a layer for all of them. */
constexpr int64_t MAX_INT8_EXPORT_PICTURES = 1000;

/** What ExportInt8() makes, and from what. */
struct Int8ExportOptions
{
    /** Model file of a codec; its saliency decoder may be missing. */
    std::filesystem::path model;
    /** Data sets to calibrate on, by name or path; see PictureSample. */
    std::vector<std::string> datasets;
    /** Where sets with a name lie; empty: the usual places. */
    std::filesystem::path dataDir;
    /** Pictures to calibrate on in all; 1 .. MAX_INT8_EXPORT_PICTURES. */
    int64_t count = 256;
    /** The file to write. */
    std::filesystem::path output;
    /** C++ source to write with the same bytes as an array; empty: none. */
    std::filesystem::path cpp;
};

/**
 * Make the device's file (see Int8Model) from a trained codec.
 *
 * Layer by layer, with the layers before it already in integers:
 * - activations get one scale for each channel, the one with the least mean square error over the
 *   calibration pictures; it is folded into the weights of the next layer;
 * - weights get one scale for each output channel. They are rounded one after the other, and the
 *   error of each is made up for by those still open, as their covariance over the calibration
 *   pictures says (Frantar et al., GPTQ, arXiv 2210.17323); of several scales the one with the
 *   least error of the output is kept;
 * - the bias takes what is left of the mean error.
 *
 * The same pictures and model give the same file on the same machine.
 *
 * \param options see there
 * \param progress lines that say what is done and how exact it is
 * \throws Error when the number of pictures is out of range, there is nothing to calibrate on, or a
 * file cannot be read or written
 */
void ExportInt8(const Int8ExportOptions& options, std::ostream& progress);

} // namespace limitnet

#endif // LIMITNET_TRAINING_INT8_EXPORT_H
