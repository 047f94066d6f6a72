// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/parallel-work.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <mutex>
#include <set>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace limitnet
{
namespace
{

TEST(ParallelWork, DoesEverythingOnce)
{
    for (const unsigned workers : {0U, 1U, 3U, 50U})
    {
        std::vector<std::atomic<int>> done(20);
        ForEachInParallel(done.size(), workers, [&](std::size_t i) { ++done.at(i); });
        for (const auto& times : done)
        {
            EXPECT_EQ(times, 1);
        }
    }
    ForEachInParallel(0, 2, [](std::size_t) { FAIL(); });
}

TEST(ParallelWork, DoesAsMuchAtOnceAsAskedFor)
{
    // Nobody goes on before three are there: with fewer threads this would not end.
    std::atomic<int> there{0};
    std::mutex mutex;
    std::set<std::thread::id> threads;
    ForEachInParallel(3, 3, [&](std::size_t) {
        for (++there; there < 3;)
        {
            std::this_thread::yield();
        }
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(threads.size(), 3U);
}

TEST(ParallelWork, StopsAtAnError)
{
    std::atomic<int> begun{0};
    const auto message = ErrorOf([&]() {
        ForEachInParallel(1000, 2, [&](std::size_t i) {
            ++begun;
            if (i == 5)
            {
                throw std::runtime_error("the sixth");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
    });
    EXPECT_EQ(message, "the sixth");
    EXPECT_LT(begun, 1000);
}

TEST(ParallelWork, HasNoMoreThreadsThanWork)
{
    const auto before = NamesIn("/proc/self/task").size();
    std::atomic<std::size_t> most{0};
    ForEachInParallel(2, 200, [&](std::size_t i) {
        // The first one watches while the others would begin and end.
        for (int look = 0; i == 0 && look < 200; ++look)
        {
            most = std::max(most.load(), NamesIn("/proc/self/task").size());
        }
    });
    EXPECT_LE(most, before + 2);
}

TEST(ParallelWork, SaysWhenThereAreNotSoManyThreads)
{
    // In a process of its own, since its memory is limited: no room for the stacks of 10,000.
    const auto limited = [] {
        std::size_t pages = 0;
        std::ifstream("/proc/self/statm") >> pages;
        const auto most = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + (1UL << 30);
        const rlimit limit{most, most};
        setrlimit(RLIMIT_AS, &limit);
        std::cerr << ErrorOf([] {
            ForEachInParallel(10000, 10000, [](std::size_t) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            });
        });
        std::_Exit(0);
    };
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitiser needs more room for addresses than this leaves";
#endif
    EXPECT_EXIT(limited(), testing::ExitedWithCode(0), "of 10000 threads only .* --jobs");
}

TEST(ParallelWork, FollowsTheVariableThatSharesAMachine)
{
    {
        const TestVariable threads("OMP_NUM_THREADS", "3");
        EXPECT_EQ(WorkerCount(), 3U);
    }
    const TestVariable threads("OMP_NUM_THREADS", std::nullopt);
    EXPECT_EQ(WorkerCount(), std::max(1U, std::thread::hardware_concurrency()));
}

} // namespace
} // namespace limitnet
