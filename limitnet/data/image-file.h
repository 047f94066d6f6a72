// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_IMAGE_FILE_H
#define LIMITNET_DATA_IMAGE_FILE_H

#include "limitnet/codec/image.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace limitnet
{

/// Most pixels of a picture. A header that says more is taken as damaged, so that it cannot ask for
/// all memory.
constexpr std::uint64_t MAX_PICTURE_PIXELS = 64'000'000;

/**
 * Reads a JPEG (baseline or progressive; grey, YCbCr, RGB, CMYK, YCCK), PNG (any kind), WebP (not
 * animated) or PNM (P1 to P6; PAM, grey or RGB) file as 8-bit RGB.
 *
 * The format is told by the content, not by the file's name, and the same picture reads the same
 * from each: upright, as its EXIF data say; grey becomes R = G = B; transparent parts are laid on
 * white; samples of another maximum than 255 are scaled to it and rounded.
 *
 * A JPEG whose scans libjpeg warns of is refused as damaged, whatever the warning: part of its
 * picture is made up.
 *
 * \throws Error that names the file, when it is missing, of another format, damaged or truncated,
 * or larger than 64 million pixels.
 */
Image ReadImage(const std::filesystem::path& path);

/**
 * The same from memory.
 * \param name what messages call the picture
 */
Image DecodeImage(const std::uint8_t* bytes, std::size_t size, const std::string& name);

/** \return whether bytes begin as a picture does that DecodeImage() reads */
bool IsKnownPicture(const std::uint8_t* bytes, std::size_t size);

/**
 * Writes a picture as PNG, 8-bit RGB. The file appears whole or not at all.
 * \throws Error that names the file, when the picture is not width x height x 3 bytes or the file
 * cannot be written.
 */
void WritePng(const std::filesystem::path& path, const Image& image);

/** \return the file's bytes. \throws Error that names the file. */
std::vector<std::uint8_t> ReadBytes(const std::filesystem::path& path);

/**
 * Writes a file, which appears whole or not at all. A link stays a link, and what is no file, such
 * as /dev/null, is written to.
 * \throws Error that names the file, when it cannot be written.
 */
void WriteBytes(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes);

} // namespace limitnet

#endif // LIMITNET_DATA_IMAGE_FILE_H
