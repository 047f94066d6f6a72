// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_PICTURE_FEATURES_TORCH_H
#define LIMITNET_TRAINING_PICTURE_FEATURES_TORCH_H

#include "limitnet/nn/resnet50-torch.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <torch/torch.h>

namespace limitnet
{

/**
 * The features of many pictures, kept in a file.
 *
 * The file grows picture by picture, 16-bit floats without a header, so a stopped run goes on where
 * it was, and a longer one goes on from a shorter one. It belongs to one network and one list of
 * pictures; its name has to tell them apart, see FingerprintOf().
 *
 * \param net the network
 * \param small uint8 Nx3x32x32; enlarged to 224x224 as a codec's pictures are
 * \param mirrored take the mirrored pictures
 * \param file where the features are kept; folders above it are made
 * \param progress a line now and then, with the time left
 * \param stop asks to stop soon, by being true; null: never
 * \return half precision NxF; undefined after a stop, when the same call goes on
 * \throws Error naming the file when it cannot be written
 */
torch::Tensor PictureFeatures(const ResNet50& net,
                              const torch::Tensor& small,
                              bool mirrored,
                              const std::filesystem::path& file,
                              std::ostream& progress,
                              const std::atomic<bool>* stop = nullptr);

/**
 * \param bytes a tensor of bytes
 * \return its 64-bit FNV-1a hash in hexadecimal digits: names a list of pictures, of which copies
 * in another order are about
 */
std::string FingerprintOf(const torch::Tensor& bytes);

} // namespace limitnet

#endif // LIMITNET_TRAINING_PICTURE_FEATURES_TORCH_H
