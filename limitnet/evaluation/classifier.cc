// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/classifier.h"

#include "limitnet/data/checksum.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"

#include <algorithm>
#include <fmt/format.h>

namespace limitnet
{

namespace
{

/** \return the files that a classifier is made of: one, or all beside a model.json */
std::vector<std::filesystem::path>
FilesOf(const std::filesystem::path& path)
{
    std::vector<std::filesystem::path> files{path};
    if (path.filename() == "model.json")
    {
        for (const auto& entry : std::filesystem::directory_iterator(path.parent_path()))
        {
            if (entry.is_regular_file() && entry.path() != path)
            {
                files.push_back(entry.path());
            }
        }
        std::sort(files.begin() + 1, files.end());
    }
    return files;
}

} // namespace

struct Classifier::Network
{
    LoadedClassifier loaded;
    std::vector<std::filesystem::path> files;
    std::string digests; // of other files
};

Classifier::Classifier(const std::filesystem::path& path, const ClassifierOptions& options)
    : m_network(std::make_unique<Network>(
          Network{LoadClassifier(path, options), FilesOf(path), options.backboneDigest}))
{
    UseAllCores();
}

Classifier::~Classifier() = default;

const std::string&
Classifier::DatasetName() const
{
    return m_network->loaded.dataset;
}

std::string
Classifier::Identity() const
{
    return fmt::format("classifier {} {} libtorch {}",
                       Sha256OfFiles(m_network->files),
                       m_network->digests,
                       TORCH_VERSION);
}

Prediction
Classifier::Classify(const Image& picture) const
{
    return TopClasses(picture, 1).front();
}

std::vector<Prediction>
Classifier::TopClasses(const Image& picture, size_t count) const
{
    const torch::NoGradGuard noGrad;
    // Always one picture: in a batch, the last bits of a result depend on what else is in it.
    const auto pixels = PictureTensor(picture).to(torch::kFloat) / 255;
    const auto probabilities = m_network->loaded.forward(Normalise(pixels)).softmax(1);
    const auto most = std::min<int64_t>(static_cast<int64_t>(count), probabilities.size(1));
    const auto [confidence, label] = probabilities.topk(most, 1);
    const auto confidences = confidence.accessor<float, 2>()[0];
    const auto labels = label.accessor<int64_t, 2>()[0];
    std::vector<Prediction> result;
    for (int64_t k = 0; k < most; ++k)
    {
        result.push_back({static_cast<int>(labels[k]), confidences[k]});
    }
    return result;
}

} // namespace limitnet
