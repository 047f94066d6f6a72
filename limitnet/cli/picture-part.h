// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_PICTURE_PART_H
#define LIMITNET_CLI_PICTURE_PART_H

#include "limitnet/data/dataset.h"
#include "limitnet/data/hold-out.h"

#include <boost/program_options.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** Some pictures of a data set. */
struct ChosenPictures
{
    std::shared_ptr<const Dataset> dataset;
    std::vector<std::size_t> indices; //!< in the data set, ascending
    std::string what;                 //!< what they are, such as "test pictures"
};

/** The options that say which pictures of a data set to use, by what training saw of them. */
class PicturePart
{
  public:
    /** Adds --part, --hold-out and --hold-out-pictures. */
    void AddTo(boost::program_options::options_description& options);

    /** \throws Error naming an option whose value is impossible. */
    void Check() const;

    /**
     * \param onDisk the data set, as for OpenDataset()
     * \param dataDir the folder to look in, or empty
     * \return the pictures asked for; at least one
     * \throws Error when the data set is not there, or nothing of it is left
     */
    ChosenPictures Choose(const std::string& onDisk, const std::filesystem::path& dataDir) const;

    /**
     * \return pictures to prepare something with, such as a mean: what training saw of the data
     * set, but for an image folder of which all is asked for: then all of it, since it has no
     * halves
     */
    ChosenPictures ChooseForPreparing(const std::string& onDisk,
                                      const std::filesystem::path& dataDir) const;

  private:
    ChosenPictures Choose(const std::string& part,
                          const std::string& onDisk,
                          const std::filesystem::path& dataDir) const;

    std::string m_part = "all";
    int m_holdOutPercent = HOLD_OUT_PERCENT;
    std::int64_t m_holdOutPictures = HOLD_OUT_PICTURES;
};

} // namespace limitnet

#endif // LIMITNET_CLI_PICTURE_PART_H
