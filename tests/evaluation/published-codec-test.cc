// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/evaluation/published-codec.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <random>

namespace limitnet
{
namespace
{

double
KraftSum(const std::vector<int>& lengths)
{
    double sum = 0;
    for (const int length : lengths)
    {
        sum += std::pow(2.0, -length);
    }
    return sum;
}

/** Least total of any prefix code, by trying all sets of lengths that a code can have. */
std::uint64_t
BestTotal(const std::vector<std::uint64_t>& counts, std::size_t at, double kraftLeft)
{
    if (at == counts.size())
    {
        return 0;
    }
    std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
    for (int length = 1; length < static_cast<int>(counts.size()); ++length)
    {
        const double share = std::pow(2.0, -length);
        if (share <= kraftLeft)
        {
            const auto rest = BestTotal(counts, at + 1, kraftLeft - share);
            if (rest != std::numeric_limits<std::uint64_t>::max())
            {
                best = std::min(best, counts[at] * static_cast<std::uint64_t>(length) + rest);
            }
        }
    }
    return best;
}

TEST(HuffmanLengths, TextbookExample)
{
    // Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", section 16.3.
    EXPECT_EQ(HuffmanLengths({45, 13, 12, 16, 9, 5}), (std::vector<int>{1, 3, 3, 3, 4, 4}));
    // Powers of two are met exactly; Fibonacci numbers make the deepest tree.
    EXPECT_EQ(HuffmanLengths({8, 4, 2, 1, 1}), (std::vector<int>{1, 2, 3, 4, 4}));
    EXPECT_EQ(HuffmanLengths({13, 8, 5, 3, 2, 1, 1}), (std::vector<int>{1, 2, 3, 4, 5, 6, 6}));
    EXPECT_EQ(HuffmanLengths({7}), (std::vector<int>{1}));
}

TEST(HuffmanLengths, NoPrefixCodeIsShorter)
{
    std::mt19937 random(3);
    for (int round = 0; round < 50; ++round)
    {
        std::vector<std::uint64_t> counts(2 + random() % 5);
        std::generate(counts.begin(), counts.end(), [&] { return 1 + random() % 40; });
        const auto lengths = HuffmanLengths(counts);
        EXPECT_DOUBLE_EQ(KraftSum(lengths), 1);
        const auto total =
            std::inner_product(counts.begin(), counts.end(), lengths.begin(), std::uint64_t{0});
        EXPECT_EQ(total, BestTotal(counts, 0, 1));
    }
}

TEST(HuffmanLengths, RefusesWhatHasNoCode)
{
    EXPECT_THROW(HuffmanLengths({}), Error);
    EXPECT_THROW(HuffmanLengths({1, 0}), Error);
}

class PublishedCodecTest : public testing::Test
{
  protected:
    /**
     * Two images. Channel 0 runs evenly over 0..255 (so that a value is its own scaled value and a
     * symbol its quarter), channel 1 is constant 5, the others alternate between -1 and 1.
     */
    static std::vector<float> Latents()
    {
        std::vector<float> latents(2 * LATENT_SIZE);
        for (std::size_t image = 0; image < 2; ++image)
        {
            for (int k = 0; k < LATENT_SIZE; ++k)
            {
                const int channel = k / LATENT_CELLS;
                latents[image * LATENT_SIZE + static_cast<std::size_t>(k)] =
                    channel == 0   ? static_cast<float>(k % 256)
                    : channel == 1 ? 5.0F
                                   : static_cast<float>(k % 2 * 2 - 1);
            }
        }
        return latents;
    }

