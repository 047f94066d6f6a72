// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/accuracy-curve.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace limitnet
{

namespace
{

/** Wilson's interval of a share of n observations, which need not be a whole number. */
Interval
WilsonOf(double p, double n, double z)
{
    const double centre = p + z * z / (2 * n);
    const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    const double scale = 1 + z * z / n;
    // At the ends the bounds are exactly 0 and 1; rounding would leave a little of them.
    return {p == 0 ? 0 : (centre - half) / scale, p == 1 ? 1 : (centre + half) / scale};
}

/** Images and right ones of each cluster of one kind: of each picture, say. */
class Clusters
{
  public:
    explicit Clusters(std::size_t count)
        : m_counted(count),
          m_correct(count)
    {
    }

    void Clear()
    {
        std::fill(m_counted.begin(), m_counted.end(), 0);
        std::fill(m_correct.begin(), m_correct.end(), 0);
    }

    void Add(std::size_t cluster, bool correct)
    {
        ++m_counted[cluster];
        m_correct[cluster] += correct ? 1 : 0;
    }

    /** Adds up what follows. */
    void Finish(std::uint64_t counted, std::uint64_t correct)
    {
        squares = 0;
        number = 0;
        most = 0;
        double sizes = 0;
        const auto n = static_cast<std::int64_t>(counted);
        const auto right = static_cast<std::int64_t>(correct);
        for (std::size_t i = 0; i < m_counted.size(); ++i)
        {
            // In whole numbers nothing varies where this is 0, to the last digit.
            const auto apart = static_cast<double>(m_correct[i] * n - m_counted[i] * right);
            squares += apart * apart;
            number += m_counted[i] > 0 ? 1 : 0;
            most = std::max(most, m_counted[i]);
            sizes += static_cast<double>(m_counted[i]) * static_cast<double>(m_counted[i]);
        }
        // As many as clusters of one size; fewer where some are larger.
        const double effective = static_cast<double>(n) * static_cast<double>(n) / sizes;
        doubt = most > 1 ? squares * squares / std::max(1.0, effective - 1) : 0;
    }

    double squares{0};     ///< count^4 times the variance of the mean
    double doubt{0};       ///< their square over their degrees of freedom
    std::size_t number{0}; ///< clusters with images
    std::int64_t most{0};  ///< images of one

  private:
    std::vector<std::int64_t> m_counted;
    std::vector<std::int64_t> m_correct;
};

Interval
IntervalOf(std::uint64_t correct,
           std::uint64_t counted,
           const Clusters& pictures,
           const Clusters& places,
           const Clusters& pairs)
{
    if (counted == 0 || (pictures.most <= 1 && places.most <= 1))
    {
        return WilsonInterval(correct, counted);
    }
    const auto n = static_cast<double>(counted);
    const double p = static_cast<double>(correct) / n;
    const double squares = std::max(
        {pictures.squares + places.squares - pairs.squares, pictures.squares, places.squares});
    if (!(squares > 0))
    {
        std::size_t few = 1;
        if (pictures.number > 1 || places.number > 1)
        {
            few = std::min(pictures.number > 1 ? pictures.number : counted,
                           places.number > 1 ? places.number : counted);
        }
        return WilsonOf(p, static_cast<double>(few), NORMAL_95);
    }
    const double worth = std::min(n, p * (1 - p) * n * n * n * n / squares);
    const double doubt = pictures.doubt + places.doubt;
    return WilsonOf(p,
                    worth,
                    doubt > 0 ? StudentQuantile95(std::max(1.0, squares * squares / doubt))
                              : NORMAL_95);
}

/** \return the number of a key, the next one for a new key */
template <typename Key>
std::size_t
NumberOf(std::map<Key, std::size_t>& numbers, const Key& key)
{
    return numbers.emplace(key, numbers.size()).first->second;
}

} // namespace

Interval
WilsonInterval(std::uint64_t successes, std::uint64_t total, double z)
{
    if (total == 0)
    {
        return {0, 1};
    }
    const double n = static_cast<double>(total);
    return WilsonOf(static_cast<double>(successes) / n, n, z);
}

double
StudentQuantile95(double freedom)
{
    constexpr double OF_ONE = 12.706205;
    constexpr double OF_TWO = 4.302653;
    constexpr double MANY = 1e5;
    if (freedom < 2)
    {
        // Where the expansion is rough, a curve through both ends.
        return OF_ONE * std::exp(std::log(OF_TWO / OF_ONE) * 2 * (1 - 1 / freedom));
    }
    if (freedom > MANY)
    {
        return NORMAL_95;
    }
    const double n = freedom;
    const double a = 1 / (n - 0.5);
    const double b = 48 / (a * a);
    double c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
    const double d = ((94.5 / (b + c) - 3) / b + 1) * std::sqrt(a * std::acos(-1.0) / 2) * n;
    double y = std::pow(0.05 * d, 2 / n);
    if (y > 0.05 + a)
    {
        const double x = -NORMAL_95;
        y = x * x;
        c += n < 5 ? 0.3 * (n - 4.5) * (x + 0.6) : 0;
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
        y = std::expm1(a * y * y);
    }
    else
    {
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y -
             1) *
                (n + 1) / (n + 2) +
            1 / y;
    }
    return std::sqrt(n * y);
}

