// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/open-classifier.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/paths.h"
#include "limitnet/nn/classifier-torch.h"

namespace limitnet
{

namespace
{

const char* const RESNET50 = "resnet50";
constexpr int IMAGENET_CLASSES = 1000;

} // namespace

std::string
ClassesOf(const Dataset& dataset)
{
    if (CifarDataset::Knows(dataset.Name()))
    {
        return dataset.Name();
    }
    return dataset.ClassCount() == IMAGENET_CLASSES ? "imagenet" : "";
}

ClassifierLocation
LocateClassifier(const std::string& name, const std::string& dataset)
{
    auto wanted = name;
    if (name == "auto")
    {
        if (dataset.empty())
        {
            throw Error("no classifier goes with these pictures by itself; name one");
        }
        wanted = dataset == "imagenet" ? RESNET50 : dataset;
    }
    const NpmFiles& resnet50 = *FindNpmFiles(RESNET50);
    const auto checkedResNet50 = [&resnet50]() {
        const auto wrong = ProblemOfNpmFiles(resnet50);
        if (!wrong.empty())
        {
            throw Error(wrong);
        }
        return NpmFilePaths(resnet50).front();
    };
    ClassifierLocation location;
    location.options.dataset = dataset;
    if (wanted == RESNET50)
    {
        location.path = checkedResNet50();
        return location;
    }
    location.path = FindModel(wanted);
    if (ClassifierKind(location.path) == "resnet50-head")
    {
        location.options.backbone = checkedResNet50();
        location.options.backboneDigest = resnet50.sha256;
    }
    return location;
}

std::shared_ptr<const Classifier>
OpenClassifier(const std::string& name, const std::string& dataset)
{
    const auto location = LocateClassifier(name, dataset);
    return std::make_shared<Classifier>(location.path, location.options);
}

} // namespace limitnet
