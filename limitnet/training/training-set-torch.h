// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_TRAINING_SET_TORCH_H
#define LIMITNET_TRAINING_TRAINING_SET_TORCH_H

#include "limitnet/training/training-set.h"

#include <cstdint>
#include <ostream>
#include <string>
#include <torch/torch.h>
#include <vector>

namespace limitnet
{

/** The pictures of one data set: first those for training, then those that are held out. */
struct TrainingSource
{
    std::string name;       //!< "cifar100", or a folder's name
    torch::Tensor pictures; //!< uint8 Nx3xSxS, S is 32 or 224
    torch::Tensor labels;   //!< int64 N; undefined without classes
    torch::Tensor masks;    //!< uint8 Nx1x28x28, 255 is salient; undefined without masks
    int64_t classes = 0;    //!< number of classes; 0 without
    int64_t trainCount = 0; //!< so many of the pictures are for training

    /** \return number of pictures */
    int64_t Size() const
    {
        return pictures.size(0);
    }

    /** \return whether they are kept at 32x32 */
    bool IsSmall() const
    {
        return pictures.size(2) == 32;
    }

    /**
     * \param indices int64 n, which pictures
     * \return float nx3x224x224 in 0..1
     */
    torch::Tensor At224(const torch::Tensor& indices) const;

    /** The same for consecutive pictures. \return float countx3x224x224 in 0..1 */
    torch::Tensor At224(int64_t first, int64_t count) const;

    /** \return float nx1x28x28 in 0..1 */
    torch::Tensor MasksAt(const torch::Tensor& indices) const;
};

/**
 * \param tensor any; undefined: the checksum stays as it is
 * \param seed the checksum of what comes before
 * \return the CRC-32 of its elements' bytes, row by row
 */
uint32_t ChecksumOf(const torch::Tensor& tensor, uint32_t seed = 0);

struct TrainingSet
{
    std::vector<TrainingSource> sources;

    /**
     * \param name a data set's
     * \return the source of this name; null when there is none
     */
    const TrainingSource* Find(const std::string& name) const;

    /** \return the same on another device */
    TrainingSet To(torch::Device device) const;

    /** \return names, sizes and a checksum of all pictures: what a run can be continued with */
    std::string Signature() const;

    /** A line for each source. */
    void Describe(std::ostream& out) const;
};

} // namespace limitnet

#endif // LIMITNET_TRAINING_TRAINING_SET_TORCH_H
