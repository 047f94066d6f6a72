// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/picture-file.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/orientation.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <string_view>
#include <vector>

namespace limitnet
{

namespace
{

/// Larger files are no pictures of at most MAX_PICTURE_PIXELS.
constexpr std::uintmax_t MAX_FILE_BYTES = std::uintmax_t{1} << 30;

/** Keeps what OpenCV says about a damaged file off the terminal: our own line says it. */
class QuietCerr
{
  public:
    QuietCerr()
        : m_before(std::cerr.rdbuf(m_kept.rdbuf()))
    {
    }

    ~QuietCerr()
    {
        std::cerr.rdbuf(m_before);
    }

    QuietCerr(const QuietCerr&) = delete;
    QuietCerr& operator=(const QuietCerr&) = delete;

  private:
    std::ostringstream m_kept;
    std::streambuf* m_before;
};

/** \return the picture, or an empty one when OpenCV cannot read it. */
cv::Mat
DecodeByOpenCv(const std::vector<std::uint8_t>& bytes, int flags)
{
    const QuietCerr quiet;
    try
    {
        return cv::imdecode(bytes, flags);
    }
    catch (const cv::Exception&)
    {
        return {};
    }
}

bool
StartsWith(const std::vector<std::uint8_t>& bytes, std::string_view start)
{
    return bytes.size() >= start.size() &&
           std::equal(start.begin(), start.end(), bytes.begin(), [](char a, std::uint8_t b) {
               return static_cast<std::uint8_t>(a) == b;
           });
}

cv::Mat
To8Bits(const cv::Mat& picture)
{
    cv::Mat result;
    switch (picture.depth())
    {
    case CV_8U:
        return picture;
    case CV_16U:
        picture.convertTo(result, CV_8U, 1 / 257.0);
        return result;
    case CV_32F:
    case CV_64F:
        picture.convertTo(result, CV_8U, 255);
        return result;
    default:
        picture.convertTo(result, CV_8U);
        return result;
    }
}

/** What ObjectionTo() and ReadPicture() know of a TIFF file (TIFF 6.0, sections 4 to 18). */
struct TiffKind
{
    std::uint32_t bits = 1;
    std::uint32_t channels = 1;
    std::uint32_t photometric = 0;
    bool multiplied = false; //!< OpenCV gives the colours multiplied by the opacity
};

/** \return what is wrong with a TIFF file; empty: nothing */
std::string
ObjectionToTiff(const std::vector<std::uint8_t>& bytes, TiffKind& kind)
{
    constexpr std::uint16_t BITS = 258;
    constexpr std::uint16_t PHOTOMETRIC = 262;
    constexpr std::uint16_t CHANNELS = 277;
    constexpr std::uint16_t PLANES = 284;
    constexpr std::uint16_t EXTRA = 338;
    constexpr std::uint16_t FORMAT = 339;
    constexpr std::uint32_t MULTIPLIED = 1; // values of EXTRA
    constexpr std::uint32_t STRAIGHT = 2;
    const auto read = [&bytes](std::uint16_t tag, std::uint32_t otherwise) {
        auto values = TiffValues(bytes.data(), bytes.size(), tag);
        return values && values->empty() ? std::vector<std::uint32_t>{otherwise}
                                         : values.value_or(std::vector<std::uint32_t>{});
    };
    const auto bits = read(BITS, 1);
    const auto photometric = read(PHOTOMETRIC, 0);
    const auto channels = read(CHANNELS, 1);
    const auto planes = read(PLANES, 1);
    const auto extra = read(EXTRA, 0);
    const auto format = read(FORMAT, 1);
    if (bits.empty() || photometric.empty() || channels.empty() || planes.empty() ||
        extra.empty() || format.empty())
    {
        return "no TIFF file that can be read (is it BigTIFF?), or damaged";
    }
    kind = {bits[0], channels[0], photometric[0], false};
    const auto differ = [](const std::vector<std::uint32_t>& values) {
        return std::any_of(values.begin(), values.end(), [&](auto v) { return v != values[0]; });
    };
    const bool real = format[0] == 3 && (kind.bits == 32 || kind.bits == 64);
    const bool whole = format[0] == 1 && (kind.bits == 1 || kind.bits == 8 || kind.bits == 16);
    if (differ(bits) || differ(format) || !(real || whole))
    {
        return fmt::format("a TIFF file with samples of {} bits, signed or of a format that is not "
                           "read; 1, 8 or 16 bits without sign and floating point are",
                           kind.bits);
    }
    constexpr std::array<std::uint32_t, 7> COLOURS{1, 1, 3, 1, 0, 4, 3};
    const bool fewBits = whole && kind.bits <= 8;
    if (kind.photometric >= COLOURS.size() || COLOURS[kind.photometric] == 0 ||
        (!fewBits && kind.photometric != 1 && kind.photometric != 2))
    {
        return fmt::format("a TIFF file of colour space {} with {} bits, which is not read right",
                           kind.photometric,
                           kind.bits);
    }
    const auto colours = COLOURS[kind.photometric];
    const bool hasAlpha = kind.photometric == 2 && kind.channels == 4;
    // What the fourth channel is has to be said, but OpenCV writes plain opacity without saying it.
    const auto said = TiffValues(bytes.data(), bytes.size(), EXTRA);
    const bool plain = said && said->empty();
    if (kind.channels != colours &&
        !(hasAlpha && (plain || extra[0] == MULTIPLIED || extra[0] == STRAIGHT)))
    {
        return fmt::format("a TIFF file with {} channels for {} colours, of which is not said what "
                           "they are, or that are not read right",
                           kind.channels,
                           colours);
    }
    kind.multiplied = hasAlpha && fewBits && !plain; // by libtiff, whether they were or not
    if (hasAlpha && !fewBits && extra[0] == MULTIPLIED)
    {
        return "a TIFF file of 16 bits whose colours are multiplied by the opacity";
    }
    if (planes[0] != 1 && !fewBits)
    {
        return "a TIFF file of 16 bits with one plane for each colour";
    }
    return "";
}

/** \return what is wrong with a BMP file; empty: nothing */
std::string
ObjectionToBmp(const std::vector<std::uint8_t>& bytes)
{
    constexpr std::size_t LEAST = 34;
    if (bytes.size() < LEAST)
    {
        return "damaged BMP";
    }
    const auto number = [&bytes](std::size_t at) {
        return unsigned{bytes[at]} | unsigned{bytes[at + 1]} << 8;
    };
    const unsigned headerBytes = number(14);
    const unsigned bits = number(headerBytes == 12 ? 24 : 28);
    const unsigned compression = headerBytes == 12 ? 0 : number(30);
    constexpr unsigned WITH_OPACITY = 56; // bytes of the header that has its mask
    if (bits == 16 || (compression >= 3 && headerBytes < WITH_OPACITY))
    {
        return bits == 16 ? "a BMP file of 16 bits, which is not read right"
                          : "a BMP file with masks for its colours, which is not read right";
    }
    return "";
}

/** \return what is wrong with a JPEG 2000 file, by its SIZ marker (T.800, A.5.1) */
std::string
ObjectionToJpeg2000(const std::vector<std::uint8_t>& bytes)
{
    constexpr std::array<std::uint8_t, 4> START{0xFF, 0x4F, 0xFF, 0x51};
    const auto found = std::search(bytes.begin(), bytes.end(), START.begin(), START.end());
    constexpr std::ptrdiff_t COUNT = 40; // where SIZ says how many components there are
    if (bytes.end() - found < COUNT + 2 + 3)
    {
        return "damaged JPEG 2000";
    }
    const auto count = found[COUNT] << 8 | found[COUNT + 1];
    const auto depth = found[COUNT + 2];
    bool good = (depth == 7 || depth == 15) && (count == 1 || count == 3 || count == 4) &&
                bytes.end() - found >= COUNT + 2 + 3 * count;
    for (std::ptrdiff_t c = 0; good && c < count; ++c)
    {
        const auto component = found + COUNT + 2 + 3 * c;
        good = component[0] == depth && component[1] == 1 && component[2] == 1;
    }
    return good ? ""
                : "a JPEG 2000 file whose components are not 1, 3 or 4 of 8 or 16 bits without "
                  "sign, all of one size";
}

/**
 * OpenCV reads more than it reads right.
 * \param tiff set for a TIFF file
 * \return what is wrong with a file of which it would not give the picture; empty: nothing
 */
std::string
ObjectionTo(const std::vector<std::uint8_t>& bytes, TiffKind& tiff)
{
    using namespace std::string_view_literals;
    if (StartsWith(bytes, "II*\0"sv) || StartsWith(bytes, "MM\0*"sv) ||
        StartsWith(bytes, "II+\0"sv) || StartsWith(bytes, "MM\0+"sv))
    {
        return ObjectionToTiff(bytes, tiff);
    }
    if (StartsWith(bytes, "BM"))
    {
        return ObjectionToBmp(bytes);
    }
    if (StartsWith(bytes, "\0\0\0\x0CjP  "sv) || StartsWith(bytes, "\xFF\x4F\xFF\x51"sv))
    {
        return ObjectionToJpeg2000(bytes);
    }
    if (StartsWith(bytes, "PF") || StartsWith(bytes, "Pf"))
    {
        return "";
    }
    return "no picture in a format that can be read, which are JPEG, PNG, WebP, PNM, TIFF, BMP, "
           "JPEG 2000 and PFM";
}

/** \return a picture on white whose colours are multiplied by their opacity already */
Image
OnWhite(const cv::Mat& multiplied)
{
    Image image{multiplied.cols, multiplied.rows, {}};
    image.rgb.reserve(multiplied.total() * 3);
    for (int y = 0; y < multiplied.rows; ++y)
    {
        for (int x = 0; x < multiplied.cols; ++x)
        {
            const auto& from = multiplied.at<cv::Vec4b>(y, x);
            for (int c = 2; c >= 0; --c)
            {
                image.rgb.push_back(cv::saturate_cast<std::uint8_t>(from[c] + 255 - from[3]));
            }
        }
    }
    return image;
}

std::string
EndingOf(const std::filesystem::path& path)
{
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return ending;
}

} // namespace

cv::Mat
ToMat(const Image& image)
{
    cv::Mat result;
    cv::cvtColor(
        cv::Mat(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data())),
        result,
        cv::COLOR_RGB2BGR);
    return result;
}

