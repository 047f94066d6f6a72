// SPDX-License-Identifier: GPL-2.0-only
// Pictures to the coefficients of the bit-plane codec, and back.
#include "limitnet/codec/bitplane-layout.h"
#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace limitnet
{

namespace
{

constexpr int MATRIX_BITS = 12; // of the transforms' coefficients
constexpr int UNIT_BITS = 3;    // a coefficient's fractional bits
constexpr int GAIN_BITS = 4;

/// An orthonormal cosine transform (DCT-II) of `size` samples, row by row, times 2^MATRIX_BITS.
class CosineTransform
{
  public:
    explicit CosineTransform(int size)
        : m_size(size),
          m_matrix(static_cast<size_t>(size) * size)
    {
        const double pi = std::acos(-1.0);
        for (int k = 0; k < size; ++k)
        {
            for (int i = 0; i < size; ++i)
            {
                const double scale = std::sqrt((k == 0 ? 1.0 : 2.0) / size);
                m_matrix[static_cast<size_t>(k) * size + i] = static_cast<int32_t>(
                    std::lround(std::ldexp(scale * std::cos(pi * (2 * i + 1) * k / (2.0 * size)),
                                           MATRIX_BITS)));
            }
        }
    }

    /// Transforms the rows of a square, then its columns.
    void Forward(std::vector<int32_t>& square) const
    {
        Apply(square, true);
        Apply(square, true);
    }

    /// The transposed matrix, which is the inverse.
    void Inverse(std::vector<int32_t>& square) const
    {
        Apply(square, false);
        Apply(square, false);
    }

  private:
    /// Transforms the rows of a square and turns it over.
    void Apply(std::vector<int32_t>& square, bool forward) const
    {
        std::vector<int32_t> result(square.size());
        for (int row = 0; row < m_size; ++row)
        {
            for (int k = 0; k < m_size; ++k)
            {
                int64_t sum = int64_t{1} << (MATRIX_BITS - 1);
                for (int i = 0; i < m_size; ++i)
                {
                    const auto at = static_cast<size_t>(forward ? k * m_size + i : i * m_size + k);
                    sum += int64_t{m_matrix[at]} * square[static_cast<size_t>(row * m_size + i)];
                }
                result[static_cast<size_t>(k * m_size + row)] =
                    static_cast<int32_t>(sum >> MATRIX_BITS);
            }
        }
        square = std::move(result);
    }

    int m_size;
    std::vector<int32_t> m_matrix;
};

/// Samples of a component in units of 1/8, chroma averaged over 2 x 2 pixels (JFIF's matrix).
std::vector<int32_t>
Samples(const Image& picture, int component)
{
    // of 65536; ITU-T T.871, 7
    constexpr std::array<std::array<int32_t, 3>, BITPLANE_COMPONENTS> MATRIX{
        {{19595, 38470, 7471}, {-11059, -21709, 32768}, {32768, -27439, -5329}}};
    const int step = component == 0 ? 1 : 2;
    const int side = picture.width / step;
    std::vector<int32_t> samples;
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            int32_t sum = 0;
            for (int i = 0; i < step * step; ++i)
            {
                const int row = y * step + i / step;
                const int column = x * step + i % step;
                const uint8_t* pixel =
                    &picture.rgb[3 * static_cast<size_t>(row * picture.width + column)];
                for (int j = 0; j < 3; ++j)
                {
                    sum += MATRIX[component][j] * pixel[j];
                }
            }
            const int shift = 16 - UNIT_BITS + (step == 1 ? 0 : 2);
            samples.push_back(((sum + (1 << (shift - 1))) >> shift) -
                              (component == 0 ? 128 << UNIT_BITS : 0));
        }
    }
    return samples;
}

/// Copies block number `block` of a component into a square, or back.
template <typename Copy>
void
ForBlock(int grid, int width, int block, Copy copy)
{
    const int top = block / grid * width;
    const int left = block % grid * width;
    for (int i = 0; i < width * width; ++i)
    {
        const int row = top + i / width;
        const int column = left + i % width;
        copy(static_cast<size_t>(row * grid * width + column), static_cast<size_t>(i));
    }
}

} // namespace

