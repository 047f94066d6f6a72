// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/range-coder.h"

#include <algorithm>

namespace limitnet
{

namespace
{

/// The range is kept at or above this, so that range >> FREQUENCY_BITS has at least 9 bits.
constexpr uint32_t MIN_RANGE = 1U << 24;

} // namespace

void
RangeEncoder::Reset()
{
    m_state = {0, 0xFFFFFFFF, 0};
    m_before = m_state;
    m_carryAt = NO_CARRY;
}

size_t
RangeEncoder::Carry(size_t size)
{
    // The interval never leaves [0, 1), so there is always a byte below 0xFF to stop at.
    size_t at = size - 1;
    while (m_bytes[at] == 0xFF)
    {
        m_bytes[at--] = 0;
    }
    ++m_bytes[at];
    return at;
}

void
RangeEncoder::Encode(uint32_t cumulative, uint32_t frequency)
{
    m_before = m_state;
    m_carryAt = NO_CARRY;
    const uint32_t unit = m_state.range >> FREQUENCY_BITS;
    const uint32_t low = m_state.low + unit * cumulative; // modulo 2^32
    if (low < m_state.low)
    {
        m_carryAt = Carry(m_state.size);
    }
    m_state.low = low;
    m_state.range = unit * frequency;
    while (m_state.range < MIN_RANGE)
    {
        m_bytes[m_state.size++] = static_cast<uint8_t>(m_state.low >> 24);
        m_state.low <<= 8;
        m_state.range <<= 8;
    }
}

void
RangeEncoder::Undo()
{
    m_state = m_before;
    if (m_carryAt != NO_CARRY)
    {
        --m_bytes[m_carryAt];
        std::fill(m_bytes.begin() + m_carryAt + 1, m_bytes.begin() + m_state.size, 0xFF);
        m_carryAt = NO_CARRY;
    }
}

size_t
RangeEncoder::Size() const
{
    size_t size = m_state.size;
    if (m_state.low == 0)
    {
        // the bytes so far, followed by zeros, are in the interval
        while (size > 0 && m_bytes[size - 1] == 0)
        {
            --size;
        }
        return size;
    }
    if (uint64_t{m_state.low} + m_state.range > uint64_t{1} << 32)
    {
        // the bytes so far plus one are in it; the carry turns 0xFF at the end into zeros
        while (m_bytes[size - 1] == 0xFF)
        {
            --size;
        }
        return size;
    }
    // range >= 2^24, so one more byte always finds a number in it
    return size + 1;
}

size_t
RangeEncoder::Finish(uint8_t* bytes)
{
    const size_t size = Size();
    if (m_state.low != 0)
    {
        if (uint64_t{m_state.low} + m_state.range > uint64_t{1} << 32)
        {
            Carry(m_state.size);
        }
        else
        {
            m_bytes[m_state.size] =
                static_cast<uint8_t>((uint64_t{m_state.low} + MIN_RANGE - 1) >> 24);
        }
    }
    std::copy_n(m_bytes.begin(), size, bytes);
    Reset();
    return size;
}

RangeDecoder::RangeDecoder(const uint8_t* bytes, size_t size)
    : m_next(bytes),
      m_end(bytes + size)
{
    for (int i = 0; i < 4; ++i)
    {
        m_code = (m_code << 8) | NextByte();
    }
}

uint32_t
RangeDecoder::NextByte()
{
    return m_next != m_end ? *m_next++ : 0;
}

uint32_t
RangeDecoder::Target() const
{
    return std::min(m_code / (m_range >> FREQUENCY_BITS), uint32_t{FREQUENCY_TOTAL - 1});
}

void
RangeDecoder::Consume(uint32_t cumulative, uint32_t frequency)
{
    const uint32_t unit = m_range >> FREQUENCY_BITS;
    m_code -= unit * cumulative; // never below 0, as cumulative <= Target()
    m_range = unit * frequency;
    while (m_range < MIN_RANGE)
    {
        m_code = (m_code << 8) | NextByte();
        m_range <<= 8;
    }
}

} // namespace limitnet
