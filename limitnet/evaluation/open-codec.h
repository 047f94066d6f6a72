// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_OPEN_CODEC_H
#define LIMITNET_EVALUATION_OPEN_CODEC_H

#include "limitnet/baselines/codec-table.h"
#include "limitnet/codec/image-codec.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/evaluation/erasure-codec.h"
#include "limitnet/nn/codec-model.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** Which image codec, and how it is set. What a codec has no use for is left alone. */
struct CodecChoice
{
    std::string name = "limitnet";   //!< one of CodecNames()
    std::size_t bytes = 0;           //!< most bytes of an image's fragments; 0: no limit
    std::string model = "codec-224"; //!< LimitNet: weights, by name or path
    std::string encoder = "int8";    //!< LimitNet: one of PictureEncoderNames()
    double valuesPercent = 100;      //!< LimitNet: part of the latent values that is sent, at most
    unsigned mapCopies = 1;          //!< LimitNet: how often the map is sent
    std::string order = "model";     //!< LimitNet: one of ValueOrderNames()
    bool progressive = true;         //!< LimitNet: false: nothing is decoded before all is there
    int side = 224;                  //!< rivals, bit planes: the picture is resized to side x side
    double lossPercent = 0;          //!< bit planes: parity is chosen for this loss of fragments
    std::vector<double> parityPercent; //!< see ErasureEncoder; empty: no erasure coding
    int quality = 75;                  //!< rivals: 1..100; with bytes the highest that is tried
};

/**
 * \return names of orders: "model" for the one that the model was trained for, "importance",
 *         "saliency", "channel", "random"
 */
std::vector<std::string> ValueOrderNames();

/** Both halves of a codec. */
struct OpenedCodec
{
    std::shared_ptr<const ImageEncoder> encoder;
    std::shared_ptr<const ImageDecoder> decoder;
    std::shared_ptr<const CodecModel> model;       //!< LimitNet's; null for rivals
    std::shared_ptr<const ErasureDecoder> erasure; //!< the decoder's outer half; null without
    ValueOrder order = ValueOrder::IMPORTANCE;
};

/**
 * Opens a codec; what follows knows no more than its two halves.
 *
 * \throws Error in one line: an option makes no sense, or a model is missing
 */
OpenedCodec OpenCodec(const CodecChoice& choice);

} // namespace limitnet

#endif // LIMITNET_EVALUATION_OPEN_CODEC_H
