// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_RESULTS_CSV_WRITER_H
#define LIMITNET_RESULTS_CSV_WRITER_H

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace limitnet
{

/** \return a field of a CSV file as RFC 4180 has it, in quotes where it has to be */
std::string CsvField(std::string_view text);

/**
 * Writes a CSV file: RFC 4180 with a header row and quoting where needed, but lines end with LF as
 * Unix tools expect.
 *
 * Numbers are written in the C locale whatever the user's is. A number that is not finite becomes
 * an empty field: there is no value.
 */
class CsvWriter
{
  public:
    /**
     * Opens the file and writes the header.
     * \throws Error when the file cannot be written.
     */
    CsvWriter(const std::filesystem::path& path, const std::vector<std::string>& columns);

    /** \name Next field of the row */
    ///@{
    CsvWriter& Add(std::string_view text);

    /** Whole numbers; false and true as 0 and 1. */
    template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
    CsvWriter& Add(Integer number)
    {
        if constexpr (std::is_unsigned_v<Integer>)
        {
            return AddUnsigned(static_cast<std::uint64_t>(number));
        }
        else
        {
            return AddSigned(static_cast<std::int64_t>(number));
        }
    }

    /** With the fewest digits that give the same number when read back. */
    CsvWriter& Add(double number);
    /** With a fixed number of decimals. */
    CsvWriter& Add(double number, int decimals);
    /** No value. */
    CsvWriter& AddEmpty();
    ///@}

    /**
     * Ends the row.
     * \throws std::logic_error when it has not as many fields as there are columns.
     */
    void EndRow();

    /**
     * Ends the file.
     * \throws Error when anything could not be written.
     */
    void Close();

  private:
    CsvWriter& AddSigned(std::int64_t number);
    CsvWriter& AddUnsigned(std::uint64_t number);
    CsvWriter& AddRaw(std::string_view text);
    /** Keeps why writing failed, as long as the system says it. */
    void KeepError();

    std::filesystem::path m_path;
    std::ofstream m_out;
    std::size_t m_columns;
    std::size_t m_fields = 0;
    int m_error = 0; ///< of the first write that failed, as errno has it
};

/**
 * \param file what was to be written
 * \param error why that failed, as errno has it; 0: not known
 * \throws Error that names the file and says why, in the system's own words: only a full disk is
 *         called one
 */
[[noreturn]] void FailWriting(const std::filesystem::path& file, int error);

} // namespace limitnet

#endif // LIMITNET_RESULTS_CSV_WRITER_H
