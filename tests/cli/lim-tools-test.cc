// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/latent.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "limitnet/evaluation/open-codec.h"
#include "tests/cli/program.h"

#include <sstream>

namespace limitnet
{
namespace
{

std::size_t
BytesOf(const LimPicture& picture)
{
    std::size_t sum = 0;
    for (const auto& fragment : picture.fragments)
    {
        sum += fragment.size();
    }
    return sum;
}

/** Two pictures in a folder, and a place for .lim files. */
class LimToolsTest : public testing::Test
{
  protected:
    std::string Path(const std::string& name) const
    {
        return (m_folder.Path() / name).string();
    }

    TestFolder m_folder;
    std::string m_a = WriteMat(m_folder, "a.png", TestPicture(120, 90));
    std::string m_b = WriteMat(m_folder, "b.png", TestPicture(64, 64, 2));
};

TEST(Program, ListsItsCommandsAndEachHasHelp)
{
    const auto help = RunWell({"--help"});
    std::istringstream lines(help.substr(help.find("Commands:\n") + 10));
    std::vector<std::string> commands;
    for (std::string line; std::getline(lines, line) && line.rfind("  ", 0) == 0;)
    {
        commands.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    for (const char* expected : {"encode", "decode", "info", "demo", "eval", "video"})
    {
        EXPECT_EQ(std::count(commands.begin(), commands.end(), expected), 1) << expected;
    }
    EXPECT_TRUE(std::is_sorted(commands.begin(), commands.end()));
    for (const auto& command : commands)
    {
        const auto text = RunWell({command, "--help"});
        EXPECT_EQ(text.rfind("Usage: limitnet ", 0), 0U) << command;
        RunBadly({command, "--no-such-option"}, {"--help"});
    }
    RunBadly({"nonsense"}, {"nonsense", "limitnet --help"});
}

TEST_F(LimToolsTest, EncodeWritesWhatTheDeviceSends)
{
    const auto out =
        RunWell({"encode", m_a, m_b, "-o", Path("x.lim"), "--percentage", "25", "--mtu=51"});
    EXPECT_NE(out.find("2 pictures"), std::string::npos) << out;
    const auto file = ReadLimFile(Path("x.lim"));
    EXPECT_EQ(file.model, "codec-224");
    ASSERT_EQ(file.pictures.size(), 2U);
    EXPECT_EQ(file.pictures[0].name, "a.png");
    EXPECT_EQ(file.pictures[0].width, 120U);
    EXPECT_EQ(file.pictures[0].height, 90U);
    EXPECT_EQ(file.pictures[1].name, "b.png");
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    EXPECT_EQ(file.modelId, model->Tables().modelId);
    const LimitNetEncoder encoder(MakePictureEncoder("int8", model, FindDeviceModel("codec-224")),
                                  LATENT_SIZE / 4,
                                  1);
    EXPECT_EQ(file.pictures[0].fragments, encoder.Encode(ReadImage(m_a), 0, 51).fragments);
    EXPECT_EQ(file.pictures[1].fragments, encoder.Encode(ReadImage(m_b), 1, 51).fragments);
}

TEST_F(LimToolsTest, BytesAreNeverMoreThanAskedFor)
{
    for (const std::size_t bytes : {80U, 333U, 1000U})
    {
        RunWell({"encode", m_a, m_b, "-o", Path("x.lim"), "--bytes", std::to_string(bytes)});
        for (const auto& picture : ReadLimFile(Path("x.lim")).pictures)
        {
            // One value more takes two bytes at the very most, or a header and a byte.
            EXPECT_LE(BytesOf(picture), bytes);
            EXPECT_GT(BytesOf(picture) + 6, bytes);
        }
    }
    RunWell({"encode", m_a, "-o", Path("x.lim"), "--bytes=1000000"});
    RunWell({"encode", m_a, "-o", Path("y.lim")});
    EXPECT_EQ(ReadText(Path("x.lim")), ReadText(Path("y.lim")));
}

TEST_F(LimToolsTest, DecodeGivesWhatTheCloudSees)
{
    RunWell({"encode", m_a, "-o", Path("x.lim"), "--percentage=40"});
    RunWell({"decode", Path("x.lim"), "-o", Path("out.png"), "--size=codec"});
    const auto model = std::make_shared<CodecModel>(FindModel("codec-224"));
    const auto expected =
        LimitNetDecoder(model).Decode(ReadLimFile(Path("x.lim")).pictures[0].fragments);
    ASSERT_TRUE(expected);
    const auto decoded = ReadImage(Path("out.png"));
    EXPECT_EQ(decoded.width, 224);
    EXPECT_EQ(decoded.rgb, expected->rgb);
    // In the size of the original, and like it.
    RunWell({"decode", Path("x.lim"), "-o", Path("out.png")});
    const auto large = cv::imread(Path("out.png"));
    EXPECT_EQ(large.size(), cv::Size(120, 90));
    EXPECT_GT(MatPsnrDb(large, cv::imread(m_a)), 18);
    for (const char* name : {"out.jpg", "out.webp", "out.bmp", "out.tiff"})
    {
        RunWell({"decode", Path("x.lim"), "-o", Path(name)});
        EXPECT_GT(MatPsnrDb(cv::imread(Path(name)), large), 28) << name;
    }
}

TEST_F(LimToolsTest, DecodingAPartIsHavingEncodedThatPart)
{
    RunWell({"encode", m_a, "-o", Path("all.lim")});
    RunWell({"encode", m_a, "-o", Path("part.lim"), "-p", "15"});
    RunWell({"decode", Path("all.lim"), "-o", Path("all.png"), "-p", "15"});
    RunWell({"decode", Path("part.lim"), "-o", Path("part.png")});
    EXPECT_EQ(ReadText(Path("all.png")), ReadText(Path("part.png")));
    RunWell({"decode", Path("all.lim"), "-o", Path("all.png"), "-p", "90"});
    EXPECT_NE(ReadText(Path("all.png")), ReadText(Path("part.png")));
}

TEST_F(LimToolsTest, SeveralPicturesGetNumbersOrAFolder)
{
    const auto other = m_folder.Path() / "other";
    std::filesystem::create_directory(other);
    std::filesystem::copy(m_b, other / "a.jpg");
    RunWell({"encode", m_a, m_b, (other / "a.jpg").string(), "-o", Path("x.lim"), "-p", "5"});
    RunWell({"decode", Path("x.lim"), "-o", Path("new/out.jpg")});
    auto names = NamesIn(Path("new"));
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"out-1.jpg", "out-2.jpg", "out-3.jpg"}));
    RunWell({"decode", Path("x.lim"), "-o", Path("folder")});
    names = NamesIn(Path("folder"));
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"a-2.png", "a.png", "b.png"}));
    EXPECT_EQ(cv::imread(Path("folder/a-2.png")).size(), cv::Size(64, 64));
}

