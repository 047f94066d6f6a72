// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "limitnet/evaluation/open-codec.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/evaluation/published-codec.h"
#include "limitnet/evaluation/saliency-quality.h"
#include "tests/cli/program.h"

#include <array>
#include <cstdlib>
#include <map>
#include <opencv2/imgproc.hpp>
#include <sstream>

namespace limitnet
{
namespace
{

/** The rows of a CSV file, by column; an empty field is not a number. */
std::vector<std::map<std::string, double>>
ReadRows(const std::filesystem::path& file)
{
    std::istringstream in(ReadText(file));
    const auto split = [](const std::string& line) {
        std::vector<std::string> fields;
        std::istringstream rest(line + ",");
        for (std::string field; std::getline(rest, field, ',');)
        {
            fields.push_back(field);
        }
        return fields;
    };
    std::string line;
    std::getline(in, line);
    const auto names = split(line);
    std::vector<std::map<std::string, double>> rows;
    while (std::getline(in, line))
    {
        const auto fields = split(line);
        EXPECT_EQ(fields.size(), names.size());
        std::map<std::string, double> row;
        for (std::size_t i = 0; i < names.size(); ++i)
        {
            row[names[i]] = fields.at(i).empty() ? std::nan("") : std::stod(fields[i]);
        }
        rows.push_back(row);
    }
    return rows;
}

/** Four pictures in a folder, and in the layout of ImageNet. */
class EvalTest : public testing::Test
{
  protected:
    EvalTest()
    {
        std::filesystem::create_directories(m_folder.Path() / "set/val/n1");
        std::filesystem::create_directories(m_folder.Path() / "set/val/n2");
        m_folder.Write("set/wnids.txt", std::string("n1\nn2\n"));
        for (int i = 0; i < 4; ++i)
        {
            m_pictures.push_back(
                WriteMat(m_folder,
                         "set/val/n" + std::to_string(1 + i / 2) + "/" + std::to_string(i) + ".png",
                         TestPicture(60 + 9 * i, 50, i)));
        }
    }

    std::string Path(const std::string& name) const
    {
        return (m_folder.Path() / name).string();
    }

