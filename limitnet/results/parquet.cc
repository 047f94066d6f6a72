// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/parquet.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/temporary-folder.h"
#include "limitnet/results/result-tables.h"

#include <algorithm>
#include <cstdint>
#include <dlfcn.h>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

namespace limitnet
{

namespace
{

namespace fs = std::filesystem;

constexpr const char* LIBRARY = "libduckdb.so";

struct CloseLibrary
{
    void operator()(void* library) const
    {
        dlclose(library);
    }
};

using Library = std::unique_ptr<void, CloseLibrary>;

/** \throws Error when there is none. */
Library
OpenLibrary()
{
    std::vector<std::string> places{LIBRARY}; // last: where the system's loader looks
    if (const NpmFiles* fetched = FindNpmFiles("duckdb"))
    {
        const fs::path copy = NpmFilesFolder(*fetched) / LIBRARY;
        std::error_code ignored;
        if (fs::exists(copy, ignored))
        {
            places.insert(places.begin(), copy.string());
        }
    }
    std::string reason;
    for (const auto& place : places)
    {
        // It stays loaded when it is closed: its threads may end after that.
        if (void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE))
        {
            return Library(library);
        }
        reason = reason.empty() ? dlerror() : reason;
    }
    throw Error("no Parquet files can be written: " + reason +
                "; get DuckDB with `limitnet data fetch duckdb`");
}

/**
 * A database in memory, by DuckDB's C interface (duckdb.org/docs/stable/clients/c/api): the few of
 * its functions that are needed, so that the build needs nothing of it.
 */
class DuckDb
{
  public:
    DuckDb()
        : m_library(OpenLibrary())
    {
        const auto open = Function<int(const char*, void**)>("duckdb_open");
        const auto connect = Function<int(void*, void**)>("duckdb_connect");
        if (open(nullptr, &m_database) != 0 || connect(m_database, &m_connection) != 0)
        {
            throw Error("DuckDB cannot be started");
        }
        // All that is needed is built in: nothing is ever loaded from the network.
        Run("SET autoinstall_known_extensions = false");
        Run("SET autoload_known_extensions = false");
    }

    ~DuckDb()
    {
        Function<void(void**)>("duckdb_disconnect")(&m_connection);
        Function<void(void**)>("duckdb_close")(&m_database);
    }

    DuckDb(const DuckDb&) = delete;
    DuckDb& operator=(const DuckDb&) = delete;

    /** \throws Error with what DuckDB says, in one line. */
    void Run(const std::string& statement)
    {
        Query(statement, [](Result&) {});
    }

    /**
     * \param statement whose result is one column of INTEGER without nulls; at most
     * 2,048 rows of it are returned
     */
    std::vector<std::int32_t> Integers(const std::string& statement)
    {
        std::vector<std::int32_t> values;
        Query(statement, [&](Result& result) {
            void* chunk = Function<void*(Result)>("duckdb_fetch_chunk")(result);
            const auto size = Function<std::uint64_t(void*)>("duckdb_data_chunk_get_size")(chunk);
            void* column =
                Function<void*(void*, std::uint64_t)>("duckdb_data_chunk_get_vector")(chunk, 0);
            const auto* data = static_cast<std::int32_t*>(
                Function<void*(void*)>("duckdb_vector_get_data")(column));
            values.assign(data, data + size);
            Function<void(void**)>("duckdb_destroy_data_chunk")(&chunk);
        });
        return values;
    }

  private:
    /** duckdb_result: nothing of it is for its users. */
    struct Result
    {
        std::uint64_t counts[3];
        void* parts[3];
    };

    template <class Signature>
    Signature* Function(const char* name) const
    {
        auto* function = reinterpret_cast<Signature*>(dlsym(m_library.get(), name));
        if (function == nullptr)
        {
            throw Error(std::string("DuckDB has no ") + name +
                        "; get one that has with `limitnet " + "data fetch duckdb`");
        }
        return function;
    }

    template <class Use>
    void Query(const std::string& statement, Use use)
    {
        Result result{};
        const auto query = Function<int(void*, const char*, Result*)>("duckdb_query");
        std::string problem;
        if (query(m_connection, statement.c_str(), &result) == 0)
        {
            use(result);
        }
        else
        {
            const char* said = Function<const char*(Result*)>("duckdb_result_error")(&result);
            problem = said == nullptr ? "DuckDB failed" : said;
        }
        Function<void(Result*)>("duckdb_destroy_result")(&result);
        if (!problem.empty())
        {
            // The lines after the first show the statement and what its options were. What it says
            // of a file that it finds no way to read is about those, too.
            const bool noTable = problem.find("sniffing") != std::string::npos;
            throw Error(noTable ? "its rows have not all as many fields, or a quote is not closed"
                                : problem.substr(0, problem.find('\n')));
        }
    }

