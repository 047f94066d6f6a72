// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_PARALLEL_WORK_H
#define LIMITNET_EVALUATION_PARALLEL_WORK_H

#include <cstddef>
#include <functional>

namespace limitnet
{

/**
 * \return how many pieces of work go side by side on this machine: one for each core, or as many as
 * OMP_NUM_THREADS says
 */
unsigned WorkerCount();

/**
 * Calls a function for each of 0 .. count - 1, several at once, each computing on one core. Many
 * pictures are done sooner so than one after the other on all cores, whose threads wait for each
 * other at the end of every layer. The networks give the same bits either way.
 *
 * \param count how often
 * \param workers how many threads, where there is so much to do; they take 0, 1, ... in this order
 * \param work called with the number; from several threads at once
 * \throws what \p work throws, the first of it, or Error where the system has not so many threads;
 *         what has not begun then is left
 */
void ForEachInParallel(std::size_t count,
                       unsigned workers,
                       const std::function<void(std::size_t)>& work);

/** From now on this thread computes on one core: for threads that work side by side. */
void ComputeOnOneCore();

} // namespace limitnet

#endif // LIMITNET_EVALUATION_PARALLEL_WORK_H