    std::vector<float> m_latents = Latents();
    PublishedCodec m_codec{m_latents.data(), 2};
};

TEST_F(PublishedCodecTest, QuantisesByThePublishedRule)
{
    EXPECT_EQ(m_codec.Symbol(0, 0), 0);
    EXPECT_EQ(m_codec.Symbol(0, 3.99F), 0);
    EXPECT_EQ(m_codec.Symbol(0, 4), 1);
    EXPECT_EQ(m_codec.Symbol(0, 251.5F), 62);
    EXPECT_EQ(m_codec.Symbol(0, 255), 63);
    // Outside of what calibration saw.
    EXPECT_EQ(m_codec.Symbol(0, -7), 0);
    EXPECT_EQ(m_codec.Symbol(0, 1e9F), 63);
    EXPECT_EQ(m_codec.Symbol(0, std::nanf("")), 0);
    for (int symbol = 0; symbol < 64; ++symbol)
    {
        EXPECT_NEAR(m_codec.Reconstruction(0, static_cast<std::uint8_t>(symbol)), 4 * symbol, 1e-4);
        EXPECT_EQ(m_codec.Symbol(0, static_cast<float>(4 * symbol) + 0.5F), symbol);
    }
    // -1 .. 1: symbol 31 starts at -1 + 2 * 124 / 255.
    EXPECT_FLOAT_EQ(m_codec.Reconstruction(2, 31), -1 + 2 * 124 / 255.0F);
}

TEST_F(PublishedCodecTest, AConstantChannelWorks)
{
    EXPECT_EQ(m_codec.Symbol(1, 5), 0);
    EXPECT_FLOAT_EQ(m_codec.Reconstruction(1, 0), 5);
    EXPECT_EQ(m_codec.CodeLength(1, 0), 1);
}

TEST_F(PublishedCodecTest, CodesAreThoseOfTheCounts)
{
    // Channel 2: 784 times symbol 0, 784 times symbol 63, each other one at least once, 62 in all.
    // So 63 and 0 and the rest are joined last: 1 and 2 bits for the two.
    EXPECT_EQ(std::min(m_codec.CodeLength(2, 0), m_codec.CodeLength(2, 63)), 1);
    EXPECT_EQ(std::max(m_codec.CodeLength(2, 0), m_codec.CodeLength(2, 63)), 2);
    for (int channel = 0; channel < LATENT_CHANNELS; ++channel)
    {
        std::vector<int> lengths;
        for (int symbol = 0; symbol < 64; ++symbol)
        {
            lengths.push_back(m_codec.CodeLength(channel, static_cast<std::uint8_t>(symbol)));
        }
        EXPECT_DOUBLE_EQ(KraftSum(lengths), 1) << channel;
    }
}

TEST_F(PublishedCodecTest, SizeRoundsUpEachChannel)
{
    std::vector<std::uint16_t> order(LATENT_SIZE);
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    const float* latent = m_latents.data();
    EXPECT_EQ(m_codec.Bytes(latent, order.data(), 0), 0U);
    // Channel 1 first: 9 values of 1 bit are 2 bytes; with one value of channel 2, one byte more.
    std::rotate(order.begin(), order.begin() + LATENT_CELLS, order.end());
    EXPECT_EQ(m_codec.Bytes(latent, order.data(), 8), 1U);
    EXPECT_EQ(m_codec.Bytes(latent, order.data(), 9), 2U);
    EXPECT_EQ(m_codec.Bytes(latent, order.data(), LATENT_CELLS), 98U);
    EXPECT_EQ(m_codec.Bytes(latent, order.data(), LATENT_CELLS + 1), 99U);
    // All: each channel on its own.
    std::size_t expected = 0;
    for (int channel = 0; channel < LATENT_CHANNELS; ++channel)
    {
        int bits = 0;
        for (int k = channel * LATENT_CELLS; k < (channel + 1) * LATENT_CELLS; ++k)
        {
            bits += m_codec.CodeLength(channel, m_codec.Symbol(channel, latent[k]));
        }
        expected += static_cast<std::size_t>(bits / 8 + (bits % 8 == 0 ? 0 : 1));
    }
    EXPECT_EQ(m_codec.Bytes(latent, order.data(), LATENT_SIZE), expected);
}

TEST_F(PublishedCodecTest, ReconstructsWhatIsKeptAtTheLowEdge)
{
    std::vector<std::uint16_t> order(LATENT_SIZE);
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    std::swap(order[1], order[LATENT_CELLS]);
    const auto latent = m_codec.Reconstruct(m_latents.data(), order.data(), 8);
    EXPECT_FLOAT_EQ(latent[LATENT_CELLS], 5);
    EXPECT_EQ(latent[1], 0);
    EXPECT_NEAR(latent[7], 4, 1e-4);
    EXPECT_EQ(std::count_if(latent.begin(), latent.end(), [](float v) { return v != 0; }), 5);
}

TEST(PublishedCodec, RefusesWhatCannotBeCalibrated)
{
    std::vector<float> latent(LATENT_SIZE, 1.0F);
    EXPECT_THROW(PublishedCodec(latent.data(), 0), Error);
    latent[9000] = std::numeric_limits<float>::infinity();
    EXPECT_THROW(PublishedCodec(latent.data(), 1), Error);
}

} // namespace
} // namespace limitnet
