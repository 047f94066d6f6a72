// SPDX-License-Identifier: GPL-2.0-only

// What a training step of the codec costs: as LibTorch's layers are written down plainly, and as
// the trainer computes it. The same mathematics on the same crops; tests/nn/networks-test.cc shows
// that both decoders give the same picture.

#include "bench/bench.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/threads-torch.h"

#include <functional>
#include <memory>
#include <torch/torch.h>

namespace limitnet::bench
{

namespace
{

constexpr int64_t SIDE = 64; // pixels of a crop

/** The codec as its published layers read, in LibTorch's layers. */
struct PlainCodecImpl : torch::nn::Module
{
    PlainCodecImpl()
    {
        using torch::nn::Conv2d;
        using torch::nn::Conv2dOptions;
        using torch::nn::ConvTranspose2d;
        using torch::nn::ConvTranspose2dOptions;
        using torch::nn::ReLU;
        layers = register_module(
            "layers",
            torch::nn::Sequential(
                Conv2d(Conv2dOptions(3, 16, 7).stride(2).padding(3)),
                ReLU(),
                Conv2d(Conv2dOptions(16, 16, 5).stride(4).padding(1)),
                ReLU(),
                Conv2d(Conv2dOptions(16, 12, 3).padding(1)),
                ReLU(),
                ConvTranspose2d(
                    ConvTranspose2dOptions(12, 64, 7).stride(2).padding(3).output_padding(1)),
                ReLU(),
                ConvTranspose2d(
                    ConvTranspose2dOptions(64, 64, 5).stride(4).padding(1).output_padding(1)),
                ReLU(),
                ConvTranspose2d(ConvTranspose2dOptions(64, 64, 3).padding(1)),
                ReLU(),
                ConvTranspose2d(ConvTranspose2dOptions(64, 64, 3).padding(1)),
                ReLU(),
                ConvTranspose2d(ConvTranspose2dOptions(64, 3, 3).padding(1)),
                torch::nn::Sigmoid()));
    }

    torch::nn::Sequential layers{nullptr};
};

TORCH_MODULE(PlainCodec);

/** Steps of Adam on random crops; reports crops per second. */
void
Train(benchmark::State& state,
      torch::nn::Module& module,
      const std::function<torch::Tensor(const torch::Tensor&)>& forward)
{
    UseAllCores();
    KeepFreedMemory();
    const auto batch = state.range(0);
    torch::manual_seed(1);
    const auto crops = torch::rand({batch, 3, SIDE, SIDE});
    torch::optim::Adam optimizer(module.parameters(), torch::optim::AdamOptions(1e-3));
    for ([[maybe_unused]] auto _ : state)
    {
        optimizer.zero_grad();
        auto loss = (forward(crops) - crops).square().mean();
        loss.backward();
        optimizer.step();
        benchmark::DoNotOptimize(loss.item<float>());
    }
    state.counters["crops"] = benchmark::Counter(static_cast<double>(state.iterations() * batch),
                                                 benchmark::Counter::kIsRate);
}

void
TrainPlain(benchmark::State& state)
{
    PlainCodec codec;
    Train(state, *codec, [&](const torch::Tensor& x) { return codec->layers->forward(x); });
}

void
TrainOurs(benchmark::State& state, torch::ScalarType type)
{
    LimitNet codec;
    Train(state, *codec, [&](const torch::Tensor& x) {
        const auto latent = codec->encoder(x.contiguous(torch::MemoryFormat::ChannelsLast));
        return codec->decoder(latent.contiguous(torch::MemoryFormat::ChannelsLast), type);
    });
}

void
TrainFloat(benchmark::State& state)
{
    TrainOurs(state, torch::kFloat);
}

void
TrainBfloat16(benchmark::State& state)
{
    TrainOurs(state, torch::kBFloat16);
}

BENCHMARK(TrainPlain)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(TrainFloat)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(TrainBfloat16)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);

} // namespace

} // namespace limitnet::bench
