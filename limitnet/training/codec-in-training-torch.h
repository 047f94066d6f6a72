// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CODEC_IN_TRAINING_TORCH_H
#define LIMITNET_TRAINING_CODEC_IN_TRAINING_TORCH_H

#include "limitnet/nn/networks-torch.h"

#include <torch/torch.h>
#include <vector>

namespace limitnet
{

/** Which of the networks have batch normalisation while they are trained. */
enum class Normalised
{
    NOTHING,
    SALIENCY_DECODER, //!< without it, training of the saliency from nothing hardly moves
    /**
     * Faster still for the saliency. Not for pictures: what a batch's mean takes from a picture's
     * brightness, the decoder could not give back.
     */
    ENCODER_TOO
};

/**
 * The codec's networks as they are trained: with a batch normalisation after convolutions (but not
 * after the saliency decoder's last). It is folded into them in the end, so the layers are the
 * published ones.
 */
struct CodecInTrainingImpl : torch::nn::Module
{
    /** \param normalised what has batch normalisation */
    explicit CodecInTrainingImpl(Normalised normalised);

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
    std::vector<torch::nn::BatchNorm2d> encoderNorms; //!< empty, or one for each layer
    /** Empty, or one for each layer but the last. */
    std::vector<torch::nn::BatchNorm2d> saliencyNorms;
    /** Move `logitRange` a little towards that of these logits, Nx1xhxw. */
    void NoteLogitRange(const torch::Tensor& logits);

    torch::Tensor channelMax; //!< 1x12x1x1, running mean of each channel's largest value
    torch::Tensor logitRange; //!< running mean of a map's largest less its least logit; 0 at first
};

TORCH_MODULE(CodecInTraining);

} // namespace limitnet

#endif // LIMITNET_TRAINING_CODEC_IN_TRAINING_TORCH_H
