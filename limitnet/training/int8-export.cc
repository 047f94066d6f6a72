// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/int8-export.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/int8-model.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/int8-export-torch.h"
#include "limitnet/training/picture-sample.h"

#include <cmath>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

namespace limitnet
{

namespace
{

using torch::Tensor;

/** Pictures that go through the networks at once. */
constexpr int64_t BATCH = 16;

/** Outputs of a layer at which inputs are looked at for the covariance, in all pictures. */
constexpr int64_t COVARIANCE_SAMPLES = 400'000;

/** Scales that are tried for weights and activations, as parts of the largest value. */
constexpr std::array SCALE_TRIALS{1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5};

/** What is added to the covariance's diagonal, as a part of its mean. */
constexpr double DAMPING = 1e-4;

/** Covariance and mean of a layer's inputs under the kernel, in the order of Int8Layer::weights. */
struct Moments
{
    Tensor covariance; // taps x taps, double
    Tensor mean;       // taps, double
};

/** outC x inC x k x k -> outC x taps in the order of Int8Layer::weights */
Tensor
InFileOrder(const Tensor& weight)
{
    return weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1}).contiguous();
}

/** Input of a layer with its padding: Nx(in)xHxW -> with PaddedSide() rows and columns. */
Tensor
Pad(const Tensor& input, const Int8Shape& shape)
{
    const int64_t before = shape.padding;
    const int64_t after = shape.PaddedSide() - shape.inputSide - before;
    namespace F = torch::nn::functional;
    return F::pad(input, F::PadFuncOptions({before, after, before, after}));
}

Moments
InputMoments(const Tensor& input, const Int8Shape& shape)
{
    // Every step-th output in both directions, with another start in each picture of a batch.
    const auto outputs = input.size(0) * shape.outputSide * shape.outputSide;
    const auto step = std::max<int64_t>(
        1,
        static_cast<int64_t>(std::sqrt(static_cast<double>(outputs) / COVARIANCE_SAMPLES)));
    const auto taps = shape.Taps();
    auto sum = torch::zeros({taps}, torch::kDouble);
    auto squares = torch::zeros({taps, taps}, torch::kDouble);
    int64_t samples = 0;
    for (int64_t n = 0; n < input.size(0); ++n)
    {
        const auto from = (n % step) * shape.stride;
        const auto padded = Pad(input.narrow(0, n, 1), shape);
        const auto part =
            padded.narrow(2, from, padded.size(2) - from).narrow(3, from, padded.size(3) - from);
        // 1 x (in * k * k) x outputs
        const auto patches = torch::im2col(part,
                                           {shape.kernel, shape.kernel},
                                           {1, 1},
                                           {0, 0},
                                           {shape.stride * step, shape.stride * step});
        const auto rows = patches.squeeze(0)
                              .view({shape.inputs, shape.kernel * shape.kernel, -1})
                              .permute({2, 1, 0})
                              .reshape({-1, taps})
                              .to(torch::kDouble);
        sum += rows.sum(0);
        squares += rows.t().mm(rows);
        samples += rows.size(0);
    }
    const auto mean = sum / samples;
    return {squares / samples - torch::outer(mean, mean), mean};
}

/** Weights rounded to -127..127, and the scale of each output channel. */
struct Rounded
{
    Tensor weights; // outC x taps, whole numbers, double
    Tensor scale;   // outC
};

/** Mean square error of the outputs for an error of the weights. \return outC */
Tensor
OutputError(const Tensor& error, const Tensor& covariance)
{
    return (error.mm(covariance) * error).sum(1);
}

/** GPTQ with given scales: the error of each rounding goes to the weights still open. */
Tensor
RoundWeights(const Tensor& weights, const Tensor& scale, const Tensor& upper)
{
    auto open = weights.clone();
    auto rounded = torch::zeros_like(weights);
    for (int64_t k = 0; k < weights.size(1); ++k)
    {
        const auto column = open.select(1, k);
        const auto whole = (column / scale).round().clamp(-127, 127);
        rounded.select(1, k).copy_(whole);
        const auto error = (column - whole * scale) / upper[k][k];
        const auto rest = weights.size(1) - k - 1;
        if (rest > 0)
        {
            open.narrow(1, k + 1, rest).sub_(torch::outer(error, upper[k].narrow(0, k + 1, rest)));
        }
    }
    return rounded;
}

