// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/saliency-report.h"

#include "limitnet/cli/picture-file.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/result-tables.h"

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>
#include <ostream>

namespace limitnet
{

namespace
{

enum RowNumber
{
    NETWORK,
    SENT,
    CENTRE,
    MEAN
};

/// What UpsampleSaliency() gives where the level is the highest one all around.
constexpr float HIGHEST_SUM = (MAP_LEVELS - 1) * 8 * 14 * 14;

} // namespace

std::vector<float>
MaskOfCells(const Image& mask)
{
    cv::Mat grey;
    cv::extractChannel(ToMat(mask), grey, 0);
    grey.convertTo(grey, CV_32F, 1 / 255.0); // before the means, which would be rounded else
    const cv::Mat cells = Resized(grey, {LATENT_WIDTH, LATENT_HEIGHT});
    return {cells.begin<float>(), cells.end<float>()};
}

std::vector<float>
SentSaliency(const SaliencyMap& map)
{
    std::array<std::uint16_t, LATENT_CELLS> sums{};
    UpsampleSaliency(map, sums.data());
    std::vector<float> saliency;
    for (const auto sum : sums)
    {
        saliency.push_back(static_cast<float>(sum) / HIGHEST_SUM * static_cast<float>(map.range) /
                           255);
    }
    return saliency;
}

SaliencyReport::SaliencyReport(const ChosenPictures& training)
    : m_centre(CentrePrior(LATENT_WIDTH)),
      m_mean(LATENT_CELLS)
{
    const auto& folder = dynamic_cast<const ImageFolder&>(*training.dataset);
    std::size_t count = 0;
    for (const auto index : training.indices)
    {
        if (folder.HasMask(index))
        {
            const auto mask = MaskOfCells(folder.Mask(index));
            for (std::size_t i = 0; i < mask.size(); ++i)
            {
                m_mean[i] += mask[i];
            }
            ++count;
        }
    }
    for (auto& cell : m_mean)
    {
        cell /= static_cast<float>(std::max<std::size_t>(count, 1));
    }
    m_rows[NETWORK] = {"network", "the network's 28x28 output", {}};
    m_rows[SENT] = {"sent", "the 8x8 map as it is sent, enlarged", {}};
    m_rows[CENTRE] = {"centre", "centre prior: a disc around the middle", {}};
    m_rows[MEAN] = {"mean", fmt::format("prior: the mean of {} masks", count), {}};
}

void
SaliencyReport::Add(const PictureSymbols& picture, const std::vector<float>& mask)
{
    m_rows[NETWORK].quality.Add(picture.saliency, mask);
    m_rows[SENT].quality.Add(SentSaliency(picture.map), mask);
    m_rows[CENTRE].quality.Add(m_centre, mask);
    m_rows[MEAN].quality.Add(m_mean, mask);
}

void
SaliencyReport::Print(std::ostream& out) const
{
    const auto best = [](const Row& row) {
        return row.quality.IntersectionOverUnion(row.quality.BestThreshold());
    };
    out << fmt::format("saliency against the masks of {} pictures, in 28x28 cells; intersection "
                       "over union at the best threshold\n"
                       "{:<45} IoU   threshold   mean abs. error   above the centre prior\n",
                       m_rows[NETWORK].quality.Pictures(),
                       "");
    for (const auto& row : m_rows)
    {
        out << fmt::format("  {:<41} {:6.4f} {:>7}/255 {:17.4f} {:>22}\n",
                           row.what,
                           best(row),
                           row.quality.BestThreshold(),
                           row.quality.MeanAbsoluteError(),
                           &row == &m_rows[CENTRE]
                               ? ""
                               : fmt::format("{:+.4f}", best(row) - best(m_rows[CENTRE])));
    }
}

void
SaliencyReport::Write(const std::filesystem::path& file) const
{
    CsvWriter csv(file, SaliencyTable().Names());
    for (const auto& row : m_rows)
    {
        const int threshold = row.quality.BestThreshold();
        csv.Add(row.name)
            .Add(row.quality.Pictures())
            .Add(row.quality.IntersectionOverUnion(threshold), 5)
            .Add(threshold / 255.0, 5)
            .Add(row.quality.MeanAbsoluteError(), 5)
            .EndRow();
    }
    csv.Close();
}

} // namespace limitnet
