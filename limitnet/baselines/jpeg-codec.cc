// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/jpeg-codec.h"

#include "limitnet/baselines/byte-stream.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"

#include <algorithm>
#include <array>
#include <cstdio> // jpeglib.h needs size_t and FILE declared before it
#include <cstdlib>
#include <fmt/format.h>
#include <jpeglib.h>
#include <utility>

namespace limitnet
{

namespace
{

constexpr int MCU_SIDE = 16; // 4:2:0
constexpr int BLOCKS_IN_MCU = 6;
constexpr uint8_t MARKER = 0xFF;
constexpr uint8_t SOI = 0xD8;
constexpr uint8_t EOI = 0xD9;
constexpr uint8_t SOS = 0xDA;
constexpr uint8_t SOF2 = 0xC2;
constexpr uint8_t RST0 = 0xD0;
constexpr uint8_t RST7 = 0xD7;

/** libjpeg gave up. It is thrown through libjpeg's own frames, which hold nothing to be freed. */
struct Failure
{
};

[[noreturn]] void
OnError(j_common_ptr /* common */)
{
    throw Failure();
}

void
OnMessage(j_common_ptr /* common */, int /* level */)
{
    // Damaged data are expected here.
}

/** libjpeg's state of an encoding or decoding, and its end. */
template <typename State, void (*CREATE)(State*), void (*DESTROY)(State*)>
class Jpeg
{
  public:
    Jpeg()
    {
        m_state.err = jpeg_std_error(&m_errors);
        m_errors.error_exit = &OnError;
        m_errors.emit_message = &OnMessage;
        CREATE(&m_state);
    }

    ~Jpeg()
    {
        DESTROY(&m_state);
    }

    Jpeg(const Jpeg&) = delete;
    Jpeg& operator=(const Jpeg&) = delete;

    State* operator->()
    {
        return &m_state;
    }

    State* Get()
    {
        return &m_state;
    }

