// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CLASSIFIER_OPTIONS_H
#define LIMITNET_NN_CLASSIFIER_OPTIONS_H

#include <filesystem>
#include <string>

namespace limitnet
{

/** What some classifiers need beside their own file. */
struct ClassifierOptions
{
    /** model.json of ResNet-50, for the kind "resnet50-head"; empty: not there. */
    std::filesystem::path backbone;
    /** SHA-256 over model.json and the files of weights that it names. */
    std::string backboneDigest;
    /**
     * The set whose classes it has to know: "cifar10", "cifar100" or "imagenet"; empty: any. A
     * TorchScript file does not say it, there the number of classes decides.
     */
    std::string dataset;
};

} // namespace limitnet

#endif // LIMITNET_NN_CLASSIFIER_OPTIONS_H
