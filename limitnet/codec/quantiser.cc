// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/quantiser.h"

namespace limitnet
{

uint8_t
QuantiseValue(float value, float scale, float offset)
{
    const float scaled = value * scale + offset;
    // written so that what is not a number becomes 0
    if (!(scaled > 0.0F))
    {
        return 0;
    }
    return static_cast<uint8_t>(scaled < static_cast<float>(SYMBOL_COUNT - 1)
                                    ? static_cast<int>(scaled)
                                    : SYMBOL_COUNT - 1);
}

void
QuantiseLatent(const CodecTables& tables, const float* latent, uint8_t* symbols)
{
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        for (int k = c * LATENT_CELLS; k < (c + 1) * LATENT_CELLS; ++k)
        {
            symbols[k] = QuantiseValue(latent[k], tables.scale[c], tables.offset[c]);
        }
    }
}

} // namespace limitnet
