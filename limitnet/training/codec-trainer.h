// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CODEC_TRAINER_H
#define LIMITNET_TRAINING_CODEC_TRAINER_H

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/** What TrainCodec() does, and on what. */
struct CodecTrainingOptions
{
    /** CIFAR sets to take pictures from ("cifar10", "cifar100"); training halves only. */
    std::vector<std::string> datasets;
    /** Folders or .tar files of larger pictures (see ImageFolder). */
    std::vector<std::filesystem::path> pictures;
    /** Folder or .tar with image/ and mask/, the saliency teacher; its pictures are used as well.
     */
    std::filesystem::path saliency;
    /** Where the CIFAR sets lie; empty: the usual places (see OpenDataset()). */
    std::filesystem::path dataDir;
    /** The model file to write; `<output>.state` and `<output>.csv` appear beside it. */
    std::filesystem::path output;
    /** Steps of phase 1 (keep the first k channels, k uniform in 1..12). */
    int64_t channelSteps = 2000;
    /** Steps of phase 2 (importance order by the saliency map, and the saliency loss). */
    int64_t saliencySteps = 2000;
    /** Pictures in a step. */
    int64_t batch = 32;
    /** Highest learning rate of Adam; it rises over 100 steps and falls as a cosine. */
    double learningRate = 1e-3;
    /** Weight of the saliency loss; 0.05 in the published training. */
    double saliencyWeight = 0.05;
    /** Of each hundred larger pictures, this many are kept out of the training. */
    int holdOutPercent = 20;
    /** Compute the decoder's convolutions in bfloat16. */
    bool bfloat16 = false;
    uint64_t seed = 1;
};

/**
 * Train encoder, saliency decoder and decoder, calibrate the quantiser and the entropy code on
 * training pictures, and write one model file.
 *
 * The encoder sees whole 224x224 pictures, which costs little; the decoder, which costs two
 * hundred times as much, only a window of 12x12 of the 28x28 latent cells in each step. The loss is
 * the mean squared error of the normalised picture inside that window, without the outermost cell
 * where the window's edge is not the picture's.
 *
 * A run that was stopped goes on from `<output>.state`, which is at most a minute old, if it is
 * called with the same options.
 *
 * \param options what to do
 * \param progress one line each hundred steps goes there
 * \throws Error on unusable input
 */
void TrainCodec(const CodecTrainingOptions& options, std::ostream& progress);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CODEC_TRAINER_H
