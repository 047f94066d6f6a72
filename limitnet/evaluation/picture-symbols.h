// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_PICTURE_SYMBOLS_H
#define LIMITNET_EVALUATION_PICTURE_SYMBOLS_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/saliency-map.h"
#include "limitnet/nn/codec-model.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace limitnet
{

/**
 * What is left of a picture after the device's networks and quantisers: all that the bitstream
 * sends, and the saliency that the order of the values comes from. A picture is encoded once and
 * cut into fragments as often as one likes.
 */
struct PictureSymbols
{
    SaliencyMap map;
    std::vector<std::uint8_t> symbols; //!< LATENT_SIZE, by latent index
    std::vector<float> saliency;       //!< LATENT_CELLS in 0..1: what the map was made from
};

/**
 * \param model the codec
 * \param picture what CodecModel::Encode() made of a picture
 * \return its map and symbols
 */
PictureSymbols QuantisePicture(const CodecModel& model, const EncodedPicture& picture);

/** \return how many values \p percent (0..100) of a latent are, at least 1. */
std::size_t ValuesOfPercentage(double percent);

/** \return the sum of the fragments' lengths. */
std::size_t TotalBytes(const std::vector<Bytes>& fragments);

/**
 * The fragments that carry as many values as fit into a number of bytes.
 *
 * \param fragmenter of the codec
 * \param picture what to send
 * \param options how to cut; valueCount is the most to send
 * \param bytes most bytes of all fragments together: headers, map and values
 * \return the fragments; empty when not even the map and one value fit
 * \throws Error when an option is out of range
 */
std::vector<Bytes> FragmentsWithin(Fragmenter& fragmenter,
                                   const PictureSymbols& picture,
                                   FragmentOptions options,
                                   std::size_t bytes);

/** What a set of fragments gives. */
struct ReceivedLatent
{
    std::vector<float> latent;  //!< LATENT_SIZE values, 0 where nothing is known
    SaliencyMap map;            //!< the map that was sent
    std::size_t valueCount = 0; //!< how many values of it are known
};

/**
 * \param tables the codec's
 * \param fragments what arrived
 * \param most only values among the first \p most of the order count
 * \param order the sender's
 * \return the latent; nothing where the map or all values are missing
 */
std::optional<ReceivedLatent> ReceiveLatent(const CodecTables& tables,
                                            const std::vector<Bytes>& fragments,
                                            std::size_t most = LATENT_SIZE,
                                            ValueOrder order = ValueOrder::IMPORTANCE);

/** The same for a sender that keeps to the order that the model was trained for. */
std::optional<ReceivedLatent> ReceiveLatent(const CodecModel& model,
                                            const std::vector<Bytes>& fragments,
                                            std::size_t most = LATENT_SIZE);

} // namespace limitnet

#endif // LIMITNET_EVALUATION_PICTURE_SYMBOLS_H
