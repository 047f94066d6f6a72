// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/jpeg-codec.h"

#include "limitnet/baselines/byte-stream.h"
#include "limitnet/baselines/jpeg-concealment.h"
#include "limitnet/baselines/jpeg-file.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace limitnet
{

namespace
{

int
McuRows(const JpegOptions& options)
{
    return (options.side + jpeg::MCU_SIDE - 1) / jpeg::MCU_SIDE;
}

/** \return the rows of blocks of a scan, as bytes with their markers: where each begins */
std::vector<size_t>
RowStarts(const Bytes& scan)
{
    std::vector<size_t> starts{0};
    for (size_t at = 0; at + 1 < scan.size(); ++at)
    {
        if (scan[at] == jpeg::MARKER && scan[at + 1] >= jpeg::RST0 && scan[at + 1] <= jpeg::RST7)
        {
            starts.push_back(at + 2);
        }
    }
    return starts;
}

/** Where a fragment begins, beside the number of the row: the two low bits of its row byte. */
enum RowPlace : uint8_t
{
    IN_ROW = 0,     //!< somewhere in it
    AT_ROW = 1,     //!< at its first byte
    BEFORE_ROW = 2, //!< at the second byte of the marker before it
};

constexpr int ROW_SHIFT = 2;

/**
 * What comes before a scan, its tables and its header, is of use as a whole only: libjpeg gives up
 * on half a table.
 * \param stream markers and scans, from a marker on, as far as they arrived
 * \return it without a segment that was cut
 */
Bytes
WithoutCutSegment(Bytes stream)
{
    size_t at = 0;
    while (at < stream.size())
    {
        const size_t length = at + 4 <= stream.size() && stream[at] == jpeg::MARKER
                                  ? 2 + (size_t{stream[at + 2]} << 8 | stream[at + 3])
                                  : stream.size();
        if (length > stream.size() - at)
        {
            stream.resize(at);
            break;
        }
        const bool isScan = stream[at + 1] == jpeg::SOS;
        at += length;
        while (isScan && at < stream.size() &&
               (stream[at] != jpeg::MARKER || (at + 1 < stream.size() && stream[at + 1] == 0)))
        {
            ++at;
        }
    }
    return stream;
}

/**
 * Fragments of a scan with restart markers: header, row of blocks that it begins in, bytes.
 */
std::vector<Bytes>
CutScan(const Bytes& scan, uint8_t imageId, uint8_t quality, size_t maxFragmentBytes)
{
    auto fragments = CutStream(scan, imageId, quality, maxFragmentBytes - 1);
    const auto starts = RowStarts(scan);
    for (Bytes& fragment : fragments)
    {
        const size_t offset = ParsePiece(fragment)->offset;
        // A row that begins with the next byte counts: this one is half of the marker before it.
        const auto next = std::upper_bound(starts.begin(), starts.end(), offset + 1);
        const auto row = static_cast<unsigned>(next - starts.begin() - 1);
        const RowPlace place = starts[row] == offset       ? AT_ROW
                               : starts[row] == offset + 1 ? BEFORE_ROW
                                                           : IN_ROW;
        fragment.insert(fragment.begin() + STREAM_HEADER_BYTES,
                        static_cast<uint8_t>(row << ROW_SHIFT | place));
    }
    return fragments;
}

/** A scan as far as it arrived. */
struct JoinedScan
{
    uint8_t quality = 0;
    Bytes data; //!< each row of blocks as far as it arrived from its beginning
};

JoinedScan
JoinScan(const std::vector<Bytes>& fragments, int rows)
{
    std::vector<Bytes> pieces;
    std::vector<std::pair<size_t, uint8_t>> rowAt; // offset, row byte
    for (const Bytes& fragment : fragments)
    {
        if (fragment.size() <= STREAM_HEADER_BYTES + 1)
        {
            continue;
        }
        Bytes piece = fragment;
        const uint8_t row = piece[STREAM_HEADER_BYTES];
        piece.erase(piece.begin() + STREAM_HEADER_BYTES);
        if (const auto parsed = ParsePiece(piece))
        {
            rowAt.emplace_back(parsed->offset, row);
            pieces.push_back(std::move(piece));
        }
    }
    const auto stream = AssembleStream(pieces);
    std::vector<Bytes> data(static_cast<size_t>(rows));
    JoinedScan joined;
    joined.quality = stream ? stream->parameter : 0;
    for (const auto& run : stream ? stream->runs : std::vector<ReceivedStream::Run>{})
    {
        const auto first = std::find_if(rowAt.begin(), rowAt.end(), [&](const auto& at) {
            return at.first == run.offset;
        });
        if (first == rowAt.end())
        {
            continue; // of another image: left out
        }
        size_t row = first->second >> ROW_SHIFT;
        const unsigned place = first->second & ((1U << ROW_SHIFT) - 1);
        // A row whose beginning is lost is of no use.
        bool usable = place != IN_ROW;
        for (size_t i = place == BEFORE_ROW ? 1 : 0; i < run.bytes.size(); ++i)
        {
            const bool marker = run.bytes[i] == jpeg::MARKER && i + 1 < run.bytes.size() &&
                                run.bytes[i + 1] >= jpeg::RST0 && run.bytes[i + 1] <= jpeg::RST7;
            if (marker)
            {
                ++row;
                ++i;
                usable = true;
            }
            else if (usable && row < data.size())
            {
                data[row].push_back(run.bytes[i]);
            }
        }
    }
    Bytes& scan = joined.data;
    for (size_t row = 0; row < data.size(); ++row)
    {
        if (row > 0)
        {
            scan.push_back(jpeg::MARKER);
            scan.push_back(static_cast<uint8_t>(jpeg::RST0 + (row - 1) % 8));
        }
        // Half a marker or half a stuffed byte at the end of what arrived would hide the next one.
        if (!data[row].empty() && data[row].back() == jpeg::MARKER)
        {
            data[row].pop_back();
        }
        scan.insert(scan.end(), data[row].begin(), data[row].end());
    }
    return joined;
}

void
Check(const JpegOptions& options)
{
    if (options.side < jpeg::MCU_SIDE || options.side > 1024 || options.quality < 1 ||
        options.quality > 100)
    {
        throw Error(
            fmt::format("JPEG of {0}x{0} pixels with quality {1} is not possible: 16 to 1024 "
                        "pixels, quality 1 to 100",
                        options.side,
                        options.quality));
    }
}

} // namespace

JpegEncoder::JpegEncoder(const JpegOptions& options)
    : m_options(options)
{
    Check(options);
}

EncodedImage
JpegEncoder::Encode(const Image& image, uint8_t imageId, const EncodingLimits& limits) const
{
    const size_t bytes = limits.Bytes(m_options.bytes);
    const Image picture = ResizePicture(image, m_options.side);
    const auto encode = [&](int quality) {
        const Bytes file = jpeg::Compress(picture, quality, m_options.progressive);
        const auto begin =
            static_cast<std::ptrdiff_t>(jpeg::HeaderSize(file, m_options.progressive));
        return Bytes(file.begin() + begin, file.end() - 2); // less EOI
    };
    const size_t rowByte = m_options.progressive ? 0 : 1;
    const auto chosen = BestWithin(encode,
                                   bytes > 0 ? 1 : m_options.quality,
                                   m_options.quality,
                                   bytes,
                                   limits.fragmentBytes,
                                   STREAM_HEADER_BYTES + rowByte);
    const auto quality = static_cast<uint8_t>(chosen.quality);
    const auto blocks = static_cast<uint64_t>(McuRows(m_options)) *
                        static_cast<uint64_t>(McuRows(m_options)) * jpeg::BLOCKS_IN_MCU;
    auto fragments = m_options.progressive
                         ? CutStream(chosen.stream, imageId, quality, limits.fragmentBytes)
                         : CutScan(chosen.stream, imageId, quality, limits.fragmentBytes);
    KeepWithin(fragments, bytes);
    return {std::move(fragments), {}, {{{"jpeg", blocks * chosen.encodings}}}};
}

JpegDecoder::JpegDecoder(const JpegOptions& options)
    : m_options(options)
{
    Check(options);
}

std::optional<Image>
JpegDecoder::Decode(const std::vector<Bytes>& fragments) const
{
    JoinedScan received;
    if (!m_options.progressive)
    {
        received = JoinScan(fragments, McuRows(m_options));
    }
    else if (const auto stream = AssembleStream(fragments))
    {
        received.quality = stream->parameter;
        received.data = WithoutCutSegment(stream->Prefix());
    }
    const uint8_t quality = received.quality;
    const Bytes& data = received.data;
    if (data.empty() || quality < 1 || quality > 100)
    {
        return std::nullopt;
    }
    Bytes file = jpeg::Header(m_options.side, quality, m_options.progressive);
    file.insert(file.end(), data.begin(), data.end());
    file.push_back(jpeg::MARKER);
    file.push_back(jpeg::EOI);
    try
    {
        // Of a progressive one, libjpeg itself smooths what has no details yet.
        const auto concealed = jpeg::Concealed(file, m_options.progressive);
        return concealed ? std::optional(jpeg::Decompress(*concealed)) : std::nullopt;
    }
    catch (const jpeg::Failure&)
    {
        return std::nullopt;
    }
}

std::optional<uint8_t>
JpegDecoder::ImageIdOf(const Bytes& fragment) const
{
    const auto piece = ParsePiece(fragment);
    return piece ? std::optional(piece->imageId) : std::nullopt;
}

std::string
JpegDecoder::Identity() const
{
    // 2: grey blocks are no losses; a first scan that is cut is concealed.
    return fmt::format("jpeg 2 libjpeg-turbo {} side {} {}",
                       LIBJPEG_TURBO_VERSION_NUMBER,
                       m_options.side,
                       m_options.progressive ? "progressive" : "restart");
}

} // namespace limitnet
