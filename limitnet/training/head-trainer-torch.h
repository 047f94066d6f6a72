// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_HEAD_TRAINER_TORCH_H
#define LIMITNET_TRAINING_HEAD_TRAINER_TORCH_H

#include "limitnet/training/head-trainer.h"

#include <atomic>
#include <ostream>
#include <torch/torch.h>

namespace limitnet
{

/**
 * The part of TrainHead() that comes after the features.
 *
 * \param features half precision; the last `options.holdOut` rows are for validation
 * \param labels int64, one for each row
 * \param classes how many there are
 * \param options what to do
 * \param progress lines go there
 * \param stop as for TrainHead()
 * \return as TrainHead() does
 * \throws Error on unusable input
 */
bool TrainHeadOnFeatures(const torch::Tensor& features,
                         const torch::Tensor& labels,
                         int64_t classes,
                         const HeadTrainingOptions& options,
                         std::ostream& progress,
                         const std::atomic<bool>* stop = nullptr);

} // namespace limitnet

#endif // LIMITNET_TRAINING_HEAD_TRAINER_TORCH_H
