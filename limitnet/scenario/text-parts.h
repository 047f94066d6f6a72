// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_TEXT_PARTS_H
#define LIMITNET_SCENARIO_TEXT_PARTS_H

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace limitnet
{

/** \return a text without the white space around it */
std::string Trim(const std::string& text);

/**
 * \param text such as "a, b"; an empty one is one empty part
 * \param separator what stands between parts, such as ","
 * \return the parts, each without the white space around it
 */
std::vector<std::string> Split(const std::string& text, const std::string& separator);

/** \return words with a text between any two */
std::string Join(const std::vector<std::string>& words, const std::string& between);

/**
 * Reads a whole text as a number, in the C locale whatever the user's is.
 *
 * \param text digits, with a sign or exponent as the type allows, and nothing else
 * \param number takes what was read
 * \return whether it is one
 */
template <class Number>
bool
ParseNumber(const std::string& text, Number& number)
{
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    return result.ec == std::errc() && result.ptr == end;
}

/** \return a whole text as a finite number, which may have a `+`; nothing where it is none */
std::optional<double> NumberOf(const std::string& text);

/** Edits (insert, delete, replace, swap two neighbours) that make one word the other. */
std::size_t EditDistance(const std::string& a, const std::string& b);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_TEXT_PARTS_H
