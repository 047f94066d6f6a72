// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_RIVAL_CHANNEL_H
#define LIMITNET_EVALUATION_RIVAL_CHANNEL_H

#include "limitnet/codec/image-codec.h"

#include <string>
#include <vector>

namespace limitnet
{

/**
 * What classifiers of rivals' pictures are trained on: each picture goes through one of some rivals
 * with a limit of 60 to 2,000 bytes (uniform in its logarithm), at 32x32 up to 224x224 pixels, in
 * fragments of 51 to 242 bytes, of which a half of the pictures loses up to a half. The bit-plane
 * codec, which is no rival, gives the beginning of a picture's stream, of 20 to 1,200 bytes.
 *
 * \param names of rivals: RivalNames()
 * \return the channel
 * \throws Error on any other name
 */
PictureChannel OpenRivalChannel(const std::vector<std::string>& names);

} // namespace limitnet

#endif // LIMITNET_EVALUATION_RIVAL_CHANNEL_H
