// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/option-table.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/byte-order-mark.h"
#include "limitnet/scenario/find-scenario.h"
#include "limitnet/scenario/ini-line.h"
#include "limitnet/scenario/units.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <set>
#include <stdexcept>

namespace limitnet
{

namespace
{

namespace po = boost::program_options;

/** Reads a whole text as a number, in the C locale whatever the user's is. */
template <class Number>
bool
ParseNumber(const std::string& text, Number& number)
{
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    return result.ec == std::errc() && result.ptr == end;
}

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

std::vector<std::string>
SplitList(const std::string& text)
{
    std::vector<std::string> items;
    if (Trim(text).empty())
    {
        return items;
    }
    std::size_t start = 0;
    for (;;)
    {
        const std::size_t comma = text.find(',', start);
        items.push_back(Trim(text.substr(start, comma - start)));
        if (comma == std::string::npos)
        {
            return items;
        }
        start = comma + 1;
    }
}

std::string
Join(const std::vector<std::string>& words, const std::string& between)
{
    std::string text;
    for (const std::string& word : words)
    {
        text += (text.empty() ? "" : between) + word;
    }
    return text;
}

bool
IsBoundless(const Option& option)
{
    return option.minimum == std::numeric_limits<double>::lowest() &&
           option.maximum == std::numeric_limits<double>::max();
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
        for (const std::string& item : SplitList(text))
        {
            items.push_back(PlainNumber(InUnit(item, option.unit), false));
        }
        return items == SplitList(text) ? text : Join(items, ",");
    }
    catch (const Error& error)
    {
        throw Error(where + option.key + " = " + text + ": " + error.what() + "; has to be " +
                    Takes(option));
    }
}

/** The same, short, for tables: "1..100". */
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

const std::string GROUP = "group.";
const std::string SWEEP = "sweep"; // the section of limitnet-sweep

bool
IsGroup(const std::string& key)
{
    return key.compare(0, GROUP.size(), GROUP) == 0;
}

/** \return whether a text may be the name of a group */
bool
IsGroupName(const std::string& name)
{
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !name.empty() && name != "all" && std::all_of(name.begin(), name.end(), good);
}

/** Edits (insert, delete, replace, swap two neighbours) that make one word the other. */
std::size_t
EditDistance(const std::string& a, const std::string& b)
{
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
    {
        for (std::size_t j = 0; j <= b.size(); ++j)
        {
            if (i == 0 || j == 0)
            {
                cost[i][j] = i + j;
                continue;
            }
            cost[i][j] = std::min({cost[i - 1][j] + 1,
                                   cost[i][j - 1] + 1,
                                   cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

/** Prints words from a column on, breaking lines before column 100. */
void
PrintWrapped(std::ostream& out, const std::string& text, std::size_t indent)
{
    constexpr std::size_t WIDTH = 100;
    std::size_t at = indent;
    std::size_t start = 0;
    while (start < text.size())
    {
        const std::size_t end = std::min(text.find(' ', start), text.size());
        if (at > indent && at + 1 + (end - start) > WIDTH)
        {
            out << '\n' << std::string(indent, ' ');
            at = indent;
        }
        else if (at > indent)
        {
            out << ' ';
            ++at;
        }
        out << text.substr(start, end - start);
        at += end - start;
        start = end + 1;
    }
    out << '\n';
}

} // namespace

// ScenarioValues

bool
ScenarioValues::HelpWanted() const
{
    return m_helpWanted;
}

bool
ScenarioValues::CheckWanted() const
{
    return m_checkWanted;
}

const ScenarioValues::Value&
ScenarioValues::Find(const std::string& key) const
{
    const auto found = m_index.find(key);
    if (found == m_index.end())
    {
        throw std::logic_error("the option table has no key " + key);
    }
    return m_values[found->second];
}

bool
ScenarioValues::Bool(const std::string& key) const
{
    const Value& value = Find(key);
    if (value.option.type != Option::Type::BOOLEAN)
    {
        throw std::logic_error(key + " is not a boolean");
    }
    return value.text == "true";
}

std::int64_t
ScenarioValues::Int(const std::string& key) const
{
    const Value& value = Find(key);
    std::int64_t number = 0;
    if (value.option.type != Option::Type::INTEGER || !ParseNumber(value.text, number))
    {
        throw std::logic_error(key + " is not an integer");
    }
    return number;
}

double
ScenarioValues::Real(const std::string& key) const
{
    const Value& value = Find(key);
    double number = 0;
    if ((value.option.type != Option::Type::REAL && value.option.type != Option::Type::INTEGER) ||
        !ParseNumber(value.text, number))
    {
        throw std::logic_error(key + " is not a number");
    }
    return number;
}

const std::string&
ScenarioValues::Text(const std::string& key) const
{
    return Find(key).text;
}

std::vector<double>
ScenarioValues::Reals(const std::string& key) const
{
    const Value& value = Find(key);
    if (value.option.type != Option::Type::REAL_LIST)
    {
        throw std::logic_error(key + " is not a list of numbers");
    }
    std::vector<double> numbers;
    for (const std::string& item : SplitList(value.text))
    {
        double number = 0;
        ParseNumber(item, number);
        numbers.push_back(number);
    }
    return numbers;
}

bool
ScenarioValues::Has(const std::string& key) const
{
    return m_index.count(key) > 0;
}

bool
ScenarioValues::IsGiven(const std::string& key) const
{
    return Find(key).given;
}

std::string
ScenarioValues::Where(const std::string& key) const
{
    const auto found = m_where.find(key);
    return found == m_where.end() ? "" : found->second;
}

std::vector<std::pair<std::string, std::string>>
ScenarioValues::Free(const std::string& section) const
{
    const auto found = m_free.find(section);
    if (found == m_free.end())
    {
        return {};
    }
    return {found->second.begin(), found->second.end()};
}

std::map<std::string, std::string>&
ScenarioValues::GroupOf(const std::string& name)
{
    const auto found = std::find_if(m_groups.begin(), m_groups.end(), [&](const Group& group) {
        return group.first == name;
    });
    return found != m_groups.end()
               ? found->second
               : m_groups.emplace_back(name, std::map<std::string, std::string>{}).second;
}

std::vector<std::pair<std::string, ScenarioValues>>
ScenarioValues::Groups() const
{
    std::vector<std::pair<std::string, ScenarioValues>> groups;
    for (const auto& [name, own] : m_groups)
    {
        ScenarioValues values = *this;
        values.m_groups.clear();
        for (const auto& [key, text] : own)
        {
            Value& value = values.m_values[m_index.at(key)];
            value.text = text;
            value.given = true;
            values.m_where[key] = Where(GROUP + name + '.' + key);
        }
        groups.emplace_back(name, std::move(values));
    }
    if (groups.empty())
    {
        groups.emplace_back("", *this);
    }
    return groups;
}

std::vector<std::pair<std::string, std::string>>
ScenarioValues::All() const
{
    std::vector<std::pair<std::string, std::string>> all;
    for (const Value& value : m_values)
    {
        all.emplace_back(value.option.key, value.text);
    }
    for (const auto& [name, own] : m_groups)
    {
        for (const auto& [key, text] : own)
        {
            all.emplace_back(GROUP + name + '.' + key, text);
        }
    }
    return all;
}

void
ScenarioValues::WriteIni(std::ostream& out) const
{
    out << "# " << m_headline;
    for (const char* key : {"seed", "run"})
    {
        const auto found = m_index.find(key);
        if (found != m_index.end())
        {
            out << ", " << key << ' ' << m_values[found->second].text;
        }
    }
    out << "\n# Every key as it was used; give this file with --scenario to repeat the run.\n";
    std::string section;
    for (const Value& value : m_values)
    {
        const std::string mine = SectionOf(value.option.key);
        if (mine != section)
        {
            out << "\n[" << mine << "]\n";
            section = mine;
        }
        out << NameOf(value.option.key) << " =" << (value.text.empty() ? "" : " ") << value.text
            << '\n';
    }
    for (const auto& [name, own] : m_groups)
    {
        out << "\n[" << GROUP << name << "]\n";
        for (const Value& value : m_values)
        {
            const auto found = own.find(value.option.key);
            if (found != own.end())
            {
                out << found->first << " =" << (found->second.empty() ? "" : " ") << found->second
                    << '\n';
            }
        }
    }
    for (const std::string& free : m_freeSections)
    {
        const auto entries = Free(free);
        if (!entries.empty())
        {
            out << "\n[" << free << "]\n";
        }
        for (const auto& [name, text] : entries)
        {
            out << name << " = " << text << '\n';
        }
    }
}

// OptionTable

OptionTable::OptionTable(std::string program, std::string version, std::string summary)
    : m_program(std::move(program)),
      m_version(std::move(version)),
      m_summary(std::move(summary))
{
}

OptionTable&
OptionTable::AddSection(const std::string& name, const std::string& title)
{
    m_sections.push_back({name, title, false});
    return *this;
}

OptionTable&
OptionTable::AddFreeSection(const std::string& name, const std::string& title)
{
    m_sections.push_back({name, title, true});
    return *this;
}

OptionTable&
OptionTable::AllowGroups(const std::string& what, const std::vector<std::string>& keys)
{
    m_groupsOf = what;
    m_groupKeys = keys;
    return *this;
}

OptionTable&
OptionTable::AllowCheck()
{
    m_hasCheck = true;
    return *this;
}

bool
OptionTable::HasCheck() const
{
    return m_hasCheck;
}

OptionTable&
OptionTable::Add(Option option)
{
    if (m_sections.empty() || m_sections.back().free)
    {
        throw std::logic_error("option " + option.key + ": no section begun");
    }
    if (!m_sections.back().name.empty())
    {
        option.key = m_sections.back().name + "." + option.key;
    }
    if (Find(option.key) || option.key == "scenario" || option.key == "help")
    {
        throw std::logic_error("option " + option.key + " is there twice");
    }
    try
    {
        Check(option, option.defaultValue, "default: ");
    }
    catch (const Error& error)
    {
        throw std::logic_error(error.what());
    }
    m_options.push_back(std::move(option));
    return *this;
}

OptionTable&
OptionTable::AddBool(const std::string& name, bool defaultValue, const std::string& help)
{
    Option option;
    option.key = name;
    option.type = Option::Type::BOOLEAN;
    option.defaultValue = defaultValue ? "true" : "false";
    option.help = help;
    return Add(option);
}

OptionTable&
OptionTable::AddInt(const std::string& name,
                    std::int64_t defaultValue,
                    std::int64_t minimum,
                    std::int64_t maximum,
                    const std::string& unit,
                    const std::string& help)
{
    Option option;
    option.key = name;
    option.type = Option::Type::INTEGER;
    option.defaultValue = std::to_string(defaultValue);
    option.unit = unit;
    option.minimum = static_cast<double>(minimum);
    option.maximum = static_cast<double>(maximum);
    option.help = help;
    return Add(option);
}

OptionTable&
OptionTable::AddReal(const std::string& name,
                     const std::string& defaultValue,
                     double minimum,
                     double maximum,
                     const std::string& unit,
                     const std::string& help)
{
    Option option;
    option.key = name;
    option.type = Option::Type::REAL;
    option.defaultValue = defaultValue;
    option.unit = unit;
    option.minimum = minimum;
    option.maximum = maximum;
    option.help = help;
    return Add(option);
}

OptionTable&
OptionTable::AddText(const std::string& name,
                     const std::string& defaultValue,
                     const std::string& help)
{
    Option option;
    option.key = name;
    option.type = Option::Type::TEXT;
    option.defaultValue = defaultValue;
    option.help = help;
    return Add(option);
}

OptionTable&
OptionTable::AddName(const std::string& name,
                     const std::string& defaultValue,
                     const std::string& help)
{
    Option option;
    option.key = name;
    option.type = Option::Type::NAME;
    option.defaultValue = defaultValue;
    option.help = help;
    return Add(option);
}

OptionTable&
OptionTable::AddChoice(const std::string& name,
                       const std::string& defaultValue,
                       const std::vector<std::string>& choices,
                       const std::string& unit,
                       const std::string& help)
{
    Option option;
    option.key = name;
    option.type = Option::Type::CHOICE;
    option.defaultValue = defaultValue;
    option.unit = unit;
    option.choices = choices;
    option.help = help;
    return Add(option);
}

OptionTable&
OptionTable::AddReals(const std::string& name,
                      const std::string& defaultValue,
                      double minimum,
                      double maximum,
                      const std::string& unit,
                      const std::string& help)
{
    Option option;
    option.key = name;
    option.type = Option::Type::REAL_LIST;
    option.defaultValue = defaultValue;
    option.unit = unit;
    option.minimum = minimum;
    option.maximum = maximum;
    option.help = help;
    return Add(option);
}

const std::vector<Option>&
OptionTable::Options() const
{
    return m_options;
}

const Option*
OptionTable::Find(const std::string& key) const
{
    for (const Option& option : m_options)
    {
        if (option.key == key)
        {
            return &option;
        }
    }
    return nullptr;
}

bool
OptionTable::IsFree(const std::string& key) const
{
    const std::string section = SectionOf(key);
    return std::any_of(m_sections.begin(), m_sections.end(), [&](const Section& candidate) {
        return candidate.free && candidate.name == section && !NameOf(key).empty();
    });
}

bool
OptionTable::IsForGroups(const std::string& key) const
{
    return std::any_of(m_groupKeys.begin(), m_groupKeys.end(), [&](const std::string& candidate) {
        return candidate == key || candidate == SectionOf(key);
    });
}

void
OptionTable::ReadGroup(ScenarioValues& values,
                       const std::string& key,
                       const std::string& text,
                       const std::string& where) const
{
    const std::string rest = key.substr(GROUP.size());
    const std::string name = rest.substr(0, rest.find('.'));
    if (m_groupsOf.empty())
    {
        throw Error(where + key + ": " + m_program + " knows no groups");
    }
    if (!IsGroupName(name))
    {
        throw Error(where + "group '" + name +
                    "': a name has lower-case letters, digits and '-', and is not all");
    }
    auto& group = values.GroupOf(name);
    if (name.size() == rest.size())
    {
        if (!text.empty())
        {
            throw Error(where + key + " = " + text + ": has to be " + GROUP + name +
                        ".section.key = value");
        }
        return; // the section begins
    }
    const std::string own = rest.substr(name.size() + 1);
    const auto found = values.m_index.find(own);
    if (found == values.m_index.end())
    {
        throw Error(where + "unknown key " + own + " of group " + name + "; " + Nearest(own));
    }
    if (!IsForGroups(own))
    {
        throw Error(where + own + ": is the same for all groups; give it outside [" + GROUP + name +
                    "]");
    }
    const Option& option = values.m_values[found->second].option;
    group[own] = InKeysUnit(option, text, where);
    Check(option, group[own], where);
}

void
OptionTable::CheckGroups(const ScenarioValues& values,
                         const std::string& file,
                         const std::vector<Given>& fromArguments)
{
    for (const Given& given : fromArguments)
    {
        if (!IsGroup(given.key))
        {
            continue;
        }
        const std::string rest = given.key.substr(GROUP.size());
        const std::string name = rest.substr(0, rest.find('.'));
        std::vector<std::string> there;
        std::string best;
        std::size_t bestDistance = std::numeric_limits<std::size_t>::max();
        for (const auto& group : values.m_groups)
        {
            there.push_back(group.first);
            const std::size_t distance = EditDistance(name, group.first);
            if (distance < bestDistance)
            {
                best = group.first;
                bestDistance = distance;
            }
        }
        if (bestDistance == 0)
        {
            continue;
        }
        const std::size_t tolerable = std::max<std::size_t>(2, name.size() / 2);
        throw Error(given.where + given.key + ": " + file + " has no group " + name + "; " +
                    (there.empty()               ? "a section [" + GROUP + name + "] begins one"
                     : bestDistance <= tolerable ? "did you mean " + best + "?"
                                                 : "there are " + Join(there, ", ")));
    }
}

std::string
OptionTable::Nearest(const std::string& key) const
{
    std::string best;
    std::size_t bestDistance = std::numeric_limits<std::size_t>::max();
    for (const Option& option : m_options)
    {
        // The section is often left out or mistaken, so the last part counts by itself as well.
        const std::size_t distance = std::min(EditDistance(key, option.key),
                                              EditDistance(NameOf(key), NameOf(option.key)) +
                                                  (SectionOf(key).empty() ? 0 : 1));
        if (distance < bestDistance)
        {
            best = option.key;
            bestDistance = distance;
        }
    }
    const std::size_t tolerable = std::max<std::size_t>(2, NameOf(key).size() / 2);
    return bestDistance <= tolerable ? "did you mean " + best + "?"
                                     : "--help lists the keys there are";
}

void
OptionTable::Check(const Option& option, const std::string& text, const std::string& where)
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
        for (const std::string& item : SplitList(text))
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

std::vector<OptionTable::Given>
OptionTable::ReadFile(const std::string& path, const std::vector<std::string>& including) const
{
    std::ifstream in(path);
    if (!in)
    {
        throw Error(path + ": the scenario file cannot be read");
    }
    SkipByteOrderMark(in);
    std::vector<std::string> chain = including;
    chain.push_back(path);
    std::vector<Given> given;
    std::vector<Given> included; // before all keys of this file, which win
    std::map<std::string, std::size_t> lines;
    std::string section;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number)
    {
        const std::string where = path + ":" + std::to_string(number) + ": ";
        const std::string content = IniContent(line);
        if (content.empty())
        {
            continue;
        }
        if (content.front() == '[')
        {
            const auto begun = IniSection(content);
            section = begun.value_or("");
            if (IsGroup(section))
            {
                given.push_back({section, "", where});
                continue;
            }
            const bool known =
                std::any_of(m_sections.begin(), m_sections.end(), [&](const Section& candidate) {
                    return candidate.name == section && !section.empty();
                });
            if (section == SWEEP && !including.empty())
            {
                throw Error(where + content + ": has to stand in " + including.front() +
                            " itself, not in a file that it includes");
            }
            if (!known)
            {
                std::vector<std::string> names;
                for (const Section& candidate : m_sections)
                {
                    if (!candidate.name.empty())
                    {
                        names.push_back("[" + candidate.name + "]");
                    }
                }
                if (section == SWEEP)
                {
                    throw Error(where + content +
                                ": this file describes many runs; run it with "
                                "limitnet-sweep");
                }
                throw Error(where + content + ": not a section; there are " + Join(names, ", "));
            }
            continue;
        }
        const std::size_t equals = content.find('=');
        if (equals == std::string::npos || equals == 0)
        {
            throw Error(where + content + ": neither [section] nor key = value");
        }
        const std::string name = Trim(content.substr(0, equals));
        if (section.empty() && name == "include")
        {
            const auto other =
                (std::filesystem::path(path).parent_path() / Trim(content.substr(equals + 1)))
                    .lexically_normal()
                    .string();
            if (!std::ifstream(other) || std::filesystem::is_directory(other))
            {
                throw Error(where + content + ": " + other + " cannot be read");
            }
            if (std::find(chain.begin(), chain.end(), other) != chain.end())
            {
                throw Error(where + content + ": includes itself: " + Join(chain, ", ") + ", " +
                            other);
            }
            const auto others = ReadFile(other, chain);
            included.insert(included.end(), others.begin(), others.end());
            continue;
        }
        const std::string key = section.empty() ? name : section + "." + name;
        if (!lines.emplace(key, number).second)
        {
            throw Error(where + key + " is given twice, first in line " +
                        std::to_string(lines[key]));
        }
        given.push_back({key, Trim(content.substr(equals + 1)), where});
    }
    if (in.bad() || !in.eof())
    {
        throw Error(path + ": the scenario file cannot be read");
    }
    given.insert(given.begin(), included.begin(), included.end());
    return given;
}

std::vector<OptionTable::Given>
OptionTable::ReadArguments(const std::vector<std::string>& arguments,
                           std::string& file,
                           bool& help,
                           bool& check) const
{
    po::options_description description;
    description.add_options()("help,h", "")("scenario", po::value<std::string>(), "");
    if (m_hasCheck)
    {
        description.add_options()("check", "");
    }
    for (const Option& option : m_options)
    {
        description.add_options()(option.key.c_str(), po::value<std::string>(), "");
    }
    const std::string where = "command line: ";
    std::vector<std::string> rest;
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const std::string& argument : arguments)
    {
        // "--key=" clears a text or list; Boost takes the missing value for a mistake.
        const bool clears = argument.compare(0, 2, "--") == 0 && argument.size() > 3 &&
                            argument.find('=') == argument.size() - 1;
        if (clears)
        {
            pairs.emplace_back(argument.substr(2, argument.size() - 3), "");
        }
        else
        {
            rest.push_back(argument);
        }
    }
    try
    {
        // Without guessing: an abbreviation would change its meaning when a key is added.
        const auto parsed =
            po::command_line_parser(rest)
                .options(description)
                .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                .allow_unregistered()
                .run();
        for (const auto& option : parsed.options)
        {
            const std::string text = option.value.empty() ? "" : option.value.front();
            if (option.string_key.empty() || option.position_key >= 0)
            {
                throw Error(where + "'" + text + "': keys are given as --section.key=value");
            }
            pairs.emplace_back(option.string_key, text);
        }
    }
    catch (const po::error& error)
    {
        throw Error(where + error.what());
    }
    std::vector<Given> given;
    std::set<std::string> seen;
    for (const auto& [key, text] : pairs)
    {
        if (!seen.insert(key).second)
        {
            throw Error(where + "--" + key + " is given twice");
        }
        if (key == "help")
        {
            help = true;
        }
        else if (key == "check" && m_hasCheck)
        {
            check = true;
        }
        else if (key == "scenario")
        {
            if (text.empty())
            {
                throw Error(where + "--scenario=: has to name a scenario file");
            }
            file = text;
        }
        else if (!Find(key) && !IsFree(key) && !IsGroup(key))
        {
            throw Error(where + "unknown key --" + key + "; " + Nearest(key));
        }
        else
        {
            given.push_back({key, Trim(text), where});
        }
    }
    return given;
}

void
OptionTable::Take(ScenarioValues& values, const Given& given) const
{
    values.m_where[given.key] = given.where;
    const auto found = values.m_index.find(given.key);
    if (found != values.m_index.end())
    {
        ScenarioValues::Value& value = values.m_values[found->second];
        const std::string text = InKeysUnit(value.option, given.text, given.where);
        Check(value.option, text, given.where);
        value.text = text;
        value.given = true;
    }
    else if (IsGroup(given.key))
    {
        ReadGroup(values, given.key, given.text, given.where);
    }
    else if (IsFree(given.key))
    {
        Option text;
        text.key = given.key;
        Check(text, given.text, given.where);
        values.m_free[SectionOf(given.key)][NameOf(given.key)] = given.text;
    }
    else
    {
        throw Error(given.where + "unknown key " + given.key + "; " + Nearest(given.key));
    }
}

ScenarioValues
OptionTable::Parse(int argc, const char* const* argv) const
{
    return Parse(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

ScenarioValues
OptionTable::Parse(const std::vector<std::string>& arguments) const
{
    ScenarioValues values;
    std::string file;
    const auto fromArguments =
        ReadArguments(arguments, file, values.m_helpWanted, values.m_checkWanted);
    const bool hasFile = !file.empty() && !values.m_helpWanted;
    if (hasFile)
    {
        file = FindScenario(file);
    }
    const auto fromFile = hasFile ? ReadFile(file) : std::vector<Given>{};

    values.m_headline = m_program + " " + m_version;
    for (const Option& option : m_options)
    {
        values.m_index[option.key] = values.m_values.size();
        values.m_values.push_back({option, option.defaultValue, false});
    }
    for (const Section& section : m_sections)
    {
        if (section.free)
        {
            values.m_freeSections.push_back(section.name);
        }
    }
    // The file's come first, so the command line's overwrite them.
    for (const Given& given : fromFile)
    {
        Take(values, given);
    }
    if (hasFile && !m_groupsOf.empty())
    {
        CheckGroups(values, file, fromArguments);
    }
    for (const Given& given : fromArguments)
    {
        Take(values, given);
    }
    return values;
}

void
OptionTable::PrintHelp(std::ostream& out) const
{
    PrintWrapped(out, m_program + " " + m_version + ": " + m_summary, 0);
    out << "\n"
        << "usage: " << m_program << " [--scenario=FILE] [--key=value ...]\n\n"
        << "  --help, -h\n      print this and end\n"
        << "  --scenario=FILE\n      read keys from FILE: below [section] lines key = value, # "
           "begins "
           "a comment,\n      include = OTHER takes another file's keys first; the command line "
           "wins over it.\n      The scenarios that come with the program go by name: "
           "--scenario=NAME\n"
        << (m_hasCheck ? "  --check\n      say what would be simulated, and end\n" : "")
        << "  A number may have a unit, such as 1.5 km, 10 min, 25 mW; it is changed to the "
           "key's.\n";
    if (!m_groupsOf.empty())
    {
        out << "  --group.NAME.KEY=VALUE\n      KEY of a group of " << m_groupsOf
            << " alone, before --KEY; in FILE a section [group.NAME].\n"
               "      With FILE, NAME is one of its groups. Groups may have\n      ";
        PrintWrapped(out, Join(m_groupKeys, ", "), 6);
    }
    for (const Section& section : m_sections)
    {
        out << '\n' << section.title << '\n';
        if (section.free)
        {
            out << "  --" << section.name << ".NAME=VALUE\n";
            continue;
        }
        for (const Option& option : m_options)
        {
            if (SectionOf(option.key) != section.name)
            {
                continue;
            }
            out << "  --" << option.key << '=' << ShortTakes(option)
                << (option.unit.empty() ? "" : " " + option.unit);
            if (!option.defaultValue.empty())
            {
                out << "  [" << option.defaultValue << ']';
            }
            out << "\n      ";
            PrintWrapped(out, option.help, 6);
        }
    }
}

void
OptionTable::PrintMarkdown(std::ostream& out) const
{
    const auto cell = [](std::string text) {
        for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
        {
            text.insert(at, "\\");
        }
        return text;
    };
    out << "# Keys of " << m_program << "\n\n"
        << "<!-- Written from the program's own table; a test compares the two. -->\n\n"
        << m_summary << "\n\n"
        << "In a scenario file a key stands below its section, `[devices]` then `count = 20`, and "
           "`#` "
           "begins a comment; on\nthe command line it is `--devices.count=20`. The command line "
           "wins "
           "over the file, the file over the default.\n`--scenario=FILE` reads a file, or "
           "one of the project's own scenarios by its name (`--scenario=NAME`), `--help` "
           "prints these keys"
        << (m_hasCheck ? ", `--check` says what would be simulated" : "")
        << ". Every run leaves its `scenario.ini`, which repeats it.\n\n"
           "A number may have a unit, which is changed to the key's: `radius_m = 1.5 km`, "
           "`period_s = 10 min`, `tx_power_dbm = 25 mW`. `include = other.ini` before all "
           "sections\n"
           "takes the keys of another file, seen from the one that includes it, as if they came "
           "first; every other relative file name is seen from the folder in which the program "
           "runs. `limitnet-sweep` runs a file with many values for a key (`docs/sweep.md`).\n";
    if (!m_groupsOf.empty())
    {
        out << "\n## Groups\n\nA section `[group.NAME]` describes a group of " << m_groupsOf
            << ": its keys are written whole, `devices.count = 3`, and hold for this group alone, "
               "before what the command line says outside it; what it does not name is as "
               "outside.\nWith groups there are no other "
            << m_groupsOf
            << ". On the command line: `--group.NAME.devices.count=3`, for a group that the file "
               "has; without a file this begins a group. A group may have its own: ";
        const char* separator = "";
        for (const std::string& key : m_groupKeys)
        {
            const bool whole = key.find('.') == std::string::npos;
            out << separator << (whole ? "all of `" : "`") << key << '`';
            separator = ", ";
        }
        out << ".\n";
    }
    for (const Section& section : m_sections)
    {
        out << "\n## " << section.title << "\n\n";
        if (section.free)
        {
            out << "In a file `NAME = VALUE` below `[" << section.name
                << "]`, on the command line `--" << section.name << ".NAME=VALUE`.\n";
            continue;
        }
        out << "| key | type | values | unit | default | meaning |\n"
            << "|---|---|---|---|---|---|\n";
        for (const Option& option : m_options)
        {
            if (SectionOf(option.key) != section.name)
            {
                continue;
            }
            const bool listed =
                option.type != Option::Type::TEXT && option.type != Option::Type::NAME;
            out << "| `" << option.key << "` | " << TypeName(option) << " | "
                << (listed ? cell(ShortTakes(option)) : "") << " | " << option.unit << " | "
                << (option.defaultValue.empty() ? "" : "`" + cell(option.defaultValue) + "`")
                << " | " << cell(option.help) << " |\n";
        }
    }
}

} // namespace limitnet
