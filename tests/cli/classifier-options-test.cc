// SPDX-License-Identifier: GPL-2.0-only
#include "tests/cli/program.h"

using namespace limitnet;

TEST(ClassifierOptionsOfTheTools, WeightsThatWereNotFetched)
{
    const TestFolder folder;
    const TestVariable cache("XDG_CACHE_HOME", (folder.Path() / "cache").string());
    const auto picture = WriteMat(folder, "a.png", TestPicture(64, 64));
    const auto out = (folder.Path() / "out").string();
    const std::string remedy = "`limitnet data fetch resnet50`";
    RunBadly({"data", "check", "resnet50"}, {"ResNet-50", remedy});
    RunBadly({"train-head", "-o", out}, {"ResNet-50", remedy});
    RunBadly({"demo", picture, "-o", out, "--classifier=resnet50"}, {"ResNet-50", remedy});
    // The next best is taken by itself.
    RunWell({"demo", picture, "-o", out});
}

TEST(ClassifierOptionsOfTheTools, BadValuesGetOneLine)
{
    const TestFolder folder;
    const auto picture = WriteMat(folder, "a.png", TestPicture(64, 64));
    const auto out = (folder.Path() / "out").string();
    RunBadly({"demo", picture, "-o", out, "--classifier=cifar10", "--classifier-dataset=cifar100"},
             {"cifar10.pt", "cifar100"});
    RunBadly({"data", "fetch", "nothing"}, {"nothing", "cifar10", "resnet50"});
    RunBadly({"data", "lose", "resnet50"}, {"lose", "fetch or check"});
    RunBadly({"train-head", "-o", out, "--backbone=nothing"}, {"--backbone=nothing", "resnet50"});
    for (const std::string bad : {"--dropout=1",
                                  "--epochs=0",
                                  "--batch=1",
                                  "--hidden=-1",
                                  "--learning-rate=0",
                                  "--label-smoothing=2",
                                  "--pictures=-5"})
    {
        RunBadly({"train-head", "-o", out, bad}, {bad, "has to be"});
    }
}
