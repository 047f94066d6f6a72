// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_ERROR_H
#define LIMITNET_CODEC_ERROR_H

#include <stdexcept>

namespace limitnet
{

/**
 * What the library throws for bad input: a file, a key, a value or an argument that cannot be
 * used. The text is one line that names what is wrong and what would be right; the programs print
 * it as `error: <text>` and end with exit status 1.
 *
 * Bytes that come from a network are never an error: parsing them is total (Reassembler::Add).
 */
class Error : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

} // namespace limitnet

#endif // LIMITNET_CODEC_ERROR_H
