// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_TESTS_CODEC_CODEC_TEST_DATA_H
#define LIMITNET_TESTS_CODEC_CODEC_TEST_DATA_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/fragment.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/codec/saliency-map.h"
#include "limitnet/codec/table-calibration.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace limitnet::test
{

/// Random numbers that are the same on every machine.
class Random
{
  public:
    explicit Random(uint64_t seed)
        : m_engine(seed)
    {
    }

    /// 0 .. below-1.
    uint32_t Below(uint32_t below)
    {
        return static_cast<uint32_t>((m_engine() >> 32) * below >> 32);
    }

    /// 0 .. 1.
    float Unit()
    {
        return static_cast<float>(m_engine() >> 40) / 16777215.0F;
    }

    /// Bell-shaped, mean 0, deviation 1.
    float Bell()
    {
        float sum = 0;
        for (int i = 0; i < 12; ++i)
        {
            sum += Unit();
        }
        return sum - 6.0F;
    }

    /// In another order.
    template <typename T>
    void Shuffle(std::vector<T>& items)
    {
        for (size_t i = items.size(); i > 1; --i)
        {
            std::swap(items[i - 1], items[Below(static_cast<uint32_t>(i))]);
        }
    }

  private:
    std::mt19937_64 m_engine;
};

/// A latent like those of the network: half of the values 0 (ReLU), the rest bell-shaped, each
/// channel with another spread, channel 10 constant.
inline std::vector<float>
MakeLatent(Random& random)
{
    std::vector<float> latent(LATENT_SIZE);
    for (int i = 0; i < LATENT_SIZE; ++i)
    {
        const int channel = i / LATENT_CELLS;
        const float spread = 0.5F + 0.3F * static_cast<float>(channel);
        latent[i] = channel == 10 ? 0.0F : std::max(0.0F, random.Bell() * spread);
    }
    return latent;
}

/// A smooth spot somewhere in the picture.
inline std::vector<float>
MakeSaliency(Random& random)
{
    std::vector<float> saliency(LATENT_CELLS);
    const float cx = random.Unit() * 27;
    const float cy = random.Unit() * 27;
    const float width = 3 + random.Unit() * 10;
    const float height = 0.2F + random.Unit() * 0.7F;
    for (int y = 0; y < LATENT_HEIGHT; ++y)
    {
        for (int x = 0; x < LATENT_WIDTH; ++x)
        {
            const float dx = (static_cast<float>(x) - cx) / width;
            const float dy = (static_cast<float>(y) - cy) / width;
            saliency[y * LATENT_WIDTH + x] = 0.05F + height * std::exp(-(dx * dx + dy * dy));
        }
    }
    return saliency;
}

/// Tables calibrated on a few made latents.
inline CodecTables
MakeTables(uint64_t seed = 1)
{
    Random random(seed);
    std::vector<float> latents;
    std::vector<SaliencyMap> maps;
    for (int i = 0; i < 6; ++i)
    {
        const std::vector<float> latent = MakeLatent(random);
        latents.insert(latents.end(), latent.begin(), latent.end());
        maps.push_back(QuantiseSaliency(MakeSaliency(random).data()));
    }
    CalibrationData data;
    data.latents = latents.data();
    data.maps = maps.data();
    data.images = maps.size();
    return CalibrateTables(data);
}

/// A quantised image with its map.
struct Sample
{
    SaliencyMap map;
    std::vector<uint8_t> symbols; // by latent index
};

inline Sample
MakeSample(const CodecTables& tables, Random& random)
{
    Sample sample;
    sample.map = QuantiseSaliency(MakeSaliency(random).data());
    sample.symbols.resize(LATENT_SIZE);
    QuantiseLatent(tables, MakeLatent(random).data(), sample.symbols.data());
    return sample;
}

inline std::vector<Bytes>
Cut(const CodecTables& tables,
    const Sample& sample,
    size_t maxFragmentBytes,
    size_t valueCount = LATENT_SIZE,
    unsigned mapCopies = 1,
    uint8_t imageId = 0)
{
    Fragmenter fragmenter(tables);
    FragmentOptions options;
    options.imageId = imageId;
    options.maxFragmentBytes = maxFragmentBytes;
    options.valueCount = valueCount;
    options.mapCopies = mapCopies;
    return fragmenter.All(sample.map, sample.symbols.data(), options);
}

inline bool
IsMap(const Bytes& bytes)
{
    return ParseFragment(bytes.data(), bytes.size()).kind == FragmentKind::MAP;
}

inline Reassembler::Result
Add(Reassembler& reassembler, const Bytes& bytes)
{
    return reassembler.Add(bytes.data(), bytes.size());
}

inline std::vector<float>
LatentOf(const Reassembler& reassembler)
{
    std::vector<float> latent(LATENT_SIZE);
    reassembler.Latent(latent.data());
    return latent;
}

} // namespace limitnet::test

#endif // LIMITNET_TESTS_CODEC_CODEC_TEST_DATA_H
