// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/lim-file.h"

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/image-file.h"

#include <algorithm>
#include <array>

namespace limitnet
{

namespace
{

// The first byte is not ASCII, so that no text is taken for a .lim file.
constexpr std::array<std::uint8_t, 4> MAGIC = {0x89, 'L', 'I', 'M'};
constexpr std::uint8_t VERSION = 1;
constexpr std::size_t CRC_BYTES = 4;
constexpr std::size_t MAX_PICTURES = 65536;
constexpr std::size_t MAX_FRAGMENTS = 65535;
constexpr std::size_t MAX_FRAGMENT = 65535;
constexpr std::size_t MAX_NAME = 255;

void
Put(Bytes& out, std::uint64_t number, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    {
        out.push_back(static_cast<std::uint8_t>(number >> shift));
    }
}

void
PutName(Bytes& out, const std::string& name)
{
    if (!IsLimName(name))
    {
        throw Error("'" + LimNameFor(name) +
                    "' cannot be named in a .lim file: 1 to 255 bytes without folders and control "
                    "characters are possible");
    }
    Put(out, name.size(), 1);
    out.insert(out.end(), name.begin(), name.end());
}

bool
IsLimSize(std::uint64_t width, std::uint64_t height)
{
    // Each at most 2^32, so the product fits.
    return width > 0 && height > 0 && width * height <= MAX_PICTURE_PIXELS;
}

/** Reads numbers and names from bytes that may end anywhere. */
class Reader
{
  public:
    Reader(const std::uint8_t* bytes, std::size_t size, const std::string& name)
        : m_next(bytes),
          m_left(size),
          m_name(name)
    {
    }

    [[noreturn]] void Fail(const std::string& what) const
    {
        throw Error(m_name + ": not a whole .lim file: " + what);
    }

    const std::uint8_t* Take(std::size_t count)
    {
        if (count > m_left)
        {
            Fail("it ends in the middle of something");
        }
        const std::uint8_t* taken = m_next;
        m_next += count;
        m_left -= count;
        return taken;
    }

    std::uint32_t Number(int bytes)
    {
        const std::uint8_t* from = Take(static_cast<std::size_t>(bytes));
        std::uint32_t number = 0;
        for (int i = 0; i < bytes; ++i)
        {
            number = number << 8 | from[i];
        }
        return number;
    }

    std::string Name()
    {
        const std::size_t length = Number(1);
        const std::uint8_t* from = Take(length);
        std::string name(from, from + length);
        if (!IsLimName(name))
        {
            Fail("a name in it is no plain file name");
        }
        return name;
    }

    std::size_t Left() const
    {
        return m_left;
    }

  private:
    const std::uint8_t* m_next;
    std::size_t m_left;
    const std::string& m_name;
};

} // namespace

bool
IsLimName(const std::string& name)
{
    return !name.empty() && name.size() <= MAX_NAME && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(), [](unsigned char c) {
               return c < 0x20 || c == 0x7F || c == '/' || c == '\\';
           });
}

std::string
LimNameFor(const std::string& name)
{
    std::string result = name;
    for (char& c : result)
    {
        if (!IsLimName(std::string(1, c)) && c != '.')
        {
            c = '_';
        }
    }
    if (result.size() > MAX_NAME)
    {
        // The end is kept, since the ending is there.
        result = result.substr(result.size() - MAX_NAME);
    }
    return IsLimName(result) ? result : "picture";
}

