// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/evaluation/erasure-codec.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <random>

namespace limitnet
{
namespace
{

/** Fragments of many lengths with the image's id, the first of which is vital. */
class MadeUpEncoder : public ImageEncoder
{
  public:
    explicit MadeUpEncoder(size_t count)
        : m_count(count)
    {
    }

    EncodedImage Encode(const Image&, uint8_t imageId, const EncodingLimits& limits) const override
    {
        std::mt19937 random(static_cast<unsigned>(m_count));
        EncodedImage encoded;
        size_t sum = 0;
        for (size_t i = 0; i < m_count; ++i)
        {
            Bytes bytes(5 + random() % (limits.fragmentBytes - 4));
            for (auto& byte : bytes)
            {
                byte = static_cast<uint8_t>(random());
            }
            bytes[0] = static_cast<uint8_t>(imageId << 2 | 1);
            bytes[1] = static_cast<uint8_t>(i);
            sum += bytes.size();
            if (limits.bytes > 0 && sum > limits.bytes)
            {
                break;
            }
            encoded.fragments.push_back(bytes);
        }
        encoded.vital = {true};
        return encoded;
    }

  private:
    size_t m_count;
};

/** Gives what it gets as a picture of one row. */
class ListingDecoder : public ImageDecoder
{
  public:
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override
    {
        Image image;
        for (const auto& fragment : fragments)
        {
            image.rgb.insert(image.rgb.end(), fragment.begin(), fragment.end());
        }
        return image;
    }

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override
    {
        return static_cast<uint8_t>(fragment.at(0) >> 2);
    }

