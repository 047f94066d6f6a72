// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/nn/tfjs-layers.h"
#include "tests/data/test-folder.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace limitnet;

namespace
{

std::string
Bytes(const std::vector<float>& values)
{
    std::string bytes(values.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

/** A model of one group with one file, "w.bin", of 6 numbers. */
std::string
Manifest(const std::string& weights, const std::string& paths = R"(["w.bin"])")
{
    return R"({"weightsManifest": [{"paths": )" + paths + R"(, "weights": )" + weights + "}]}";
}

/** What is said of a model.json. */
std::string
Complaint(const std::string& modelJson)
{
    const TestFolder folder;
    folder.Write("w.bin", Bytes({1, 2, 3, 4, 5, 6}));
    const auto path = folder.Write("model.json", modelJson);
    return ErrorOf([&]() { ReadTfjsWeights(path); });
}

TEST(TfjsLayers, GroupsFilesAndShapes)
{
    const TestFolder folder;
    // The second weight begins in one file and ends in the next, in the midst of a number.
    const auto bytes = Bytes({1, -2.5F, 3, 4, 5e-30F, 6});
    folder.Write("a.bin", bytes.substr(0, 10));
    folder.Write("b.bin", bytes.substr(10));
    folder.Write("c.bin", Bytes({7}));
    const auto path = folder.Write("model.json", std::string(R"({
        "format": "layers-model",
        "modelTopology": {},
        "weightsManifest": [
            {"paths": ["a.bin", "b.bin"],
             "weights": [{"name": "x/kernel", "shape": [2], "dtype": "float32"},
                         {"name": "x/bias", "shape": [2, 1, 2], "dtype": "float32"}]},
            {"paths": ["c.bin"], "weights": [{"name": "y", "shape": [], "dtype": "float32"}]}]})"));
    const auto weights = ReadTfjsWeights(path);
    ASSERT_EQ(weights.size(), 3U);
    EXPECT_EQ(weights.at("x/kernel").shape, (std::vector<int64_t>{2}));
    EXPECT_EQ(weights.at("x/kernel").values, (std::vector<float>{1, -2.5F}));
    EXPECT_EQ(weights.at("x/bias").shape, (std::vector<int64_t>{2, 1, 2}));
    EXPECT_EQ(weights.at("x/bias").values, (std::vector<float>{3, 4, 5e-30F, 6}));
    EXPECT_TRUE(weights.at("y").shape.empty());
    EXPECT_EQ(weights.at("y").values, (std::vector<float>{7}));
}

TEST(TfjsLayers, BadFilesAreNamed)
{
    const std::string good = R"([{"name": "x", "shape": [2, 3], "dtype": "float32"}])";
    EXPECT_EQ(Complaint(Manifest(good)), "");

    ExpectLine(ErrorOf([]() { ReadTfjsWeights("/nowhere/model.json"); }), {"/nowhere/model.json"});
    ExpectLine(Complaint("{\"weightsManifest\": ["), {"model.json", "JSON"});
    for (const char* other : {"[]", "{}", "3", R"({"weightsManifest": {}})"})
    {
        ExpectLine(Complaint(other), {"model.json", "weightsManifest"});
    }
    ExpectLine(Complaint(R"({"weightsManifest": [3]})"), {"model.json", "paths"});
    ExpectLine(Complaint(Manifest(R"([{"shape": [6], "dtype": "float32"}])")), {"name"});
    ExpectLine(Complaint(Manifest(R"([{"name": "x", "dtype": "float32"}])")), {"shape"});
    ExpectLine(Complaint(Manifest(R"([{"name": "x", "shape": [6]}])")), {"dtype"});
    ExpectLine(Complaint(Manifest(R"([{"name": "x", "shape": [6], "dtype": "int32"}])")),
               {"model.json", "\"x\"", "int32", "float32"});
    ExpectLine(Complaint(Manifest(R"([{"name": "x", "shape": [6], "dtype": "float32",
                                       "quantization": {"dtype": "uint8"}}])")),
               {"model.json", "\"x\"", "quantised", "float32"});
    for (const char* shape : {"[7]", "[-6]", "[1.5]", "[\"6\"]", "[4294967296, 4294967296]"})
    {
        ExpectLine(Complaint(Manifest(std::string(R"([{"name": "x", "shape": )") + shape +
                                      R"(, "dtype": "float32"}])")),
                   {"model.json", "\"x\"", "shape"});
    }
    // Too few weights for the files, the same one twice, files missing or somewhere else.
    ExpectLine(Complaint(Manifest(R"([{"name": "x", "shape": [5], "dtype": "float32"}])")),
               {"20 bytes", "24"});
    ExpectLine(Complaint(Manifest(R"([{"name": "x", "shape": [3], "dtype": "float32"},
                                      {"name": "x", "shape": [3], "dtype": "float32"}])")),
               {"\"x\"", "twice"});
    ExpectLine(Complaint(Manifest(good, R"(["v.bin"])")), {"v.bin"});
    for (const char* paths : {R"(["../w.bin"])", R"(["/etc/hostname"])", R"([3])", R"([""])"})
    {
        ExpectLine(Complaint(Manifest(good, paths)), {"model.json", "paths"});
    }
}

} // namespace
