// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/saliency-quality.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace limitnet
{

namespace
{

constexpr int LAST = SaliencyQuality::THRESHOLDS - 1;

float
ThresholdValue(int threshold)
{
    return static_cast<float>(threshold) / LAST;
}

/** \return the highest threshold that a value in 0..1 reaches, whichever way floats are rounded. */
int
HighestReached(float value)
{
    int threshold = static_cast<int>(value * LAST);
    threshold += threshold < LAST && value >= ThresholdValue(threshold + 1) ? 1 : 0;
    threshold -= value < ThresholdValue(threshold) ? 1 : 0;
    return threshold;
}

} // namespace

void
SaliencyQuality::Add(const std::vector<float>& map, const std::vector<float>& mask)
{
    if (map.empty() || map.size() != mask.size())
    {
        throw Error("a saliency map of " + std::to_string(map.size()) + " cells and a mask of " +
                    std::to_string(mask.size()) + " cannot be compared");
    }
    double error = 0;
    std::array<std::size_t, THRESHOLDS> background{}; // cells by the highest threshold they reach
    std::array<std::size_t, THRESHOLDS> object{};
    std::size_t objectCells = 0;
    for (std::size_t i = 0; i < map.size(); ++i)
    {
        const float value = map[i] >= 0 ? std::min(map[i], 1.0F) : 0;
        error += std::abs(static_cast<double>(value) - static_cast<double>(mask[i]));
        const bool isObject = mask[i] >= OBJECT;
        ++(isObject ? object : background)[static_cast<std::size_t>(HighestReached(value))];
        objectCells += isObject ? 1 : 0;
    }
    ++m_pictures;
    m_error += error / static_cast<double>(map.size());
    std::size_t both = 0;
    std::size_t either = objectCells;
    for (std::size_t threshold = THRESHOLDS; threshold-- > 0;)
    {
        both += object[threshold];
        either += background[threshold];
        m_intersection[threshold] +=
            either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
    }
}

std::size_t
SaliencyQuality::Pictures() const
{
    return m_pictures;
}

double
SaliencyQuality::MeanAbsoluteError() const
{
    return m_pictures == 0 ? 0 : m_error / static_cast<double>(m_pictures);
}

double
SaliencyQuality::IntersectionOverUnion(int threshold) const
{
    return m_pictures == 0 ? 0
                           : m_intersection.at(static_cast<std::size_t>(threshold)) /
                                 static_cast<double>(m_pictures);
}

int
SaliencyQuality::BestThreshold() const
{
    return static_cast<int>(std::max_element(m_intersection.begin(), m_intersection.end()) -
                            m_intersection.begin());
}

std::vector<float>
CentrePrior(int side)
{
    constexpr double DEVIATION = 0.25;
    std::vector<float> prior;
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            const double distance = std::hypot((x + 0.5) / side - 0.5, (y + 0.5) / side - 0.5);
            prior.push_back(
                static_cast<float>(std::exp(-distance * distance / (2 * DEVIATION * DEVIATION))));
        }
    }
    return prior;
}

} // namespace limitnet
