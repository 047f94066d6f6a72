// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_RESULTS_ACCURACY_CURVE_H
#define LIMITNET_RESULTS_ACCURACY_CURVE_H

#include <cstdint>
#include <vector>

namespace limitnet
{

/** An interval of probabilities. */
struct Interval
{
    double low;
    double high;
};

/** 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
constexpr double NORMAL_95 = 1.959963984540054;

/**
 * The Wilson score interval of a probability from counts (E. B. Wilson, J. Am. Stat. Assoc. 22,
 * 1927, p. 209): the p with |successes/total - p| <= z sqrt(p (1 - p) / total).
 *
 * \param successes at most \p total
 * \param z quantile of the standard normal distribution
 * \return 0 .. 1 when \p total is 0: nothing is known.
 */
Interval WilsonInterval(std::uint64_t successes, std::uint64_t total, double z = NORMAL_95);

/** One point of accuracy against time. */
struct AccuracyPoint
{
    double elapsedS;           ///< time since capture, seconds
    std::uint64_t counted;     ///< images observed at least that long
    std::uint64_t notObserved; ///< images whose observation ended before
    std::uint64_t correct;     ///< of those counted: the prediction then was right
    double accuracy;           ///< correct / counted, not a number when none is counted
    double wilsonLow;          ///< 95 % interval
    double wilsonHigh;
};

/**
 * Accuracy against the time since capture, over all captured images.
 *
 * At time t an image counts as right when the cloud's last prediction up to then was right; before
 * its first prediction it counts as wrong. An image that was captured less than t before the end of
 * the simulation is not counted at t at all: counting it as wrong would punish images for being
 * captured late.
 */
class AccuracyCurve
{
  public:
    /** From a moment on, the prediction is right or wrong. */
    struct Prediction
    {
        double elapsedS; ///< since capture, seconds
        bool correct;
    };

    /**
     * Adds an image.
     * \param observedS from its capture to the end of the observation, seconds
     * \param predictions in any order; of several at the same moment the later in the list counts
     */
    void AddImage(double observedS, std::vector<Prediction> predictions);

    /** \return the number of images. */
    std::uint64_t Images() const;

    /** \return a point for each time, in the order given. */
    std::vector<AccuracyPoint> At(const std::vector<double>& elapsedS) const;

  private:
    struct Observation
    {
        double observedS;
        std::vector<Prediction> predictions; ///< by time
    };

    std::vector<Observation> m_images;
};

/**
 * \return the times of a curve: \p times in ascending order without repetitions when there are any,
 * otherwise 0, \p step, 2 \p step, ... up to \p limit. \throws Error when \p step is not positive
 * or this makes more than a million times.
 */
std::vector<double> CurveTimes(std::vector<double> times, double step, double limit);

} // namespace limitnet

#endif // LIMITNET_RESULTS_ACCURACY_CURVE_H
