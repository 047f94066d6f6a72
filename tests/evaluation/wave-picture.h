// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TESTS_EVALUATION_WAVE_PICTURE_H
#define LIMITNET_TESTS_EVALUATION_WAVE_PICTURE_H

#include "limitnet/codec/image.h"

#include <cmath>

namespace limitnet
{

/** A picture with some structure: coloured waves. */
inline Image
Waves(int side)
{
    Image image{side, side, {}};
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            const double u = 6.3 * x / side;
            const double v = 6.3 * y / side;
            image.rgb.push_back(static_cast<uint8_t>(127 + 100 * std::sin(2 * u)));
            image.rgb.push_back(static_cast<uint8_t>(127 + 100 * std::cos(u + v)));
            image.rgb.push_back(static_cast<uint8_t>(127 + 100 * std::sin(v)));
        }
    }
    return image;
}

} // namespace limitnet

#endif // LIMITNET_TESTS_EVALUATION_WAVE_PICTURE_H
