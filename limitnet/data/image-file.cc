// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-file.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/orientation.h"
#include "limitnet/data/picture-formats.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <png.h>
#include <system_error>
#include <unistd.h>
#include <webp/decode.h>

namespace limitnet
{

namespace
{

/** libpng's simplified interface, released on every way out. */
class PngImage
{
  public:
    PngImage()
    {
        std::memset(&m_png, 0, sizeof m_png);
        m_png.version = PNG_IMAGE_VERSION;
    }

    ~PngImage()
    {
        png_image_free(&m_png);
    }

    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;

    png_image& Get()
    {
        return m_png;
    }

  private:
    png_image m_png;
};

/** \return a number of four bytes, the highest first */
std::uint32_t
BigEndian(const std::uint8_t* bytes)
{
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
           std::uint32_t{bytes[2]} << 8 | bytes[3];
}

/** \return the same, the lowest first */
std::uint32_t
LittleEndian(const std::uint8_t* bytes)
{
    return std::uint32_t{bytes[3]} << 24 | std::uint32_t{bytes[2]} << 16 |
           std::uint32_t{bytes[1]} << 8 | bytes[0];
}

/** \return what the chunk eXIf says, wherever it stands (PNG, 11.3.4.5) */
int
PngOrientation(const std::uint8_t* bytes, std::size_t size)
{
    constexpr std::size_t FRAME = 12; // length, name and checksum
    for (std::size_t at = 8; at + FRAME <= size;)
    {
        const std::size_t length = BigEndian(bytes + at);
        if (length > size - at - FRAME)
        {
            break;
        }
        if (std::memcmp(bytes + at + 4, "eXIf", 4) == 0)
        {
            return OrientationOf(bytes + at + 8, length);
        }
        at += FRAME + length;
    }
    return 1;
}

Image
DecodePng(const std::uint8_t* bytes, std::size_t size, const std::string& name)
{
    PngImage holder;
    png_image& png = holder.Get();
    if (png_image_begin_read_from_memory(&png, bytes, size) == 0)
    {
        throw Error(name + ": damaged PNG: " + png.message);
    }
    CheckPictureSize(png.width, png.height, name);
    // Without this, libpng takes 16-bit samples that do not say their gamma for linear ones.
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    // Not laid on a background by libpng, which does that in linear light.
    const auto width = static_cast<int>(png.width);
    const auto height = static_cast<int>(png.height);
    png.format = PNG_FORMAT_RGBA;
    std::vector<std::uint8_t> rgba(PNG_IMAGE_SIZE(png));
    if (png_image_finish_read(&png, nullptr, rgba.data(), 0, nullptr) == 0)
    {
        throw Error(name + ": damaged PNG: " + png.message);
    }
    return Upright(OnWhite(width, height, rgba.data()), PngOrientation(bytes, size));
}

/** \return what the chunk EXIF says (RFC 9649, 2.7.1.5) */
int
WebpOrientation(const std::uint8_t* bytes, std::size_t size)
{
    constexpr std::size_t FRAME = 8; // name and length
    for (std::size_t at = 12; at + FRAME <= size;)
    {
        const std::size_t length = LittleEndian(bytes + at + 4);
        if (length > size - at - FRAME)
        {
            break;
        }
        if (std::memcmp(bytes + at, "EXIF", 4) == 0)
        {
            return OrientationOf(bytes + at + FRAME, length);
        }
        at += FRAME + length + length % 2;
    }
    return 1;
}

Image
DecodeWebp(const std::uint8_t* bytes, std::size_t size, const std::string& name)
{
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(bytes, size, &features) != VP8_STATUS_OK)
    {
        throw Error(name + ": damaged WebP");
    }
    if (features.has_animation != 0)
    {
        throw Error(name + ": an animated WebP; it has to be one picture");
    }
    CheckPictureSize(static_cast<std::uint64_t>(features.width),
                     static_cast<std::uint64_t>(features.height),
                     name);
    std::vector<std::uint8_t> rgba(std::size_t{4} * static_cast<std::size_t>(features.width) *
                                   static_cast<std::size_t>(features.height));
    if (WebPDecodeRGBAInto(bytes, size, rgba.data(), rgba.size(), 4 * features.width) == nullptr)
    {
        throw Error(name + ": damaged WebP");
    }
    return Upright(OnWhite(features.width, features.height, rgba.data()),
                   WebpOrientation(bytes, size));
}

} // namespace

