// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CODEC_TRAINER_H
#define LIMITNET_TRAINING_CODEC_TRAINER_H

#include "limitnet/nn/classifier-options.h"
#include "limitnet/training/option-list.h"
#include "limitnet/training/training-set.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/** What TrainCodec() does. */
struct CodecTrainingOptions
{
    /** The model file to write; `<output>.state` and `<output>.csv` appear beside it. */
    std::filesystem::path output;
    /** Go on from this codec; empty: from nothing. */
    std::filesystem::path start;
    /**
     * Classifiers for phase 3, each of another data set of the training set; what becomes of them
     * is written as `<output without .pt>-<data set>.pt`.
     */
    std::vector<std::filesystem::path> classifiers;
    /** What some kinds of classifiers need beside their files. */
    ClassifierOptions classifierOptions;
    /**
     * Steps of a run that comes before phase 1 and begins from nothing: encoder and saliency
     * decoder learn the map alone, both with batch normalisation. The run with the phases starts
     * from what it writes.
     */
    int64_t mapSteps = 0;
    /**
     * Steps of a run of its own for the rival without an order (as Starfish, SenSys 2020): each
     * value is kept by chance, p uniform in 0..1 as in phase 2, and there is no saliency decoder.
     */
    int64_t randomSteps = 0;
    /** Steps of phase 1 (keep the first k channels, k in 1..12, a half of them in 1..3). */
    int64_t channelSteps = 1000;
    /** Steps of phase 2 (importance order by the saliency map, and the saliency loss). */
    int64_t saliencySteps = 6000;
    /** Steps of phase 3 (as phase 2, then the classifiers). */
    int64_t taskSteps = 0;
    /** Pictures in a step. */
    int64_t batch = 16;
    /** Highest learning rate of Adam; it rises over 5 % of the steps and falls as a cosine. */
    double learningRate = 1e-3;
    /** Weight of the saliency loss; the picture's is of the size of 1. */
    double saliencyWeight = 0.3;
    /**
     * Contrast of the map that the importance order is made from: about the difference of its
     * largest and its least value, mean over the pictures. The logits are multiplied with what
     * gives it, and that is folded into the last layer's weights, so the map's shape stays. A value
     * of a salient cell then goes before those of the next channels in other cells, of one channel
     * for each 0.2, and before no more. 0: the map as it comes, as published.
     */
    double saliencyContrast = 0.3;
    /** Weight of the classifiers' cross entropy in phase 3. */
    double taskWeight = 0.5;
    /** Training pictures that the tables of the bitstream are made from. */
    int64_t calibrationPictures = 5000;
    /** Steps between validations. */
    int64_t reportEvery = 500;
    /** "cpu", "cuda" or "cuda:N". */
    std::string device = "cpu";
    /** Convolutions of decoder and classifiers: "auto", "float32", "bfloat16". */
    std::string precision = "auto";
    uint64_t seed = 1;
};

/** Describe the options; `options` is set by them. */
void DescribeOptions(OptionList& list, CodecTrainingOptions& options);

/**
 * Train encoder, saliency decoder and decoder, calibrate the quantiser and the entropy code on
 * training pictures, and write one model file.
 *
 * Each phase can be left out (0 steps). Every set has an equal share of each batch.
 *
 * - The encoder sees whole 224x224 pictures, which costs little; the decoder, which costs two
 *   hundred times as much, only a window of 12x12 of the 28x28 latent cells. The loss is the
 *   mean squared error of the normalised picture inside that window, without the outermost cell
 *   where the window's edge is not the picture's; in phases 2 and 3 its logarithm. In phase 3, half
 * of a batch is decoded whole, for the classifiers, and the other half as before, so that the codec
 * stays one for all pictures.
 * - Noise on the latent is as wide as the published quantiser's step; the published training adds
 *   +-0.01, whatever the step.
 * - In phases 2 and 3, some pictures lose runs of the order, as fragments are lost, and some keep
 *   whole channels, as in phase 1.
 * - The saliency loss has a batch of its own, of pictures with masks, which only encoder and
 *   saliency decoder see; so it costs little, and it begins with phase 1.
 * - A run from nothing has batch normalisation in the hidden layers of the saliency decoder; it is
 *   folded into their weights in the end, so that the layers are the published ones.
 *
 * A run that was stopped goes on from `<output>.state`, which is at most a minute old, if it is
 * called with the same options.
 *
 * \param set the pictures
 * \param options what to do
 * \param progress a line at each validation
 * \param stop asks to stop soon by being true; may be null
 * \return whether it is done and the model written; false after a stop
 * \throws Error on unusable input
 */
bool TrainCodec(const TrainingSet& set,
                const CodecTrainingOptions& options,
                std::ostream& progress,
                const std::atomic<bool>* stop = nullptr);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CODEC_TRAINER_H
