// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/resnet50-torch.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/convolve-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/text.h"

namespace limitnet
{

namespace
{

using torch::Tensor;

/** Of Keras's layers; in "epsilon" of model.json as well. */
constexpr double EPSILON = 1e-3;

/** Stages by the numbers in their layers' names. */
constexpr int FIRST_STAGE = 2;
constexpr int LAST_STAGE = 5;

/** Mean of ImageNet's red, green and blue in 0..255, keras_applications 1.0.7, imagenet_utils.py,
 * mode "caffe". */
const std::vector<float> CAFFE_MEAN{123.68F, 116.779F, 103.939F};

/** How many of the last stages give features. */
constexpr int FEATURE_STAGES = 3;

Tensor
Average(const Tensor& x)
{
    return x.mean({2, 3}, false, torch::kFloat);
}

} // namespace

/** Takes tensors by name, and makes layers of them. */
class ResNet50::Builder
{
  public:
    Builder(const TfjsWeights& weights, const std::string& where, torch::ScalarType type)
        : m_weights(weights),
          m_where(where),
          m_type(type)
    {
    }

    bool Has(const std::string& name) const
    {
        return m_weights.count(name) > 0;
    }

    /** A tensor of a shape; -1 stands for any length. */
    Tensor Take(const std::string& name, const std::vector<int64_t>& shape) const
    {
        const auto found = m_weights.find(name);
        if (found == m_weights.end())
        {
            throw Error(Text(m_where, ": weight \"", name, "\" is missing; no ResNet-50 of Keras"));
        }
        const auto& tensor = found->second;
        bool fits = tensor.shape.size() == shape.size();
        for (size_t i = 0; fits && i < shape.size(); ++i)
        {
            fits = tensor.shape[i] > 0 && (shape[i] < 0 || shape[i] == tensor.shape[i]);
        }
        if (!fits)
        {
            throw Error(Text(m_where,
                             ": weight \"",
                             name,
                             "\" has the shape ",
                             torch::IntArrayRef(tensor.shape),
                             ", expected ",
                             torch::IntArrayRef(shape)));
        }
        return torch::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape).clone();
    }

    /**
     * A convolution and the normalisation after it, in one: with the convolution's kernel w and
     * bias b, y = gamma (w * x + b - mean) / sqrt(variance + epsilon) + beta.
     */
    Convolution Fold(const std::string& conv,
                     const std::string& norm,
                     int64_t kernel,
                     int64_t in,
                     int64_t stride) const
    {
        const auto weight = Take(conv + "/kernel", {kernel, kernel, in, -1}).to(torch::kDouble);
        const auto out = weight.size(3);
        const auto vector = [&](const std::string& name) {
            return Take(name, {out}).to(torch::kDouble);
        };
        const auto scale =
            vector(norm + "/gamma") / (vector(norm + "/moving_variance") + EPSILON).sqrt();
        const auto bias = (vector(conv + "/bias") - vector(norm + "/moving_mean")) * scale +
                          vector(norm + "/beta");
        return {(weight * scale)
                    .permute({3, 2, 0, 1})
                    .to(m_type)
                    .contiguous(torch::MemoryFormat::ChannelsLast),
                bias.to(m_type),
                stride,
                kernel / 2};
    }

  private:
    const TfjsWeights& m_weights;
    std::string m_where;
    torch::ScalarType m_type;
};

