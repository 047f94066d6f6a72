// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_FRAGMENT_H
#define LIMITNET_CODEC_FRAGMENT_H

#include "limitnet/codec/latent.h"
#include "limitnet/codec/map-code.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace limitnet
{

/// One fragment, or any other string of bytes.
using Bytes = std::vector<uint8_t>;

/// Bytes of the header of each fragment.
constexpr size_t FRAGMENT_HEADER_BYTES = 4;

/// Smallest fragment limit that can be used: the smallest LoRaWAN payload, 11 bytes (US915 DR0).
constexpr size_t MIN_FRAGMENT_BYTES = 11;

/// Image ids are numbers modulo this.
constexpr unsigned IMAGE_IDS = 64;

/// Version of the bitstream, 0..3, carried in the map fragment.
constexpr uint8_t BITSTREAM_VERSION = 1;

/// Most payload bytes that `count` symbols can need: at most 16 bits each, and two bytes for
/// rounding.
constexpr size_t
MaxSymbolPayload(size_t count)
{
    return 2 * count + 2;
}

/// What a fragment carries.
enum class FragmentKind
{
    INVALID, //!< Not a fragment of this bitstream.
    SYMBOLS, //!< Entropy-coded symbols of consecutive places in the order.
    MAP,     //!< A piece of the coded saliency map.
};

/**
 * A fragment taken apart. Points into the bytes it was parsed from.
 */
struct Fragment
{
    FragmentKind kind = FragmentKind::INVALID;
    uint8_t imageId = 0;              //!< Image it belongs to, 0..IMAGE_IDS - 1.
    uint16_t first = 0;               //!< SYMBOLS: place of the first symbol; MAP: first map byte.
    uint16_t count = 0;               //!< SYMBOLS: number of symbols; MAP: number of map bytes.
    uint8_t modelId = 0;              //!< MAP only: CodecTables::modelId of the sender.
    bool last = false;                //!< MAP only: the map ends with this piece.
    const uint8_t* payload = nullptr; //!< What follows the header.
    size_t payloadSize = 0;           //!< Bytes that follow the header.
};

/**
 * Takes a fragment apart; total.
 *
 * \param bytes the bytes; may be null when size is 0.
 * \param size number of bytes.
 * \return the fragment, of kind INVALID unless all rules of docs/bitstream.md hold.
 */
Fragment ParseFragment(const uint8_t* bytes, size_t size);

/**
 * Writes the header of a symbols fragment.
 *
 * \param imageId image it belongs to, modulo IMAGE_IDS.
 * \param first place of its first symbol in the order, 0..9407.
 * \param count number of symbols, 1..9408 - first.
 * \param header 4 bytes, written.
 */
void WriteSymbolsHeader(uint8_t imageId, size_t first, size_t count, uint8_t* header);

/**
 * Writes the header of a map fragment.
 *
 * \param imageId image it belongs to, modulo IMAGE_IDS.
 * \param offset its first map byte, 0..39.
 * \param last whether the map ends with this piece.
 * \param modelId CodecTables::modelId.
 * \param header 4 bytes, written.
 */
void WriteMapHeader(uint8_t imageId, size_t offset, bool last, uint8_t modelId, uint8_t* header);

} // namespace limitnet

#endif // LIMITNET_CODEC_FRAGMENT_H
