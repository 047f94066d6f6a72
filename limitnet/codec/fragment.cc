// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/fragment.h"

namespace limitnet
{

namespace
{

/// The header is image id : 6 | code : 26.
constexpr int CODE_BITS = 26;

/// Codes of the ranges of places: one for each pair of first and count. A range that begins in the
/// first half of the order shares its row of codes with one that begins in the second half.
constexpr uint32_t ROW = LATENT_SIZE + 1;
constexpr uint32_t RANGE_CODES = LATENT_SIZE / 2 * ROW;

/// Then the pieces of the map: version : 2 | last : 1 | offset : 6 | model id : 8.
constexpr uint32_t MAP_CODES = 1U << 17;

static_assert(LATENT_SIZE % 2 == 0, "the two halves of the order share rows");
static_assert(RANGE_CODES + MAP_CODES <= 1U << CODE_BITS, "every code fits");
static_assert(MAX_MAP_BYTES < 64, "an offset fits");

void
WriteHeader(uint32_t imageId, uint32_t code, uint8_t* header)
{
    const uint32_t word = imageId % IMAGE_IDS << CODE_BITS | code;
    for (int i = 0; i < 4; ++i)
    {
        header[i] = static_cast<uint8_t>(word >> (24 - 8 * i));
    }
}

} // namespace

Fragment
ParseFragment(const uint8_t* bytes, size_t size)
{
    Fragment fragment;
    if (size < FRAGMENT_HEADER_BYTES)
    {
        return fragment;
    }
    uint32_t word = 0;
    for (size_t i = 0; i < FRAGMENT_HEADER_BYTES; ++i)
    {
        word = word << 8 | bytes[i];
    }
    const uint32_t code = word & ((1U << CODE_BITS) - 1);
    fragment.imageId = static_cast<uint8_t>(word >> CODE_BITS);
    fragment.payload = bytes + FRAGMENT_HEADER_BYTES;
    fragment.payloadSize = size - FRAGMENT_HEADER_BYTES;
    if (code < RANGE_CODES)
    {
        const uint32_t row = code / ROW;
        const uint32_t column = code % ROW;
        const bool firstHalf = column < LATENT_SIZE - row;
        const uint32_t count = firstHalf ? column + 1 : ROW - column;
        if (fragment.payloadSize <= MaxSymbolPayload(count))
        {
            fragment.kind = FragmentKind::SYMBOLS;
            fragment.first = static_cast<uint16_t>(firstHalf ? row : LATENT_SIZE - 1 - row);
            fragment.count = static_cast<uint16_t>(count);
        }
    }
    else if (code - RANGE_CODES < MAP_CODES)
    {
        const uint32_t piece = code - RANGE_CODES;
        const size_t offset = piece >> 8 & 63U;
        const bool last = (piece >> 14 & 1U) != 0;
        // only the last piece can be empty: a map may code to no byte at all
        if (piece >> 15 == BITSTREAM_VERSION && offset + fragment.payloadSize <= MAX_MAP_BYTES &&
            (last || fragment.payloadSize > 0))
        {
            fragment.kind = FragmentKind::MAP;
            fragment.first = static_cast<uint16_t>(offset);
            fragment.count = static_cast<uint16_t>(fragment.payloadSize);
            fragment.modelId = static_cast<uint8_t>(piece);
            fragment.last = last;
        }
    }
    return fragment;
}

void
WriteSymbolsHeader(uint8_t imageId, size_t first, size_t count, uint8_t* header)
{
    const auto from = static_cast<uint32_t>(first);
    const auto length = static_cast<uint32_t>(count);
    const uint32_t code = from < LATENT_SIZE / 2 ? from * ROW + length - 1
                                                 : (LATENT_SIZE - 1 - from) * ROW + ROW - length;
    WriteHeader(imageId, code, header);
}

void
WriteMapHeader(uint8_t imageId, size_t offset, bool last, uint8_t modelId, uint8_t* header)
{
    const uint32_t piece = uint32_t{BITSTREAM_VERSION} << 15 | (last ? 1U : 0U) << 14 |
                           static_cast<uint32_t>(offset) << 8 | modelId;
    WriteHeader(imageId, RANGE_CODES + piece, header);
}

} // namespace limitnet
