// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_PATHS_H
#define LIMITNET_DATA_PATHS_H

#include <filesystem>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * \return the folder for downloads, unpacked archives and cached predictions:
 * $XDG_CACHE_HOME/limitnet, or
 *         ~/.cache/limitnet when that variable is unset, empty or relative (XDG Base Directory
 *         Specification). It need not exist yet.
 * \throws Error when neither XDG_CACHE_HOME nor HOME is set.
 */
std::filesystem::path CacheDir();

/** \return the folder below CacheDir() that holds fetched datasets. */
std::filesystem::path DatasetCacheDir();

/**
 * \param dataDir the folder that the user named, or empty
 * \return the folders to look for datasets in: \p dataDir alone when given, otherwise
 *         $LIMITNET_DATA (when set) and DatasetCacheDir().
 */
std::vector<std::filesystem::path> DataSearchPath(const std::filesystem::path& dataDir);

/**
 * Finds trained weights.
 *
 * Looked for as `<name>.pt`, or as \p name itself when that is a path to an existing file, in
 * $LIMITNET_MODELS, then in share/limitnet/models of the prefix that the program is installed in,
 * or, where it is not installed, in models/ of the source tree that it was built from.
 *
 * \param name such as "codec-224"
 * \return the path of the file.
 * \throws Error that names the folders looked at.
 */
std::filesystem::path FindModel(const std::string& name);

/**
 * Finds the device's half of a codec, which lies beside its weights as `<name>.int8`.
 *
 * \param name of the codec, as for FindModel()
 * \return the path of the file.
 * \throws Error that names the file and how to make it, when it is not there.
 */
std::filesystem::path FindDeviceModel(const std::string& name);

/**
 * Finds a file that comes with the program, such as "analysis/plot-accuracy.py": in share/limitnet
 * of the prefix that it is installed in, or in the source tree.
 *
 * \return its path, empty when it is not there.
 */
std::filesystem::path FindSharedFile(const std::filesystem::path& relative);

} // namespace limitnet

#endif // LIMITNET_DATA_PATHS_H
