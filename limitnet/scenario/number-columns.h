// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_NUMBER_COLUMNS_H
#define LIMITNET_SCENARIO_NUMBER_COLUMNS_H

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * Reads columns of numbers from a CSV file with a header row, such as positions of devices or times
 * of captures. Other columns are left alone; lines that begin with # are comments.
 *
 * \param file the file
 * \param columns names of the columns wanted
 * \param limit numbers are in -limit .. limit
 * \return the rows, each with the numbers in the order of \p columns
 * \throws Error naming file, line and column when something is missing, no number or too
 *         large, and for a row with more fields than the header row
 */
std::vector<std::vector<double>> ReadNumberColumns(
    const std::filesystem::path& file,
    const std::vector<std::string>& columns,
    double limit = std::numeric_limits<double>::max());

/** A place, in metres; the first gateway is at 0, 0 where nothing else is said. */
struct Position
{
    double x = 0; //!< metres to the east
    double y = 0; //!< metres to the north
};

/**
 * \param text a list, `0,0; 1500,-200`, or the path of a CSV file with the columns x_m and y_m
 * \return the positions
 * \throws Error when it is neither, or empty, or a coordinate is not in -1000000 .. 1000000 m
 */
std::vector<Position> ReadPositions(const std::string& text);

/**
 * \param file CSV with the columns device (from 0) and time_s
 * \param deviceCount devices there are
 * \return times of each device, seconds, ascending
 * \throws Error when a device or a time makes no sense
 */
std::vector<std::vector<double>> ReadCaptureTimes(const std::filesystem::path& file,
                                                  std::size_t deviceCount);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_NUMBER_COLUMNS_H
