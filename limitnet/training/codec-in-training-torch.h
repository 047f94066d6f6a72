// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CODEC_IN_TRAINING_TORCH_H
#define LIMITNET_TRAINING_CODEC_IN_TRAINING_TORCH_H

#include "limitnet/nn/networks-torch.h"

#include <torch/torch.h>
#include <vector>

namespace limitnet
{

/**
 * The codec's networks as they are trained: the saliency decoder may have a batch normalisation
 * after each convolution but its last. Without it, training of the saliency from nothing hardly
 * moves. It is folded into the convolutions in the end, so the layers are the published ones.
 *
 * The encoder has none: what a batch's mean takes from a picture's brightness, the decoder could
 * not give back.
 */
struct CodecInTrainingImpl : torch::nn::Module
{
    /** \param normalised with batch normalisation */
    explicit CodecInTrainingImpl(bool normalised);

    /** \param x normalised pictures, Nx3xHxW \return Nx12x(H/8)x(W/8), 0 or more */
    torch::Tensor Latent(const torch::Tensor& x);

    /** \param latent Nx12xhxw \return Nx1xhxw logits */
    torch::Tensor SaliencyLogits(const torch::Tensor& latent);

    /**
     * \param gain what the saliency logits are multiplied with
     * \return the plain networks on the CPU, that do what these do in evaluation mode
     */
    LimitNet Plain(double gain);

    LimitNet net;
    std::vector<torch::nn::BatchNorm2d>
        saliencyNorms; //!< empty, or one for each layer but the last
    /** Move `logitRange` a little towards that of these logits, Nx1xhxw. */
    void NoteLogitRange(const torch::Tensor& logits);

    torch::Tensor channelMax; //!< 1x12x1x1, running mean of each channel's largest value
    torch::Tensor logitRange; //!< running mean of a map's largest less its least logit; 0 at first
};

TORCH_MODULE(CodecInTraining);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CODEC_IN_TRAINING_TORCH_H