Bytes
PackLimFile(const LimFile& file)
{
    if (file.pictures.size() > MAX_PICTURES)
    {
        throw Error("a .lim file holds at most " + std::to_string(MAX_PICTURES) +
                    " pictures, not " + std::to_string(file.pictures.size()));
    }
    Bytes out(MAGIC.begin(), MAGIC.end());
    Put(out, VERSION, 1);
    Put(out, file.modelId, 1);
    PutName(out, file.model);
    Put(out, file.pictures.size(), 4);
    for (const LimPicture& picture : file.pictures)
    {
        PutName(out, picture.name);
        if (!IsLimSize(picture.width, picture.height))
        {
            throw Error(picture.name + ": a .lim file holds no picture of " +
                        std::to_string(picture.width) + " x " + std::to_string(picture.height) +
                        " pixels (at most 64 million)");
        }
        if (picture.fragments.size() > MAX_FRAGMENTS)
        {
            throw Error(picture.name + ": a .lim file holds at most " +
                        std::to_string(MAX_FRAGMENTS) + " fragments of a picture, not " +
                        std::to_string(picture.fragments.size()));
        }
        Put(out, picture.width, 4);
        Put(out, picture.height, 4);
        Put(out, picture.fragments.size(), 2);
        for (const Bytes& fragment : picture.fragments)
        {
            if (fragment.empty() || fragment.size() > MAX_FRAGMENT)
            {
                throw Error(picture.name + ": a .lim file holds no fragment of " +
                            std::to_string(fragment.size()) + " bytes (1 to 65535)");
            }
            Put(out, fragment.size(), 2);
            out.insert(out.end(), fragment.begin(), fragment.end());
        }
    }
    Put(out, Crc32(out.data(), out.size()), CRC_BYTES);
    return out;
}

LimFile
ParseLimFile(const std::uint8_t* bytes, std::size_t size, const std::string& name)
{
    if (size < MAGIC.size() || !std::equal(MAGIC.begin(), MAGIC.end(), bytes))
    {
        throw Error(name + ": not a .lim file, as 'limitnet encode' writes it");
    }
    if (size < MAGIC.size() + 1 + CRC_BYTES)
    {
        throw Error(name + ": not a whole .lim file: it ends in the middle of something");
    }
    if (bytes[MAGIC.size()] != VERSION)
    {
        throw Error(name + ": a .lim file of version " + std::to_string(bytes[MAGIC.size()]) +
                    "; this program reads version " + std::to_string(VERSION));
    }
    const std::size_t body = size - CRC_BYTES;
    if (Reader(bytes + body, CRC_BYTES, name).Number(CRC_BYTES) != Crc32(bytes, body))
    {
        throw Error(name + ": not a whole .lim file: its checksum does not fit its content, so it "
                           "was cut off or changed");
    }
    Reader reader(bytes, body, name);
    reader.Take(MAGIC.size() + 1);
    LimFile file;
    file.modelId = static_cast<std::uint8_t>(reader.Number(1));
    file.model = reader.Name();
    const std::uint32_t pictures = reader.Number(4);
    if (pictures > MAX_PICTURES)
    {
        reader.Fail("it claims " + std::to_string(pictures) + " pictures");
    }
    // Nothing is reserved by a number from the file: its size limits what can be there.
    for (std::uint32_t i = 0; i < pictures; ++i)
    {
        LimPicture picture;
        picture.name = reader.Name();
        picture.width = reader.Number(4);
        picture.height = reader.Number(4);
        if (!IsLimSize(picture.width, picture.height))
        {
            reader.Fail("it claims a picture of " + std::to_string(picture.width) + " x " +
                        std::to_string(picture.height) + " pixels");
        }
        const std::uint32_t fragments = reader.Number(2);
        for (std::uint32_t k = 0; k < fragments; ++k)
        {
            const std::size_t length = reader.Number(2);
            if (length == 0)
            {
                reader.Fail("a fragment in it is empty");
            }
            const std::uint8_t* from = reader.Take(length);
            picture.fragments.emplace_back(from, from + length);
        }
        file.pictures.push_back(std::move(picture));
    }
    if (reader.Left() > 0)
    {
        reader.Fail("there is something after its last picture");
    }
    return file;
}

LimFile
ReadLimFile(const std::filesystem::path& path)
{
    const auto bytes = ReadBytes(path);
    return ParseLimFile(bytes.data(), bytes.size(), path.string());
}

void
WriteLimFile(const std::filesystem::path& path, const LimFile& file)
{
    WriteBytes(path, PackLimFile(file));
}

} // namespace limitnet
