// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(Paths, CacheFollowsTheXdgSpecification)
{
    const TestVariable home("HOME", "/home/somebody");
    {
        const TestVariable xdg("XDG_CACHE_HOME", "/var/cache/me");
        EXPECT_EQ(CacheDir(), "/var/cache/me/limitnet");
    }
    for (const std::string ignored : {"", "relative/path"})
    {
        const TestVariable xdg("XDG_CACHE_HOME", ignored);
        EXPECT_EQ(CacheDir(), "/home/somebody/.cache/limitnet");
    }
    const TestVariable xdg("XDG_CACHE_HOME", std::nullopt);
    EXPECT_EQ(CacheDir(), "/home/somebody/.cache/limitnet");
    const TestVariable nowhere("HOME", std::nullopt);
    ExpectLine(ErrorOf([]() { CacheDir(); }), {"XDG_CACHE_HOME"});
}

TEST(Paths, WhereDataIsLookedFor)
{
    const TestVariable xdg("XDG_CACHE_HOME", "/var/cache/me");
    const TestVariable data("LIMITNET_DATA", "/data");
    const std::filesystem::path cache = "/var/cache/me/limitnet/datasets";
    EXPECT_EQ(DataSearchPath("/given"), (std::vector<std::filesystem::path>{"/given"}));
    EXPECT_EQ(DataSearchPath({}), (std::vector<std::filesystem::path>{"/data", cache}));
    const TestVariable unset("LIMITNET_DATA", std::nullopt);
    EXPECT_EQ(DataSearchPath({}), (std::vector<std::filesystem::path>{cache}));
}

TEST(Paths, FindsModelsByNameAndPath)
{
    const TestFolder folder;
    const auto file = folder.Write("some-model.pt", std::string("weights"));
    const TestVariable models("LIMITNET_MODELS", folder.Path().string());
    EXPECT_EQ(FindModel("some-model"), file);
    EXPECT_EQ(FindModel("some-model.pt"), file);
    EXPECT_EQ(FindModel(file.string()), file);
    ExpectLine(ErrorOf([]() { FindModel("no-such-model"); }),
               {"no-such-model", folder.Path().string(), "LIMITNET_MODELS"});
    EXPECT_THROW(FindModel(""), Error);
}

TEST(Paths, FindsFilesOfTheSourceTree)
{
    EXPECT_FALSE(FindSharedFile("analysis/plot-accuracy.py").empty());
    EXPECT_TRUE(FindSharedFile("analysis/no-such-file").empty());
}

} // namespace
} // namespace limitnet
