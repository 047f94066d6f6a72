// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/range-coder.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace limitnet::test
{
namespace
{

/// Frequencies of 64 symbols for each of 12 channels.
class Model
{
  public:
    explicit Model(const std::array<std::array<uint16_t, 64>, 12>& frequency)
    {
        for (int c = 0; c < 12; ++c)
        {
            std::partial_sum(frequency[c].begin(), frequency[c].end(), &m_cumulative[c][1]);
        }
    }

    uint32_t Cumulative(int channel, int symbol) const
    {
        return m_cumulative[channel][symbol];
    }

    uint32_t Frequency(int channel, int symbol) const
    {
        return m_cumulative[channel][symbol + 1] - m_cumulative[channel][symbol];
    }

    int Find(int channel, uint32_t target) const
    {
        const auto& row = m_cumulative[channel];
        return static_cast<int>(std::upper_bound(row.begin(), row.end(), target) - row.begin()) - 1;
    }

  private:
    std::array<std::array<uint16_t, 65>, 12> m_cumulative{};
};

/// Channels that differ in skew: channel 0 even, channel 11 all on one symbol; the likely symbol
/// moves from the low to the high end, so that carries and zeros both occur.
Model
SkewedModel()
{
    std::array<std::array<uint16_t, 64>, 12> frequencies{};
    for (int c = 0; c < 12; ++c)
    {
        auto& frequency = frequencies[c];
        frequency.fill(static_cast<uint16_t>(512 >> std::min(c, 9)));
        const int sum = std::accumulate(frequency.begin(), frequency.end(), 0);
        const size_t likely = c % 2 == 0 ? 0 : 63;
        frequency[likely] = static_cast<uint16_t>(frequency[likely] + 32768 - sum);
    }
    return Model(frequencies);
}

struct Coded
{
    int channel;
    int symbol;
};

/// Symbols drawn by the frequencies of their channel, or evenly.
std::vector<Coded>
Draw(const Model& model, Random& random, size_t count, bool byFrequency, int onlyChannel = -1)
{
    std::vector<Coded> symbols;
    for (size_t i = 0; i < count; ++i)
    {
        const int channel =
            onlyChannel >= 0 ? onlyChannel : static_cast<int>(random.Below(LATENT_CHANNELS));
        const int symbol = byFrequency ? model.Find(channel, random.Below(32768))
                                       : static_cast<int>(random.Below(64));
        symbols.push_back({channel, symbol});
    }
    return symbols;
}

void
Encode(RangeEncoder& encoder, const Model& model, const Coded& coded)
{
    encoder.Encode(model.Cumulative(coded.channel, coded.symbol),
                   model.Frequency(coded.channel, coded.symbol));
}

std::vector<uint8_t>
EncodeAll(const Model& model, const std::vector<Coded>& symbols)
{
    RangeEncoder encoder;
    for (const Coded& coded : symbols)
    {
        Encode(encoder, model, coded);
    }
    std::vector<uint8_t> bytes(encoder.Size());
    EXPECT_EQ(encoder.Finish(bytes.data()), bytes.size());
    return bytes;
}

bool
DecodesTo(const Model& model, const std::vector<uint8_t>& bytes, const std::vector<Coded>& symbols)
{
    RangeDecoder decoder(bytes.data(), bytes.size());
    for (const Coded& coded : symbols)
    {
        const int symbol = model.Find(coded.channel, decoder.Target());
        if (symbol != coded.symbol)
        {
            return false;
        }
        decoder.Consume(model.Cumulative(coded.channel, symbol),
                        model.Frequency(coded.channel, symbol));
    }
    return true;
}

TEST(RangeCoder, RoundTrip)
{
    const Model model = SkewedModel();
    Random random(31);
    for (int round = 0; round < 4000; ++round)
    {
        const auto symbols = Draw(model, random, random.Below(200), round % 3 != 0);
        EXPECT_TRUE(DecodesTo(model, EncodeAll(model, symbols), symbols));
    }
}

TEST(RangeCoder, RareSymbolsAtTheUpperEndCarry)
{
    // symbols at the very top of the interval push low against 2^32: long runs of 0xFF, carries
    const Model model = SkewedModel();
    Random random(32);
    for (int round = 0; round < 4000; ++round)
    {
        std::vector<Coded> symbols;
        for (int i = 0; i < 60; ++i)
        {
            const int channel = random.Below(2) == 0 ? 8 : 11;
            symbols.push_back({channel, random.Below(8) == 0 ? 62 : 63});
        }
        EXPECT_TRUE(DecodesTo(model, EncodeAll(model, symbols), symbols));
    }
}

TEST(RangeCoder, NoShorterBytesDecodeToTheSame)
{
    const Model model = SkewedModel();
    Random random(33);
    int tried = 0;
    for (int round = 0; round < 3000; ++round)
    {
        const auto symbols = Draw(model, random, 1 + random.Below(6), round % 2 == 0);
        const auto bytes = EncodeAll(model, symbols);
        ASSERT_TRUE(DecodesTo(model, bytes, symbols));
        if (!bytes.empty())
        {
            EXPECT_NE(bytes.back(), 0) << "zeros at the end are left out";
        }
        if (bytes.size() == 1)
        {
            ++tried;
            EXPECT_FALSE(DecodesTo(model, {}, symbols));
        }
        else if (bytes.size() == 2)
        {
            ++tried;
            for (int first = 0; first < 256; ++first)
            {
                ASSERT_FALSE(DecodesTo(model, {static_cast<uint8_t>(first)}, symbols));
            }
        }
        else if (bytes.size() == 3 && round % 50 == 0)
        {
            ++tried;
            for (int word = 0; word < 65536; ++word)
            {
                ASSERT_FALSE(
                    DecodesTo(model,
                              {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)},
                              symbols));
            }
        }
    }
    EXPECT_GT(tried, 500);
}

TEST(RangeCoder, SizeNeverFallsAndUndoLeavesNoTrace)
{
    const Model model = SkewedModel();
    Random random(34);
    for (int round = 0; round < 1500; ++round)
    {
        const auto symbols = Draw(model, random, 100, round % 2 == 0);
        RangeEncoder straight;
        RangeEncoder wavering;
        size_t before = 0;
        for (const Coded& coded : symbols)
        {
            Encode(wavering,
                   model,
                   {static_cast<int>(random.Below(12)),
                    random.Below(2) == 0 ? 63 : static_cast<int>(random.Below(64))});
            wavering.Undo();
            Encode(straight, model, coded);
            Encode(wavering, model, coded);
            ASSERT_EQ(straight.Size(), wavering.Size());
            ASSERT_GE(straight.Size(), before);
            before = straight.Size();
        }
        std::vector<uint8_t> a(straight.Size());
        std::vector<uint8_t> b(wavering.Size());
        straight.Finish(a.data());
        wavering.Finish(b.data());
        ASSERT_EQ(a, b);
        ASSERT_TRUE(DecodesTo(model, a, symbols));
    }
}

TEST(RangeCoder, LengthIsTheEntropy)
{
    const Model model = SkewedModel();
    Random random(35);
    for (int channel = -1; channel < LATENT_CHANNELS; ++channel)
    {
        for (size_t count : {1, 10, 100, 1000})
        {
            const auto symbols = Draw(model, random, count, true, channel);
            double bits = 0;
            for (const Coded& coded : symbols)
            {
                bits -= std::log2(model.Frequency(coded.channel, coded.symbol) / 32768.0);
            }
            const auto size = static_cast<double>(EncodeAll(model, symbols).size());
            EXPECT_LE(size, bits / 8 * 1.01 + 1) << channel << " " << count;
        }
    }
}

TEST(RangeCoder, WorstCaseStaysWithinTheBoundOfAFragment)
{
    std::array<std::array<uint16_t, 64>, 12> frequencies{};
    for (auto& frequency : frequencies)
    {
        frequency.fill(1);
        frequency[0] = 32768 - 63;
    }
    const Model model(frequencies);
    Random random(36);
    for (size_t count : {1, 2, 3, 4, 5, 17, 100, 1000})
    {
        for (int round = 0; round < 20; ++round)
        {
            std::vector<Coded> symbols;
            for (size_t i = 0; i < count; ++i)
            {
                symbols.push_back({0, round == 0 ? 63 : 1 + static_cast<int>(random.Below(63))});
            }
            const auto bytes = EncodeAll(model, symbols);
            EXPECT_LE(bytes.size(), MaxSymbolPayload(count));
            EXPECT_TRUE(DecodesTo(model, bytes, symbols));
        }
    }
}

TEST(RangeCoder, AnyBytesDecode)
{
    const Model model = SkewedModel();
    Random random(37);
    for (int round = 0; round < 2000; ++round)
    {
        std::vector<uint8_t> bytes(random.Below(40));
        for (auto& byte : bytes)
        {
            byte = static_cast<uint8_t>(random.Below(3) == 0 ? 255 : random.Below(256));
        }
        RangeDecoder decoder(bytes.data(), bytes.size());
        for (int i = 0; i < 300; ++i)
        {
            ASSERT_LT(decoder.Target(), 32768U);
            const auto channel = static_cast<int>(random.Below(12));
            const int symbol = model.Find(channel, decoder.Target());
            ASSERT_LT(symbol, 64);
            decoder.Consume(model.Cumulative(channel, symbol), model.Frequency(channel, symbol));
        }
    }
}

} // namespace
} // namespace limitnet::test
