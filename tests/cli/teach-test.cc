// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/dataset.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/data/npm-package.h"
#include "tests/cli/program.h"

#include <array>
#include <cstdlib>
#include <cstring>

namespace limitnet
{
namespace
{

// The few messages of ONNX's onnx.proto3 that a network of one convolution needs, written in
// protobuf's wire format: a key (number of the field, kind of what follows), then the content.

std::string
Varint(std::uint64_t value)
{
    std::string bytes;
    for (; value >= 128; value >>= 7)
    {
        bytes += static_cast<char>(128 | (value & 127));
    }
    return bytes + static_cast<char>(value);
}

std::string
Number(unsigned field, std::uint64_t value)
{
    return Varint(field << 3) + Varint(value);
}

std::string
Message(unsigned field, const std::string& content)
{
    return Varint(field << 3 | 2) + Varint(content.size()) + content;
}

/** TensorProto: dims, data_type 1 (float), name, raw_data. */
std::string
Tensor(const std::string& name,
       const std::vector<std::uint64_t>& dims,
       const std::vector<float>& values)
{
    std::string raw(values.size() * sizeof(float), '\0'); // little-endian, as the machine is
    std::memcpy(raw.data(), values.data(), raw.size());
    std::string tensor;
    for (const auto dim : dims)
    {
        tensor += Number(1, dim);
    }
    return tensor + Number(2, 1) + Message(8, name) + Message(9, raw);
}

/** ValueInfoProto: name, and a type of floats of some shape. */
std::string
Value(const std::string& name, const std::vector<std::uint64_t>& dims)
{
    std::string shape;
    for (const auto dim : dims)
    {
        shape += Message(1, Number(1, dim));
    }
    return Message(1, name) + Message(2, Message(1, Number(1, 1) + Message(2, shape)));
}

/** ModelProto of the map weights * (red, green, blue) + bias, for each three weights one channel.
 */
std::string
ConvolutionModel(const std::vector<float>& weights, float bias, std::uint64_t side)
{
    const std::uint64_t channels = weights.size() / 3;
    const std::vector<float> biases(channels, bias);
    // AttributeProto: name, ints, type 7 (ints).
    const auto kernel = Message(1, "kernel_shape") + Number(8, 1) + Number(8, 1) + Number(20, 7);
    const auto node = Message(1, "in") + Message(1, "w") + Message(1, "b") + Message(2, "map") +
                      Message(3, "node") + Message(4, "Conv") + Message(5, kernel);
    const auto graph = Message(1, node) + Message(2, "graph") +
                       Message(5, Tensor("w", {channels, 3, 1, 1}, weights)) +
                       Message(5, Tensor("b", {channels}, biases)) +
                       Message(11, Value("in", {1, 3, side, side})) +
                       Message(12, Value("map", {1, channels, side, side}));
    return Number(1, 7) + Message(7, graph) + Message(8, Message(1, "") + Number(2, 13));
}

/** Pictures of 8x8, and networks that make their saliency in ways that are easy to follow. */
class TeachTest : public testing::Test
{
  protected:
    TeachTest()
    {
        std::filesystem::create_directories(m_folder.Path() / "set/image");
        std::filesystem::create_directories(m_folder.Path() / "set/mask");
        for (int i = 0; i < 5; ++i)
        {
            const auto name = std::string(1, static_cast<char>('a' + i));
            const auto picture = TestPicture(8, 8, i);
            WriteMat(m_folder, "set/image/" + name + (i == 1 ? ".jpg" : ".png"), picture);
        }
        m_red = m_folder.Write("red.onnx", ConvolutionModel({1, 0, 0}, 0, 8)).string();
    }

    std::string Path(const std::string& name) const
    {
        return (m_folder.Path() / name).string();
    }

    /** The arguments of a run on the set, with a network that takes 8x8 pixels as they are. */
    std::vector<std::string> Arguments(const std::string& model,
                                       const std::string& out,
                                       const std::vector<std::string>& more = {}) const
    {
        std::vector<std::string> arguments = {"teach",
                                              "--dataset",
                                              Path("set"),
                                              "--model",
                                              model,
                                              "-o",
                                              Path(out),
                                              "--side=8",
                                              "--one=255",
                                              "--mean=0,0,0",
                                              "--std=1,1,1",
                                              "--range=as-is"};
        for (const auto& argument : more)
        {
            const auto name = argument.substr(0, argument.find('=') + 1);
            arguments.erase(
                std::remove_if(arguments.begin(),
                               arguments.end(),
                               [&](const std::string& each) { return each.rfind(name, 0) == 0; }),
                arguments.end());
            arguments.push_back(argument);
        }
        return arguments;
    }

