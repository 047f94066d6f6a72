// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/results/csv-writer.h"
#include "tests/data/test-folder.h"

#include <cerrno>
#include <csignal>
#include <gtest/gtest.h>
#include <limits>
#include <locale>
#include <stdexcept>
#include <sys/resource.h>

namespace limitnet
{
namespace
{

TEST(CsvWriter, QuotesAsRfc4180)
{
    const TestFolder folder;
    const auto file = folder.Path() / "a.csv";
    CsvWriter csv(file, {"plain", "with,comma", "with \"quote\"", "last"});
    csv.Add("a").Add("b,c").Add("d\"e").Add("f\ng").EndRow();
    csv.Add("").Add(" space ").Add("\r").AddEmpty().EndRow();
    csv.Close();
    EXPECT_EQ(ReadText(file),
              "plain,\"with,comma\",\"with \"\"quote\"\"\",last\n"
              "a,\"b,c\",\"d\"\"e\",\"f\ng\"\n"
              ", space ,\"\r\",\n");
}

TEST(CsvWriter, Numbers)
{
    const TestFolder folder;
    const auto file = folder.Path() / "a.csv";
    CsvWriter csv(file, {"a", "b", "c", "d", "e"});
    csv.Add(std::numeric_limits<std::int64_t>::min())
        .Add(std::numeric_limits<std::uint64_t>::max())
        .Add(std::uint8_t{65})
        .Add(true)
        .Add(-7)
        .EndRow();
    csv.Add(0.1).Add(1e-7).Add(-0.0).Add(1.0 / 3).Add(12345678.0).EndRow();
    csv.Add(2.0 / 3, 3).Add(-0.0001, 2).Add(-1.5, 0).Add(1234.5, 1).Add(1e300, 0).EndRow();
    const double infinity = std::numeric_limits<double>::infinity();
    const double none = std::numeric_limits<double>::quiet_NaN();
    csv.Add(none).Add(infinity).Add(-infinity).Add(none, 2).Add(infinity, 2).EndRow();
    csv.Close();
    const std::string text = ReadText(file);
    EXPECT_NE(text.find("\n-9223372036854775808,18446744073709551615,65,1,-7\n"),
              std::string::npos);
    EXPECT_NE(text.find("\n0.1,1e-07,0,0.3333333333333333,12345678\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\n0.667,0.00,-2,1234.5,1000000000"), std::string::npos) << text;
    EXPECT_NE(text.find("\n,,,,\n"), std::string::npos);
}

TEST(CsvWriter, ShortestFormReadsBackTheSame)
{
    const TestFolder folder;
    const auto file = folder.Path() / "a.csv";
    CsvWriter csv(file, {"a"});
    std::vector<double> numbers;
    double number = 1e-9;
    for (int i = 0; i < 200; ++i)
    {
        numbers.push_back(number);
        csv.Add(number).EndRow();
        number *= 1.37;
    }
    csv.Close();
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    for (const double expected : numbers)
    {
        std::getline(in, line);
        EXPECT_EQ(std::stod(line), expected);
    }
}

TEST(CsvWriter, LanguageOfTheUserDoesNotMatter)
{
    struct Comma : std::numpunct<char>
    {
        char do_decimal_point() const override
        {
            return ',';
        }

        std::string do_grouping() const override
        {
            return "\3";
        }
    };

    const TestFolder folder;
    const auto file = folder.Path() / "a.csv";
    const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
    {
        CsvWriter csv(file, {"a", "b", "c"});
        csv.Add(1.5).Add(2.25, 2).Add(1234567).EndRow();
        csv.Close();
    }
    std::locale::global(before);
    EXPECT_EQ(ReadText(file), "a,b,c\n1.5,2.25,1234567\n");
}

TEST(CsvWriter, RowsAreAsWideAsTheHeader)
{
    const TestFolder folder;
    CsvWriter csv(folder.Path() / "a.csv", {"a", "b"});
    csv.Add(1);
    EXPECT_THROW(csv.EndRow(), std::logic_error);
    csv.Add(2).Add(3);
    EXPECT_THROW(csv.EndRow(), std::logic_error);
}

TEST(CsvWriter, WhereNothingCanBeWritten)
{
    const TestFolder folder;
    ExpectLine(ErrorOf([&]() { CsvWriter csv(folder.Path() / "none/a.csv", {"a"}); }),
               {"none/a.csv", "cannot be written"});
    if (std::filesystem::exists("/dev/full"))
    {
        CsvWriter csv("/dev/full", {"a"});
        csv.Add("text").EndRow();
        ExpectLine(ErrorOf([&]() { csv.Close(); }), {"/dev/full", "No space left on device"});
    }
}

TEST(CsvWriter, SaysWhyAndCallsOnlyAFullDiskOne)
{
    const TestFolder folder;
    // More than the largest file that this process may write: the first failure is in the middle.
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit small{20000, before.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto message = ErrorOf([&]() {
        CsvWriter csv(folder.Path() / "a.csv", {"a"});
        for (int i = 0; i < 10000; ++i)
        {
            csv.Add(i).EndRow();
            errno = 0; // whatever else the program does meanwhile
        }
        csv.Close();
    });
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ExpectLine(message, {"a.csv", "cannot be written", "File too large"});
    EXPECT_EQ(message.find("disk"), std::string::npos);
    EXPECT_EQ(message.find("space"), std::string::npos);
}

} // namespace
} // namespace limitnet
