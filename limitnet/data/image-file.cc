// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-file.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/orientation.h"

#include <cstdio>
// jpeglib.h needs size_t and FILE declared before it.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <fstream>
#include <jerror.h>
#include <jpeglib.h>
#include <limits>
#include <png.h>
#include <system_error>
#include <unistd.h>
#include <webp/decode.h>

namespace limitnet
{

namespace
{

/**
 * State of one JPEG decoding. It lives in the caller of the functions that libjpeg may leave by
 * longjmp: between setjmp and longjmp there is then no object with a destructor and no changed
 * local variable.
 */
struct JpegDecoding
{
    jpeg_error_mgr errors;             ///< first member: libjpeg hands back a pointer to it
    std::jmp_buf escape;               ///< where a fatal error goes
    char message[JMSG_LENGTH_MAX];     ///< what libjpeg said
    bool inScan;                       ///< the header has been read
    bool damaged;                      ///< pixels are wrong although libjpeg went on
    jpeg_decompress_struct decompress; ///< libjpeg's own state
};

JpegDecoding&
StateOf(j_common_ptr common)
{
    return *reinterpret_cast<JpegDecoding*>(common->err);
}

[[noreturn]] void
OnJpegError(j_common_ptr common)
{
    JpegDecoding& state = StateOf(common);
    common->err->format_message(common, state.message);
    std::longjmp(state.escape, 1);
}

void
OnJpegMessage(j_common_ptr common, int level)
{
    // Level -1 is a warning. In the header, stray bytes between markers harm nothing (cameras leave
    // them), nor does a later version of JFIF. Any warning of the scans means that what is decoded
    // is not what was encoded, be it that data are missing, left over, or make no sense.
    const int code = common->err->msg_code;
    JpegDecoding& state = StateOf(common);
    const bool harmless =
        !state.inScan && (code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR);
    if (level < 0 && !harmless)
    {
        if (!state.damaged)
        {
            common->err->format_message(common, state.message);
        }
        state.damaged = true;
    }
}

void
PrepareJpeg(JpegDecoding& state)
{
    std::memset(&state.decompress, 0, sizeof state.decompress);
    state.message[0] = '\0';
    state.inScan = false;
    state.damaged = false;
    state.decompress.err = jpeg_std_error(&state.errors);
    state.errors.error_exit = OnJpegError;
    state.errors.emit_message = OnJpegMessage;
}

/** \return false after an error of libjpeg. */
bool
ReadJpegHeader(JpegDecoding& state, const std::uint8_t* bytes, std::size_t size)
{
    if (setjmp(state.escape) != 0)
    {
        return false;
    }
    jpeg_create_decompress(&state.decompress);
    jpeg_mem_src(&state.decompress, bytes, static_cast<unsigned long>(size));
    jpeg_save_markers(&state.decompress, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&state.decompress, TRUE);
    state.inScan = true;
    const J_COLOR_SPACE space = state.decompress.jpeg_color_space;
    const bool fourInks = space == JCS_CMYK || space == JCS_YCCK;
    state.decompress.out_color_space = fourInks ? JCS_CMYK : JCS_RGB;
    return true;
}

/**
 * \param rows width x height x (3 or 4) bytes
 * \return false after an error of libjpeg.
 */
bool
ReadJpegRows(JpegDecoding& state, std::uint8_t* rows)
{
    if (setjmp(state.escape) != 0)
    {
        return false;
    }
    jpeg_start_decompress(&state.decompress);
    const std::size_t stride = static_cast<std::size_t>(state.decompress.output_width) *
                               static_cast<std::size_t>(state.decompress.output_components);
    while (state.decompress.output_scanline < state.decompress.output_height)
    {
        JSAMPROW row = rows + state.decompress.output_scanline * stride;
        jpeg_read_scanlines(&state.decompress, &row, 1);
    }
    jpeg_finish_decompress(&state.decompress);
    return true;
}

/** \return the orientation that the first EXIF segment says */
int
JpegOrientation(const JpegDecoding& state)
{
    for (const auto* marker = state.decompress.marker_list; marker != nullptr;
         marker = marker->next)
    {
        if (marker->data_length >= 6 && std::memcmp(marker->data, "Exif\0\0", 6) == 0)
        {
            return OrientationOf(marker->data, marker->data_length);
        }
    }
    return 1;
}

/** Frees libjpeg's memory on every way out. */
class JpegRelease
{
  public:
    explicit JpegRelease(JpegDecoding& state)
        : m_state(state)
    {
    }

    ~JpegRelease()
    {
        jpeg_destroy_decompress(&m_state.decompress);
    }

    JpegRelease(const JpegRelease&) = delete;
    JpegRelease& operator=(const JpegRelease&) = delete;

  private:
    JpegDecoding& m_state;
};

void
CheckSize(std::uint64_t width, std::uint64_t height, const std::string& name)
{
    if (width == 0 || height == 0 || width * height > MAX_PICTURE_PIXELS)
    {
        throw Error(name + ": a picture of " + std::to_string(width) + " x " +
                    std::to_string(height) + " pixels is not plausible (at most 64 million)");
    }
}

Image
DecodeJpeg(const std::uint8_t* bytes, std::size_t size, const std::string& name)
{
    JpegDecoding state;
    PrepareJpeg(state);
    const JpegRelease release(state);
    const auto fail = [&]() { throw Error(name + ": damaged JPEG: " + state.message); };
    if (!ReadJpegHeader(state, bytes, size))
    {
        fail();
    }
    Image image;
    CheckSize(state.decompress.image_width, state.decompress.image_height, name);
    image.width = static_cast<int>(state.decompress.image_width);
    image.height = static_cast<int>(state.decompress.image_height);
    const std::size_t pixels =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    const bool fourInks = state.decompress.out_color_space == JCS_CMYK;
    const int orientation = JpegOrientation(state);
    std::vector<std::uint8_t> rows(pixels * (fourInks ? 4 : 3));
    if (!ReadJpegRows(state, rows.data()) || state.damaged)
    {
        fail();
    }
    if (!fourInks)
    {
        image.rgb = std::move(rows);
        return Upright(std::move(image), orientation);
    }
    // Adobe's files store the inks inverted (255 = none); libjpeg says which by the Adobe marker.
    const bool inverted = state.decompress.saw_Adobe_marker != 0;
    image.rgb.resize(pixels * 3);
    for (std::size_t i = 0; i < pixels; ++i)
    {
        for (std::size_t c = 0; c < 3; ++c)
        {
            const int ink = inverted ? rows[4 * i + c] : 255 - rows[4 * i + c];
            const int black = inverted ? rows[4 * i + 3] : 255 - rows[4 * i + 3];
            image.rgb[3 * i + c] = static_cast<std::uint8_t>((ink * black + 127) / 255);
        }
    }
    return Upright(std::move(image), orientation);
}

/**
 * Lays a picture on white, in the values as they are stored: as browsers and other programs do, and
 * the same for each format.
 * \param rgba 4 bytes for each pixel
 */
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
    CheckSize(png.width, png.height, name);
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
    CheckSize(static_cast<std::uint64_t>(features.width),
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
        CheckSize(m_width, m_height, m_name);
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

bool
IsPnm(const std::uint8_t* bytes, std::size_t size)
{
    return size >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
           (bytes[2] == ' ' || bytes[2] == '#' || (bytes[2] >= '\t' && bytes[2] <= '\r'));
}

} // namespace

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
        return PnmReader(bytes, size, name).Read();
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
