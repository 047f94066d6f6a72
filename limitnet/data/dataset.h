// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_DATASET_H
#define LIMITNET_DATA_DATASET_H

#include "limitnet/codec/image.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** The two halves of a dataset. */
enum class Split
{
    TRAIN,
    TEST
};

/**
 * Labelled pictures with random access.
 *
 * All methods are const and may be called from several threads at once.
 */
class Dataset
{
  public:
    virtual ~Dataset() = default;

    /** \return the name it was opened by, for messages and result files. */
    virtual std::string Name() const = 0;

    /** \return the number of pictures. */
    virtual std::size_t Size() const = 0;

    /**
     * \param index 0 .. Size() - 1
     * \return the picture in its native size.
     * \throws Error when the index is out of range or the picture's file cannot be decoded.
     */
    virtual Image At(std::size_t index) const = 0;

    /** \return the class of a picture, 0 .. ClassCount() - 1, or -1 in a dataset without classes.
     */
    virtual int Label(std::size_t index) const = 0;

    /** \return the number of classes; 0 when the pictures have none. */
    virtual int ClassCount() const = 0;

    /** \return the name of a class, 0 .. ClassCount() - 1. */
    virtual const std::string& ClassName(int label) const = 0;
};

/** \return the names OpenDataset knows, for help texts. */
std::vector<std::string> DatasetNames();

/**
 * Opens a dataset that is on this machine; never uses the network.
 *
 * Looked for, in this order: in \p dataDir alone when it is given; otherwise in the folder that the
 * environment variable LIMITNET_DATA names, then in the cache. In each of them as a folder or as an
 * archive (see CifarDataset and ImageFolder); an archive is unpacked into the cache once.
 *
 * \param name one of DatasetNames(), or the path (with a slash) of an image folder or of a .tar of
 * it \param split image folders have no halves: both give all pictures \param dataDir empty, or the
 * folder to look in \throws Error that names the folders looked at and what to do, when the data is
 * not there.
 */
std::unique_ptr<Dataset> OpenDataset(const std::string& name,
                                     Split split,
                                     const std::filesystem::path& dataDir = {});

/**
 * \return the name to open: "imagenet" is the whole set where it is there, else the sample
 * "imagenet-sample"; other names are as they are.
 */
std::string DatasetOnDisk(const std::string& name, const std::filesystem::path& dataDir = {});

/** \return whether OpenDataset would find files for this name (it does not check their content). */
bool HasDataset(const std::string& name, const std::filesystem::path& dataDir = {});

} // namespace limitnet

#endif // LIMITNET_DATA_DATASET_H