TEST_F(LimToolsTest, LossIsASeedAndAProbability)
{
    RunWell({"encode", m_a, "-o", Path("x.lim"), "--mtu=40"});
    const auto decode = [this](const std::string& seed, const std::string& lose) {
        RunWell({"decode",
                 Path("x.lim"),
                 "-o",
                 Path("out.png"),
                 "--keep-map",
                 "--lose",
                 lose,
                 "--seed",
                 seed});
        return ReadText(Path("out.png"));
    };
    const auto first = decode("1", "0.3");
    EXPECT_EQ(decode("1", "0.3"), first);
    EXPECT_NE(decode("2", "0.3"), first);
    EXPECT_EQ(decode("1", "0"), decode("2", "0"));
    // Everything lost, or the map alone left: nothing to decode, and no picture.
    std::filesystem::remove(Path("out.png"));
    for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--keep-map"}})
    {
        std::vector<std::string> arguments = {"decode",
                                              Path("x.lim"),
                                              "-o",
                                              Path("out.png"),
                                              "--lose=1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        RunBadly(arguments, {"x.lim", "1 of 1", "--keep-map"});
        EXPECT_FALSE(std::filesystem::exists(Path("out.png")));
    }
}

TEST_F(LimToolsTest, InfoTellsTheFragments)
{
    RunWell({"encode", m_a, m_b, "-o", Path("x.lim"), "--bytes=700"});
    const auto out = RunWell({"info", Path("x.lim"), "-o", Path("x.csv")});
    EXPECT_NE(out.find("2 pictures"), std::string::npos) << out;
    EXPECT_NE(out.find("a.png (120 x 90)"), std::string::npos) << out;
    EXPECT_NE(out.find("saliency map:"), std::string::npos) << out;
    // Eight rows of the map for each picture.
    const std::string row = "\n    |";
    std::size_t rows = 0;
    for (auto at = out.find(row); at != std::string::npos; at = out.find(row, at + 1))
    {
        ++rows;
    }
    EXPECT_EQ(rows, 16U);

    const auto file = ReadLimFile(Path("x.lim"));
    std::istringstream csv(ReadText(Path("x.csv")));
    std::string line;
    std::getline(csv, line);
    EXPECT_EQ(line, "picture,name,fragment,kind,size_bytes,values,first_place,last_place");
    std::vector<std::size_t> values(2);
    std::vector<std::size_t> next(2);
    std::vector<std::size_t> count(2);
    while (std::getline(csv, line))
    {
        std::vector<std::string> fields;
        std::istringstream in(line + ",");
        for (std::string field; std::getline(in, field, ',');)
        {
            fields.push_back(field);
        }
        ASSERT_EQ(fields.size(), 8U) << line;
        const auto picture = std::stoul(fields[0]);
        const auto fragment = std::stoul(fields[2]);
        EXPECT_EQ(fragment, count.at(picture)++);
        EXPECT_EQ(std::stoul(fields[4]), file.pictures[picture].fragments.at(fragment).size());
        if (fields[3] == "values")
        {
            // In sending order, without gaps.
            EXPECT_EQ(std::stoul(fields[6]), next[picture]);
            next[picture] = std::stoul(fields[7]) + 1;
            values[picture] += std::stoul(fields[5]);
        }
        else
        {
            EXPECT_EQ(fields[3], "map");
        }
    }
    for (std::size_t i = 0; i < 2; ++i)
    {
        EXPECT_EQ(count[i], file.pictures[i].fragments.size());
        EXPECT_EQ(values[i], next[i]);
        EXPECT_GT(values[i], 300U);
    }
    const auto brief = RunWell({"info", "--brief", Path("x.lim")});
    EXPECT_EQ(std::count(brief.begin(), brief.end(), '\n'), 3) << brief;
}

TEST_F(LimToolsTest, FilesOfAnotherCodecAreToldApart)
{
    RunWell({"encode", m_a, "-o", Path("x.lim"), "-p", "5"});
    auto file = ReadLimFile(Path("x.lim"));
    file.modelId ^= 1;
    WriteLimFile(Path("other-id.lim"), file);
    RunBadly({"decode", Path("other-id.lim"), "-o", Path("out.png")}, {"other-id.lim", "id"});
    EXPECT_NE(RunWell({"info", Path("other-id.lim")}).find("not shown"), std::string::npos);
    file.model = "no-such-codec";
    WriteLimFile(Path("other-name.lim"), file);
    RunBadly({"decode", Path("other-name.lim"), "-o", Path("out.png")},
             {"other-name.lim", "no-such-codec", "--model"});
    // Fragments that are none: said so, not an error.
    file = ReadLimFile(Path("x.lim"));
    file.pictures[0].fragments = {{1, 2}, {0xFF, 0xFF, 0xFF, 0xFF}};
    WriteLimFile(Path("noise.lim"), file);
    EXPECT_NE(RunWell({"info", Path("noise.lim")}).find("invalid"), std::string::npos);
    RunBadly({"decode", Path("noise.lim"), "-o", Path("out.png")}, {"noise.lim", "1 of 1"});
}

TEST_F(LimToolsTest, KeepsToTheOrderOfTheCodec)
{
    // This one was trained for values in a random order; then there is no map.
    OpenedCodec codec = [] {
        CodecChoice choice;
        choice.model = "starfish-224";
        choice.valuesPercent = 10;
        return OpenCodec(choice);
    }();
    const auto expected = codec.encoder->Encode(ReadImage(m_a), 0, 222).fragments;
    RunWell({"encode", m_a, "-o", Path("x.lim"), "--model=starfish-224", "-p10"});
    auto file = ReadLimFile(Path("x.lim"));
    EXPECT_EQ(file.pictures[0].fragments, expected);
    RunWell({"decode", Path("x.lim"), "-o", Path("out.png"), "--size=codec"});
    EXPECT_EQ(ReadImage(Path("out.png")).rgb, codec.decoder->Decode(expected)->rgb);
    RunWell({"encode", m_a, "-o", Path("all.lim"), "--model=starfish-224"});
    RunWell({"decode", Path("all.lim"), "-o", Path("part.png"), "-p10", "--size=codec"});
    EXPECT_EQ(ReadImage(Path("part.png")).rgb, codec.decoder->Decode(expected)->rgb);

    const auto out = RunWell({"info", Path("x.lim"), "-o", Path("x.csv")});
    EXPECT_NE(out.find("941 of 9408 values (10.00 %)\n"), std::string::npos) << out;
    EXPECT_NE(out.find("none is sent"), std::string::npos) << out;
    EXPECT_EQ(out.find("\n    |"), std::string::npos) << out;
    EXPECT_NE(out.find("   0 .. "), std::string::npos) << out;
    const auto csv = ReadText(Path("x.csv"));
    EXPECT_EQ(csv.find(",map,"), std::string::npos) << csv;
    EXPECT_NE(csv.find(",940\n"), std::string::npos) << csv; // the last place

    // A map where there should be none: of a program that went by another order.
    file.pictures[0].fragments.push_back(
        OpenCodec({}).encoder->Encode(ReadImage(m_a), 0, 222).fragments[0]);
    WriteLimFile(Path("map.lim"), file);
    RunBadly({"decode", Path("map.lim"), "-o", Path("no.png")}, {"map.lim", "saliency map"});
    RunBadly({"encode", m_a, "-o", Path("no.lim"), "--model=starfish-224", "--bytes=4"},
             {"--bytes=4", "one value needs"});
}

TEST_F(LimToolsTest, BadArgumentsGetOneLine)
{
    const auto out = Path("x.lim");
    RunBadly({"encode", m_a}, {"output"});
    RunBadly({"encode", "-o", out}, {"image"});
    RunBadly({"encode", m_a, "-o", out, "--percentage=0"}, {"--percentage=0"});
    RunBadly({"encode", m_a, "-o", out, "--percentage=nan"}, {"--percentage=nan"});
    RunBadly({"encode", m_a, "-o", out, "--percentage=5", "--bytes=100"}, {"only one"});
    RunBadly({"encode", m_a, "-o", out, "--bytes=-1"}, {"--bytes=-1"});
    RunBadly({"encode", m_a, "-o", out, "--bytes=5"}, {"--bytes=5", "a.png", "need"});
    RunBadly({"encode", m_a, "-o", out, "--mtu=5"}, {"--mtu=5", "11"});
    RunBadly({"encode", m_a, "-o", out, "--map-copies=0"}, {"--map-copies=0"});
    RunBadly({"encode", m_a, "-o", out, "--model=nothing"}, {"nothing"});
    RunBadly({"encode", m_a, "-o", Path("no/x.lim")}, {"no/x.lim"});
    EXPECT_FALSE(std::filesystem::exists(out));
    RunWell({"encode", m_a, "-o", out, "-p", "5"});
    RunBadly({"decode", out, "-o", Path("y.xyz")}, {"y.xyz", ".png"});
    RunBadly({"decode", out, "-o", Path("y.png"), "--lose=2"}, {"--lose=2"});
    RunBadly({"decode", out, "-o", Path("y.png"), "--seed=-3"}, {"--seed=-3"});
    RunBadly({"decode", out, "-o", Path("y.png"), "--size=big"}, {"--size=big"});
    RunBadly({"decode", m_a, "-o", Path("y.png")}, {"a.png", ".lim"});
    RunBadly({"info", m_a}, {"a.png", ".lim"});
    EXPECT_FALSE(std::filesystem::exists(Path("y.png")));
}

} // namespace
} // namespace limitnet
