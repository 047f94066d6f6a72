// SPDX-License-Identifier: GPL-2.0-only

// The networks, on all cores, and what they could reach at most.

#include "bench/bench.h"
#include "limitnet/codec/int8-encoder.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/temporary-folder.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <torch/torch.h>
#include <vector>

namespace limitnet::bench
{

double
PeakGflops()
{
    static const double peak = [] {
        const torch::NoGradGuard noGrad;
        double best = 0;
        for (const int64_t n : {1024, 2048, 3072})
        {
            const auto a = torch::rand({n, n});
            const auto b = torch::rand({n, n});
            auto c = torch::empty({n, n});
            torch::mm_out(c, a, b);
            std::array<double, 9> seconds{};
            for (auto& s : seconds)
            {
                const auto start = std::chrono::steady_clock::now();
                torch::mm_out(c, a, b);
                s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            }
            std::nth_element(seconds.begin(), seconds.begin() + 4, seconds.end());
            best = std::max(best, 2e-9 * static_cast<double>(n * n * n) / seconds[4]);
        }
        return best;
    }();
    return peak;
}

namespace
{

// Multiply-accumulates of an image: kernel x inputs x outputs, and for a transposed convolution
// kernel x outputs for each input, which is what the published layers need and no more.
constexpr double ENCODER_MACS = 112.0 * 112 * 16 * (7 * 7 * 3) + 28.0 * 28 * 16 * (5 * 5 * 16) +
                                28.0 * 28 * 12 * (3 * 3 * 16) +
                                28.0 * 28 * 9 * (12 * 16 + 16 * 16 + 16 * 8 + 8 * 4 + 4);
constexpr double LAYER_MACS = 224.0 * 224 * 3 * 3 * 64 * 64; // t_conv3, and t_conv4
constexpr double DECODER_MACS = 28.0 * 28 * 7 * 7 * 12 * 64 + 56.0 * 56 * 5 * 5 * 64 * 64 +
                                2 * LAYER_MACS + 224.0 * 224 * 3 * 3 * 64 * 3;
constexpr double CLASSIFIER_MACS =
    9 * (32.0 * 32 * (3 * 32 + 32 * 64) + 16.0 * 16 * (64 * 64 + 64 * 256) +
         8.0 * 8 * (256 * 256 + 256 * 256) + 4.0 * 4 * 256 * 256);

/** Anything that makes fragments of a picture, whole. */
void
EncodeWith(benchmark::State& state, const ImageEncoder& encoder, int side)
{
    const auto picture = MakePicture(side);
    for ([[maybe_unused]] auto _ : state)
    {
        benchmark::DoNotOptimize(encoder.Encode(picture, 0, 222).fragments.data());
    }
    Report(state, 1, ENCODER_MACS);
}

void
EncodeFloat(benchmark::State& state)
{
    EncodeWith(state,
               LimitNetEncoder(MakePictureEncoder("float", Codec(), {}), LATENT_SIZE, 1),
               static_cast<int>(state.range(0)));
}

void
EncodeInt8(benchmark::State& state)
{
    EncodeWith(state,
               LimitNetEncoder(MakePictureEncoder("int8", Codec(), FindDeviceModel("codec-224")),
                               LATENT_SIZE,
                               1),
               static_cast<int>(state.range(0)));
}

/** The device's networks alone: rows of pixels in, symbols and saliency out. */
void
NetworksInt8(benchmark::State& state)
{
    std::ifstream file(FindDeviceModel("codec-224"), std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    const auto model = Int8Model::Parse(bytes.data(), bytes.size());
    const auto encoder = std::make_unique<Int8Encoder>(model);
    const auto picture = MakePicture(INT8_PICTURE_SIDE);
    for ([[maybe_unused]] auto _ : state)
    {
        encoder->Begin();
        for (size_t y = 0; y < INT8_PICTURE_SIDE; ++y)
        {
            encoder->AddRow(picture.rgb.data() + y * INT8_PICTURE_SIDE * 3);
        }
        benchmark::DoNotOptimize(encoder->Symbols());
    }
    Report(state, 1, ENCODER_MACS);
}

/** The same networks in LibTorch: bytes in, latent and saliency out. */
void
NetworksFloat(benchmark::State& state)
{
    const torch::NoGradGuard noGrad;
    const auto pixels = PictureTensor(MakePicture(INT8_PICTURE_SIDE));
    const auto& networks = Codec()->GetNetworks();
    for ([[maybe_unused]] auto _ : state)
    {
        const auto latent = networks.net->encoder(Normalise(pixels.to(torch::kFloat) / 255));
        benchmark::DoNotOptimize(networks.Saliency(latent).data_ptr<float>());
    }
    Report(state, 1, ENCODER_MACS);
}

void
Decode(benchmark::State& state)
{
    const auto& latent = Encoded().latent;
    for ([[maybe_unused]] auto _ : state)
    {
        benchmark::DoNotOptimize(Codec()->Decode(latent).rgb.data());
    }
    Report(state, 1, DECODER_MACS);
}

void
DecodeTensor(benchmark::State& state)
{
    const torch::NoGradGuard noGrad;
    const auto batch = state.range(0);
    auto latent = Encoded().latent;
    const auto input =
        torch::from_blob(latent.data(), {1, LATENT_CHANNELS, LATENT_HEIGHT, LATENT_WIDTH})
            .repeat({batch, 1, 1, 1})
            .contiguous(torch::MemoryFormat::ChannelsLast);
    for ([[maybe_unused]] auto _ : state)
    {
        benchmark::DoNotOptimize(DecoderImpl::Run(Codec()->GetNetworks().decoder, input));
    }
    Report(state, batch, DECODER_MACS);
}

/** The picture in and out of LibTorch, which is part of encoding, decoding and classifying. */
void
PictureToTensor(benchmark::State& state)
{
    const auto picture = MakePicture(static_cast<int>(state.range(0)));
    for ([[maybe_unused]] auto _ : state)
    {
        benchmark::DoNotOptimize(PictureTensor(picture));
    }
    Report(state, 1);
}

void
TensorToPicture(benchmark::State& state)
{
    const auto pixels = torch::rand({1, 3, 224, 224});
    for ([[maybe_unused]] auto _ : state)
    {
        benchmark::DoNotOptimize(TensorPicture(pixels).rgb.data());
    }
    Report(state, 1);
}

void
Classify(benchmark::State& state)
{
    const Classifier classifier(FindModel("cifar10"));
    const auto picture = MakePicture(224);
    for ([[maybe_unused]] auto _ : state)
    {
        benchmark::DoNotOptimize(classifier.Classify(picture));
    }
    Report(state, 1, CLASSIFIER_MACS);
}

constexpr size_t RECEPTIONS = 32;

/** Receptions that differ, of one picture. */
std::vector<std::vector<Bytes>>
MakeReceptions(const std::shared_ptr<const CodecModel>& model)
{
    const LimitNetEncoder encoder(MakePictureEncoder("float", model, {}), LATENT_SIZE / 4, 1);
    std::vector<std::vector<Bytes>> receptions;
    for (size_t i = 0; i < RECEPTIONS; ++i)
    {
        receptions.push_back(
            encoder.Encode(MakePicture(224), static_cast<uint8_t>(i), 222).fragments);
    }
    return receptions;
}

/** What the evaluator can reach at most: decoding and classifying, one image on each core. */
void
DecodeAndClassify(benchmark::State& state)
{
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const LimitNetDecoder decoder(model);
    const Classifier classifier(FindModel("cifar10"));
    const auto receptions = MakeReceptions(model);
    for ([[maybe_unused]] auto _ : state)
    {
        ForEachInParallel(RECEPTIONS, WorkerCount(), [&](size_t i) {
            benchmark::DoNotOptimize(classifier.Classify(*decoder.Decode(receptions[i])));
        });
    }
    Report(state, RECEPTIONS, DECODER_MACS + CLASSIFIER_MACS);
}

/** The same through the evaluator, each prediction kept on disk. */
void
Evaluate(benchmark::State& state)
{
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const auto decoder = std::make_shared<LimitNetDecoder>(model);
    const auto classifier = std::make_shared<Classifier>(FindModel("cifar10"));
    const auto receptions = MakeReceptions(model);
    for ([[maybe_unused]] auto _ : state)
    {
        state.PauseTiming();
        const TemporaryFolder folder(std::filesystem::temp_directory_path(), "limitnet-bench");
        state.ResumeTiming();
        EvaluatorOptions options;
        options.cache = folder.Path() / "predictions.sqlite";
        Evaluator evaluator(decoder, classifier, options);
        std::vector<Evaluator::Id> ids;
        for (const auto& fragments : receptions)
        {
            ids.push_back(evaluator.Request(fragments));
        }
        for (const auto id : ids)
        {
            benchmark::DoNotOptimize(evaluator.Get(id));
        }
    }
    Report(state, RECEPTIONS, DECODER_MACS + CLASSIFIER_MACS);
}

void
MatrixProduct(benchmark::State& state)
{
    const torch::NoGradGuard noGrad;
    const auto n = state.range(0);
    const auto a = torch::rand({n, n});
    const auto b = torch::rand({n, n});
    auto c = torch::empty({n, n});
    for ([[maybe_unused]] auto _ : state)
    {
        torch::mm_out(c, a, b);
    }
    Report(state, 1, static_cast<double>(n * n * n));
}

/** The decoder's largest layer (t_conv3) alone: as a convolution, or transposed as published. */
void
Layer(benchmark::State& state, bool transposed, torch::MemoryFormat format)
{
    const torch::NoGradGuard noGrad;
    const auto x = torch::rand({1, 64, 224, 224}).contiguous(format);
    const auto weight = torch::rand({64, 64, 3, 3}).contiguous(format);
    const auto bias = torch::rand({64});
    for ([[maybe_unused]] auto _ : state)
    {
        benchmark::DoNotOptimize(transposed ? torch::conv_transpose2d(x, weight, bias, 1, 1)
                                            : torch::conv2d(x, weight, bias, 1, 1));
    }
    Report(state, 1, LAYER_MACS);
}

constexpr auto MS = benchmark::kMillisecond;

BENCHMARK(MatrixProduct)->Arg(1024)->Arg(2048)->Arg(3072)->UseRealTime()->Unit(MS);
BENCHMARK_CAPTURE(Layer, channels_last, false, torch::MemoryFormat::ChannelsLast)
    ->UseRealTime()
    ->Unit(MS);
BENCHMARK_CAPTURE(Layer, planes, false, torch::MemoryFormat::Contiguous)->UseRealTime()->Unit(MS);
BENCHMARK_CAPTURE(Layer, transposed_channels_last, true, torch::MemoryFormat::ChannelsLast)
    ->UseRealTime()
    ->Unit(MS);
BENCHMARK_CAPTURE(Layer, transposed_planes, true, torch::MemoryFormat::Contiguous)
    ->UseRealTime()
    ->Unit(MS);
BENCHMARK(EncodeFloat)->Arg(32)->Arg(224)->UseRealTime()->Unit(MS);
BENCHMARK(EncodeInt8)->Arg(32)->Arg(224)->UseRealTime()->Unit(MS);
BENCHMARK(NetworksFloat)->UseRealTime()->Unit(MS);
BENCHMARK(NetworksInt8)->UseRealTime()->Unit(MS);
BENCHMARK(Decode)->UseRealTime()->Unit(MS);
BENCHMARK(DecodeTensor)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->UseRealTime()->Unit(MS);
BENCHMARK(Classify)->UseRealTime()->Unit(MS);
BENCHMARK(DecodeAndClassify)->UseRealTime()->Unit(MS);
BENCHMARK(Evaluate)->UseRealTime()->Unit(MS);
BENCHMARK(PictureToTensor)->Arg(32)->Arg(224)->UseRealTime()->Unit(MS);
BENCHMARK(TensorToPicture)->UseRealTime()->Unit(MS);

} // namespace

} // namespace limitnet::bench
