// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_INT8_MODEL_H
#define LIMITNET_CODEC_INT8_MODEL_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/latent.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace limitnet
{

/// Side of the picture that the encoder takes, in pixels.
constexpr int INT8_PICTURE_SIDE = 224;

/// A convolution of the device's networks; input and output are square.
struct Int8Shape
{
    int inputs;     ///< Channels in.
    int outputs;    ///< Channels out.
    int kernel;     ///< Side of the kernel.
    int stride;     ///< Step of the kernel.
    int padding;    ///< Rows and columns added before (and, as far as needed, after) the input.
    int inputSide;  ///< Rows, and columns, in.
    int outputSide; ///< Rows, and columns, out.

    /// Weights of one output channel.
    constexpr int Taps() const
    {
        return kernel * kernel * inputs;
    }

    /// The same, rounded up to a multiple of 16, which suits vector instructions: how they are
    /// stored.
    constexpr int PaddedTaps() const
    {
        return (Taps() + 15) / 16 * 16;
    }

    /// Columns (and rows) of the input with the padding that the kernel reaches.
    constexpr int PaddedSide() const
    {
        return stride * (outputSide - 1) + kernel;
    }
};

/// Convolutions of the encoder.
constexpr int INT8_ENCODER_LAYERS = 3;

/// Convolutions of encoder and saliency decoder.
constexpr int INT8_LAYERS = 8;

/// Most channels of a layer.
constexpr int INT8_MAX_CHANNELS = 16;

/// LimitNet's encoder (conv1..3) and saliency decoder (sal_t_conv1..5).
constexpr std::array<Int8Shape, INT8_LAYERS> INT8_SHAPES{{{3, 16, 7, 2, 3, 224, 112},
                                                          {16, 16, 5, 4, 1, 112, 28},
                                                          {16, LATENT_CHANNELS, 3, 1, 1, 28, 28},
                                                          {LATENT_CHANNELS, 16, 3, 1, 1, 28, 28},
                                                          {16, 16, 3, 1, 1, 28, 28},
                                                          {16, 8, 3, 1, 1, 28, 28},
                                                          {8, 4, 3, 1, 1, 28, 28},
                                                          {4, 1, 3, 1, 1, 28, 28}}};

/**
 * What a pixel of the padding is: the ImageNet mean (0.485, 0.456, 0.406) times 255, rounded. The
 * encoder's input is normalised with that mean, so this is the picture's zero.
 */
constexpr std::array<uint8_t, 3> INT8_MEAN_PIXEL{124, 116, 104};

/**
 * One convolution in integers.
 *
 * The accumulator of an output is `bias + sum(weight * input)`, inputs 0..255, and cannot overflow:
 * at most 400 * 255 * 128 in magnitude, beside a bias below 2^30. What follows is defined exactly:
 *
 *     output = min(255, (max(accumulator, 0) * multiplier + 2^(shift - 1)) / 2^shift)
 *
 * in 64-bit arithmetic, rounded down; so the ReLU is part of it. The last layer of the saliency
 * decoder gives logits instead: magnitude `min(32767, (|accumulator| * multiplier + 2^(shift - 1))
 * / 2^shift)` with the accumulator's sign, in units of 1/4096.
 */
struct Int8Layer
{
    /// Output channel by output channel; in each rows, columns, input channels; then zeros up to
    /// Int8Shape::PaddedTaps().
    const int8_t* weights = nullptr;
    std::array<int32_t, INT8_MAX_CHANNELS> bias{};        ///< Magnitude below 2^30.
    std::array<uint32_t, INT8_MAX_CHANNELS> multiplier{}; ///< Below 2^31.
    int shift = 33; ///< 33..62 (the last layer's 1..62), for all channels.
};

/**
 * From conv3's accumulators to symbols, without a detour through the 8-bit activation:
 *
 *     symbol = clamp((max(accumulator, 0) * multiplier + offset) / 2^shift, 0, 63), rounded down
 *
 * which is floor(value * scale + offset) of the latent value in fixed point.
 */
struct Int8Quantiser
{
    std::array<uint32_t, LATENT_CHANNELS> multiplier{}; ///< Below 2^31.
    std::array<int64_t, LATENT_CHANNELS> offset{};      ///< Magnitude below 2^61.
    int shift = 33;                                     ///< 1..62.
};

/**
 * The device's half of a model: encoder and saliency decoder in 8-bit integers, the quantiser, and
 * the tables of the entropy code. docs/int8.md describes the file and the arithmetic.
 */
struct Int8Model
{
    /// Version of the file's layout.
    static constexpr uint16_t VERSION = 1;

    std::array<Int8Layer, INT8_LAYERS> layers{};
    Int8Quantiser quantiser{};

    /// False for a model without a saliency decoder: its map is all zero, and of the layers only
    /// the encoder's are set.
    bool hasSaliency = true;

    uint8_t modelId = 0;   ///< CodecTables::modelId of the codec it was made from.
    EntropyTables entropy; ///< The probabilities of the entropy code.

    /**
     * Reads a model; total.
     *
     * \param bytes the file. The weights stay where they are (flash memory on a device): the bytes
     * have to outlive the model.
     * \param size number of bytes.
     * \return the model.
     * \throws Error that says what is wrong, when the bytes are not a whole model.
     */
    static Int8Model Parse(const uint8_t* bytes, size_t size);

    /**
     * The reverse of Parse, for the program that makes the file.
     *
     * \return the file.
     * \throws Error when a number is out of the range given above.
     */
    std::vector<uint8_t> Serialise() const;
};

} // namespace limitnet

#endif // LIMITNET_CODEC_INT8_MODEL_H