Rounded
BestRounding(const Tensor& weights, const Tensor& covariance)
{
    const auto taps = weights.size(1);
    const auto mean = covariance.diag().mean().clamp_min(1e-12);
    const auto damped = covariance + torch::eye(taps, torch::kDouble) * mean * DAMPING;
    const auto inverse = torch::cholesky_inverse(torch::linalg_cholesky(damped));
    const auto upper = torch::linalg_cholesky(inverse).t().contiguous();
    const auto largest = weights.abs().amax(1).clamp_min(1e-12);
    Rounded best;
    Tensor bestError;
    for (const auto trial : SCALE_TRIALS)
    {
        const auto scale = largest * trial / 127;
        const auto rounded = RoundWeights(weights, scale, upper);
        const auto error = OutputError(rounded * scale.unsqueeze(1) - weights, damped);
        if (!best.weights.defined())
        {
            best = {rounded, scale};
            bestError = error;
            continue;
        }
        const auto better = error < bestError;
        best.weights = torch::where(better.unsqueeze(1), rounded, best.weights);
        best.scale = torch::where(better, scale, best.scale);
        bestError = torch::where(better, error, bestError);
    }
    return best;
}

/**
 * Scale of each channel's activations 0..255 with the least mean square error.
 * \param output Nx(out)xHxW before the ReLU
 * \return out, double
 */
Tensor
ActivationScale(const Tensor& output)
{
    const auto values = output.relu().transpose(0, 1).flatten(1);
    const auto largest = values.amax(1);
    // Every so many, so that the trials do not take longer than the rest.
    const auto step = std::max<int64_t>(1, values.size(1) / 500'000);
    const auto sample = values.slice(1, 0, values.size(1), step);
    auto best = torch::zeros_like(largest);
    auto bestError = torch::full_like(largest, 1e30);
    for (const auto trial : SCALE_TRIALS)
    {
        const auto scale = (largest * trial / 255).clamp_min(1e-12).unsqueeze(1);
        const auto error =
            ((sample / scale).round().clamp(0, 255) * scale - sample).square().mean(1);
        const auto better = error < bestError;
        best = torch::where(better, scale.squeeze(1), best);
        bestError = torch::where(better, error, bestError);
    }
    // A channel that is never positive may become so on another picture: as wide as the widest.
    const auto widest = best.amax().clamp_min(1e-6);
    return torch::where(largest > 0, best, widest.expand_as(best)).to(torch::kDouble);
}

/** Multipliers with a common shift, the largest in 2^30..2^31. */
template <size_t N>
int
FixedPoint(const Tensor& ratio, int leastShift, int mostShift, std::array<uint32_t, N>& multiplier)
{
    const auto largest = ratio.max().item<double>();
    int exponent = 0;
    std::frexp(largest, &exponent); // largest = 0.5..1 * 2^exponent
    const int shift = std::min(31 - exponent, mostShift);
    if (!std::isfinite(largest) || !(largest > 0) || shift < leastShift)
    {
        throw Error("int8 export: a layer's scale is not a usable number");
    }
    for (int64_t c = 0; c < ratio.size(0); ++c)
    {
        const auto scaled = std::llround(std::ldexp(ratio[c].item<double>(), shift));
        multiplier.at(static_cast<size_t>(c)) =
            static_cast<uint32_t>(std::min<long long>(scaled, (1LL << 31) - 1));
    }
    return shift;
}

/** Names of the layers' parameters, in the order of INT8_SHAPES. */
constexpr std::array NAMES{"encoder.conv1",
                           "encoder.conv2",
                           "encoder.conv3",
                           "sal_decoder.sal_t_conv1",
                           "sal_decoder.sal_t_conv2",
                           "sal_decoder.sal_t_conv3",
                           "sal_decoder.sal_t_conv4",
                           "sal_decoder.sal_t_conv5"};

Tensor
Convolve(const Tensor& input, const Tensor& weight, const Tensor& bias, const Int8Shape& shape)
{
    std::vector<Tensor> parts;
    for (int64_t n = 0; n < input.size(0); n += BATCH)
    {
        const auto part = input.narrow(0, n, std::min(BATCH, input.size(0) - n));
        parts.push_back(
            torch::conv2d(part.to(torch::kFloat).contiguous(torch::MemoryFormat::ChannelsLast),
                          weight.contiguous(torch::MemoryFormat::ChannelsLast),
                          bias,
                          shape.stride,
                          shape.padding));
    }
    return torch::cat(parts);
}

} // namespace

