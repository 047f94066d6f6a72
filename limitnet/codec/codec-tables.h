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
constexpr int FREQUENCY_BITS = 15;

/// What the frequencies of all symbols sum to, wherever a symbol is coded.
constexpr int FREQUENCY_TOTAL = 1 << FREQUENCY_BITS;

/// Number of neighbours of a cell in its channel.
constexpr int NEIGHBOURS = 8;

/// Which of the neighbours are known: one bit each (NeighbourPattern in symbol-model.h).
constexpr int NEIGHBOUR_PATTERNS = 1 << NEIGHBOURS;

/// Sets of prediction weights; each channel uses one of them.
constexpr int WEIGHT_SETS = 4;

/// Classes of how well a pattern of known neighbours predicts.
constexpr int CONFIDENCE_CLASSES = 4;

/// Classes of how far the known neighbours are apart.
constexpr int SPREAD_CLASSES = 6;

/// Widths of the distribution around a prediction that can be chosen.
constexpr int WIDTH_COUNT = 32;

/// Classes of how smooth the saliency map is around a cell.
constexpr int MAP_CONTEXTS = 5;

/// Fractional bits of EntropyTables::weight.
constexpr int WEIGHT_BITS = 6;

/**
 * The probabilities of the entropy code, in integers: what both ends have to hold alike for the
 * bytes to decode. How they are used is in docs/bitstream.md, "Probabilities".
 *
 * The members are integers of one and two bytes without gaps, so that a device can keep them in
 * flash as they are.
 */
struct EntropyTables
{
    /// Frequency of each symbol where no neighbour is known: at least 1, FREQUENCY_TOTAL in all.
    std::array<std::array<uint16_t, SYMBOL_COUNT>, LATENT_CHANNELS> frequency{};

    /// Mean symbol of each channel in units of 1/16, 0..1008.
    std::array<uint16_t, LATENT_CHANNELS> mean{};

    /// Which weights each channel uses, 0..WEIGHT_SETS - 1.
    std::array<uint8_t, LATENT_CHANNELS> weightSet{};

    /// Weight of each known neighbour's distance from the mean, in units of 1/64; 0 for neighbours
    /// that are not in the pattern.
    std::array<std::array<std::array<int8_t, NEIGHBOURS>, NEIGHBOUR_PATTERNS>, WEIGHT_SETS>
        weight{};

    /// Confidence class of each pattern, 0 (best) .. CONFIDENCE_CLASSES - 1.
    std::array<std::array<uint8_t, NEIGHBOUR_PATTERNS>, WEIGHT_SETS> confidence{};

    /// Width of the distribution, 0 (narrowest) .. WIDTH_COUNT - 1, by channel, confidence, spread,
    /// and whether the prediction is below 1 (1) or not (0).
    std::array<std::array<std::array<std::array<uint8_t, 2>, SPREAD_CLASSES>, CONFIDENCE_CLASSES>,
               LATENT_CHANNELS>
        width{};

    /// Width of the distribution of the saliency map's levels by context.
    std::array<uint8_t, MAP_CONTEXTS> mapWidth{};

    /**
     * \throws Error when an entry is out of the range given above.
     */
    void Check() const;
};

/**
 * What both ends share beside the networks: the quantiser, its reconstruction values, and the
 * probabilities of the entropy code.
 *
 * A set of tables is usable when Check() accepts it. The sending end uses scale, offset and
 * entropy, the receiving end reconstruction and entropy; only entropy has to be equal at both ends
 * for the bytes to decode, and it is integer.
 */
struct CodecTables
{
    /// Low byte of a checksum over the model; carried in the map fragment (docs/bitstream.md).
    uint8_t modelId = 0;

    /// Symbols per unit of a latent value: the symbol is floor(value * scale + offset), clamped.
    std::array<float, LATENT_CHANNELS> scale{};

    /// What is added before the floor: 0.5 less the channel's minimum in symbols.
    std::array<float, LATENT_CHANNELS> offset{};

    /// Latent value that stands for each symbol.
    std::array<std::array<float, SYMBOL_COUNT>, LATENT_CHANNELS> reconstruction{};

    EntropyTables entropy; //!< The probabilities.

    /**
     * CRC-32 (IEEE 802.3) over scale, offset, reconstruction and the members of entropy in their
     * order, each number little-endian. modelId is not part of it.
     *
     * \param seed checksum of what precedes, for instance of the weights; 0 for nothing.
     * \return the checksum.
     */
    uint32_t Checksum(uint32_t seed = 0) const;

    /**
     * \throws Error when a scale is not above 0, a number is not finite, or EntropyTables::Check
     * finds a fault.
     */
    void Check() const;
};

/**
 * CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320) of bytes.
 *
 * \param bytes first byte.
 * \param size number of bytes.
 * \param seed checksum of the bytes before, 0 at the start.
 * \return the checksum.
 */
uint32_t Crc32(const uint8_t* bytes, size_t size, uint32_t seed = 0);

} // namespace limitnet

#endif // LIMITNET_CODEC_CODEC_TABLES_H
