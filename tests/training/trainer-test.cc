// SPDX-License-Identifier: GPL-2.0-only

// The trainers on pictures made up here: a run that is stopped and continued, or killed between two
// states, ends with the same files as an unbroken one; and training trains.

#include "limitnet/codec/error.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/nn/codec-model.h"
#include "limitnet/nn/gradual-scoring-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/training/classifier-trainer.h"
#include "limitnet/training/codec-in-training-torch.h"
#include "limitnet/training/codec-trainer.h"
#include "limitnet/training/training-torch.h"
#include "tests/data/test-folder.h"
#include "tests/training/made-up-set-torch.h"

#include <algorithm>
#include <sstream>

using namespace limitnet;

namespace
{

std::string
FileBytes(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string>
Lines(const std::filesystem::path& path)
{
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
    {
        lines.push_back(line);
    }
    return lines;
}

/** A column of a log. */
std::vector<double>
Column(const std::filesystem::path& log, const std::string& name)
{
    const auto lines = Lines(log);
    std::istringstream header(lines.at(0));
    size_t index = 0;
    for (std::string field; std::getline(header, field, ','); ++index)
    {
        if (field == name)
        {
            break;
        }
    }
    std::vector<double> values;
    for (size_t i = 1; i < lines.size(); ++i)
    {
        std::istringstream row(lines[i]);
        std::string field;
        for (size_t k = 0; k <= index; ++k)
        {
            std::getline(row, field, ',');
        }
        values.push_back(std::stod(field));
    }
    return values;
}

/** Asks to stop when a trainer has printed something a number of times. */
class StopAfter : public std::streambuf
{
  public:
    explicit StopAfter(int lines)
        : m_left(lines)
    {
    }

    std::atomic<bool> requested{false};

  protected:
    int overflow(int c) override
    {
        if (c == '\n' && --m_left == 0)
        {
            requested = true;
        }
        return c;
    }

  private:
    int m_left;
};

TrainingSet
CodecSet()
{
    TrainingSet set;
    // One of each is held out: a validation decodes it nine times, which is most of the time here.
    set.sources = {MadeUpSmall("small", 9, 8), MadeUpSalient(17, 16)};
    return set;
}

CodecTrainingOptions
CodecOptions(const std::filesystem::path& output)
{
    CodecTrainingOptions options;
    options.output = output;
    options.channelSteps = 4;
    options.saliencySteps = 4;
    options.batch = 2;
    options.reportEvery = 2;
    options.calibrationPictures = 2;
    options.precision = "float32";
    return options;
}

} // namespace

TEST(CodecTrainerTest, StoppedRunEndsAsAnUnbrokenOne)
{
    const TestFolder folder;
    const auto set = CodecSet();
    std::ostringstream silent;
    ASSERT_TRUE(TrainCodec(set, CodecOptions(folder.Path() / "whole.pt"), silent));

    StopAfter stopper(3); // in phase 2, after its first line
    std::ostream progress(&stopper);
    const auto options = CodecOptions(folder.Path() / "broken.pt");
    ASSERT_FALSE(TrainCodec(set, options, progress, &stopper.requested));
    EXPECT_FALSE(std::filesystem::exists(options.output));
    // As after a kill: a line that the state does not know yet, and half a line.
    std::ofstream(folder.Path() / "broken.pt.csv", std::ios::app) << "8,0.5,1,1\n9,0.";
    std::ostringstream resumed;
    ASSERT_TRUE(TrainCodec(set, options, resumed));
    EXPECT_EQ(resumed.str().rfind("continuing after step ", 0), 0U) << resumed.str();

    EXPECT_EQ(FileBytes(folder.Path() / "broken.pt.csv"),
              FileBytes(folder.Path() / "whole.pt.csv"));
    EXPECT_EQ(FileBytes(folder.Path() / "broken.pt"), FileBytes(folder.Path() / "whole.pt"));
    EXPECT_EQ(Lines(folder.Path() / "whole.pt.csv").size(), 5U); // header, steps 2, 4, 6, 8
    EXPECT_TRUE(CodecModel(folder.Path() / "whole.pt").HasSaliency());
}

TEST(CodecTrainerTest, OtherOptionsOrPicturesDoNotContinue)
{
    const TestFolder folder;
    auto set = CodecSet();
    auto options = CodecOptions(folder.Path() / "a.pt");
    options.saliencySteps = 0;
    options.channelSteps = 2;
    std::ostringstream progress;
    ASSERT_TRUE(TrainCodec(set, options, progress));
    const auto refused = [&] {
        try
        {
            TrainCodec(set, options, progress);
        }
        catch (const Error& error)
        {
            return std::string(error.what()).find("other options or pictures") != std::string::npos;
        }
        return false;
    };
    EXPECT_FALSE(refused());
    options.seed = 2;
    EXPECT_TRUE(refused());
    options.seed = 1;
    set.sources[0].pictures[0][0][0][0] += 1;
    EXPECT_TRUE(refused());
}

TEST(CodecTrainerTest, MapRunTrainsTheMapAloneAndPhasesGoOnFromIt)
{
    const TestFolder folder;
    const auto set = CodecSet();
    std::ostringstream progress;
    const auto trained = [&](const char* name, int64_t steps) {
        auto options = CodecOptions(folder.Path() / name);
        options.channelSteps = 0;
        options.saliencySteps = 0;
        options.mapSteps = steps;
        EXPECT_TRUE(TrainCodec(set, options, progress));
        return ModelFile::Read(options.output, "").tensors;
    };
    const auto few = trained("few.pt", 1);
    const auto more = trained("more.pt", 4);
    for (const auto& [name, tensor] : few)
    {
        const bool decoder = name.rfind("decoder.", 0) == 0;
        const bool map = name == "encoder.conv1.weight" || name == "sal_decoder.sal_t_conv1.weight";
        if (decoder)
        {
            EXPECT_TRUE(torch::equal(tensor, more.at(name))) << name;
        }
        if (map)
        {
            EXPECT_FALSE(torch::allclose(tensor, more.at(name))) << name;
        }
    }

    auto options = CodecOptions(folder.Path() / "codec.pt");
    options.start = folder.Path() / "more.pt";
    options.channelSteps = 1;
    options.saliencySteps = 0;
    EXPECT_TRUE(TrainCodec(set, options, progress));
    const auto after = ModelFile::Read(options.output, "").tensors;
    EXPECT_FALSE(
        torch::equal(more.at("decoder.t_conv1.weight"), after.at("decoder.t_conv1.weight")));
    options.mapSteps = 1;
    EXPECT_THROW(TrainCodec(set, options, progress), Error);
}

TEST(CodecTrainerTest, RandomRunMakesACodecWithoutOrder)
{
    const TestFolder folder;
    std::ostringstream progress;
    auto options = CodecOptions(folder.Path() / "rival.pt");
    options.channelSteps = 0;
    options.saliencySteps = 0;
    options.randomSteps = 4;
    ASSERT_TRUE(TrainCodec(CodecSet(), options, progress)) << progress.str();
    const CodecModel rival(options.output);
    EXPECT_FALSE(rival.HasSaliency());
    EXPECT_EQ(rival.Order(), ValueOrder::RANDOM);
    EXPECT_EQ(Lines(folder.Path() / "rival.pt.csv").front().find("saliency_iou"),
              std::string::npos);
    options.channelSteps = 1;
    EXPECT_THROW(TrainCodec(CodecSet(), options, progress), Error);
    // It goes on with phase 3 alone.
    options.randomSteps = 0;
    options.start = options.output;
    options.output = folder.Path() / "more.pt";
    try
    {
        TrainCodec(CodecSet(), options, progress);
        FAIL();
    }
    catch (const Error& error)
    {
        EXPECT_NE(std::string(error.what()).find("phase 3 alone"), std::string::npos);
    }
}

TEST(CodecTrainerTest, AnotherFileOfTheSameNameIsAnotherSignature)
{
    const TestFolder folder;
    const auto path = folder.Write("codec.pt", std::string("first"));
    const auto first = FileSignature(path);
    EXPECT_EQ(FileSignature(path), first);
    folder.Write("codec.pt", std::string("other"));
    EXPECT_NE(FileSignature(path), first);
    EXPECT_THROW(FileSignature(folder.Path() / "none.pt"), Error);
}

TEST(CodecTrainerTest, LearnsPicturesAndSaliency)
{
    const TestFolder folder;
    auto options = CodecOptions(folder.Path() / "a.pt");
    options.channelSteps = 20;
    options.saliencySteps = 40;
    options.reportEvery = 20;
    options.batch = 4;
    options.learningRate = 2e-3;
    options.saliencyWeight = 1;
    std::ostringstream progress;
    ASSERT_TRUE(TrainCodec(CodecSet(), options, progress));
    const auto log = folder.Path() / "a.pt.csv";
    const auto psnr = Column(log, "large_first_12_psnr_db");
    EXPECT_GT(psnr.back(), psnr.front() + 2);
    // The squares are 64 of 784 cells, so that marking everything gives an overlap of 0.08.
    EXPECT_GT(Column(log, "squares_saliency_iou").back(), 0.5);
}

TEST(CodecTrainerTest, Phase3TeachesTheClassifierToo)
{
    const TestFolder folder;
    TrainingSet set = CodecSet();
    set.sources[0] = MadeUpSmall("cifar10", 34, 32);
    ClassifierTrainingOptions classifier;
    classifier.output = folder.Path() / "classifier.pt";
    classifier.epochs = 1;
    classifier.batch = 16;
    classifier.precision = "float32";
    TrainingSet small;
    small.sources = {set.sources[0]};
    std::ostringstream progress;
    ASSERT_TRUE(TrainClassifier(small, classifier, progress));

    auto options = CodecOptions(folder.Path() / "first.pt");
    options.saliencySteps = 2;
    options.channelSteps = 0;
    ASSERT_TRUE(TrainCodec(set, options, progress));

    options.output = folder.Path() / "second.pt";
    options.start = folder.Path() / "first.pt";
    options.saliencySteps = 0;
    options.taskSteps = 2;
    options.classifiers = {classifier.output};
    ASSERT_TRUE(TrainCodec(set, options, progress));
    const auto first = ModelFile::Read(folder.Path() / "first.pt", "codec").tensors;
    const auto second = ModelFile::Read(folder.Path() / "second.pt", "codec").tensors;
    const auto same = [&](const std::string& name) {
        return torch::allclose(first.at(name), second.at(name), 1e-5, 1e-7);
    };
    // As published: all but the saliency decoder.
    EXPECT_FALSE(same("encoder.conv1.weight"));
    EXPECT_FALSE(same("decoder.t_conv5.weight"));
    EXPECT_TRUE(same("sal_decoder.sal_t_conv1.weight"));
    // The last layer has another factor for the map's contrast, for all of its numbers.
    const auto& last = first.at("sal_decoder.sal_t_conv5.weight");
    const auto& lastAfter = second.at("sal_decoder.sal_t_conv5.weight");
    const auto factor = (lastAfter.norm() / last.norm()).item<double>();
    EXPECT_GT(factor, 0);
    EXPECT_TRUE(torch::allclose(lastAfter, last * factor, 1e-4, 1e-6));
    const auto before = ModelFile::Read(classifier.output, "small-classifier").tensors;
    const auto after =
        ModelFile::Read(folder.Path() / "second-cifar10.pt", "small-classifier").tensors;
    EXPECT_FALSE(torch::equal(before.at("head.weight"), after.at("head.weight")));

    // A set has one classifier, since what is written is named after the set.
    options.classifiers.push_back(folder.Write("other.pt", ReadText(classifier.output)));
    ExpectLine(ErrorOf([&] { TrainCodec(set, options, progress); }),
               {"other.pt", "second", "cifar10"});
}

TEST(CodecInTrainingTest, PlainNetworksDoWhatTheNormalisedOnesDo)
{
    torch::manual_seed(3);
    CodecInTraining codec(Normalised::ENCODER_TOO);
    codec->train();
    for (int i = 0; i < 3; ++i) // so that the statistics are not those of a new normalisation
    {
        codec->SaliencyLogits(codec->Latent(torch::randn({2, 3, 64, 64}) * 2 + 1));
    }
    for (const auto& norms : {codec->encoderNorms, codec->saliencyNorms})
    {
        for (const auto& norm : norms)
        {
            torch::nn::init::uniform_(norm->weight, 0.5, 1.5);
            torch::nn::init::uniform_(norm->bias, -0.5, 0.5);
        }
    }
    ASSERT_EQ(codec->encoderNorms.size(), 3U);
    ASSERT_EQ(codec->saliencyNorms.size(), 4U);
    codec->eval();
    const torch::NoGradGuard noGrad;
    auto plain = codec->Plain(0.25);
    const auto x = torch::randn({2, 3, 64, 64});
    const auto latent = codec->Latent(x);
    EXPECT_GT(latent.abs().max().item<double>(), 0.1);
    EXPECT_TRUE(torch::allclose(plain->encoder(x), latent, 1e-4, 1e-5));
    EXPECT_TRUE(torch::allclose(plain->sal_decoder(latent),
                                0.25 * codec->SaliencyLogits(latent),
                                1e-4,
                                1e-5));
}

TEST(ClassifierTrainerTest, StoppedRunEndsAsAnUnbrokenOne)
{
    const TestFolder folder;
    auto codecOptions = CodecOptions(folder.Path() / "codec.pt");
    codecOptions.channelSteps = 1;
    codecOptions.saliencySteps = 0;
    std::ostringstream silent;
    ASSERT_TRUE(TrainCodec(CodecSet(), codecOptions, silent));

    TrainingSet set;
    set.sources = {MadeUpSmall("cifar10", 60, 48)};
    ClassifierTrainingOptions options;
    options.epochs = 3;
    options.batch = 16;
    options.codec = codecOptions.output;
    options.decodedPictures = 20;
    options.lossyShare = 0.5;
    options.precision = "float32";
    options.output = folder.Path() / "whole.pt";
    ASSERT_TRUE(TrainClassifier(set, options, silent));

    options.output = folder.Path() / "broken.pt";
    StopAfter first(1); // while the reconstructions are made
    std::ostream firstProgress(&first);
    ASSERT_FALSE(TrainClassifier(set, options, firstProgress, &first.requested));
    StopAfter second(2); // after an epoch
    std::ostream secondProgress(&second);
    ASSERT_FALSE(TrainClassifier(set, options, secondProgress, &second.requested));
    ASSERT_TRUE(TrainClassifier(set, options, silent));
    for (const auto* ending : {".pt", ".pt.csv", ".pt.decoded"})
    {
        EXPECT_EQ(FileBytes(folder.Path() / ("broken" + std::string(ending))),
                  FileBytes(folder.Path() / ("whole" + std::string(ending))))
            << ending;
    }
    // A run that is refused leaves alone what the right one has made, which takes hours.
    options.seed = 2;
    ExpectLine(ErrorOf([&] { TrainClassifier(set, options, silent); }),
               {"broken.pt.state", "other options"});
    EXPECT_EQ(FileBytes(folder.Path() / "broken.pt.decoded"),
              FileBytes(folder.Path() / "whole.pt.decoded"));
    // Warm and cold are easily told apart.
    EXPECT_GT(Column(folder.Path() / "whole.pt.csv", "clean_top1_percent").back(), 90);
}

TEST(ClassifierTrainerTest, StopsBeforeItHasLookedAtAllPictures)
{
    const TestFolder folder;
    TrainingSet set;
    set.sources = {MadeUpSmall("cifar10", 60, 48)};
    ClassifierTrainingOptions options;
    options.batch = 16;
    options.precision = "float32";
    options.output = folder.Path() / "c.pt";
    const std::atomic<bool> stop{true};
    std::ostringstream progress;
    EXPECT_FALSE(TrainClassifier(set, options, progress, &stop));
    EXPECT_EQ(progress.str(), "stopped; the same command goes on from here\n");
    EXPECT_TRUE(NamesIn(folder.Path()).empty());
}

TEST(ClassifierTrainerTest, LearnsWhatATeacherSaysRatherThanTheClasses)
{
    const TestFolder folder;
    TrainingSet set;
    set.sources = {MadeUpSmall("cifar10", 60, 48)};
    ClassifierTrainingOptions options;
    options.output = folder.Path() / "teacher.pt";
    options.epochs = 8;
    options.batch = 16;
    options.precision = "float32";
    std::ostringstream silent;
    ASSERT_TRUE(TrainClassifier(set, options, silent));
    ASSERT_GT(Column(folder.Path() / "teacher.pt.csv", "clean_top1_percent").back(), 90);

    // Now all classes are wrong, and only the teacher knows.
    auto& labels = set.sources[0].labels;
    labels = 1 - labels;
    options.teacher = options.output;
    options.teacherShare = 1;
    options.output = folder.Path() / "pupil.pt";
    ASSERT_TRUE(TrainClassifier(set, options, silent));
    EXPECT_LT(Column(folder.Path() / "pupil.pt.csv", "clean_top1_percent").back(), 10);
    options.teacherShare = 0;
    options.output = folder.Path() / "deaf.pt";
    ASSERT_TRUE(TrainClassifier(set, options, silent));
    EXPECT_GT(Column(folder.Path() / "deaf.pt.csv", "clean_top1_percent").back(), 90);

    options.teacherShare = 1.5;
    EXPECT_THROW(TrainClassifier(set, options, silent), Error);
    options.teacherShare = 0.5;
    options.teacher = folder.Path() / "none.pt";
    EXPECT_THROW(TrainClassifier(set, options, silent), Error);
}

TEST(ClassifierTrainerTest, LearnsWhatRivalsMakeOfPictures)
{
    const TestFolder folder;
    TrainingSet set;
    set.sources = {MadeUpSmall("cifar10", 60, 48)};
    ClassifierTrainingOptions options;
    options.output = folder.Path() / "c.pt";
    options.epochs = 2;
    options.batch = 16;
    options.decodedPictures = 20;
    options.precision = "float32";
    options.rivals = {"upside-down"};
    std::ostringstream silent;
    EXPECT_THROW(TrainClassifier(set, options, silent), Error) << "nobody knows the rivals";
    std::set<uint64_t> seeds;
    options.openRivals = [&](const std::vector<std::string>& names) {
        EXPECT_EQ(names, options.rivals);
        return [&](const Image& picture, uint64_t seed) {
            EXPECT_EQ(picture.width, 32);
            seeds.insert(seed);
            Image turned = picture;
            std::reverse(turned.rgb.begin(), turned.rgb.end());
            return turned;
        };
    };
    ASSERT_TRUE(TrainClassifier(set, options, silent));
    EXPECT_EQ(seeds.size(), 32U) << "20 to learn from and 12 held out, each with its own";
    EXPECT_EQ(Column(folder.Path() / "c.pt.csv", "reconstructed_top1_percent").size(), 2U);
    // Another way to learn from the same pictures, which are not made again.
    seeds.clear();
    options.epochs = 3;
    std::filesystem::remove(folder.Path() / "c.pt.state");
    ASSERT_TRUE(TrainClassifier(set, options, silent));
    EXPECT_EQ(seeds.size(), 0U);
    EXPECT_EQ(Column(folder.Path() / "c.pt.csv", "reconstructed_top1_percent").size(), 3U);
    options.codec = folder.Path() / "codec.pt";
    EXPECT_THROW(TrainClassifier(set, options, silent), Error) << "one of them is right";
}

TEST(LostRunsTest, AreRunsOfTheOrderOfSomePictures)
{
    torch::manual_seed(3);
    constexpr int64_t PICTURES = 400;
    const auto ranks = torch::rand({PICTURES, LATENT_SIZE})
                           .argsort(1, false)
                           .view({PICTURES, LATENT_CHANNELS, 28, 28});
    EXPECT_FALSE(LostRuns(ranks, 0).any().item<bool>());
    const auto lost = LostRuns(ranks, 0.5);
    // A half of the pictures loses 0 to a half, uniformly.
    EXPECT_NEAR(lost.to(torch::kFloat).mean().item<double>(), 0.5 * 0.25, 0.03);
    // In the order, what follows a lost value is lost, but at the ends of runs of 60 or more.
    const auto places = ranks.flatten(1).argsort(1, false);
    const auto inOrder = lost.flatten(1).gather(1, places);
    const auto changes =
        (inOrder.narrow(1, 1, LATENT_SIZE - 1) != inOrder.narrow(1, 0, LATENT_SIZE - 1)).sum(1);
    EXPECT_LE(changes.max().item<int64_t>(), LATENT_SIZE / 60 + 1);
    EXPECT_GT(changes.max().item<int64_t>(), 10);
}

TEST(TrainersTest, UnusableOptionsAreNamed)
{
    const TestFolder folder;
    std::ostringstream progress;
    const auto errorOf = [&](const std::function<void(CodecTrainingOptions&)>& change) {
        auto options = CodecOptions(folder.Path() / "a.pt");
        change(options);
        try
        {
            TrainCodec(CodecSet(), options, progress);
        }
        catch (const Error& error)
        {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_NE(errorOf([](auto& o) { o.device = "gpu"; }).find("--device=gpu"), std::string::npos);
    EXPECT_NE(errorOf([](auto& o) { o.device = "cuda:99"; }).find("--device=cuda:99"),
              std::string::npos);
    EXPECT_NE(errorOf([](auto& o) { o.precision = "half"; }).find("--precision=half"),
              std::string::npos);
    EXPECT_NE(errorOf([](auto& o) { o.taskSteps = 3; }).find("--classifier"), std::string::npos);
    EXPECT_NE(errorOf([](auto& o) { o.batch = 1; }).find("--batch"), std::string::npos);
    EXPECT_NE(errorOf([](auto& o) { o.channelSteps = -1; }).find("--channel-steps"),
              std::string::npos);
}

TEST(ImportanceRanksTest, AreTheOrderOfTheBitstream)
{
    torch::manual_seed(5);
    const auto saliency = torch::rand({2, 1, 28, 28});
    const auto quantised = QuantiseSaliencyPublished(saliency);
    const auto ranks = ImportanceRanks(quantised);
    ASSERT_EQ(ranks.sizes(), at::IntArrayRef({2, 12, 28, 28}));
    for (int64_t i = 0; i < 2; ++i)
    {
        const auto map = QuantiseSaliency(saliency[i].contiguous().data_ptr<float>());
        std::vector<uint16_t> order(LATENT_SIZE);
        ImportanceOrder(map, order.data());
        // The bitstream rounds the map's range to bytes, so places differ a little, not the set.
        const auto flat = ranks[i].flatten();
        for (const int64_t kept : {941, 1882, 4704})
        {
            int64_t same = 0;
            for (int64_t n = 0; n < kept; ++n)
            {
                same += flat[order[static_cast<size_t>(n)]].item<int64_t>() < kept ? 1 : 0;
            }
            EXPECT_GT(static_cast<double>(same) / static_cast<double>(kept), 0.995) << kept;
        }
        EXPECT_TRUE(torch::equal(std::get<0>(flat.sort()), torch::arange(LATENT_SIZE)));
    }
    const auto p = torch::tensor({0.2F, 0.7F});
    const auto keep = KeepMask(quantised, p);
    for (int64_t i = 0; i < 2; ++i)
    {
        const auto byRank = (ranks[i] < p[i].item<double>() * LATENT_SIZE).to(torch::kFloat);
        EXPECT_LT((byRank - keep[i]).abs().mean().item<double>(), 0.005);
    }
}
