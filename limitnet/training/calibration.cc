// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/calibration.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/table-calibration.h"
#include "limitnet/data/dataset.h"
#include "limitnet/nn/checkpoint-import-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/calibration-torch.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace limitnet
{

namespace
{

constexpr int64_t BATCH = 50;
constexpr int64_t REPORT_EVERY = 1000;

/** Tables from a data set; the model file's notes say which. */
int64_t
CalibrateAndWrite(const CodecModel::Networks& networks,
                  const std::filesystem::path& output,
                  const CalibrationOptions& options,
                  std::map<std::string, std::string> notes,
                  std::ostream& progress)
{
    if (options.count < 1 || options.count > MAX_CALIBRATION_PICTURES)
    {
        throw Error(fmt::format("--count={}: has to be 1 to {} pictures",
                                options.count,
                                MAX_CALIBRATION_PICTURES));
    }
    UseAllCores();
    std::vector<std::unique_ptr<Dataset>> datasets;
    std::vector<std::pair<size_t, size_t>> chosen; // data set and picture
    for (const auto& name : options.datasets)
    {
        datasets.push_back(OpenDataset(name, Split::TRAIN, options.dataDir));
        const auto& dataset = *datasets.back();
        const auto share = static_cast<size_t>(options.count) / options.datasets.size();
        const auto count = std::min(std::max<size_t>(1, share), dataset.Size());
        if (count == 0)
        {
            throw Error(fmt::format("data set {} has no pictures", name));
        }
        auto& note = notes["calibration"];
        note += fmt::format("{}{}, {} pictures", note.empty() ? "" : "; ", dataset.Name(), count);
        for (size_t i = 0; i < count; ++i)
        {
            // Evenly spread: a folder's pictures are sorted by class.
            chosen.emplace_back(datasets.size() - 1, i * dataset.Size() / count);
        }
    }
    const auto pictures = [&](int64_t first, int64_t number) {
        std::vector<torch::Tensor> batch;
        for (int64_t i = first; i < first + number; ++i)
        {
            const auto& [dataset, index] = chosen[static_cast<size_t>(i)];
            batch.push_back(PictureTensor(datasets[dataset]->At(index)));
        }
        return torch::cat(batch).to(torch::kFloat) / 255;
    };
    const auto count = static_cast<int64_t>(chosen.size());
    const auto tables = CalibrateTables(networks, count, pictures, progress);
    WriteCodecModel(output, networks, tables, notes);
    return count;
}

} // namespace

CalibrationSample
SampleCodec(const CodecModel::Networks& networks,
            int64_t count,
            const CalibrationPictures& pictures,
            std::ostream& progress)
{
    const torch::NoGradGuard noGrad;
    CalibrationSample sample;
    sample.latents = torch::empty({count, LATENT_CHANNELS, LATENT_HEIGHT, LATENT_WIDTH});
    sample.maps.reserve(static_cast<size_t>(count));
    for (int64_t done = 0; done < count;)
    {
        const auto number = std::min(BATCH, count - done);
        const auto latents = networks.net->encoder(Normalise(pictures(done, number)));
        sample.latents.narrow(0, done, number).copy_(latents);
        const auto saliency = networks.Saliency(latents).contiguous();
        for (int64_t i = 0; i < number; ++i)
        {
            sample.maps.push_back(
                QuantiseSaliency(saliency.data_ptr<float>() + i * int64_t{LATENT_CELLS}));
        }
        done += number;
        if (done % REPORT_EVERY == 0 && done < count)
        {
            progress << fmt::format("{}/{} pictures\n", done, count) << std::flush;
        }
    }
    return sample;
}

std::array<double, LATENT_CHANNELS>
DecoderSensitivity(const CodecModel::Networks& networks, const torch::Tensor& latents)
{
    const torch::NoGradGuard noGrad;
    constexpr int64_t most = 16;
    const auto count = std::min(most, latents.size(0));
    const auto ranges = latents.amax({0, 2, 3}) - latents.amin({0, 2, 3});
    std::array<double, LATENT_CHANNELS> disturbance{};
    std::array<double, LATENT_CHANNELS> sensitivity{};
    for (int64_t i = 0; i < count; ++i)
    {
        const auto latent = latents.narrow(0, i * latents.size(0) / count, 1);
        const auto picture = networks.net->decoder(latent);
        for (int c = 0; c < LATENT_CHANNELS; ++c)
        {
            // twice the published step, 8 levels of 256
            const double step = ranges[c].item<double>() * 8 / 255;
            if (step == 0)
            {
                continue;
            }
            auto rounded = latent.clone();
            const auto channel = rounded.narrow(1, c, 1);
            channel.copy_(torch::round(channel / step) * step);
            disturbance[c] += (rounded - latent).square().sum().item<double>();
            sensitivity[c] +=
                (networks.net->decoder(rounded) - picture).square().sum().item<double>();
        }
    }
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        sensitivity[c] = disturbance[c] > 0 ? sensitivity[c] / disturbance[c] : 0;
    }
    return sensitivity;
}

CodecTables
CalibrateTables(const CodecModel::Networks& networks,
                int64_t count,
                const CalibrationPictures& pictures,
                std::ostream& progress)
{
    const auto sample = SampleCodec(networks, count, pictures, progress);
    CalibrationData data;
    data.latents = sample.latents.data_ptr<float>();
    data.maps = sample.maps.data();
    data.images = sample.maps.size();
    data.sensitivity = DecoderSensitivity(networks, sample.latents);
    return CalibrateTables(data);
}

int64_t
WriteCalibratedCodec(const Checkpoint& checkpoint,
                     const std::filesystem::path& output,
                     const CalibrationOptions& options,
                     std::ostream& progress)
{
    if (!checkpoint.HasCodec())
    {
        throw Error(fmt::format("{}: has no codec", checkpoint.Path().string()));
    }
    return CalibrateAndWrite(*checkpoint.GetNetworks().codec,
                             output,
                             options,
                             {{"source", checkpoint.Path().filename().string()}},
                             progress);
}

int64_t
Recalibrate(const std::filesystem::path& model,
            const std::filesystem::path& output,
            const CalibrationOptions& options,
            std::ostream& progress)
{
    const auto networks = ReadCodecNetworks(model);
    auto notes = ModelFile::Read(model, "").notes; // where the networks came from stays true
    notes.erase("format");
    return CalibrateAndWrite(networks, output, options, notes, progress);
}

} // namespace limitnet
