// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_RANGE_CODER_H
#define LIMITNET_CODEC_RANGE_CODER_H

#include "limitnet/codec/codec-tables.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace limitnet
{

/**
 * Range encoder with carry propagation and an optimal end (docs/bitstream.md, "Range code").
 *
 * Encode() narrows the interval, Size() tells at any time how many bytes Finish() would give, and
 * Undo() takes the last symbol back: that is how a fragment is filled to the last bit.
 * Size() never falls when a symbol is added, because the new interval lies inside the old one.
 */
class RangeEncoder
{
  public:
    /// Most bytes that Finish() can give; the caller must not encode past it.
    static constexpr size_t CAPACITY = 2048;

    /// Forgets everything encoded.
    void Reset();

    /**
     * Encodes one symbol.
     *
     * \param cumulative sum of the frequencies of the symbols below it, of FREQUENCY_TOTAL.
     * \param frequency its frequency, at least 1.
     */
    void Encode(uint32_t cumulative, uint32_t frequency);

    /// Takes the last Encode() back. Only one step, and only directly after Encode().
    void Undo();

    /// Length of the shortest byte string that decodes to the symbols so far.
    size_t Size() const;

    /**
     * Ends the code.
     *
     * \param bytes Size() bytes, written.
     * \return the number of bytes written.
     */
    size_t Finish(uint8_t* bytes);

  private:
    static constexpr size_t NO_CARRY = ~size_t{0};

    /// Interval within the current unit, and how much has been put out.
    struct State
    {
        uint32_t low;
        uint32_t range;
        size_t size;
    };

    /// Adds one to the number that m_bytes[0..size) is. \return the index of the byte that grew.
    size_t Carry(size_t size);

    State m_state{0, 0xFFFFFFFF, 0};
    State m_before{0, 0xFFFFFFFF, 0};
    size_t m_carryAt = NO_CARRY;
    // two symbols' worth of room, so that one Encode() past the limit can be tried and undone
    std::array<uint8_t, CAPACITY + 8> m_bytes{};
};

/**
 * Decoder of what RangeEncoder makes. Total: any bytes decode to symbols, and zeros are read past
 * the end.
 *
 * For each symbol, find the one whose interval holds Target() and Consume() that.
 */
class RangeDecoder
{
  public:
    RangeDecoder(const uint8_t* bytes, size_t size);

    /// Where in the interval the code lies: 0..FREQUENCY_TOTAL - 1. Does not change anything.
    uint32_t Target() const;

    /**
     * Goes past one symbol.
     *
     * \param cumulative sum of the frequencies of the symbols below it; at most Target().
     * \param frequency its frequency; cumulative + frequency is above Target().
     */
    void Consume(uint32_t cumulative, uint32_t frequency);

  private:
    uint32_t NextByte();

    const uint8_t* m_next;
    const uint8_t* m_end;
    uint32_t m_code = 0;
    uint32_t m_range = 0xFFFFFFFF;
};

} // namespace limitnet

#endif // LIMITNET_CODEC_RANGE_CODER_H
