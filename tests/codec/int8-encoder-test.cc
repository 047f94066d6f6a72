// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/int8-encoder.h"
#include "tests/codec/int8-reference.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <vector>

namespace limitnet::test
{
namespace
{

/// A whole tensor, channel by channel.
struct Tensor
{
    int channels;
    int side;
    std::vector<int64_t> values;

    int64_t At(int c, int y, int x, int64_t padding) const
    {
        return y < 0 || x < 0 || y >= side || x >= side ? padding
                                                        : values[(c * side + y) * side + x];
    }
};

/// The sum of one convolution by its definition, over whole tensors.
Tensor
Accumulators(const Tensor& input, const Int8Layer& layer, const Int8Shape& shape, bool isPicture)
{
    Tensor output{shape.outputs, shape.outputSide, {}};
    for (int o = 0; o < shape.outputs; ++o)
    {
        for (int y = 0; y < shape.outputSide; ++y)
        {
            for (int x = 0; x < shape.outputSide; ++x)
            {
                int64_t sum = layer.bias[o];
                for (int ky = 0; ky < shape.kernel; ++ky)
                {
                    for (int kx = 0; kx < shape.kernel; ++kx)
                    {
                        for (int i = 0; i < shape.inputs; ++i)
                        {
                            const int64_t mean[] = {124, 116, 104};
                            sum += layer.weights[o * shape.PaddedTaps() +
                                                 (ky * shape.kernel + kx) * shape.inputs + i] *
                                   input.At(i,
                                            y * shape.stride + ky - shape.padding,
                                            x * shape.stride + kx - shape.padding,
                                            isPicture ? mean[i] : 0);
                        }
                    }
                }
                output.values.push_back(sum);
            }
        }
    }
    return output;
}

/// What the encoder has to give, from the formulas in int8-model.h over whole tensors.
struct Reference
{
    std::vector<uint8_t> symbols;
    std::vector<int64_t> logits;
};

int64_t
RoundShift(int64_t sum, int64_t multiplier, int shift)
{
    const auto product = static_cast<__int128>(sum) * multiplier + (__int128{1} << (shift - 1));
    return static_cast<int64_t>(product >> shift);
}

Reference
Encode(const Int8Model& model, const std::vector<uint8_t>& rgb)
{
    Reference reference;
    Tensor tensor{3, INT8_PICTURE_SIDE, {}};
    for (int c = 0; c < 3; ++c)
    {
        for (size_t i = static_cast<size_t>(c); i < rgb.size(); i += 3)
        {
            tensor.values.push_back(rgb[i]);
        }
    }
    for (int l = 0; l < (model.hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS); ++l)
    {
        const Int8Shape& shape = INT8_SHAPES[l];
        const Int8Layer& layer = model.layers[l];
        Tensor sums = Accumulators(tensor, layer, shape, l == 0);
        if (l == 2)
        {
            for (size_t i = 0; i < sums.values.size(); ++i)
            {
                const size_t c = i / LATENT_CELLS;
                const auto scaled = static_cast<__int128>(std::max<int64_t>(0, sums.values[i])) *
                                        model.quantiser.multiplier[c] +
                                    model.quantiser.offset[c];
                const double symbol = std::floor(static_cast<double>(scaled) /
                                                 std::ldexp(1.0, model.quantiser.shift));
                reference.symbols.push_back(
                    static_cast<uint8_t>(std::min(63.0, std::max(0.0, symbol))));
            }
        }
        tensor = {shape.outputs, shape.outputSide, {}};
        for (size_t i = 0; i < sums.values.size(); ++i)
        {
            const auto c = i / (static_cast<size_t>(shape.outputSide) * shape.outputSide);
            const int64_t sum = sums.values[i];
            if (l == INT8_LAYERS - 1)
            {
                const auto magnitude =
                    std::min<int64_t>(32767,
                                      RoundShift(std::abs(sum), layer.multiplier[c], layer.shift));
                reference.logits.push_back(sum < 0 ? -magnitude : magnitude);
            }
            else
            {
                tensor.values.push_back(std::min<int64_t>(
                    255,
                    RoundShift(std::max<int64_t>(0, sum), layer.multiplier[c], layer.shift)));
            }
        }
    }
    return reference;
}

std::unique_ptr<Int8Encoder>
EncodeRows(const Int8Model& model, const std::vector<uint8_t>& rgb, bool portable = false)
{
    auto encoder = std::make_unique<Int8Encoder>(model, portable);
    for (int y = 0; y < INT8_PICTURE_SIDE; ++y)
    {
        encoder->AddRow(rgb.data() + static_cast<size_t>(y) * INT8_PICTURE_SIDE * 3);
    }
    return encoder;
}

void
ExpectEqual(const Int8Encoder& encoder, const Reference& reference)
{
    EXPECT_TRUE(std::equal(reference.symbols.begin(), reference.symbols.end(), encoder.Symbols()));
    for (size_t i = 0; i < reference.logits.size(); ++i)
    {
        ASSERT_EQ(encoder.Saliency()[i], SigmoidOfLogit(static_cast<int16_t>(reference.logits[i])))
            << "cell " << i;
    }
}

TEST(Int8Encoder, RowsGiveWhatTheFormulasGiveOverWholeTensors)
{
    for (uint64_t seed = 1; seed <= 3; ++seed)
    {
        const auto made = MakeInt8Model(seed);
        const auto rgb = MakePicture(seed);
        const Reference reference = Encode(made.model, rgb);
        ExpectEqual(*EncodeRows(made.model, rgb), reference);
        ExpectEqual(*EncodeRows(made.model, rgb, true), reference);
        // the test shows something only where the numbers are not all at one end
        EXPECT_GT(std::set<int>(reference.symbols.begin(), reference.symbols.end()).size(), 40U);
        EXPECT_GT(std::set<int64_t>(reference.logits.begin(), reference.logits.end()).size(), 30U);
    }
}

TEST(Int8Encoder, ExtremePicturesAndWeights)
{
    auto made = MakeInt8Model(4);
    for (int l = 0; l < INT8_LAYERS; ++l)
    {
        // every accumulator as large as it can be, or as small
        for (size_t i = 0; i < made.weights[l].size(); ++i)
        {
            const Int8Shape& shape = INT8_SHAPES[l];
            const auto c = i / shape.PaddedTaps();
            const bool padding = static_cast<int>(i % shape.PaddedTaps()) >= shape.Taps();
            made.weights[l][i] = static_cast<int8_t>(padding ? 0 : (c % 2 == 0 ? 127 : -128));
        }
        made.model.layers[l].bias.fill((1 << 30) - 1);
        made.model.layers[l].bias[1] = -(1 << 30) + 1;
        made.model.layers[l].multiplier.fill((1U << 31) - 1);
        made.model.layers[l].shift = l % 2 == 0 ? 62 : 53;
    }
    for (const int value : {0, 255})
    {
        const std::vector<uint8_t> rgb(INT8_PICTURE_SIDE * INT8_PICTURE_SIDE * 3,
                                       static_cast<uint8_t>(value));
        const Reference reference = Encode(made.model, rgb);
        ExpectEqual(*EncodeRows(made.model, rgb), reference);
        ExpectEqual(*EncodeRows(made.model, rgb, true), reference);
    }
}

TEST(Int8Encoder, BeginForgetsThePictureBefore)
{
    const auto made = MakeInt8Model(5);
    const auto first = MakePicture(5);
    const auto second = MakePicture(6);
    auto encoder = EncodeRows(made.model, first);
    encoder->AddRow(first.data()); // one too many is ignored
    ExpectEqual(*encoder, Encode(made.model, first));
    encoder->Begin();
    for (int y = 0; y < 100; ++y) // given up half way
    {
        encoder->AddRow(first.data() + static_cast<size_t>(y) * INT8_PICTURE_SIDE * 3);
    }
    encoder->Begin();
    for (int y = 0; y < INT8_PICTURE_SIDE; ++y)
    {
        encoder->AddRow(second.data() + static_cast<size_t>(y) * INT8_PICTURE_SIDE * 3);
    }
    ExpectEqual(*encoder, Encode(made.model, second));
}

TEST(Int8Encoder, WithoutSaliencyDecoderTheMapIsZero)
{
    const auto made = MakeInt8Model(7, false);
    const auto rgb = MakePicture(7);
    const auto encoder = EncodeRows(made.model, rgb);
    ExpectEqual(*encoder, Encode(made.model, rgb));
    EXPECT_EQ(encoder->Map(), SaliencyMap{});
}

TEST(Int8Encoder, WorkingMemoryKeepsToItsLimit)
{
    const size_t onDevice = sizeof(Int8Encoder) - Int8PackedStart(INT8_LAYERS);
    EXPECT_LE(onDevice, 32U * 1024);
    EXPECT_LE(onDevice + sizeof(Fragmenter) + sizeof(Int8Model), 64U * 1024);
}

TEST(Int8Encoder, SigmoidIsTheSigmoid)
{
    int last = 0;
    for (int logit = -32768; logit <= 32767; ++logit)
    {
        const int value = SigmoidOfLogit(static_cast<int16_t>(logit));
        ASSERT_NEAR(value, 65535 / (1 + std::exp(-logit / 4096.0)), 4) << logit;
        ASSERT_GE(value, last);
        last = value;
    }
}

} // namespace
} // namespace limitnet::test
