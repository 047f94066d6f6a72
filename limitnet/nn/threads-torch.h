// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_THREADS_TORCH_H
#define LIMITNET_NN_THREADS_TORCH_H

#include <algorithm>
#include <thread>
#include <torch/torch.h>

namespace limitnet
{

/**
 * Let LibTorch compute on all cores of the machine. Debian's build starts with one thread, whatever
 * the machine has.
 */
inline void
UseAllCores()
{
    torch::set_num_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

} // namespace limitnet

#endif // LIMITNET_NN_THREADS_TORCH_H
