// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/csv-writer.h"

#include "limitnet/codec/error.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace limitnet
{

std::string
CsvField(std::string_view text)
{
    if (text.find_first_of(",\"\r\n") == std::string_view::npos)
    {
        return std::string(text);
    }
    std::string quoted = "\"";
    for (const char c : text)
    {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

CsvWriter::CsvWriter(const std::filesystem::path& path, const std::vector<std::string>& columns)
    : m_path(path),
      m_out(path, std::ios::binary),
      m_columns(columns.size())
{
    if (!m_out)
    {
        FailWriting(path, errno);
    }
    for (const std::string& column : columns)
    {
        Add(std::string_view(column));
    }
    EndRow();
}

CsvWriter&
CsvWriter::AddRaw(std::string_view text)
{
    if (m_fields > 0)
    {
        m_out << ',';
    }
    m_out << text;
    ++m_fields;
    return *this;
}

CsvWriter&
CsvWriter::Add(std::string_view text)
{
    return AddRaw(CsvField(text));
}

CsvWriter&
CsvWriter::AddSigned(std::int64_t number)
{
    std::array<char, 24> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return AddRaw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

CsvWriter&
CsvWriter::AddUnsigned(std::uint64_t number)
{
    std::array<char, 24> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return AddRaw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

CsvWriter&
CsvWriter::Add(double number)
{
    if (!std::isfinite(number))
    {
        return AddEmpty();
    }
    std::array<char, 32> buffer;
    // Adding zero turns -0 into 0.
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number + 0.0).ptr;
    return AddRaw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

CsvWriter&
CsvWriter::Add(double number, int decimals)
{
    if (!std::isfinite(number))
    {
        return AddEmpty();
    }
    std::array<char, 400> buffer; // the largest double has 309 digits before the point
    const auto result = std::to_chars(buffer.data(),
                                      buffer.data() + buffer.size(),
                                      number,
                                      std::chars_format::fixed,
                                      decimals);
    std::string_view text(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
    // A small negative number rounds to -0.00.
    if (text.front() == '-' && text.find_first_not_of("-0.") == std::string_view::npos)
    {
        text.remove_prefix(1);
    }
    return AddRaw(text);
}

CsvWriter&
CsvWriter::AddEmpty()
{
    return AddRaw({});
}

void
CsvWriter::EndRow()
{
    if (m_fields != m_columns)
    {
        throw std::logic_error(m_path.string() + ": a row of " + std::to_string(m_fields) +
                               " fields in a table of " + std::to_string(m_columns) + " columns");
    }
    m_out << '\n';
    m_fields = 0;
    KeepError();
}

void
CsvWriter::KeepError()
{
    if (!m_out && m_error == 0)
    {
        m_error = errno != 0 ? errno : EIO;
    }
}

void
CsvWriter::Close()
{
    KeepError();
    errno = 0;
    m_out.close();
    KeepError();
    if (m_error != 0)
    {
        FailWriting(m_path, m_error);
    }
}

void
FailWriting(const std::filesystem::path& file, int error)
{
    throw Error(file.string() + ": cannot be written: " + std::strerror(error != 0 ? error : EIO));
}

} // namespace limitnet
