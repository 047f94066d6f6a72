// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_RAW_CODEC_H
#define LIMITNET_BASELINES_RAW_CODEC_H

#include "limitnet/codec/image-codec.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/** Largest side of a raw picture. */
constexpr int MAX_RAW_SIDE = 128;

/** How the rival without any code encodes; both ends have to know. */
struct RawOptions
{
    int side = 32;    //!< the picture is resized to side x side, 1..128; with \p bytes the largest
    size_t bytes = 0; //!< most bytes of all fragments; 0: no limit
};

/**
 * A small picture as it comes from the camera, 16 bits a pixel (RGB565). Its pixels are sent in an
 * order of their own, coarse to fine, so that whatever arrives covers the picture. Fragments: see
 * byte-stream.h; the parameter is the side.
 *
 * Its work is one stage, "resize", in pixels of the camera's picture of 224x224.
 */
class RawEncoder : public ImageEncoder
{
  public:
    /** \throws Error when an option is out of range */
    explicit RawEncoder(const RawOptions& options);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        const EncodingLimits& limits) const override;

  private:
    RawOptions m_options;
};

/** The cloud's half. A pixel that is lost takes the mean of those around it. */
class RawDecoder : public ImageDecoder
{
  public:
    /** \return the picture; nothing before one pixel is there */
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override;

    std::string Identity() const override;
};

} // namespace limitnet

#endif // LIMITNET_BASELINES_RAW_CODEC_H
