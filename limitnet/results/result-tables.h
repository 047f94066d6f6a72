// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_RESULTS_RESULT_TABLES_H
#define LIMITNET_RESULTS_RESULT_TABLES_H

#include "limitnet/results/accuracy-curve.h"
#include "limitnet/results/csv-writer.h"

#include <iosfwd>
#include <string>
#include <vector>

namespace limitnet
{

/** A column of a result file. */
struct Column
{
    std::string name; ///< snake_case, the unit last
    std::string unit; ///< empty when it has none
    std::string meaning;
    std::string type = {}; ///< empty: follows from name and unit

    /** \return "text", "0 or 1", "integer" or "number": of what is not empty */
    std::string Type() const;
};

/** Version of the tables of a run; raised when a column goes or changes its meaning. */
constexpr int RESULT_SCHEMA = 2;

/** A result file: its columns are described once, here; docs/csv.md is written from it. */
struct ResultTable
{
    std::string file; ///< such as "accuracy.csv"
    std::string rows; ///< what a row is, and how rows are ordered
    std::vector<Column> columns;

    /** \return the header of the file. */
    std::vector<std::string> Names() const;
};

/** \name The files of a run */
///@{
const ResultTable& AccuracyTable();
const ResultTable& ImagesTable();
const ResultTable& FragmentsTable();
const ResultTable& NodesTable();
const ResultTable& GatewaysTable();
///@}

/** \name The files of a run of limitnet-lorawan-cell */
///@{
const ResultTable& CellTable();
const ResultTable& CellDevicesTable();
const ResultTable& CellFramesTable();
///@}

/** \name The files of the program limitnet */
///@{
const ResultTable& EvaluationTable();
const ResultTable& CodecsTable();
const ResultTable& CodecsEachTable();
const ResultTable& SaliencyTable();
const ResultTable& VideoTable();
const ResultTable& LimFragmentsTable();
///@}

/** \return all of these. */
std::vector<const ResultTable*> AllTables();

/** Adds a row of AccuracyTable for each point. */
void AddAccuracyRows(CsvWriter& csv,
                     const std::string& group,
                     const std::vector<AccuracyPoint>& points);

/** Prints all tables as Markdown, the content of docs/csv.md. */
void PrintTablesMarkdown(std::ostream& out);

} // namespace limitnet

#endif // LIMITNET_RESULTS_RESULT_TABLES_H
