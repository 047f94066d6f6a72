// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/accuracy-curve.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace limitnet
{

Interval
WilsonInterval(std::uint64_t successes, std::uint64_t total, double z)
{
    if (total == 0)
    {
        return {0, 1};
    }
    const double n = static_cast<double>(total);
    const double p = static_cast<double>(successes) / n;
    const double centre = p + z * z / (2 * n);
    const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    const double scale = 1 + z * z / n;
    // At the ends the bounds are exactly 0 and 1; rounding would leave a little of them.
    return {successes == 0 ? 0 : (centre - half) / scale,
            successes == total ? 1 : (centre + half) / scale};
}

void
AccuracyCurve::AddImage(double observedS, std::vector<Prediction> predictions)
{
    std::stable_sort(
        predictions.begin(),
        predictions.end(),
        [](const Prediction& a, const Prediction& b) { return a.elapsedS < b.elapsedS; });
    m_images.push_back({observedS, std::move(predictions)});
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
    for (const double elapsed : elapsedS)
    {
        AccuracyPoint point{};
        point.elapsedS = elapsed;
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
            if (next != image.predictions.begin() && std::prev(next)->correct)
            {
                ++point.correct;
            }
        }
        point.accuracy = point.counted == 0 ? std::numeric_limits<double>::quiet_NaN()
                                            : static_cast<double>(point.correct) /
                                                  static_cast<double>(point.counted);
        const Interval interval = WilsonInterval(point.correct, point.counted);
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
