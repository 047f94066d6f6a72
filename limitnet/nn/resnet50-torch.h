// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_RESNET50_TORCH_H
#define LIMITNET_NN_RESNET50_TORCH_H

#include "limitnet/nn/tfjs-layers.h"

#include <cstdint>
#include <string>
#include <torch/torch.h>
#include <vector>

namespace limitnet
{

/**
 * ResNet-50 (He et al., arXiv 1512.03385, table 1) as the first version in Keras has it
 * (keras_applications 1.0.7, resnet50.py), with that version's names of layers: the stride of a
 * stage is in the first 1x1 convolution of its first block and in the one on the shortcut, every
 * convolution has a bias, and batch normalisation has an epsilon of 1e-3.
 *
 * It is for inference: batch normalisation is folded into the convolutions. How many blocks a
 * stage has, and how many channels, is read from the weights, so that tests can do with few.
 */
class ResNet50
{
  public:
    /**
     * \param weights what ReadTfjsWeights() gives for it
     * \param where the file that they are from, for messages
     * \param computeType the type of the convolutions: torch::kFloat for results
     * \throws Error naming the file and a tensor that is missing or of another shape
     */
    ResNet50(const TfjsWeights& weights,
             const std::string& where,
             torch::ScalarType computeType = torch::kFloat);

    /**
     * \param x Nx3xHxW, normalised by Normalise() as for every classifier; what the network itself
     *          expects (blue first, 0..255, a mean subtracted) is made of it here
     * \return NxC logits
     */
    torch::Tensor Logits(const torch::Tensor& x) const;

    /**
     * \param x as for Logits()
     * \return NxF: the averages over the picture of what the last three stages give, in float
     */
    torch::Tensor Features(const torch::Tensor& x) const;

    /** \return how many logits there are */
    int64_t ClassCount() const;

    /** \return how many features there are: 512 + 1024 + 2048 for ResNet-50 */
    int64_t FeatureCount() const;

  private:
    struct Convolution
    {
        torch::Tensor weight; // out x in x k x k
        torch::Tensor bias;
        int64_t stride;
        int64_t padding;
    };

    struct Block
    {
        Convolution reduce;   // 1x1, with the stride
        Convolution filter;   // 3x3
        Convolution expand;   // 1x1
        Convolution shortcut; // 1x1 in the first block of a stage, else empty
    };

    class Builder;

    /** A convolution and a ReLU. */
    torch::Tensor Run(const Convolution& layer, const torch::Tensor& x) const;
    /** \return what each of the four stages gives */
    std::vector<torch::Tensor> Stages(const torch::Tensor& x) const;

    torch::ScalarType m_computeType;
    Convolution m_stem;
    std::vector<std::vector<Block>> m_stages;
    torch::Tensor m_headWeight; // classes x channels of the last stage
    torch::Tensor m_headBias;
};

/**
 * What tells other classes apart by the features of a ResNet50: one layer, or two with a ReLU
 * between. Parameters are `hidden.weight`, `hidden.bias`, `output.weight` and `output.bias`.
 */
class ResNet50HeadImpl : public torch::nn::Module
{
  public:
    /**
     * \param features how many go in
     * \param hidden width of the inner layer; 0: there is none
     * \param classes how many logits come out
     */
    ResNet50HeadImpl(int64_t features, int64_t hidden, int64_t classes);

    /**
     * \param features NxF
     * \param dropout part of the features, and of the inner layer, that is left out in training
     * \return NxC logits
     */
    torch::Tensor forward(const torch::Tensor& features, double dropout = 0);

    torch::nn::Linear hidden{nullptr}; //!< empty where there is no inner layer
    torch::nn::Linear output{nullptr};
};

TORCH_MODULE(ResNet50Head);

} // namespace limitnet

#endif // LIMITNET_NN_RESNET50_TORCH_H
