// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_ORIENTATION_H
#define LIMITNET_DATA_ORIENTATION_H

#include "limitnet/codec/image.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace limitnet
{

/**
 * Values of a tag in the first directory (IFD0) of TIFF data (TIFF 6.0, section 2), which is also
 * how EXIF data begin.
 *
 * \param bytes TIFF data, from the byte order on
 * \param size how many bytes
 * \param tag its number
 * \return the values of a tag of type BYTE, SHORT or LONG; empty when it is not there. Nothing when
 *         these are no TIFF data or damaged ones
 */
std::optional<std::vector<std::uint32_t>> TiffValues(const std::uint8_t* bytes,
                                                     std::size_t size,
                                                     std::uint16_t tag);

/**
 * Which edge of a picture is up, as cameras write it (EXIF 2.3, 4.6.4, tag 0112).
 *
 * \param bytes EXIF data, with "Exif\0\0" in front or without it
 * \param size how many bytes
 * \return 1 to 8; 1, upright, when the data do not say it or are damaged
 */
int OrientationOf(const std::uint8_t* bytes, std::size_t size);

/**
 * \param image as it is stored
 * \param orientation 1 to 8
 * \return the picture upright
 */
Image Upright(Image image, int orientation);

} // namespace limitnet

#endif // LIMITNET_DATA_ORIENTATION_H
