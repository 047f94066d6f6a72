// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/btc-codec.h"

#include "limitnet/baselines/byte-stream.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"

#include <algorithm>
#include <array>

namespace limitnet
{

namespace
{

constexpr size_t EDGE = 4; // pixels of a block's side
constexpr size_t PIXELS = EDGE * EDGE;
constexpr size_t BLOCK_BYTES = 6; // the darker colour, the lighter one, a bit for each pixel
constexpr uint64_t CAMERA_PIXELS = uint64_t{224} * 224;

/** \return where in a picture's bytes a pixel of a block is */
size_t
PlaceOf(size_t block, size_t pixel, size_t columns)
{
    const size_t x = block % columns * EDGE + pixel % EDGE;
    const size_t y = block / columns * EDGE + pixel / EDGE;
    return 3 * (y * columns * EDGE + x);
}

void
Put16(Bytes& bytes, unsigned value)
{
    bytes.push_back(static_cast<uint8_t>(value >> 8));
    bytes.push_back(static_cast<uint8_t>(value));
}

void
PutBlock(Bytes& bytes, const Image& picture, size_t block, size_t columns)
{
    std::array<unsigned, PIXELS> light{}; // ITU-R BT.601 luminance, in thousandths
    unsigned all = 0;
    for (size_t i = 0; i < PIXELS; ++i)
    {
        const uint8_t* rgb = picture.rgb.data() + PlaceOf(block, i, columns);
        light[i] = 299U * rgb[0] + 587U * rgb[1] + 114U * rgb[2];
        all += light[i];
    }
    std::array<std::array<unsigned, 4>, 2> sums{}; // of the colours, and how many
    unsigned mask = 0;
    for (size_t i = 0; i < PIXELS; ++i)
    {
        const unsigned lighter = light[i] * PIXELS > all ? 1 : 0;
        const uint8_t* rgb = picture.rgb.data() + PlaceOf(block, i, columns);
        mask |= lighter << i;
        for (size_t c = 0; c < 3; ++c)
        {
            sums[lighter][c] += rgb[c];
        }
        ++sums[lighter][3];
    }
    for (const auto& sum : sums)
    {
        const unsigned count = std::max(1U, sum[3]);
        const auto level = [&](size_t c, unsigned most) {
            return (sum[c] * most + 127 * count) / (255 * count);
        };
        Put16(bytes, level(0, 31) << 11 | level(1, 63) << 5 | level(2, 31));
    }
    Put16(bytes, mask);
}

void
Paint(Image& picture, size_t block, size_t columns, const uint8_t* code)
{
    const unsigned mask = unsigned{code[4]} << 8 | code[5];
    for (size_t i = 0; i < PIXELS; ++i)
    {
        const size_t lighter = mask >> i & 1;
        const unsigned colour = unsigned{code[2 * lighter]} << 8 | code[2 * lighter + 1];
        uint8_t* rgb = picture.rgb.data() + PlaceOf(block, i, columns);
        rgb[0] = static_cast<uint8_t>((colour >> 11) * 255 / 31);
        rgb[1] = static_cast<uint8_t>((colour >> 5 & 63) * 255 / 63);
        rgb[2] = static_cast<uint8_t>((colour & 31) * 255 / 31);
    }
}

class BtcEncoder : public ImageEncoder
{
  public:
    explicit BtcEncoder(const RivalSettings& settings)
        : m_bytes(settings.bytes),
          m_columns(static_cast<size_t>(std::min(settings.side, MAX_BTC_SIDE)) / EDGE)
    {
        if (settings.side < static_cast<int>(EDGE))
        {
            throw Error("block truncation takes a picture of 4x4 pixels or more");
        }
    }

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        const EncodingLimits& limits) const override
    {
        const size_t room =
            std::max(limits.fragmentBytes, STREAM_HEADER_BYTES) - STREAM_HEADER_BYTES;
        const size_t fragment = STREAM_HEADER_BYTES + room / BLOCK_BYTES * BLOCK_BYTES;
        const size_t bytes = limits.Bytes(m_bytes);
        size_t columns = m_columns;
        while (bytes > 0 && columns > 1 && room >= BLOCK_BYTES &&
               FragmentedSize(columns * columns * BLOCK_BYTES, fragment) > bytes)
        {
            --columns;
        }
        const Image picture = ResizePicture(image, static_cast<int>(columns * EDGE));
        Bytes stream;
        for (size_t block = 0; block < columns * columns; ++block)
        {
            PutBlock(stream, picture, block, columns);
        }
        return {CutStream(stream, imageId, static_cast<uint8_t>(columns), fragment),
                {},
                {{{"resize", CAMERA_PIXELS}, {"btc", columns * columns * PIXELS}}}};
    }

  private:
    size_t m_bytes;
    size_t m_columns; // of blocks
};

class BtcDecoder : public ImageDecoder
{
  public:
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override
    {
        const auto stream = AssembleStream(fragments);
        if (!stream)
        {
            return std::nullopt;
        }
        const size_t columns = stream->parameter;
        std::vector<const uint8_t*> blocks(columns * columns); // null: lost
        const uint8_t* last = nullptr;
        for (const auto& run : stream->runs)
        {
            const size_t begin = (BLOCK_BYTES - run.offset % BLOCK_BYTES) % BLOCK_BYTES;
            for (size_t i = begin; i + BLOCK_BYTES <= run.bytes.size(); i += BLOCK_BYTES)
            {
                const size_t block = (run.offset + i) / BLOCK_BYTES;
                if (block < blocks.size())
                {
                    blocks[block] = run.bytes.data() + i;
                    last = last ? last : blocks[block]; // the first there is
                }
            }
        }
        if (!last)
        {
            return std::nullopt;
        }
        const int side = static_cast<int>(columns * EDGE);
        Image picture{side, side, std::vector<uint8_t>(3 * blocks.size() * PIXELS)};
        for (size_t block = 0; block < blocks.size(); ++block)
        {
            last = blocks[block] ? blocks[block] : last;
            Paint(picture, block, columns, last);
        }
        return picture;
    }

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override
    {
        const auto piece = ParsePiece(fragment);
        return piece ? std::optional(piece->imageId) : std::nullopt;
    }

    std::string Identity() const override
    {
        return "btc 4x4 rgb565";
    }
};

} // namespace

CodecHalves
OpenBtc(const RivalSettings& settings)
{
    return {std::make_shared<BtcEncoder>(settings), std::make_shared<BtcDecoder>()};
}

} // namespace limitnet
