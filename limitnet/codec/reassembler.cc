// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/reassembler.h"

#include <algorithm>

namespace limitnet
{

namespace
{

void
Write16(size_t value, uint8_t* bytes)
{
    bytes[0] = static_cast<uint8_t>(value >> 8);
    bytes[1] = static_cast<uint8_t>(value);
}

size_t
Read16(const uint8_t* bytes)
{
    return size_t{bytes[0]} << 8 | bytes[1];
}

} // namespace

Reassembler::Reassembler(const CodecTables& tables, ValueOrder order)
    : m_tables(tables),
      m_kind(order),
      m_model(tables.entropy)
{
    Reset();
}

void
Reassembler::Reset()
{
    m_hasImageId = false;
    m_imageId = 0;
    m_hasMap = false;
    m_map = SaliencyMap();
    m_mapBytes.fill(0);
    m_mapReceived.reset();
    m_mapEnd = UNKNOWN;
    m_placed.reset();
    m_received.reset();
    m_stored = 0;
    if (!NeedsMap(m_kind))
    {
        m_hasMap = true;
        ImportanceOrder(m_map, m_order.data(), m_kind);
    }
}

Reassembler::Result
Reassembler::Add(const uint8_t* bytes, size_t size)
{
    const Fragment fragment = ParseFragment(bytes, size);
    if (fragment.kind == FragmentKind::INVALID)
    {
        return Result::INVALID;
    }
    if (m_hasImageId && fragment.imageId != m_imageId)
    {
        return Result::OTHER_IMAGE;
    }
    const Result result =
        fragment.kind == FragmentKind::MAP ? AddMap(fragment) : AddSymbols(fragment);
    if (result == Result::ACCEPTED)
    {
        m_hasImageId = true;
        m_imageId = fragment.imageId;
    }
    return result;
}

Reassembler::Result
Reassembler::AddMap(const Fragment& fragment)
{
    if (fragment.modelId != m_tables.modelId)
    {
        return Result::OTHER_MODEL;
    }
    if (m_hasMap)
    {
        return Result::DUPLICATE;
    }
    bool isNew = false;
    if (fragment.last && m_mapEnd == UNKNOWN)
    {
        m_mapEnd = size_t{fragment.first} + fragment.count;
        isNew = true;
    }
    for (size_t i = 0; i < fragment.count; ++i)
    {
        const size_t at = fragment.first + i;
        if (!m_mapReceived[at])
        {
            m_mapReceived[at] = true;
            m_mapBytes[at] = fragment.payload[i];
            isNew = true;
        }
    }
    if (!isNew)
    {
        return Result::DUPLICATE;
    }
    size_t whole = 0;
    while (whole < m_mapEnd && whole < MAX_MAP_BYTES && m_mapReceived[whole])
    {
        ++whole;
    }
    if (whole == m_mapEnd)
    {
        CompleteMap();
    }
    return Result::ACCEPTED;
}

Reassembler::Result
Reassembler::AddSymbols(const Fragment& fragment)
{
    bool isNew = false;
    for (size_t n = fragment.first; n < size_t{fragment.first} + fragment.count && !isNew; ++n)
    {
        isNew = !m_received[n];
    }
    if (!isNew)
    {
        return Result::DUPLICATE;
    }
    if (m_hasMap)
    {
        Place(fragment.first, fragment.count, fragment.payload, fragment.payloadSize);
    }
    else
    {
        if (STORE_BYTES - m_stored < STORED_HEADER + fragment.payloadSize)
        {
            return Result::NO_ROOM;
        }
        uint8_t* entry = m_store.data() + m_stored;
        Write16(fragment.first, entry);
        Write16(fragment.count, entry + 2);
        Write16(fragment.payloadSize, entry + 4);
        std::copy_n(fragment.payload, fragment.payloadSize, entry + STORED_HEADER);
        m_stored += STORED_HEADER + fragment.payloadSize;
    }
    for (size_t n = fragment.first; n < size_t{fragment.first} + fragment.count; ++n)
    {
        m_received[n] = true;
    }
    return Result::ACCEPTED;
}

void
Reassembler::Place(size_t first, size_t count, const uint8_t* payload, size_t payloadSize)
{
    RangeDecoder decoder(payload, payloadSize);
    m_model.Begin();
    for (size_t n = first; n < first + count; ++n)
    {
        const int latentIndex = m_order[n];
        const auto distribution = m_model.Next(latentIndex, m_context.data());
        const uint8_t symbol = distribution.Find(decoder.Target());
        const uint32_t low = distribution.Cumulative(symbol);
        decoder.Consume(low, distribution.Cumulative(symbol + 1) - low);
        m_context[latentIndex] = symbol;
        m_model.Know(latentIndex);
        if (!m_placed[n])
        {
            m_placed[n] = true;
            m_symbols[n] = symbol;
        }
    }
}

void
Reassembler::CompleteMap()
{
    m_map = DecodeSaliencyMap(m_tables.entropy, m_mapBytes.data(), m_mapEnd);
    ImportanceOrder(m_map, m_order.data(), m_kind);
    m_hasMap = true;
    // in order of arrival, so that the outcome is as if the map had come first
    for (size_t at = 0; at < m_stored;)
    {
        const uint8_t* entry = m_store.data() + at;
        const size_t payloadSize = Read16(entry + 4);
        Place(Read16(entry), Read16(entry + 2), entry + STORED_HEADER, payloadSize);
        at += STORED_HEADER + payloadSize;
    }
    m_stored = 0;
}

bool
Reassembler::HasImageId() const
{
    return m_hasImageId;
}

uint8_t
Reassembler::ImageId() const
{
    return m_imageId;
}

bool
Reassembler::HasMap() const
{
    return m_hasMap;
}

const SaliencyMap&
Reassembler::Map() const
{
    return m_map;
}

size_t
Reassembler::ValueCount() const
{
    return m_placed.count();
}

size_t
Reassembler::ReceivedCount() const
{
    return m_received.count();
}

void
Reassembler::Latent(float* latent) const
{
    std::fill_n(latent, LATENT_SIZE, 0.0F);
    if (!m_hasMap)
    {
        return;
    }
    for (size_t n = 0; n < LATENT_SIZE; ++n)
    {
        if (m_placed[n])
        {
            latent[m_order[n]] = m_tables.reconstruction[m_order[n] / LATENT_CELLS][m_symbols[n]];
        }
    }
}

void
Reassembler::Received(uint8_t* received) const
{
    std::fill_n(received, LATENT_SIZE, uint8_t{0});
    if (!m_hasMap)
    {
        return;
    }
    for (size_t n = 0; n < LATENT_SIZE; ++n)
    {
        if (m_placed[n])
        {
            received[m_order[n]] = 1;
        }
    }
}

} // namespace limitnet
