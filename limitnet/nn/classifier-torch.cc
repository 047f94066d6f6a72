// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/classifier-torch.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/nn/tfjs-layers.h"

#include <array>
#include <caffe2/serialize/inline_container.h>
#include <memory>
#include <torch/script.h>
#include <utility>

namespace limitnet
{

namespace
{

const char* const SMALL = "small-classifier";
const char* const EFFICIENTNET = "efficientnet-b0";
const char* const HEAD = "resnet50-head";
const char* const RESNET50 = "resnet50";
const char* const TORCHSCRIPT = "torchscript";

/** The sets whose classes a classifier can know, by how many there are. */
constexpr std::array<std::pair<int64_t, const char*>, 3> DATASETS{
    {{10, "cifar10"}, {100, "cifar100"}, {1000, "imagenet"}}};

/** The data set with so many classes; empty: none that is known. */
std::string
DatasetOfClasses(int64_t classes)
{
    for (const auto& [count, name] : DATASETS)
    {
        if (count == classes)
        {
            return name;
        }
    }
    return {};
}

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

/** Whether a file is a zip archive with the constants that a TorchScript program has. */
bool
IsTorchScript(const std::filesystem::path& path)
{
    try
    {
        caffe2::serialize::PyTorchStreamReader reader(path.string());
        return reader.hasRecord("constants.pkl");
    }
    catch (const std::exception&)
    {
        return false;
    }
}

/** A text of LibTorch's without the lines on where in its sources it was. */
std::string
FirstLine(const std::string& text)
{
    return text.substr(0, text.find('\n'));
}

LoadedClassifier
LoadResNet50(const std::filesystem::path& path)
{
    LoadedClassifier classifier;
    const auto net = std::make_shared<const ResNet50>(ReadTfjsWeights(path), path.string());
    classifier.classes = net->ClassCount();
    classifier.dataset = DatasetOfClasses(classifier.classes);
    classifier.forward = [net](const torch::Tensor& x) { return net->Logits(x); };
    return classifier;
}

/** A head, from its file, and the network whose features it looks at. */
LoadedClassifier
LoadHead(ModelFile& file, const std::filesystem::path& path, const ClassifierOptions& options)
{
    if (options.backbone.empty())
    {
        throw Error(Text(path.string(),
                         ": holds a head only and needs the weights of ResNet-50; get them with "
                         "`limitnet data fetch resnet50`"));
    }
    if (file.notes["backbone"] != options.backboneDigest)
    {
        throw Error(Text(path.string(),
                         ": was trained on the features of other weights (SHA-256 ",
                         file.notes["backbone"],
                         ") than ",
                         options.backbone.string(),
                         " has (",
                         options.backboneDigest,
                         "); train it again with `limitnet train-head`"));
    }
    const auto net = std::make_shared<const ResNet50>(ReadTfjsWeights(options.backbone),
                                                      options.backbone.string());
    LoadedClassifier classifier;
    classifier.classes = ClassCount(file, path, "output.bias");
    const auto width =
        file.tensors.count("hidden.bias") > 0 ? ClassCount(file, path, "hidden.bias") : 0;
    ResNet50Head head(net->FeatureCount(), width, classifier.classes);
    file.Give(*head, path);
    head->eval();
    classifier.forward = [net, head](const torch::Tensor& x) mutable {
        return head->forward(net->Features(x));
    };
    return classifier;
}

LoadedClassifier
LoadTorchScript(const std::filesystem::path& path)
{
    LoadedClassifier classifier;
    const auto failed = [path](const std::exception& error) {
        return Error(
            Text(path.string(),
                 ": this TorchScript program takes no normalised picture of 1x3x224x224 to "
                 "1xC logits: ",
                 FirstLine(error.what())));
    };
    try
    {
        auto module = torch::jit::load(path.string());
        module.eval();
        classifier.forward = [module, failed](const torch::Tensor& x) mutable {
            try
            {
                return module.forward({x}).toTensor().to(torch::kFloat);
            }
            catch (const std::exception& error)
            {
                throw failed(error);
            }
        };
    }
    catch (const std::exception& error)
    {
        throw Error(Text(path.string(),
                         ": a TorchScript file that LibTorch ",
                         TORCH_VERSION,
                         " cannot load: ",
                         FirstLine(error.what())));
    }
    const torch::NoGradGuard noGrad;
    const auto logits = classifier.forward(torch::zeros({1, 3, PICTURE_SIZE, PICTURE_SIZE}));
    if (logits.dim() != 2 || logits.size(0) != 1)
    {
        throw Error(Text(path.string(),
                         ": this TorchScript program gives ",
                         logits.sizes(),
                         " for a picture of 1x3x224x224; expected 1xC logits"));
    }
    classifier.classes = logits.size(1);
    classifier.dataset = DatasetOfClasses(classifier.classes);
    if (classifier.dataset.empty())
    {
        throw Error(
            Text(path.string(),
                 ": this TorchScript program tells ",
                 classifier.classes,
                 " classes apart; expected 10 (cifar10), 100 (cifar100) or 1000 (imagenet)"));
    }
    return classifier;
}

/** A network from a model file, whose last layer has the bias named. */
template <typename Net>
LoadedClassifier
LoadNetwork(const ModelFile& file, const std::filesystem::path& path, const std::string& bias)
{
    LoadedClassifier classifier;
    classifier.classes = ClassCount(file, path, bias);
    Net net(classifier.classes);
    file.Give(*net, path);
    net->eval();
    classifier.forward = [net](const torch::Tensor& x) mutable { return net->forward(x); };
    return classifier;
}

} // namespace

void
ReadClassifier(const std::filesystem::path& path, SmallClassifier& net)
{
    ModelFile::Read(path, SMALL).Give(*net, path);
}

std::string
ClassifierKind(const std::filesystem::path& path)
{
    if (path.extension() == ".json")
    {
        return RESNET50;
    }
    if (IsTorchScript(path))
    {
        return TORCHSCRIPT;
    }
    auto file = ModelFile::Read(path, "");
    const auto kind = file.notes["kind"];
    for (const auto* known : {SMALL, EFFICIENTNET, HEAD})
    {
        if (kind == known)
        {
            return kind;
        }
    }
    throw Error(
        Text(path.string(),
             kind.empty() ? ": has no note of its kind" : ": holds a model of kind '" + kind,
             kind.empty() ? "" : "'",
             "; expected a classifier: a model file of kind 'small-classifier', "
             "'efficientnet-b0' or 'resnet50-head', or a TorchScript file"));
}

LoadedClassifier
LoadClassifier(const std::filesystem::path& path, const ClassifierOptions& options)
{
    const auto kind = ClassifierKind(path);
    LoadedClassifier classifier;
    if (kind == RESNET50)
    {
        classifier = LoadResNet50(path);
    }
    else if (kind == TORCHSCRIPT)
    {
        classifier = LoadTorchScript(path);
    }
    else
    {
        auto file = ModelFile::Read(path, kind);
        if (kind == HEAD)
        {
            classifier = LoadHead(file, path, options);
        }
        else if (kind == EFFICIENTNET)
        {
            classifier = LoadNetwork<EfficientNetB0>(file, path, "_fc.bias");
        }
        else
        {
            classifier = LoadNetwork<SmallClassifier>(file, path, "head.bias");
        }
        classifier.dataset = file.notes["dataset"];
    }
    classifier.kind = kind;
    if (classifier.dataset.empty())
    {
        throw Error(Text(path.string(), ": does not say its classes"));
    }
    if (!options.dataset.empty() && options.dataset != classifier.dataset)
    {
        throw Error(Text(path.string(),
                         ": knows the ",
                         classifier.classes,
                         " classes of ",
                         classifier.dataset,
                         ", not those of ",
                         options.dataset));
    }
    return classifier;
}

void
WriteClassifier(const std::filesystem::path& path,
                const ResNet50Head& head,
                const std::string& dataset,
                const std::string& backboneDigest)
{
    ModelFile file;
    file.notes["kind"] = HEAD;
    file.notes["dataset"] = dataset;
    file.notes["backbone"] = backboneDigest;
    file.Take(*head, torch::kHalf);
    file.Write(path);
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
