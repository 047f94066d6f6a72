// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SWEEP_PARQUET_H
#define LIMITNET_SWEEP_PARQUET_H

#include <filesystem>
#include <string>

namespace limitnet
{

/** What came of writing tables as Parquet files. */
struct ParquetResult
{
    bool done = false;
    bool noLibrary = false; //!< Python or its libraries are not there
    std::string reason;     //!< when it is not done: why, in one line
};

/**
 * Writes each table NAME.csv of a folder as NAME.parquet too, by analysis/write-parquet.py and the
 * first python3 in PATH.
 */
ParquetResult WriteParquet(const std::filesystem::path& folder);

} // namespace limitnet

#endif // LIMITNET_SWEEP_PARQUET_H
