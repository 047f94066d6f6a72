// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_CHECKSUM_H
#define LIMITNET_DATA_CHECKSUM_H

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace limitnet
{

/** \return the MD5 (RFC 1321) of a file, 32 lower-case hexadecimal digits. \throws Error when
 * unreadable. */
std::string Md5OfFile(const std::filesystem::path& path);

/**
 * \return the SHA-256 (FIPS 180-4) of the contents of some files, one after the other, 64
 * lower-case hexadecimal digits. \throws Error that names the file which cannot be read.
 */
std::string Sha256OfFiles(const std::vector<std::filesystem::path>& paths);

/** \return the SHA-256 (FIPS 180-4) of a string of bytes */
std::array<std::uint8_t, 32> Sha256Of(const std::string& bytes);

} // namespace limitnet

#endif // LIMITNET_DATA_CHECKSUM_H
