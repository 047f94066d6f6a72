// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_HOLD_OUT_H
#define LIMITNET_DATA_HOLD_OUT_H

#include <cstddef>

namespace limitnet
{

/** Of each hundred pictures of an image folder, this many are kept out of training by default. */
constexpr int HOLD_OUT_PERCENT = 20;

/** So many of the last training pictures of a CIFAR set are kept out of training by default. */
constexpr std::size_t HOLD_OUT_PICTURES = 2000;

/**
 * Which pictures of an image folder are kept out of training: a rule by place in the sorted list,
 * so that trainer and evaluation agree without a list of names. Every picture of a hundred has
 * another turn (37 and 100 have no common divisor), so the share is exact and spread evenly.
 *
 * \param index place of the picture in its folder, from 0
 * \param percent of each hundred pictures, 0..100
 * \return whether the picture is kept out
 */
inline bool
IsHeldOut(std::size_t index, int percent)
{
    return static_cast<int>(index % 100 * 37 % 100) < percent;
}

} // namespace limitnet

#endif // LIMITNET_DATA_HOLD_OUT_H
