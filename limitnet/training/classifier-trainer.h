// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CLASSIFIER_TRAINER_H
#define LIMITNET_TRAINING_CLASSIFIER_TRAINER_H

#include "limitnet/codec/image-codec.h"
#include "limitnet/training/option-list.h"
#include "limitnet/training/training-set.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/** What TrainClassifier() does. */
struct ClassifierTrainingOptions
{
    /** The model file to write; `<output>.state` and `<output>.csv` appear beside it. */
    std::filesystem::path output;
    /** Passes over the training pictures. */
    int64_t epochs = 20;
    int64_t batch = 256;
    /** Highest learning rate of SGD with Nesterov momentum 0.9. */
    double learningRate = 0.4;
    double weightDecay = 5e-4;
    double labelSmoothing = 0.1;
    /** Start from this classifier instead of from nothing; empty: from nothing. */
    std::filesystem::path start;
    /**
     * Classifier that sees the undamaged picture, cropped and flipped alike, and whose answers are
     * learned beside the classes (knowledge distillation); empty: none.
     */
    std::filesystem::path teacher;
    /** Weight of the teacher's answers, that of the classes is the rest; 0..1. */
    double teacherShare = 0.7;
    /**
     * Codec model whose reconstructions are trained on as well; empty: clean pictures only. They
     * are made first and kept in `<output>.decoded`, for a run that is continued and for one that
     * learns from them in another way.
     */
    std::filesystem::path codec;
    /** Part of these reconstructions that lose fragments, see LostRuns(); 0..1. */
    double lossyShare = 0;
    /** Other codecs to train on, by name, instead of \p codec; see \p openRivals. */
    std::vector<std::string> rivals;
    /** Opens these. The trainer knows LibTorch alone, so whoever knows the rivals sets it. */
    std::function<PictureChannel(const std::vector<std::string>& rivals)> openRivals;
    /**
     * Reconstructions to make: each of another training picture, with p uniform in 0.05..1 for one
     * half and in 0.05..0.3 for the other, or as the channel of the rivals draws. They and the
     * clean pictures fill half a batch each.
     */
    int64_t decodedPictures = 20000;
    /** "cpu", "cuda" or "cuda:N". */
    std::string device = "cpu";
    /** Convolutions: "auto", "float32", "bfloat16". */
    std::string precision = "auto";
    uint64_t seed = 1;
};

/** Describe the options; `options` is set by them. */
void DescribeOptions(OptionList& list, ClassifierTrainingOptions& options);

/**
 * Train the small classifier: random crop and flip, label smoothing, one-cycle rate, and an
 * exponential moving average of the weights, which is what is written. Validation is on the
 * held-out pictures of the set.
 *
 * A run that was stopped goes on if it is called with the same options.
 *
 * \param set one set of small pictures with classes
 * \param options what to do
 * \param progress lines with loss and validation accuracy go there
 * \param stop asks to stop soon by being true; may be null
 * \return whether it is done and the model written; false after a stop
 * \throws Error on unusable input
 */
bool TrainClassifier(const TrainingSet& set,
                     const ClassifierTrainingOptions& options,
                     std::ostream& progress,
                     const std::atomic<bool>* stop = nullptr);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CLASSIFIER_TRAINER_H