ResNet50::ResNet50(const TfjsWeights& weights,
                   const std::string& where,
                   torch::ScalarType computeType)
    : m_computeType(computeType)
{
    const torch::NoGradGuard noGrad;
    const Builder builder(weights, where, computeType);
    m_stem = builder.Fold("conv1", "bn_conv1", 7, 3, 2);
    // Its kernels see blue first; pictures here have red first.
    m_stem.weight = m_stem.weight.flip({1}).contiguous(torch::MemoryFormat::ChannelsLast);
    auto channels = m_stem.bias.size(0);
    for (int stage = FIRST_STAGE; stage <= LAST_STAGE; ++stage)
    {
        auto& blocks = m_stages.emplace_back();
        const auto layer = [&](char block, const char* branch) {
            return Text(stage, block, "_branch", branch);
        };
        for (char block = 'a'; block == 'a' || builder.Has("res" + layer(block, "2a") + "/kernel");
             ++block)
        {
            const auto fold = [&](const char* branch, int64_t kernel, int64_t in, int64_t stride) {
                const auto name = layer(block, branch);
                return builder.Fold("res" + name, "bn" + name, kernel, in, stride);
            };
            const int64_t stride = block == 'a' && stage > FIRST_STAGE ? 2 : 1;
            Block made;
            made.reduce = fold("2a", 1, channels, stride);
            made.filter = fold("2b", 3, made.reduce.bias.size(0), 1);
            made.expand = fold("2c", 1, made.filter.bias.size(0), 1);
            const auto out = made.expand.bias.size(0);
            if (block == 'a')
            {
                made.shortcut = fold("1", 1, channels, stride);
            }
            if (out != (block == 'a' ? made.shortcut.bias.size(0) : channels))
            {
                throw Error(Text(where,
                                 ": the parts of block ",
                                 stage,
                                 block,
                                 " cannot be added, their channels differ in number"));
            }
            channels = out;
            blocks.push_back(made);
        }
    }
    m_headWeight = builder.Take("fc1000/kernel", {channels, -1}).t().contiguous();
    m_headBias = builder.Take("fc1000/bias", {m_headWeight.size(0)});
}

Tensor
ResNet50::Run(const Convolution& layer, const Tensor& x) const
{
    return Convolve(x, layer.weight, layer.bias, layer.stride, layer.padding, m_computeType)
        .relu_();
}

std::vector<Tensor>
ResNet50::Stages(const Tensor& x) const
{
    // From normalised to 0..255 without the mean that these weights go with.
    const auto mean = torch::tensor(CAFFE_MEAN).view({1, 3, 1, 1});
    const auto pixels = x * (ImageNetStd() * 255) + (ImageNetMean() * 255 - mean);
    auto y = Run(m_stem, pixels.contiguous(torch::MemoryFormat::ChannelsLast));
    y = torch::max_pool2d(y, 3, 2, 1);
    std::vector<Tensor> stages;
    for (const auto& blocks : m_stages)
    {
        for (const auto& block : blocks)
        {
            const auto& expand = block.expand;
            const auto& shortcut = block.shortcut;
            const auto inner = Convolve(Run(block.filter, Run(block.reduce, y)),
                                        expand.weight,
                                        expand.bias,
                                        expand.stride,
                                        expand.padding,
                                        m_computeType);
            const auto around = shortcut.weight.defined() ? Convolve(y,
                                                                     shortcut.weight,
                                                                     shortcut.bias,
                                                                     shortcut.stride,
                                                                     shortcut.padding,
                                                                     m_computeType)
                                                          : y;
            y = (inner + around).relu_();
        }
        stages.push_back(y);
    }
    return stages;
}

Tensor
ResNet50::Logits(const Tensor& x) const
{
    return torch::linear(Average(Stages(x).back()), m_headWeight, m_headBias);
}

Tensor
ResNet50::Features(const Tensor& x) const
{
    const auto stages = Stages(x);
    std::vector<Tensor> averages;
    for (auto stage = stages.end() - FEATURE_STAGES; stage != stages.end(); ++stage)
    {
        averages.push_back(Average(*stage));
    }
    return torch::cat(averages, 1);
}

int64_t
ResNet50::ClassCount() const
{
    return m_headBias.size(0);
}

int64_t
ResNet50::FeatureCount() const
{
    int64_t count = 0;
    for (auto blocks = m_stages.end() - FEATURE_STAGES; blocks != m_stages.end(); ++blocks)
    {
        count += blocks->back().expand.bias.size(0);
    }
    return count;
}

ResNet50HeadImpl::ResNet50HeadImpl(int64_t features, int64_t hiddenWidth, int64_t classes)
{
    if (hiddenWidth > 0)
    {
        hidden = register_module("hidden", torch::nn::Linear(features, hiddenWidth));
    }
    output = register_module("output",
                             torch::nn::Linear(hiddenWidth > 0 ? hiddenWidth : features, classes));
}

Tensor
ResNet50HeadImpl::forward(const Tensor& features, double dropout)
{
    auto x = torch::dropout(features, dropout, is_training());
    if (!hidden.is_empty())
    {
        x = torch::dropout(hidden(x).relu(), dropout, is_training());
    }
    return output(x);
}

} // namespace limitnet
