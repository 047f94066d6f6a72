// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_PICTURE_FORMATS_H
#define LIMITNET_DATA_PICTURE_FORMATS_H

#include "limitnet/codec/image.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace limitnet
{

// The formats of DecodeImage(), by file: picture-jpeg.cc, picture-pnm.cc; PNG and WebP are in
// image-file.cc.

/** \throws Error that begins with \p name when a picture has no pixels, or too many */
void CheckPictureSize(std::uint64_t width, std::uint64_t height, const std::string& name);

/**
 * Lays a picture on white, in the values as they are stored: as browsers and other programs do, and
 * the same for each format.
 *
 * \param rgba 4 bytes for each pixel
 */
Image OnWhite(int width, int height, const std::uint8_t* rgba);

/** Reads a JPEG file. \throws Error that begins with \p name */
Image DecodeJpeg(const std::uint8_t* bytes, std::size_t size, const std::string& name);

/** \return whether bytes begin as one of Netpbm's formats, P1 to P7 */
bool IsPnm(const std::uint8_t* bytes, std::size_t size);

/** Reads one of these. \throws Error that begins with \p name */
Image DecodePnm(const std::uint8_t* bytes, std::size_t size, const std::string& name);

} // namespace limitnet

#endif // LIMITNET_DATA_PICTURE_FORMATS_H
