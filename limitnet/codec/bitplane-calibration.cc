// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/bitplane-calibration.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <unordered_map>

namespace limitnet
{

namespace
{

constexpr size_t PARAMETERS = BITPLANE_COUNT + BITPLANE_FEATURES;
constexpr int FEATURE_BITS = 4; // no feature reaches 16
/// Where nothing was seen, a coefficient is taken for a small one: natural logit of the prior.
constexpr double PRIOR_BIAS = -6;
constexpr double PRIOR_WEIGHT = 0.5; // in decisions
const double LOG2 = std::log(2.0);

using Vector = std::array<double, PARAMETERS>;

/// How often a decision was 0 and 1.
struct Counts
{
    double zero = 0;
    double one = 0;
};

/// Decisions of one class by what they depend on.
using Decisions = std::unordered_map<uint64_t, Counts>;

/// Counts the decisions of pictures.
class Counter : public BitplaneDecider
{
  public:
    /// Begins a picture.
    void Begin(const BitplaneCoefficients& coefficients, double bits, int lastPlane)
    {
        m_coefficients = &coefficients;
        m_left = bits;
        m_lastPlane = lastPlane;
    }

    int Decide(const BitplaneDecision& decision) override
    {
        const int32_t value = m_coefficients->values[decision.coefficient];
        if (m_left <= 0 || decision.plane < m_lastPlane)
        {
            return -1;
        }
        const bool bit = decision.kind == BitplaneDecision::Kind::SIGN
                             ? value < 0
                             : (std::abs(value) >> decision.plane & 1) != 0;
        const double cost = -std::log2((bit ? decision.one : 32768 - decision.one) / 32768.0);
        m_left -= cost;
        m_bits += cost;
        Counts* counts = nullptr;
        if (decision.kind == BitplaneDecision::Kind::SIGNIFICANCE)
        {
            auto key = static_cast<uint64_t>(decision.plane - LAST_PLANE);
            for (const int feature : *decision.features)
            {
                key = key << FEATURE_BITS | static_cast<uint64_t>(feature);
            }
            counts = &m_significance[decision.group][key];
        }
        else if (decision.kind == BitplaneDecision::Kind::REFINEMENT)
        {
            counts = &m_refinement[decision.group];
        }
        if (counts != nullptr)
        {
            (bit ? counts->one : counts->zero) += 1;
        }
        return bit ? 1 : 0;
    }

    const std::array<Decisions, BITPLANE_CLASSES>& Significance() const
    {
        return m_significance;
    }

    const std::array<Counts, REFINEMENT_GROUPS>& Refinement() const
    {
        return m_refinement;
    }

    /// Bits of all decisions so far.
    double Bits() const
    {
        return m_bits;
    }

