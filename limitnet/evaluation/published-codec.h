// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_PUBLISHED_CODEC_H
#define LIMITNET_EVALUATION_PUBLISHED_CODEC_H

#include "limitnet/codec/latent.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace limitnet
{

/**
 * Lengths of the codes of a Huffman code (D. A. Huffman, Proc. IRE 40(9), 1952).
 *
 * Where counts are equal there are several such codes of the same mean length; this gives one of
 * them, the same on every machine.
 *
 * \param counts how often each symbol occurs, at least 1 each
 * \return bits of each symbol's code; 1 for a single symbol
 * \throws Error when there are no symbols or one has the count 0
 */
std::vector<int> HuffmanLengths(const std::vector<std::uint64_t>& counts);

/**
 * The quantiser and entropy code of the published LimitNet (ds-kiel/LimitNet at 5f01f94), to
 * compare with: per channel, min and max of calibration pictures; (x - min) / (max - min) * 255
 * truncated to a byte and divided by 4; the low edge of the cell as reconstruction; one static
 * Huffman code per channel from the symbols of the calibration pictures, in which every symbol
 * counts at least once.
 *
 * Two things are added where the published code fails: a channel with min = max gets max = min + 1
 * instead of a division by zero, and a value outside min..max is clamped instead of wrapping
 * around.
 *
 * The published size leaves out the saliency map (MAP_BYTES), its minimum and maximum, and all
 * headers.
 */
class PublishedCodec
{
  public:
    /// Number of symbols: 0..255 divided by 4.
    static constexpr int SYMBOLS = 64;

    /// Bytes of the saliency map that the published size forgets: 8 x 8 levels of 5 bits.
    static constexpr std::size_t FORGOTTEN_MAP_BYTES = 40;

    /**
     * \param latents images * LATENT_SIZE values, image after image; calibration takes two passes
     * \param images number of images, at least 1
     * \throws Error when there is no image or a value is not finite
     */
    PublishedCodec(const float* latents, std::size_t images);

    /** \return the symbol of a value of a channel, 0..63. */
    std::uint8_t Symbol(int channel, float value) const;

    /** \return what stands for a symbol in the decoder: symbol * 4 / 255 * (max - min) + min. */
    float Reconstruction(int channel, std::uint8_t symbol) const;

    /** \return bits of the symbol's Huffman code. */
    int CodeLength(int channel, std::uint8_t symbol) const;

    /**
     * The published size of an image: the Huffman bits of the kept values of each channel, rounded
     * up to bytes channel by channel.
     *
     * \param latent LATENT_SIZE values
     * \param order latent indices, most important first
     * \param count how many of them are kept
     * \return bytes
     */
    std::size_t Bytes(const float* latent, const std::uint16_t* order, std::size_t count) const;

    /**
     * What the published decoder gets.
     *
     * \param latent LATENT_SIZE values
     * \param order latent indices, most important first
     * \param count how many of them are kept
     * \return LATENT_SIZE values: reconstructions of the kept ones, 0 elsewhere
     */
    std::vector<float> Reconstruct(const float* latent,
                                   const std::uint16_t* order,
                                   std::size_t count) const;

  private:
    std::array<float, LATENT_CHANNELS> m_min{};
    std::array<float, LATENT_CHANNELS> m_max{};
    std::array<std::array<int, SYMBOLS>, LATENT_CHANNELS> m_length{};
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_PUBLISHED_CODEC_H
