// SPDX-License-Identifier: GPL-2.0-only

// The training commands as a user runs them, and the trainer that is built with LibTorch alone.

#include "limitnet/data/image-file.h"
#include "tests/cli/program.h"

using namespace limitnet;

namespace
{

/** A folder of pictures with masks: a square on a ground of another colour. */
std::string
MakeSquares(const TestFolder& folder)
{
    const auto root = folder.Path() / "squares";
    std::filesystem::create_directories(root / "image");
    std::filesystem::create_directories(root / "mask");
    constexpr int SIDE = 56;
    for (int i = 0; i < 6; ++i)
    {
        Image picture{SIDE, SIDE, {}};
        Image mask{SIDE, SIDE, {}};
        for (int y = 0; y < SIDE; ++y)
        {
            for (int x = 0; x < SIDE; ++x)
            {
                const bool inside = std::abs(x - 15 - 4 * i) < 10 && std::abs(y - 28) < 10;
                picture.rgb.push_back(static_cast<uint8_t>(inside ? 220 : 20 * i));
                picture.rgb.push_back(static_cast<uint8_t>(inside ? 40 : 2 * x));
                picture.rgb.push_back(static_cast<uint8_t>(inside ? 30 : 2 * y));
                mask.rgb.insert(mask.rgb.end(), 3, inside ? 255 : 0);
            }
        }
        const auto name = std::to_string(i) + ".png";
        WritePng(root / "image" / name, picture);
        WritePng(root / "mask" / name, mask);
    }
    return root.string() + "/";
}

std::vector<std::string>
Steps(const std::string& source, const std::string& what, const std::filesystem::path& output)
{
    return {"train",
            source + "=" + what,
            "--output=" + output.string(),
            "--channel-steps=1",
            "--saliency-steps=1",
            "--batch=2",
            "--calibration-pictures=2",
            "--precision=float32"};
}

} // namespace

TEST(TrainCommand, TrainerWithLibTorchAloneMakesTheSameModel)
{
    const TestFolder folder;
    const auto set = MakeSquares(folder);
    const auto pack = folder.Path() / "squares.pack";
    RunWell({"pack", "--dataset", set, "-o", pack.string()});

    const auto fromFolder = folder.Path() / "folder.pt";
    const auto fromPack = folder.Path() / "pack.pt";
    const auto out = RunWell(Steps("--dataset", set, fromFolder));
    EXPECT_NE(out.find("4 pictures to train on, with saliency masks, 2 held out"),
              std::string::npos)
        << out;
    EXPECT_TRUE(std::filesystem::exists(fromFolder.string() + ".csv"));
    EXPECT_TRUE(std::filesystem::exists(fromFolder.string() + ".state"));

    auto command = Steps("--pack", pack.string(), fromPack);
    command.insert(command.begin(), std::string(LIMITNET_TEST_BIN_DIR) + "/limitnet-trainer");
    ProcessOptions options;
    options.errorFile = folder.Path() / "err";
    const auto result = RunProcess(command, options);
    EXPECT_TRUE(result.Ok()) << result.reason << ReadText(options.errorFile);
    const auto model = ReadText(fromFolder);
    EXPECT_GT(model.size(), 900'000U);
    EXPECT_TRUE(model == ReadText(fromPack));
}

TEST(TrainCommand, NonsenseGetsOneLine)
{
    const TestFolder folder;
    const auto output = "--output=" + (folder.Path() / "x.pt").string();
    RunBadly({"train", output}, {"--dataset", "--pack"});
    RunBadly({"train", "--dataset=cifar100"}, {"output"});
    RunBadly({"train", output, "--dataset=cifar100", "--batch=many"},
             {"--batch=many", "whole number"});
    RunBadly({"train", output, "--pack=" + (folder.Path() / "none.pack").string()}, {"none.pack"});
    RunBadly({"train", output, "--pack=a", "--dataset=cifar10"}, {"--pack", "--dataset"});
    RunBadly({"train", output, "--stesp=3"}, {"stesp"});
    RunBadly({"train", output, "--seed=1", "--seed=2", "--dataset=x/"}, {"--seed", "2 times"});
    RunBadly({"train", output, "--dataset=" + (folder.Path() / "nothing").string() + "/"},
             {"nothing"});
    RunBadly({"train-classifier", output, "--dataset=" + MakeSquares(folder)}, {"cifar10"});
    EXPECT_FALSE(std::filesystem::exists(folder.Path() / "x.pt"));
}
