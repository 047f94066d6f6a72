// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_MAP_CODE_H
#define LIMITNET_CODEC_MAP_CODE_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/saliency-map.h"

#include <cstddef>
#include <cstdint>

namespace limitnet
{

/// Most bytes of a coded map.
constexpr size_t MAX_MAP_BYTES = 40;

/**
 * Codes a saliency map (docs/bitstream.md, "Saliency map"): the range, then each level predicted
 * from those to its left and above. A map that would take more than MAX_MAP_BYTES that way (one
 * like noise) is first coarsened to 16 levels.
 *
 * \param tables the probabilities.
 * \param map the map; written back as the receiver will see it, coarsened where it had to be.
 * \param bytes room for MAX_MAP_BYTES, written.
 * \return number of bytes, 0..MAX_MAP_BYTES.
 */
size_t EncodeSaliencyMap(const EntropyTables& tables, SaliencyMap& map, uint8_t* bytes);

/**
 * The reverse. Total: any bytes are a map.
 *
 * \param tables the probabilities.
 * \param bytes the bytes; may be null when size is 0.
 * \param size number of bytes.
 * \return the map.
 */
SaliencyMap DecodeSaliencyMap(const EntropyTables& tables, const uint8_t* bytes, size_t size);

/**
 * How a level follows from those before it.
 */
struct MapPrediction
{
    int level;   //!< Predicted level, 0..31.
    int context; //!< Index of EntropyTables::mapWidth.
};

/**
 * \param levels the levels of the map in rows; those before `cell` are looked at.
 * \param cell 1..63; the first cell has no prediction.
 * \return the prediction of its level.
 */
MapPrediction PredictLevel(const uint8_t* levels, int cell);

} // namespace limitnet

#endif // LIMITNET_CODEC_MAP_CODE_H
