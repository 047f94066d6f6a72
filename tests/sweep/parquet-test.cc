// SPDX-License-Identifier: GPL-2.0-only

// Debian has no library that writes Parquet files. A made-up fastparquet stands for it: it takes
// down what pandas hands to it, so types and values are tested and the files themselves are not.

#include "limitnet/sweep/parquet.h"
#include "tests/data/test-folder.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

using namespace limitnet;

namespace
{

const char* const STUB = R"(
__version__ = "2099.1"

def write(path, frame, compression, write_index, partition_on, **others):
    assert write_index is False
    with open(path, "w") as out:
        for name in frame:
            values = [None if v is __import__("pandas").NA or v != v else v for v in frame[name]]
            print(name, frame[name].dtype, *values, file=out)
)";

/// Lets Python find no more than one of the libraries, whatever it has.
std::string
Hiding(const std::string& names)
{
    return "import importlib.util as u\n"
           "real = u.find_spec\n"
           "u.find_spec = lambda name, *a: None if name in (" +
           names + ") else real(name, *a)\n";
}

class ParquetTest : public testing::Test
{
  protected:
    ParquetTest()
        : m_search("PATH", "/usr/bin:" + std::string(std::getenv("PATH"))), // Debian's pandas
          m_modules("PYTHONPATH", (m_folder.Path() / "modules").string())
    {
        std::filesystem::create_directories(m_folder.Path() / "out");
    }

    ParquetResult Write() const
    {
        return WriteParquet(m_folder.Path() / "out");
    }

    TestFolder m_folder;
    TestVariable m_search;
    TestVariable m_modules;
};

} // namespace

TEST_F(ParquetTest, ColumnsHaveTheTypesOfTheirFields)
{
    if (!RunProcess({"/usr/bin/python3", "-c", "import pandas"}).Ok())
    {
        GTEST_SKIP() << "/usr/bin/python3 has no pandas: install python3-pandas";
    }
    m_folder.Write("modules/fastparquet.py", std::string(STUB));
    m_folder.Write("modules/sitecustomize.py", Hiding("'pyarrow',"));
    m_folder.Write("out/a.csv",
                   std::string("count,gaps,real,whole,flag,word,address,long,none\n"
                               "1,5,0.5,1,true,NA,0012,9007199254740993,\n"
                               "2,,,2.0,false,\"x,y\",0034,,\n"
                               "-3,999999999999999,1e-3,3,,true,0056,1,\n"));
    const auto result = Write();
    ASSERT_TRUE(result.done) << result.reason;
    EXPECT_EQ(ReadText(m_folder.Path() / "out/a.parquet"),
              "count Int64 1 2 -3\n"
              "gaps Int64 5 None 999999999999999\n"
              "real float64 0.5 None 0.001\n"
              "whole float64 1.0 2.0 3.0\n"
              "flag boolean True False None\n"
              "word string NA x,y true\n"
              "address string 0012 0034 0056\n"
              "long string 9007199254740993 None 1\n"
              "none Int64 None None None\n");
    EXPECT_EQ(NamesIn(m_folder.Path() / "out").size(), 2U) << "nothing else is left";
}

TEST_F(ParquetTest, WithoutALibraryOneLineSaysSo)
{
    m_folder.Write("modules/sitecustomize.py", Hiding("'pyarrow', 'fastparquet'"));
    m_folder.Write("out/a.csv", std::string("x\n1\n"));
    auto result = Write();
    EXPECT_FALSE(result.done);
    EXPECT_TRUE(result.noLibrary);
    ExpectLine(result.reason, {"pandas", "pyarrow"});

    const TestVariable nothing("PATH", m_folder.Path().string());
    result = Write();
    EXPECT_TRUE(result.noLibrary);
    ExpectLine(result.reason, {"python3 cannot be run"});
}
