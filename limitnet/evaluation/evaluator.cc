// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/evaluator.h"

#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"

#include <algorithm>

namespace limitnet
{

struct Classifier::Network
{
    LoadedClassifier loaded;
};

Classifier::Classifier(const std::filesystem::path& path, const ClassifierOptions& options)
    : m_network(std::make_unique<Network>(Network{LoadClassifier(path, options)}))
{
    UseAllCores();
}

Classifier::~Classifier() = default;

const std::string&
Classifier::DatasetName() const
{
    return m_network->loaded.dataset;
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

Evaluator::Evaluator(std::shared_ptr<const ImageDecoder> decoder,
                     std::shared_ptr<const Classifier> classifier)
    : m_decoder(std::move(decoder)),
      m_classifier(std::move(classifier))
{
}

Prediction
Evaluator::Evaluate(const std::vector<Bytes>& fragments)
{
    std::string key;
    for (const auto& fragment : fragments)
    {
        // With its length in front, so that no two lists of fragments have one key.
        key += std::to_string(fragment.size()) + ':';
        key.append(fragment.begin(), fragment.end());
    }
    const auto found = m_known.find(key);
    if (found != m_known.end())
    {
        ++m_hits;
        return found->second;
    }
    Prediction prediction;
    if (const auto picture = m_decoder->Decode(fragments))
    {
        ++m_decoded;
        prediction = m_classifier->Classify(*picture);
    }
    m_known.emplace(std::move(key), prediction);
    return prediction;
}

size_t
Evaluator::DecodedCount() const
{
    return m_decoded;
}

size_t
Evaluator::HitCount() const
{
    return m_hits;
}

} // namespace limitnet
