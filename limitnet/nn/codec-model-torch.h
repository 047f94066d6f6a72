// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CODEC_MODEL_TORCH_H
#define LIMITNET_NN_CODEC_MODEL_TORCH_H

#include "limitnet/nn/codec-model.h"
#include "limitnet/nn/networks-torch.h"

#include <filesystem>

namespace limitnet
{

/** The networks behind a CodecModel. */
struct CodecModel::Networks
{
    mutable LimitNet net;   // forward() is not const in LibTorch, though it changes nothing
    DecoderKernels decoder; // made of net->decoder once
};

/**
 * Write a codec's model file; the tables' model id is computed here, from all that is written.
 *
 * \param path the file
 * \param net the networks
 * \param tables quantiser and entropy code
 * \throws Error naming the file when it cannot be written
 */
void WriteCodecModel(const std::filesystem::path& path,
                     const LimitNet& net,
                     const CodecTables& tables);

} // namespace limitnet

#endif // LIMITNET_NN_CODEC_MODEL_TORCH_H
