// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/table-calibration.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/map-code.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/codec/symbol-model.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

namespace limitnet
{

namespace
{

/// The published quantiser's step as a share of the channel's range: 256 levels by fours.
constexpr double PUBLISHED_STEP = 4.0 / 255.0;

constexpr double LEAST_STEPS = 1.1;
constexpr double MOST_STEPS = 16.0;
constexpr double STEP_EXPONENT = 0.4;

/// Images that the widths are chosen on; more would change nothing that matters.
constexpr size_t WIDTH_IMAGES = 600;

/// Lengths, in symbols, of the fragments on which the widths are chosen.
constexpr std::array<size_t, 5> FRAGMENT_LENGTHS = {16, 64, 256, 1024, 4096};

using Symbols = std::vector<uint8_t>;
using Weights = std::array<double, NEIGHBOURS>;
using Covariance = std::array<std::array<double, NEIGHBOURS + 1>, NEIGHBOURS + 1>;

/// Histogram scaled to FREQUENCY_TOTAL with every entry at least 1, by largest remainder: what is
/// left after rounding down goes to the largest remainders, and to the lower symbol on a tie.
std::array<uint16_t, SYMBOL_COUNT>
ScaleHistogram(const std::array<uint64_t, SYMBOL_COUNT>& histogram)
{
    const uint64_t total = std::accumulate(histogram.begin(), histogram.end(), uint64_t{0});
    constexpr uint64_t spare = FREQUENCY_TOTAL - SYMBOL_COUNT; // one each is given in advance
    std::array<uint16_t, SYMBOL_COUNT> frequency{};
    std::array<uint64_t, SYMBOL_COUNT> remainder{};
    uint64_t given = 0;
    for (int s = 0; s < SYMBOL_COUNT; ++s)
    {
        const uint64_t share = histogram[s] * spare;
        frequency[s] = static_cast<uint16_t>(1 + share / total);
        remainder[s] = share % total;
        given += share / total;
    }
    std::array<int, SYMBOL_COUNT> bySize{};
    std::iota(bySize.begin(), bySize.end(), 0);
    std::stable_sort(bySize.begin(), bySize.end(), [&remainder](int a, int b) {
        return remainder[a] > remainder[b];
    });
    for (uint64_t i = 0; i < spare - given; ++i)
    {
        ++frequency[bySize[i]];
    }
    return frequency;
}

void
CalibrateQuantiser(const CalibrationData& data, CodecTables& tables)
{
    std::array<double, LATENT_CHANNELS> step{};
    std::array<double, LATENT_CHANNELS> disturbance{};
    std::array<float, LATENT_CHANNELS> least{};
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        float min = data.latents[c * LATENT_CELLS];
        float max = min;
        for (size_t i = 0; i < data.images; ++i)
        {
            const float* channel = data.latents + i * LATENT_SIZE + c * LATENT_CELLS;
            for (int k = 0; k < LATENT_CELLS; ++k)
            {
                if (!std::isfinite(channel[k]))
                {
                    throw Error("codec calibration: image " + std::to_string(i) + " channel " +
                                std::to_string(c) + " has a value that is not a finite number");
                }
                min = std::min(min, channel[k]);
                max = std::max(max, channel[k]);
            }
        }
        least[c] = min;
        step[c] = (max > min ? static_cast<double>(max) - min : 1.0) * PUBLISHED_STEP;
        disturbance[c] = max > min ? data.sensitivity[c] * step[c] * step[c] : 0.0;
    }
    const double most = *std::max_element(disturbance.begin(), disturbance.end());
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        const double steps =
            disturbance[c] > 0
                ? std::min(MOST_STEPS, LEAST_STEPS * std::pow(most / disturbance[c], STEP_EXPONENT))
                : MOST_STEPS;
        tables.scale[c] = static_cast<float>(1.0 / (step[c] * steps));
        tables.offset[c] = 0.5F - least[c] * tables.scale[c];
    }
}

/// Reconstruction values, frequencies and means.
void
CalibrateCells(const CalibrationData& data,
               const std::vector<Symbols>& symbols,
               CodecTables& tables)
{
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        std::array<uint64_t, SYMBOL_COUNT> histogram{};
        std::array<double, SYMBOL_COUNT> sum{};
        for (size_t i = 0; i < data.images; ++i)
        {
            for (int k = c * LATENT_CELLS; k < (c + 1) * LATENT_CELLS; ++k)
            {
                ++histogram[symbols[i][k]];
                sum[symbols[i][k]] += data.latents[i * LATENT_SIZE + k];
            }
        }
        uint64_t total = 0;
        uint64_t weighted = 0;
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            const double middle = (s + 0.5 - tables.offset[c]) / tables.scale[c];
            tables.reconstruction[c][s] = static_cast<float>(
                histogram[s] > 0 ? sum[s] / static_cast<double>(histogram[s]) : middle);
            total += histogram[s];
            weighted += histogram[s] * static_cast<uint64_t>(s);
        }
        tables.entropy.frequency[c] = ScaleHistogram(histogram);
        tables.entropy.mean[c] = static_cast<uint16_t>((weighted * 16 + total / 2) / total);
    }
}

