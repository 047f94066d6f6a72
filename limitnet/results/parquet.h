// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_RESULTS_PARQUET_H
#define LIMITNET_RESULTS_PARQUET_H

#include <filesystem>
#include <string>

namespace limitnet
{

/**
 * The library that writes Parquet files is DuckDB, opened when it is needed: the copy that
 * `limitnet data fetch duckdb` gets, else the system's libduckdb.so.
 *
 * \return why it cannot be used, in one line that says how to get it; empty when it can.
 */
std::string ProblemOfParquetLibrary();

/**
 * Writes each table NAME.csv of a folder as NAME.parquet too; each file appears whole or not at
 * all. A file has the time of its table; where they are the same it is left alone.
 *
 * A column of docs/csv.md has the type that it has there (integer and 0 or 1: BIGINT, number:
 * DOUBLE, text: VARCHAR), as long as its fields fit it. Types of others follow the fields: whole
 * numbers of at most 18 digits become BIGINT (INT64), also where some fields are empty; other
 * numbers of at most 15 digits before the point, inf and nan DOUBLE; true and false BOOLEAN; all
 * else VARCHAR (UTF-8), also digits after a zero in front, as identifiers have. An empty field is
 * null. A column without values is BIGINT.
 *
 * \throws Error in one line that names the folder or file: there is no table in it, a table cannot
 * be read, a file cannot be written, or the library is not there.
 */
void WriteParquet(const std::filesystem::path& folder);

} // namespace limitnet

#endif // LIMITNET_RESULTS_PARQUET_H
