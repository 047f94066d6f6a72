// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/parallel-work.h"
#include "tests/data/test-folder.h"

#include <atomic>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
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
