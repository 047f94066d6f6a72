// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/error.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/importance-order.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace limitnet::test
{
namespace
{

/// LoRaWAN payload limits (US915 DR0, one map, EU868 DR0-2, DR3, DR4 and up with and without
/// repeater) and an Ethernet frame.
const std::vector<size_t> MTUS{11, 46, 51, 115, 222, 242, 1500};

TEST(Fragmenter, RoundTripForEachLimit)
{
    const CodecTables tables = MakeTables();
    Random random(41);
    for (size_t mtu : MTUS)
    {
        for (size_t values : {0, 1, 941, LATENT_SIZE})
        {
            const Sample sample = MakeSample(tables, random);
            const auto fragments = Cut(tables, sample, mtu, values, 1, 9);
            Reassembler reassembler(tables);
            for (const Bytes& bytes : fragments)
            {
                EXPECT_LE(bytes.size(), mtu);
                EXPECT_EQ(Add(reassembler, bytes), Reassembler::Result::ACCEPTED);
            }
            EXPECT_TRUE(reassembler.HasMap());
            EXPECT_EQ(reassembler.ImageId(), 9);
            EXPECT_EQ(reassembler.Map(), sample.map);
            EXPECT_EQ(reassembler.ValueCount(), values);
            std::vector<uint16_t> order(LATENT_SIZE);
            ImportanceOrder(sample.map, order.data());
            const std::vector<float> latent = LatentOf(reassembler);
            for (size_t n = 0; n < order.size(); ++n)
            {
                const int index = order[n];
                const float expected =
                    n < values ? tables.reconstruction[index / LATENT_CELLS][sample.symbols[index]]
                               : 0.0F;
                ASSERT_EQ(latent[index], expected);
            }
        }
    }
}

TEST(Fragmenter, SendsMapThenSymbolsInOrderWithoutGaps)
{
    const CodecTables tables = MakeTables();
    Random random(42);
    for (size_t mtu : MTUS)
    {
        const auto fragments = Cut(tables, MakeSample(tables, random), mtu);
        size_t mapBytes = 0;
        bool mapIsWhole = false;
        size_t place = 0;
        for (const Bytes& bytes : fragments)
        {
            const Fragment fragment = ParseFragment(bytes.data(), bytes.size());
            if (fragment.kind == FragmentKind::MAP)
            {
                EXPECT_EQ(place, 0U);
                EXPECT_EQ(fragment.first, mapBytes);
                EXPECT_EQ(fragment.modelId, tables.modelId);
                EXPECT_FALSE(mapIsWhole);
                mapBytes += fragment.count;
                mapIsWhole = fragment.last;
            }
            else
            {
                ASSERT_EQ(fragment.kind, FragmentKind::SYMBOLS);
                EXPECT_TRUE(mapIsWhole);
                EXPECT_LE(mapBytes, 40U);
                EXPECT_EQ(fragment.first, place);
                place += fragment.count;
            }
        }
        EXPECT_EQ(place, static_cast<size_t>(LATENT_SIZE));
    }
}

TEST(Fragmenter, FragmentsAreFullAndNearTheEntropy)
{
    const CodecTables tables = MakeTables();
    SymbolModel model(tables.entropy);
    Random random(43);
    for (size_t mtu : MTUS)
    {
        const Sample sample = MakeSample(tables, random);
        std::vector<uint16_t> order(LATENT_SIZE);
        ImportanceOrder(sample.map, order.data());
        for (const Bytes& bytes : Cut(tables, sample, mtu))
        {
            const Fragment fragment = ParseFragment(bytes.data(), bytes.size());
            if (fragment.kind != FragmentKind::SYMBOLS)
            {
                continue;
            }
            double bits = 0;
            RangeEncoder encoder;
            model.Begin();
            const auto encode = [&](size_t n) {
                const int symbol = sample.symbols[order[n]];
                const auto distribution = model.Next(order[n], sample.symbols.data());
                const uint32_t low = distribution.Cumulative(symbol);
                const uint32_t frequency = distribution.Cumulative(symbol + 1) - low;
                encoder.Encode(low, frequency);
                model.Know(order[n]);
                bits -= std::log2(frequency / 32768.0);
            };
            const size_t end = size_t{fragment.first} + fragment.count;
            for (size_t n = fragment.first; n < end; ++n)
            {
                encode(n);
            }
            EXPECT_EQ(encoder.Size(), fragment.payloadSize);
            EXPECT_LE(static_cast<double>(fragment.payloadSize), bits / 8 * 1.01 + 2);
            if (end < LATENT_SIZE)
            {
                encode(end);
                EXPECT_GT(encoder.Size() + FRAGMENT_HEADER_BYTES, mtu) << "one more had fitted";
            }
        }
    }
}

TEST(Fragmenter, MapCopiesComeAfterTwoFourEight)
{
    const CodecTables tables = MakeTables();
    Random random(44);
    const Sample sample = MakeSample(tables, random);
    const auto fragments = Cut(tables, sample, 51, LATENT_SIZE, 4);
    std::vector<size_t> symbolsBefore;
    size_t symbols = 0;
    for (const Bytes& bytes : fragments)
    {
        if (IsMap(bytes))
        {
            symbolsBefore.push_back(symbols);
            EXPECT_EQ(bytes, fragments[0]);
        }
        else
        {
            ++symbols;
        }
    }
    EXPECT_EQ(symbolsBefore, (std::vector<size_t>{0, 2, 4, 8}));

    // fewer symbols fragments than copies: the rest at the end
    const auto few = Cut(tables, sample, 51, 20, 3);
    ASSERT_EQ(few.size(), 4U);
    EXPECT_TRUE(IsMap(few[0]));
    EXPECT_FALSE(IsMap(few[1]));
    EXPECT_TRUE(IsMap(few[2]));
    EXPECT_TRUE(IsMap(few[3]));

    // split maps are repeated whole
    const auto split = Cut(tables, sample, 11, 400, 2);
    const auto copySize = std::find_if_not(split.begin(), split.end(), IsMap) - split.begin();
    EXPECT_GT(copySize, 1);
    EXPECT_EQ(std::count_if(split.begin(), split.end(), IsMap), 2 * copySize);
}

TEST(Fragmenter, SpecialImages)
{
    const CodecTables tables = MakeTables();
    Random random(45);
    Sample zero;
    zero.symbols.assign(LATENT_SIZE, 0);
    Sample noise = zero;
    for (auto& level : noise.map.level)
    {
        level = static_cast<uint8_t>(random.Below(32));
    }
    noise.map.range = 255;
    for (auto& symbol : noise.symbols)
    {
        symbol = static_cast<uint8_t>(random.Below(64));
    }
    Sample top = zero; // the rarest symbol throughout, in the constant channel too
    std::fill(top.symbols.begin(), top.symbols.end(), uint8_t{63});
    for (const Sample& sample : {zero, noise, top})
    {
        for (size_t mtu : MTUS)
        {
            const auto fragments = Cut(tables, sample, mtu);
            Reassembler reassembler(tables);
            for (const Bytes& bytes : fragments)
            {
                ASSERT_LE(bytes.size(), mtu);
                ASSERT_EQ(Add(reassembler, bytes), Reassembler::Result::ACCEPTED);
            }
            EXPECT_EQ(reassembler.ValueCount(), static_cast<size_t>(LATENT_SIZE));
            const std::vector<float> latent = LatentOf(reassembler);
            for (int i = 0; i < LATENT_SIZE; ++i)
            {
                ASSERT_EQ(latent[i], tables.reconstruction[i / LATENT_CELLS][sample.symbols[i]]);
            }
        }
    }
}

TEST(Fragmenter, OneObjectServesManyImages)
{
    const CodecTables tables = MakeTables();
    Random random(46);
    Fragmenter fragmenter(tables);
    Bytes buffer(51);
    EXPECT_EQ(fragmenter.Next(buffer.data()), 0U) << "nothing begun";
    for (int round = 0; round < 3; ++round)
    {
        const Sample sample = MakeSample(tables, random);
        FragmentOptions options;
        options.imageId = static_cast<uint8_t>(round);
        const auto all = fragmenter.All(sample.map, sample.symbols.data(), options);
        EXPECT_EQ(all, Cut(tables, sample, 51, LATENT_SIZE, 1, options.imageId));
        fragmenter.Begin(sample.map, sample.symbols.data(), options); // left in the middle
        fragmenter.Next(buffer.data());
        fragmenter.Next(buffer.data());
    }
}

TEST(Fragmenter, BadOptionsAreErrors)
{
    const CodecTables tables = MakeTables();
    Random random(47);
    Sample sample = MakeSample(tables, random);
    EXPECT_THROW(Cut(tables, sample, 10), Error);
    EXPECT_THROW(Cut(tables, sample, 51, LATENT_SIZE + 1), Error);
    EXPECT_THROW(Cut(tables, sample, 51, LATENT_SIZE, 0), Error);
    EXPECT_THROW(Cut(tables, sample, 51, LATENT_SIZE, 17), Error);
    EXPECT_NO_THROW(Cut(tables, sample, 51, LATENT_SIZE, 16));
    sample.symbols[5] = 64;
    EXPECT_THROW(Cut(tables, sample, 51), Error);
    sample.symbols[5] = 63;
    sample.map.level[5] = 32;
    EXPECT_THROW(Cut(tables, sample, 51), Error);
}

} // namespace
} // namespace limitnet::test
