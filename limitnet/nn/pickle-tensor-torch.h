// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_PICKLE_TENSOR_TORCH_H
#define LIMITNET_NN_PICKLE_TENSOR_TORCH_H

#include "limitnet/nn/pickle-reader.h"

#include <torch/torch.h>

namespace limitnet
{

/**
 * The tensor that a pickle describes, as a view of its storage. Whatever numbers the pickle has,
 * the view lies within the storage.
 *
 * \param parts storage, offset, size and stride
 * \param bytes uint8, one dimension: the storage's bytes
 * \return a view, which shares its memory with \p bytes
 * \throws Error whose text goes on after the tensor's name: "reaches beyond its storage"
 */
torch::Tensor TensorView(const PickleTensor& parts, const torch::Tensor& bytes);

} // namespace limitnet

#endif // LIMITNET_NN_PICKLE_TENSOR_TORCH_H
