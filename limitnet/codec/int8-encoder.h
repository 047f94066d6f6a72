// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_INT8_ENCODER_H
#define LIMITNET_CODEC_INT8_ENCODER_H

#include "limitnet/codec/int8-model.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/saliency-map.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace limitnet
{

/// Bytes of the ring of a layer: as many rows of its input as the kernel has, with the padding.
constexpr size_t
Int8RingBytes(int layer)
{
    const Int8Shape& shape = INT8_SHAPES[layer];
    return static_cast<size_t>(shape.kernel) * shape.PaddedSide() * shape.inputs;
}

/// Where the ring of a layer begins among all rings; for INT8_LAYERS the size of all. Multiples
/// of 4.
constexpr size_t
Int8RingStart(int layer)
{
    size_t start = 0;
    for (int l = 0; l < layer; ++l)
    {
        start += (Int8RingBytes(l) + 3) / 4 * 4;
    }
    return start;
}

/// Bytes of a layer's weights in the order of x86's multiply-add of bytes: for each row of the
/// kernel and each four inputs in it, four weights of each of 16 channels.
constexpr size_t
Int8PackedBytes(int layer)
{
    const Int8Shape& shape = INT8_SHAPES[layer];
    return static_cast<size_t>(shape.kernel) * ((shape.kernel * shape.inputs + 3) / 4) * 4 *
           INT8_MAX_CHANNELS;
}

/// Where a layer's packed weights begin; for INT8_LAYERS the size of all. 0 where they are of no
/// use: they are for simulating on a host.
constexpr size_t
Int8PackedStart([[maybe_unused]] int layer)
{
    size_t start = 0;
#if defined(__x86_64__)
    for (int l = 0; l < layer; ++l)
    {
        start += Int8PackedBytes(l);
    }
#endif
    return start;
}

/**
 * LimitNet's encoder and saliency decoder as a microcontroller runs them: integers only, the
 * picture row by row, as a camera delivers it.
 *
 *     Int8Encoder encoder(model);
 *     encoder.Begin();
 *     for each of the 224 rows: encoder.AddRow(row);
 *     fragmenter.Begin(encoder.Map(), encoder.Symbols(), options);
 *
 * Each layer keeps the rows that its kernel covers (a ring) and computes a row of its output as
 * soon as they are there, so no picture and no activation is ever held as a whole. The object is
 * all the working memory there is, but for some stack; nothing is allocated. (On x86 it holds the
 * weights once more, in an order that suits its processors.)
 *
 * Results are the same, bit for bit, on every platform: the arithmetic is defined in int8-model.h.
 */
class Int8Encoder
{
  public:
    /// Called with the number of a layer (see INT8_SHAPES) before a row of it is computed, and with
    /// INT8_LAYERS after it: for measuring.
    using RowHook = void (*)(int layer, void* context);

    /**
     * \param model the model; it and the bytes that it was parsed from have to outlive the encoder.
     * \param portable keep to the portable loops where the processor has faster ones, to compare.
     */
    explicit Int8Encoder(const Int8Model& model, bool portable = false);

    /// Starts a picture.
    void Begin();

    /**
     * Takes the next row; a 225th one is ignored.
     *
     * \param rgb 224 pixels from the left, R, G, B: 672 bytes.
     */
    void AddRow(const uint8_t* rgb);

    /**
     * \return LATENT_SIZE symbols by latent index; complete after the last row.
     */
    const uint8_t* Symbols() const
    {
        return m_symbols.data();
    }

    /**
     * \return LATENT_CELLS saliency values, 65535 for 1; complete after the last row. All zero for
     * a model without a saliency decoder.
     */
    const uint16_t* Saliency() const
    {
        return m_saliency.data();
    }

    /// \return the map to send; after the last row.
    SaliencyMap Map() const
    {
        return QuantiseSaliency(m_saliency.data());
    }

    /// \param hook called around each row of each layer, or null. \param context passed to it.
    void SetRowHook(RowHook hook, void* context)
    {
        m_hook = hook;
        m_hookContext = context;
    }

  private:
    uint8_t* RingRow(int layer, int row);
    void RowDone(int layer);
    void Advance(int layer);
    void ComputeRow(int layer, int outputRow);

    const Int8Model* m_model;
    RowHook m_hook = nullptr;
    void* m_hookContext = nullptr;
    std::array<int, INT8_LAYERS> m_rows{}; // rows of each layer's padded input that are there
    // and 16 bytes that may be read, but are not used, beyond the last ring
    alignas(4) std::array<uint8_t, Int8RingStart(INT8_LAYERS) + 16> m_rings{};
    std::array<uint8_t, LATENT_SIZE> m_symbols{};
    std::array<uint16_t, LATENT_CELLS> m_saliency{};
    bool m_isPacked = false; // the processor has the instructions for what follows
    std::array<int8_t, Int8PackedStart(INT8_LAYERS)> m_packed;
};

static_assert(sizeof(Int8Encoder) - Int8PackedStart(INT8_LAYERS) <= 32 * 1024,
              "working memory that docs/int8.md promises");

/**
 * Sigmoid in fixed point: a table of 129 values in steps of 1/16, linear between them.
 *
 * \param logit in units of 1/4096.
 * \return 65535 / (1 + exp(-logit / 4096)), within 4.
 */
uint16_t SigmoidOfLogit(int16_t logit);

} // namespace limitnet

#endif // LIMITNET_CODEC_INT8_ENCODER_H
