// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_IMAGE_H
#define LIMITNET_CODEC_IMAGE_H

#include <cstdint>
#include <vector>

namespace limitnet
{

/**
 * A colour picture, 8 bits a sample.
 */
struct Image
{
    int width = 0;  //!< Columns.
    int height = 0; //!< Rows.
    std::vector<uint8_t>
        rgb; //!< 3 * width * height samples: rows from the top, R, G, B interleaved.
};

} // namespace limitnet

#endif // LIMITNET_CODEC_IMAGE_H
