// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TESTS_CLI_CSV_ROWS_H
#define LIMITNET_TESTS_CLI_CSV_ROWS_H

#include "tests/data/test-folder.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace limitnet
{

/** A row of a CSV file: fields by the name of their column. */
using CsvRow = std::map<std::string, std::string>;

/** \param file a CSV file without quotes \return its rows */
inline std::vector<CsvRow>
ReadCsvRows(const std::filesystem::path& file)
{
    const auto split = [](const std::string& line) {
        std::vector<std::string> fields;
        std::istringstream columns(line);
        for (std::string field; std::getline(columns, field, ',');)
        {
            fields.push_back(field);
        }
        return fields;
    };
    std::istringstream text(ReadText(file));
    std::string line;
    std::getline(text, line);
    const auto names = split(line);
    std::vector<CsvRow> rows;
    while (std::getline(text, line))
    {
        auto fields = split(line);
        fields.resize(names.size()); // a last field that is empty
        CsvRow& row = rows.emplace_back();
        for (std::size_t i = 0; i < names.size(); ++i)
        {
            row[names[i]] = fields[i];
        }
    }
    return rows;
}

/** \return a field as a number; 0 when it is empty */
inline double
Number(const CsvRow& row, const std::string& column)
{
    return std::strtod(row.at(column).c_str(), nullptr);
}

} // namespace limitnet

#endif // LIMITNET_TESTS_CLI_CSV_ROWS_H
