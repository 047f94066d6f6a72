// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/calibration.h"

#include "limitnet/codec/error.h"
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
