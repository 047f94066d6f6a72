// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_TRAINING_SET_H
#define LIMITNET_TRAINING_TRAINING_SET_H

#include "limitnet/data/hold-out.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * All pictures of a training run, in memory as bytes: so that the networks never wait for a file.
 * LibTorch stays behind this header (see training-set-torch.h).
 *
 * CIFAR pictures are held at 32x32 (3 kB each) and enlarged when they are drawn, others at 224x224
 * (151 kB each).
 */
struct TrainingSet;

/** What LoadTrainingSet() loads. */
struct TrainingSetOptions
{
    /**
     * Data sets by name or by their paths (see OpenDataset()), training halves. Pictures with masks
     * (`image/` and `mask/`) teach saliency.
     */
    std::vector<std::string> datasets;
    /** Where sets with a name lie; empty: the usual places. */
    std::filesystem::path dataDir;
    /** Of each hundred pictures of a folder, this many are kept out of training; see IsHeldOut().
     */
    int holdOutPercent = HOLD_OUT_PERCENT;
    /** The last training pictures of a CIFAR set that are kept out of training. */
    int64_t holdOutPictures = HOLD_OUT_PICTURES;
    /** Take at most this many pictures of a folder, evenly spread over it; 0: all. */
    int64_t mostOfFolder = 0;
};

/**
 * Load data sets from this machine; folders are decoded on all cores.
 *
 * \param options what to load
 * \param progress a line for each set
 * \return the pictures
 * \throws Error on a set that is not there, has masks for a part of its pictures only, or leaves
 *         nothing to train on
 */
std::shared_ptr<const TrainingSet> LoadTrainingSet(const TrainingSetOptions& options,
                                                   std::ostream& progress);

/**
 * Write all of it into one file, for another machine. A trainer that was built with nothing but
 * LibTorch reads such files only.
 *
 * \param set the pictures
 * \param pack the file; it appears whole or not at all
 * \throws Error naming the file when it cannot be written
 */
void WriteTrainingSet(const TrainingSet& set, const std::filesystem::path& pack);

/**
 * \param pack what WriteTrainingSet() wrote
 * \param only take this one of its sets; empty: all
 * \return the pictures
 * \throws Error naming the file when it is missing, truncated or of another kind, or has no such
 * set
 */
std::shared_ptr<const TrainingSet> ReadTrainingSet(const std::filesystem::path& pack,
                                                   const std::string& only = "");

} // namespace limitnet

#endif // LIMITNET_TRAINING_TRAINING_SET_H
