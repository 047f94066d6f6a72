// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_SALIENCY_QUALITY_H
#define LIMITNET_EVALUATION_SALIENCY_QUALITY_H

#include <array>
#include <cstddef>
#include <vector>

namespace limitnet
{

/**
 * How well saliency maps agree with masks of salient objects, over several pictures.
 *
 * Two measures that are usual for salient-object detection (A. Borji et al., Salient Object
 * Detection: A Benchmark, IEEE Trans. Image Processing 24(12), 2015): the mean absolute error, and
 * the intersection over union of the map above a threshold and the mask. Both are computed for each
 * picture and averaged over the pictures. There is one threshold for all pictures, so a map that is
 * right in itself and fits no common threshold is not taken for a good one.
 */
class SaliencyQuality
{
  public:
    /// Thresholds tried: 0/255, 1/255 .. 255/255, the levels of a grey picture.
    static constexpr int THRESHOLDS = 256;

    /// From here on a cell of a mask belongs to the object.
    static constexpr float OBJECT = 0.5F;

    /**
     * One picture more.
     *
     * \param map saliency of each cell; what is outside of 0..1 is clamped, and what is not a
     * number counts as 0
     * \param mask how much of the cell the object covers, 0..1
     * \throws Error when they are empty or not equally long
     */
    void Add(const std::vector<float>& map, const std::vector<float>& mask);

    /** \return how many pictures were added */
    std::size_t Pictures() const;

    /** \return mean over the pictures of the mean |map - mask|; 0 without pictures */
    double MeanAbsoluteError() const;

    /**
     * \param threshold 0..255: salient is what is at least threshold / 255
     * \return mean over the pictures of the intersection over union of what is salient and what is
     * object, 0..1; 1 for a picture in which nothing is either. 0 without pictures
     */
    double IntersectionOverUnion(int threshold) const;

    /** \return the threshold with the largest IntersectionOverUnion(), the lowest of several */
    int BestThreshold() const;

  private:
    std::size_t m_pictures = 0;
    double m_error = 0;                              // sum over the pictures
    std::array<double, THRESHOLDS> m_intersection{}; // over union, sum over the pictures
};

/**
 * What a map would be that knows nothing of the picture: salient objects tend to be in the middle.
 * exp(-d^2 / (2 s^2)) of the distance d of a cell's centre from the middle, in sides of the
 * picture, with s = 1/4. Where it is given its best threshold, s does not matter: what is salient
 * is a disc around the middle.
 *
 * \param side columns and rows
 * \return side * side values, rows from the top
 */
std::vector<float> CentrePrior(int side);

} // namespace limitnet

#endif // LIMITNET_EVALUATION_SALIENCY_QUALITY_H
