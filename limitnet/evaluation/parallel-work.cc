// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/parallel-work.h"

#include "limitnet/nn/threads-torch.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace limitnet
{

unsigned
WorkerCount()
{
    return static_cast<unsigned>(ThreadsWanted());
}

void
ComputeOnOneCore()
{
    torch::set_num_threads(1); // of this thread
}

void
ForEachInParallel(std::size_t count, unsigned workers, const std::function<void(std::size_t)>& work)
{
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr failure;
    const auto run = [&]() {
        ComputeOnOneCore();
        try
        {
            for (std::size_t i = next++; i < count; i = next++)
            {
                work(i);
            }
        }
        catch (...)
        {
            next = count;
            const std::lock_guard lock(mutex);
            failure = failure ? failure : std::current_exception();
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(1U, workers); ++i)
    {
        threads.emplace_back(run);
    }
    for (auto& thread : threads)
    {
        thread.join();
    }
    UseAllCores(); // what comes after it
    if (failure)
    {
        std::rethrow_exception(failure);
    }
}

} // namespace limitnet
