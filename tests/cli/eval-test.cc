// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/evaluation/published-codec.h"
#include "tests/cli/program.h"

#include <array>
#include <cstdlib>
#include <map>
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
    EXPECT_NE(text.find("4 pictures of the same folder"), std::string::npos) << text;
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
                 "--count=2",
                 "--first=1",
                 "--calibration=2"});
    }
    EXPECT_EQ(ReadText(Path("x.csv")), ReadText(Path("y.csv")));
    EXPECT_EQ(ReadText(Path("x.png")), ReadText(Path("y.png")));
}

TEST_F(EvalTest, LeavesOutWhatIsNotAskedFor)
{
    RunWell({"eval",
             "--dataset",
             Path("set"),
             "-o",
             Path("x.csv"),
             "--count=1",
             "--no-plot",
             "--calibration=0"});
    EXPECT_FALSE(std::filesystem::exists(Path("x.png")));
    const auto rows = ReadRows(Path("x.csv"));
    ASSERT_EQ(rows.size(), 10U);
    for (std::size_t k = 0; k < 10; ++k)
    {
        auto row = rows[k];
        EXPECT_EQ(row["p_percent"], 10 * static_cast<double>(k + 1));
        EXPECT_TRUE(std::isnan(row["published_size_bytes"]));
        EXPECT_TRUE(std::isnan(row["published_psnr_db"]));
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
    RunBadly({"eval", "--dataset", set, "-o", out, "--first=4"}, {"--first=4", "4 test pictures"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--mtu=10"}, {"--mtu=10"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--classifier=cifar10"}, {"--classifier"});
    RunBadly({"eval", "--dataset", set, "-o", out, "--published", "--calibration=0"},
             {"--published"});
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(EvalOfCifar10, CountsTopOneAndTopFive)
{
    if (!HasDataset("cifar10"))
    {
        GTEST_SKIP() << "CIFAR-10 is not here: ./ns3 run \"limitnet data fetch cifar10\" gets it";
    }
    const TestFolder folder;
    const auto out = folder.Path() / "x.csv";
    RunWell({"eval",
             "--dataset=cifar10",
             "-o",
             out.string(),
             "-p",
             "5",
             "--count=12",
             "--first=100",
             "--calibration=0"});
    auto row = ReadRows(out).at(0);
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const Classifier classifier(FindModel("cifar10"));
    const auto dataset = OpenDataset("cifar10", Split::TEST);
    int one = 0;
    int five = 0;
    for (std::size_t i = 100; i < 112; ++i)
    {
        const auto fragments =
            LimitNetEncoder(MakePictureEncoder("int8", model, FindDeviceModel("codec-224")), 470, 1)
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

} // namespace
} // namespace limitnet