void
AccuracyCurve::AddImage(double observedS,
                        std::vector<Prediction> predictions,
                        std::uint64_t picture,
                        std::uint64_t place)
{
    std::stable_sort(
        predictions.begin(),
        predictions.end(),
        [](const Prediction& a, const Prediction& b) { return a.elapsedS < b.elapsedS; });
    const std::size_t ofPicture = NumberOf(m_pictures, picture);
    const std::size_t ofPlace = NumberOf(m_places, place);
    const std::size_t ofPair = NumberOf(m_pairs, std::make_pair(ofPicture, ofPlace));
    m_images.push_back({observedS, std::move(predictions), ofPicture, ofPlace, ofPair});
}

void
AccuracyCurve::AddImage(double observedS, std::vector<Prediction> predictions)
{
    // From the far end, where nobody counts.
    const std::uint64_t own = std::numeric_limits<std::uint64_t>::max() - m_images.size();
    AddImage(observedS, std::move(predictions), own, own);
}

std::uint64_t
AccuracyCurve::Images() const
{
    return m_images.size();
}

std::vector<AccuracyPoint>
AccuracyCurve::At(const std::vector<double>& elapsedS) const
{
    std::vector<AccuracyPoint> points;
    points.reserve(elapsedS.size());
    Clusters pictures(m_pictures.size());
    Clusters places(m_places.size());
    Clusters pairs(m_pairs.size());
    for (const double elapsed : elapsedS)
    {
        AccuracyPoint point{};
        point.elapsedS = elapsed;
        for (Clusters* clusters : {&pictures, &places, &pairs})
        {
            clusters->Clear();
        }
        for (const Observation& image : m_images)
        {
            if (image.observedS < elapsed)
            {
                ++point.notObserved;
                continue;
            }
            ++point.counted;
            const auto next = std::upper_bound(image.predictions.begin(),
                                               image.predictions.end(),
                                               elapsed,
                                               [](double time, const Prediction& prediction) {
                                                   return time < prediction.elapsedS;
                                               });
            const bool correct = next != image.predictions.begin() && std::prev(next)->correct;
            point.correct += correct ? 1 : 0;
            pictures.Add(image.picture, correct);
            places.Add(image.place, correct);
            pairs.Add(image.pair, correct);
        }
        for (Clusters* clusters : {&pictures, &places, &pairs})
        {
            clusters->Finish(point.counted, point.correct);
        }
        point.accuracy = point.counted == 0 ? std::numeric_limits<double>::quiet_NaN()
                                            : static_cast<double>(point.correct) /
                                                  static_cast<double>(point.counted);
        const Interval interval = IntervalOf(point.correct, point.counted, pictures, places, pairs);
        point.wilsonLow = interval.low;
        point.wilsonHigh = interval.high;
        points.push_back(point);
    }
    return points;
}

std::vector<double>
CurveTimes(std::vector<double> times, double step, double limit)
{
    if (!times.empty())
    {
        std::sort(times.begin(), times.end());
        times.erase(std::unique(times.begin(), times.end()), times.end());
        return times;
    }
    constexpr double MOST = 1e6;
    if (!(step > 0) || limit / step > MOST)
    {
        throw Error(
            "accuracy.step_s and accuracy.limit_s: at most a million times, a positive step");
    }
    // Multiples of the step, not repeated sums: no rounding error grows. The small allowance
    // takes in a limit that is a multiple of the step but for rounding.
    for (std::uint64_t i = 0; static_cast<double>(i) * step <= limit * (1 + 1e-12); ++i)
    {
        // To the nanosecond, so that 3 x 0.1 is written as 0.3.
        times.push_back(std::round(static_cast<double>(i) * step * 1e9) / 1e9);
    }
    return times;
}

} // namespace limitnet
