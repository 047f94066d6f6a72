// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/fragment.h"

namespace limitnet
{

namespace
{

/// image id : 8 | first : 14 | field : 10, most significant byte first.
void
WriteHeader(uint32_t imageId, uint32_t first, uint32_t field, uint8_t* header)
{
    const uint32_t word = imageId << 24 | first << 10 | field;
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
    const uint32_t first = uint32_t{bytes[1]} << 6 | uint32_t{bytes[2]} >> 2;
    const uint32_t field = (uint32_t{bytes[2]} & 3U) << 8 | bytes[3];
    fragment.imageId = bytes[0];
    fragment.payload = bytes + FRAGMENT_HEADER_BYTES;
    fragment.payloadSize = size - FRAGMENT_HEADER_BYTES;
    if (first < LATENT_SIZE)
    {
        const uint32_t count = field + 1;
        if (first + count <= LATENT_SIZE && fragment.payloadSize <= MaxSymbolPayload(count))
        {
            fragment.kind = FragmentKind::SYMBOLS;
            fragment.first = static_cast<uint16_t>(first);
            fragment.count = static_cast<uint16_t>(count);
        }
    }
    else if (first >= MAP_FIRST && first < MAP_FIRST + MAP_BYTES)
    {
        const size_t offset = first - MAP_FIRST;
        if (field >> 8 == BITSTREAM_VERSION && fragment.payloadSize >= 1 &&
            fragment.payloadSize <= MAP_BYTES - offset)
        {
            fragment.kind = FragmentKind::MAP;
            fragment.first = static_cast<uint16_t>(offset);
            fragment.count = static_cast<uint16_t>(fragment.payloadSize);
            fragment.modelId = static_cast<uint8_t>(field);
        }
    }
    return fragment;
}

void
WriteSymbolsHeader(uint8_t imageId, size_t first, size_t count, uint8_t* header)
{
    WriteHeader(imageId, static_cast<uint32_t>(first), static_cast<uint32_t>(count - 1), header);
}

void
WriteMapHeader(uint8_t imageId, size_t offset, uint8_t modelId, uint8_t* header)
{
    WriteHeader(imageId,
                MAP_FIRST + static_cast<uint32_t>(offset),
                uint32_t{BITSTREAM_VERSION} << 8 | modelId,
                header);
}

} // namespace limitnet