    TestFolder m_folder;
    std::vector<std::string> m_pictures;
};

TEST_F(EvalTest, MeasuresWhatTheLibraryGives)
{
    const auto text = RunWell({"eval",
                               "--dataset",
                               Path("set"),
                               "-o",
                               Path("x.csv"),
                               "-p",
                               "10",
                               "-p",
                               "100",
                               "-p",
                               "40",
                               "--published"});
    EXPECT_NE(text.find("no top-1 and top-5"), std::string::npos) << text;
    EXPECT_NE(text.find("calibrated on 4 of 4 pictures, seen in training or not"),
              std::string::npos)
        << text;
    EXPECT_TRUE(std::filesystem::exists(Path("x.png")));
    const auto rows = ReadRows(Path("x.csv"));
    ASSERT_EQ(rows.size(), 3U);

    // The same by the plain encoder and decoder, picture by picture.
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    std::vector<float> latents;
    for (const auto& file : m_pictures)
    {
        const auto latent = model->Encode(ReadImage(file)).latent;
        latents.insert(latents.end(), latent.begin(), latent.end());
    }
    const PublishedCodec published(latents.data(), 4);
    const std::array<std::size_t, 3> values{941, 9408, 3763};
    for (std::size_t k = 0; k < 3; ++k)
    {
        double bytes = 0;
        double psnrDb = 0;
        double ssim = 0;
        double publishedBytes = 0;
        double publishedPsnrDb = 0;
        for (std::size_t i = 0; i < 4; ++i)
        {
            const auto picture = ReadImage(m_pictures[i]);
            const auto input = model->Input(picture);
            const auto fragments =
                LimitNetEncoder(MakePictureEncoder("int8", model, FindDeviceModel("codec-224")),
                                values[k],
                                1)
                    .Encode(picture, 0, 222)
                    .fragments;
            const auto decoded = LimitNetDecoder(model).Decode(fragments).value();
            bytes += static_cast<double>(TotalBytes(fragments));
            psnrDb += PsnrDb(decoded, input);
            ssim += Ssim(decoded, input);
            std::array<std::uint16_t, LATENT_SIZE> order{};
            ImportanceOrder(ReceiveLatent(model->Tables(), fragments)->map, order.data());
            const float* latent = latents.data() + i * LATENT_SIZE;
            publishedBytes += static_cast<double>(published.Bytes(latent, order.data(), values[k]));
            publishedPsnrDb +=
                PsnrDb(model->Decode(published.Reconstruct(latent, order.data(), values[k])),
                       input);
        }
        auto row = rows[k];
        EXPECT_EQ(row["values"], values[k]);
        EXPECT_EQ(row["images"], 4);
        EXPECT_NEAR(row["mean_size_bytes"], bytes / 4, 0.01);
        EXPECT_NEAR(row["mean_psnr_db"], psnrDb / 4, 0.001);
        EXPECT_NEAR(row["mean_ssim"], ssim / 4, 0.00001);
        EXPECT_NEAR(row["published_size_bytes"], publishedBytes / 4, 0.01);
        EXPECT_NEAR(row["published_with_map_size_bytes"], publishedBytes / 4 + 40, 0.01);
        EXPECT_NEAR(row["published_psnr_db"], publishedPsnrDb / 4, 0.001);
        EXPECT_TRUE(std::isnan(row["top1"]));
        EXPECT_TRUE(std::isnan(row["top5"]));
    }
}

/** The rival was trained for values in a random order, which needs no map. */
TEST_F(EvalTest, KeepsToTheOrderOfTheCodec)
{
    for (const std::string cut : {"-p10", "--channels=2"})
    {
        RunWell({"eval",
                 "--dataset",
                 Path("set"),
                 "-o",
                 Path(cut + ".csv"),
                 "--model=starfish-224",
                 "--no-plot",
                 cut});
        CodecChoice choice;
        choice.model = "starfish-224";
        choice.valuesPercent = cut == "-p10" ? 10 : 100.0 / 6;
        choice.order = cut == "-p10" ? "random" : "channel";
        const auto codec = OpenCodec(choice);
        double bytes = 0;
        double psnrDb = 0;
        for (const auto& file : m_pictures)
        {
            const auto picture = ReadImage(file);
            const auto fragments = codec.encoder->Encode(picture, 0, 222).fragments;
            bytes += static_cast<double>(TotalBytes(fragments));
            psnrDb += PsnrDb(codec.decoder->Decode(fragments).value(), codec.model->Input(picture));
        }
        auto row = ReadRows(Path(cut + ".csv")).at(0);
        EXPECT_NEAR(row["mean_size_bytes"], bytes / 4, 0.01) << cut;
        EXPECT_NEAR(row["mean_psnr_db"], psnrDb / 4, 0.001) << cut;
    }
}

TEST_F(EvalTest, GivesTheSameBytesEachTime)
{
    for (const char* name : {"x", "y"})
    {
        RunWell({"eval",
                 "--dataset",
                 Path("set"),
                 "-o",
                 Path(name) + std::string(".csv"),
                 "-p",
                 "20",
                 "--count=3",
                 "--first=1",
                 "--calibration=2",
                 // however many pictures are done at once
                 name == std::string("x") ? "--jobs=1" : "--jobs=3"});
    }
    EXPECT_EQ(ReadText(Path("x.csv")), ReadText(Path("y.csv")));
    EXPECT_EQ(ReadText(Path("x.png")), ReadText(Path("y.png")));
}

TEST_F(EvalTest, LeavesOutWhatIsNotAskedFor)
{
    const auto text =
        RunWell({"eval", "--dataset", Path("set"), "-o", Path("x.csv"), "--count=1", "--no-plot"});
    EXPECT_NE(text.find("published codec: not asked for"), std::string::npos) << text;
    EXPECT_FALSE(std::filesystem::exists(Path("x.png")));
    EXPECT_FALSE(std::filesystem::exists(Path("x-saliency.csv"))); // there are no masks
    const auto rows = ReadRows(Path("x.csv"));
    ASSERT_EQ(rows.size(), 10U);
    for (std::size_t k = 0; k < 10; ++k)
    {
        auto row = rows[k];
        EXPECT_EQ(row["p_percent"], 10 * static_cast<double>(k + 1));
        EXPECT_TRUE(std::isnan(row["published_size_bytes"]));
        EXPECT_TRUE(std::isnan(row["published_psnr_db"]));
        EXPECT_TRUE(std::isnan(row["unquantised_psnr_db"]));
        EXPECT_TRUE(std::isnan(row["channels"]));
    }
    RunWell({"eval",
             "--dataset",
             Path("set"),
             "-o",
             Path("x.csv"),
             "--count=1",
             "-p",
             "5",
             "--plot",
             Path("other.svg"),
             "--calibration=1"});
    EXPECT_TRUE(std::filesystem::exists(Path("other.svg")));
}

TEST_F(EvalTest, BadArgumentsGetOneLine)
{
    const auto set = Path("set");
    const auto out = Path("x.csv");
    RunBadly({"eval", "--dataset", "nothing"}, {"nothing"});
    RunBadly({"eval", "--dataset", "imagenet", "--data", set}, {"imagenet"});
    RunBadly({"eval", "--dataset", set, "-o", out, "-p", "0"}, {"--percentage=0"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--count=-1"}, {"--count=-1"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--first=4"}, {"--first=4", "4 pictures"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--mtu=10"}, {"--mtu=10"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--classifier=cifar10"}, {"--classifier"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--published", "--calibration=0"},
             {"--published"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--channels=0"}, {"--channels=0", "12"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--channels=1,13"}, {"--channels=1,13"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--channels=1,,2"}, {"--channels=1,,2"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--channels=1", "-p", "10"},
             {"--channels", "--percentage"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--jobs=-1"}, {"--jobs=-1"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--part=some"}, {"--part=some", "held-out"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--hold-out=101"}, {"--hold-out=101"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--hold-out-pictures=-1"},
             {"--hold-out-pictures=-1"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--part=held-out", "--hold-out=0"},
             {"--part=held-out", "--hold-out=0"});
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(EvalTest, SendsChannelsWhole)
{
    const auto text = RunWell({"eval",
                               "--dataset",
                               Path("set"),
                               "-o",
                               Path("x.csv"),
                               "--channels=2,12",
                               "--channels=5",
                               "--unquantised",
                               "--published"});
    EXPECT_NE(text.find("chan."), std::string::npos) << text;
    const auto rows = ReadRows(Path("x.csv"));
    ASSERT_EQ(rows.size(), 3U);
    // From the symbols and the tables, without order and fragments.
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const auto encoder = MakePictureEncoder("int8", model, FindDeviceModel("codec-224"));
    std::vector<float> latents;
    for (const auto& file : m_pictures)
    {
        const auto latent = model->Encode(ReadImage(file)).latent;
        latents.insert(latents.end(), latent.begin(), latent.end());
    }
    const PublishedCodec published(latents.data(), 4);
    double sizeBefore = 0;
    for (const auto& [k, channels] : {std::pair{0, 2}, {2, 5}, {1, 12}})
    {
        double psnrDb = 0;
        double unquantisedPsnrDb = 0;
        double publishedBytes = 0;
        double publishedPsnrDb = 0;
        const auto values = static_cast<std::size_t>(channels) * LATENT_CELLS;
        for (std::size_t i = 0; i < 4; ++i)
        {
            const auto picture = ReadImage(m_pictures[i]);
            const auto input = model->Input(picture);
            const auto symbols = encoder->Encode(picture).symbols;
            const float* latent = latents.data() + i * LATENT_SIZE;
            std::vector<float> quantised(LATENT_SIZE);
            std::vector<float> unquantised(LATENT_SIZE);
            std::vector<float> asPublished(LATENT_SIZE);
            std::vector<std::uint16_t> order;
            for (std::size_t n = 0; n < values; ++n)
            {
                const auto channel = n / LATENT_CELLS;
                quantised[n] = model->Tables().reconstruction[channel][symbols[n]];
                unquantised[n] = latent[n];
                const auto c = static_cast<int>(channel);
                asPublished[n] = published.Reconstruction(c, published.Symbol(c, latent[n]));
                order.push_back(static_cast<std::uint16_t>(n));
            }
            psnrDb += PsnrDb(model->Decode(quantised), input);
            unquantisedPsnrDb += PsnrDb(model->Decode(unquantised), input);
            publishedPsnrDb += PsnrDb(model->Decode(asPublished), input);
            publishedBytes += static_cast<double>(published.Bytes(latent, order.data(), values));
        }
        auto row = rows[static_cast<std::size_t>(k)];
        EXPECT_EQ(row["channels"], channels);
        EXPECT_EQ(row["values"], values);
        EXPECT_NEAR(row["p_percent"], 100.0 * channels / 12, 1e-4);
        EXPECT_NEAR(row["mean_psnr_db"], psnrDb / 4, 0.001);
        EXPECT_NEAR(row["unquantised_psnr_db"], unquantisedPsnrDb / 4, 0.001);
        EXPECT_NEAR(row["published_psnr_db"], publishedPsnrDb / 4, 0.001);
        EXPECT_NEAR(row["published_size_bytes"], publishedBytes / 4, 0.01);
        EXPECT_GT(row["mean_size_bytes"], sizeBefore);
        sizeBefore = row["mean_size_bytes"];
    }
    EXPECT_TRUE(std::filesystem::exists(Path("x.png")));
}

/** A codec without saliency decoder sends channel by channel by itself. */
TEST_F(EvalTest, CodecsWithoutSaliencySendChannels)
{
    const char* data = std::getenv("LIMITNET_DATA");
    const auto checkpoint = std::filesystem::path(data == nullptr ? "" : data) /
                            "../reference/limitnet_encoder_decoder_statedict.ckpt";
    if (data == nullptr || !std::filesystem::exists(checkpoint))
    {
        GTEST_SKIP() << "LIMITNET_DATA names no folder with "
                        "../reference/limitnet_encoder_decoder_statedict.ckpt";
    }
    const auto imported =
        RunLimitnet({"import", checkpoint.string(), "-o", Path("m.pt"), "--dataset", Path("set")});
    ASSERT_EQ(imported.exitCode, 0) << imported.err;
    for (const std::string cut : {"--channels=3", "-p25"})
    {
        RunWell({"eval",
                 "--dataset",
                 Path("set"),
                 "-o",
                 Path(cut + ".csv"),
                 "--model",
                 Path("m.pt"),
                 "--encoder=float",
                 cut,
                 "--no-plot"});
    }
    auto three = ReadRows(Path("--channels=3.csv")).at(0);
    auto quarter = ReadRows(Path("-p25.csv")).at(0);
    EXPECT_EQ(three["channels"], 3);
    for (const char* column : {"p_percent", "values", "mean_size_bytes", "mean_psnr_db"})
    {
        EXPECT_EQ(three[column], quarter[column]) << column;
        EXPECT_GT(three[column], 0) << column;
    }
}

TEST_F(EvalTest, TellsHeldOutPicturesFromTheOthers)
{
    // Of the numbers 0 to 3 the rule keeps out those with 37 n modulo 100 below 50: 37, 74, 11.
    std::array<double, 3> psnrDb{};
    std::array<double, 3> images{};
    const std::array<std::string, 3> parts{"all", "held-out", "training"};
    for (std::size_t k = 0; k < 3; ++k)
    {
        const auto text = RunWell({"eval",
                                   "--dataset",
                                   Path("set"),
                                   "-o",
                                   Path("x.csv"),
                                   "-p30",
                                   "--part=" + parts[k],
                                   "--hold-out=50",
                                   "--no-plot"});
        EXPECT_EQ(text.find("pictures held out of training (50 of each 100)") != std::string::npos,
                  parts[k] == "held-out")
            << text;
        auto row = ReadRows(Path("x.csv")).at(0);
        psnrDb[k] = row["mean_psnr_db"];
        images[k] = row["images"];
    }
    EXPECT_EQ(images, (std::array<double, 3>{4, 3, 1}));
    EXPECT_NEAR(4 * psnrDb[0], 3 * psnrDb[1] + psnrDb[2], 0.01);
    RunWell({"eval",
             "--dataset",
             Path("set"),
             "-o",
             Path("x.csv"),
             "-p30",
             "--first=2",
             "--count=1",
             "--no-plot"});
    EXPECT_NEAR(ReadRows(Path("x.csv")).at(0)["mean_psnr_db"], psnrDb[2], 0.001);
}

TEST_F(EvalTest, ComparesSaliencyWithMasks)
{
    // Pictures and masks of 56 x 84, so that a cell is 2 x 3 pixels; one picture has no mask.
    std::filesystem::create_directories(Path("ecssd/image"));
    std::filesystem::create_directories(Path("ecssd/mask"));
    std::vector<std::vector<float>> masks;
    std::vector<std::string> files;
    for (int i = 0; i < 4; ++i)
    {
        const auto name = std::to_string(i);
        files.push_back(
            WriteMat(m_folder, "ecssd/image/" + name + ".png", TestPicture(56, 84, 2 * i)));
        if (i == 3)
        {
            break;
        }
        cv::Mat mask(84, 56, CV_8UC1, cv::Scalar(0));
        mask(cv::Rect(7 + 5 * i, 13, 30, 41 + 3 * i)).setTo(255);
        WriteMat(m_folder, "ecssd/mask/" + name + ".png", mask);
        std::vector<float> cells;
        for (int y = 0; y < 28; ++y)
        {
            for (int x = 0; x < 28; ++x)
            {
                const cv::Mat cell = mask(cv::Rect(2 * x, 3 * y, 2, 3));
                cells.push_back(static_cast<float>(cv::mean(cell)[0] / 255));
            }
        }
        masks.push_back(cells);
    }
    const auto text =
        RunWell({"eval", "--dataset", Path("ecssd"), "-o", Path("x.csv"), "-p", "10", "--no-plot"});
    EXPECT_NE(text.find("masks of 3 pictures"), std::string::npos) << text;

    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const auto encoder = MakePictureEncoder("int8", model, FindDeviceModel("codec-224"));
    std::vector<float> mean(LATENT_CELLS);
    for (const auto& mask : masks)
    {
        for (std::size_t i = 0; i < mean.size(); ++i)
        {
            mean[i] += mask[i] / 3;
        }
    }
    std::array<SaliencyQuality, 4> qualities;
    for (std::size_t i = 0; i < 3; ++i)
    {
        const auto symbols = encoder->Encode(ReadImage(files[i]));
        // Bilinear from 8 to 28: sample i looks at (i + 1/2) * 8 / 28 - 1/2, as OpenCV has it.
        cv::Mat levels(8, 8, CV_32F);
        for (int k = 0; k < 64; ++k)
        {
            levels.at<float>(k / 8, k % 8) = static_cast<float>(symbols.map.level[k]) / 31 *
                                             static_cast<float>(symbols.map.range) / 255;
        }
        cv::Mat enlarged;
        cv::resize(levels, enlarged, {28, 28}, 0, 0, cv::INTER_LINEAR);
        qualities[0].Add(symbols.saliency, masks[i]);
        qualities[1].Add({enlarged.begin<float>(), enlarged.end<float>()}, masks[i]);
        qualities[2].Add(CentrePrior(28), masks[i]);
        qualities[3].Add(mean, masks[i]);
    }
    std::istringstream in(ReadText(Path("x-saliency.csv")));
    std::string line;
    std::getline(in, line);
    EXPECT_EQ(line, "map,images,iou,threshold,mean_absolute_error");
    const std::array<std::string, 4> names{"network", "sent", "centre", "mean"};
    for (std::size_t k = 0; k < 4; ++k)
    {
        std::getline(in, line);
        ASSERT_EQ(line.rfind(names[k] + ",3,", 0), 0U) << line;
        std::istringstream numbers(line.substr(names[k].size() + 3));
        std::array<double, 3> values{};
        char comma = 0;
        numbers >> values[0] >> comma >> values[1] >> comma >> values[2];
        const auto& quality = qualities[k];
        // A value beside a threshold may fall on its other side: a cell of a thousand.
        EXPECT_NEAR(values[0], quality.IntersectionOverUnion(quality.BestThreshold()), 0.003);
        EXPECT_NEAR(values[2], quality.MeanAbsoluteError(), 0.00002);
        EXPECT_GT(values[0], 0.1);
        EXPECT_LT(values[0], 1);
    }
    EXPECT_FALSE(std::getline(in, line));
}

TEST(EvalOfCifar10, CountsTopOneAndTopFive)
{
    if (!HasDataset("cifar10"))
    {
        GTEST_SKIP() << "CIFAR-10 is not here: ./ns3 run \"limitnet data fetch cifar10\" gets it";
    }
    const TestFolder folder;
    const auto out = folder.Path() / "x.csv";
    RunWell(
        {"eval", "--dataset=cifar10", "-o", out.string(), "-p", "1", "--count=12", "--first=100"});
    auto row = ReadRows(out).at(0);
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const Classifier classifier(FindModel("cifar10"));
    const auto dataset = OpenDataset("cifar10", Split::TEST);
    int one = 0;
    int five = 0;
    for (std::size_t i = 100; i < 112; ++i)
    {
        const auto fragments =
            LimitNetEncoder(MakePictureEncoder("int8", model, FindDeviceModel("codec-224")), 94, 1)
                .Encode(dataset->At(i), 0, 222)
                .fragments;
        const auto classes =
            classifier.TopClasses(LimitNetDecoder(model).Decode(fragments).value(), 10);
        for (std::size_t k = 0; k < 10; ++k)
        {
            const bool right = classes[k].label == dataset->Label(i);
            one += right && k == 0 ? 1 : 0;
            five += right && k < 5 ? 1 : 0;
        }
    }
    EXPECT_EQ(row["top1_correct"], one);
    EXPECT_NEAR(row["top1"], one / 12.0, 1e-5);
    EXPECT_NEAR(row["top5"], five / 12.0, 1e-5);
    EXPECT_LT(one, five); // or the test would not tell the two apart
}

TEST(EvalOfCifar, HeldOutPicturesAreTheLastOfTheTrainingHalf)
{
    const std::string name = HasDataset("cifar100") ? "cifar100" : "cifar10";
    if (!HasDataset(name))
    {
        GTEST_SKIP() << "CIFAR-10 is not here: ./ns3 run \"limitnet data fetch cifar10\" gets it";
    }
    const TestFolder folder;
    const auto out = folder.Path() / "x.csv";
    const auto run = [&](const std::vector<std::string>& more) {
        std::vector<std::string> arguments =
            {"eval", "--dataset=" + name, "-o", out.string(), "-p20", "--no-plot"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const auto text = RunWell(arguments);
        return std::pair(text, ReadRows(out).at(0)["mean_psnr_db"]);
    };
    const auto [text, psnrDb] =
        run({"--part=held-out", "--hold-out-pictures=3", "--first=1", "--count=0"});
    EXPECT_NE(text.find("2 of 3 pictures held out of training (the last 3 of the training half)"),
              std::string::npos)
        << text;
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const auto encoder = MakePictureEncoder("int8", model, FindDeviceModel("codec-224"));
    const auto dataset = OpenDataset(name, Split::TRAIN);
    double expected = 0;
    for (const std::size_t i : {49998, 49999})
    {
        const auto picture = dataset->At(i);
        const auto fragments = LimitNetEncoder(encoder, 1882, 1).Encode(picture, 0, 222).fragments;
        expected += PsnrDb(LimitNetDecoder(model).Decode(fragments).value(), model->Input(picture));
    }
    EXPECT_NEAR(psnrDb, expected / 2, 0.001);
    EXPECT_NE(run({"--count=2"}).first.find("2 of 10000 test pictures"), std::string::npos);
}

} // namespace
} // namespace limitnet