Image
ToImage(const cv::Mat& picture)
{
    Image image{picture.cols, picture.rows, {}};
    image.rgb.resize(picture.total() * 3);
    cv::Mat rgb(picture.rows, picture.cols, CV_8UC3, image.rgb.data());
    switch (picture.channels())
    {
    case 1:
        cv::cvtColor(picture, rgb, cv::COLOR_GRAY2RGB);
        break;
    case 3:
        cv::cvtColor(picture, rgb, cv::COLOR_BGR2RGB);
        break;
    case 4:
        for (int y = 0; y < picture.rows; ++y)
        {
            for (int x = 0; x < picture.cols; ++x)
            {
                const auto from = picture.at<cv::Vec4b>(y, x);
                auto& to = rgb.at<cv::Vec3b>(y, x);
                for (int c = 0; c < 3; ++c)
                {
                    const int opaque = from[3];
                    to[c] = static_cast<std::uint8_t>(
                        (from[2 - c] * opaque + 255 * (255 - opaque) + 127) / 255);
                }
            }
        }
        break;
    default:
        throw Error(
            fmt::format("a picture of {} channels is neither grey nor colour", picture.channels()));
    }
    return image;
}

cv::Mat
Resized(const cv::Mat& picture, cv::Size size)
{
    if (picture.size() == size)
    {
        return picture;
    }
    const bool shrinks = size.width < picture.cols && size.height < picture.rows;
    cv::Mat result;
    cv::resize(picture, result, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
    return result;
}

Image
ReadPicture(const std::filesystem::path& path)
{
    std::error_code problem;
    const auto size = std::filesystem::file_size(path, problem);
    if (problem)
    {
        throw Error(path.string() + ": cannot be read: " + problem.message());
    }
    if (size == 0 || size > MAX_FILE_BYTES)
    {
        throw Error(path.string() + (size == 0
                                         ? ": is empty; it has to be a picture"
                                         : ": is larger than 1 GiB, too large for a picture"));
    }
    const auto bytes = ReadBytes(path);
    if (IsKnownPicture(bytes.data(), bytes.size()))
    {
        return DecodeImage(bytes.data(), bytes.size(), path.string());
    }
    TiffKind tiff;
    const auto objection = ObjectionTo(bytes, tiff);
    if (!objection.empty())
    {
        throw Error(path.string() + ": " + objection + "; write it as PNG");
    }
    const auto picture = DecodeByOpenCv(bytes, cv::IMREAD_UNCHANGED);
    if (picture.empty())
    {
        throw Error(path.string() + ": no picture in a format that can be read, or damaged");
    }
    if (picture.total() > MAX_PICTURE_PIXELS)
    {
        throw Error(fmt::format("{}: a picture of {} x {} pixels is too large (at most 64 million)",
                                path.string(),
                                picture.cols,
                                picture.rows));
    }
    try
    {
        const cv::Mat narrow = To8Bits(picture);
        if (tiff.multiplied && narrow.channels() == 4)
        {
            return OnWhite(narrow);
        }
        return ToImage(narrow);
    }
    catch (const Error& error)
    {
        throw Error(path.string() + ": " + error.what());
    }
}

void
CheckPictureName(const std::filesystem::path& path)
{
    bool known = false;
    try
    {
        known = path.has_extension() && cv::haveImageWriter(path.string());
    }
    catch (const cv::Exception&)
    {
        // An ending that OpenCV cannot make sense of.
    }
    if (!known)
    {
        throw Error(path.string() +
                    ": no format of pictures has this ending; right would be .png, .jpg, .webp, "
                    ".tiff, .bmp or .ppm");
    }
}

void
WritePicture(const std::filesystem::path& path, const Image& image)
{
    if (EndingOf(path) == ".png")
    {
        WritePng(path, image);
        return;
    }
    CheckPictureName(path);
    std::vector<std::uint8_t> bytes;
    try
    {
        const QuietCerr quiet;
        if (!cv::imencode(EndingOf(path), ToMat(image), bytes))
        {
            bytes.clear();
        }
    }
    catch (const cv::Exception&)
    {
        bytes.clear();
    }
    if (bytes.empty())
    {
        throw Error(path.string() + ": a colour picture cannot be written in this format");
    }
    WriteBytes(path, bytes);
}

} // namespace limitnet
