// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_HEAD_TRAINER_H
#define LIMITNET_TRAINING_HEAD_TRAINER_H

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>

namespace limitnet
{

/** What TrainHead() does, and on what. */
struct HeadTrainingOptions
{
    /** "cifar10" or "cifar100"; the training half only. */
    std::string dataset = "cifar100";
    /** Where the set lies; empty: the usual places (see OpenDataset()). */
    std::filesystem::path dataDir;
    /** The model file to write; `<output>.state` and `<output>.csv` appear beside it. */
    std::filesystem::path output;
    /** model.json of ResNet-50. */
    std::filesystem::path backbone;
    /** SHA-256 of its weights, for the file that is written. */
    std::string backboneDigest;
    /** Folder in which features are kept. */
    std::filesystem::path featureFolder;
    /** How many of the training pictures to take, the first ones; 0: all. */
    int64_t pictures = 0;
    /** Take the mirrored pictures as well, but for those kept for validation. */
    bool mirrored = false;
    /** Compute the features in bfloat16. */
    bool bfloat16 = false;
    /** Width of the inner layer; 0: none. */
    int64_t hidden = 640;
    /** Passes over the features. */
    int64_t epochs = 30;
    int64_t batch = 256;
    /** Highest learning rate of AdamW. */
    double learningRate = 1e-3;
    double weightDecay = 0.05;
    double labelSmoothing = 0.1;
    /** Part of the features, and of the inner layer, that is left out in each step. */
    double dropout = 0.5;
    /** Training pictures kept out for validation (the last ones of those taken). */
    int64_t holdOut = 5000;
    uint64_t seed = 1;
};

/**
 * Train a head on the features of ResNet-50: label smoothing, dropout, a rate that rises and falls
 * as a cosine, and an exponential moving average of the weights, which is what is written. The
 * features are computed once and kept (see PictureFeatures()), which takes much longer than the
 * rest.
 *
 * \param options what to do
 * \param progress lines with the time left, loss and validation accuracy go there
 * \param stop asks to stop soon, by being true; null: never
 * \return whether it was done; false after a stop, when the same call goes on
 * \throws Error on unusable input
 */
bool TrainHead(const HeadTrainingOptions& options,
               std::ostream& progress,
               const std::atomic<bool>* stop = nullptr);

} // namespace limitnet

#endif // LIMITNET_TRAINING_HEAD_TRAINER_H
