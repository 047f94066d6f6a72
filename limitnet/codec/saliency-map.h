// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_SALIENCY_MAP_H
#define LIMITNET_CODEC_SALIENCY_MAP_H

#include <array>
#include <cstdint>

namespace limitnet
{

/// Columns, and rows, of the saliency map that is sent.
constexpr int MAP_SIDE = 8;

/// Cells of the saliency map that is sent.
constexpr int MAP_CELLS = MAP_SIDE * MAP_SIDE;

/// Number of levels of a cell.
constexpr int MAP_LEVELS = 32;

/**
 * The saliency map as it is sent: both ends derive the importance order from it alone.
 */
struct SaliencyMap
{
    /// Levels 0..31, rows from the top; 0 is the least and 31 the most salient cell of the image.
    std::array<uint8_t, MAP_CELLS> level{};

    /// (max - min) * 255 of the 8x8 saliency, rounded: what the full scale of level is worth.
    uint8_t range = 0;

    bool operator==(const SaliencyMap& other) const
    {
        return level == other.level && range == other.range;
    }

    bool operator!=(const SaliencyMap& other) const
    {
        return !(*this == other);
    }
};

/**
 * Bilinear resize with antialiasing from 28x28 to 8x8, as torch's
 * `F.interpolate(mode="bilinear", align_corners=False, antialias=True)` defines it.
 *
 * @param saliency28x28 784 values, rows from the top.
 * @param saliency8x8 64 values, written.
 */
void ResizeSaliency(const float* saliency28x28, float* saliency8x8);

/**
 * Saliency of an image to the map that is sent, by LimitNet's rule: resize to 8x8, scale min..max
 * to 0..255, truncate to an integer, divide by 8.
 *
 * @param saliency28x28 784 values in 0..1, rows from the top; what is outside is clamped, and what
 * is not a number counts as 0. A constant saliency gives level 0 everywhere and range 0.
 * @return the map.
 */
SaliencyMap QuantiseSaliency(const float* saliency28x28);

} // namespace limitnet

#endif // LIMITNET_CODEC_SALIENCY_MAP_H
