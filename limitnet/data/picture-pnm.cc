// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/picture-formats.h"

#include <algorithm>
#include <limits>

namespace limitnet
{

namespace
{

/** Reads the pictures of Netpbm: P1 to P6 and, where its samples are known, PAM (P7). */
class PnmReader
{
  public:
    PnmReader(const std::uint8_t* bytes, std::size_t size, const std::string& name)
        : m_bytes(bytes),
          m_size(size),
          m_name(name)
    {
    }

    Image Read()
    {
        m_kind = m_bytes[1];
        m_at = 2;
        if (m_kind == '7')
        {
            ReadPamHeader();
        }
        else
        {
            m_width = HeaderNumber();
            m_height = HeaderNumber();
            m_maximum = m_kind == '1' || m_kind == '4' ? 1 : HeaderNumber();
            m_channels = m_kind == '3' || m_kind == '6' ? 3 : 1;
            // One white character ends the header.
            m_at += m_kind >= '4' ? 1 : 0;
        }
        CheckPictureSize(m_width, m_height, m_name);
        if (m_maximum < 1 || m_maximum > 65535)
        {
            Fail("its largest sample is " + std::to_string(m_maximum) +
                 "; it has to be 1 to 65535");
        }
        const auto width = static_cast<int>(m_width);
        const auto height = static_cast<int>(m_height);
        std::vector<std::uint8_t> rgba;
        rgba.reserve(std::min<std::size_t>(4 * m_width * m_height, 4 * m_size));
        for (int y = 0; y < height; ++y)
        {
            m_bit = 0; // each row of P4 begins with a byte
            for (int x = 0; x < width; ++x)
            {
                std::uint8_t samples[4] = {0, 0, 0, 255};
                for (unsigned c = 0; c < m_channels; ++c)
                {
                    const bool alpha = m_channels % 2 == 0 && c + 1 == m_channels;
                    samples[alpha ? 3 : c] = Sample();
                }
                if (m_channels < 3)
                {
                    samples[1] = samples[2] = samples[0];
                }
                rgba.insert(rgba.end(), samples, samples + 4);
            }
        }
        return OnWhite(width, height, rgba.data());
    }

  private:
    [[noreturn]] void Fail(const std::string& what) const
    {
        throw Error(m_name + ": damaged PNM: " + what);
    }

    std::uint8_t Byte()
    {
        if (m_at >= m_size)
        {
            Fail("it ends before its last pixel");
        }
        return m_bytes[m_at++];
    }

    static bool IsSpace(std::uint8_t c)
    {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** Passes over white characters and comments. */
    void SkipSpace()
    {
        while (m_at < m_size && (IsSpace(m_bytes[m_at]) || m_bytes[m_at] == '#'))
        {
            const bool comment = m_bytes[m_at] == '#';
            while (comment && m_at < m_size && m_bytes[m_at] != '\n')
            {
                ++m_at;
            }
            m_at += m_at < m_size ? 1 : 0;
        }
    }

    std::uint32_t HeaderNumber()
    {
        SkipSpace();
        std::uint64_t number = 0;
        const std::size_t begin = m_at;
        while (m_at < m_size && m_bytes[m_at] >= '0' && m_bytes[m_at] <= '9')
        {
            number = std::min<std::uint64_t>(10 * number + (m_bytes[m_at] - '0'),
                                             std::numeric_limits<std::uint32_t>::max());
            ++m_at;
        }
        if (m_at == begin)
        {
            Fail("a number is missing");
        }
        return static_cast<std::uint32_t>(number);
    }

    std::string Word()
    {
        SkipSpace();
        const std::size_t begin = m_at;
        while (m_at < m_size && !IsSpace(m_bytes[m_at]))
        {
            ++m_at;
        }
        return {m_bytes + begin, m_bytes + m_at};
    }

    void ReadPamHeader()
    {
        std::string type;
        for (std::string word = Word(); word != "ENDHDR"; word = Word())
        {
            if (word == "TUPLTYPE")
            {
                type = Word();
            }
            else if (word == "WIDTH" || word == "HEIGHT" || word == "DEPTH" || word == "MAXVAL")
            {
                (word == "WIDTH"    ? m_width
                 : word == "HEIGHT" ? m_height
                 : word == "DEPTH"  ? m_channels
                                    : m_maximum) = HeaderNumber();
            }
            else
            {
                Fail("'" + word.substr(0, 20) + "' in its header");
            }
        }
        ++m_at;
        const unsigned channels = type == "BLACKANDWHITE" || type == "GRAYSCALE"               ? 1
                                  : type == "BLACKANDWHITE_ALPHA" || type == "GRAYSCALE_ALPHA" ? 2
                                  : type == "RGB"                                              ? 3
                                  : type == "RGB_ALPHA"                                        ? 4
                                                                                               : 0;
        if (channels == 0 || channels != m_channels)
        {
            Fail("a PAM of type '" + type + "' with " + std::to_string(m_channels) +
                 " channels is neither grey nor RGB");
        }
    }

    /** \return the next sample, as 0..255 */
    std::uint8_t Sample()
    {
        std::uint32_t value = 0;
        if (m_kind == '1')
        {
            SkipSpace();
            value = Byte();
            if (value != '0' && value != '1')
            {
                Fail("its pixels have to be 0 or 1");
            }
            return value == '1' ? 0 : 255;
        }
        if (m_kind == '4')
        {
            m_byte = m_bit == 0 ? Byte() : m_byte;
            value = m_byte >> (7 - m_bit) & 1U;
            m_bit = (m_bit + 1) % 8;
            return value == 1 ? 0 : 255;
        }
        if (m_kind == '2' || m_kind == '3')
        {
            SkipSpace();
            value = m_at < m_size ? HeaderNumber() : Byte();
        }
        else
        {
            value = Byte();
            value = m_maximum > 255 ? value << 8 | Byte() : value;
        }
        if (value > m_maximum)
        {
            Fail("a sample of " + std::to_string(value) + ", above its largest of " +
                 std::to_string(m_maximum));
        }
        return static_cast<std::uint8_t>((value * 255 + m_maximum / 2) / m_maximum);
    }

    const std::uint8_t* m_bytes;
    std::size_t m_size;
    const std::string& m_name;
    std::size_t m_at = 0;
    std::uint8_t m_kind = 0;
    std::uint32_t m_width = 0;
    std::uint32_t m_height = 0;
    std::uint32_t m_maximum = 0;
    std::uint32_t m_channels = 0;
    unsigned m_byte = 0;
    unsigned m_bit = 0;
};

} // namespace

bool
IsPnm(const std::uint8_t* bytes, std::size_t size)
{
    return size >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
           (bytes[2] == ' ' || bytes[2] == '#' || (bytes[2] >= '\t' && bytes[2] <= '\r'));
}

Image
DecodePnm(const std::uint8_t* bytes, std::size_t size, const std::string& name)
{
    return PnmReader(bytes, size, name).Read();
}

} // namespace limitnet
