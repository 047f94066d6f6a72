// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CLASSIFIER_TORCH_H
#define LIMITNET_NN_CLASSIFIER_TORCH_H

#include "limitnet/nn/networks-torch.h"

#include <filesystem>
#include <string>

namespace limitnet
{

/**
 * \param path a model file of kind "small-classifier"
 * \param net filled with the file's weights
 * \throws Error naming the file when it cannot be read or has another number of classes
 */
void ReadClassifier(const std::filesystem::path& path, SmallClassifier& net);

/** What a classifier's file says of itself beside its weights. */
struct ClassifierNotes
{
    std::string dataset; //!< the set whose classes it knows
    int64_t classes = 0; //!< how many
};

/**
 * \param path a model file of kind "small-classifier"
 * \return what it says of itself
 * \throws Error naming the file
 */
ClassifierNotes ReadClassifierNotes(const std::filesystem::path& path);

/**
 * Write a classifier, its weights rounded to half precision.
 *
 * \param path the file
 * \param net the network
 * \param dataset the set whose classes it knows
 */
void WriteClassifier(const std::filesystem::path& path,
                     const SmallClassifier& net,
                     const std::string& dataset);

} // namespace limitnet

#endif // LIMITNET_NN_CLASSIFIER_TORCH_H
