// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_JPEG_CONCEALMENT_H
#define LIMITNET_BASELINES_JPEG_CONCEALMENT_H

#include "limitnet/codec/fragment.h"

#include <optional>

namespace limitnet
{

namespace jpeg
{

/**
 * Fills what is lost of a JPEG file with the mean colours of what is around it.
 *
 * \param file what both ends know of it, what arrived, and its end
 * \param progressive whether it has several scans, of which the first is looked at
 * \return the file with its lost blocks concealed; nothing when all are lost. Of a progressive
 *         one whose first scan is all there: the file
 * \throws Failure when libjpeg gives up
 */
std::optional<Bytes> Concealed(const Bytes& file, bool progressive);

} // namespace jpeg

} // namespace limitnet

#endif // LIMITNET_BASELINES_JPEG_CONCEALMENT_H
