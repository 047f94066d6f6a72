// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_QUANTISER_H
#define LIMITNET_CODEC_QUANTISER_H

#include "limitnet/codec/codec-tables.h"

#include <cstdint>

namespace limitnet
{

/**
 * Symbol of one latent value: floor(value * scale + offset), clamped to 0..63.
 *
 * \param value the value; not a number gives symbol 0.
 * \param scale symbols per unit.
 * \param offset what is added before the floor.
 * \return the symbol, 0..63.
 */
uint8_t QuantiseValue(float value, float scale, float offset);

/**
 * Symbols of a whole latent.
 *
 * \param tables the quantiser.
 * \param latent LATENT_SIZE values.
 * \param symbols LATENT_SIZE symbols by latent index, written.
 */
void QuantiseLatent(const CodecTables& tables, const float* latent, uint8_t* symbols);

} // namespace limitnet

#endif // LIMITNET_CODEC_QUANTISER_H
