// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CLASSIFIER_TORCH_H
#define LIMITNET_NN_CLASSIFIER_TORCH_H

#include "limitnet/nn/classifier-options.h"
#include "limitnet/nn/efficientnet-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/resnet50-torch.h"

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

/** A classifier of any kind. */
struct LoadedClassifier
{
    std::string kind;    //!< see ClassifierKind()
    std::string dataset; //!< the set whose classes it knows
    int64_t classes = 0; //!< how many
    /** Normalised Nx3x224x224 -> NxC logits. */
    std::function<torch::Tensor(const torch::Tensor&)> forward;
};

/**
 * \param path a file that LoadClassifier() takes
 * \return "small-classifier", "efficientnet-b0" or "resnet50-head" (model files), "resnet50" (a
 *         model.json of TensorFlow.js, whatever it holds) or "torchscript" (a program with its
 *         weights, as torch.jit.save writes it)
 * \throws Error naming the file when it is none of these
 */
std::string ClassifierKind(const std::filesystem::path& path);

/**
 * The one place where classifiers come from.
 *
 * A TorchScript file is a program: it is run, though it can do no more than LibTorch's operators
 * can. It takes a picture of 1x3x224x224, normalised as for every classifier (Normalise()), and
 * gives 1xC logits.
 *
 * \param path a file of a kind that ClassifierKind() knows
 * \param options what some kinds need
 * \return the network in evaluation mode, and what its file says of it
 * \throws Error naming the file
 */
LoadedClassifier LoadClassifier(const std::filesystem::path& path,
                                const ClassifierOptions& options = {});

/**
 * Write the head of a classifier that looks at features of ResNet-50, in half precision.
 *
 * \param path the file
 * \param head the head
 * \param dataset the set whose classes it knows
 * \param backboneDigest SHA-256 of the weights whose features it was trained on, see
 * ClassifierOptions
 */
void WriteClassifier(const std::filesystem::path& path,
                     const ResNet50Head& head,
                     const std::string& dataset,
                     const std::string& backboneDigest);

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