    Library m_library;
    void* m_database = nullptr;
    void* m_connection = nullptr;
};

std::string
Quoted(const std::string& text)
{
    std::string quoted = "'";
    for (const char c : text)
    {
        quoted += c == '\'' ? "''" : std::string(1, c);
    }
    return quoted + "'";
}

/** \return a path that means this file alone: DuckDB takes what a shell would for patterns. */
std::string
WithoutPatterns(const std::string& path)
{
    std::string escaped;
    for (const char c : path)
    {
        escaped +=
            c == '*' || c == '?' || c == '[' ? "[" + std::string(1, c) + "]" : std::string(1, c);
    }
    return escaped;
}

/** \param columns how their types are found, an argument of read_csv */
std::string
TableOf(const fs::path& csv, const std::string& columns)
{
    return "read_csv(" + Quoted(WithoutPatterns(fs::absolute(csv).string())) +
           ", header = true, delim = ',', quote = '\"', escape = '\"', comment = '', nullstr = "
           "'', " +
           "skip = 0, hive_partitioning = false, " + columns + ")";
}

/** What a field may be; a column's fields together are a set of these. */
enum FieldKind
{
    SHORT_INTEGER = 1, ///< exact as a double, too
    LONG_INTEGER = 2,
    REAL = 4,
    TRUTH = 8,
    TEXT = 16
};

/**
 * \param kinds of a column's fields
 * \param described type that docs/csv.md gives the column; empty where it is not there
 * \return the described type where all fields fit it, so that a column has the same in each folder;
 * else the narrowest that they fit
 */
std::string
TypeFor(int kinds, const std::string& described)
{
    const auto within = [kinds](int allowed) { return (kinds & ~allowed) == 0; };
    const bool isInteger = within(SHORT_INTEGER | LONG_INTEGER);
    const bool isNumber = within(SHORT_INTEGER | REAL);
    if (described == "text" || (described == "number" && isNumber))
    {
        return described == "text" ? "VARCHAR" : "DOUBLE";
    }
    return isInteger ? "BIGINT" : isNumber ? "DOUBLE" : within(TRUTH) ? "BOOLEAN" : "VARCHAR";
}

/** \return the names in a table's header. */
std::vector<std::string>
ReadHeader(const fs::path& csv)
{
    std::ifstream in(csv);
    std::vector<std::string> names(1);
    bool quoted = false;
    for (char c = 0; in.get(c) && (quoted || (c != '\n' && c != '\r'));)
    {
        if (c == '"')
        {
            quoted = !quoted; // a quote in a name is written twice, which no name of ours has
        }
        else if (c == ',' && !quoted)
        {
            names.emplace_back();
        }
        else
        {
            names.back() += c;
        }
    }
    return names;
}

/** \return the type that docs/csv.md gives a column; empty where it is not there. */
std::string
DescribedType(const std::string& file, const std::string& name)
{
    for (const ResultTable* table : AllTables())
    {
        for (const auto& column : table->columns)
        {
            if (table->file == file && column.name == name)
            {
                return column.Type();
            }
        }
    }
    return {};
}

/** \return the types of a table's columns, as a list in SQL. */
std::string
TypesOf(DuckDb& database, const fs::path& csv)
{
    const auto kind = [](FieldKind what, const char* pattern) {
        return "WHEN regexp_full_match(field, '" + std::string(pattern) + "') THEN " +
               std::to_string(what) + " ";
    };
    database.Run("CREATE OR REPLACE MACRO kind(field) AS CASE WHEN field IS NULL THEN 0 " +
                 kind(SHORT_INTEGER, R"(-?(0|[1-9]\d{0,14}))") +
                 kind(LONG_INTEGER, R"(-?[1-9]\d{15,17})") +
                 kind(REAL, R"(-?(0|[1-9]\d{0,14})(\.\d+)?([eE][-+]?\d+)?|-?inf|nan)") +
                 kind(TRUTH, "true|false") + "ELSE " + std::to_string(TEXT) + " END::INTEGER");
    const auto kinds = database.Integers(
        "SELECT unnest([*COLUMNS(*)]) FROM (SELECT coalesce(bit_or(kind(COLUMNS(*))), 0) FROM " +
        TableOf(csv, "all_varchar = true") + ")");
    auto names = ReadHeader(csv);
    names.resize(kinds.size());
    std::string types;
    for (std::size_t i = 0; i < kinds.size(); ++i)
    {
        const auto described = DescribedType(csv.filename().string(), names[i]);
        types += (types.empty() ? "" : ", ") + Quoted(TypeFor(kinds[i], described));
    }
    return "[" + types + "]";
}

void
WriteTable(DuckDb& database, const fs::path& csv, const fs::path& target)
{
    const TemporaryFolder scratch(target.parent_path(), "parquet");
    const fs::path partial = scratch.Path() / target.filename();
    try
    {
        const auto time = fs::last_write_time(csv);
        database.Run("COPY (SELECT * FROM " + TableOf(csv, "types = " + TypesOf(database, csv)) +
                     ") TO " + Quoted(partial.string()) + " (FORMAT parquet)");
        fs::last_write_time(partial, time);
        fs::rename(partial, target);
    }
    catch (const fs::filesystem_error& error)
    {
        throw Error(target.string() + ": " + error.code().message());
    }
    catch (const Error& error)
    {
        throw Error(csv.string() + " cannot be made a Parquet file: " + error.what());
    }
}

/** \return whether a file was made of this table: it has the same time then, also where a copy of
 * an older table took the place of the one that it was made of. */
bool
IsMadeOf(const fs::path& file, const fs::path& csv)
{
    std::error_code missing;
    const auto time = fs::last_write_time(file, missing);
    return !missing && time == fs::last_write_time(csv);
}

} // namespace

std::string
ProblemOfParquetLibrary()
{
    try
    {
        OpenLibrary();
        return {};
    }
    catch (const Error& error)
    {
        return error.what();
    }
}

void
WriteParquet(const fs::path& folder)
{
    std::vector<fs::path> tables;
    std::error_code problem;
    for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end;
         entry.increment(problem))
    {
        if (entry->path().extension() == ".csv")
        {
            tables.push_back(entry->path());
        }
    }
    if (problem)
    {
        throw Error(folder.string() + ": " + problem.message());
    }
    if (tables.empty())
    {
        throw Error(folder.string() + ": no tables (*.csv) in it");
    }
    std::sort(tables.begin(), tables.end());
    DuckDb database;
    for (const auto& csv : tables)
    {
        const auto target = fs::path(csv).replace_extension(".parquet");
        if (!IsMadeOf(target, csv))
        {
            WriteTable(database, csv, target);
        }
    }
}

} // namespace limitnet
