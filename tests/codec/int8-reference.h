// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_TESTS_CODEC_INT8_REFERENCE_H
#define LIMITNET_TESTS_CODEC_INT8_REFERENCE_H

#include "limitnet/codec/int8-model.h"
#include "tests/codec/codec-test-data.h"

#include <cmath>
#include <vector>

namespace limitnet::test
{

/// A model with random weights that uses the range of its activations, and where its weights lie.
struct RandomInt8Model
{
    std::vector<std::vector<int8_t>> weights;
    Int8Model model;
};

inline RandomInt8Model
MakeInt8Model(uint64_t seed, bool hasSaliency = true)
{
    Random random(seed);
    RandomInt8Model made;
    made.model.hasSaliency = hasSaliency;
    const CodecTables tables = MakeTables();
    made.model.modelId = tables.modelId;
    made.model.entropy = tables.entropy;
    made.weights.resize(INT8_LAYERS);
    for (int l = 0; l < (hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS); ++l)
    {
        const Int8Shape& shape = INT8_SHAPES[l];
        auto& weights = made.weights[l];
        weights.assign(static_cast<size_t>(shape.outputs) * shape.PaddedTaps(), 0);
        Int8Layer& layer = made.model.layers[l];
        layer.shift = l == INT8_LAYERS - 1 ? 28 : 39;
        for (int c = 0; c < shape.outputs; ++c)
        {
            for (int k = 0; k < shape.Taps(); ++k)
            {
                weights[c * shape.PaddedTaps() + k] =
                    static_cast<int8_t>(static_cast<int>(random.Below(256)) - 128);
            }
            layer.bias[c] = static_cast<int32_t>(random.Below(200000)) - 100000;
            // Accumulators are some 100 * 74 * sqrt(taps) wide: of that 100 should remain, and of
            // the last layer more, so that its logits cover the sigmoid.
            const double target = l == INT8_LAYERS - 1 ? 70 : 1;
            layer.multiplier[c] = static_cast<uint32_t>(
                target * std::ldexp(1.0, layer.shift) /
                (74 * std::sqrt(static_cast<double>(shape.Taps()))) * (0.5 + random.Unit()));
        }
        layer.weights = weights.data();
    }
    made.model.quantiser.shift = 42;
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        made.model.quantiser.multiplier[c] =
            static_cast<uint32_t>(std::ldexp(1.0, 42) / (74 * 12 * 4) * (0.5 + random.Unit()));
        made.model.quantiser.offset[c] =
            (static_cast<int64_t>(random.Below(64)) - 20) * (int64_t{1} << 41);
    }
    return made;
}

/// A picture of waves and noise: 224 x 224 x 3.
inline std::vector<uint8_t>
MakePicture(uint64_t seed)
{
    Random random(seed);
    std::vector<uint8_t> rgb;
    for (int i = 0; i < INT8_PICTURE_SIDE * INT8_PICTURE_SIDE * 3; ++i)
    {
        const int x = i / 3 % INT8_PICTURE_SIDE;
        const int y = i / 3 / INT8_PICTURE_SIDE;
        const int wave = (x * (1 + i % 3) + y * (3 - i % 3)) % 256;
        rgb.push_back(static_cast<uint8_t>((wave + random.Below(64)) % 256));
    }
    return rgb;
}

} // namespace limitnet::test

#endif // LIMITNET_TESTS_CODEC_INT8_REFERENCE_H
