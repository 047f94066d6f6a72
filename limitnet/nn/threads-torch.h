// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_THREADS_TORCH_H
#define LIMITNET_NN_THREADS_TORCH_H

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <torch/torch.h>

namespace limitnet
{

/**
 * Let LibTorch compute on all cores of the machine, or on as many as OMP_NUM_THREADS says, for runs
 * that share a machine. Debian's build starts with one thread, whatever the machine has.
 */
inline void
UseAllCores()
{
    const char* wanted = std::getenv("OMP_NUM_THREADS");
    const int threads = wanted == nullptr ? 0 : std::atoi(wanted);
    torch::set_num_threads(
        threads > 0 ? threads
                    : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

} // namespace limitnet

#endif // LIMITNET_NN_THREADS_TORCH_H
