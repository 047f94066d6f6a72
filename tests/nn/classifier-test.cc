// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/process.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/tfjs-layers.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>
#include <torch/script.h>

using namespace limitnet;

namespace
{

torch::Tensor
SomePicture()
{
    torch::manual_seed(3);
    return Normalise(torch::rand({1, 3, 224, 224}));
}

/** Saves a program whose forward(x) has the body given, as torch.jit.save does. */
std::filesystem::path
Program(const TestFolder& folder, const std::string& body, const std::string& name = "net.pt")
{
    torch::jit::Module module("net");
    module.register_parameter("weight", torch::arange(300).to(torch::kFloat).view({100, 3}), false);
    module.define("def forward(self, x):\n    " + body + "\n");
    const auto path = folder.Path() / name;
    module.save(path.string());
    return path;
}

/** A tiny network in TensorFlow.js's format. */
std::filesystem::path
Backbone(const TestFolder& folder)
{
    const auto made = folder.Path() / "backbone";
    EXPECT_TRUE(
        RunProcess(
            {LIMITNET_TEST_NUMPY_PYTHON, "-B", LIMITNET_TEST_TFJS_REFERENCE, "make", made.string()})
            .Ok());
    return made / "model.json";
}

std::string
Complaint(const std::filesystem::path& path, const ClassifierOptions& options = {})
{
    return ErrorOf([&]() { LoadClassifier(path, options); });
}

} // namespace

TEST(Classifier, SmallOneSaysItsKindAndClasses)
{
    const TestFolder folder;
    torch::manual_seed(1);
    SmallClassifier net(10);
    net->eval();
    const auto path = folder.Path() / "small.pt";
    WriteClassifier(path, net, "cifar10");
    const auto loaded = LoadClassifier(path);
    EXPECT_EQ(loaded.kind, "small-classifier");
    EXPECT_EQ(loaded.dataset, "cifar10");
    EXPECT_EQ(loaded.classes, 10);
    const torch::NoGradGuard noGrad;
    const auto x = SomePicture();
    // The file has half precision.
    EXPECT_LT((loaded.forward(x) - net->forward(x)).abs().max().item<double>(), 0.05);
    ClassifierOptions options;
    options.dataset = "cifar100";
    ExpectLine(Complaint(path, options), {"small.pt", "cifar10,", "cifar100"});
}

TEST(Classifier, TorchScriptByItsClassCount)
{
    const TestFolder folder;
    const auto path = Program(folder, "return x.mean([2, 3]).matmul(self.weight.t())");
    EXPECT_EQ(ClassifierKind(path), "torchscript");
    const auto loaded = LoadClassifier(path);
    EXPECT_EQ(loaded.kind, "torchscript");
    EXPECT_EQ(loaded.dataset, "cifar100");
    EXPECT_EQ(loaded.classes, 100);
    const auto x = SomePicture();
    const auto logits = loaded.forward(x);
    ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{1, 100}));
    const auto mean = x.to(torch::kDouble).mean({2, 3})[0];
    for (const int64_t c : {0, 57, 99})
    {
        double expected = 0;
        for (int64_t k = 0; k < 3; ++k)
        {
            expected += static_cast<double>(3 * c + k) * mean[k].item<double>();
        }
        EXPECT_NEAR(logits[0][c].item<double>(), expected, 1e-3);
    }
    // The name does not count, the content does.
    EXPECT_EQ(LoadClassifier(
                  Program(folder, "return x.mean([2, 3]).matmul(self.weight[:10].t())", "net.ts"))
                  .dataset,
              "cifar10");
    ClassifierOptions options;
    options.dataset = "imagenet";
    ExpectLine(Complaint(path, options), {"net.pt", "cifar100", "imagenet"});
}

TEST(Classifier, OtherTorchScriptIsRefused)
{
    const TestFolder folder;
    ExpectLine(Complaint(Program(folder, "return x.mean([2, 3])")),
               {"net.pt", "3 classes", "1000"});
    ExpectLine(Complaint(Program(folder, "return x")), {"net.pt", "[1, 3, 224, 224]", "1xC"});
    ExpectLine(Complaint(Program(folder, "return x.matmul(self.weight)")),
               {"net.pt", "1x3x224x224"});
    ExpectLine(Complaint(Program(folder, "return (x, x)")), {"net.pt", "1x3x224x224"});
    const auto whole = ReadText(Program(folder, "return x"));
    const auto half = folder.Write("half.pt", whole.substr(0, whole.size() / 2));
    ExpectLine(Complaint(half), {"half.pt"});
    ExpectLine(Complaint(folder.Path() / "nothing.pt"), {"nothing.pt"});
}

TEST(Classifier, OtherModelFilesAreRefused)
{
    const TestFolder folder;
    ModelFile file;
    file.notes["kind"] = "codec";
    file.Write(folder.Path() / "codec.pt");
    ExpectLine(Complaint(folder.Path() / "codec.pt"), {"codec.pt", "'codec'", "small-classifier"});
    file.notes.clear();
    file.Write(folder.Path() / "plain.pt");
    ExpectLine(Complaint(folder.Path() / "plain.pt"), {"plain.pt", "no note of its kind"});
}

TEST(Classifier, HeadWithItsBackbone)
{
    const torch::NoGradGuard noGrad;
    const TestFolder folder;
    ClassifierOptions options;
    options.backbone = Backbone(folder);
    options.backboneDigest = "1234";
    const ResNet50 net(ReadTfjsWeights(options.backbone), "backbone");
    const auto x = SomePicture();
    for (const int64_t width : {0, 8})
    {
        torch::manual_seed(4);
        ResNet50Head head(net.FeatureCount(), width, 100);
        const auto path = folder.Path() / "head.pt";
        WriteClassifier(path, head, "cifar100", "1234");
        EXPECT_EQ(ClassifierKind(path), "resnet50-head");
        const auto loaded = LoadClassifier(path, options);
        EXPECT_EQ(loaded.kind, "resnet50-head");
        EXPECT_EQ(loaded.dataset, "cifar100");
        EXPECT_EQ(loaded.classes, 100);
        head->eval();
        const auto expected = head->forward(net.Features(x));
        EXPECT_LT((loaded.forward(x) - expected).abs().max().item<double>(),
                  0.01 * expected.abs().max().item<double>());
    }
    const auto path = folder.Path() / "head.pt";
    ExpectLine(Complaint(path), {"head.pt", "limitnet data fetch resnet50"});
    options.backboneDigest = "5678";
    ExpectLine(Complaint(path, options), {"head.pt", "1234", "5678", "train-head"});
    WriteClassifier(path, ResNet50Head(7, 0, 100), "cifar100", "5678");
    ExpectLine(Complaint(path, options), {"head.pt", "output.weight", "shape"});
    // Nine classes are those of no data set.
    ExpectLine(Complaint(options.backbone), {"model.json", "classes"});
}
