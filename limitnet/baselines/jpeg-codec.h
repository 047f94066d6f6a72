// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_JPEG_CODEC_H
#define LIMITNET_BASELINES_JPEG_CODEC_H

#include "limitnet/codec/image-codec.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/** How a JPEG rival encodes; both ends have to know. */
struct JpegOptions
{
    /**
     * Several scans (DC, then luminance 1..5, chrominance, the rest), each with its own Huffman
     * tables: what arrived up to the first gap is a whole picture. Otherwise one scan with the
     * standard's tables and a restart marker after each row of blocks: what is behind a gap decodes
     * again from the next row on.
     */
    bool progressive = false;
    int side = 224;   //!< the picture is resized to side x side, 16..1024
    int quality = 50; //!< 1..100, of libjpeg; with \p bytes the highest that is tried
    /** Most bytes of all fragments; 0: no limit. Of a picture that has more at the lowest quality
     * too, the first fragments are sent. */
    size_t bytes = 0;
};

/**
 * JPEG by libjpeg-turbo, 4:2:0, as a rival of LimitNet, as strong as fragments allow: whatever both
 * ends know is not sent (markers up to the frame header; of the one scan everything but its data).
 * The quality is in each fragment. Parameter and place of the fragment: see byte-stream.h; without
 * progression a further byte tells the row of blocks that the fragment begins in, and whether at
 * its first byte.
 *
 * Its work is one stage, "jpeg", in blocks of 8x8 samples; with a limit of bytes the quality is
 * searched, and each encoding counts.
 */
class JpegEncoder : public ImageEncoder
{
  public:
    /** \throws Error when an option is out of range */
    explicit JpegEncoder(const JpegOptions& options);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        const EncodingLimits& limits) const override;

  private:
    JpegOptions m_options;
};

/** The cloud's half. Rows of blocks that are lost take their mean colours from those around them.
 */
class JpegDecoder : public ImageDecoder
{
  public:
    /** \param options the device's */
    explicit JpegDecoder(const JpegOptions& options);

    /** \return the picture; nothing before one block is there */
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override;

    std::string Identity() const override;

  private:
    JpegOptions m_options;
};

} // namespace limitnet

#endif // LIMITNET_BASELINES_JPEG_CODEC_H
