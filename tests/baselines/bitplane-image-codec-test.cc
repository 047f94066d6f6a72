// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/bitplane-image-codec.h"
#include "limitnet/codec/error.h"
#include "limitnet/device/device-profile.h"
#include "limitnet/evaluation/image-quality.h"
#include "tests/evaluation/wave-picture.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>

namespace limitnet
{
namespace
{

/** Both ends. */
struct Ends
{
    std::shared_ptr<const ImageEncoder> encoder;
    std::shared_ptr<const ImageDecoder> decoder;
};

Ends
Codec(size_t bytes, double lossPercent)
{
    BitplaneOptions options;
    options.bytes = bytes;
    options.lossPercent = lossPercent;
    return {std::make_shared<BitplaneEncoder>(options),
            std::make_shared<BitplaneDecoder>(options.side)};
}

TEST(BitplaneImageCodec, KeepsToItsBytesAndFillsThem)
{
    const Image picture = Waves(32);
    for (const size_t bytes : {60, 150, 200, 400, 801})
    {
        for (const double loss : {0.0, 30.0})
        {
            for (const size_t most : {11, 51, 222})
            {
                const auto codec = Codec(bytes, loss);
                const auto encoded = codec.encoder->Encode(picture, 5, EncodingLimits(most));
                size_t sum = 0;
                for (const auto& fragment : encoded.fragments)
                {
                    EXPECT_LE(fragment.size(), most);
                    EXPECT_EQ(codec.decoder->ImageIdOf(fragment), 5);
                    sum += fragment.size();
                }
                EXPECT_LE(sum, bytes);
                if (loss > 0)
                {
                    EXPECT_GT(sum + encoded.fragments.size() + 2, bytes) << "one length";
                }
                EXPECT_GT(DeviceProfile::Get("stm32f7").EncodingSeconds(encoded.work), 0);
                EXPECT_TRUE(codec.decoder->Decode(encoded.fragments));
            }
        }
    }
}

TEST(BitplaneImageCodec, AnyPartAsLargeAsTheStreamGivesItBack)
{
    const Image picture = Waves(32);
    const auto codec = Codec(800, 50);
    const auto encoded = codec.encoder->Encode(picture, 63, EncodingLimits(51));
    ASSERT_EQ(encoded.fragments.size(), 16U);
    const size_t k = encoded.fragments[0][1];
    EXPECT_GT(k, 2U);
    EXPECT_LT(k, 8U);
    const auto whole = codec.decoder->Decode(encoded.fragments);
    ASSERT_TRUE(whole);
    std::mt19937 random(3);
    auto fragments = encoded.fragments;
    for (int run = 0; run < 50; ++run)
    {
        std::shuffle(fragments.begin(), fragments.end(), random);
        const auto end = fragments.begin() + static_cast<std::ptrdiff_t>(k);
        const auto decoded = codec.decoder->Decode({fragments.begin(), end});
        ASSERT_TRUE(decoded);
        EXPECT_EQ(decoded->rgb, whole->rgb);
    }
    // Less than that: the beginning, if it is there.
    EXPECT_TRUE(codec.decoder->Decode({encoded.fragments[0]}));
    EXPECT_FALSE(codec.decoder->Decode({encoded.fragments[1], encoded.fragments[k]}));
    EXPECT_FALSE(codec.decoder->Decode({}));
    // A picture that says nothing is a fragment too.
    Image grey{32, 32, std::vector<uint8_t>(size_t{3} * 32 * 32, 128)};
    const auto little = codec.encoder->Encode(grey, 0, EncodingLimits(51));
    ASSERT_FALSE(little.fragments.empty());
    EXPECT_EQ(codec.decoder->Decode({little.fragments.back()})->rgb, grey.rgb);
}

TEST(BitplaneImageCodec, EachFragmentInOrderMakesThePictureBetter)
{
    const Image picture = Waves(32);
    const auto codec = Codec(400, 0);
    const auto encoded = codec.encoder->Encode(picture, 0, EncodingLimits(51));
    std::vector<Bytes> received;
    double before = 0;
    for (const auto& fragment : encoded.fragments)
    {
        received.push_back(fragment);
        const auto decoded = codec.decoder->Decode(received);
        ASSERT_TRUE(decoded);
        const double now = PsnrDb(*decoded, picture);
        EXPECT_GT(now, before - 0.1);
        before = now;
    }
    EXPECT_GT(before, 30);
}

TEST(BitplaneImageCodec, LeavesOtherFragmentsAlone)
{
    const auto codec = Codec(400, 30);
    const auto one = codec.encoder->Encode(Waves(32), 1, EncodingLimits(51)).fragments;
    const auto other = codec.encoder->Encode(Waves(32), 2, EncodingLimits(51)).fragments;
    auto mixed = one;
    mixed.insert(mixed.end(), other.begin(), other.end());
    EXPECT_EQ(codec.decoder->Decode(mixed)->rgb, codec.decoder->Decode(one)->rgb);
    EXPECT_FALSE(codec.decoder->ImageIdOf({}));
    EXPECT_FALSE(codec.decoder->ImageIdOf({5, 1, 0}));
    EXPECT_FALSE(codec.decoder->ImageIdOf({4, 1, 0, 9})) << "another version";
    EXPECT_FALSE(codec.decoder->ImageIdOf({5, 0, 0, 9})) << "of none";
    std::mt19937 random(9);
    for (int run = 0; run < 200; ++run)
    {
        std::vector<Bytes> nonsense(random() % 8);
        for (auto& bytes : nonsense)
        {
            bytes.resize(random() % 20);
            std::generate(bytes.begin(), bytes.end(), [&] { return random() & 0x7; });
        }
        EXPECT_NO_THROW(codec.decoder->Decode(nonsense));
    }
}

TEST(BitplaneImageCodec, DataAndParityAreTheBestShares)
{
    EXPECT_EQ(BitplaneDataFragments(16, 47, 0), 16U);
    EXPECT_EQ(BitplaneDataFragments(1, 47, 0.9), 1U);
    size_t before = 16;
    for (const double loss : {0.05, 0.1, 0.2, 0.3, 0.5, 0.7})
    {
        // every pattern of 10 fragments, counted one by one
        constexpr unsigned COUNT = 10;
        size_t best = 0;
        double most = 0;
        for (size_t k = 1; k <= COUNT; ++k)
        {
            double value = 0;
            for (unsigned pattern = 0; pattern < 1U << COUNT; ++pattern)
            {
                double chance = 1;
                size_t arrived = 0;
                for (unsigned i = 0; i < COUNT; ++i)
                {
                    const bool lost = (pattern >> i & 1) != 0;
                    chance *= lost ? loss : 1 - loss;
                    arrived += lost ? 0 : 1;
                }
                value += arrived >= k ? chance * BitplaneValue(47 * k) : 0;
            }
            if (value > most)
            {
                most = value;
                best = k;
            }
        }
        EXPECT_EQ(BitplaneDataFragments(COUNT, 47, loss), best) << loss;
        EXPECT_LE(best, before);
        before = best;
    }
    for (size_t bytes = 0; bytes < 2100; bytes += 7)
    {
        EXPECT_LE(BitplaneValue(bytes), BitplaneValue(bytes + 7));
    }
}

TEST(BitplaneImageCodec, RefusesWhatMakesNoSense)
{
    EXPECT_THROW(Codec(3, 0).encoder->Encode(Waves(32), 0, EncodingLimits(51)), Error);
    EXPECT_THROW(Codec(100, 0).encoder->Encode(Waves(32), 0, EncodingLimits(10)), Error);
    EXPECT_THROW(Codec(100, 95), Error);
    BitplaneOptions options;
    options.side = 33;
    EXPECT_THROW(BitplaneEncoder{options}, Error);
    EXPECT_THROW(BitplaneDecoder{33}, Error);
}

} // namespace
} // namespace limitnet