/// Covariance of a channel's symbols with their eight neighbours (entry 8 is the symbol itself), as
/// a share of the symbol's variance.
Covariance
CovarianceOf(const std::vector<Symbols>& symbols, int channel, double mean, double& variance)
{
    Covariance covariance{};
    double count = 0;
    for (const Symbols& image : symbols)
    {
        for (int y = 1; y + 1 < LATENT_HEIGHT; ++y)
        {
            for (int x = 1; x + 1 < LATENT_WIDTH; ++x)
            {
                const uint8_t* at = &image[channel * LATENT_CELLS + y * LATENT_WIDTH + x];
                std::array<double, NEIGHBOURS + 1> value{};
                for (int d = 0; d <= NEIGHBOURS; ++d)
                {
                    value[d] = (d < NEIGHBOURS ? at[NEIGHBOUR_INDEX[d]] : at[0]) - mean;
                }
                for (int i = 0; i <= NEIGHBOURS; ++i)
                {
                    for (int j = 0; j <= i; ++j)
                    {
                        covariance[i][j] += value[i] * value[j];
                    }
                }
                ++count;
            }
        }
    }
    variance = covariance[NEIGHBOURS][NEIGHBOURS] / count;
    const double unit = variance > 0 ? variance * count : 1;
    for (int i = 0; i <= NEIGHBOURS; ++i)
    {
        for (int j = 0; j <= i; ++j)
        {
            covariance[i][j] /= unit;
            covariance[j][i] = covariance[i][j];
        }
    }
    return covariance;
}

/// Weights of least squared error for one pattern, by Gaussian elimination.
/// \return the weights; `error` is the variance that remains.
Weights
Solve(const Covariance& covariance, int pattern, double& error)
{
    // stands for rounding to symbols and keeps the weights moderate
    constexpr double ridge = 0.005;
    std::vector<int> known;
    for (int d = 0; d < NEIGHBOURS; ++d)
    {
        if ((pattern >> d & 1) != 0)
        {
            known.push_back(d);
        }
    }
    const size_t n = known.size();
    std::vector<std::vector<double>> rows(n, std::vector<double>(n + 1));
    for (size_t i = 0; i < n; ++i)
    {
        for (size_t j = 0; j < n; ++j)
        {
            rows[i][j] = covariance[known[i]][known[j]] + (i == j ? ridge : 0);
        }
        rows[i][n] = covariance[known[i]][NEIGHBOURS];
    }
    for (size_t i = 0; i < n; ++i)
    {
        for (size_t r = 0; r < n; ++r)
        {
            const double factor = r == i ? 0 : rows[r][i] / rows[i][i];
            for (size_t j = i; j <= n && factor != 0; ++j)
            {
                rows[r][j] -= factor * rows[i][j];
            }
        }
    }
    Weights weights{};
    error = covariance[NEIGHBOURS][NEIGHBOURS];
    for (size_t i = 0; i < n; ++i)
    {
        weights[known[i]] = rows[i][n] / rows[i][i];
        error -= weights[known[i]] * covariance[known[i]][NEIGHBOURS];
    }
    return weights;
}

void
CalibrateWeights(const std::vector<Symbols>& symbols, EntropyTables& tables)
{
    std::array<Covariance, LATENT_CHANNELS> covariance{};
    std::array<double, LATENT_CHANNELS> variance{};
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        covariance[c] = CovarianceOf(symbols, c, tables.mean[c] / 16.0, variance[c]);
    }
    std::array<int, LATENT_CHANNELS> byVariance{};
    std::iota(byVariance.begin(), byVariance.end(), 0);
    std::stable_sort(byVariance.begin(), byVariance.end(), [&variance](int a, int b) {
        return variance[a] > variance[b];
    });
    constexpr std::array<int, WEIGHT_SETS> last = {1, 3, 6, LATENT_CHANNELS}; // one past
    int rank = 0;
    for (int set = 0; set < WEIGHT_SETS; ++set)
    {
        Covariance sum{};
        for (; rank < last[set]; ++rank)
        {
            const int channel = byVariance[rank];
            tables.weightSet[channel] = static_cast<uint8_t>(set);
            for (int i = 0; i <= NEIGHBOURS; ++i)
            {
                for (int j = 0; j <= NEIGHBOURS; ++j)
                {
                    sum[i][j] += covariance[channel][i][j];
                }
            }
        }
        double all = 0;
        Solve(sum, NEIGHBOUR_PATTERNS - 1, all);
        for (int pattern = 0; pattern < NEIGHBOUR_PATTERNS; ++pattern)
        {
            double error = 0;
            const Weights weights = Solve(sum, pattern, error);
            for (int d = 0; d < NEIGHBOURS; ++d)
            {
                const long units = std::lround(weights[d] * (1 << WEIGHT_BITS));
                tables.weight[set][pattern][d] =
                    static_cast<int8_t>(std::clamp(units, -127L, 127L));
            }
            // how much wider the errors are than with all neighbours known
            const double ratio = all > 0 && error > 0 ? std::sqrt(error / all) : 1;
            tables.confidence[set][pattern] = ratio < 1.15  ? 0
                                              : ratio < 1.5 ? 1
                                              : ratio < 2.2 ? 2
                                                            : 3;
        }
    }
}

