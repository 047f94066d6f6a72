// SPDX-License-Identifier: GPL-2.0-only

// What each part of the bitstream saves: sizes and PSNR of the same values of the same pictures,
// from the published code to the bitstream as it is, one part more with each row.
//
//   limitnet-bitstream-gain [DATASET [PICTURES]]        (cifar100 and 100 when not given)

#include "limitnet/codec/error.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/map-code.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/evaluation/published-codec.h"
#include "limitnet/nn/codec-model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace limitnet::bench
{
namespace
{

constexpr std::array PERCENTAGES{10.0, 30.0, 100.0};
constexpr size_t FRAGMENT_BYTES = 222;
constexpr size_t CALIBRATION_PICTURES = 1000;

/// Bytes of the map before it was predicted: range and 64 levels of 5 bits.
constexpr size_t PLAIN_MAP_BYTES = 41;

/// Classes of saliency that a context by saliency would tell apart.
constexpr int SALIENCY_CLASSES = 4;

struct Picture
{
    std::vector<float> latent;
    SaliencyMap map;
    std::array<uint16_t, LATENT_SIZE> order{};
    std::array<uint16_t, LATENT_CELLS> saliency{};
};

Picture
Encode(const CodecModel& codec, const Image& image)
{
    const auto encoded = codec.Encode(image);
    Picture picture;
    picture.latent = encoded.latent;
    picture.map = QuantiseSaliency(encoded.saliency.data());
    ImportanceOrder(picture.map, picture.order.data());
    UpsampleSaliency(picture.map, picture.saliency.data());
    return picture;
}

using SymbolOf = std::function<int(int channel, float value)>;

/// One fixed table for each channel and class of saliency.
class FixedTables
{
  public:
    FixedTables(const std::vector<Picture>& pictures, SymbolOf symbolOf, bool bySaliency)
        : m_symbolOf(std::move(symbolOf)),
          m_bySaliency(bySaliency)
    {
        for (auto& table : m_bits)
        {
            table.fill(1);
        }
        for (const auto& picture : pictures)
        {
            for (int i = 0; i < LATENT_SIZE; ++i)
            {
                ++m_bits[Table(picture, i)][Symbol(picture, i)];
            }
        }
        for (auto& table : m_bits)
        {
            double total = 0;
            for (const double count : table)
            {
                total += count;
            }
            for (double& count : table)
            {
                count = -std::log2(count / total);
            }
        }
    }

    /// Bytes of all fragments with symbols, by their ideal code lengths.
    double Bytes(const Picture& picture, size_t values) const
    {
        constexpr double room = 8.0 * (FRAGMENT_BYTES - FRAGMENT_HEADER_BYTES);
        double bytes = 0;
        double bits = 0;
        for (size_t n = 0; n < values; ++n)
        {
            const int i = picture.order[n];
            const double more = m_bits[Table(picture, i)][Symbol(picture, i)];
            if (bits + more > room)
            {
                bytes += FRAGMENT_BYTES;
                bits = 0;
            }
            bits += more;
        }
        return bytes + FRAGMENT_HEADER_BYTES + std::ceil(bits / 8);
    }

  private:
    size_t Table(const Picture& picture, int index) const
    {
        const int level = picture.saliency[index % LATENT_CELLS] * SALIENCY_CLASSES / 48609;
        return static_cast<size_t>(index / LATENT_CELLS * SALIENCY_CLASSES +
                                   (m_bySaliency ? level : 0));
    }

    size_t Symbol(const Picture& picture, int index) const
    {
        return static_cast<size_t>(m_symbolOf(index / LATENT_CELLS, picture.latent[index]));
    }

    SymbolOf m_symbolOf;
    bool m_bySaliency;
    std::array<std::array<double, SYMBOL_COUNT>, LATENT_CHANNELS * SALIENCY_CLASSES> m_bits{};
};

/// Means over the pictures, for each percentage.
struct Row
{
    const char* name;
    std::array<double, PERCENTAGES.size()> bytes{};
    std::array<double, PERCENTAGES.size()> psnrDb{};
};

void
Run(const std::string& name, size_t count)
{
    const CodecModel codec(FindModel("codec-224"));
    const auto& tables = codec.Tables();
    const auto training = OpenDataset(name, Split::TRAIN);
    std::vector<Picture> calibration;
    std::vector<float> latents;
    const size_t used = std::min(CALIBRATION_PICTURES, training->Size());
    for (size_t i = 0; i < used; ++i)
    {
        calibration.push_back(Encode(codec, training->At(i * training->Size() / used)));
        latents.insert(latents.end(),
                       calibration.back().latent.begin(),
                       calibration.back().latent.end());
    }
    const PublishedCodec published(latents.data(), used);
    const auto publishedSymbol = [&](int c, float value) { return published.Symbol(c, value); };
    const auto symbol = [&](int c, float value) {
        return static_cast<int>(
            std::clamp(std::floor(value * tables.scale[c] + tables.offset[c]), 0.0F, 63.0F));
    };
    const FixedTables fixed(calibration, publishedSymbol, false);
    const FixedTables fixedBySaliency(calibration, publishedSymbol, true);
    const FixedTables coarse(calibration, symbol, false);
    // mean of the values in each cell of the published quantiser
    std::array<std::array<double, SYMBOL_COUNT>, LATENT_CHANNELS> sum{};
    std::array<std::array<double, SYMBOL_COUNT>, LATENT_CHANNELS> number{};
    for (size_t i = 0; i < latents.size(); ++i)
    {
        const int c = static_cast<int>(i % LATENT_SIZE) / LATENT_CELLS;
        sum[c][published.Symbol(c, latents[i])] += latents[i];
        ++number[c][published.Symbol(c, latents[i])];
    }

    std::array rows{Row{"published: Huffman codes, low edges, + 40 bytes of map"},
                    Row{"range code, fragments of 222 bytes, means of cells"},
                    Row{"(that with tables by saliency: not kept)"},
                    Row{"+ map predicted level by level"},
                    Row{"+ a step of its own for each channel"},
                    Row{"+ prediction from neighbours: as it is"}};
    const auto test = OpenDataset(name, Split::TEST);
    count = std::min(count, test->Size());
    Fragmenter fragmenter(tables);
    for (size_t i = 0; i < count; ++i)
    {
        const auto image = test->At(i);
        const auto original = codec.Input(image);
        const auto picture = Encode(codec, image);
        auto sent = picture.map;
        std::array<uint8_t, MAX_MAP_BYTES> mapBytes{};
        const auto map = static_cast<double>(
            EncodeSaliencyMap(tables.entropy, sent, mapBytes.data()) + FRAGMENT_HEADER_BYTES);
        constexpr double plainMap = PLAIN_MAP_BYTES + FRAGMENT_HEADER_BYTES;
        std::vector<uint8_t> symbols(LATENT_SIZE);
        for (int k = 0; k < LATENT_SIZE; ++k)
        {
            symbols[k] = static_cast<uint8_t>(symbol(k / LATENT_CELLS, picture.latent[k]));
        }
        for (size_t p = 0; p < PERCENTAGES.size(); ++p)
        {
            const size_t values = ValuesOfPercentage(PERCENTAGES[p]);
            FragmentOptions options;
            options.maxFragmentBytes = FRAGMENT_BYTES;
            options.valueCount = values;
            const auto fragments = fragmenter.All(picture.map, symbols.data(), options);
            const double fixedBytes = fixed.Bytes(picture, values);
            rows[0].bytes[p] += static_cast<double>(
                published.Bytes(picture.latent.data(), picture.order.data(), values) +
                PublishedCodec::FORGOTTEN_MAP_BYTES);
            rows[1].bytes[p] += fixedBytes + plainMap;
            rows[2].bytes[p] += fixedBySaliency.Bytes(picture, values) + plainMap;
            rows[3].bytes[p] += fixedBytes + map;
            rows[4].bytes[p] += coarse.Bytes(picture, values) + map;
            rows[5].bytes[p] += static_cast<double>(TotalBytes(fragments));

            const auto lowEdges =
                published.Reconstruct(picture.latent.data(), picture.order.data(), values);
            std::vector<float> means(LATENT_SIZE);
            for (size_t n = 0; n < values; ++n)
            {
                const int k = picture.order[n];
                const int c = k / LATENT_CELLS;
                const int s = published.Symbol(c, picture.latent[k]);
                means[k] = number[c][s] > 0 ? static_cast<float>(sum[c][s] / number[c][s])
                                            : picture.latent[k];
            }
            const auto received = ReceiveLatent(tables, fragments).value();
            rows[0].psnrDb[p] += PsnrDb(codec.Decode(lowEdges), original);
            const double meansDb = PsnrDb(codec.Decode(means), original);
            const double nowDb = PsnrDb(codec.Decode(received.latent), original);
            for (const size_t r : {1, 2, 3})
            {
                rows[r].psnrDb[p] += meansDb;
            }
            rows[4].psnrDb[p] += nowDb;
            rows[5].psnrDb[p] += nowDb;
        }
    }
    std::cout << fmt::format("{} pictures of {}, tables of the first four rows from {} training "
                             "pictures\n{:56}",
                             count,
                             name,
                             used,
                             "");
    for (const double p : PERCENTAGES)
    {
        std::cout << fmt::format("   p = {:3g} %      ", p);
    }
    std::cout << '\n';
    const auto n = static_cast<double>(count);
    for (const auto& row : rows)
    {
        std::cout << fmt::format("{:56}", row.name);
        for (size_t p = 0; p < PERCENTAGES.size(); ++p)
        {
            std::cout << fmt::format("{:7.1f} {:6.2f} dB  ", row.bytes[p] / n, row.psnrDb[p] / n);
        }
        std::cout << '\n';
    }
}

} // namespace
} // namespace limitnet::bench

int
main(int argc, char** argv)
{
    try
    {
        const std::string name = argc > 1 ? argv[1] : "cifar100";
        const auto count = argc > 2 ? std::stoul(argv[2]) : 100;
        limitnet::bench::Run(name, count);
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
