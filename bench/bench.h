// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BENCH_BENCH_H
#define LIMITNET_BENCH_BENCH_H

#include "limitnet/codec/image.h"
#include "limitnet/nn/codec-model.h"

#include <benchmark/benchmark.h>
#include <cstdint>
#include <memory>
#include <vector>

namespace limitnet::bench
{

/** \return the codec that comes with the program, read once. */
std::shared_ptr<const CodecModel> Codec();

/**
 * \param side width and height
 * \return a picture of smooth spots with some noise, the same in every run
 */
Image MakePicture(int side);

/** \return the latent and the saliency map of MakePicture(224), made once. */
const EncodedPicture& Encoded();

/**
 * \return what this machine reaches in a large float32 matrix product, in GFLOP/s; measured by the
 * first call: the best of a few sizes, each the median of several.
 */
double PeakGflops();

/**
 * Report images per second and, where a network's work is known, GFLOP/s and their ratio to
 * PeakGflops(). To be called after the loop of a benchmark with UseRealTime().
 *
 * \param state the benchmark
 * \param images images in an iteration
 * \param macs multiply-accumulates that the published network needs for an image; two operations
 *             each; 0: report images only
 */
void Report(benchmark::State& state, int64_t images, double macs = 0);

} // namespace limitnet::bench

#endif // LIMITNET_BENCH_BENCH_H