/// Code lengths, in bits, that each width would have given in one context.
struct WidthCost
{
    std::array<double, WIDTH_COUNT> bits{};
    double count = 0;

    void Add(int mean16, int symbol, int symbols)
    {
        for (int w = 0; w < WIDTH_COUNT; ++w)
        {
            const PredictedDistribution distribution(mean16, w);
            bits[w] -= std::log2(static_cast<double>(distribution.Cumulative(symbol + 1, symbols) -
                                                     distribution.Cumulative(symbol, symbols)) /
                                 FREQUENCY_TOTAL);
        }
        ++count;
    }

    void Add(const WidthCost& other, double share)
    {
        for (int w = 0; w < WIDTH_COUNT; ++w)
        {
            bits[w] += share * other.bits[w];
        }
    }

    uint8_t Best() const
    {
        return static_cast<uint8_t>(std::min_element(bits.begin(), bits.end()) - bits.begin());
    }
};

void
CalibrateWidths(const CalibrationData& data,
                const std::vector<Symbols>& symbols,
                EntropyTables& tables)
{
    constexpr size_t contexts = CONFIDENCE_CLASSES * SPREAD_CLASSES * 2;
    std::vector<WidthCost> cost(LATENT_CHANNELS * contexts);
    SymbolModel model(tables);
    std::vector<uint16_t> order(LATENT_SIZE);
    const size_t stride = (data.images + WIDTH_IMAGES - 1) / WIDTH_IMAGES;
    for (size_t i = 0; i < data.images; i += stride)
    {
        ImportanceOrder(data.maps[i], order.data());
        const size_t length = FRAGMENT_LENGTHS[i / stride % FRAGMENT_LENGTHS.size()];
        for (size_t n = 0; n < LATENT_SIZE; ++n)
        {
            if (n % length == 0)
            {
                model.Begin();
            }
            const auto prediction = model.Predict(order[n], symbols[i].data());
            if (prediction.any)
            {
                const size_t channel = order[n] / LATENT_CELLS;
                const size_t context =
                    (prediction.confidence * SPREAD_CLASSES + prediction.spread) * 2 +
                    (prediction.belowOne ? 1 : 0);
                cost[channel * contexts + context].Add(prediction.mean16,
                                                       symbols[i][order[n]],
                                                       SYMBOL_COUNT);
            }
            model.Know(order[n]);
        }
    }
    // Where a channel was seen rarely in a context, the other channels speak with the weight of a
    // few symbols.
    constexpr double borrowed = 20;
    for (size_t context = 0; context < contexts; ++context)
    {
        WidthCost all;
        for (size_t c = 0; c < LATENT_CHANNELS; ++c)
        {
            all.Add(cost[c * contexts + context], 1);
            all.count += cost[c * contexts + context].count;
        }
        for (size_t c = 0; c < LATENT_CHANNELS; ++c)
        {
            WidthCost& own = cost[c * contexts + context];
            own.Add(all, borrowed / std::max(1.0, all.count));
            tables.width[c][context / (SPREAD_CLASSES * 2)][context / 2 % SPREAD_CLASSES]
                        [context % 2] = own.Best();
        }
    }
}

void
CalibrateMapWidths(const CalibrationData& data, EntropyTables& tables)
{
    std::array<WidthCost, MAP_CONTEXTS> cost{};
    const size_t stride = (data.images + WIDTH_IMAGES - 1) / WIDTH_IMAGES;
    for (size_t i = 0; i < data.images; i += stride)
    {
        const auto& level = data.maps[i].level;
        for (int cell = 1; cell < MAP_CELLS; ++cell)
        {
            const MapPrediction prediction = PredictLevel(level.data(), cell);
            cost[prediction.context].Add(16 * prediction.level, level[cell], MAP_LEVELS);
        }
    }
    for (int context = 0; context < MAP_CONTEXTS; ++context)
    {
        tables.mapWidth[context] = cost[context].Best();
    }
}

} // namespace

CodecTables
CalibrateTables(const CalibrationData& data)
{
    if (data.images == 0)
    {
        throw Error("codec calibration: no images; at least one is needed");
    }
    CodecTables tables;
    CalibrateQuantiser(data, tables);
    std::vector<Symbols> symbols(data.images, Symbols(LATENT_SIZE));
    for (size_t i = 0; i < data.images; ++i)
    {
        QuantiseLatent(tables, data.latents + i * LATENT_SIZE, symbols[i].data());
    }
    CalibrateCells(data, symbols, tables);
    CalibrateWeights(symbols, tables.entropy);
    CalibrateWidths(data, symbols, tables.entropy);
    CalibrateMapWidths(data, tables.entropy);
    tables.modelId = static_cast<uint8_t>(tables.Checksum());
    tables.Check();
    return tables;
}

} // namespace limitnet
