// SPDX-License-Identifier: GPL-2.0-only

// The program limitnet-bench. Results are medians of repetitions unless its arguments say
// otherwise.

#include "bench/bench.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"

#include <cmath>
#include <cstdio>
#include <string>

namespace limitnet::bench
{

std::shared_ptr<const CodecModel>
Codec()
{
    static const auto codec = std::make_shared<const CodecModel>(FindModel("codec-224"));
    return codec;
}

Image
MakePicture(int side)
{
    Image image;
    image.width = side;
    image.height = side;
    uint32_t noise = 1;
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            for (int c = 0; c < 3; ++c)
            {
                noise = noise * 1664525U + 1013904223U;
                const auto phase = 12.0 * (x + (c + 1) * y) / side;
                const auto level = 120 + 80 * std::sin(phase) * std::cos(9.0 * y / side);
                image.rgb.push_back(static_cast<uint8_t>(level + (noise >> 28)));
            }
        }
    }
    return image;
}

const EncodedPicture&
Encoded()
{
    static const auto encoded = Codec()->Encode(MakePicture(224));
    return encoded;
}

void
Report(benchmark::State& state, int64_t images, double macs)
{
    const auto count = static_cast<double>(state.iterations() * images);
    using Counter = benchmark::Counter;
    state.counters["images"] = Counter(count, Counter::kIsRate);
    if (macs > 0)
    {
        state.counters["flop"] = Counter(2 * macs * count, Counter::kIsRate);
        state.counters["of_peak"] =
            Counter(2 * macs * count / (PeakGflops() * 1e9), Counter::kIsRate);
    }
}

} // namespace limitnet::bench

int
main(int argc, char** argv)
{
    // In front of what the user says, so that the user's word is the last.
    std::string repetitions = "--benchmark_repetitions=9";
    std::string aggregates = "--benchmark_report_aggregates_only=true";
    std::vector<char*> arguments{argv[0], repetitions.data(), aggregates.data()};
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    auto count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data()))
    {
        return 1;
    }
    try
    {
        limitnet::bench::Codec(); // sets the number of threads, for the peak too
        benchmark::AddCustomContext("matrix product, GFLOP/s",
                                    std::to_string(limitnet::bench::PeakGflops()));
        benchmark::RunSpecifiedBenchmarks();
    }
    catch (const limitnet::Error& error)
    {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
    return 0;
}
