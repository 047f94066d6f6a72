// SPDX-License-Identifier: GPL-2.0-only

// libFuzzer's entry points: see run.sh. An uncaught exception is a finding, as a crash is.

#include "tests/fuzz/reassembler-fuzz.h"

#include <algorithm>

using namespace limitnet;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t maxSize);

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    test::FuzzReassembler(data, size);
    return 0;
}

/** Half of the time what libFuzzer does to any bytes, else what can happen to fragments. */
extern "C" size_t
LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t maxSize, unsigned int seed)
{
    test::Random random(seed);
    if (size > 0 && random.Below(2) == 0)
    {
        return LLVMFuzzerMutate(data, size, maxSize);
    }
    auto fragments = test::SplitFuzzInput(data, size);
    for (auto count = 1 + random.Below(4); count > 0; --count)
    {
        test::MutateFragments(fragments, random);
    }
    const auto mutated = test::JoinFuzzInput(fragments);
    const auto kept = std::min(mutated.size(), maxSize);
    std::copy_n(mutated.begin(), kept, data);
    return kept;
}
