// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CLASSIFIER_TRAINER_H
#define LIMITNET_TRAINING_CLASSIFIER_TRAINER_H

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>

namespace limitnet
{

/** What TrainClassifier() does, and on what. */
struct ClassifierTrainingOptions
{
    /** "cifar10" or "cifar100"; the training half only. */
    std::string dataset = "cifar10";
    /** Where the set lies; empty: the usual places (see OpenDataset()). */
    std::filesystem::path dataDir;
    /** The model file to write; `<output>.state` and `<output>.csv` appear beside it. */
    std::filesystem::path output;
    /** Passes over the training pictures. */
    int64_t epochs = 10;
    int64_t batch = 256;
    /** Highest learning rate of SGD with Nesterov momentum 0.9. */
    double learningRate = 0.4;
    double weightDecay = 5e-4;
    double labelSmoothing = 0.1;
    /** Training pictures kept out for validation (the last ones of the file). */
    int64_t holdOut = 2000;
    /** Start from this classifier instead of from nothing; empty: from nothing. */
    std::filesystem::path start;
    /**
     * Codec model whose reconstructions are trained on as well; empty: clean pictures only. Needs
     * some minutes to decode `decodedPictures` of them first.
     */
    std::filesystem::path codec;
    /**
     * Reconstructions to make: each of another training picture, with p uniform in 0.05..1.
     * They and the clean pictures fill half a batch each.
     */
    int64_t decodedPictures = 20000;
    /** Compute convolutions in bfloat16. */
    bool bfloat16 = false;
    uint64_t seed = 1;
};

/**
 * Train the small classifier: random crop and flip, label smoothing, one-cycle rate, and an
 * exponential moving average of the weights, which is what is written.
 *
 * \param options what to do
 * \param progress lines with loss and validation accuracy go there
 * \throws Error on unusable input
 */
void TrainClassifier(const ClassifierTrainingOptions& options, std::ostream& progress);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CLASSIFIER_TRAINER_H