std::vector<uint8_t>
MakeInt8Model(const LimitNet& net,
              bool hasSaliency,
              const CodecTables& tables,
              const Tensor& pictures,
              std::ostream& progress)
{
    const torch::NoGradGuard noGrad;
    const auto parameters = net->named_parameters();
    Int8Model model;
    model.hasSaliency = hasSaliency;
    model.modelId = tables.modelId;
    model.entropy = tables.entropy;
    std::array<std::vector<int8_t>, INT8_LAYERS> weights;

    // The pixel less the mean pixel, in whole numbers; what is left of the mean goes into the bias.
    const auto meanPixel =
        torch::tensor(std::vector<float>(INT8_MEAN_PIXEL.begin(), INT8_MEAN_PIXEL.end()))
            .view({1, 3, 1, 1});
    auto integer = pictures.to(torch::kFloat) - meanPixel; // what the integers see
    auto floating = Tensor();                              // what the float network has
    auto inputScale = (1 / (ImageNetStd() * 255)).flatten().to(torch::kDouble);

    const int count = hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS;
    for (int l = 0; l < count; ++l)
    {
        const auto& shape = INT8_SHAPES[l];
        const auto weight = parameters[std::string(NAMES[l]) + ".weight"];
        const auto bias = parameters[std::string(NAMES[l]) + ".bias"];
        if (!weight.isfinite().all().item<bool>() || !bias.isfinite().all().item<bool>())
        {
            throw Error(fmt::format("int8 export: {} has numbers that are not finite", NAMES[l]));
        }
        Tensor wanted; // before the ReLU
        if (l == 0)
        {
            std::vector<Tensor> parts;
            for (int64_t n = 0; n < pictures.size(0); n += BATCH)
            {
                const auto part = pictures.narrow(0, n, std::min(BATCH, pictures.size(0) - n));
                parts.push_back(
                    Convolve(Normalise(part.to(torch::kFloat) / 255), weight, bias, shape));
            }
            wanted = torch::cat(parts);
        }
        else
        {
            wanted = Convolve(floating, weight, bias, shape);
        }

        const auto scaled = InFileOrder(weight.to(torch::kDouble) * inputScale.view({1, -1, 1, 1}));
        const auto moments = InputMoments(integer, shape);
        const auto rounded = BestRounding(scaled, moments.covariance);
        const auto kernel =
            rounded.weights.view({shape.outputs, shape.kernel, shape.kernel, shape.inputs})
                .permute({0, 3, 1, 2})
                .to(torch::kFloat);
        // Whole numbers below 2^24: exact in single precision.
        auto sums = Convolve(integer, kernel, Tensor(), shape);
        const auto wantedMean = wanted.to(torch::kDouble).mean({0, 2, 3});
        const auto sumMean = sums.to(torch::kDouble).mean({0, 2, 3});
        const auto wholeBias = (wantedMean / rounded.scale - sumMean).round();
        sums += wholeBias.to(torch::kFloat).view({1, -1, 1, 1});

        auto& layer = model.layers[l];
        weights[l].assign(static_cast<size_t>(shape.outputs) * shape.PaddedTaps(), 0);
        for (int c = 0; c < shape.outputs; ++c)
        {
            double inBias = wholeBias[c].item<double>();
            for (int k = 0; k < shape.Taps(); ++k)
            {
                const auto value = static_cast<int8_t>(rounded.weights[c][k].item<double>());
                weights[l][static_cast<size_t>(c * shape.PaddedTaps() + k)] = value;
                inBias -= l == 0 ? value * INT8_MEAN_PIXEL[k % 3] : 0;
            }
            layer.bias[c] = static_cast<int32_t>(inBias);
        }
        layer.weights = weights[l].data();

        const auto scale = rounded.scale.to(torch::kFloat).view({1, -1, 1, 1});
        const auto error =
            (sums * scale - wanted).to(torch::kDouble).square().mean().item<double>();
        const auto power = wanted.to(torch::kDouble).square().mean().item<double>();
        progress << fmt::format("{:<24} signal to error {:5.1f} dB\n",
                                NAMES[l],
                                10 * std::log10(power / std::max(error, 1e-30)))
                 << std::flush;

        if (l == INT8_LAYERS - 1)
        {
            layer.shift = FixedPoint(rounded.scale * 4096, 1, 62, layer.multiplier);
            break;
        }
        if (l == INT8_ENCODER_LAYERS - 1)
        {
            auto ratio = torch::empty({LATENT_CHANNELS}, torch::kDouble);
            for (int c = 0; c < LATENT_CHANNELS; ++c)
            {
                ratio[c] = rounded.scale[c].item<double>() * tables.scale[c];
            }
            auto& quantiser = model.quantiser;
            quantiser.shift = FixedPoint(ratio, 1, 52, quantiser.multiplier);
            for (int c = 0; c < LATENT_CHANNELS; ++c)
            {
                quantiser.offset[c] = std::llround(
                    std::ldexp(static_cast<double>(tables.offset[c]), quantiser.shift));
            }
        }
        const auto outputScale = ActivationScale(wanted);
        layer.shift = FixedPoint(rounded.scale / outputScale, 33, 62, layer.multiplier);
        const auto ratio = (rounded.scale / outputScale).to(torch::kFloat).view({1, -1, 1, 1});
        integer = (sums * ratio + 0.5F).floor().clamp(0, 255);
        floating = wanted.relu();
        inputScale = outputScale;
    }
    return model.Serialise();
}

