// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/calibration.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/checkpoint-import-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/calibration-torch.h"
#include "limitnet/training/picture-sample.h"

#include <fmt/format.h>
#include <map>
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
    const PictureSample chosen(options.datasets, options.dataDir, options.count);
    auto& note = notes["calibration"];
    note += (note.empty() ? "" : "; ") + chosen.Description();
    const auto pictures = [&](int64_t first, int64_t number) {
        std::vector<torch::Tensor> batch;
        for (int64_t i = first; i < first + number; ++i)
        {
            batch.push_back(PictureTensor(chosen.At(static_cast<size_t>(i))));
        }
        return torch::cat(batch).to(torch::kFloat) / 255;
    };
    const auto count = static_cast<int64_t>(chosen.Size());
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
