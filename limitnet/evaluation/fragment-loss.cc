// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/fragment-loss.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace limitnet
{

FragmentLoss::FragmentLoss(double probability, double meanBurst)
    : m_probability(probability),
      m_toBad(probability),
      m_stayBad(probability)
{
    if (!(probability >= 0 && probability <= 1))
    {
        throw Error(fmt::format("a loss of {}: has to be 0 to 1", probability));
    }
    if (meanBurst == 0 || probability == 0 || probability == 1)
    {
        return;
    }
    m_stayBad = 1 - 1 / meanBurst;
    m_toBad = probability / (meanBurst * (1 - probability));
    constexpr double ROUNDING = 1e-9;
    if (!(meanBurst >= 1) || m_toBad > 1 + ROUNDING)
    {
        throw Error(fmt::format("bursts of {} fragments: at a loss of {} they have to be {:.4g} "
                                "long in the mean, or longer",
                                meanBurst,
                                probability,
                                std::max(1.0, probability / (1 - probability))));
    }
}

double
FragmentLoss::Uniform(std::mt19937_64& random)
{
    // 53 bits are what a double holds.
    return static_cast<double>(random() >> 11) * 0x1p-53;
}

std::vector<bool>
FragmentLoss::Draw(std::size_t count, std::uint64_t seed) const
{
    std::mt19937_64 random(seed);
    std::vector<bool> lost(count);
    // Before the first fragment: it then is lost with the mean probability.
    bool isBad = Uniform(random) < m_probability;
    for (std::size_t i = 0; i < count; ++i)
    {
        const double draw = Uniform(random);
        // Of independent losses both are p, so that what is lost is lost at a higher p, too.
        isBad = draw < (isBad ? m_stayBad : m_toBad);
        lost[i] = isBad;
    }
    return lost;
}

} // namespace limitnet
