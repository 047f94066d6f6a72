// SPDX-License-Identifier: GPL-2.0-only

// Reads what make-checkpoint.py writes; its head says how the values follow from the names.

#include "limitnet/codec/error.h"
#include "limitnet/nn/checkpoint-file.h"
#include "limitnet/nn/checkpoint-import-torch.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <memory>
#include <random>

using namespace limitnet;

namespace
{

class CheckpointImportTest : public testing::Test
{
  protected:
    static void SetUpTestSuite()
    {
        s_folder = std::make_unique<TestFolder>();
        ASSERT_TRUE(
            RunProcess(
                {LIMITNET_TEST_PYTHON, LIMITNET_TEST_MAKE_CHECKPOINT, s_folder->Path().string()})
                .Ok());
    }

    static void TearDownTestSuite()
    {
        s_folder.reset();
    }

    static std::filesystem::path File(const std::string& name)
    {
        return s_folder->Path() / name;
    }

    static std::string Message(const std::string& name)
    {
        return ErrorOf([&] { const Checkpoint checkpoint(File(name)); });
    }

    static std::unique_ptr<TestFolder> s_folder;
};

std::unique_ptr<TestFolder> CheckpointImportTest::s_folder;

torch::Tensor
Expected(const std::string& name, at::IntArrayRef size)
{
    auto values = torch::empty(size);
    for (int64_t i = 0; i < values.numel(); ++i)
    {
        values.data_ptr<float>()[i] =
            static_cast<float>((7 * i + static_cast<int64_t>(name.size())) % 255 - 127) / 1024;
    }
    return values;
}

/** Compares all parameters and buffers of a network whose names start with one of some prefixes. */
void
ExpectPattern(const torch::nn::Module& net, const std::vector<std::string>& prefixes)
{
    size_t compared = 0;
    const auto compare = [&](const std::string& name, const torch::Tensor& value) {
        if (std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
                return name.rfind(prefix, 0) == 0;
            }))
        {
            ++compared;
            const auto expected = value.scalar_type() == torch::kLong
                                      ? torch::full({}, 7, torch::kLong)
                                      : Expected(name, value.sizes());
            EXPECT_TRUE(torch::equal(value, expected)) << name;
        }
    };
    for (const auto& entry : net.named_parameters())
    {
        compare(entry.key(), entry.value());
    }
    for (const auto& entry : net.named_buffers())
    {
        compare(entry.key(), entry.value());
    }
    EXPECT_GT(compared, 0U);
}

const std::vector<std::string> ENCODER_DECODER{"encoder.", "decoder."};
const std::vector<std::string> ALL_OF_CODEC{"encoder.", "decoder.", "sal_decoder."};

} // namespace

TEST_F(CheckpointImportTest, ReadsStateDicts)
{
    for (const auto* name : {"state-dict.ckpt", "legacy.pth", "views.pt"})
    {
        const Checkpoint checkpoint(File(name));
        EXPECT_EQ(checkpoint.Form(), "a state dict") << name;
        ASSERT_TRUE(checkpoint.HasCodec()) << name;
        EXPECT_TRUE(checkpoint.HasSaliency()) << name;
        EXPECT_EQ(checkpoint.ClassCount(), 0) << name;
        EXPECT_TRUE(checkpoint.Ignored().empty()) << name;
        ExpectPattern(*checkpoint.GetNetworks().codec->net, ALL_OF_CODEC);
    }
}

TEST_F(CheckpointImportTest, ReadsWhateverTheFolderInTheZipIsCalled)
{
    for (const std::string& name : {std::string("archive"),
                                    std::string("data"),
                                    std::string("a b.c"),
                                    std::string("mod\xC3\xA8le"),
                                    std::string(200, 'x')})
    {
        const Checkpoint checkpoint(File(name + ".named"));
        ASSERT_TRUE(checkpoint.HasCodec()) << name;
        ExpectPattern(*checkpoint.GetNetworks().codec->net, ENCODER_DECODER);
    }
}

TEST_F(CheckpointImportTest, ReadsPathsOfEachPython)
{
    for (const char* name : {"path.ckpt", "path-3.13.ckpt"})
    {
        const Checkpoint checkpoint(File(name));
        EXPECT_TRUE(checkpoint.HasCodec()) << name;
    }
}

TEST_F(CheckpointImportTest, ReadsACodecWithoutSaliencyDecoder)
{
    const Checkpoint plain(File("plain-dict.pt"));
    EXPECT_FALSE(plain.HasSaliency());
    ExpectPattern(*plain.GetNetworks().codec->net, ENCODER_DECODER);

    // Half precision holds these values exactly; the prefix "model." is not part of the name.
    const Checkpoint lightning(File("lightning.ckpt"));
    EXPECT_EQ(lightning.Form(), "a state dict under the key 'state_dict'");
    EXPECT_FALSE(lightning.HasSaliency());
    const auto net = lightning.GetNetworks().codec->net;
    const auto weight = net->named_parameters()["encoder.conv2.weight"];
    EXPECT_TRUE(torch::equal(weight, Expected("encoder.conv2.weight", {16, 16, 5, 5})));
}