    std::string Identity() const override
    {
        return "listing";
    }
};

ErasureDecoder
Decoder()
{
    return ErasureDecoder(std::make_shared<ListingDecoder>());
}

std::vector<Bytes>
Sorted(std::vector<Bytes> fragments)
{
    std::sort(fragments.begin(), fragments.end());
    return fragments;
}

/** Product in GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1, bit by bit. */
unsigned
Product(unsigned a, unsigned b)
{
    unsigned product = 0;
    for (; b != 0; b >>= 1)
    {
        product ^= (b & 1) != 0 ? a : 0;
        a = (a << 1) ^ ((a & 0x80) != 0 ? 0x11DU : 0U);
    }
    return product;
}

unsigned
Inverse(unsigned a)
{
    unsigned b = 1;
    while (Product(a, b) != 1)
    {
        ++b;
    }
    return b;
}

TEST(ErasureCodec, ParityIsTheCauchyCode)
{
    const ErasureEncoder encoder(std::make_shared<MadeUpEncoder>(3), {100});
    const auto fragments = encoder.Encode({}, 9, 60).fragments;
    ASSERT_EQ(fragments.size(), 6U);
    for (size_t p = 3; p < 6; ++p)
    {
        EXPECT_EQ(fragments[p][0], 9U << 2);
        EXPECT_EQ(fragments[p][1], 0U) << "one block";
        EXPECT_EQ(fragments[p][2], p) << "places go on behind the fragments";
        EXPECT_EQ(fragments[p][3], 3U);
        for (size_t at = 0; at < fragments[p].size() - 4; ++at)
        {
            unsigned sum = 0;
            for (size_t k = 0; k < 3; ++k)
            {
                const auto& data = fragments[k];
                const size_t length = data.size() - 4;
                const unsigned byte = at == 0           ? static_cast<unsigned>(length >> 8)
                                      : at == 1         ? static_cast<unsigned>(length & 255)
                                      : at - 2 < length ? data[4 + at - 2]
                                                        : 0U;
                sum ^= Product(byte, Inverse(static_cast<unsigned>(p ^ k)));
            }
            ASSERT_EQ(fragments[p][4 + at], sum) << p << ", byte " << at;
        }
    }
}

TEST(ErasureCodec, AnyOfTheFragmentsGiveThePartBack)
{
    std::mt19937 random(5);
    for (const size_t count : {1, 2, 7, 40, 300})
    {
        const MadeUpEncoder inner(count);
        const ErasureEncoder encoder(std::make_shared<MadeUpEncoder>(count), {50});
        const auto whole = Sorted(inner.Encode({}, 3, 115 - ERASURE_OVERHEAD_BYTES).fragments);
        const auto sent = encoder.Encode({}, 3, 115).fragments;
        for (const auto& fragment : sent)
        {
            ASSERT_LE(fragment.size(), 115U);
            ASSERT_EQ(Decoder().ImageIdOf(fragment), 3);
        }
        for (int trial = 0; trial < 20; ++trial)
        {
            // From each block, which its number tells, exactly as many as it has fragments.
            std::array<std::vector<Bytes>, 256> blocks;
            for (const auto& fragment : sent)
            {
                blocks[fragment[1]].push_back(fragment);
            }
            std::vector<Bytes> received;
            for (auto& block : blocks)
            {
                std::shuffle(block.begin(), block.end(), random);
                block.resize(block.empty() ? 0 : block.front()[3]);
                received.insert(received.end(), block.begin(), block.end());
            }
            std::shuffle(received.begin(), received.end(), random);
            EXPECT_EQ(Sorted(Decoder().Recover(received)), whole) << count;
            // With one less, no block that lost something is recovered; what arrived is there.
            received.pop_back();
            const auto rest = Decoder().Recover(received);
            EXPECT_LT(rest.size(), whole.size());
        }
    }
}

TEST(ErasureCodec, ImportantPartsAreProtectedMore)
{
    const ErasureEncoder encoder(std::make_shared<MadeUpEncoder>(40), {100, 50, 0, 25});
    const auto encoded = encoder.Encode({}, 1, 222);
    // 10 + 10, 10 + 5, 10, 10 + 3 (a part of a fragment is one).
    ASSERT_EQ(encoded.fragments.size(), 58U);
    ASSERT_EQ(encoded.vital.size(), 58U);
    std::array<std::array<int, 2>, 4> counts{};
    for (const auto& fragment : encoded.fragments)
    {
        ++counts.at(fragment[1])[fragment[2] < fragment[3] ? 0 : 1];
    }
    EXPECT_EQ(counts, (std::array<std::array<int, 2>, 4>{{{10, 10}, {10, 5}, {10, 0}, {10, 3}}}));
    EXPECT_TRUE(encoded.vital[0]);
    EXPECT_EQ(std::count(encoded.vital.begin(), encoded.vital.end(), true), 1);
    EXPECT_EQ(encoded.work.stages.back().name, "erasure");
}

TEST(ErasureCodec, KeepsToALimitOfBytes)
{
    const ErasureEncoder encoder(std::make_shared<MadeUpEncoder>(40), {50});
    for (const size_t limit : {300, 1000, 2000})
    {
        size_t sum = 0;
        for (const auto& fragment : encoder.Encode({}, 1, {100, limit}).fragments)
        {
            sum += fragment.size();
        }
        EXPECT_LE(sum, limit);
        EXPECT_GT(sum, limit / 2) << "and makes use of it";
    }
}

TEST(ErasureCodec, NonsenseIsNoFragment)
{
    std::mt19937 random(1);
    std::vector<Bytes> rubbish;
    for (int i = 0; i < 20000; ++i)
    {
        Bytes bytes(random() % 30);
        for (auto& byte : bytes)
        {
            byte = static_cast<uint8_t>(random() % 7 == 0 ? random() : random() % 8);
        }
        rubbish.push_back(bytes);
    }
    Decoder().Recover(rubbish); // and does not crash
    EXPECT_FALSE(Decoder().ImageIdOf({0, 0, 0, 1}));
    EXPECT_FALSE(Decoder().ImageIdOf({1, 0, 0, 1, 5})) << "bits that are 0";
    EXPECT_FALSE(Decoder().ImageIdOf({0, 0, 0, 0, 5})) << "a block of nothing";
    EXPECT_THROW(ErasureEncoder(nullptr, {}), Error);
    EXPECT_THROW(ErasureEncoder(nullptr, {401}), Error);
    EXPECT_THROW(ErasureEncoder(std::make_shared<MadeUpEncoder>(1), {1}).Encode({}, 0, 16), Error);
}

} // namespace
} // namespace limitnet
