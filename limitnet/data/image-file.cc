// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-file.h"

#include "limitnet/codec/error.h"

#include <cstdio>
// jpeglib.h needs size_t and FILE declared before it.
#include <csetjmp>
#include <cstring>
#include <fstream>
#include <jerror.h>
#include <jpeglib.h>
#include <png.h>
#include <system_error>
#include <unistd.h>

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
    bool damaged;                      ///< pixels are missing although libjpeg went on
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
    // Level -1 is a warning. Stray bytes between markers harm nothing (cameras leave them); an end
    // of the data before the last row means that part of the picture is made up.
    const int code = common->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER))
    {
        JpegDecoding& state = StateOf(common);
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
    jpeg_read_header(&state.decompress, TRUE);
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
    std::vector<std::uint8_t> rows(pixels * (fourInks ? 4 : 3));
    if (!ReadJpegRows(state, rows.data()) || state.damaged)
    {
        fail();
    }
    if (!fourInks)
    {
        image.rgb = std::move(rows);
        return image;
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
    png.format = PNG_FORMAT_RGB;
    Image image;
    image.width = static_cast<int>(png.width);
    image.height = static_cast<int>(png.height);
    image.rgb.resize(PNG_IMAGE_SIZE(png));
    const png_color white{255, 255, 255};
    if (png_image_finish_read(&png, &white, image.rgb.data(), 0, nullptr) == 0)
    {
        throw Error(name + ": damaged PNG: " + png.message);
    }
    return image;
}

} // namespace

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
    std::filesystem::path partial = target;
    partial += isFile ? ".partial-" + std::to_string(getpid()) : "";
    std::ofstream out(partial, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (out && isFile)
    {
        std::filesystem::rename(partial, target, problem);
    }
    if (!out || problem)
    {
        std::error_code ignored;
        if (isFile)
        {
            std::filesystem::remove(partial, ignored);
        }
        throw Error(path.string() +
                    ": cannot be written: is its folder there, writable and not full?");
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
    throw Error(name + ": neither a JPEG nor a PNG picture");
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