  private:
    const BitplaneCoefficients* m_coefficients = nullptr;
    double m_left = 0;
    double m_bits = 0;
    int m_lastPlane = 0;
    std::array<Decisions, BITPLANE_CLASSES> m_significance;
    std::array<Counts, REFINEMENT_GROUPS> m_refinement{};
};

/// A decision's inputs beside its plane's bias.
struct Example
{
    size_t plane = 0;
    std::array<double, BITPLANE_FEATURES> features{};
    Counts counts;
};

std::vector<Example>
ExamplesOf(const Decisions& decisions)
{
    // in the order of their keys: sums must not depend on that of a hash table
    std::vector<std::pair<uint64_t, Counts>> sorted(decisions.begin(), decisions.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return a.first < b.first;
    });
    std::vector<Example> examples;
    for (const auto& [key, counts] : sorted)
    {
        Example example;
        example.counts = counts;
        uint64_t rest = key;
        for (size_t i = BITPLANE_FEATURES; i-- > 0;)
        {
            example.features[i] = static_cast<double>(rest & ((1U << FEATURE_BITS) - 1));
            rest >>= FEATURE_BITS;
        }
        example.plane = rest;
        examples.push_back(example);
    }
    return examples;
}

double
LogitOf(const Example& example, const Vector& parameters)
{
    double logit = parameters[example.plane];
    for (size_t i = 0; i < BITPLANE_FEATURES; ++i)
    {
        logit += parameters[BITPLANE_COUNT + i] * example.features[i];
    }
    return logit;
}

double
PriorOf(size_t parameter)
{
    return parameter < BITPLANE_COUNT ? PRIOR_BIAS : 0;
}

/// Minus the logarithm of likelihood and prior.
double
Loss(const std::vector<Example>& examples, const Vector& parameters)
{
    const auto softplus = [](double x) {
        return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    };
    double loss = 0;
    for (const Example& example : examples)
    {
        const double logit = LogitOf(example, parameters);
        loss += example.counts.one * softplus(-logit) + example.counts.zero * softplus(logit);
    }
    for (size_t i = 0; i < PARAMETERS; ++i)
    {
        const double away = parameters[i] - PriorOf(i);
        loss += PRIOR_WEIGHT / 2 * away * away;
    }
    return loss;
}

/// Solves a symmetric, positive definite system by Cholesky's decomposition.
Vector
Solve(std::array<Vector, PARAMETERS> matrix, Vector right)
{
    for (size_t i = 0; i < PARAMETERS; ++i)
    {
        for (size_t j = 0; j <= i; ++j)
        {
            double sum = matrix[i][j];
            for (size_t k = 0; k < j; ++k)
            {
                sum -= matrix[i][k] * matrix[j][k];
            }
            matrix[i][j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / matrix[j][j];
        }
    }
    for (size_t i = 0; i < PARAMETERS; ++i)
    {
        for (size_t k = 0; k < i; ++k)
        {
            right[i] -= matrix[i][k] * right[k];
        }
        right[i] /= matrix[i][i];
    }
    for (size_t i = PARAMETERS; i-- > 0;)
    {
        for (size_t k = i + 1; k < PARAMETERS; ++k)
        {
            right[i] -= matrix[k][i] * right[k];
        }
        right[i] /= matrix[i][i];
    }
    return right;
}

/// The parameters of the greatest likelihood.
Vector
Fit(const std::vector<Example>& examples)
{
    constexpr int STEPS = 25;
    Vector parameters{};
    for (size_t i = 0; i < PARAMETERS; ++i)
    {
        parameters[i] = i < BITPLANE_COUNT ? -2 : 0;
    }
    double loss = Loss(examples, parameters);
    double damping = 1e-3;
    for (int step = 0; step < STEPS; ++step)
    {
        Vector gradient{};
        std::array<Vector, PARAMETERS> curvature{};
        for (const Example& example : examples)
        {
            const double one = 1 / (1 + std::exp(-LogitOf(example, parameters)));
            const double count = example.counts.one + example.counts.zero;
            const double slope = count * one - example.counts.one;
            const double bend = count * one * (1 - one);
            gradient[example.plane] += slope;
            curvature[example.plane][example.plane] += bend;
            for (size_t i = 0; i < BITPLANE_FEATURES; ++i)
            {
                const double input = example.features[i];
                if (input > 0)
                {
                    const size_t row = BITPLANE_COUNT + i;
                    gradient[row] += slope * input;
                    curvature[row][example.plane] += bend * input;
                    for (size_t j = 0; j <= i; ++j)
                    {
                        curvature[row][BITPLANE_COUNT + j] += bend * input * example.features[j];
                    }
                }
            }
        }
        for (size_t i = 0; i < PARAMETERS; ++i)
        {
            gradient[i] += PRIOR_WEIGHT * (parameters[i] - PriorOf(i));
            curvature[i][i] += PRIOR_WEIGHT;
        }
        bool better = false;
        for (int attempt = 0; attempt < 10 && !better; ++attempt)
        {
            auto damped = curvature;
            for (size_t i = 0; i < PARAMETERS; ++i)
            {
                damped[i][i] *= 1 + damping;
            }
            const Vector move = Solve(damped, gradient);
            Vector moved = parameters;
            for (size_t i = 0; i < PARAMETERS; ++i)
            {
                moved[i] -= move[i];
            }
            const double there = Loss(examples, moved);
            better = there < loss;
            damping *= better ? 0.1 : 10;
            if (better)
            {
                const bool settled = loss - there < 1e-6 * loss;
                parameters = moved;
                loss = there;
                if (settled)
                {
                    return parameters;
                }
            }
        }
        if (!better)
        {
            break;
        }
    }
    return parameters;
}

} // namespace

BitplaneTables
CalibrateBitplanes(size_t pictures,
                   const std::function<Image(size_t)>& picture,
                   const BitplaneCalibrationOptions& options)
{
    if (pictures == 0)
    {
        throw Error("tables of bit planes cannot be made without pictures");
    }
    BitplaneTables tables;
    tables.chromaGain = options.chromaGain;
    tables.note = options.note;
    tables.refinement.fill(16384);
    for (int round = 0; round < options.rounds; ++round)
    {
        // Untrained tables spend a bit on each decision: all planes that matter are looked at.
        const double bits = round == 0 ? 1e9 : 8.0 * static_cast<double>(options.streamBytes);
        const int last = round == 0 ? LAST_PLANE + 3 : LAST_PLANE;
        Counter counter;
        for (size_t i = 0; i < pictures; ++i)
        {
            const Image image = picture(i);
            const auto coefficients = TransformPicture(image, options.chromaGain);
            counter.Begin(coefficients, bits, last);
            WalkBitplanes(image.width, tables, counter);
        }
        if (options.progress)
        {
            options.progress(round, counter.Bits() / 8 / static_cast<double>(pictures));
        }
        const auto number = [](double natural) {
            constexpr double MOST = 32767;
            return static_cast<int16_t>(std::lround(std::clamp(natural / LOG2 * 64, -MOST, MOST)));
        };
        for (size_t c = 0; c < BITPLANE_CLASSES; ++c)
        {
            const auto examples = ExamplesOf(counter.Significance()[c]);
            Vector parameters = Fit(examples);
            // In the end, planes that no stream reached are taken to be as the lowest one that was.
            size_t lowest = BITPLANE_COUNT;
            for (const Example& example : examples)
            {
                lowest = std::min(lowest, example.plane);
            }
            if (round + 1 == options.rounds && lowest < BITPLANE_COUNT)
            {
                std::fill_n(parameters.begin(), lowest, parameters[lowest]);
            }
            for (size_t i = 0; i < PARAMETERS; ++i)
            {
                (i < BITPLANE_COUNT ? tables.classes[c].bias[i]
                                    : tables.classes[c].weight[i - BITPLANE_COUNT]) =
                    number(parameters[i]);
            }
        }
        for (size_t group = 0; group < REFINEMENT_GROUPS; ++group)
        {
            const Counts& counts = counter.Refinement()[group];
            const double one = (counts.one + 10) / (counts.one + counts.zero + 20);
            tables.refinement[group] =
                static_cast<uint16_t>(std::clamp(std::lround(one * 32768), 8L, 32760L));
        }
    }
    return tables;
}

} // namespace limitnet
