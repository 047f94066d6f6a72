// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/results/parquet.h"

namespace limitnet
{

namespace po = boost::program_options;

int
RunParquet(const std::vector<std::string>& arguments)
{
    std::string folder;
    po::options_description options("Options");
    options.add_options()("folder",
                          po::value(&folder)->required(),
                          "of a run or a sweep, or any other with tables in it");
    po::positional_options_description positional;
    positional.add("folder", 1);
    if (!ParseArguments("limitnet parquet FOLDER",
                        "Writes each table NAME.csv of a folder as NAME.parquet too, with typed "
                        "columns (docs/sweep.md).\nIt needs DuckDB, which `limitnet data fetch "
                        "duckdb` gets.",
                        options,
                        arguments,
                        positional))
    {
        return 0;
    }
    WriteParquet(folder);
    return 0;
}

} // namespace limitnet
