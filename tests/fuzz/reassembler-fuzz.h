// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_TESTS_FUZZ_REASSEMBLER_FUZZ_H
#define LIMITNET_TESTS_FUZZ_REASSEMBLER_FUZZ_H

#include "tests/codec/codec-test-data.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/**
 * \file
 * What the fuzzer (reassembler-fuzzer.cc) and the test with a fixed seed
 * (codec/reassembler-fuzz-test.cc) share. It goes by the public interface of Fragmenter and
 * Reassembler and knows nothing of the bytes in between.
 *
 * An input is a list of fragments, each with its length modulo 2048 in front as two bytes, low byte
 * first; the last one may be cut short. So every string of bytes is an input.
 */

namespace limitnet::test
{

/// What an input turned out to be, so that a test can tell that its inputs reach the depths.
struct FuzzOutcome
{
    size_t accepted = 0;       ///< fragments accepted by the first model's reassembler
    bool hasMap = false;       ///< the map was complete
    size_t values = 0;         ///< values that could be decoded
    bool anyRefused = false;   ///< a fragment was of another image or model, or no fragment at all
    bool conflictFree = false; ///< no two accepted fragments said something about the same value
};

/**
 * Adds the input's fragments to reassemblers of two models, in several orders, and holds what they
 * say against what reassembler.h promises.
 *
 * \param data the input.
 * \param size its size.
 * \return what was seen.
 * \throws std::logic_error that names the promise that is broken.
 */
FuzzOutcome FuzzReassembler(const uint8_t* data, size_t size);

/// The fragments of an input.
std::vector<Bytes> SplitFuzzInput(const uint8_t* data, size_t size);

/// The input that has these fragments.
Bytes JoinFuzzInput(const std::vector<Bytes>& fragments);

/**
 * Changes a list of fragments as a network, a mistaken sender or an attacker could: fragments of
 * real images come in, are lost, repeated, swapped, cut, lengthened, get other bytes, or keep their
 * header and get a random payload.
 *
 * \param fragments the list.
 * \param random where the choices come from.
 */
void MutateFragments(std::vector<Bytes>& fragments, Random& random);

} // namespace limitnet::test

#endif // LIMITNET_TESTS_FUZZ_REASSEMBLER_FUZZ_H