BitplaneCoefficients
TransformPicture(const Image& picture, int chromaGain)
{
    CheckBitplaneSide(picture.width);
    if (picture.height != picture.width ||
        picture.rgb.size() != 3 * static_cast<size_t>(picture.width) * picture.width)
    {
        throw Error("bit planes need square pictures");
    }
    const BitplaneLayout layout(picture.width);
    const CosineTransform second(layout.grid);
    BitplaneCoefficients coefficients;
    coefficients.side = picture.width;
    coefficients.values.resize(static_cast<size_t>(layout.size));
    for (int c = 0; c < BITPLANE_COMPONENTS; ++c)
    {
        const auto samples = Samples(picture, c);
        const CosineTransform first(BITPLANE_BLOCK[c]);
        std::vector<int32_t> means;
        for (int block = 0; block < layout.blocks; ++block)
        {
            std::vector<int32_t> square(static_cast<size_t>(BITPLANE_BLOCK[c]) * BITPLANE_BLOCK[c]);
            ForBlock(layout.grid, BITPLANE_BLOCK[c], block, [&](size_t sample, size_t i) {
                square[i] = samples[sample];
            });
            first.Forward(square);
            means.push_back(square[0]);
            for (int i = 1; i < BITPLANE_BLOCK[c] * BITPLANE_BLOCK[c]; ++i)
            {
                coefficients
                    .values[layout.At(c, i / BITPLANE_BLOCK[c], i % BITPLANE_BLOCK[c], block)] =
                    square[static_cast<size_t>(i)];
            }
        }
        second.Forward(means);
        std::copy(means.begin(), means.end(), coefficients.values.begin() + layout.first[c]);
    }
    for (auto i = static_cast<size_t>(layout.first[1]); i < coefficients.values.size(); ++i)
    {
        int32_t& value = coefficients.values[i];
        value = (value * chromaGain + (1 << (GAIN_BITS - 1))) >> GAIN_BITS;
    }
    // What a plane cannot hold is held as far as it can: no picture of 8 bits comes near.
    const int32_t most = (int32_t{2} << BITPLANE_AC_FIRST_PLANE) - 1;
    for (int c = 0; c < BITPLANE_COMPONENTS; ++c)
    {
        const auto begin = coefficients.values.begin() + layout.first[c];
        std::for_each(begin + layout.blocks,
                      begin + BITPLANE_BLOCK[c] * BITPLANE_BLOCK[c] * layout.blocks,
                      [&](int32_t& value) { value = std::clamp(value, -most, most); });
    }
    return coefficients;
}

Image
RestorePicture(const BitplaneCoefficients& coefficients, int chromaGain)
{
    CheckBitplaneSide(coefficients.side);
    const int side = coefficients.side;
    const BitplaneLayout layout(side);
    const CosineTransform second(layout.grid);
    std::array<std::vector<int32_t>, BITPLANE_COMPONENTS> samples;
    for (int c = 0; c < BITPLANE_COMPONENTS; ++c)
    {
        const CosineTransform first(BITPLANE_BLOCK[c]);
        const auto value = [&](size_t at) {
            const int32_t coded = coefficients.values[at];
            return c == 0 ? coded : coded * (1 << GAIN_BITS) / chromaGain;
        };
        std::vector<int32_t> means;
        for (int block = 0; block < layout.blocks; ++block)
        {
            means.push_back(value(layout.At(c, 0, 0, block)));
        }
        second.Inverse(means);
        samples[c].resize(static_cast<size_t>(BITPLANE_BLOCK[c]) * BITPLANE_BLOCK[c] *
                          layout.blocks);
        for (int block = 0; block < layout.blocks; ++block)
        {
            std::vector<int32_t> square{means[static_cast<size_t>(block)]};
            for (int i = 1; i < BITPLANE_BLOCK[c] * BITPLANE_BLOCK[c]; ++i)
            {
                square.push_back(
                    value(layout.At(c, i / BITPLANE_BLOCK[c], i % BITPLANE_BLOCK[c], block)));
            }
            first.Inverse(square);
            ForBlock(layout.grid, BITPLANE_BLOCK[c], block, [&](size_t sample, size_t i) {
                samples[c][sample] = square[i];
            });
        }
    }
    Image picture{side, side, {}};
    const int half = side / 2;
    // Chroma between the centres of its samples: of each axis 3/4 of the nearer one, 1/4 of the
    // other.
    const auto chroma = [&](int c, int x, int y) {
        const auto at = [&](int column, int row) {
            return samples[c][static_cast<size_t>(std::clamp(row, 0, half - 1) * half +
                                                  std::clamp(column, 0, half - 1))];
        };
        const int otherX = x / 2 + (x % 2 == 0 ? -1 : 1);
        const int otherY = y / 2 + (y % 2 == 0 ? -1 : 1);
        return (9 * at(x / 2, y / 2) + 3 * at(otherX, y / 2) + 3 * at(x / 2, otherY) +
                at(otherX, otherY) + 8) >>
               4;
    };
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            const int64_t luma = samples[0][static_cast<size_t>(y * side + x)] + (128 << UNIT_BITS);
            const int64_t cb = chroma(1, x, y);
            const int64_t cr = chroma(2, x, y);
            // of 65536; ITU-T T.871, 7
            const std::array<int64_t, 3> rgb{65536 * luma + 91881 * cr,
                                             65536 * luma - 22554 * cb - 46802 * cr,
                                             65536 * luma + 116130 * cb};
            for (const int64_t sum : rgb)
            {
                const int64_t value = (sum + (1 << (15 + UNIT_BITS))) >> (16 + UNIT_BITS);
                picture.rgb.push_back(static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255)));
            }
        }
    }
    return picture;
}

} // namespace limitnet
