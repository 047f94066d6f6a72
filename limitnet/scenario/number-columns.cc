// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/number-columns.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/byte-order-mark.h"
#include "limitnet/scenario/text-parts.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <locale>
#include <optional>
#include <sstream>

namespace limitnet
{

namespace
{

/** \return the fields of a line of CSV, RFC 4180 but for line breaks in quotes */
std::vector<std::string>
Fields(const std::string& line)
{
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (const char c : line)
    {
        if (c == '"')
        {
            quoted = !quoted; // a doubled one toggles twice, and is of no use in a number
        }
        else if (c == ',' && !quoted)
        {
            fields.emplace_back();
        }
        else
        {
            fields.back() += c;
        }
    }
    for (auto& field : fields)
    {
        field = Trim(field);
    }
    return fields;
}

/** Places are no further away, as centre and radius of a disc are. */
constexpr double LIMIT_M = 1e6;

std::string
Range(double limit)
{
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text << std::fixed << std::setprecision(0) << "a number from " << -limit << " to " << limit;
    return text.str();
}

} // namespace

std::vector<std::vector<double>>
ReadNumberColumns(const std::filesystem::path& file,
                  const std::vector<std::string>& columns,
                  double limit)
{
    std::ifstream in(file);
    if (!in || std::filesystem::is_directory(file))
    {
        throw Error(file.string() + ": no such file, or it cannot be read");
    }
    SkipByteOrderMark(in);
    std::size_t width = 0; // fields of the header row
    std::vector<std::size_t> places;
    std::vector<std::vector<double>> rows;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);)
    {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos || line.front() == '#')
        {
            continue;
        }
        const auto fields = Fields(line);
        const std::string where = file.string() + ":" + std::to_string(number) + ": ";
        if (places.empty())
        {
            width = fields.size();
            for (const auto& column : columns)
            {
                const auto found = std::find(fields.begin(), fields.end(), column);
                if (found == fields.end())
                {
                    throw Error(where + "no column " + column + " in the header row");
                }
                places.push_back(static_cast<std::size_t>(found - fields.begin()));
            }
            continue;
        }
        if (fields.size() > width)
        {
            throw Error(where + std::to_string(fields.size()) + " fields, but the header row has " +
                        std::to_string(width));
        }
        rows.emplace_back();
        for (std::size_t i = 0; i < places.size(); ++i)
        {
            const std::string field = places[i] < fields.size() ? fields[places[i]] : "";
            const auto value = NumberOf(field);
            if (!value)
            {
                throw Error(where + columns[i] + " = '" + field + "': has to be a number");
            }
            if (std::abs(*value) > limit)
            {
                throw Error(where + columns[i] + " = " + field + ": has to be " + Range(limit));
            }
            rows.back().push_back(*value);
        }
    }
    if (rows.empty())
    {
        throw Error(file.string() + ": has no row of numbers");
    }
    return rows;
}

std::vector<Position>
ReadPositions(const std::string& text)
{
    std::vector<Position> positions;
    std::error_code tooLong; // as a path
    if (std::filesystem::exists(text, tooLong))
    {
        for (const auto& row : ReadNumberColumns(text, {"x_m", "y_m"}, LIMIT_M))
        {
            positions.push_back({row[0], row[1]});
        }
        return positions;
    }
    auto places = Split(text, ";");
    if (places.back().empty())
    {
        places.pop_back(); // the last one may have a ; behind it
    }
    for (const auto& pair : places)
    {
        const auto parts = Split(pair, ",");
        const auto x = parts.size() == 2 ? NumberOf(parts[0]) : std::nullopt;
        const auto y = parts.size() == 2 ? NumberOf(parts[1]) : std::nullopt;
        if (!x || !y)
        {
            throw Error("'" + pair +
                        "': neither a file nor a place such as 1500,-200 (metres; places have ; "
                        "between)");
        }
        if (std::abs(*x) > LIMIT_M || std::abs(*y) > LIMIT_M)
        {
            throw Error("'" + pair + "': each has to be " + Range(LIMIT_M) + " (m)");
        }
        positions.push_back({*x, *y});
    }
    if (positions.empty())
    {
        throw Error("no position is given");
    }
    return positions;
}

std::vector<std::vector<double>>
ReadCaptureTimes(const std::filesystem::path& file, std::size_t deviceCount)
{
    std::vector<std::vector<double>> times(deviceCount);
    for (const auto& row : ReadNumberColumns(file, {"device", "time_s"}))
    {
        const double device = row[0];
        if (device < 0 || device != std::floor(device) ||
            device >= static_cast<double>(deviceCount) || row[1] < 0)
        {
            std::ostringstream pair;
            pair.imbue(std::locale::classic());
            pair << device << ", " << row[1];
            throw Error(file.string() + ": device, time_s = " + pair.str() + ": devices are 0 to " +
                        std::to_string(deviceCount - 1) + ", times 0 or more");
        }
        times[static_cast<std::size_t>(device)].push_back(row[1]);
    }
    for (auto& ofDevice : times)
    {
        std::sort(ofDevice.begin(), ofDevice.end());
        if (std::adjacent_find(ofDevice.begin(), ofDevice.end()) != ofDevice.end())
        {
            throw Error(file.string() + ": a device has the same time_s twice");
        }
    }
    return times;
}

} // namespace limitnet
