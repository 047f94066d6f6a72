// SPDX-License-Identifier: GPL-2.0-only
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

using namespace limitnet;
using namespace std::string_literals;

namespace
{

/** Standard error and exit code of the program. */
std::pair<std::string, int>
RunLimitnet(const TestFolder& folder, std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), LIMITNET_TEST_BIN_DIR "/limitnet");
    ProcessOptions options;
    options.errorFile = folder.Path() / "stderr";
    const auto result = RunProcess(arguments, options);
    EXPECT_TRUE(result.started) << result.reason;
    return {ReadText(options.errorFile), result.exitCode};
}

} // namespace

TEST(ImportCommandTest, RefusesAHostileFileByNameAndWritesNothing)
{
    const TestFolder folder;
    const auto mark = folder.Path() / "executed";
    // The older layout: magic number, version 1001, byte order, then a call of os.system.
    const auto command = "touch " + mark.string();
    const auto file = folder.Write(
        "hostile.pth",
        "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\x02M\xe9\x03."s +
            "\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."s + "\x80\x02"s + "cposix\nsystem\nU" +
            static_cast<char>(command.size()) + command + "\x85R.");
    const auto output = folder.Path() / "out.pt";
    const auto [message, code] =
        RunLimitnet(folder, {"import", file.string(), "-o", output.string()});
    EXPECT_EQ(code, 1);
    ASSERT_FALSE(message.empty());
    ExpectLine(message.substr(0, message.size() - 1),
               {"error: ", "hostile.pth", "refused", "posix.system"});
    EXPECT_FALSE(std::filesystem::exists(mark));
    EXPECT_FALSE(std::filesystem::exists(output));
}

TEST(ImportCommandTest, SaysWhatIsWrongWithItsArguments)
{
    const TestFolder folder;
    const auto missing = RunLimitnet(folder, {"import", "x.pt", "-o", "no-such-folder/out.pt"});
    EXPECT_EQ(missing.second, 1);
    EXPECT_NE(missing.first.find("no-such-folder"), std::string::npos) << missing.first;
    EXPECT_EQ(RunLimitnet(folder, {"import", "--help"}).second, 0);
    EXPECT_EQ(RunLimitnet(folder, {"calibrate", "--help"}).second, 0);
    EXPECT_EQ(RunLimitnet(folder, {"calibrate", "codec-224"}).second, 1);
}
