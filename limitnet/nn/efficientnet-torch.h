// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_EFFICIENTNET_TORCH_H
#define LIMITNET_NN_EFFICIENTNET_TORCH_H

#include <cstdint>
#include <torch/torch.h>

namespace limitnet
{

/**
 * A mobile inverted bottleneck with squeeze and excitation: expand by 1x1 (where the ratio is not
 * 1), filter each channel, weigh the channels, project by 1x1, add the input where shapes allow.
 */
class MbConvBlockImpl : public torch::nn::Module
{
  public:
    /** \param in, out channels \param expand ratio of channels inside \param kernel, stride of the
     * filter */
    MbConvBlockImpl(int64_t in, int64_t out, int64_t expand, int64_t kernel, int64_t stride);
    torch::Tensor forward(const torch::Tensor& x);

  private:
    bool m_skip;
    torch::nn::Conv2d m_expandConv{nullptr}; // empty where the ratio is 1
    torch::nn::BatchNorm2d m_norm0{nullptr};
    torch::nn::Conv2d m_depthwiseConv{nullptr};
    torch::nn::BatchNorm2d m_norm1{nullptr};
    torch::nn::Conv2d m_reduce{nullptr};
    torch::nn::Conv2d m_expand{nullptr};
    torch::nn::Conv2d m_projectConv{nullptr};
    torch::nn::BatchNorm2d m_norm2{nullptr};
};

TORCH_MODULE(MbConvBlock);

/**
 * EfficientNet-B0 (Tan and Le, arXiv 1905.11946, table 1), the classifier of the LimitNet release.
 *
 * Parameters and buffers have the names that the Python package efficientnet_pytorch gives them
 * (`_conv_stem.weight`, `_blocks.0._depthwise_conv.weight`, `_fc.bias`, ...), so its state dicts
 * load unchanged. As there, convolutions are padded as TensorFlow's "same" is: the output has
 * ceil(input / stride) pixels on a side, and where the padding is odd, the larger part is at the
 * bottom and on the right. Batch normalisation has an epsilon of 1e-3; the activation is swish,
 * x * sigmoid(x).
 *
 * It is for inference: dropout and drop connect, which act in training only, are not there.
 */
class EfficientNetB0Impl : public torch::nn::Module
{
  public:
    /** \param classes how many logits */
    explicit EfficientNetB0Impl(int64_t classes);

    /** \param x normalised Nx3x224x224 (other sizes work) \return NxC logits */
    torch::Tensor forward(const torch::Tensor& x);

  private:
    torch::nn::Conv2d m_stem{nullptr};
    torch::nn::BatchNorm2d m_norm0{nullptr};
    torch::nn::ModuleList m_blocks;
    torch::nn::Conv2d m_head{nullptr};
    torch::nn::BatchNorm2d m_norm1{nullptr};
    torch::nn::Linear m_linear{nullptr};
};

TORCH_MODULE(EfficientNetB0);

} // namespace limitnet

#endif // LIMITNET_NN_EFFICIENTNET_TORCH_H
