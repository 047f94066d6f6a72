// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/map-code.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>

namespace limitnet::test
{
namespace
{

using MapBytes = std::array<uint8_t, MAX_MAP_BYTES>;

TEST(MapCode, SmoothMapsRoundTripAndAreSmall)
{
    const CodecTables tables = MakeTables();
    Random random(71);
    size_t total = 0;
    constexpr int rounds = 300;
    for (int round = 0; round < rounds; ++round)
    {
        const SaliencyMap map = QuantiseSaliency(MakeSaliency(random).data());
        SaliencyMap sent = map;
        MapBytes bytes{};
        const size_t size = EncodeSaliencyMap(tables.entropy, sent, bytes.data());
        EXPECT_EQ(sent, map) << "a smooth map is sent as it is";
        EXPECT_EQ(DecodeSaliencyMap(tables.entropy, bytes.data(), size), map);
        total += size;
    }
    EXPECT_LT(total, rounds * 32U) << "on the average well below the 41 bytes of plain levels";
}

TEST(MapCode, NoiseIsCoarsenedToFit)
{
    const CodecTables tables = MakeTables();
    Random random(72);
    for (int round = 0; round < 300; ++round)
    {
        SaliencyMap map;
        map.range = static_cast<uint8_t>(random.Below(256));
        for (auto& level : map.level)
        {
            level = static_cast<uint8_t>(random.Below(32));
        }
        SaliencyMap sent = map;
        MapBytes bytes{};
        const size_t size = EncodeSaliencyMap(tables.entropy, sent, bytes.data());
        ASSERT_LE(size, MAX_MAP_BYTES);
        ASSERT_EQ(DecodeSaliencyMap(tables.entropy, bytes.data(), size), sent);
        EXPECT_EQ(sent.range, map.range);
        for (int i = 0; i < MAP_CELLS; ++i)
        {
            ASSERT_EQ(sent.level[i], map.level[i] / 2 * 2);
        }
    }
}

TEST(MapCode, FlatMapTakesFewBytes)
{
    const CodecTables tables = MakeTables();
    SaliencyMap flat;
    MapBytes bytes{};
    EXPECT_EQ(EncodeSaliencyMap(tables.entropy, flat, bytes.data()), 0U);
    EXPECT_EQ(DecodeSaliencyMap(tables.entropy, nullptr, 0), SaliencyMap());
}

TEST(MapCode, AnyBytesAreAMap)
{
    const CodecTables tables = MakeTables();
    Random random(73);
    for (int round = 0; round < 3000; ++round)
    {
        MapBytes bytes{};
        const size_t size = random.Below(MAX_MAP_BYTES + 1);
        for (auto& byte : bytes)
        {
            byte = static_cast<uint8_t>(random.Below(3) == 0 ? 255 : random.Below(256));
        }
        const SaliencyMap map = DecodeSaliencyMap(tables.entropy, bytes.data(), size);
        EXPECT_TRUE(std::all_of(map.level.begin(), map.level.end(), [](int l) { return l < 32; }));
    }
}

TEST(MapCode, PredictionByHand)
{
    std::array<uint8_t, MAP_CELLS> levels{};
    const auto predict = [&levels](int left, int above, int corner) {
        levels[9] = static_cast<uint8_t>(corner);
        levels[10] = static_cast<uint8_t>(above);
        levels[17] = static_cast<uint8_t>(left);
        const MapPrediction prediction = PredictLevel(levels.data(), 18);
        return std::array<int, 2>{prediction.level, prediction.context};
    };
    EXPECT_EQ(predict(5, 5, 5), (std::array<int, 2>{5, 0}));
    EXPECT_EQ(predict(6, 5, 5), (std::array<int, 2>{6, 0})); // 6 + 5 - 5
    EXPECT_EQ(predict(7, 6, 5), (std::array<int, 2>{7, 1})); // 8, kept to 7
    EXPECT_EQ(predict(10, 14, 11), (std::array<int, 2>{13, 1}));
    EXPECT_EQ(predict(10, 20, 14), (std::array<int, 2>{16, 2}));
    EXPECT_EQ(predict(0, 31, 31), (std::array<int, 2>{0, 3}));
    levels[0] = 9;
    EXPECT_EQ(PredictLevel(levels.data(), 1).level, 9);
    EXPECT_EQ(PredictLevel(levels.data(), 1).context, 4);
    EXPECT_EQ(PredictLevel(levels.data(), 8).level, 9);
    EXPECT_EQ(PredictLevel(levels.data(), 8).context, 4);
}

} // namespace
} // namespace limitnet::test
