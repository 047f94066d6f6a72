// SPDX-License-Identifier: GPL-2.0-only

// The codec without its networks, on one core.

#include "bench/bench.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/quantiser.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/codec/saliency-map.h"

#include <array>

using namespace limitnet;
using namespace limitnet::bench;

namespace
{

std::vector<uint8_t>
Symbols()
{
    std::vector<uint8_t> symbols(LATENT_SIZE);
    QuantiseLatent(Codec()->Tables(), Encoded().latent.data(), symbols.data());
    return symbols;
}

FragmentOptions
Options(const benchmark::State& state)
{
    FragmentOptions options;
    options.maxFragmentBytes = static_cast<size_t>(state.range(0));
    return options;
}

void
Quantise(benchmark::State& state)
{
    std::vector<uint8_t> symbols(LATENT_SIZE);
    for ([[maybe_unused]] auto _ : state)
    {
        QuantiseLatent(Codec()->Tables(), Encoded().latent.data(), symbols.data());
        benchmark::DoNotOptimize(symbols.data());
        benchmark::ClobberMemory();
    }
    Report(state, 1);
}

void
Order(benchmark::State& state)
{
    const auto map = QuantiseSaliency(Encoded().saliency.data());
    std::array<uint16_t, LATENT_SIZE> order{};
    for ([[maybe_unused]] auto _ : state)
    {
        ImportanceOrder(map, order.data());
        benchmark::DoNotOptimize(order.data());
        benchmark::ClobberMemory();
    }
    Report(state, 1);
}

void
ConstructFragmenter(benchmark::State& state)
{
    for ([[maybe_unused]] auto _ : state)
    {
        const Fragmenter fragmenter(Codec()->Tables());
        benchmark::DoNotOptimize(&fragmenter);
    }
    Report(state, 1);
}

void
EntropyEncode(benchmark::State& state)
{
    const auto map = QuantiseSaliency(Encoded().saliency.data());
    const auto symbols = Symbols();
    const auto options = Options(state);
    Fragmenter fragmenter(Codec()->Tables());
    size_t bytes = 0;
    for ([[maybe_unused]] auto _ : state)
    {
        bytes = 0;
        for (const auto& fragment : fragmenter.All(map, symbols.data(), options))
        {
            bytes += fragment.size();
        }
    }
    Report(state, 1);
    state.counters["bytes"] = static_cast<double>(bytes);
}

void
ConstructReassembler(benchmark::State& state)
{
    for ([[maybe_unused]] auto _ : state)
    {
        const auto reassembler = std::make_unique<Reassembler>(Codec()->Tables());
        benchmark::DoNotOptimize(reassembler.get());
    }
    Report(state, 1);
}

void
EntropyDecode(benchmark::State& state)
{
    const auto map = QuantiseSaliency(Encoded().saliency.data());
    const auto fragments = Fragmenter(Codec()->Tables()).All(map, Symbols().data(), Options(state));
    const auto reassembler = std::make_unique<Reassembler>(Codec()->Tables());
    std::vector<float> latent(LATENT_SIZE);
    for ([[maybe_unused]] auto _ : state)
    {
        reassembler->Reset();
        for (const auto& fragment : fragments)
        {
            reassembler->Add(fragment.data(), fragment.size());
        }
        reassembler->Latent(latent.data());
        benchmark::DoNotOptimize(latent.data());
        benchmark::ClobberMemory();
    }
    if (reassembler->ValueCount() != LATENT_SIZE)
    {
        state.SkipWithError("not all values came back");
    }
    Report(state, 1);
}

BENCHMARK(Quantise)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(Order)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(ConstructFragmenter)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(EntropyEncode)->Arg(51)->Arg(222)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(ConstructReassembler)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(EntropyDecode)->Arg(51)->Arg(222)->UseRealTime()->Unit(benchmark::kMicrosecond);

} // namespace
