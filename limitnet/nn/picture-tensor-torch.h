// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_PICTURE_TENSOR_TORCH_H
#define LIMITNET_NN_PICTURE_TENSOR_TORCH_H

#include "limitnet/codec/image.h"

#include <torch/torch.h>

namespace limitnet
{

/**
 * \param x NxCxHxW, float
 * \return NxCx(height)x(width): bilinear, antialiased where it shrinks, as torchvision's resize
 */
torch::Tensor ResizeAntialiased(const torch::Tensor& x, int64_t height, int64_t width);

/**
 * \param image any size
 * \return uint8 1x3x224x224: resized without keeping the aspect ratio (bilinear, antialiased when
 *         it shrinks), as the published code does
 */
torch::Tensor PictureTensor(const Image& image);

/** \param pixels 3xHxW or 1x3xHxW in 0..1 \return the picture, rounded to bytes */
Image TensorPicture(const torch::Tensor& pixels);

/** Enlarge uint8 Nx3x32x32 to float Nx3x224x224 in 0..1, by the same rule as PictureTensor(). */
torch::Tensor EnlargeToPicture(const torch::Tensor& small);

} // namespace limitnet

#endif // LIMITNET_NN_PICTURE_TENSOR_TORCH_H
