// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/reassembler.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace limitnet::test
{
namespace
{

using Result = Reassembler::Result;

/// What a set of fragments of one sample must decode to, from their headers alone.
std::vector<float>
Expected(const CodecTables& tables,
         const Sample& sample,
         const std::vector<Bytes>& fragments,
         ValueOrder kind = ValueOrder::IMPORTANCE)
{
    std::vector<float> latent(LATENT_SIZE, 0.0F);
    std::vector<uint16_t> order(LATENT_SIZE);
    ImportanceOrder(sample.map, order.data(), kind);
    std::set<size_t> mapBytes;
    size_t mapEnd = ~size_t{0};
    for (const Bytes& bytes : fragments)
    {
        const Fragment fragment = ParseFragment(bytes.data(), bytes.size());
        if (fragment.kind == FragmentKind::MAP && fragment.last)
        {
            mapEnd = size_t{fragment.first} + fragment.count;
        }
        for (size_t n = fragment.first; n < size_t{fragment.first} + fragment.count; ++n)
        {
            if (fragment.kind == FragmentKind::MAP)
            {
                mapBytes.insert(n);
            }
            else
            {
                const int index = order[n];
                latent[index] = tables.reconstruction[index / LATENT_CELLS][sample.symbols[index]];
            }
        }
    }
    if (NeedsMap(kind) && mapBytes.size() < mapEnd)
    {
        std::fill(latent.begin(), latent.end(), 0.0F);
    }
    return latent;
}

TEST(Reassembler, AnySubsetInAnyOrderGivesWhatItCarries)
{
    // reconstruction values above 0, so that a missing value is told from a received one
    CodecTables tables = MakeTables();
    for (auto& channel : tables.reconstruction)
    {
        for (auto& value : channel)
        {
            value += 1;
        }
    }
    Random random(51);
    for (int round = 0; round < 120; ++round)
    {
        const Sample sample = MakeSample(tables, random);
        const std::vector<size_t> mtus{11, 46, 51, 115, 222, 242, 1500};
        auto fragments = Cut(tables, sample, mtus[round % 7], LATENT_SIZE, 1 + random.Below(3), 77);
        random.Shuffle(fragments);
        std::vector<Bytes> chosen;
        const uint32_t percent = random.Below(101);
        for (const Bytes& bytes : fragments)
        {
            // a lost map says little; keep it most of the time
            const uint32_t chance = IsMap(bytes) ? 97 : percent;
            for (int copy = 0; copy < 2 && random.Below(100) < chance; ++copy)
            {
                chosen.push_back(bytes);
            }
        }
        Reassembler reassembler(tables);
        for (const Bytes& bytes : chosen)
        {
            const Result result = Add(reassembler, bytes);
            ASSERT_TRUE(result == Result::ACCEPTED || result == Result::DUPLICATE);
        }
        const std::vector<float> expected = Expected(tables, sample, chosen);
        ASSERT_EQ(LatentOf(reassembler), expected);
        const auto count =
            std::count_if(expected.begin(), expected.end(), [](float v) { return v != 0; });
        EXPECT_EQ(reassembler.ValueCount(), static_cast<size_t>(count));
        std::vector<uint8_t> received(LATENT_SIZE);
        reassembler.Received(received.data());
        for (int i = 0; i < LATENT_SIZE; ++i)
        {
            ASSERT_EQ(received[i] != 0, expected[i] != 0);
        }
    }
}

TEST(Reassembler, NothingWithoutTheMapAllWithALateOne)
{
    const CodecTables tables = MakeTables();
    Random random(52);
    for (size_t mtu : {11, 51, 1500})
    {
        const Sample sample = MakeSample(tables, random);
        const auto fragments = Cut(tables, sample, mtu);
        Reassembler reassembler(tables);
        for (const Bytes& bytes : fragments)
        {
            if (!IsMap(bytes))
            {
                EXPECT_EQ(Add(reassembler, bytes), Result::ACCEPTED);
                EXPECT_EQ(Add(reassembler, bytes), Result::DUPLICATE);
            }
        }
        EXPECT_FALSE(reassembler.HasMap());
        EXPECT_EQ(reassembler.ValueCount(), 0U);
        EXPECT_EQ(reassembler.ReceivedCount(), static_cast<size_t>(LATENT_SIZE));
        EXPECT_EQ(LatentOf(reassembler), std::vector<float>(LATENT_SIZE, 0.0F));
        for (const Bytes& bytes : fragments)
        {
            if (IsMap(bytes))
            {
                EXPECT_FALSE(reassembler.HasMap());
                EXPECT_EQ(Add(reassembler, bytes), Result::ACCEPTED);
            }
        }
        EXPECT_TRUE(reassembler.HasMap());
        EXPECT_EQ(reassembler.ValueCount(), static_cast<size_t>(LATENT_SIZE));
        EXPECT_EQ(LatentOf(reassembler), Expected(tables, sample, fragments));
    }
}

TEST(Reassembler, WorstImageFitsTheStoreWhateverTheLimit)
{
    // the rarest symbol everywhere, and the map is the last to arrive
    const CodecTables tables = MakeTables();
    Sample sample;
    sample.symbols.assign(LATENT_SIZE, 0);
    for (int i = 0; i < LATENT_SIZE; ++i)
    {
        const auto& frequency = tables.entropy.frequency[i / LATENT_CELLS];
        sample.symbols[i] = static_cast<uint8_t>(
            std::min_element(frequency.begin(), frequency.end()) - frequency.begin());
    }
    for (size_t mtu = 11; mtu < 60; ++mtu)
    {
        auto fragments = Cut(tables, sample, mtu);
        std::reverse(fragments.begin(), fragments.end());
        Reassembler reassembler(tables);
        for (const Bytes& bytes : fragments)
        {
            ASSERT_EQ(Add(reassembler, bytes), Result::ACCEPTED);
        }
        EXPECT_EQ(reassembler.ValueCount(), static_cast<size_t>(LATENT_SIZE));
    }
}

TEST(Reassembler, AnyMapCopyWillDo)
{
    const CodecTables tables = MakeTables();
    Random random(53);
    const Sample sample = MakeSample(tables, random);
    auto fragments = Cut(tables, sample, 51, LATENT_SIZE, 3);
    fragments.erase(fragments.begin()); // the first copy is lost
    Reassembler reassembler(tables);
    int maps = 0;
    for (const Bytes& bytes : fragments)
    {
        EXPECT_EQ(Add(reassembler, bytes),
                  IsMap(bytes) && ++maps > 1 ? Result::DUPLICATE : Result::ACCEPTED);
    }
    EXPECT_EQ(maps, 2);
    EXPECT_EQ(LatentOf(reassembler), Expected(tables, sample, fragments));
}

TEST(Reassembler, OverlapsOfTwoLimitsAgree)
{
    // the data rate changed and the image was cut anew: ranges overlap, contents agree
    const CodecTables tables = MakeTables();
    Random random(54);
    for (int round = 0; round < 20; ++round)
    {
        const Sample sample = MakeSample(tables, random);
        auto fragments = Cut(tables, sample, 51);
        const auto other = Cut(tables, sample, 222);
        fragments.insert(fragments.end(), other.begin(), other.end());
        random.Shuffle(fragments);
        fragments.resize(fragments.size() / 2);
        Reassembler reassembler(tables);
        for (const Bytes& bytes : fragments)
        {
            Add(reassembler, bytes);
        }
        EXPECT_EQ(LatentOf(reassembler), Expected(tables, sample, fragments));
    }
}

TEST(Reassembler, OtherImagesAndModelsAreTold)
{
    const CodecTables tables = MakeTables();
    Random random(55);
    const Sample sample = MakeSample(tables, random);
    const auto mine = Cut(tables, sample, 51, 300, 1, 5);
    const auto others = Cut(tables, sample, 51, 300, 1, 6);
    Reassembler reassembler(tables);
    EXPECT_FALSE(reassembler.HasImageId());
    EXPECT_EQ(Add(reassembler, Bytes{1, 2, 3}), Result::INVALID);
    EXPECT_FALSE(reassembler.HasImageId());
    EXPECT_EQ(Add(reassembler, mine[1]), Result::ACCEPTED);
    EXPECT_TRUE(reassembler.HasImageId());
    EXPECT_EQ(reassembler.ImageId(), 5);
    EXPECT_EQ(Add(reassembler, others[0]), Result::OTHER_IMAGE);
    EXPECT_EQ(Add(reassembler, others[2]), Result::OTHER_IMAGE);
    EXPECT_EQ(reassembler.ReceivedCount(), ParseFragment(mine[1].data(), 4).count);

    CodecTables otherTables = tables;
    ++otherTables.modelId;
    Reassembler newer(otherTables);
    EXPECT_EQ(Add(newer, mine[0]), Result::OTHER_MODEL);
    EXPECT_FALSE(newer.HasImageId());
    EXPECT_FALSE(newer.HasMap());

    reassembler.Reset();
    EXPECT_FALSE(reassembler.HasImageId());
    EXPECT_EQ(reassembler.ReceivedCount(), 0U);
    for (const Bytes& bytes : others)
    {
        EXPECT_EQ(Add(reassembler, bytes), Result::ACCEPTED);
    }
    EXPECT_EQ(LatentOf(reassembler), Expected(tables, sample, others));
}

TEST(Reassembler, TheFirstOfTwoThatDisagreeHolds)
{
    const CodecTables tables = MakeTables();
    Random random(56);
    const Sample a = MakeSample(tables, random);
    Sample b = MakeSample(tables, random);
    b.map = a.map;
    const auto fromA = Cut(tables, a, 51, 400);
    const auto fromB = Cut(tables, b, 222, 400);
    for (bool mapFirst : {true, false})
    {
        Reassembler reassembler(tables);
        if (mapFirst)
        {
            Add(reassembler, fromA[0]);
        }
        Add(reassembler, fromA[2]);
        for (size_t i = 1; i < fromB.size(); ++i)
        {
            Add(reassembler, fromB[i]);
        }
        Add(reassembler, fromA[0]);
        std::vector<float> expected = Expected(tables, b, fromB);
        std::vector<uint16_t> order(LATENT_SIZE);
        ImportanceOrder(a.map, order.data());
        const Fragment first = ParseFragment(fromA[2].data(), fromA[2].size());
        for (size_t n = first.first; n < size_t{first.first} + first.count; ++n)
        {
            const int index = order[n];
            expected[index] = tables.reconstruction[index / LATENT_CELLS][a.symbols[index]];
        }
        EXPECT_EQ(LatentOf(reassembler), expected);
    }
}

TEST(Reassembler, AStoreThatIsFullSaysSo)
{
    const CodecTables tables = MakeTables();
    Reassembler reassembler(tables);
    // 1024 symbols in the longest payload there is, each fragment with one new place only
    size_t accepted = 0;
    Result result = Result::ACCEPTED;
    for (size_t first = 0; first + 1024 <= LATENT_SIZE && result == Result::ACCEPTED; ++first)
    {
        Bytes bytes(4 + MaxSymbolPayload(1024), 0xEE);
        WriteSymbolsHeader(0, first, 1024, bytes.data());
        result = Add(reassembler, bytes);
        accepted += result == Result::ACCEPTED ? 1 : 0;
    }
    EXPECT_EQ(result, Result::NO_ROOM);
    EXPECT_EQ(accepted, 65536U / (6 + MaxSymbolPayload(1024)));
    Bytes map(44, 0);
    WriteMapHeader(0, 0, true, tables.modelId, map.data());
    EXPECT_EQ(Add(reassembler, map), Result::ACCEPTED);
    EXPECT_EQ(reassembler.ValueCount(), 1024 + accepted - 1);
    Bytes more(4 + MaxSymbolPayload(1024), 0xEE);
    WriteSymbolsHeader(0, 5000, 1024, more.data());
    EXPECT_EQ(Add(reassembler, more), Result::ACCEPTED) << "with the map nothing is stored";
}

/// A fragment nobody would send: noise, a valid header before noise, or a damaged real one.
Bytes
Garbage(Random& random, const std::vector<Bytes>& real, const CodecTables& tables)
{
    Bytes bytes;
    switch (random.Below(4))
    {
    case 0:
        bytes.resize(random.Below(300));
        for (auto& byte : bytes)
        {
            byte = static_cast<uint8_t>(random.Below(256));
        }
        break;
    case 1:
        bytes.resize(4 + random.Below(60));
        for (auto& byte : bytes)
        {
            byte = static_cast<uint8_t>(random.Below(2) == 0 ? 255 : random.Below(256));
        }
        WriteSymbolsHeader(0, random.Below(LATENT_SIZE - 300), 1 + random.Below(300), bytes.data());
        break;
    case 2:
        bytes.resize(4 + random.Below(44));
        for (auto& byte : bytes)
        {
            byte = static_cast<uint8_t>(random.Below(256));
        }
        WriteMapHeader(0, random.Below(41), random.Below(3) == 0, tables.modelId, bytes.data());
        break;
    default:
        bytes = real[random.Below(static_cast<uint32_t>(real.size()))];
        for (uint32_t flips = random.Below(4); flips > 0; --flips)
        {
            bytes[random.Below(static_cast<uint32_t>(bytes.size()))] ^=
                static_cast<uint8_t>(1U << random.Below(8));
        }
        if (random.Below(2) == 0)
        {
            bytes.resize(random.Below(static_cast<uint32_t>(bytes.size()) + 1));
        }
    }
    return bytes;
}

TEST(Reassembler, OtherOrdersGiveWhatTheyCarryToo)
{
    CodecTables tables = MakeTables();
    for (auto& channel : tables.reconstruction)
    {
        for (auto& value : channel)
        {
            value += 1;
        }
    }
    Random random(58);
    Fragmenter fragmenter(tables);
    for (const auto order : {ValueOrder::SALIENCY, ValueOrder::CHANNEL, ValueOrder::RANDOM})
    {
        Reassembler reassembler(tables, order);
        for (int round = 0; round < 20; ++round)
        {
            reassembler.Reset();
            const Sample sample = MakeSample(tables, random);
            FragmentOptions options;
            options.maxFragmentBytes = 11 + random.Below(300);
            options.order = order;
            options.mapCopies = 2;
            std::vector<Bytes> chosen;
            for (const Bytes& bytes : fragmenter.All(sample.map, sample.symbols.data(), options))
            {
                EXPECT_TRUE(NeedsMap(order) || !IsMap(bytes)) << "no map that nobody needs";
                if (IsMap(bytes) || random.Below(2) == 0)
                {
                    chosen.push_back(bytes);
                }
            }
            random.Shuffle(chosen);
            for (const Bytes& bytes : chosen)
            {
                Add(reassembler, bytes);
            }
            ASSERT_EQ(LatentOf(reassembler), Expected(tables, sample, chosen, order));
        }
    }
}

TEST(Reassembler, GarbageGivesDefinedResults)
{
    const CodecTables tables = MakeTables();
    std::vector<std::set<float>> allowed(LATENT_CHANNELS);
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        allowed[c].insert(tables.reconstruction[c].begin(), tables.reconstruction[c].end());
        allowed[c].insert(0.0F);
    }
    Random random(57);
    size_t total = 0;
    std::vector<size_t> results(6);
    for (int round = 0; total < 100000; ++round)
    {
        const auto real = Cut(tables, MakeSample(tables, random), 51);
        Reassembler reassembler(tables);
        Reassembler mapFirst(tables);
        std::vector<Bytes> symbols;
        Bytes map(4 + random.Below(41));
        for (size_t i = 4; i < map.size(); ++i)
        {
            map[i] = static_cast<uint8_t>(random.Below(256));
        }
        WriteMapHeader(0, 0, true, tables.modelId, map.data());
        ASSERT_EQ(Add(mapFirst, map), Result::ACCEPTED);

        const size_t count = 1 + random.Below(2000);
        total += count;
        size_t before = 0;
        bool full = false;
        for (size_t i = 0; i < count; ++i)
        {
            const Bytes bytes = Garbage(random, real, tables);
            const Result result = Add(reassembler, bytes);
            ++results[static_cast<size_t>(result)];
            full = full || result == Result::NO_ROOM;
            ASSERT_LE(reassembler.ValueCount(), static_cast<size_t>(LATENT_SIZE));
            ASSERT_GE(reassembler.ValueCount(), before);
            before = reassembler.ValueCount();
            if (!IsMap(bytes) && ParseFragment(bytes.data(), bytes.size()).imageId == 0)
            {
                symbols.push_back(bytes);
                Add(mapFirst, bytes);
            }
        }
        const std::vector<float> latent = LatentOf(reassembler);
        for (int i = 0; i < LATENT_SIZE; ++i)
        {
            ASSERT_EQ(allowed[i / LATENT_CELLS].count(latent[i]), 1U);
        }
        // the same bytes give the same, whether the map comes first or last
        Reassembler mapLast(tables);
        for (const Bytes& bytes : symbols)
        {
            full = full || Add(mapLast, bytes) == Result::NO_ROOM;
        }
        ASSERT_EQ(Add(mapLast, map), Result::ACCEPTED);
        if (!full)
        {
            ASSERT_EQ(LatentOf(mapLast), LatentOf(mapFirst));
            ASSERT_EQ(mapLast.ValueCount(), mapFirst.ValueCount());
        }
    }
    for (Result result : {Result::ACCEPTED,
                          Result::DUPLICATE,
                          Result::INVALID,
                          Result::OTHER_IMAGE,
                          Result::OTHER_MODEL})
    {
        EXPECT_GT(results[static_cast<size_t>(result)], 0U);
    }
}

} // namespace
} // namespace limitnet::test
