// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/parallel-work.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/threads-torch.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
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
    const auto wanted = std::min<std::size_t>(std::max(1U, workers), count);
    try
    {
        for (std::size_t i = 0; i < wanted; ++i)
        {
            threads.emplace_back(run);
        }
    }
    catch (const std::system_error& error)
    {
        next = count;
        const std::lock_guard lock(mutex);
        failure = std::make_exception_ptr(
            Error("of " + std::to_string(wanted) + " threads only " +
                  std::to_string(threads.size()) + " could be started (" + error.what() +
                  "); ask for fewer at once, by --jobs or OMP_NUM_THREADS"));
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
