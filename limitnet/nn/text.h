// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_TEXT_H
#define LIMITNET_NN_TEXT_H

#include <iomanip>
#include <sstream>
#include <string>

namespace limitnet
{

/** A number for Text() with a fixed number of decimals. */
struct Fixed
{
    double value;
    int decimals;
};

inline std::ostream&
operator<<(std::ostream& out, const Fixed& number)
{
    const auto flags = out.flags();
    const auto precision = out.precision();
    out << std::fixed << std::setprecision(number.decimals) << number.value;
    out.flags(flags);
    out.precision(precision);
    return out;
}

/**
 * The parts of a message one after the other, each as a stream prints it.
 *
 * Here instead of fmt because nn/ and training/ are also built where there is nothing but LibTorch
 * and a C++17 compiler (see docs/training.md).
 */
template <typename... Parts>
std::string
Text(const Parts&... parts)
{
    std::ostringstream out;
    (out << ... << parts);
    return out.str();
}

} // namespace limitnet

#endif // LIMITNET_NN_TEXT_H
