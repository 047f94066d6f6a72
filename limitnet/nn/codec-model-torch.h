// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CODEC_MODEL_TORCH_H
#define LIMITNET_NN_CODEC_MODEL_TORCH_H

#include "limitnet/nn/codec-model.h"
#include "limitnet/nn/networks-torch.h"

#include <filesystem>
#include <map>
#include <string>

namespace limitnet
{

/** The networks behind a CodecModel. */
struct CodecModel::Networks
{
    mutable LimitNet net; // forward() is not const in LibTorch, though it changes nothing

    /** Whether `net->sal_decoder` is part of the model; otherwise its weights mean nothing. */
    bool hasSaliency = true;

    /** Trained for values that are sent in no order, as the rival is; then without saliency. */
    bool randomOrder = false;

    /**
     * \param latent Nx12x28x28
     * \return Nx1x28x28 in 0..1; 0 everywhere without a saliency decoder, which makes the
     * importance order that of the channels
     */
    torch::Tensor Saliency(const torch::Tensor& latent) const;

    DecoderKernels decoder{}; // made of net->decoder once, where the model is read
};

/**
 * The networks of a model file, whatever tables it has.
 *
 * \param path a model file of kind "codec"
 * \return its networks, in evaluation mode
 * \throws Error naming the file
 */
CodecModel::Networks ReadCodecNetworks(const std::filesystem::path& path);

/**
 * Write a codec's model file; the tables' model id is computed here, from all that is written.
 *
 * \param path the file
 * \param networks encoder, decoder and perhaps saliency decoder
 * \param tables quantiser and entropy code
 * \param notes what the file says of its origin
 * \throws Error naming the file when it cannot be written
 */
void WriteCodecModel(const std::filesystem::path& path,
                     const CodecModel::Networks& networks,
                     const CodecTables& tables,
                     const std::map<std::string, std::string>& notes = {});

} // namespace limitnet

#endif // LIMITNET_NN_CODEC_MODEL_TORCH_H
