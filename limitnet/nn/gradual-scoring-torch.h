// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_GRADUAL_SCORING_TORCH_H
#define LIMITNET_NN_GRADUAL_SCORING_TORCH_H

#include <torch/torch.h>

namespace limitnet
{

/**
 * The saliency map as the published code quantises it ("gradual scoring", LimitNet, models/):
 * down to 8x8, min-max scaled to 0..255, truncated, divided by 8, scaled back, up again.
 * This is the floating-point form that training uses; the bitstream's integer form is in codec/.
 *
 * \param saliency Nx1x28x28 in 0..1
 * \return Nx1x28x28
 */
torch::Tensor QuantiseSaliencyPublished(const torch::Tensor& saliency);

/**
 * Which latent values are kept when a fraction is kept.
 *
 * \param quantisedSaliency Nx1x28x28, from QuantiseSaliencyPublished()
 * \param fraction N, in 0..1
 * \return Nx12x28x28 of 0 and 1: score >= the (1 - fraction) quantile of the picture's scores
 */
torch::Tensor KeepMask(const torch::Tensor& quantisedSaliency, const torch::Tensor& fraction);

/**
 * The place of each value in the importance order: 0 is the first one sent. Equal scores go by
 * lower channel, then by lower cell, as in the bitstream; KeepMask() keeps the same values but for
 * such ties at its threshold.
 *
 * \param quantisedSaliency Nx1x28x28, from QuantiseSaliencyPublished()
 * \return int64 Nx12x28x28, each picture a permutation of 0..9407
 */
torch::Tensor ImportanceRanks(const torch::Tensor& quantisedSaliency);

/**
 * Which values are lost with lost fragments, drawn: from a part of the pictures, runs of 60 to
 * 1,500 places of the order are lost, up to a half of them.
 *
 * \param ranks Nx12x28x28, the place of each value in the order
 * \param share part of the pictures that lose any, 0..1
 * \param generator of the draws; nothing: LibTorch's
 * \return bool Nx12x28x28, on the device of \p ranks
 */
torch::Tensor LostRuns(const torch::Tensor& ranks,
                       double share,
                       const c10::optional<at::Generator>& generator = c10::nullopt);

} // namespace limitnet

#endif // LIMITNET_NN_GRADUAL_SCORING_TORCH_H
