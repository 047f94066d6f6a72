// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "limitnet/evaluation/picture-symbols.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

/** Coloured waves. */
Image
Waves()
{
    Image image{64, 48, {}};
    for (int y = 0; y < image.height; ++y)
    {
        for (int x = 0; x < image.width; ++x)
        {
            image.rgb.push_back(static_cast<uint8_t>(127 + 100 * std::sin(0.3 * x)));
            image.rgb.push_back(static_cast<uint8_t>(127 + 100 * std::cos(0.2 * (x + y))));
            image.rgb.push_back(static_cast<uint8_t>(127 + 100 * std::sin(0.4 * y)));
        }
    }
    return image;
}

class PictureSymbolsTest : public testing::Test
{
  protected:
    static void SetUpTestSuite()
    {
        s_model = std::make_shared<CodecModel>(FindModel("codec-224"));
        s_symbols = QuantisePicture(*s_model, s_model->Encode(Waves()));
    }

    static void TearDownTestSuite()
    {
        s_model.reset();
    }

    static std::vector<Bytes> Cut(std::size_t values, std::size_t mtu)
    {
        FragmentOptions options;
        options.maxFragmentBytes = mtu;
        options.valueCount = values;
        return Fragmenter(s_model->Tables()).All(s_symbols.map, s_symbols.symbols.data(), options);
    }

    static std::shared_ptr<const CodecModel> s_model;
    static PictureSymbols s_symbols;
};

std::shared_ptr<const CodecModel> PictureSymbolsTest::s_model;
PictureSymbols PictureSymbolsTest::s_symbols;

TEST_F(PictureSymbolsTest, AreWhatTheDeviceSends)
{
    EXPECT_EQ(Cut(2000, 51),
              LimitNetEncoder(MakePictureEncoder("float", s_model, {}), 2000, 1)
                  .Encode(Waves(), 0, 51)
                  .fragments);
}

TEST_F(PictureSymbolsTest, PercentagesRoundToValues)
{
    EXPECT_EQ(ValuesOfPercentage(100), 9408U);
    EXPECT_EQ(ValuesOfPercentage(10), 941U);
    EXPECT_EQ(ValuesOfPercentage(1e-9), 1U);
}

/** The budget is used to the last value: one more would not fit. */
TEST_F(PictureSymbolsTest, BudgetIsExact)
{
    for (const std::size_t mtu : {11U, 51U, 222U, 1500U})
    {
        FragmentOptions options;
        options.maxFragmentBytes = mtu;
        Fragmenter fragmenter(s_model->Tables());
        const auto all = TotalBytes(Cut(LATENT_SIZE, mtu));
        for (const std::size_t budget :
             {100U, 101U, 222U, 223U, 500U, 1000U, 1777U, 3000U, 100000U})
        {
            const auto fragments = FragmentsWithin(fragmenter, s_symbols, options, budget);
            EXPECT_LE(TotalBytes(fragments), budget);
            if (budget >= all)
            {
                EXPECT_EQ(TotalBytes(fragments), all);
                continue;
            }
            const auto received = ReceiveLatent(s_model->Tables(), fragments);
            const std::size_t values = received ? received->valueCount : 0;
            EXPECT_GT(TotalBytes(Cut(values + 1, mtu)), budget) << mtu << ' ' << budget;
            EXPECT_EQ(fragments, values > 0 ? Cut(values, mtu) : std::vector<Bytes>());
        }
    }
}

TEST_F(PictureSymbolsTest, NothingFitsIntoTooSmallABudget)
{
    const FragmentOptions options;
    Fragmenter fragmenter(s_model->Tables());
    EXPECT_TRUE(FragmentsWithin(fragmenter, s_symbols, options, 0).empty());
    EXPECT_TRUE(FragmentsWithin(fragmenter, s_symbols, options, 5).empty());
    FragmentOptions wrong;
    wrong.maxFragmentBytes = 3;
    EXPECT_THROW(FragmentsWithin(fragmenter, s_symbols, wrong, 500), Error);
}

/** Using the first part of what was sent is the same as having sent only that. */
TEST_F(PictureSymbolsTest, APartOfAllIsThatPartAlone)
{
    const auto part = ReceiveLatent(s_model->Tables(), Cut(9408, 222), 700);
    const auto alone = ReceiveLatent(s_model->Tables(), Cut(700, 222));
    ASSERT_TRUE(part && alone);
    EXPECT_EQ(part->latent, alone->latent);
    EXPECT_EQ(part->valueCount, 700U);
    EXPECT_EQ(alone->valueCount, 700U);
    // This picture is so restless that its map may not fit in 40 bytes; then it goes with 16 levels
    // (docs/bitstream.md).
    const bool coarse = part->map != s_symbols.map;
    for (std::size_t cell = 0; cell < MAP_CELLS; ++cell)
    {
        const int level = s_symbols.map.level[cell];
        EXPECT_EQ(int{part->map.level[cell]}, coarse ? level / 2 * 2 : level) << cell;
    }
}

TEST_F(PictureSymbolsTest, WithoutTheMapThereIsNothing)
{
    auto fragments = Cut(700, 222);
    EXPECT_FALSE(ReceiveLatent(s_model->Tables(), {fragments[0]}));
    fragments.erase(fragments.begin());
    EXPECT_FALSE(ReceiveLatent(s_model->Tables(), fragments));
    EXPECT_FALSE(ReceiveLatent(s_model->Tables(), {}));
}

} // namespace
} // namespace limitnet
