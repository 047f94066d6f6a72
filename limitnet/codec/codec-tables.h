// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_CODEC_TABLES_H
#define LIMITNET_CODEC_CODEC_TABLES_H

#include "limitnet/codec/latent.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace limitnet
{

/// Number of values a quantised latent value can take.
constexpr int SYMBOL_COUNT = 64;

/// Binary logarithm of FREQUENCY_TOTAL.
constexpr int FREQUENCY_BITS = 12;

/// What the symbol frequencies of one channel sum to.
constexpr int FREQUENCY_TOTAL = 1 << FREQUENCY_BITS;

/**
 * What both ends share beside the networks: the quantiser's range and reconstruction values, and
 * the symbol frequencies of the entropy code.
 *
 * A set of tables is usable when Check() accepts it. The sending end uses channelMin, channelMax
 * and frequency, the receiving end reconstruction and frequency; only frequency has to be equal at
 * both ends for the bytes to decode, and it is integer.
 */
struct CodecTables
{
    /// Low byte of a checksum over the model; carried in the map fragment (docs/bitstream.md).
    uint8_t modelId = 0;

    /// Lower end of the quantiser's range of each channel.
    std::array<float, LATENT_CHANNELS> channelMin{};

    /// Upper end of the quantiser's range, always above channelMin (min + 1 for a constant
    /// channel).
    std::array<float, LATENT_CHANNELS> channelMax{};

    /// Latent value that stands for each symbol.
    std::array<std::array<float, SYMBOL_COUNT>, LATENT_CHANNELS> reconstruction{};

    /// Frequency of each symbol: at least 1, FREQUENCY_TOTAL in all per channel.
    std::array<std::array<uint16_t, SYMBOL_COUNT>, LATENT_CHANNELS> frequency{};

    /**
     * Tables from the latents of calibration images.
     *
     * channelMin and channelMax are the extremes seen (a constant channel gets max = min + 1);
     * frequency is the histogram of the symbols, scaled to FREQUENCY_TOTAL with 1 as the least;
     * reconstruction is the mean of the values that fell into the symbol's cell, or the middle of
     * the cell where none did. modelId is the low byte of Checksum().
     *
     * @param latents images * LATENT_SIZE values, image after image.
     * @param images number of images, at least 1.
     * @throws Error when there is no image or a value is not finite.
     */
    static CodecTables Calibrate(const float* latents, size_t images);

    /**
     * CRC-32 (IEEE 802.3) over channelMin, channelMax, reconstruction and frequency in this order,
     * each number little-endian. modelId is not part of it.
     *
     * @param seed checksum of what precedes, for instance of the weights; 0 for nothing.
     * @return the checksum.
     */
    uint32_t Checksum(uint32_t seed = 0) const;

    /**
     * @throws Error when a range is empty, a number is not finite, or the frequencies of a channel
     * are not all positive with the sum FREQUENCY_TOTAL.
     */
    void Check() const;
};

/**
 * CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320) of bytes.
 *
 * @param bytes first byte.
 * @param size number of bytes.
 * @param seed checksum of the bytes before, 0 at the start.
 * @return the checksum.
 */
uint32_t Crc32(const uint8_t* bytes, size_t size, uint32_t seed = 0);

} // namespace limitnet

#endif // LIMITNET_CODEC_CODEC_TABLES_H
