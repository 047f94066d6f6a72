// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/webp-codec.h"

#include "limitnet/baselines/byte-stream.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <utility>
#include <webp/decode.h>
#include <webp/encode.h>

namespace limitnet
{

namespace
{

// RFC 6386, 9.1, and the WebP container: RIFF header and the header of its chunk 'VP8 '; then a
// frame tag, a start code, columns and rows.
constexpr size_t CONTAINER_BYTES = 20;
constexpr size_t TAG_BYTES = 3;
constexpr size_t KNOWN_BYTES = 7;

void
Check(const WebpOptions& options)
{
    if (options.side < 16 || options.side > 1024 || options.quality < 0 || options.quality > 100)
    {
        throw Error(
            fmt::format("WebP of {0}x{0} pixels with quality {1} is not possible: 16 to 1024 "
                        "pixels, quality 0 to 100",
                        options.side,
                        options.quality));
    }
}

/** \return what is sent of a picture */
Bytes
Compress(const Image& image, int quality)
{
    uint8_t* file = nullptr;
    const size_t size = WebPEncodeRGB(image.rgb.data(),
                                      image.width,
                                      image.height,
                                      3 * image.width,
                                      static_cast<float>(quality),
                                      &file);
    const std::unique_ptr<uint8_t, void (*)(void*)> owner(file, &WebPFree);
    if (size <= CONTAINER_BYTES + TAG_BYTES + KNOWN_BYTES)
    {
        throw Error("libwebp cannot encode a picture");
    }
    const uint8_t* frame = file + CONTAINER_BYTES;
    Bytes sent;
    std::copy(frame, frame + TAG_BYTES, std::back_inserter(sent));
    // The container pads to an even length.
    const size_t frameBytes = size_t{file[16]} | size_t{file[17]} << 8 | size_t{file[18]} << 16;
    std::copy(frame + TAG_BYTES + KNOWN_BYTES, frame + frameBytes, std::back_inserter(sent));
    return sent;
}

} // namespace

WebpEncoder::WebpEncoder(const WebpOptions& options)
    : m_options(options)
{
    Check(options);
}

EncodedImage
WebpEncoder::Encode(const Image& image, uint8_t imageId, const EncodingLimits& limits) const
{
    const size_t bytes = limits.Bytes(m_options.bytes);
    const Image picture = ResizePicture(image, m_options.side);
    const auto chosen = BestWithin([&](int quality) { return Compress(picture, quality); },
                                   bytes > 0 ? 0 : m_options.quality,
                                   m_options.quality,
                                   bytes,
                                   limits.fragmentBytes);
    const auto across = static_cast<uint64_t>((m_options.side + 15) / 16);
    auto fragments = CutStream(chosen.stream, imageId, 0, limits.fragmentBytes);
    KeepWithin(fragments, bytes);
    return {std::move(fragments), {}, {{{"webp", across * across * chosen.encodings}}}};
}

WebpDecoder::WebpDecoder(const WebpOptions& options)
    : m_options(options)
{
    Check(options);
}

std::optional<Image>
WebpDecoder::Decode(const std::vector<Bytes>& fragments) const
{
    const auto stream = AssembleStream(fragments);
    if (!stream || stream->Prefix().size() <= TAG_BYTES)
    {
        return std::nullopt;
    }
    const Bytes& prefix = stream->Prefix();
    Bytes frame;
    std::copy(prefix.begin(), prefix.begin() + TAG_BYTES, std::back_inserter(frame));
    const auto side = static_cast<unsigned>(m_options.side);
    for (const unsigned byte : {0x9DU, 0x01U, 0x2AU, side & 255, side >> 8, side & 255, side >> 8})
    {
        frame.push_back(static_cast<uint8_t>(byte));
    }
    std::copy(prefix.begin() + TAG_BYTES, prefix.end(), std::back_inserter(frame));

    const std::unique_ptr<WebPIDecoder, void (*)(WebPIDecoder*)> decoder(
        WebPINewRGB(MODE_RGB, nullptr, 0, 0),
        &WebPIDelete);
    if (!decoder)
    {
        return std::nullopt;
    }
    WebPIAppend(decoder.get(), frame.data(), frame.size());
    int lastRow = 0;
    int width = 0;
    int height = 0;
    int stride = 0;
    const uint8_t* pixels = WebPIDecGetRGB(decoder.get(), &lastRow, &width, &height, &stride);
    if (pixels == nullptr || lastRow <= 0 || width != m_options.side || height != m_options.side)
    {
        return std::nullopt;
    }
    Image image{width, height, {}};
    for (int y = 0; y < height; ++y)
    {
        const uint8_t* row =
            pixels + static_cast<std::ptrdiff_t>(std::min(y, lastRow - 1)) * stride;
        image.rgb.insert(image.rgb.end(), row, row + std::ptrdiff_t{3} * width);
    }
    return image;
}

std::optional<uint8_t>
WebpDecoder::ImageIdOf(const Bytes& fragment) const
{
    const auto piece = ParsePiece(fragment);
    return piece ? std::optional(piece->imageId) : std::nullopt;
}

std::string
WebpDecoder::Identity() const
{
    return fmt::format("webp libwebp {} side {}", WebPGetDecoderVersion(), m_options.side);
}

} // namespace limitnet
