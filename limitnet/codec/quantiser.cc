// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/quantiser.h"

namespace limitnet
{

uint8_t
QuantiseValue(float value, float min, float max)
{
    const float scaled = (value - min) / (max - min) * 255.0F;
    if (!(scaled > 0.0F))
    {
        return 0;
    }
    return scaled < 255.0F ? static_cast<uint8_t>(static_cast<int>(scaled) / 4)
                           : static_cast<uint8_t>(SYMBOL_COUNT - 1);
}

float
SymbolLowEdge(uint8_t symbol, float min, float max)
{
    return static_cast<float>(symbol * 4) / 255.0F * (max - min) + min;
}

void
QuantiseLatent(const CodecTables& tables, const float* latent, uint8_t* symbols)
{
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        for (int k = c * LATENT_CELLS; k < (c + 1) * LATENT_CELLS; ++k)
        {
            symbols[k] = QuantiseValue(latent[k], tables.channelMin[c], tables.channelMax[c]);
        }
    }
}

} // namespace limitnet
