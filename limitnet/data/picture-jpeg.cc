// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/orientation.h"
#include "limitnet/data/picture-formats.h"

#include <cstdio>
// jpeglib.h needs size_t and FILE declared before it.
#include <csetjmp>
#include <cstring>
#include <jerror.h>
#include <jpeglib.h>
#include <utility>
#include <vector>

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

} // namespace

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
    CheckPictureSize(state.decompress.image_width, state.decompress.image_height, name);
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

} // namespace limitnet