  private:
    State m_state{};
    jpeg_error_mgr m_errors{};
};

void
Create(jpeg_compress_struct* state)
{
    jpeg_create_compress(state);
}

void
Create(jpeg_decompress_struct* state)
{
    jpeg_create_decompress(state);
}

using Compression = Jpeg<jpeg_compress_struct, &Create, &jpeg_destroy_compress>;
using Decompression = Jpeg<jpeg_decompress_struct, &Create, &jpeg_destroy_decompress>;

/** What libjpeg writes to. */
struct Memory
{
    unsigned char* bytes = nullptr;
    unsigned long size = 0; // NOLINT: libjpeg's type

    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    ~Memory()
    {
        std::free(bytes);
    }
};

void
AddScan(std::array<jpeg_scan_info, 5>& scans,
        int number,
        std::vector<int> components,
        int from,
        int to)
{
    jpeg_scan_info& scan = scans[static_cast<size_t>(number)];
    scan = {};
    scan.comps_in_scan = static_cast<int>(components.size());
    std::copy(components.begin(), components.end(), scan.component_index);
    scan.Ss = from;
    scan.Se = to;
}

/** Few scans, so that the tables of each do not outweigh it at a kilobyte. */
const std::array<jpeg_scan_info, 5>&
Scans()
{
    static const auto scans = [] {
        std::array<jpeg_scan_info, 5> made{};
        AddScan(made, 0, {0, 1, 2}, 0, 0);
        AddScan(made, 1, {0}, 1, 5);
        AddScan(made, 2, {1}, 1, 63);
        AddScan(made, 3, {2}, 1, 63);
        AddScan(made, 4, {0}, 6, 63);
        return made;
    }();
    return scans;
}

/** \return a whole JPEG file */
Bytes
Compress(const Image& image, int quality, bool progressive)
{
    Memory memory; // outlives what writes to it
    Compression c;
    jpeg_mem_dest(c.Get(), &memory.bytes, &memory.size);
    c->image_width = static_cast<JDIMENSION>(image.width);
    c->image_height = static_cast<JDIMENSION>(image.height);
    c->input_components = 3;
    c->in_color_space = JCS_RGB;
    jpeg_set_defaults(c.Get());
    jpeg_set_quality(c.Get(), quality, TRUE);
    c->dct_method = JDCT_ISLOW;
    if (progressive)
    {
        c->scan_info = Scans().data();
        c->num_scans = static_cast<int>(Scans().size());
    }
    else
    {
        c->restart_in_rows = 1;
    }
    jpeg_start_compress(c.Get(), TRUE);
    const size_t stride = size_t{3} * c->image_width;
    while (c->next_scanline < c->image_height)
    {
        auto* row = const_cast<JSAMPROW>(image.rgb.data()) + stride * c->next_scanline;
        jpeg_write_scanlines(c.Get(), &row, 1);
    }
    jpeg_finish_compress(c.Get());
    return {memory.bytes, memory.bytes + memory.size};
}

/** \return where what is sent begins in a JPEG file: behind the frame header, or the scan header */
size_t
HeaderSize(const Bytes& file, bool progressive)
{
    const uint8_t lastMarker = progressive ? SOF2 : SOS;
    size_t at = 2;
    while (at + 4 <= file.size())
    {
        const uint8_t marker = file[at + 1];
        at += 2 + (size_t{file[at + 2]} << 8 | file[at + 3]);
        if (marker == lastMarker)
        {
            return at;
        }
    }
    throw Error("libjpeg wrote no JPEG file");
}

/** \return what both ends know of a file */
Bytes
Header(const JpegOptions& options, int quality)
{
    const auto pixels = static_cast<size_t>(options.side) * static_cast<size_t>(options.side);
    const Image grey{options.side, options.side, std::vector<uint8_t>(3 * pixels, 128)};
    Bytes file = Compress(grey, quality, options.progressive);
    file.resize(HeaderSize(file, options.progressive));
    return file;
}

int
McuRows(const JpegOptions& options)
{
    return (options.side + MCU_SIDE - 1) / MCU_SIDE;
}

/** \return the rows of blocks of a scan, as bytes with their markers: where each begins */
std::vector<size_t>
RowStarts(const Bytes& scan)
{
    std::vector<size_t> starts{0};
    for (size_t at = 0; at + 1 < scan.size(); ++at)
    {
        if (scan[at] == MARKER && scan[at + 1] >= RST0 && scan[at + 1] <= RST7)
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

/** The DC values of a picture, by unit of 16x16 pixels (MCU). */
struct McuPlane
{
    std::vector<std::array<JCOEF, BLOCKS_IN_MCU>> dc; // by MCU, rows from the top
    std::vector<bool> known;
    int width = 0;
    int height = 0;
};

/** Calls a function with each block of an MCU: component, number in the MCU, row, column. */
template <typename Function>
void
ForEachBlock(int row, int column, Function function)
{
    for (int b = 0; b < BLOCKS_IN_MCU; ++b)
    {
        const bool luminance = b < 4;
        function(luminance ? 0 : b - 3,
                 b,
                 luminance ? 2 * row + b / 2 : row,
                 luminance ? 2 * column + b % 2 : column);
    }
}

/**
 * Fills MCUs that are lost with the mean colours of those above and below; where a whole column is
 * lost, with those of the nearest one.
 */
void
Conceal(McuPlane& plane)
{
    const auto at = [&](int row, int column) {
        return static_cast<size_t>(row * plane.width + column);
    };
    std::vector<int> shown; // columns of which something is there
    for (int column = 0; column < plane.width; ++column)
    {
        bool any = false;
        for (int row = 0; row < plane.height; ++row)
        {
            any = any || plane.known[at(row, column)];
        }
        if (any)
        {
            shown.push_back(column);
        }
    }
    const auto known = plane.known;
    for (int column = 0; column < plane.width; ++column)
    {
        for (int row = 0; row < plane.height; ++row)
        {
            if (known[at(row, column)])
            {
                continue;
            }
            int above = row - 1;
            int below = row + 1;
            while (above >= 0 && !known[at(above, column)])
            {
                --above;
            }
            while (below < plane.height && !known[at(below, column)])
            {
                ++below;
            }
            if (above < 0 && below >= plane.height)
            {
                continue; // below
            }
            const auto& upper = plane.dc[at(above < 0 ? below : above, column)];
            const auto& lower = plane.dc[at(below >= plane.height ? above : below, column)];
            const double share = above < 0 || below >= plane.height
                                     ? 0
                                     : static_cast<double>(row - above) / (below - above);
            for (int b = 0; b < BLOCKS_IN_MCU; ++b)
            {
                // What touches the other MCU: its nearer blocks.
                const int fromUpper = b < 4 ? 2 + b % 2 : b;
                const int fromLower = b < 4 ? b % 2 : b;
                plane.dc[at(row, column)][static_cast<size_t>(b)] =
                    static_cast<JCOEF>(upper[static_cast<size_t>(fromUpper)] * (1 - share) +
                                       lower[static_cast<size_t>(fromLower)] * share);
            }
        }
    }
    for (int column = 0; column < plane.width && !shown.empty(); ++column)
    {
        const int nearest = *std::min_element(shown.begin(), shown.end(), [column](int a, int b) {
            return std::abs(a - column) < std::abs(b - column);
        });
        for (int row = 0; row < plane.height && nearest != column; ++row)
        {
            plane.dc[at(row, column)] = plane.dc[at(row, nearest)];
        }
    }
}

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
        const size_t length = at + 4 <= stream.size() && stream[at] == MARKER
                                  ? 2 + (size_t{stream[at + 2]} << 8 | stream[at + 3])
                                  : stream.size();
        if (length > stream.size() - at)
        {
            stream.resize(at);
            break;
        }
        const bool isScan = stream[at + 1] == SOS;
        at += length;
        while (isScan && at < stream.size() &&
               (stream[at] != MARKER || (at + 1 < stream.size() && stream[at + 1] == 0)))
        {
            ++at;
        }
    }
    return stream;
}

/** Reads the bits of a scan, up to the first marker (T.81, F.2.2.5). */
class BitReader
{
  public:
    BitReader(const uint8_t* begin, const uint8_t* end)
        : m_at(begin),
          m_end(end)
    {
    }

