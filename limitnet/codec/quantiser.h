// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_QUANTISER_H
#define LIMITNET_CODEC_QUANTISER_H

#include "limitnet/codec/codec-tables.h"

#include <cstdint>

namespace limitnet
{

/**
 * Symbol of one latent value, by LimitNet's rule: (value - min) / (max - min) * 255, truncated and
 * clamped to 0..255, divided by 4.
 *
 * @param value the value; not a number gives symbol 0.
 * @param min lower end of the channel's range.
 * @param max upper end, above min.
 * @return the symbol, 0..63.
 */
uint8_t QuantiseValue(float value, float min, float max);

/**
 * Low edge of a symbol's cell, the published reconstruction: symbol * 4 / 255 * (max - min) + min.
 * (CodecTables::reconstruction holds what the decoder really uses.)
 */
float SymbolLowEdge(uint8_t symbol, float min, float max);

/**
 * Symbols of a whole latent.
 *
 * @param tables the ranges.
 * @param latent LATENT_SIZE values.
 * @param symbols LATENT_SIZE symbols by latent index, written.
 */
void QuantiseLatent(const CodecTables& tables, const float* latent, uint8_t* symbols);

} // namespace limitnet

#endif // LIMITNET_CODEC_QUANTISER_H
