// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_BITPLANE_IMAGE_CODEC_H
#define LIMITNET_BASELINES_BITPLANE_IMAGE_CODEC_H

#include "limitnet/codec/bitplane-code.h"
#include "limitnet/codec/image-codec.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * Bytes before each fragment of the bit-plane codec: image id (6 bits) and version (2 bits), how
 * many fragments are needed, place of this one.
 */
constexpr size_t BITPLANE_HEADER_BYTES = 3;

/** The greatest loss that pictures can be protected against, percent. */
constexpr double MAX_BITPLANE_LOSS_PERCENT = 90;

/** How pictures are coded; the side both ends have to know. */
struct BitplaneOptions
{
    int side = 32;          //!< the picture is resized to side x side, a multiple of 8, 16..224
    size_t bytes = 0;       //!< most bytes of all fragments; 0: no limit
    double lossPercent = 0; //!< fragments that are expected to be lost; parity is chosen for it
};

/**
 * What a picture is worth by the bytes of its stream, 0..1: about the part of right answers that
 * the classifier cifar100-rivals gives on CIFAR-100, drawn by hand from first trials. What counts
 * is its shape: the parity follows from where it is steep.
 *
 * \param bytes of the stream
 */
double BitplaneValue(size_t bytes);

/**
 * How many of some fragments should be data: what maximises the expected BitplaneValue() when any
 * \p data of them give that many times \p payload bytes, and each is lost with the same chance.
 *
 * \param fragments all of them, 1 or more
 * \param payload bytes of one that are not header
 * \param loss chance that one is lost, 0..1
 */
size_t BitplaneDataFragments(size_t fragments, size_t payload, double loss);

/**
 * Bit planes of a cosine transform as an embedded stream (docs/bitplane.md), by the tables for
 * its size (BitplaneTablesFor()), in fragments of one length, of which any as many
 * as the stream fills give it back (CauchyParity()); the data come first, so that what arrives in
 * order is of use at once.
 *
 * Its work: "resize" in pixels of the camera's 224x224, "jpeg" in blocks of 8x8 samples, "entropy"
 * in decisions coded, "erasure" in bytes multiplied and added.
 */
class BitplaneEncoder : public ImageEncoder
{
  public:
    /**
     * \param options see there
     * \throws Error when an option is out of range
     */
    explicit BitplaneEncoder(const BitplaneOptions& options);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        const EncodingLimits& limits) const override;

  private:
    BitplaneOptions m_options;
};

/** The cloud's half. It needs not know bytes and losses. */
class BitplaneDecoder : public ImageDecoder
{
  public:
    /**
     * \param side the device's
     * \throws Error when the side is none that can be coded
     */
    explicit BitplaneDecoder(int side);

    /** \return the picture; nothing before the first data are there, or as much as they are */
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override;

    std::string Identity() const override;

    /** \return what is known of the stream: its beginning, up to the first gap */
    Bytes Stream(const std::vector<Bytes>& fragments) const;

  private:
    int m_side;
};

} // namespace limitnet

#endif // LIMITNET_BASELINES_BITPLANE_IMAGE_CODEC_H
