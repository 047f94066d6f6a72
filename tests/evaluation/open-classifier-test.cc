// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/open-classifier.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

using namespace limitnet;

namespace
{

/** Pictures that say no more than how many classes they have. */
class FakeDataset : public Dataset
{
  public:
    FakeDataset(std::string name, int classes)
        : m_name(std::move(name)),
          m_classes(classes)
    {
    }

    std::string Name() const override
    {
        return m_name;
    }

    std::size_t Size() const override
    {
        return 0;
    }

    Image At(std::size_t) const override
    {
        return {};
    }

    int Label(std::size_t) const override
    {
        return -1;
    }

    int ClassCount() const override
    {
        return m_classes;
    }

    const std::string& ClassName(int) const override
    {
        return m_name;
    }

  private:
    std::string m_name;
    int m_classes;
};

} // namespace

TEST(OpenClassifier, ClassesOfDatasets)
{
    EXPECT_EQ(ClassesOf(FakeDataset("cifar10", 10)), "cifar10");
    EXPECT_EQ(ClassesOf(FakeDataset("cifar100", 100)), "cifar100");
    EXPECT_EQ(ClassesOf(FakeDataset("imagenet-sample", 1000)), "imagenet");
    EXPECT_EQ(ClassesOf(FakeDataset("ecssd", 0)), "");
    EXPECT_EQ(ClassesOf(FakeDataset("cats", 10)), "");
}

TEST(OpenClassifier, AutomaticOnes)
{
    const TestFolder cache;
    const TestVariable variable("XDG_CACHE_HOME", cache.Path().string());
    for (const std::string dataset : {"cifar10", "cifar100"})
    {
        EXPECT_EQ(LocateClassifier("auto", dataset).path, FindModel(dataset));
        EXPECT_EQ(OpenClassifier("auto", dataset)->DatasetName(), dataset);
    }
    ExpectLine(ErrorOf([]() { LocateClassifier("auto", "imagenet"); }),
               {"ResNet-50", "limitnet data fetch resnet50"});
    ExpectLine(ErrorOf([]() { LocateClassifier("auto"); }), {"name one"});
}

TEST(OpenClassifier, NamedOnes)
{
    const TestFolder cache;
    const TestVariable variable("XDG_CACHE_HOME", cache.Path().string());
    EXPECT_EQ(OpenClassifier("cifar10")->DatasetName(), "cifar10");
    ExpectLine(ErrorOf([]() { OpenClassifier("cifar10", "cifar100"); }),
               {"cifar10.pt", "cifar100"});
    ExpectLine(ErrorOf([]() { OpenClassifier("nothing"); }), {"nothing"});
    ExpectLine(ErrorOf([]() { OpenClassifier("codec-224"); }), {"codec-224.pt", "'codec'"});
    ExpectLine(ErrorOf([]() { OpenClassifier("resnet50"); }), {"limitnet data fetch resnet50"});
    // Weights that are not those of the package are not used.
    const auto& files = *FindNpmFiles("resnet50");
    for (const auto& path : NpmFilePaths(files))
    {
        cache.Write(path.lexically_relative(cache.Path()).string(), std::string("{}"));
    }
    ExpectLine(ErrorOf([]() { OpenClassifier("resnet50"); }),
               {"SHA-256", "limitnet data fetch resnet50"});
}

TEST(OpenClassifier, FetchedResNet50KnowsImageNet)
{
    const auto wrong = ProblemOfNpmFiles(*FindNpmFiles("resnet50"));
    if (!wrong.empty())
    {
        GTEST_SKIP() << wrong;
    }
    EXPECT_EQ(OpenClassifier("auto", "imagenet")->DatasetName(), "imagenet");
    ExpectLine(ErrorOf([]() { OpenClassifier("resnet50", "cifar10"); }), {"imagenet", "cifar10"});
}
