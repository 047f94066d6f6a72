// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_FRAGMENT_LOSS_H
#define LIMITNET_EVALUATION_FRAGMENT_LOSS_H

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace limitnet
{

/**
 * Which fragments get lost, without a network: one by one, or in bursts by the model of Gilbert
 * (E. N. Gilbert, "Capacity of a burst-noise channel", Bell Syst. Tech. J. 39, 1960), of which the
 * good state loses nothing and the bad one all. It is the chain with the mean loss p whose runs of
 * lost fragments are L long in the mean: bad becomes good with probability 1 / L, good becomes bad
 * with p / (L (1 - p)); the first state is drawn from the stationary distribution. L = 1 / (1 - p)
 * makes fragments independent.
 *
 * The same seed gives the same losses on every machine.
 */
class FragmentLoss
{
  public:
    /**
     * \param probability p, 0..1
     * \param meanBurst L, fragments; 0: independent losses
     * \throws Error when there is no such chain: with p < 1, L below 1, or p / (L (1 - p)) above 1
     */
    explicit FragmentLoss(double probability, double meanBurst = 0);

    /**
     * \param count how many fragments are sent, one after the other
     * \param seed of the losses
     * \return which of them get lost
     */
    std::vector<bool> Draw(std::size_t count, std::uint64_t seed) const;

    /**
     * \param random where the draw comes from
     * \return a number in [0, 1), the same on every machine, which the standard's distributions
     *         are not
     */
    static double Uniform(std::mt19937_64& random);

  private:
    double m_probability;
    double m_toBad;
    double m_stayBad;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_FRAGMENT_LOSS_H
