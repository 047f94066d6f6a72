// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/find-scenario.h"
#include "limitnet/scenario/ini-line.h"
#include "limitnet/scenario/offloading-options.h"
#include "tests/data/test-folder.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

namespace limitnet
{
namespace
{

/** Runs in another folder, in which the project's files are not. */
class FindScenarioTest : public testing::Test
{
  protected:
    FindScenarioTest()
        : m_before(std::filesystem::current_path())
    {
        std::filesystem::current_path(m_folder.Path());
    }

    ~FindScenarioTest() override
    {
        std::filesystem::current_path(m_before);
    }

    TestFolder m_folder;

  private:
    std::filesystem::path m_before;
};

TEST_F(FindScenarioTest, TheProjectsOwnGoByName)
{
    const std::string own = LIMITNET_TEST_SOURCE_DIR "/scenarios/lora-far.ini";
    for (const char* name :
         {"lora-far", "lora-far.ini", "scenarios/lora-far.ini", "scenarios/lora-far"})
    {
        EXPECT_TRUE(std::filesystem::equivalent(FindScenario(name), own)) << name;
    }
    for (const char* name :
         {"no-such", "models/lora-far.ini", "../scenarios/lora-far.ini", "/x.ini"})
    {
        ExpectLine(ErrorOf([&] { FindScenario(name); }), {name, "no such scenario file"});
    }
}

TEST_F(FindScenarioTest, AFileThatIsThereIsMeant)
{
    m_folder.Write("scenarios/lora-far.ini", std::string("seed = 2\n"));
    EXPECT_EQ(FindScenario("scenarios/lora-far.ini"), "scenarios/lora-far.ini");
    EXPECT_NE(FindScenario("lora-far.ini"), "lora-far.ini") << "is not there";
    m_folder.Write("lora-far", std::string("seed = 3\n"));
    EXPECT_EQ(FindScenario("lora-far"), "lora-far");
    // A folder is no file; results of a scenario are in one of its name.
    std::filesystem::create_directory("mobile");
    EXPECT_TRUE(std::filesystem::equivalent(FindScenario("mobile"),
                                            LIMITNET_TEST_SOURCE_DIR "/scenarios/mobile.ini"));
    std::filesystem::create_directory("other");
    ExpectLine(ErrorOf([] { FindScenario("other"); }), {"other: is a folder"});
}

TEST_F(FindScenarioTest, TheRecordRepeatsTheRun)
{
    const auto table = OffloadingOptions("lora", "any");
    const auto values = table.Parse({"--scenario=lora-far", "--run=3"});
    EXPECT_EQ(values.Text("scenario.name"), "lora-far");
    std::ostringstream out;
    values.WriteIni(out);
    const auto record = m_folder.Write("record.ini", out.str());
    EXPECT_EQ(table.Parse({"--scenario=" + record.string()}).All(), values.All());
}

TEST(IniLine, SectionsAreTheSameWithSpaces)
{
    for (const char* line : {"[sweep]", "[ sweep ]", "\t[sweep ]  # many runs", "[sweep]\r"})
    {
        EXPECT_EQ(IniSection(IniContent(line)), "sweep") << line;
    }
    for (const char* line : {"", "sweep", "[sweep", "sweep]", "[", "# [sweep]", "a = [b]"})
    {
        EXPECT_FALSE(IniSection(IniContent(line))) << line;
    }
}

} // namespace
} // namespace limitnet
