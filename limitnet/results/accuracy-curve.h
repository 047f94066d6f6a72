// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_RESULTS_ACCURACY_CURVE_H
#define LIMITNET_RESULTS_ACCURACY_CURVE_H

#include <cstdint>
#include <map>
#include <utility>
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

/**
 * \param freedom degrees of freedom, at least 1
 * \return the 97.5 % quantile of Student's t distribution, to a thousandth of it from 2 on and to
 * three hundredths below (Hill's expansion, Communications of the ACM 13, 1970, algorithm 396)
 */
double StudentQuantile95(double freedom);

/** One point of accuracy against time. */
struct AccuracyPoint
{
    double elapsedS;           ///< time since capture, seconds
    std::uint64_t counted;     ///< images observed at least that long
    std::uint64_t notObserved; ///< images whose observation ended before
    std::uint64_t correct;     ///< of those counted: the prediction then was right
    double accuracy;           ///< correct / counted, not a number when none is counted
    double wilsonLow;          ///< 95 % interval, of pictures and places
    double wilsonHigh;
};

/**
 * Accuracy against the time since capture, over all captured images.
 *
 * At time t an image counts as right when the cloud's last prediction up to then was right; before
 * its first prediction it counts as wrong. An image that was captured less than t before the end of
 * the simulation is not counted at t at all: counting it as wrong would punish images for being
 * captured late.
 *
 * The interval is Wilson's score interval of as many independent images as those counted are worth,
 * with Student's t in the place of the normal distribution. Images of one picture are alike, and so
 * are those of one place, where a camera is heard or not. The variance of the accuracy is that
 * between pictures plus that between places less that of their pairs (Cameron, Gelbach and Miller,
 * J. Business & Economic Statistics 29, 2011), at least that of either; the degrees of freedom are
 * Satterthwaite's. Where nothing varies, as where all is right, the images are worth as many as
 * there are pictures, or places where these are fewer; a single picture or place tells nothing
 * about others. Images with a picture and a place each have Wilson's interval as it is.
 * analysis/measures.py has the same for several runs.
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
     * \param picture which picture it is of
     * \param place which place it was taken at, by whatever number tells a camera from others
     */
    void AddImage(double observedS,
                  std::vector<Prediction> predictions,
                  std::uint64_t picture,
                  std::uint64_t place);

    /** The same of an image with a picture and a place of its own. */
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
        std::size_t picture;                 ///< numbers from 0, as many as there are
        std::size_t place;
        std::size_t pair; ///< of picture and place
    };

    std::vector<Observation> m_images;
    std::map<std::uint64_t, std::size_t> m_pictures;
    std::map<std::uint64_t, std::size_t> m_places;
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> m_pairs;
};

/**
 * \return the times of a curve: \p times in ascending order without repetitions when there are any,
 * otherwise 0, \p step, 2 \p step, ... up to \p limit. \throws Error when \p step is not positive
 * or this makes more than a million times.
 */
std::vector<double> CurveTimes(std::vector<double> times, double step, double limit);

} // namespace limitnet

#endif // LIMITNET_RESULTS_ACCURACY_CURVE_H
