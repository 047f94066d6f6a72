// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CLASSIFIER_TORCH_H
#define LIMITNET_NN_CLASSIFIER_TORCH_H

#include "limitnet/nn/efficientnet-torch.h"
#include "limitnet/nn/networks-torch.h"

#include <filesystem>
#include <functional>
#include <string>

namespace limitnet
{

/**
 * \param path a model file of kind "small-classifier"
 * \param net filled with the file's weights
 * \throws Error naming the file when it cannot be read or has another number of classes
 */
void ReadClassifier(const std::filesystem::path& path, SmallClassifier& net);

/** A classifier of either kind. */
struct LoadedClassifier
{
    std::string kind;    //!< "small-classifier" or "efficientnet-b0"
    std::string dataset; //!< the set whose classes it knows
    int64_t classes = 0; //!< how many
    /** Normalised Nx3x224x224 -> NxC logits. */
    std::function<torch::Tensor(const torch::Tensor&)> forward;
};

/**
 * \param path a model file of kind "small-classifier" or "efficientnet-b0"
 * \return the network in evaluation mode, and what its file says of it
 * \throws Error naming the file
 */
LoadedClassifier LoadClassifier(const std::filesystem::path& path);

/**
 * Write a small classifier, its weights rounded to half precision.
 *
 * \param path the file
 * \param net the network
 * \param dataset the set whose classes it knows
 */
void WriteClassifier(const std::filesystem::path& path,
                     const SmallClassifier& net,
                     const std::string& dataset);

/**
 * Write an EfficientNet-B0 as it is, in single precision.
 *
 * \param path the file
 * \param net the network
 * \param dataset the set whose classes it knows
 * \param source where the weights came from
 */
void WriteClassifier(const std::filesystem::path& path,
                     const EfficientNetB0& net,
                     const std::string& dataset,
                     const std::string& source);

} // namespace limitnet

#endif // LIMITNET_NN_CLASSIFIER_TORCH_H
