// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CODEC_BITPLANE_LAYOUT_H
#define LIMITNET_CODEC_BITPLANE_LAYOUT_H

#include "limitnet/codec/bitplane-code.h"

#include <array>
#include <cstddef>

namespace limitnet
{

constexpr int BITPLANE_COMPONENTS = 3;
constexpr int BITPLANE_AC_FIRST_PLANE = 13; ///< 8 * 8 * 128 units and below need no more

/// Blocks of a component are so many samples wide.
constexpr std::array<int, BITPLANE_COMPONENTS> BITPLANE_BLOCK{8, 4, 4};

/// Where the coefficients of a component are in BitplaneCoefficients.
struct BitplaneLayout
{
    explicit BitplaneLayout(int side)
        : grid(side / BITPLANE_CELL),
          blocks(grid * grid)
    {
        for (int c = 1; c < BITPLANE_COMPONENTS; ++c)
        {
            first[c] = first[c - 1] + BITPLANE_BLOCK[c - 1] * BITPLANE_BLOCK[c - 1] * blocks;
        }
        size = first[2] + BITPLANE_BLOCK[2] * BITPLANE_BLOCK[2] * blocks;
    }

    /// Index of a frequency of a block; frequency 0 is the second transform's.
    size_t At(int component, int u, int v, int block) const
    {
        return static_cast<size_t>(first[component] + (u * BITPLANE_BLOCK[component] + v) * blocks +
                                   block);
    }

    int grid;   // cells on a side
    int blocks; // of a component
    int size;
    std::array<int, BITPLANE_COMPONENTS> first{};
};

} // namespace limitnet

#endif // LIMITNET_CODEC_BITPLANE_LAYOUT_H
