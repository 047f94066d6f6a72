// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_WEBP_CODEC_H
#define LIMITNET_BASELINES_WEBP_CODEC_H

#include "limitnet/codec/image-codec.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/** How the WebP rival encodes; both ends have to know. */
struct WebpOptions
{
    int side = 224;   //!< the picture is resized to side x side, 16..1024
    int quality = 50; //!< 0..100, of libwebp; with \p bytes the highest that is tried
    /** Most bytes of all fragments; 0: no limit. Of a picture that has more at the lowest quality
     * too, the first fragments are sent. */
    size_t bytes = 0;
};

/**
 * Lossy WebP by libwebp as a rival of LimitNet. A frame of VP8 without what both ends know: the
 * container's header, start code and size. Fragments: see byte-stream.h; the parameter is 0.
 *
 * Its work is one stage, "webp", in macroblocks of 16x16 pixels, for each encoding.
 */
class WebpEncoder : public ImageEncoder
{
  public:
    /** \throws Error when an option is out of range */
    explicit WebpEncoder(const WebpOptions& options);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        const EncodingLimits& limits) const override;

  private:
    WebpOptions m_options;
};

/**
 * The cloud's half. What arrived up to the first gap gives rows from the top; those below continue
 * the last row.
 */
class WebpDecoder : public ImageDecoder
{
  public:
    /** \param options the device's */
    explicit WebpDecoder(const WebpOptions& options);

    /** \return the picture; nothing before its first rows are there */
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override;

    std::string Identity() const override;

  private:
    WebpOptions m_options;
};

} // namespace limitnet

#endif // LIMITNET_BASELINES_WEBP_CODEC_H