    TestFolder m_folder;
    std::string m_red;
};

TEST_F(TeachTest, WritesWhatImageFolderReads)
{
    const auto text = RunWell(Arguments(m_red, "out"));
    EXPECT_NE(text.find("5 of 5 pictures, 0 kept from before, 5 new"), std::string::npos) << text;
    EXPECT_EQ(text.find("against the masks"), std::string::npos) << text;
    const ImageFolder source(Path("set"));
    const ImageFolder written(Path("out"));
    ASSERT_EQ(written.Size(), 5U);
    EXPECT_EQ(NamesIn(Path("out/image")).size(), 5U); // and nothing that is only half there
    EXPECT_EQ(NamesIn(Path("out/mask")).size(), 5U);
    for (std::size_t i = 0; i < 5; ++i)
    {
        EXPECT_EQ(written.File(i).filename(), source.File(i).filename());
        EXPECT_EQ(ReadText(written.File(i)), ReadText(source.File(i)));
        const auto picture = source.At(i);
        const auto mask = written.Mask(i);
        for (std::size_t k = 0; k < picture.rgb.size(); k += 3)
        {
            ASSERT_EQ(mask.rgb[k], picture.rgb[k]) << "picture " << i << ", byte " << k;
        }
    }
    const auto grey = cv::imread(Path("out/mask/a.png"), cv::IMREAD_UNCHANGED);
    EXPECT_EQ(grey.type(), CV_8UC1);
}

TEST_F(TeachTest, PreparesThePictureAndScalesTheMapAsAsked)
{
    const auto model = m_folder.Write("sum.onnx", ConvolutionModel({1, 2, -1}, 0.25F, 8)).string();
    const std::vector<std::vector<std::string>> cases = {
        {"--one=brightest", "--range=scaled", "--mean=0.5,0.4,0.3", "--std=0.2,0.3,0.4"},
        {"--one=255", "--range=scaled", "--mean=0.1,0.2,0.3", "--std=1,2,0.5"},
        {"--one=255", "--range=as-is", "--mean=0.3,0.2,0.1", "--std=4,8,2"}};
    const std::array<std::array<double, 3>, 3> means{
        {{0.5, 0.4, 0.3}, {0.1, 0.2, 0.3}, {0.3, 0.2, 0.1}}};
    const std::array<std::array<double, 3>, 3> deviations{
        {{0.2, 0.3, 0.4}, {1, 2, 0.5}, {4, 8, 2}}};
    const auto picture = ReadImage(Path("set/image/a.png"));
    for (std::size_t k = 0; k < cases.size(); ++k)
    {
        const auto out = "out" + std::to_string(k);
        RunWell(Arguments(model, out, cases[k]));
        const double one = k == 0 ? *std::max_element(picture.rgb.begin(), picture.rgb.end()) : 255;
        std::vector<double> expected;
        for (std::size_t i = 0; i < picture.rgb.size(); i += 3)
        {
            const auto channel = [&](std::size_t c) {
                return (picture.rgb[i + c] / one - means[k][c]) / deviations[k][c];
            };
            expected.push_back(channel(0) + 2 * channel(1) - channel(2) + 0.25);
        }
        const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
        const double least = k < 2 ? *low : 0;
        const double range = k < 2 ? *high - *low : 1;
        const auto map = ImageFolder(Path(out)).Mask(0);
        for (std::size_t i = 0; i < expected.size(); ++i)
        {
            EXPECT_NEAR(map.rgb[3 * i],
                        std::clamp(255 * (expected[i] - least) / range, 0.0, 255.0),
                        0.51)
                << "case " << k << ", pixel " << i;
        }
    }
}

TEST_F(TeachTest, MapsAreAsLargeAsThePictures)
{
    std::filesystem::create_directories(Path("large"));
    WriteMat(m_folder, "large/x.png", cv::Mat(21, 40, CV_8UC3, cv::Scalar(1, 2, 180)));
    auto arguments = Arguments(m_red, "out");
    arguments[2] = Path("large");
    RunWell(arguments);
    const ImageFolder written(Path("out"));
    const auto mask = written.Mask(0); // throws when its size is another
    EXPECT_EQ(mask.width, 40);
    EXPECT_EQ(mask.height, 21);
    EXPECT_EQ(mask.rgb, std::vector<std::uint8_t>(3 * 40 * 21, 180));
}

TEST_F(TeachTest, ComparesWithMasksThatAreThere)
{
    // The object of the first three is the right half, of which the red is 255.
    cv::Mat picture(8, 8, CV_8UC3, cv::Scalar(9, 9, 0));
    picture.colRange(4, 8).setTo(cv::Scalar(9, 9, 255));
    cv::Mat mask(8, 8, CV_8UC1, cv::Scalar(0));
    mask.colRange(4, 8).setTo(255);
    for (const char* name : {"a", "c", "d"})
    {
        WriteMat(m_folder, std::string("set/image/") + name + ".png", picture);
        WriteMat(m_folder, std::string("set/mask/") + name + ".png", mask);
    }
    // Of the last one it is the lower half: 16 of 48 pixels agree, and half of all are wrong.
    WriteMat(m_folder, "set/image/e.png", picture);
    WriteMat(m_folder, "set/mask/e.png", mask.t());
    const std::string expected = "against the masks of 4 of them: mean absolute error 0.125, "
                                 "intersection over union 0.833";
    const auto text = RunWell(Arguments(m_red, "out"));
    EXPECT_NE(text.find(expected), std::string::npos) << text;
    const auto again = RunWell(Arguments(m_red, "out"));
    EXPECT_NE(again.find(expected), std::string::npos) << again;
}

TEST_F(TeachTest, GoesOnWhereItStopped)
{
    RunWell(Arguments(m_red, "out", {"--count=2"}));
    // Evenly spread: the first, and the one in the middle.
    const ImageFolder some(Path("out"));
    ASSERT_EQ(some.Size(), 2U);
    EXPECT_EQ(some.File(0).filename(), "a.png");
    EXPECT_EQ(some.File(1).filename(), "c.png");
    WriteMat(m_folder, "out/mask/a.png", cv::Mat(8, 8, CV_8UC1, cv::Scalar(7)));
    const auto marked = ReadText(Path("out/mask/a.png"));
    const auto made = ReadText(Path("out/mask/c.png"));
    std::filesystem::remove(Path("out/image/c.png")); // as after a kill between the two files
    const auto text = RunWell(Arguments(m_red, "out"));
    EXPECT_NE(text.find("5 of 5 pictures, 1 kept from before, 4 new"), std::string::npos) << text;
    EXPECT_EQ(ReadText(Path("out/mask/a.png")), marked);
    EXPECT_EQ(ReadText(Path("out/mask/c.png")), made);
    EXPECT_EQ(ReadText(Path("out/image/c.png")), ReadText(Path("set/image/c.png")));
    EXPECT_EQ(ImageFolder(Path("out")).Size(), 5U);
    // Another network's maps do not get among them.
    const auto green = m_folder.Write("green.onnx", ConvolutionModel({0, 1, 0}, 0, 8)).string();
    RunBadly(Arguments(green, "out"), {"teacher.txt", "--out"});
    RunBadly(Arguments(m_red, "out", {"--range=scaled"}), {"teacher.txt", "--out"});
}

TEST_F(TeachTest, ClassesTellPicturesOfOneNameApart)
{
    for (const char* name : {"n1/0", "n2/0", "n2/n2_5"})
    {
        std::filesystem::create_directories(m_folder.Path() / "classes/val" /
                                            std::filesystem::path(name).parent_path());
        WriteMat(m_folder, std::string("classes/val/") + name + ".png", TestPicture(8, 8));
    }
    m_folder.Write("classes/wnids.txt", std::string("n1\nn2\n"));
    auto arguments = Arguments(m_red, "out");
    arguments[2] = Path("classes");
    RunWell(arguments);
    const ImageFolder written(Path("out"));
    ASSERT_EQ(written.Size(), 3U);
    EXPECT_EQ(written.File(0).filename(), "n1-0.png");
    EXPECT_EQ(written.File(1).filename(), "n2-0.png");
    EXPECT_EQ(written.File(2).filename(), "n2_5.png");
    EXPECT_TRUE(written.HasMask(2));

    WriteMat(m_folder, "set/image/b.png", TestPicture(8, 8)); // beside b.jpg
    RunBadly(Arguments(m_red, "other"), {"set/image/b.png", "called b"});
}

TEST_F(TeachTest, BadArgumentsGetOneLine)
{
    RunBadly({"teach", "-o", Path("out")}, {"dataset"});
    RunBadly({"teach", "--dataset", Path("set")}, {"out"});
    RunBadly(Arguments(Path("nothing.onnx"), "out"), {"nothing.onnx"});
    RunBadly(Arguments(m_folder.Write("bad.onnx", std::string("no model")).string(), "out"),
             {"bad.onnx", "ONNX"});
    RunBadly(
        Arguments(m_folder.Write("two.onnx", ConvolutionModel({1, 0, 0, 1, 0, 0}, 0, 8)).string(),
                  "two"),
        {"two.onnx", "1x2x8x8", "1x1xHxW"});
    RunBadly(Arguments(m_red, "out", {"--output-name=other"}), {"red.onnx", "other", "map"});
    RunBadly(Arguments(m_red, "out", {"--count=-1"}), {"--count=-1"});
    RunBadly(Arguments(m_red, "out", {"--side=0"}), {"--side=0"});
    RunBadly(Arguments(m_red, "out", {"--mean=1,2"}), {"--mean=1,2"});
    RunBadly(Arguments(m_red, "out", {"--mean=1,2,3,4"}), {"--mean=1,2,3,4"});
    RunBadly(Arguments(m_red, "out", {"--std=1,0,1"}), {"--std=1,0,1"});
    RunBadly(Arguments(m_red, "out", {"--range=half"}), {"--range=half", "as-is"});
    RunBadly(Arguments(m_red, "out", {"--one=17"}), {"--one=17", "brightest"});
    EXPECT_FALSE(std::filesystem::exists(Path("out")));
    m_folder.Write("file", std::string("x"));
    RunBadly(Arguments(m_red, "file"), {"--out=", "file"});
    // The network that is the default is got by another command.
    const TestVariable cache("XDG_CACHE_HOME", Path("cache"));
    RunBadly({"teach", "--dataset", Path("set"), "-o", Path("out")},
             {"U2-Netp", "limitnet data fetch u2netp", Path("cache")});
}

TEST(TeachOfCifar100, NamesPicturesByTheirNumber)
{
    if (!HasDataset("cifar100"))
    {
        GTEST_SKIP() << "CIFAR-100 is neither in LIMITNET_DATA nor in the cache";
    }
    const TestFolder folder;
    const auto model = folder.Write("red.onnx", ConvolutionModel({1, 0, 0}, 0, 32)).string();
    const auto out = (folder.Path() / "out").string();
    RunWell({"teach",
             "--dataset=cifar100",
             "--count=4",
             "--model=" + model,
             "-o",
             out,
             "--side=32",
             "--one=255",
             "--mean=0,0,0",
             "--std=1,1,1",
             "--range=as-is"});
    const ImageFolder written(out);
    ASSERT_EQ(written.Size(), 4U);
    const auto dataset = OpenDataset("cifar100", Split::TRAIN);
    EXPECT_EQ(written.File(3).filename(), "cifar100-37500.png");
    const auto picture = dataset->At(37500);
    EXPECT_EQ(written.At(3).rgb, picture.rgb);
    EXPECT_EQ(written.Mask(3).rgb[0], picture.rgb[0]);
}

/** U2-Netp itself: within what was measured with other code on other pictures of the set. */
TEST(TeachOfEcssd, FindsTheObjects)
{
    if (!HasDataset("ecssd"))
    {
        GTEST_SKIP() << "ecssd.tar is neither in LIMITNET_DATA nor in the cache";
    }
    const auto problem = ProblemOfNpmFiles(*FindNpmFiles("u2netp"));
    if (!problem.empty())
    {
        GTEST_SKIP() << problem;
    }
    const TestFolder folder;
    const auto out = (folder.Path() / "out").string();
    const auto text = RunWell({"teach", "--dataset=ecssd", "--count=10", "-o", out});
    const auto number = [&](const std::string& words) {
        const auto at = text.find(words);
        EXPECT_NE(at, std::string::npos) << text;
        return at == std::string::npos ? -1 : std::atof(text.c_str() + at + words.size());
    };
    EXPECT_LT(number("mean absolute error "), 0.05);
    EXPECT_GT(number("intersection over union "), 0.82);
}

} // namespace
} // namespace limitnet
