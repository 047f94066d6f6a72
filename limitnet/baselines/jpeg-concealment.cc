// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/jpeg-concealment.h"

#include "limitnet/baselines/jpeg-file.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace limitnet
{

namespace jpeg
{

namespace
{

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

} // namespace

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

} // namespace jpeg

} // namespace limitnet
