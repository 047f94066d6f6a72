// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_ERASURE_CODEC_H
#define LIMITNET_EVALUATION_ERASURE_CODEC_H

#include "limitnet/codec/image-codec.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * Bytes before each fragment of an erasure-coded image: image id (6 bits, then 2 that are 0),
 * number of the block, place in the block, number of the block's fragments that are not parity.
 */
constexpr size_t ERASURE_HEADER_BYTES = 4;

/** Bytes that a fragment has to be shorter for it: parity carries its length too. */
constexpr size_t ERASURE_OVERHEAD_BYTES = ERASURE_HEADER_BYTES + 2;

/**
 * Forward erasure coding over the fragments of any codec, with unequal protection: an image's
 * fragments are split into parts, the most important ones first, each with its own share of parity
 * fragments, which follow it.
 *
 * A part of k fragments gets m = ceil(k share) parity fragments, and any k of these k + m give the
 * part back: a systematic Cauchy-Reed-Solomon code over GF(2^8) (J. Bloemer et al., "An XOR-based
 * erasure-resilient coding scheme", ICSI TR-95-048, 1995), by Intel's ISA-L. It is computed over
 * the fragments with their lengths (2 bytes) in front and zeros behind. A part with more than 255
 * fragments in all is split.
 *
 * Its work is a stage "erasure", in bytes multiplied and added.
 */
class ErasureEncoder : public ImageEncoder
{
  public:
    /**
     * \param inner what makes the fragments
     * \param parityPercent of each part, as many parts as there are; 0..400 each
     * \param bytes most bytes of all fragments, parity included; 0: no limit. The last ones that do
     *        not fit are left out.
     * \throws Error when there is no part, or a share out of range
     */
    ErasureEncoder(std::shared_ptr<const ImageEncoder> inner,
                   std::vector<double> parityPercent,
                   size_t bytes = 0);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        const EncodingLimits& limits) const override;

  private:
    std::shared_ptr<const ImageEncoder> m_inner;
    std::vector<double> m_parityPercent;
    size_t m_bytes;
};

/** The cloud's half; it needs not know the shares. */
class ErasureDecoder : public ImageDecoder
{
  public:
    /** \param inner decodes the fragments */
    explicit ErasureDecoder(std::shared_ptr<const ImageDecoder> inner);

    /**
     * \param received what arrived
     * \return the inner codec's fragments: those that arrived, and those that follow from parity
     */
    std::vector<Bytes> Recover(const std::vector<Bytes>& received) const;

    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override;

    std::string Identity() const override;

  private:
    std::shared_ptr<const ImageDecoder> m_inner;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_ERASURE_CODEC_H
