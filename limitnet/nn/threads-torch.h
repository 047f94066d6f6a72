// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_THREADS_TORCH_H
#define LIMITNET_NN_THREADS_TORCH_H

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <torch/torch.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace limitnet
{

/**
 * \return the cores of the machine, or as many threads as OMP_NUM_THREADS says, for runs that share
 * a machine
 */
inline int
ThreadsWanted()
{
    const char* wanted = std::getenv("OMP_NUM_THREADS");
    const int threads = wanted == nullptr ? 0 : std::atoi(wanted);
    return threads > 0 ? threads
                       : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

/**
 * Let LibTorch compute on as many threads as are wanted. Debian's build starts with one thread,
 * whatever the machine has.
 */
inline void
UseAllCores()
{
    torch::set_num_threads(ThreadsWanted());
}

/**
 * Let the process keep memory that was freed, up to 256 MiB, where the C library is glibc.
 *
 * The decoder's layers give about 13 MB each for a picture. glibc would hand such memory back to
 * the system after each picture and fetch it again, page by page, for the next, which takes about a
 * third of the decoding time (docs/performance.md). MALLOC_TRIM_THRESHOLD_ in the environment is
 * respected.
 */
inline void
KeepFreedMemory()
{
#ifdef __GLIBC__
    if (std::getenv("MALLOC_TRIM_THRESHOLD_") == nullptr)
    {
        mallopt(M_MMAP_THRESHOLD, 32 << 20); // the largest that glibc accepts
        mallopt(M_TRIM_THRESHOLD, 256 << 20);
    }
#endif
}

} // namespace limitnet

#endif // LIMITNET_NN_THREADS_TORCH_H
