// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_CIFAR_DATASET_H
#define LIMITNET_DATA_CIFAR_DATASET_H

#include "limitnet/data/dataset.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * CIFAR-10 or CIFAR-100 (Krizhevsky 2009) from the official binary version, held in memory.
 *
 * Layout, per https://www.cs.toronto.edu/~kriz/cifar.html:
 * - `cifar-10-batches-bin/`: data_batch_1.bin .. data_batch_5.bin, test_batch.bin: 10,000 records
 * of 1 label and 3,072 picture bytes; batches.meta.txt: one class name a line.
 * - `cifar-100-binary/`: train.bin (50,000) and test.bin (10,000): records of 1 coarse label, 1
 * fine label and 3,072 picture bytes; fine_label_names.txt. The fine label is the class.
 *
 * A picture is 32 x 32, planar: 1,024 red, 1,024 green, 1,024 blue bytes, each in row order.
 */
class CifarDataset : public Dataset
{
  public:
    static constexpr int SIDE = 32;                   ///< width and height, pixels
    static constexpr std::size_t PLANAR_BYTES = 3072; ///< bytes of a picture

    /**
     * Opens it from a folder that holds the extracted folder, or the archive
     * `cifar-10-binary.tar.gz|.tar.xz`, `cifar-100-binary.tar.gz|.tar.xz`, or from the extracted
     * folder itself.
     *
     * \param name "cifar10" or "cifar100"
     * \param split which files
     * \param dataDir the folder; empty: $LIMITNET_DATA, then the cache
     * \throws Error when it is not there, truncated, or of another layout.
     */
    static std::unique_ptr<CifarDataset> Open(const std::string& name,
                                              Split split,
                                              const std::filesystem::path& dataDir = {});

    /** \return whether \p name is a dataset of this class. */
    static bool Knows(const std::string& name);

    /** \return the folder or archive that Open would read, empty when there is none. */
    static std::filesystem::path Find(const std::string& name,
                                      const std::filesystem::path& dataDir = {});

    std::string Name() const override;
    std::size_t Size() const override;
    Image At(std::size_t index) const override;
    int Label(std::size_t index) const override;
    int ClassCount() const override;
    const std::string& ClassName(int label) const override;

    /**
     * \param index 0 .. Size() - 1
     * \return the 3,072 bytes of a picture, planar RGB, without a copy; valid as long as this
     * object.
     */
    const std::uint8_t* Planar(std::size_t index) const;

  private:
    CifarDataset() = default;

    std::string m_name;
    std::size_t m_labelBytes = 1; ///< label bytes before each picture; the last one is the class
    std::vector<std::uint8_t> m_records;
    std::size_t m_size = 0;
    std::vector<std::string> m_classNames;
};

} // namespace limitnet

#endif // LIMITNET_DATA_CIFAR_DATASET_H
