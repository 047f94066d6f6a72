// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_LIM_FILE_H
#define LIMITNET_DATA_LIM_FILE_H

#include "limitnet/codec/fragment.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace limitnet
{

/** One picture of a .lim file. */
struct LimPicture
{
    std::string name;             ///< a file name without folders; see IsLimName()
    std::uint32_t width = 0;      ///< of the picture that was encoded, pixels
    std::uint32_t height = 0;     ///< likewise
    std::vector<Bytes> fragments; ///< in sending order; each of 1..65535 bytes
};

/** What a .lim file holds: encoded pictures, as the fragments that a device would send. */
struct LimFile
{
    std::string model;                ///< name of the codec, such as "codec-224"; see IsLimName()
    std::uint8_t modelId = 0;         ///< CodecTables::modelId of it
    std::vector<LimPicture> pictures; ///< at most 65,536
};

/**
 * \return whether a .lim file can hold this name: 1..255 bytes, neither "." nor "..", without '/',
 * backslash and control characters, so that a name from a file never leads out of a folder
 */
bool IsLimName(const std::string& name);

/**
 * Makes a name that IsLimName() accepts of a file's name, as near to it as can be.
 *
 * \param name any bytes
 * \return what a .lim file calls it
 */
std::string LimNameFor(const std::string& name);

/**
 * \return the bytes of a .lim file (docs/lim-file.md).
 * \throws Error when a name, a size or a number is outside what the format holds.
 */
Bytes PackLimFile(const LimFile& file);

/**
 * Takes a .lim file apart; total: any bytes give a file or an Error. What the fragments hold is not
 * looked at here, since any bytes are a defined fragment for Reassembler.
 *
 * \param bytes the bytes; may be null when size is 0
 * \param size number of bytes
 * \param name what messages call the file
 * \throws Error in one line, which names the file and says what is wrong with it.
 */
LimFile ParseLimFile(const std::uint8_t* bytes, std::size_t size, const std::string& name);

/** \return a .lim file that is on disk. \throws Error that names it. */
LimFile ReadLimFile(const std::filesystem::path& path);

/** Writes a .lim file, which appears whole or not at all. \throws Error that names it. */
void WriteLimFile(const std::filesystem::path& path, const LimFile& file);

} // namespace limitnet

#endif // LIMITNET_DATA_LIM_FILE_H
