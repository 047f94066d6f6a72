// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_INT8_EXPORT_TORCH_H
#define LIMITNET_TRAINING_INT8_EXPORT_TORCH_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/nn/networks-torch.h"

#include <cstdint>
#include <ostream>
#include <vector>

namespace limitnet
{

/**
 * The arithmetic of ExportInt8().
 *
 * \param net encoder and saliency decoder
 * \param hasSaliency false: the saliency decoder is left out
 * \param tables quantiser and entropy code, with the model id
 * \param pictures uint8 Nx3x224x224, N at least 1
 * \param progress a line for each layer
 * \return the device's file
 * \throws Error when the network's numbers cannot be represented (not finite)
 */
std::vector<uint8_t> MakeInt8Model(const LimitNet& net,
                                   bool hasSaliency,
                                   const CodecTables& tables,
                                   const torch::Tensor& pictures,
                                   std::ostream& progress);

} // namespace limitnet

#endif // LIMITNET_TRAINING_INT8_EXPORT_TORCH_H
