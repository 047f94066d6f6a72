// SPDX-License-Identifier: GPL-2.0-only

// What the fuzzer of tests/fuzz does, with a fixed seed and for a few seconds.

#include "tests/fuzz/reassembler-fuzz.h"

#include <gtest/gtest.h>
#include <stdexcept>

using namespace limitnet;
using namespace limitnet::test;

TEST(ReassemblerFuzzTest, SplitsWhatItJoins)
{
    Random random(4);
    for (int round = 0; round < 100; ++round)
    {
        std::vector<Bytes> fragments(random.Below(6));
        for (auto& fragment : fragments)
        {
            fragment.resize(random.Below(2048));
            for (auto& byte : fragment)
            {
                byte = static_cast<uint8_t>(random.Below(256));
            }
        }
        const auto input = JoinFuzzInput(fragments);
        EXPECT_EQ(SplitFuzzInput(input.data(), input.size()), fragments);
    }
}

TEST(ReassemblerFuzzTest, AnyBytesGiveADefinedResult)
{
    Random random(1);
    Bytes input;
    for (int round = 0; round < 500; ++round)
    {
        input.resize(random.Below(2000));
        for (auto& byte : input)
        {
            // Small numbers are more often lengths and headers that mean something.
            byte = static_cast<uint8_t>(random.Below(random.Below(2) == 0 ? 32 : 256));
        }
        ASSERT_NO_THROW(FuzzReassembler(input.data(), input.size())) << "round " << round;
    }
}

TEST(ReassemblerFuzzTest, DamagedFragmentsGiveADefinedResult)
{
    Random random(2);
    constexpr int rounds = 1000;
    int withMap = 0;
    int withValues = 0;
    int withRefused = 0;
    int conflictFree = 0;
    int withConflict = 0;
    std::vector<Bytes> fragments;
    for (int round = 0; round < rounds; ++round)
    {
        if (round % 8 == 0)
        {
            fragments.clear();
        }
        for (int i = 0; i < 3; ++i)
        {
            MutateFragments(fragments, random);
        }
        const auto input = JoinFuzzInput(fragments);
        FuzzOutcome outcome;
        ASSERT_NO_THROW(outcome = FuzzReassembler(input.data(), input.size())) << "round " << round;
        withMap += outcome.hasMap ? 1 : 0;
        withValues += outcome.values > 0 ? 1 : 0;
        withRefused += outcome.anyRefused ? 1 : 0;
        conflictFree += outcome.conflictFree && outcome.values > 0 ? 1 : 0;
        withConflict += outcome.hasMap && !outcome.conflictFree ? 1 : 0;
    }
    // The inputs are neither all refused nor all harmless.
    EXPECT_GT(withMap, rounds / 10);
    EXPECT_GT(withValues, rounds / 10);
    EXPECT_GT(withRefused, rounds / 10);
    EXPECT_GT(conflictFree, rounds / 20);
    EXPECT_GT(withConflict, rounds / 100);
    RecordProperty("withMap", withMap);
    RecordProperty("conflictFree", conflictFree);
    RecordProperty("withConflict", withConflict);
}
