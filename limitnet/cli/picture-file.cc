// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/picture-file.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/image-file.h"

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
    const bool jpeg = StartsWith(bytes, "\xFF\xD8\xFF");
    if (jpeg || StartsWith(bytes, "\x89PNG"))
    {
        auto image = DecodeImage(bytes.data(), bytes.size(), path.string());
        constexpr std::string_view EXIF("Exif\0\0", 6);
        if (!jpeg ||
            std::search(bytes.begin(), bytes.end(), EXIF.begin(), EXIF.end()) == bytes.end())
        {
            return image;
        }
        // A camera's picture, which may have to be turned; OpenCV does that.
        const auto turned = DecodeByOpenCv(bytes, cv::IMREAD_COLOR);
        return turned.empty() ? image : ToImage(turned);
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
        return ToImage(To8Bits(picture));
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
