// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/classifier-torch.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/text.h"

namespace limitnet
{

namespace
{

const char* const SMALL = "small-classifier";
const char* const EFFICIENTNET = "efficientnet-b0";

/** The length of the last layer's bias. */
int64_t
ClassCount(const ModelFile& file, const std::filesystem::path& path, const std::string& bias)
{
    const auto found = file.tensors.find(bias);
    if (found == file.tensors.end() || found->second.dim() != 1)
    {
        throw Error(Text(path.string(), ": does not say its classes"));
    }
    return found->second.size(0);
}

} // namespace

void
ReadClassifier(const std::filesystem::path& path, SmallClassifier& net)
{
    ModelFile::Read(path, SMALL).Give(*net, path);
}

LoadedClassifier
LoadClassifier(const std::filesystem::path& path)
{
    auto file = ModelFile::Read(path, "");
    LoadedClassifier classifier;
    classifier.kind = file.notes["kind"] == EFFICIENTNET ? EFFICIENTNET : SMALL;
    file = ModelFile::Read(path, classifier.kind); // now with its checks
    classifier.dataset = file.notes["dataset"];
    if (classifier.dataset.empty())
    {
        throw Error(Text(path.string(), ": does not say its classes"));
    }
    if (classifier.kind == EFFICIENTNET)
    {
        classifier.classes = ClassCount(file, path, "_fc.bias");
        EfficientNetB0 net(classifier.classes);
        file.Give(*net, path);
        net->eval();
        classifier.forward = [net](const torch::Tensor& x) mutable { return net->forward(x); };
    }
    else
    {
        classifier.classes = ClassCount(file, path, "head.bias");
        SmallClassifier net(classifier.classes);
        file.Give(*net, path);
        net->eval();
        classifier.forward = [net](const torch::Tensor& x) mutable { return net->forward(x); };
    }
    return classifier;
}

void
WriteClassifier(const std::filesystem::path& path,
                const SmallClassifier& net,
                const std::string& dataset)
{
    ModelFile file;
    file.notes["kind"] = SMALL;
    file.notes["dataset"] = dataset;
    file.Take(*net, torch::kHalf);
    file.Write(path);
}

void
WriteClassifier(const std::filesystem::path& path,
                const EfficientNetB0& net,
                const std::string& dataset,
                const std::string& source)
{
    ModelFile file;
    file.notes["kind"] = EFFICIENTNET;
    file.notes["dataset"] = dataset;
    file.notes["source"] = source;
    file.Take(*net);
    file.Write(path);
}

} // namespace limitnet
