// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_SALIENCY_REPORT_H
#define LIMITNET_CLI_SALIENCY_REPORT_H

#include "limitnet/cli/picture-part.h"
#include "limitnet/codec/image.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/evaluation/saliency-quality.h"

#include <array>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace limitnet
{

/** \return how much of each of the 28x28 cells a mask covers, 0..1: means over the cells. */
std::vector<float> MaskOfCells(const Image& mask);

/** \return the map as a receiver knows it, enlarged to 28x28: the saliency less its minimum. */
std::vector<float> SentSaliency(const SaliencyMap& map);

/**
 * How near the device's saliency comes to masks, beside two maps that know nothing of the picture:
 * what a saliency decoder has learned is what lies above them.
 */
class SaliencyReport
{
  public:
    /**
     * \param training pictures of an image folder; the mean of those masks that are there is one of
     * the two
     */
    explicit SaliencyReport(const ChosenPictures& training);

    /**
     * \param picture what the encoder gave
     * \param mask the picture's, MaskOfCells()
     */
    void Add(const PictureSymbols& picture, const std::vector<float>& mask);

    /** Prints a table. */
    void Print(std::ostream& out) const;

    /** Writes a file of SaliencyTable(). */
    void Write(const std::filesystem::path& file) const;

  private:
    struct Row
    {
        const char* name; // in the file
        std::string what; // in print
        SaliencyQuality quality;
    };

    std::vector<float> m_centre;
    std::vector<float> m_mean;
    std::array<Row, 4> m_rows;
};

} // namespace limitnet

#endif // LIMITNET_CLI_SALIENCY_REPORT_H
