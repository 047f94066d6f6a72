// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_ARCHIVE_H
#define LIMITNET_DATA_ARCHIVE_H

#include <filesystem>
#include <string>

namespace limitnet
{

/**
 * Unpacks the files of an archive (tar, also compressed with gzip, xz, bzip2 or zstd). An entry
 * that is a link, hard or symbolic, becomes a copy of what it leads to.
 *
 * An entry whose path would leave the folder is an error, as is a link to something that is not in
 * the archive, and what is neither a file nor a folder nor a link.
 *
 * \throws Error that names the archive, when it cannot be read to its end.
 */
void ExtractArchive(const std::filesystem::path& archive, const std::filesystem::path& folder);

/**
 * Unpacks an archive into the cache, unless that was done before.
 *
 * The copy is found again by the archive's path, size and time of change, so a changed archive is
 * unpacked anew.
 *
 * \return the folder with the archive's content.
 */
std::filesystem::path ExtractOnce(const std::filesystem::path& archive);

} // namespace limitnet

#endif // LIMITNET_DATA_ARCHIVE_H
