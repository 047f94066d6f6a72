// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/fragmenter.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/importance-order.h"

#include <algorithm>
#include <string>

namespace limitnet
{

static_assert(MaxSymbolPayload(MAX_FRAGMENT_SYMBOLS) <= RangeEncoder::CAPACITY,
              "a full fragment fits the encoder's buffer");

Fragmenter::Fragmenter(const CodecTables& tables)
    : m_model(tables),
      m_modelId(tables.modelId)
{
    m_options.valueCount = 0;
    m_mapOffset = MAP_BYTES;
}

void
Fragmenter::Begin(const SaliencyMap& map, const uint8_t* symbols, const FragmentOptions& options)
{
    if (options.maxFragmentBytes < MIN_FRAGMENT_BYTES)
    {
        throw Error("fragment limit of " + std::to_string(options.maxFragmentBytes) +
                    " bytes is too small; at least " + std::to_string(MIN_FRAGMENT_BYTES) +
                    " are needed");
    }
    if (options.valueCount > LATENT_SIZE)
    {
        throw Error("cannot send " + std::to_string(options.valueCount) + " values; an image has " +
                    std::to_string(LATENT_SIZE));
    }
    if (options.mapCopies < 1 || options.mapCopies > MAX_MAP_COPIES)
    {
        throw Error("cannot send the saliency map " + std::to_string(options.mapCopies) +
                    " times; 1 to " + std::to_string(MAX_MAP_COPIES) + " are possible");
    }
    if (std::any_of(map.level.begin(), map.level.end(), [](int l) { return l >= MAP_LEVELS; }))
    {
        throw Error("saliency map has a level above " + std::to_string(MAP_LEVELS - 1));
    }
    if (std::any_of(symbols, symbols + LATENT_SIZE, [](int s) { return s >= SYMBOL_COUNT; }))
    {
        throw Error("latent has a symbol above " + std::to_string(SYMBOL_COUNT - 1));
    }
    m_options = options;
    m_map = PackSaliencyMap(map);
    ImportanceOrder(map, m_order.data());
    std::copy_n(symbols, LATENT_SIZE, m_symbols.begin());
    m_mapOffset = 0;
    m_copiesLeft = options.mapCopies - 1;
    m_symbolFragments = 0;
    m_nextCopyAfter = 2;
    m_position = 0;
}

size_t
Fragmenter::Next(uint8_t* bytes)
{
    const bool symbolsLeft = m_position < m_options.valueCount;
    if (m_mapOffset == MAP_BYTES && m_copiesLeft > 0 &&
        (m_symbolFragments >= m_nextCopyAfter || !symbolsLeft))
    {
        m_mapOffset = 0;
        --m_copiesLeft;
        m_nextCopyAfter *= 2;
    }
    if (m_mapOffset < MAP_BYTES)
    {
        return NextMapPiece(bytes);
    }
    return symbolsLeft ? NextSymbols(bytes) : 0;
}

size_t
Fragmenter::NextMapPiece(uint8_t* bytes)
{
    const size_t count =
        std::min(MAP_BYTES - m_mapOffset, m_options.maxFragmentBytes - FRAGMENT_HEADER_BYTES);
    WriteMapHeader(m_options.imageId, m_mapOffset, m_modelId, bytes);
    std::copy_n(m_map.begin() + m_mapOffset, count, bytes + FRAGMENT_HEADER_BYTES);
    m_mapOffset += count;
    return FRAGMENT_HEADER_BYTES + count;
}

size_t
Fragmenter::NextSymbols(uint8_t* bytes)
{
    const size_t room = m_options.maxFragmentBytes - FRAGMENT_HEADER_BYTES;
    const size_t most = std::min(MAX_FRAGMENT_SYMBOLS, m_options.valueCount - m_position);
    size_t count = 0;
    m_encoder.Reset();
    while (count < most)
    {
        const int latentIndex = m_order[m_position + count];
        const int channel = latentIndex / LATENT_CELLS;
        const int symbol = m_symbols[latentIndex];
        m_encoder.Encode(m_model.Cumulative(channel, symbol), m_model.Frequency(channel, symbol));
        if (m_encoder.Size() > room)
        {
            m_encoder.Undo();
            break;
        }
        ++count;
    }
    WriteSymbolsHeader(m_options.imageId, m_position, count, bytes);
    m_position += count;
    ++m_symbolFragments;
    return FRAGMENT_HEADER_BYTES + m_encoder.Finish(bytes + FRAGMENT_HEADER_BYTES);
}

std::vector<Bytes>
Fragmenter::All(const SaliencyMap& map, const uint8_t* symbols, const FragmentOptions& options)
{
    Begin(map, symbols, options);
    std::vector<Bytes> fragments;
    // no fragment is longer than this, however large the limit is
    const size_t longest =
        FRAGMENT_HEADER_BYTES + std::max(MAP_BYTES, MaxSymbolPayload(MAX_FRAGMENT_SYMBOLS));
    Bytes buffer(std::min(options.maxFragmentBytes, longest));
    while (const size_t size = Next(buffer.data()))
    {
        fragments.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    }
    return fragments;
}

} // namespace limitnet
