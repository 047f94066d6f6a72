// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/option.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/text-parts.h"
#include "limitnet/scenario/units.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <stdexcept>

namespace limitnet
{

namespace
{

std::string
NumberText(double number)
{
    char buffer[64];
    // Limits such as 1000000 read better than 1e+06.
    const bool whole = std::floor(number) == number && std::abs(number) < 1e15;
    const auto result =
        whole ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(number))
              : std::to_chars(buffer, buffer + sizeof buffer, number);
    return std::string(buffer, result.ptr);
}

/** \return the items of a list with commas between; none of an empty text */
std::vector<std::string>
ListItems(const std::string& text)
{
    return Trim(text).empty() ? std::vector<std::string>{} : Split(text, ",");
}

bool
IsBoundless(const Option& option)
{
    return option.minimum == std::numeric_limits<double>::lowest() &&
           option.maximum == std::numeric_limits<double>::max();
}

/** "a whole number from 1 to 100 (m)": what a key takes. */
/**
 * \param isWhole whether the key takes whole numbers
 * \return a number as all are written in a record: without `+`, and `1e3` of a whole one in digits.
 *         Behind either there may be a unit, which leaves them out too.
 */
std::string
PlainNumber(const std::string& text, bool isWhole)
{
    const bool hasPlus =
        text.size() > 1 && text[0] == '+' && text.find_first_of(".0123456789") == 1;
    const std::string plain = hasPlus ? text.substr(1) : text;
    constexpr double EXACT = 9007199254740992; // 2^53: up to here each whole number is a double
    std::int64_t digits = 0;
    double number = 0;
    if (isWhole && !ParseNumber(plain, digits) && ParseNumber(plain, number) &&
        std::abs(number) <= EXACT && std::floor(number) == number)
    {
        return NumberText(number);
    }
    return plain;
}

/** \return a value with its units changed to the key's. \throws Error that begins with \p where */
Option
Of(const std::string& name, Option::Type type)
{
    Option option;
    option.key = name;
    option.type = type;
    return option;
}

/** Of numbers, which have a range where Range() says none. */
Option
NumberOf(const std::string& name, Option::Type type)
{
    return Of(name, type)
        .Range(std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
}

} // namespace

Option&
Option::Default(const std::string& value)
{
    defaultValue = value;
    return *this;
}

Option&
Option::Range(double least, double most)
{
    minimum = least;
    maximum = most;
    return *this;
}

Option&
Option::Unit(const std::string& name)
{
    unit = name;
    return *this;
}

Option&
Option::Help(const std::string& sentence)
{
    help = sentence;
    return *this;
}

Option&
Option::ForGroups()
{
    forGroups = true;
    return *this;
}

Option&
Option::NamesFile()
{
    namesFile = true;
    return SelectsFiles();
}

Option&
Option::SelectsFiles()
{
    selectsFiles = true;
    return *this;
}

Option&
Option::OnlyWith(const std::string& other, const std::vector<std::string>& values)
{
    otherKey = other;
    otherValues = values;
    return *this;
}

std::string
Option::TextOf(double value)
{
    // Never with an exponent: 0.00000284 reads better than 2.84e-06.
    char buffer[400];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
    return std::string(buffer, end.ptr);
}

namespace keys
{

Option
Boolean(const std::string& name)
{
    return Of(name, Option::Type::BOOLEAN);
}

Option
Integer(const std::string& name)
{
    return NumberOf(name, Option::Type::INTEGER);
}

Option
Real(const std::string& name)
{
    return NumberOf(name, Option::Type::REAL);
}

Option
Reals(const std::string& name)
{
    return NumberOf(name, Option::Type::REAL_LIST);
}

Option
Text(const std::string& name)
{
    return Of(name, Option::Type::TEXT);
}

Option
Name(const std::string& name)
{
    return Of(name, Option::Type::NAME);
}

Option
Choice(const std::string& name, const std::vector<std::string>& choices)
{
    Option option = Of(name, Option::Type::CHOICE);
    option.choices = choices;
    return option;
}

} // namespace keys

std::string
SectionOf(const std::string& key)
{
    const auto dot = key.find('.');
    return dot == std::string::npos ? "" : key.substr(0, dot);
}

std::string
NameOf(const std::string& key)
{
    const auto dot = key.find('.');
    return dot == std::string::npos ? key : key.substr(dot + 1);
}

/** "a whole number from 1 to 100 (m)": what a key takes. */
std::string
Takes(const Option& option)
{
    std::string range;
    if (!IsBoundless(option))
    {
        range = " from " + NumberText(option.minimum) + " to " + NumberText(option.maximum);
    }
    const std::string unit = option.unit.empty() ? "" : " (" + option.unit + ")";
    switch (option.type)
    {
    case Option::Type::BOOLEAN:
        return "true or false";
    case Option::Type::INTEGER:
        return "a whole number" + range + unit;
    case Option::Type::REAL:
        return "a number" + range + unit;
    case Option::Type::TEXT:
        return "text";
    case Option::Type::NAME:
        return "the name of a folder, without '/' and without '.' at its start";
    case Option::Type::CHOICE:
        return "one of " + Join(option.choices, ", ") + unit;
    case Option::Type::REAL_LIST:
        return "numbers" + range + unit + " with commas between";
    }
    throw std::logic_error("option type");
}

std::string
ShortTakes(const Option& option)
{
    const std::string range =
        IsBoundless(option) ? "" : NumberText(option.minimum) + ".." + NumberText(option.maximum);
    switch (option.type)
    {
    case Option::Type::BOOLEAN:
        return "true|false";
    case Option::Type::INTEGER:
        return range.empty() ? "integer" : range;
    case Option::Type::REAL:
        return range.empty() ? "number" : range;
    case Option::Type::TEXT:
        return "text";
    case Option::Type::NAME:
        return "name";
    case Option::Type::CHOICE:
        return Join(option.choices, "|");
    case Option::Type::REAL_LIST:
        return "list of " + (range.empty() ? "numbers" : range);
    }
    throw std::logic_error("option type");
}

/** A real number's range shows that it is one: "0..1" means whole numbers elsewhere. */
std::string
TypeName(const Option& option)
{
    switch (option.type)
    {
    case Option::Type::BOOLEAN:
        return "boolean";
    case Option::Type::INTEGER:
        return "integer";
    case Option::Type::REAL:
        return "number";
    case Option::Type::TEXT:
        return "text";
    case Option::Type::NAME:
        return "name";
    case Option::Type::CHOICE:
        return "choice";
    case Option::Type::REAL_LIST:
        return "list of numbers";
    }
    throw std::logic_error("option type");
}

std::vector<double>
NumbersOf(const std::string& text)
{
    std::vector<double> numbers;
    for (const std::string& item : ListItems(text))
    {
        double number = 0;
        ParseNumber(item, number);
        numbers.push_back(number);
    }
    return numbers;
}

/** \return a value with its units changed to the key's. \throws Error that begins with \p where */
std::string
InKeysUnit(const Option& option, const std::string& text, const std::string& where)
{
    const bool isList = option.type == Option::Type::REAL_LIST;
    if (!isList && option.type != Option::Type::REAL && option.type != Option::Type::INTEGER)
    {
        return text;
    }
    try
    {
        if (!isList)
        {
            return PlainNumber(InUnit(text, option.unit), option.type == Option::Type::INTEGER);
        }
        std::vector<std::string> items;
        for (const std::string& item : ListItems(text))
        {
            items.push_back(PlainNumber(InUnit(item, option.unit), false));
        }
        return items == ListItems(text) ? text : Join(items, ",");
    }
    catch (const Error& error)
    {
        throw Error(where + option.key + " = " + text + ": " + error.what() + "; has to be " +
                    Takes(option));
    }
}

/** The same, short, for tables: "1..100". */
void
CheckValue(const Option& option, const std::string& text, const std::string& where)
{
    bool good = true;
    const auto inRange = [&](double number) {
        return std::isfinite(number) && number >= option.minimum && number <= option.maximum;
    };
    switch (option.type)
    {
    case Option::Type::BOOLEAN:
        good = text == "true" || text == "false";
        break;
    case Option::Type::INTEGER: {
        std::int64_t number = 0;
        good = ParseNumber(text, number) && inRange(static_cast<double>(number));
        break;
    }
    case Option::Type::REAL: {
        double number = 0;
        good = ParseNumber(text, number) && inRange(number);
        break;
    }
    case Option::Type::TEXT:
        good = text.find_first_of("\n#") == std::string::npos;
        break;
    case Option::Type::NAME:
        good =
            !text.empty() && text.front() != '.' && text.find_first_of("/\n#") == std::string::npos;
        break;
    case Option::Type::CHOICE:
        good =
            std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end();
        break;
    case Option::Type::REAL_LIST:
        for (const std::string& item : ListItems(text))
        {
            double number = 0;
            good = good && ParseNumber(item, number) && inRange(number);
        }
        break;
    }
    if (!good)
    {
        const std::string takes =
            option.type == Option::Type::TEXT ? "text on one line without '#'" : Takes(option);
        throw Error(where + option.key + " = " + text + ": has to be " + takes);
    }
}

} // namespace limitnet
