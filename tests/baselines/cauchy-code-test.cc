// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/cauchy-code.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace limitnet
{
namespace
{

/// A product in GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1, bit by bit.
unsigned
Product(unsigned a, unsigned b)
{
    unsigned product = 0;
    for (; b > 0; b >>= 1)
    {
        product ^= (b & 1) != 0 ? a : 0;
        a = a << 1 ^ ((a & 0x80) != 0 ? 0x11D : 0);
    }
    return product;
}

unsigned
Inverse(unsigned a)
{
    unsigned inverse = 1;
    while (Product(a, inverse) != 1)
    {
        ++inverse;
    }
    return inverse;
}

TEST(CauchyCode, IsThatOfItsDefinition)
{
    const std::vector<Bytes> data{{1, 200}, {2, 0}, {77, 5}};
    const auto parity = CauchyParity(data, 2);
    ASSERT_EQ(parity.size(), 2U);
    for (unsigned i = 0; i < 2; ++i)
    {
        for (size_t at = 0; at < 2; ++at)
        {
            unsigned sum = 0;
            for (unsigned j = 0; j < 3; ++j)
            {
                sum ^= Product(Inverse((3 + i) ^ j), data[j][at]);
            }
            EXPECT_EQ(parity[i][at], sum);
        }
    }
    EXPECT_TRUE(CauchyParity(data, 0).empty());
    EXPECT_TRUE(RecoverCauchy({}, 0).empty());
    EXPECT_TRUE(RecoverCauchy({{0, {1}}}, 0).empty());
}

TEST(CauchyCode, AnyPlacesAreEnough)
{
    std::mt19937 random(7);
    for (int run = 0; run < 200; ++run)
    {
        const size_t k = 1 + random() % 30;
        const size_t count = random() % 30;
        std::vector<Bytes> all(k, Bytes(5));
        for (auto& bytes : all)
        {
            std::generate(bytes.begin(), bytes.end(), [&] { return random() & 0xFF; });
        }
        for (const auto& parity : CauchyParity(all, count))
        {
            all.push_back(parity);
        }
        std::vector<size_t> order(all.size());
        for (size_t i = 0; i < order.size(); ++i)
        {
            order[i] = i;
        }
        std::shuffle(order.begin(), order.end(), random);
        std::map<size_t, Bytes> places;
        for (size_t i = 0; i < k; ++i)
        {
            EXPECT_TRUE(RecoverCauchy(places, k).empty()) << "too little";
            places.emplace(order[i], all[order[i]]);
        }
        const auto recovered = RecoverCauchy(places, k);
        for (size_t place = 0; place < k; ++place)
        {
            EXPECT_EQ(recovered.count(place) + places.count(place), 1U);
            if (recovered.count(place) > 0)
            {
                EXPECT_EQ(recovered.at(place), all[place]);
            }
        }
    }
}

} // namespace
} // namespace limitnet
