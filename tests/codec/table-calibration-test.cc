// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/error.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/codec/symbol-model.h"
#include "limitnet/codec/table-calibration.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

namespace limitnet::test
{
namespace
{

struct Images
{
    explicit Images(size_t count, uint64_t seed)
        : maps(count)
    {
        Random random(seed);
        for (size_t i = 0; i < count; ++i)
        {
            const std::vector<float> latent = MakeLatent(random);
            latents.insert(latents.end(), latent.begin(), latent.end());
            maps[i] = QuantiseSaliency(MakeSaliency(random).data());
        }
    }

    CalibrationData Data() const
    {
        CalibrationData data;
        data.latents = latents.data();
        data.maps = maps.data();
        data.images = maps.size();
        return data;
    }

    std::vector<float> latents;
    std::vector<SaliencyMap> maps;
};

TEST(TableCalibration, CellsFollowTheData)
{
    const Images images(3, 3);
    const CodecTables tables = CalibrateTables(images.Data());
    EXPECT_NO_THROW(tables.Check());
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        std::vector<float> values;
        for (int i = 0; i < 3; ++i)
        {
            const auto from = images.latents.begin() + i * LATENT_SIZE + c * LATENT_CELLS;
            values.insert(values.end(), from, from + LATENT_CELLS);
        }
        const auto& frequency = tables.entropy.frequency[c];
        EXPECT_EQ(std::accumulate(frequency.begin(), frequency.end(), 0), 32768);
        double symbolSum = 0;
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            double sum = 0;
            int count = 0;
            for (float value : values)
            {
                if (QuantiseValue(value, tables.scale[c], tables.offset[c]) == s)
                {
                    sum += value;
                    ++count;
                }
            }
            symbolSum += s * count;
            // one each in advance, the other 32704 in proportion, rounded by less than one
            EXPECT_NEAR(frequency[s], 1 + 32704.0 * count / static_cast<double>(values.size()), 1);
            if (count > 0)
            {
                EXPECT_NEAR(tables.reconstruction[c][s], sum / count, 1e-5);
            }
            else
            {
                EXPECT_EQ(
                    QuantiseValue(tables.reconstruction[c][s], tables.scale[c], tables.offset[c]),
                    s);
            }
        }
        EXPECT_NEAR(tables.entropy.mean[c] / 16.0,
                    symbolSum / static_cast<double>(values.size()),
                    1 / 32.0);
    }
    EXPECT_EQ(tables.modelId, static_cast<uint8_t>(tables.Checksum()));
    // channel 10 is constant 0
    EXPECT_EQ(tables.entropy.frequency[10][0], 32768 - 63);
    EXPECT_EQ(tables.reconstruction[10][0], 0.0F);
}

TEST(TableCalibration, StepsFollowTheSensitivity)
{
    const Images images(2, 4);
    CalibrationData data = images.Data();
    const auto published = [&images](int c) {
        float max = 0;
        for (int i = 0; i < 2; ++i)
        {
            const float* channel = images.latents.data() + i * LATENT_SIZE + c * LATENT_CELLS;
            max = std::max(max, *std::max_element(channel, channel + LATENT_CELLS));
        }
        return max * 4.0 / 255.0;
    };
    // channel c disturbs the picture 4^-c times as much as channel 0 at the published step
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        data.sensitivity[c] = c == 10 ? 1 : std::pow(4.0, -c) / std::pow(published(c), 2);
    }
    const CodecTables tables = CalibrateTables(data);
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        if (c != 10)
        {
            const double steps = std::min(16.0, 1.1 * std::pow(4.0, 0.4 * c));
            EXPECT_NEAR(1 / (tables.scale[c] * published(c)), steps, 1e-4 * steps) << c;
            EXPECT_NEAR(tables.offset[c], 0.5, 1e-6);
        }
    }
}

TEST(TableCalibration, WeightsPredictAPlane)
{
    // Each channel is a tilted plane: with the eight neighbours known, or with the row above and
    // the left one, the symbol is predicted almost exactly; with one neighbour it is not.
    Random random(5);
    std::vector<float> latents;
    std::vector<SaliencyMap> maps(40);
    for (size_t i = 0; i < maps.size(); ++i)
    {
        for (int c = 0; c < LATENT_CHANNELS; ++c)
        {
            const float dx = random.Bell();
            const float dy = random.Bell();
            const float level = 32 + random.Bell() * 4;
            for (int k = 0; k < LATENT_CELLS; ++k)
            {
                latents.push_back(level + dx * (static_cast<float>(k % 28) - 13.5F) * 0.4F +
                                  dy * (static_cast<float>(k / 28) - 13.5F) * 0.4F);
            }
        }
    }
    CalibrationData data;
    data.latents = latents.data();
    data.maps = maps.data();
    data.images = maps.size();
    const CodecTables tables = CalibrateTables(data);
    std::vector<uint8_t> symbols(LATENT_SIZE);
    QuantiseLatent(tables, latents.data(), symbols.data());
    SymbolModel model(tables.entropy);
    const int cell = 14 * LATENT_WIDTH + 14;
    const auto errorWith = [&](const std::vector<int>& neighbours, int channel) {
        model.Begin();
        const int index = channel * LATENT_CELLS + cell;
        for (int d : neighbours)
        {
            model.Know(index + NEIGHBOUR_INDEX[d]);
        }
        return std::abs(model.Predict(index, symbols.data()).mean16 / 16.0 - symbols[index]);
    };
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        EXPECT_LT(errorWith({0, 1, 2, 3, 4, 5, 6, 7}, c), 0.8) << c;
        EXPECT_LT(errorWith({0, 1, 2, 3}, c), 1.2) << c;
    }
    EXPECT_EQ(tables.entropy.confidence[0][255], 0);
    EXPECT_GT(tables.entropy.confidence[0][1], 0);
}

TEST(TableCalibration, WidthsGrowWithTheNoise)
{
    // the same plane with little and with much noise
    const auto calibrated = [](float noise) {
        Random random(6);
        std::vector<float> latents;
        std::vector<SaliencyMap> maps(20);
        for (size_t i = 0; i < maps.size() * LATENT_SIZE; ++i)
        {
            const auto column = static_cast<float>(i % 28);
            latents.push_back(std::max(0.0F, 20 + column + noise * random.Bell()));
        }
        latents[0] = 0;
        latents[1] = 63;
        CalibrationData data;
        data.latents = latents.data();
        data.maps = maps.data();
        data.images = maps.size();
        return CalibrateTables(data);
    };
    const CodecTables quiet = calibrated(0.5F);
    const CodecTables loud = calibrated(4.0F);
    // confidence 0, spread 3 (neighbours 4 to 7 apart)
    EXPECT_GT(loud.entropy.width[0][0][3][0], quiet.entropy.width[0][0][3][0]);
}

TEST(TableCalibration, BadInputIsNamed)
{
    EXPECT_THROW(CalibrateTables({}), Error);
    Images images(1, 7);
    images.latents[800] = std::numeric_limits<float>::quiet_NaN();
    try
    {
        CalibrateTables(images.Data());
        FAIL() << "a value that is not a number was accepted";
    }
    catch (const Error& error)
    {
        EXPECT_STREQ(
            error.what(),
            "codec calibration: image 0 channel 1 has a value that is not a finite number");
    }
}

} // namespace
} // namespace limitnet::test
