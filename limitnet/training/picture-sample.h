// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_PICTURE_SAMPLE_H
#define LIMITNET_TRAINING_PICTURE_SAMPLE_H

#include "limitnet/data/dataset.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{

/**
 * Pictures that a codec is calibrated on: an equal part from each of some data sets, evenly spread
 * over it, and none of those that training leaves out by default (limitnet/data/hold-out.h), so
 * that what is measured on these is measured on pictures that nothing of the codec was made from.
 */
class PictureSample
{
  public:
    /**
     * \param datasets names or paths (see OpenDataset()); "imagenet" is its sample where the whole
     *        is not there; the training halves are taken
     * \param dataDir where sets with a name lie; empty: the usual places
     * \param count how many pictures, 1 or more; a set that has fewer gives all it has
     * \throws Error when a set is not there, or all its pictures are held out
     */
    PictureSample(const std::vector<std::string>& datasets,
                  const std::filesystem::path& dataDir,
                  int64_t count);

    /** \return how many there are */
    size_t Size() const
    {
        return m_chosen.size();
    }

    /** \param i 0 .. Size() - 1 \return the picture in its native size */
    Image At(size_t i) const
    {
        const auto& [dataset, index] = m_chosen.at(i);
        return m_datasets[dataset]->At(index);
    }

    /** \return the sets and how many pictures of each, for notes: "cifar100, 5000 pictures" */
    const std::string& Description() const
    {
        return m_description;
    }

  private:
    std::vector<std::unique_ptr<Dataset>> m_datasets;
    std::vector<std::pair<size_t, size_t>> m_chosen; // data set and picture
    std::string m_description;
};

} // namespace limitnet

#endif // LIMITNET_TRAINING_PICTURE_SAMPLE_H
