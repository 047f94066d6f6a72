// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/classifier-torch.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/model-file-torch.h"

#include <fmt/format.h>

namespace limitnet
{

namespace
{

const char* const KIND = "small-classifier";

} // namespace

void
ReadClassifier(const std::filesystem::path& path, SmallClassifier& net)
{
    ModelFile::Read(path, KIND).Give(*net, path);
}

ClassifierNotes
ReadClassifierNotes(const std::filesystem::path& path)
{
    const auto file = ModelFile::Read(path, KIND);
    ClassifierNotes notes;
    const auto head = file.tensors.find("head.bias");
    const auto dataset = file.notes.find("dataset");
    if (head == file.tensors.end() || head->second.dim() != 1 || dataset == file.notes.end())
    {
        throw Error(fmt::format("{}: does not say its classes", path.string()));
    }
    notes.classes = head->second.size(0);
    notes.dataset = dataset->second;
    return notes;
}

void
WriteClassifier(const std::filesystem::path& path,
                const SmallClassifier& net,
                const std::string& dataset)
{
    ModelFile file;
    file.notes["kind"] = KIND;
    file.notes["dataset"] = dataset;
    file.Take(*net, torch::kHalf);
    file.Write(path);
}

} // namespace limitnet