namespace
{

/** Writes under a temporary name and renames, so that a file is whole or not there. */
void
WriteFile(const std::filesystem::path& path, const std::string& content)
{
    auto temporary = path;
    temporary += fmt::format(".{}.tmp", getpid());
    {
        std::ofstream file(temporary, std::ios::binary);
        file.write(content.data(), static_cast<std::streamsize>(content.size()));
        file.close();
        if (!file)
        {
            std::error_code ignored;
            std::filesystem::remove(temporary, ignored);
            throw Error(path.string() + ": cannot be written");
        }
    }
    std::filesystem::rename(temporary, path);
}

std::string
CppSource(const std::vector<uint8_t>& bytes, const std::string& name)
{
    std::string text = fmt::format("// The {} bytes of {}, for Int8Model::Parse; made by "
                                   "`limitnet export`.\n"
                                   "#include <cstddef>\n"
                                   "#include <cstdint>\n\n"
                                   "extern const std::size_t LIMITNET_INT8_MODEL_SIZE;\n"
                                   "extern const std::uint8_t LIMITNET_INT8_MODEL[{}];\n\n"
                                   "const std::size_t LIMITNET_INT8_MODEL_SIZE = {};\n"
                                   "alignas(4) const std::uint8_t LIMITNET_INT8_MODEL[{}] = {{",
                                   bytes.size(),
                                   name,
                                   bytes.size(),
                                   bytes.size(),
                                   bytes.size());
    for (size_t i = 0; i < bytes.size(); ++i)
    {
        text += fmt::format("{}{},", i % 20 == 0 ? "\n    " : "", bytes[i]);
    }
    return text + "\n};\n";
}

} // namespace

void
ExportInt8(const Int8ExportOptions& options, std::ostream& progress)
{
    if (options.count < 1 || options.count > MAX_INT8_EXPORT_PICTURES)
    {
        throw Error(fmt::format("--count={}: has to be 1 to {} pictures",
                                options.count,
                                MAX_INT8_EXPORT_PICTURES));
    }
    UseAllCores();
    const auto file = ModelFile::Read(options.model, "codec");
    const bool hasSaliency = file.tensors.count(fmt::format("{}.weight", NAMES.back())) > 0;
    const CodecModel codec(options.model);
    const PictureSample chosen(options.datasets, options.dataDir, options.count);
    std::vector<Tensor> each;
    for (size_t i = 0; i < chosen.Size(); ++i)
    {
        each.push_back(PictureTensor(chosen.At(i)));
    }
    const auto pictures = torch::cat(each);
    progress << fmt::format("{} calibration pictures, saliency decoder: {}\n",
                            pictures.size(0),
                            hasSaliency ? "yes" : "none")
             << std::flush;
    const auto bytes =
        MakeInt8Model(codec.GetNetworks().net, hasSaliency, codec.Tables(), pictures, progress);
    WriteFile(options.output, {bytes.begin(), bytes.end()});
    progress << fmt::format("wrote {}: {} bytes\n", options.output.string(), bytes.size());
    if (!options.cpp.empty())
    {
        WriteFile(options.cpp, CppSource(bytes, options.output.filename().string()));
        progress << fmt::format("wrote {}\n", options.cpp.string());
    }
}

} // namespace limitnet
