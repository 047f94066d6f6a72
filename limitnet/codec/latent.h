// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_LATENT_H
#define LIMITNET_CODEC_LATENT_H

namespace limitnet
{

/// @name Shape of the latent of one image
/// A latent value has the index (channel * 28 + row) * 28 + column; its cell is row * 28 + column.
/// The shape is LimitNet's: an input of 3x224x224 and strides of 2 and 4 give 12x28x28.
/// @{
constexpr int LATENT_CHANNELS = 12;
constexpr int LATENT_HEIGHT = 28;
constexpr int LATENT_WIDTH = 28;
constexpr int LATENT_CELLS = LATENT_HEIGHT * LATENT_WIDTH;
constexpr int LATENT_SIZE = LATENT_CHANNELS * LATENT_CELLS;
/// @}

} // namespace limitnet

#endif // LIMITNET_CODEC_LATENT_H