Image
OnWhite(int width, int height, const std::uint8_t* rgba)
{
    Image image{width, height, {}};
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    image.rgb.resize(3 * pixels);
    for (std::size_t i = 0; i < pixels; ++i)
    {
        const int opaque = rgba[4 * i + 3];
        for (std::size_t c = 0; c < 3; ++c)
        {
            image.rgb[3 * i + c] = static_cast<std::uint8_t>(
                (rgba[4 * i + c] * opaque + 255 * (255 - opaque) + 127) / 255);
        }
    }
    return image;
}

void
CheckPictureSize(std::uint64_t width, std::uint64_t height, const std::string& name)
{
    if (width == 0 || height == 0 || width * height > MAX_PICTURE_PIXELS)
    {
        throw Error(name + ": a picture of " + std::to_string(width) + " x " +
                    std::to_string(height) + " pixels is not plausible (at most 64 million)");
    }
}

bool
IsKnownPicture(const std::uint8_t* bytes, std::size_t size)
{
    const auto begins = [&](const char* with, std::size_t length) {
        return size >= length && std::memcmp(bytes, with, length) == 0;
    };
    return begins("\xFF\xD8\xFF", 3) || begins("\x89PNG", 4) ||
           (begins("RIFF", 4) && size >= 12 && std::memcmp(bytes + 8, "WEBP", 4) == 0) ||
           IsPnm(bytes, size);
}

std::vector<std::uint8_t>
ReadBytes(const std::filesystem::path& path)
{
    std::error_code problem;
    const auto size = std::filesystem::file_size(path, problem);
    if (problem)
    {
        throw Error(path.string() + ": cannot be read: " + problem.message());
    }
    std::ifstream in(path, std::ios::binary);
    std::vector<std::uint8_t> bytes(size);
    if (!in || !in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
    {
        throw Error(path.string() + ": cannot be read");
    }
    return bytes;
}

void
WriteBytes(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes)
{
    std::error_code problem;
    // A link stays, and its file is replaced; what is no file, as /dev/null, is written to.
    const auto target = std::filesystem::is_symlink(path, problem)
                            ? std::filesystem::weakly_canonical(path, problem)
                            : path;
    const bool isFile = !std::filesystem::exists(target, problem) ||
                        std::filesystem::is_regular_file(target, problem);
    problem.clear();
    // Of a name of its own: the file's may be as long as the system has them.
    static std::atomic<unsigned> count{0};
    const std::filesystem::path partial =
        isFile ? target.parent_path() /
                     (".partial-" + std::to_string(getpid()) + "-" + std::to_string(count++))
               : target;
    errno = 0;
    std::ofstream out(partial, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out)
    {
        problem.assign(errno != 0 ? errno : EIO, std::generic_category());
    }
    else if (isFile)
    {
        std::filesystem::rename(partial, target, problem);
    }
    if (problem)
    {
        std::error_code ignored;
        if (isFile)
        {
            std::filesystem::remove(partial, ignored);
        }
        throw Error(path.string() + ": cannot be written: " + problem.message());
    }
}

Image
DecodeImage(const std::uint8_t* bytes, std::size_t size, const std::string& name)
{
    if (size >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF)
    {
        return DecodeJpeg(bytes, size, name);
    }
    if (size >= 8 && png_sig_cmp(bytes, 0, 8) == 0)
    {
        return DecodePng(bytes, size, name);
    }
    if (size >= 12 && std::memcmp(bytes, "RIFF", 4) == 0 && std::memcmp(bytes + 8, "WEBP", 4) == 0)
    {
        return DecodeWebp(bytes, size, name);
    }
    if (IsPnm(bytes, size))
    {
        return DecodePnm(bytes, size, name);
    }
    throw Error(name + ": neither a JPEG nor a PNG, WebP or PNM picture");
}

Image
ReadImage(const std::filesystem::path& path)
{
    const std::vector<std::uint8_t> bytes = ReadBytes(path);
    return DecodeImage(bytes.data(), bytes.size(), path.string());
}

void
WritePng(const std::filesystem::path& path, const Image& image)
{
    if (image.width <= 0 || image.height <= 0 ||
        image.rgb.size() !=
            static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3)
    {
        throw Error(path.string() + ": the picture to write is not width x height x 3 bytes");
    }
    PngImage holder;
    png_image& png = holder.Get();
    png.width = static_cast<png_uint_32>(image.width);
    png.height = static_cast<png_uint_32>(image.height);
    png.format = PNG_FORMAT_RGB;
    std::vector<std::uint8_t> bytes(PNG_IMAGE_PNG_SIZE_MAX(png));
    png_alloc_size_t size = bytes.size();
    if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr) == 0)
    {
        throw Error(path.string() + ": cannot be encoded as PNG: " + png.message);
    }
    bytes.resize(size);
    WriteBytes(path, bytes);
}

} // namespace limitnet
