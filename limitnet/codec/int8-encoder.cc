// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/int8-encoder.h"

#include <algorithm>
#include <cstring>

#if defined(__ARM_FEATURE_DSP) && !defined(__aarch64__)
#define LIMITNET_ARM_DSP 1
#include <arm_acle.h>
#else
#define LIMITNET_ARM_DSP 0
#endif

// The inner loops once more for newer x86 processors, chosen when the program starts. Integers give
// the same result in each.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) &&       \
    !defined(__SANITIZE_ADDRESS__)
#define LIMITNET_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define LIMITNET_CLONES
#endif

// And with the multiply-add of bytes that x86 has had since 2019, for which the weights have to lie
// in another order. Sums of integers again, so the result is the same.
#if defined(__GNUC__) && defined(__x86_64__) && defined(__linux__)
#define LIMITNET_X86_BYTES 1
#define LIMITNET_BYTES_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#if defined(__clang__)
#include <immintrin.h>
#else
// GCC 12 takes the "undefined" operands in this header for mistakes of whoever calls it (bug
// 105593)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif
#else
#define LIMITNET_X86_BYTES 0
#endif

namespace limitnet
{

namespace
{

constexpr int
MaxPaddedTaps()
{
    int most = 0;
    for (const Int8Shape& shape : INT8_SHAPES)
    {
        most = std::max(most, shape.PaddedTaps());
    }
    return most;
}

/// Numbers under the largest kernel, and room for a vector more.
constexpr int PATCH = MaxPaddedTaps() + 16;

/// Outputs that are computed together: as many as the registers are good for.
constexpr int TOGETHER = LIMITNET_ARM_DSP ? 2 : 4;

/// Accumulators of neighbouring outputs, channel by channel.
struct Sums
{
    std::array<std::array<int32_t, INT8_MAX_CHANNELS>, TOGETHER> of;
};

#if LIMITNET_ARM_DSP

uint32_t
Word(const void* bytes)
{
    uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    return word;
}

/// Bytes 1 and 3 with their signs, as 16 bits each: SXTB16 rotates on the way, which ACLE has no
/// intrinsic for.
int16x2_t
SignedOdd(uint32_t word)
{
    int16x2_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
    return pair;
}

/// Bytes 1 and 3 as 16 bits each.
uint32_t
UnsignedOdd(uint32_t word)
{
    return (word >> 8) & 0x00FF00FF;
}

/// Bytes to 16 bits, in groups of four in the order 0, 2, 1, 3: that in which SXTB16 unpacks the
/// weights, so that neither has to be sorted.
void
Widen(const uint8_t* bytes, int count, int16_t* wide)
{
    for (int i = 0; i < count; i += 4)
    {
        const uint32_t word = Word(bytes + i);
        const uint32_t even = __uxtb16(word);
        const uint32_t odd = UnsignedOdd(word);
        std::memcpy(wide + i, &even, 4);
        std::memcpy(wide + i + 2, &odd, 4);
    }
}

/// Copies the kernel's rows into one patch of 16-bit numbers.
void
Gather(const uint8_t* const* rows, int kernel, int segment, int offset, int16_t* patch)
{
    if (segment % 4 == 0)
    {
        for (int r = 0; r < kernel; ++r)
        {
            Widen(rows[r] + offset, segment, patch + r * segment);
        }
        return;
    }
    alignas(4) uint8_t bytes[PATCH];
    uint8_t* next = bytes;
    for (int r = 0; r < kernel; ++r)
    {
        std::memcpy(next, rows[r] + offset, static_cast<size_t>(segment));
        next += segment;
    }
    const int taps = kernel * segment;
    std::memset(next, 0, 3);
    Widen(bytes, (taps + 3) / 4 * 4, patch);
}

/// Two pixels and two channels at a time: each unpacked weight and each input is used twice.
void
DotRows(const int16_t (&patches)[TOGETHER][PATCH],
        const int8_t* weights,
        const Int8Shape& shape,
        const int32_t* bias,
        Sums& sums)
{
    const int16_t* a = patches[0];
    const int16_t* b = patches[1];
    const int taps = (shape.Taps() + 3) / 4 * 4; // what is stored beyond is 0
    const int stored = shape.PaddedTaps();
    const int outputs = shape.outputs;
    int c = 0;
    for (; c + 1 < outputs; c += 2)
    {
        const int8_t* w0 = weights + c * stored;
        const int8_t* w1 = w0 + stored;
        int32_t a0 = bias[c];
        int32_t b0 = bias[c];
        int32_t a1 = bias[c + 1];
        int32_t b1 = bias[c + 1];
        for (int k = 0; k < taps; k += 4)
        {
            const uint32_t a02 = Word(a + k);
            const uint32_t a13 = Word(a + k + 2);
            const uint32_t b02 = Word(b + k);
            const uint32_t b13 = Word(b + k + 2);
            const uint32_t word0 = Word(w0 + k);
            const int16x2_t w002 = __sxtb16(static_cast<int8x4_t>(word0));
            const int16x2_t w013 = SignedOdd(word0);
            a0 = __smlad(w002, static_cast<int16x2_t>(a02), a0);
            b0 = __smlad(w002, static_cast<int16x2_t>(b02), b0);
            a0 = __smlad(w013, static_cast<int16x2_t>(a13), a0);
            b0 = __smlad(w013, static_cast<int16x2_t>(b13), b0);
            const uint32_t word1 = Word(w1 + k);
            const int16x2_t w102 = __sxtb16(static_cast<int8x4_t>(word1));
            const int16x2_t w113 = SignedOdd(word1);
            a1 = __smlad(w102, static_cast<int16x2_t>(a02), a1);
            b1 = __smlad(w102, static_cast<int16x2_t>(b02), b1);
            a1 = __smlad(w113, static_cast<int16x2_t>(a13), a1);
            b1 = __smlad(w113, static_cast<int16x2_t>(b13), b1);
        }
        sums.of[0][c] = a0;
        sums.of[1][c] = b0;
        sums.of[0][c + 1] = a1;
        sums.of[1][c + 1] = b1;
    }
    for (; c < outputs; ++c)
    {
        int32_t a0 = bias[c];
        int32_t b0 = bias[c];
        for (int k = 0; k < taps; k += 4)
        {
            const uint32_t word = Word(weights + c * stored + k);
            const int16x2_t w02 = __sxtb16(static_cast<int8x4_t>(word));
            const int16x2_t w13 = SignedOdd(word);
            a0 = __smlad(w02, static_cast<int16x2_t>(Word(a + k)), a0);
            a0 = __smlad(w13, static_cast<int16x2_t>(Word(a + k + 2)), a0);
            b0 = __smlad(w02, static_cast<int16x2_t>(Word(b + k)), b0);
            b0 = __smlad(w13, static_cast<int16x2_t>(Word(b + k + 2)), b0);
        }
        sums.of[0][c] = a0;
        sums.of[1][c] = b0;
    }
}

#else

/// Copies the kernel's rows into one patch of 16-bit numbers. Whole vectors are copied, so up to 15
/// numbers too many, which the next row or the zeros at the end overwrite.
inline void
Gather(const uint8_t* const* rows, int kernel, int segment, int offset, int16_t* patch)
{
    const int rounded = (segment + 15) & ~15;
    for (int r = 0; r < kernel; ++r)
    {
        const uint8_t* from = rows[r] + offset;
        int16_t* to = patch + r * segment;
        for (int i = 0; i < rounded; ++i)
        {
            to[i] = from[i];
        }
    }
}

/// Four outputs at a time: each weight is widened once for all. Written so that a compiler makes
/// multiply-add instructions of 16-bit pairs of it.
inline void
DotRows(const int16_t (&patches)[TOGETHER][PATCH],
        const int8_t* weights,
        const Int8Shape& shape,
        const int32_t* bias,
        Sums& sums)
{
    const int taps = shape.PaddedTaps() & ~15; // which it is anyway; a compiler sees it here
    for (int c = 0; c < shape.outputs; ++c)
    {
        const int8_t* w = weights + c * taps;
        int32_t sum0 = 0;
        int32_t sum1 = 0;
        int32_t sum2 = 0;
        int32_t sum3 = 0;
        for (int k = 0; k < taps; ++k)
        {
            const int16_t wide = w[k];
            sum0 += patches[0][k] * wide;
            sum1 += patches[1][k] * wide;
            sum2 += patches[2][k] * wide;
            sum3 += patches[3][k] * wide;
        }
        sums.of[0][c] = sum0 + bias[c];
        sums.of[1][c] = sum1 + bias[c];
        sums.of[2][c] = sum2 + bias[c];
        sums.of[3][c] = sum3 + bias[c];
    }
}

#endif

/// Accumulators of the outputs x, x + 1, ... of a row.
LIMITNET_CLONES void
Convolve(const Int8Shape& shape,
         const Int8Layer& layer,
         const uint8_t* const* rows,
         int x,
         Sums& sums)
{
    alignas(64) int16_t patches[TOGETHER][PATCH];
    const int segment = shape.kernel * shape.inputs;
    const int step = shape.stride * shape.inputs;
    for (int p = 0; p < TOGETHER; ++p)
    {
        Gather(rows, shape.kernel, segment, (x + p) * step, patches[p]);
        for (int k = shape.Taps(); k < shape.PaddedTaps(); ++k)
        {
            patches[p][k] = 0; // their weights are 0, but what is there need not be a number
        }
    }
    DotRows(patches, layer.weights, shape, layer.bias.data(), sums);
}

/// The rounding shift of Int8Layer, before it is limited. What is added for rounding touches the
/// upper half of the product alone, since shifts are above 32: half the work on 32-bit processors.
inline uint32_t
Scaled(uint32_t magnitude, uint32_t multiplier, int shift)
{
    const auto upper = static_cast<uint32_t>((uint64_t{magnitude} * multiplier) >> 32);
    return (upper + (uint32_t{1} << (shift - 33))) >> (shift - 32);
}

inline uint8_t
Activation(int32_t sum, uint32_t multiplier, int shift)
{
    const auto positive = static_cast<uint32_t>(std::max<int32_t>(sum, 0));
    return static_cast<uint8_t>(std::min<uint32_t>(255, Scaled(positive, multiplier, shift)));
}

int16_t
Logit(int32_t sum, uint32_t multiplier, int shift)
{
    const auto magnitude = static_cast<uint32_t>(sum < 0 ? -sum : sum);
    const uint64_t scaled =
        (uint64_t{magnitude} * multiplier + (uint64_t{1} << (shift - 1))) >> shift;
    const auto limited = static_cast<int16_t>(std::min<uint64_t>(32767, scaled));
    return static_cast<int16_t>(sum < 0 ? -limited : limited);
}

uint8_t
Symbol(int32_t sum, const Int8Quantiser& quantiser, int channel)
{
    const int64_t scaled = int64_t{std::max<int32_t>(sum, 0)} * quantiser.multiplier[channel] +
                           quantiser.offset[channel];
    if (scaled <= 0)
    {
        return 0;
    }
    return static_cast<uint8_t>(std::min<int64_t>(SYMBOL_COUNT - 1, scaled >> quantiser.shift));
}

/// exp(x) for x in 0..8, by its series, which is all positive. Evaluated by the compiler, in IEEE
/// arithmetic whatever the target has.
constexpr double
Exp(double x)
{
    double sum = 1;
    double term = 1;
    for (int n = 1; n < 80; ++n)
    {
        term *= x / n;
        sum += term;
    }
    return sum;
}

#if LIMITNET_X86_BYTES

bool
HasByteInstructions()
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

/// As Convolve(), with packed weights: a register holds the sums of the 16 channels of an output,
/// and takes four inputs at a time. The last four of a row may reach beyond the kernel, where the
/// weights are 0.
LIMITNET_BYTES_TARGET void
ConvolveBytes(const Int8Shape& shape,
              const int8_t* packed,
              const int32_t* bias,
              const uint8_t* const* rows,
              int x,
              Sums& sums)
{
    const int step = shape.stride * shape.inputs;
    const int groups = (shape.kernel * shape.inputs + 3) / 4;
    __m512i sum[TOGETHER];
    for (auto& s : sum)
    {
        s = _mm512_loadu_si512(bias);
    }
    for (int r = 0; r < shape.kernel; ++r)
    {
        const uint8_t* from = rows[r] + x * step;
        for (int g = 0; g < groups; ++g, packed += sizeof(__m512i))
        {
            const __m512i weights = _mm512_loadu_si512(packed);
            for (int p = 0; p < TOGETHER; ++p)
            {
                int inputs = 0;
                std::memcpy(&inputs, from + p * step + 4 * g, sizeof(inputs));
                sum[p] = _mm512_dpbusd_epi32(sum[p], _mm512_set1_epi32(inputs), weights);
            }
        }
    }
    for (int p = 0; p < TOGETHER; ++p)
    {
        _mm512_storeu_si512(sums.of[p].data(), sum[p]);
    }
}

/// As Activation(), for all channels.
LIMITNET_BYTES_TARGET void
ActivateBytes(const int32_t* sums, const Int8Layer& layer, int outputs, uint8_t* to)
{
    const __m512i sum = _mm512_max_epi32(_mm512_loadu_si512(sums), _mm512_setzero_si512());
    const __m512i multiplier = _mm512_loadu_si512(layer.multiplier.data());
    const __m512i even = _mm512_srli_epi64(_mm512_mul_epu32(sum, multiplier), 32);
    const __m512i odd =
        _mm512_mul_epu32(_mm512_srli_epi64(sum, 32), _mm512_srli_epi64(multiplier, 32));
    const __m512i upper = _mm512_mask_blend_epi32(0xAAAA, even, odd);
    const __m512i rounded =
        _mm512_add_epi32(upper, _mm512_set1_epi32(static_cast<int>(1U << (layer.shift - 33))));
    const __m512i scaled = _mm512_srl_epi32(rounded, _mm_cvtsi32_si128(layer.shift - 32));
    alignas(16) uint8_t bytes[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(bytes), _mm512_cvtusepi32_epi8(scaled));
    std::memcpy(to, bytes, static_cast<size_t>(outputs));
}

#endif

constexpr int SIGMOID_STEP_BITS = 8; // 1/16 in units of 1/4096
constexpr int SIGMOID_STEPS = 128;   // up to 8

constexpr std::array<uint16_t, SIGMOID_STEPS + 1>
MakeSigmoidTable()
{
    std::array<uint16_t, SIGMOID_STEPS + 1> table{};
    for (int i = 0; i <= SIGMOID_STEPS; ++i)
    {
        const double e = Exp(i / 16.0);
        table[i] = static_cast<uint16_t>(65535 * e / (e + 1) + 0.5);
    }
    return table;
}

constexpr auto SIGMOID = MakeSigmoidTable();

} // namespace

uint16_t
SigmoidOfLogit(int16_t logit)
{
    const int magnitude = logit < 0 ? -static_cast<int>(logit) : logit;
    const int step = std::min(magnitude >> SIGMOID_STEP_BITS, SIGMOID_STEPS - 1);
    const int part = std::min(magnitude - (step << SIGMOID_STEP_BITS), 1 << SIGMOID_STEP_BITS);
    const int rise = SIGMOID[step + 1] - SIGMOID[step];
    const int value =
        SIGMOID[step] + ((rise * part + (1 << (SIGMOID_STEP_BITS - 1))) >> SIGMOID_STEP_BITS);
    return static_cast<uint16_t>(logit < 0 ? 65535 - value : value);
}

Int8Encoder::Int8Encoder(const Int8Model& model, [[maybe_unused]] bool portable)
    : m_model(&model)
{
#if LIMITNET_X86_BYTES
    m_isPacked = !portable && HasByteInstructions();
    m_packed.fill(0);
    const int layers = model.hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS;
    for (int l = 0; l < layers; ++l)
    {
        const Int8Shape& shape = INT8_SHAPES[l];
        const int segment = shape.kernel * shape.inputs;
        const int groups = (segment + 3) / 4;
        for (int c = 0; c < shape.outputs; ++c)
        {
            for (int k = 0; k < shape.Taps(); ++k)
            {
                const int row = k / segment;
                const int input = k % segment;
                m_packed[Int8PackedStart(l) +
                         static_cast<size_t>(
                             ((row * groups + input / 4) * INT8_MAX_CHANNELS + c) * 4 +
                             input % 4)] = model.layers[l].weights[c * shape.PaddedTaps() + k];
            }
        }
    }
#endif
    Begin();
}

uint8_t*
Int8Encoder::RingRow(int layer, int row)
{
    static constexpr std::array<size_t, INT8_LAYERS> STARTS{Int8RingStart(0),
                                                            Int8RingStart(1),
                                                            Int8RingStart(2),
                                                            Int8RingStart(3),
                                                            Int8RingStart(4),
                                                            Int8RingStart(5),
                                                            Int8RingStart(6),
                                                            Int8RingStart(7)};
    const Int8Shape& shape = INT8_SHAPES[layer];
    return m_rings.data() + STARTS[layer] +
           static_cast<size_t>(row % shape.kernel) * shape.PaddedSide() * shape.inputs;
}

void
Int8Encoder::Begin()
{
    // Padding everywhere; the rows that come overwrite what is not padding.
    m_rings.fill(0);
    for (size_t i = 0; i < Int8RingBytes(0); ++i)
    {
        m_rings[i] = INT8_MEAN_PIXEL[i % 3];
    }
    m_saliency.fill(0);
    for (int l = 0; l < INT8_LAYERS; ++l)
    {
        m_rows[l] = INT8_SHAPES[l].padding;
    }
}

void
Int8Encoder::AddRow(const uint8_t* rgb)
{
    const Int8Shape& shape = INT8_SHAPES[0];
    if (m_rows[0] >= shape.padding + shape.inputSide)
    {
        return;
    }
    std::memcpy(RingRow(0, m_rows[0]) + shape.padding * shape.inputs,
                rgb,
                static_cast<size_t>(shape.inputSide) * shape.inputs);
    RowDone(0);
}

/// A row of the layer's input has been written.
void
Int8Encoder::RowDone(int layer)
{
    const Int8Shape& shape = INT8_SHAPES[layer];
    Advance(layer);
    if (m_rows[layer] == shape.padding + shape.inputSide)
    {
        while (m_rows[layer] < shape.PaddedSide())
        {
            uint8_t* row = RingRow(layer, m_rows[layer]);
            const int bytes = shape.PaddedSide() * shape.inputs;
            for (int i = 0; i < bytes; ++i)
            {
                row[i] = layer == 0 ? INT8_MEAN_PIXEL[i % 3] : 0;
            }
            Advance(layer);
        }
    }
}

void
Int8Encoder::Advance(int layer)
{
    const Int8Shape& shape = INT8_SHAPES[layer];
    const int before = ++m_rows[layer] - shape.kernel;
    if (before >= 0 && before % shape.stride == 0)
    {
        ComputeRow(layer, before / shape.stride);
    }
}

void
Int8Encoder::ComputeRow(int layer, int outputRow)
{
    const Int8Shape& shape = INT8_SHAPES[layer];
    const Int8Layer& numbers = m_model->layers[layer];
    const bool isLatent = layer == INT8_ENCODER_LAYERS - 1;
    const bool isLast = layer == INT8_LAYERS - 1;
    const bool hasNext = !isLast && !(isLatent && !m_model->hasSaliency);
    if (m_hook != nullptr)
    {
        m_hook(layer, m_hookContext);
    }
    std::array<const uint8_t*, 7> rows{};
    for (int r = 0; r < shape.kernel; ++r)
    {
        rows[r] = RingRow(layer, shape.stride * outputRow + r);
    }
    uint8_t* output = nullptr;
    if (hasNext)
    {
        const Int8Shape& next = INT8_SHAPES[layer + 1];
        output = RingRow(layer + 1, m_rows[layer + 1]) + next.padding * next.inputs;
    }
    Sums sums;
    static_assert(INT8_SHAPES[0].outputSide % TOGETHER == 0 && LATENT_WIDTH % TOGETHER == 0,
                  "no output is left over");
    for (int x = 0; x < shape.outputSide; x += TOGETHER)
    {
#if LIMITNET_X86_BYTES
        if (m_isPacked)
        {
            ConvolveBytes(shape,
                          m_packed.data() + Int8PackedStart(layer),
                          numbers.bias.data(),
                          rows.data(),
                          x,
                          sums);
        }
        else
#endif
        {
            Convolve(shape, numbers, rows.data(), x, sums);
        }
        for (int p = 0; p < TOGETHER; ++p)
        {
            const auto& sum = sums.of[p];
            const int cell = outputRow * shape.outputSide + x + p;
            if (isLast)
            {
                m_saliency[cell] =
                    SigmoidOfLogit(Logit(sum[0], numbers.multiplier[0], numbers.shift));
                continue;
            }
            if (isLatent)
            {
                for (int c = 0; c < LATENT_CHANNELS; ++c)
                {
                    m_symbols[c * LATENT_CELLS + cell] = Symbol(sum[c], m_model->quantiser, c);
                }
            }
            if (hasNext)
            {
                uint8_t* to = output + (x + p) * shape.outputs;
#if LIMITNET_X86_BYTES
                if (m_isPacked)
                {
                    ActivateBytes(sum.data(), numbers, shape.outputs, to);
                    continue;
                }
#endif
                for (int c = 0; c < shape.outputs; ++c)
                {
                    to[c] = Activation(sum[c], numbers.multiplier[c], numbers.shift);
                }
            }
        }
    }
    if (m_hook != nullptr)
    {
        m_hook(INT8_LAYERS, m_hookContext);
    }
    if (hasNext)
    {
        RowDone(layer + 1);
    }
}

} // namespace limitnet
