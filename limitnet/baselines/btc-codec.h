// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_BTC_CODEC_H
#define LIMITNET_BASELINES_BTC_CODEC_H

#include "limitnet/baselines/codec-table.h"

namespace limitnet
{

/** Largest side of a picture by OpenBtc(): that of the longest stream of byte-stream.h. */
constexpr int MAX_BTC_SIDE = 416;

/**
 * Block truncation coding as a rival of LimitNet: each block of 4x4 pixels is two colours and a bit
 * for each pixel that says which. Pixels above the block's mean luminance have the mean colour of
 * those, the others theirs (absolute moments: Lema and Mitchell, IEEE Transactions on
 * Communications 32, 1984; the original by Delp and Mitchell, same journal, 27, 1979). Colours have
 * 16 bits (RGB565), so a block takes 6 bytes.
 *
 * A fragment is a run of whole blocks, row by row, with its place: any of them decode without the
 * others. Its header is that of byte-stream.h; the parameter is the number of blocks in a row. A
 * block that is lost is as the last one before it that is not.
 *
 * Its work is "resize", in pixels of the camera's picture of 224x224, and "btc", in pixels.
 *
 * \param settings of a side above 416 that is taken, of others the largest multiple of 4; with
 *        bytes the largest that fits
 * \throws Error when the side is below 4
 */
CodecHalves OpenBtc(const RivalSettings& settings);

} // namespace limitnet

#endif // LIMITNET_BASELINES_BTC_CODEC_H
