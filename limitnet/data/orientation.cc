// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/orientation.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace limitnet
{

namespace
{

constexpr std::uint16_t ORIENTATION_TAG = 0x0112;

/** TIFF data, whose numbers are in one of two orders of bytes. */
class TiffReader
{
  public:
    TiffReader(const std::uint8_t* bytes, std::size_t size)
        : m_bytes(bytes),
          m_size(size)
    {
    }

    /** \return whether they begin as TIFF data do */
    bool Begin()
    {
        if (m_size < 8 || m_bytes[0] != m_bytes[1] || (m_bytes[0] != 'I' && m_bytes[0] != 'M'))
        {
            return false;
        }
        m_littleEndian = m_bytes[0] == 'I';
        return Number(2, 2) == 42U;
    }

    /** \return a number of some bytes; nothing behind the end */
    std::optional<std::uint32_t> Number(std::uint64_t at, unsigned length) const
    {
        if (at + length > m_size)
        {
            return std::nullopt;
        }
        std::uint32_t number = 0;
        for (unsigned i = 0; i < length; ++i)
        {
            number = number << 8 | m_bytes[at + (m_littleEndian ? length - 1 - i : i)];
        }
        return number;
    }

  private:
    const std::uint8_t* m_bytes;
    std::size_t m_size;
    bool m_littleEndian = true;
};

} // namespace

std::optional<std::vector<std::uint32_t>>
TiffValues(const std::uint8_t* bytes, std::size_t size, std::uint16_t tag)
{
    TiffReader reader(bytes, size);
    const auto directory = reader.Begin() ? reader.Number(4, 4) : std::nullopt;
    const auto count = directory ? reader.Number(*directory, 2) : std::nullopt;
    if (!count)
    {
        return std::nullopt;
    }
    constexpr std::uint64_t ENTRY_BYTES = 12;
    for (std::uint64_t i = 0; i < *count; ++i)
    {
        const std::uint64_t entry = *directory + 2 + ENTRY_BYTES * i;
        const auto number = reader.Number(entry, 2);
        const auto type = reader.Number(entry + 2, 2);
        const auto values = reader.Number(entry + 4, 4);
        if (!number || !type || !values)
        {
            return std::nullopt;
        }
        if (*number != tag)
        {
            continue;
        }
        const unsigned length = *type == 1 ? 1 : *type == 3 ? 2 : *type == 4 ? 4 : 0;
        const std::uint64_t total = std::uint64_t{length} * *values;
        const auto elsewhere = reader.Number(entry + 8, 4);
        const std::uint64_t at = total <= 4 || !elsewhere ? entry + 8 : *elsewhere;
        if (length == 0 || total > size)
        {
            return std::nullopt;
        }
        std::vector<std::uint32_t> found;
        for (std::uint64_t v = 0; v < *values; ++v)
        {
            const auto value = reader.Number(at + length * v, length);
            if (!value)
            {
                return std::nullopt;
            }
            found.push_back(*value);
        }
        return found;
    }
    return std::vector<std::uint32_t>{};
}

int
OrientationOf(const std::uint8_t* bytes, std::size_t size)
{
    constexpr std::size_t NAME_BYTES = 6;
    if (size >= NAME_BYTES && std::memcmp(bytes, "Exif\0\0", NAME_BYTES) == 0)
    {
        bytes += NAME_BYTES;
        size -= NAME_BYTES;
    }
    const auto values = TiffValues(bytes, size, ORIENTATION_TAG);
    const bool said = values && !values->empty() && values->front() >= 1 && values->front() <= 8;
    return said ? static_cast<int>(values->front()) : 1;
}

Image
Upright(Image image, int orientation)
{
    if (orientation < 2 || orientation > 8)
    {
        return image;
    }
    const bool turned = orientation >= 5; // rows become columns
    Image upright;
    upright.width = turned ? image.height : image.width;
    upright.height = turned ? image.width : image.height;
    upright.rgb.reserve(image.rgb.size());
    // Of 1 to 4 and of 5 to 8: from which end the stored columns and rows come.
    const bool columnsFromEnd =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool rowsFromEnd =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    for (int y = 0; y < upright.height; ++y)
    {
        for (int x = 0; x < upright.width; ++x)
        {
            int column = turned ? y : x;
            int row = turned ? x : y;
            column = columnsFromEnd ? image.width - 1 - column : column;
            row = rowsFromEnd ? image.height - 1 - row : row;
            const auto at =
                3 * (static_cast<std::size_t>(row) * static_cast<std::size_t>(image.width) +
                     static_cast<std::size_t>(column));
            upright.rgb.insert(upright.rgb.end(),
                               image.rgb.begin() + static_cast<std::ptrdiff_t>(at),
                               image.rgb.begin() + static_cast<std::ptrdiff_t>(at + 3));
        }
    }
    return upright;
}

} // namespace limitnet
