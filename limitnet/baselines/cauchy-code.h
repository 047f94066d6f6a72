// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_CAUCHY_CODE_H
#define LIMITNET_BASELINES_CAUCHY_CODE_H

#include "limitnet/codec/fragment.h"

#include <cstddef>
#include <map>
#include <vector>

namespace limitnet
{

/** Most places of a code, data and parity. */
constexpr size_t MAX_CAUCHY_PLACES = 255;

/**
 * Parity of a systematic Cauchy-Reed-Solomon code over GF(2^8) (J. Bloemer et al., "An XOR-based
 * erasure-resilient coding scheme", ICSI TR-95-048, 1995), by Intel's ISA-L: of k pieces of data at
 * the places 0..k-1 and parity at the places from k on, any k give all.
 *
 * The coefficient of data j at the place i is the inverse of i XOR j, so parity does not depend on
 * how much of it there is.
 *
 * \param data k pieces of one length, above 0
 * \param count how much parity; k + count is at most MAX_CAUCHY_PLACES
 * \return the parity at the places k, k + 1, ...
 */
std::vector<Bytes> CauchyParity(std::vector<Bytes> data, size_t count);

/**
 * Data from any k places.
 *
 * \param places what there is, by place; all of one length, above 0
 * \param k how many pieces of data there are
 * \return the data that is not among \p places, by place; nothing when fewer than k places are
 *         there, or no data is missing
 */
std::map<size_t, Bytes> RecoverCauchy(const std::map<size_t, Bytes>& places, size_t k);

} // namespace limitnet

#endif // LIMITNET_BASELINES_CAUCHY_CODE_H
