// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/picture-sample.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/hold-out.h"

#include <algorithm>
#include <fmt/format.h>

namespace limitnet
{

PictureSample::PictureSample(const std::vector<std::string>& datasets,
                             const std::filesystem::path& dataDir,
                             int64_t count)
{
    if (datasets.empty())
    {
        throw Error("nothing to calibrate on: name sets with --dataset, such as cifar100 or the "
                    "path of a folder");
    }
    const auto share = std::max<size_t>(1, static_cast<size_t>(count) / datasets.size());
    for (const auto& name : datasets)
    {
        const auto onDisk = DatasetOnDisk(name, dataDir);
        m_datasets.push_back(OpenDataset(onDisk, Split::TRAIN, dataDir));
        const auto& dataset = *m_datasets.back();
        const auto size = dataset.Size();
        const bool isCifar = CifarDataset::Knows(onDisk);
        const auto kept = size - std::min(size, HOLD_OUT_PICTURES);
        std::vector<size_t> training;
        for (size_t i = 0; i < size; ++i)
        {
            if (isCifar ? i < kept : !IsHeldOut(i, HOLD_OUT_PERCENT))
            {
                training.push_back(i);
            }
        }
        if (training.empty())
        {
            throw Error(fmt::format("data set {}: none of its {} picture{} is left to calibrate "
                                    "on, since {} of each 100 are held out, the first one among "
                                    "them; two pictures would do",
                                    name,
                                    size,
                                    size == 1 ? "" : "s",
                                    HOLD_OUT_PERCENT));
        }
        const auto taken = std::min(share, training.size());
        for (size_t i = 0; i < taken; ++i)
        {
            // Evenly spread: a folder's pictures are sorted by class.
            m_chosen.emplace_back(m_datasets.size() - 1, training[i * training.size() / taken]);
        }
        m_description += fmt::format("{}{}, {} pictures",
                                     m_description.empty() ? "" : "; ",
                                     dataset.Name(),
                                     taken);
    }
}

} // namespace limitnet
