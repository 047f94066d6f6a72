// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/raw-codec.h"

#include "limitnet/baselines/byte-stream.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace limitnet
{

namespace
{

constexpr size_t PIXEL_BYTES = 2;
constexpr uint64_t CAMERA_SIDE = 224;

/**
 * \return the pixels of a picture, by row and column, coarse to fine: those of a grid of 64, 32,
 * ... pixels, each without those before, left to right
 */
std::vector<size_t>
CoarseToFine(int side)
{
    std::vector<size_t> order;
    std::vector<bool> taken(static_cast<size_t>(side) * static_cast<size_t>(side));
    for (int step = MAX_RAW_SIDE / 2; step >= 1; step /= 2)
    {
        // In the middle of the squares, so that the first ones are not the picture's edges.
        for (int y = step / 2; y < side; y += step)
        {
            for (int x = step / 2; x < side; x += step)
            {
                const auto at = static_cast<size_t>(y * side + x);
                if (!taken[at])
                {
                    taken[at] = true;
                    order.push_back(at);
                }
            }
        }
    }
    return order;
}

int
Expand(unsigned value, unsigned most)
{
    return static_cast<int>((value * 255 + most / 2) / most);
}

} // namespace

RawEncoder::RawEncoder(const RawOptions& options)
    : m_options(options)
{
    if (options.side < 1 || options.side > MAX_RAW_SIDE)
    {
        throw Error(
            fmt::format("a raw picture of {0}x{0} pixels cannot be sent; 1 to {1} are possible",
                        options.side,
                        MAX_RAW_SIDE));
    }
}

EncodedImage
RawEncoder::Encode(const Image& image, uint8_t imageId, const EncodingLimits& limits) const
{
    const size_t bytes = limits.Bytes(m_options.bytes);
    int side = m_options.side;
    const auto streamBytes = [](int s) {
        return PIXEL_BYTES * static_cast<size_t>(s) * static_cast<size_t>(s);
    };
    while (bytes > 0 && side > 1 && FragmentedSize(streamBytes(side), limits.fragmentBytes) > bytes)
    {
        --side;
    }
    const Image picture = ResizePicture(image, side);
    Bytes stream;
    for (const size_t at : CoarseToFine(side))
    {
        const uint8_t* rgb = picture.rgb.data() + 3 * at;
        const auto level = [](unsigned value, unsigned most) { return (value * most + 127) / 255; };
        const unsigned pixel = level(rgb[0], 31) << 11 | level(rgb[1], 63) << 5 | level(rgb[2], 31);
        stream.push_back(static_cast<uint8_t>(pixel >> 8));
        stream.push_back(static_cast<uint8_t>(pixel));
    }
    return {CutStream(stream, imageId, static_cast<uint8_t>(side), limits.fragmentBytes),
            {},
            {{{"resize", CAMERA_SIDE * CAMERA_SIDE}}}};
}

std::optional<Image>
RawDecoder::Decode(const std::vector<Bytes>& fragments) const
{
    const auto stream = AssembleStream(fragments);
    if (!stream || stream->parameter < 1 || stream->parameter > MAX_RAW_SIDE)
    {
        return std::nullopt;
    }
    const int side = stream->parameter;
    const auto order = CoarseToFine(side);
    Image image{side, side, std::vector<uint8_t>(3 * order.size())};
    std::vector<bool> known(order.size());
    size_t left = order.size();
    for (const auto& run : stream->runs)
    {
        for (size_t i = run.offset % PIXEL_BYTES; i + 1 < run.bytes.size(); i += PIXEL_BYTES)
        {
            const size_t n = (run.offset + i) / PIXEL_BYTES;
            if (n >= order.size())
            {
                break;
            }
            const unsigned pixel = unsigned{run.bytes[i]} << 8 | run.bytes[i + 1];
            uint8_t* rgb = image.rgb.data() + 3 * order[n];
            rgb[0] = static_cast<uint8_t>(Expand(pixel >> 11, 31));
            rgb[1] = static_cast<uint8_t>(Expand(pixel >> 5 & 63, 63));
            rgb[2] = static_cast<uint8_t>(Expand(pixel & 31, 31));
            known[order[n]] = true;
            --left;
        }
    }
    if (left == order.size())
    {
        return std::nullopt;
    }
    // From what is known outwards.
    while (left > 0)
    {
        const auto before = known;
        for (int y = 0; y < side; ++y)
        {
            for (int x = 0; x < side; ++x)
            {
                const auto at = static_cast<size_t>(y * side + x);
                if (before[at])
                {
                    continue;
                }
                std::array<int, 3> sum{};
                int count = 0;
                for (int v = std::max(0, y - 1); v <= std::min(side - 1, y + 1); ++v)
                {
                    for (int u = std::max(0, x - 1); u <= std::min(side - 1, x + 1); ++u)
                    {
                        const auto other = static_cast<size_t>(v * side + u);
                        count += before[other] ? 1 : 0;
                        for (size_t c = 0; c < 3; ++c)
                        {
                            sum[c] += before[other] ? image.rgb[3 * other + c] : 0;
                        }
                    }
                }
                for (size_t c = 0; c < 3 && count > 0; ++c)
                {
                    image.rgb[3 * at + c] = static_cast<uint8_t>((sum[c] + count / 2) / count);
                }
                known[at] = count > 0;
                left -= count > 0 ? 1 : 0;
            }
        }
    }
    return image;
}

std::optional<uint8_t>
RawDecoder::ImageIdOf(const Bytes& fragment) const
{
    const auto piece = ParsePiece(fragment);
    return piece ? std::optional(piece->imageId) : std::nullopt;
}

std::string
RawDecoder::Identity() const
{
    return "raw rgb565";
}

} // namespace limitnet
