// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/evaluator.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/threads-torch.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace limitnet
{

struct Classifier::Network
{
    LoadedClassifier loaded;
};

Classifier::Classifier(const std::filesystem::path& path)
    : m_network(std::make_unique<Network>(Network{LoadClassifier(path)}))
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
    const torch::NoGradGuard noGrad;
    const auto pixels = PictureTensor(picture).to(torch::kFloat) / 255;
    const auto probabilities = m_network->loaded.forward(Normalise(pixels)).softmax(1);
    const auto [confidence, label] = probabilities.max(1);
    return {static_cast<int>(label.item<int64_t>()), confidence.item<double>()};
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

double
PsnrDb(const Image& a, const Image& b)
{
    if (a.width != b.width || a.height != b.height || a.rgb.size() != b.rgb.size() || a.rgb.empty())
    {
        throw Error("PSNR needs two pictures of the same size");
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < a.rgb.size(); ++i)
    {
        const int difference = int{a.rgb[i]} - int{b.rgb[i]};
        sum += static_cast<uint64_t>(difference * difference);
    }
    if (sum == 0)
    {
        return std::numeric_limits<double>::infinity();
    }
    const auto mse = static_cast<double>(sum) / static_cast<double>(a.rgb.size());
    return 10 * std::log10(255.0 * 255.0 / mse);
}

} // namespace limitnet
