// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/calibration.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/dataset.h"
#include "limitnet/nn/checkpoint-import-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/calibration-torch.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

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
    const auto dataset = OpenDataset(options.dataset, Split::TRAIN, options.dataDir);
    const auto size = static_cast<int64_t>(dataset->Size());
    const auto count = std::min(options.count, size);
    if (count == 0)
    {
        throw Error(fmt::format("data set {} has no pictures", options.dataset));
    }
    // Evenly spread: a folder's pictures are sorted by class.
    const auto pictures = [&](int64_t first, int64_t number) {
        std::vector<torch::Tensor> batch;
        for (int64_t i = first; i < first + number; ++i)
        {
            batch.push_back(PictureTensor(dataset->At(static_cast<size_t>(i * size / count))));
        }
        return torch::cat(batch).to(torch::kFloat) / 255;
    };
    const auto tables = CalibrateTables(networks, count, pictures, progress);
    notes["calibration"] = fmt::format("{}, {} pictures", dataset->Name(), count);
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

CodecTables
CalibrateTables(const CodecModel::Networks& networks,
                int64_t count,
                const CalibrationPictures& pictures,
                std::ostream& progress)
{
    const auto sample = SampleCodec(networks, count, pictures, progress);
    return CodecTables::Calibrate(sample.latents.data_ptr<float>(), sample.maps.size());
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
