// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/picture-part.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/cifar-dataset.h"

#include <fmt/format.h>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

const char* const ALL = "all";
const char* const HELD_OUT = "held-out";
const char* const TRAINING = "training";

} // namespace

void
PicturePart::AddTo(po::options_description& options)
{
    options.add_options()("part",
                          po::value(&m_part)->default_value(m_part),
                          "which pictures: of a folder all, or those held-out of training, or the "
                          "training ones; of CIFAR all are the test half, and held-out are the "
                          "last ones of the training half, for choices that are not to see the "
                          "test half")(
        "hold-out",
        po::value(&m_holdOutPercent)->default_value(m_holdOutPercent),
        "of each hundred pictures of a folder, how many training leaves out")(
        "hold-out-pictures",
        po::value(&m_holdOutPictures)->default_value(m_holdOutPictures),
        "how many pictures at the end of CIFAR's training half training leaves out");
}

void
PicturePart::Check() const
{
    if (m_part != ALL && m_part != HELD_OUT && m_part != TRAINING)
    {
        throw Error(
            fmt::format("--part={}: has to be {}, {} or {}", m_part, ALL, HELD_OUT, TRAINING));
    }
    if (m_holdOutPercent < 0 || m_holdOutPercent > 100)
    {
        throw Error(fmt::format("--hold-out={}: has to be 0 to 100", m_holdOutPercent));
    }
    if (m_holdOutPictures < 0)
    {
        throw Error(fmt::format("--hold-out-pictures={}: has to be 0 or more", m_holdOutPictures));
    }
}

ChosenPictures
PicturePart::Choose(const std::string& onDisk, const std::filesystem::path& dataDir) const
{
    return Choose(m_part, onDisk, dataDir);
}

ChosenPictures
PicturePart::ChooseForPreparing(const std::string& onDisk,
                                const std::filesystem::path& dataDir) const
{
    if (m_part != ALL)
    {
        return Choose(TRAINING, onDisk, dataDir);
    }
    if (!CifarDataset::Knows(onDisk))
    {
        return Choose(ALL, onDisk, dataDir);
    }
    PicturePart whole; // the test half was asked for: nothing of the training half is held out
    whole.m_holdOutPictures = 0;
    return whole.Choose(TRAINING, onDisk, dataDir);
}

ChosenPictures
PicturePart::Choose(const std::string& part,
                    const std::string& onDisk,
                    const std::filesystem::path& dataDir) const
{
    const bool isCifar = CifarDataset::Knows(onDisk);
    ChosenPictures chosen;
    chosen.dataset = OpenDataset(onDisk, part == ALL ? Split::TEST : Split::TRAIN, dataDir);
    const auto size = chosen.dataset->Size();
    const auto kept = size - std::min(size, static_cast<std::size_t>(m_holdOutPictures));
    for (std::size_t i = 0; i < size; ++i)
    {
        const bool isHeldOut = isCifar ? i >= kept : IsHeldOut(i, m_holdOutPercent);
        if (part == ALL || isHeldOut == (part == HELD_OUT))
        {
            chosen.indices.push_back(i);
        }
    }
    if (part == ALL)
    {
        chosen.what = isCifar ? "test pictures" : "pictures, seen in training or not";
    }
    else
    {
        const auto rule = isCifar ? fmt::format("the last {} of the training half", size - kept)
                                  : fmt::format("{} of each 100", m_holdOutPercent);
        chosen.what = part == HELD_OUT
                          ? fmt::format("pictures held out of training ({})", rule)
                          : fmt::format("training pictures (all but {} held out)", rule);
    }
    if (chosen.indices.empty())
    {
        throw Error(fmt::format("--part={}: there are no such pictures in {}, of {} in all, with "
                                "--hold-out{}",
                                part,
                                onDisk,
                                size,
                                isCifar ? fmt::format("-pictures={}", m_holdOutPictures)
                                        : fmt::format("={}", m_holdOutPercent)));
    }
    return chosen;
}

} // namespace limitnet