TEST_F(CheckpointImportTest, ReadsAWholePickledModule)
{
    for (const auto* name : {"module.pth", "module-legacy.pth"})
    {
        const Checkpoint checkpoint(File(name));
        EXPECT_EQ(checkpoint.Form(), "a module of class models.model.LimitNet") << name;
        EXPECT_TRUE(checkpoint.HasSaliency()) << name;
        ExpectPattern(*checkpoint.GetNetworks().codec->net, ALL_OF_CODEC);
        EXPECT_EQ(checkpoint.ClassCount(), 100) << name;
        ExpectPattern(*checkpoint.GetNetworks().classifier, {""});
        // Attributes and buffers that no state dict has are not tensors of the model.
        EXPECT_EQ(checkpoint.Ignored(), std::vector<std::string>{"accuracy.mean"}) << name;
    }
}

TEST_F(CheckpointImportTest, ReadsAClassifierAloneAndWritesItsFile)
{
    const Checkpoint checkpoint(File("classifier.pth"));
    EXPECT_FALSE(checkpoint.HasCodec());
    EXPECT_EQ(checkpoint.ClassCount(), 10);
    ExpectPattern(*checkpoint.GetNetworks().classifier, {""});

    const auto written = File("written.pt");
    checkpoint.WriteClassifier(written, "cifar10");
    const auto loaded = LoadClassifier(written);
    EXPECT_EQ(loaded.kind, "efficientnet-b0");
    EXPECT_EQ(loaded.dataset, "cifar10");
    EXPECT_EQ(loaded.classes, 10);
    const auto file = ModelFile::Read(written, "efficientnet-b0");
    EXPECT_TRUE(torch::equal(file.tensors.at("_blocks.15._bn2.running_var"),
                             Expected("_blocks.15._bn2.running_var", {320})));
}

TEST_F(CheckpointImportTest, RefusesHostileFilesAndRunsNothing)
{
    ExpectLine(Message("hostile-system.pth"), {"hostile-system.pth", "refused", "posix.system"});
    ExpectLine(Message("hostile-eval.pth"), {"hostile-eval.pth", "refused", "builtins.eval"});
    ExpectLine(Message("hostile-legacy.pth"), {"hostile-legacy.pth", "refused", "posix.system"});
    ExpectLine(Message("hostile-state-dict.ckpt"), {"refused", "__builtin__.getattr"});
    EXPECT_FALSE(std::filesystem::exists(File("executed")));
}

TEST_F(CheckpointImportTest, NamesTheTensorThatIsWrong)
{
    for (const auto* what : {"offset", "stride", "size", "expanded"})
    {
        ExpectLine(Message(std::string("bad-") + what + ".pt"),
                   {"encoder.conv1.weight", "beyond its storage"});
    }
    ExpectLine(Message("bad-shape.pt"), {"encoder.conv1.weight", "another shape"});
    ExpectLine(Message("not-finite.pt"), {"encoder.conv1.bias", "not finite"});
    ExpectLine(Message("incomplete.pt"), {"decoder.t_conv4.bias", "missing"});
    ExpectLine(Message("other.pt"), {"encoder.conv1.weight", "_conv_stem.weight"});
    ExpectLine(Message("crowded.pth"), {"crowded.pth", "no end"});
    ExpectLine(Message("big-endian.pt"), {"little-endian"});
    ExpectLine(Message("big-endian-legacy.pt"), {"little-endian"});
    ExpectLine(Message("there-is-none.pt"), {"there-is-none.pt", "no such file"});
    s_folder->Write("text.pt", "some text");
    ExpectLine(Message("text.pt"), {"text.pt", "not a checkpoint"});
}

TEST_F(CheckpointImportTest, EveryTruncationIsAnError)
{
    for (const auto* name : {"plain-dict.pt", "legacy.pth"})
    {
        const auto bytes = ReadText(File(name));
        // Every byte where structure is; in between there are the tensors' values.
        for (size_t size = 0; size < bytes.size();
             size += size < 6000 || size + 3000 > bytes.size() ? 13 : 40009)
        {
            s_folder->Write("cut.pt", bytes.substr(0, size));
            EXPECT_NE(Message("cut.pt"), "") << name << " at " << size;
        }
    }
}

TEST_F(CheckpointImportTest, ChangedFilesGiveNetworksOrAnError)
{
    // In the older layout no checksum hides the pickle from a change.
    std::mt19937 random(2);
    for (const auto* name : {"legacy.pth", "plain-dict.pt"})
    {
        const auto bytes = ReadText(File(name));
        int errors = 0;
        for (int i = 0; i < 300; ++i)
        {
            auto changed = bytes;
            for (auto changes = 1 + random() % 3; changes > 0; --changes)
            {
                changed[random() % std::min<size_t>(changed.size(), 4000)] =
                    static_cast<char>(random());
            }
            s_folder->Write("changed.pt", changed);
            const auto message = Message("changed.pt");
            errors += message.empty() ? 0 : 1;
            EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        }
        EXPECT_GT(errors, 100) << name;
    }
}
