// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/fragmenter.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <string>

namespace limitnet
{

Fragmenter::Fragmenter(const EntropyTables& tables, uint8_t modelId)
    : m_tables(tables),
      m_model(tables),
      m_modelId(modelId)
{
    m_options.valueCount = 0;
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
    SaliencyMap sent = map;
    m_mapBytes = EncodeSaliencyMap(m_tables, sent, m_map.data());
    m_walk.Begin(sent, options.order);
    m_next = NONE;
    m_symbols = symbols;
    m_sendingMap = NeedsMap(options.order);
    m_mapOffset = 0;
    m_copiesLeft = m_sendingMap ? options.mapCopies - 1 : 0;
    m_symbolFragments = 0;
    m_nextCopyAfter = 2;
    m_position = 0;
}

size_t
Fragmenter::Next(uint8_t* bytes)
{
    const bool symbolsLeft = m_position < m_options.valueCount;
    if (!m_sendingMap && m_copiesLeft > 0 && (m_symbolFragments >= m_nextCopyAfter || !symbolsLeft))
    {
        m_sendingMap = true;
        m_mapOffset = 0;
        --m_copiesLeft;
        m_nextCopyAfter *= 2;
    }
    if (m_sendingMap)
    {
        return NextMapPiece(bytes);
    }
    return symbolsLeft ? NextSymbols(bytes) : 0;
}

size_t
Fragmenter::NextMapPiece(uint8_t* bytes)
{
    const size_t count =
        std::min(m_mapBytes - m_mapOffset, m_options.maxFragmentBytes - FRAGMENT_HEADER_BYTES);
    const bool last = m_mapOffset + count == m_mapBytes;
    WriteMapHeader(m_options.imageId, m_mapOffset, last, m_modelId, bytes);
    std::copy_n(m_map.begin() + m_mapOffset, count, bytes + FRAGMENT_HEADER_BYTES);
    m_mapOffset += count;
    m_sendingMap = !last;
    return FRAGMENT_HEADER_BYTES + count;
}

size_t
Fragmenter::NextSymbols(uint8_t* bytes)
{
    const size_t room =
        std::min(m_options.maxFragmentBytes - FRAGMENT_HEADER_BYTES, RangeEncoder::CAPACITY);
    const size_t most = m_options.valueCount - m_position;
    size_t count = 0;
    m_encoder.Reset();
    m_model.Begin();
    while (count < most)
    {
        if (m_next == NONE)
        {
            m_next = m_walk.Next();
        }
        const int symbol = m_symbols[m_next];
        const auto distribution = m_model.Next(m_next, m_symbols);
        const uint32_t low = distribution.Cumulative(symbol);
        m_encoder.Encode(low, distribution.Cumulative(symbol + 1) - low);
        if (m_encoder.Size() > room)
        {
            m_encoder.Undo();
            break;
        }
        m_model.Know(m_next);
        m_next = NONE;
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
    const size_t longest = FRAGMENT_HEADER_BYTES + RangeEncoder::CAPACITY;
    Bytes buffer(std::min(options.maxFragmentBytes, longest));
    while (const size_t size = Next(buffer.data()))
    {
        fragments.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    }
    return fragments;
}

} // namespace limitnet