    /** \return the next bit; nothing at the end */
    std::optional<unsigned> Bit()
    {
        if (m_left == 0)
        {
            if (m_at == m_end || (*m_at == MARKER && (m_at + 1 == m_end || m_at[1] != 0)))
            {
                return std::nullopt;
            }
            m_byte = *m_at;
            m_at += m_byte == MARKER ? 2 : 1; // a zero is stuffed behind FF
            m_left = 8;
        }
        --m_left;
        return m_byte >> m_left & 1U;
    }

    /** \return whether so many bits were there to be passed over */
    bool Skip(unsigned bits)
    {
        while (bits > 0 && Bit())
        {
            --bits;
        }
        return bits == 0;
    }

  private:
    const uint8_t* m_at;
    const uint8_t* m_end;
    unsigned m_byte = 0;
    unsigned m_left = 0;
};

/** \return the symbol of the next Huffman code (T.81, F.2.2.3); nothing when it is not all there */
std::optional<uint8_t>
NextSymbol(BitReader& bits, const JHUFF_TBL& table)
{
    unsigned code = 0;
    unsigned first = 0; // of the codes of this length
    unsigned before = 0;
    for (unsigned length = 1; length <= 16; ++length)
    {
        const auto bit = bits.Bit();
        if (!bit)
        {
            return std::nullopt;
        }
        code = code << 1 | *bit;
        const unsigned count = table.bits[length];
        if (code < first + count)
        {
            return before + code - first < 256 ? std::optional(table.huffval[before + code - first])
                                               : std::nullopt;
        }
        before += count;
        first = (first + count) << 1;
    }
    return std::nullopt;
}

/**
 * What is lost cannot be told from the coefficients: those of a grey block are all zero as well.
 * \param d has read the header of the scan \param begin of a row's data, or a scan's \param most
 * MCUs that there are at most \param dcOnly of each block no more than the first value is there
 * \return of how many MCUs all is there
 */
int
WholeMcus(const jpeg_decompress_struct& d,
          const uint8_t* begin,
          const uint8_t* end,
          int most,
          bool dcOnly)
{
    BitReader bits(begin, end);
    for (int mcu = 0; mcu < most; ++mcu)
    {
        for (int b = 0; b < BLOCKS_IN_MCU; ++b)
        {
            const auto& component = d.comp_info[b < 4 ? 0 : b - 3];
            const JHUFF_TBL* dc = d.dc_huff_tbl_ptrs[component.dc_tbl_no];
            const JHUFF_TBL* ac = d.ac_huff_tbl_ptrs[component.ac_tbl_no];
            const auto size = dc != nullptr ? NextSymbol(bits, *dc) : std::nullopt;
            if (!size || !bits.Skip(*size))
            {
                return mcu;
            }
            for (int k = 1; k < DCTSIZE2 && !dcOnly; ++k)
            {
                const auto symbol = ac != nullptr ? NextSymbol(bits, *ac) : std::nullopt;
                if (!symbol || !bits.Skip(*symbol & 15U))
                {
                    return mcu;
                }
                const int run = *symbol >> 4;
                if ((*symbol & 15U) == 0 && run != 15)
                {
                    break; // end of block
                }
                k += run;
            }
        }
    }
    return most;
}

/** \return of how many MCUs of each row all is there \param d has read the scan's header */
std::vector<int>
WholeMcusOfRows(const jpeg_decompress_struct& d, bool progressive)
{
    const int width = (static_cast<int>(d.image_width) + MCU_SIDE - 1) / MCU_SIDE;
    const int height = (static_cast<int>(d.image_height) + MCU_SIDE - 1) / MCU_SIDE;
    const uint8_t* at = d.src->next_input_byte;
    const uint8_t* const end = at + d.src->bytes_in_buffer;
    std::vector<int> rows;
    if (progressive)
    {
        int left = WholeMcus(d, at, end, width * height, true);
        for (int row = 0; row < height; ++row)
        {
            rows.push_back(std::min(left, width));
            left -= rows.back();
        }
        return rows;
    }
    for (int row = 0; row < height; ++row)
    {
        rows.push_back(WholeMcus(d, at, end, width, false));
        while (at + 1 < end && !(at[0] == MARKER && at[1] >= RST0 && at[1] <= RST7))
        {
            ++at;
        }
        at = std::min(at + 2, end);
    }
    return rows;
}

/** \return the file with its lost blocks concealed; nothing when all are lost. Of a progressive
 * one whose first scan is all there: the file */
std::optional<Bytes>
Concealed(const Bytes& file, bool progressive)
{
    Memory memory;
    Decompression d;
    Compression c;
    McuPlane plane;
    jpeg_mem_src(d.Get(), file.data(), file.size());
    jpeg_read_header(d.Get(), TRUE);
    const bool expected = d->num_components == 3 && d->comps_in_scan == 3 &&
                          d->comp_info[0].h_samp_factor == 2 && d->comp_info[0].v_samp_factor == 2;
    if (!expected || (d->progressive_mode != FALSE) != progressive)
    {
        return std::nullopt; // fragments of something else
    }
    const std::vector<int> whole = WholeMcusOfRows(*d.Get(), progressive);
    plane.height = static_cast<int>(whole.size());
    plane.width = static_cast<int>((d->image_width + MCU_SIDE - 1) / MCU_SIDE);
    const auto isWhole = [&plane](int count) { return count == plane.width; };
    if (progressive && std::all_of(whole.begin(), whole.end(), isWhole))
    {
        return file;
    }
    jvirt_barray_ptr* arrays = jpeg_read_coefficients(d.Get());
    plane.dc.resize(static_cast<size_t>(plane.width) * static_cast<size_t>(plane.height));
    plane.known.resize(plane.dc.size());
    const auto block = [&](int component, int row, int column) -> JCOEF* {
        auto* line = (*d->mem->access_virt_barray)(reinterpret_cast<j_common_ptr>(d.Get()),
                                                   arrays[component],
                                                   static_cast<JDIMENSION>(row),
                                                   1,
                                                   TRUE);
        return line[0][column];
    };
    for (int row = 0; row < plane.height; ++row)
    {
        for (int column = 0; column < plane.width; ++column)
        {
            const auto at = static_cast<size_t>(row * plane.width + column);
            plane.known[at] = column < whole[static_cast<size_t>(row)];
            ForEachBlock(row, column, [&](int component, int b, int y, int x) {
                plane.dc[at][static_cast<size_t>(b)] = block(component, y, x)[0];
            });
        }
    }
    if (std::find(plane.known.begin(), plane.known.end(), true) == plane.known.end())
    {
        return std::nullopt;
    }
    Conceal(plane);
    for (int row = 0; row < plane.height; ++row)
    {
        for (int column = 0; column < plane.width; ++column)
        {
            const auto at = static_cast<size_t>(row * plane.width + column);
            ForEachBlock(row, column, [&](int component, int b, int y, int x) {
                JCOEF* coefficients = block(component, y, x);
                if (!plane.known[at])
                {
                    std::fill_n(coefficients, DCTSIZE2, JCOEF{0});
                }
                coefficients[0] = plane.dc[at][static_cast<size_t>(b)];
            });
        }
    }
    jpeg_mem_dest(c.Get(), &memory.bytes, &memory.size);
    jpeg_copy_critical_parameters(d.Get(), c.Get());
    c->optimize_coding = TRUE; // concealed values may need codes that the standard's tables lack
    if (progressive)
    {
        // The first scan alone, so that libjpeg sees that no details are there, and smooths.
        c->scan_info = Scans().data();
        c->num_scans = 1;
    }
    jpeg_write_coefficients(c.Get(), arrays);
    jpeg_finish_compress(c.Get());
    return Bytes(memory.bytes, memory.bytes + memory.size);
}

/** \return the picture of a file, as far as it goes */
Image
Decompress(const Bytes& file)
{
    Decompression d;
    jpeg_mem_src(d.Get(), file.data(), file.size());
    jpeg_read_header(d.Get(), TRUE);
    d->out_color_space = JCS_RGB;
    d->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(d.Get());
    Image image;
    image.width = static_cast<int>(d->output_width);
    image.height = static_cast<int>(d->output_height);
    const size_t stride = size_t{3} * d->output_width;
    image.rgb.resize(stride * d->output_height);
    while (d->output_scanline < d->output_height)
    {
        auto* row = image.rgb.data() + stride * d->output_scanline;
        jpeg_read_scanlines(d.Get(), &row, 1);
    }
    return image;
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
            const bool marker = run.bytes[i] == MARKER && i + 1 < run.bytes.size() &&
                                run.bytes[i + 1] >= RST0 && run.bytes[i + 1] <= RST7;
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
            scan.push_back(MARKER);
            scan.push_back(static_cast<uint8_t>(RST0 + (row - 1) % 8));
        }
        // Half a marker or half a stuffed byte at the end of what arrived would hide the next one.
        if (!data[row].empty() && data[row].back() == MARKER)
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
    if (options.side < MCU_SIDE || options.side > 1024 || options.quality < 1 ||
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
        const Bytes file = Compress(picture, quality, m_options.progressive);
        const auto begin = static_cast<std::ptrdiff_t>(HeaderSize(file, m_options.progressive));
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
                        static_cast<uint64_t>(McuRows(m_options)) * BLOCKS_IN_MCU;
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
    Bytes file = Header(m_options, quality);
    file.insert(file.end(), data.begin(), data.end());
    file.push_back(MARKER);
    file.push_back(EOI);
    try
    {
        // Of a progressive one, libjpeg itself smooths what has no details yet.
        const auto concealed = Concealed(file, m_options.progressive);
        return concealed ? std::optional(Decompress(*concealed)) : std::nullopt;
    }
    catch (const Failure&)
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
