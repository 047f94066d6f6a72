// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CONVOLVE_TORCH_H
#define LIMITNET_NN_CONVOLVE_TORCH_H

#include <torch/torch.h>

namespace limitnet
{

/**
 * Convolution in the type asked for; the result is that type too.
 *
 * LibTorch's conv2d hands small inputs (a latent, a classifier's inner layers) to its own
 * convolution by way of OpenBLAS. That is slower than oneDNN, and after each such product
 * OpenBLAS's threads stay awake for a while in the way of the threads that oneDNN computes with. So
 * oneDNN is asked directly where LibTorch has it.
 *
 * \param x NxCxHxW; channels-last in memory is faster
 * \param weight OxCxKxK
 * \param bias O; may be undefined
 * \param stride, padding of both axes
 * \param computeType torch::kFloat or torch::kBFloat16
 * \return NxOxhxw
 */
torch::Tensor Convolve(const torch::Tensor& x,
                       const torch::Tensor& weight,
                       const torch::Tensor& bias,
                       int64_t stride,
                       int64_t padding,
                       torch::ScalarType computeType);

} // namespace limitnet

#endif // LIMITNET_NN_CONVOLVE_TORCH_H
