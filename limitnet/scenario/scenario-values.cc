// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/scenario-values.h"

#include "limitnet/scenario/group-name.h"
#include "limitnet/scenario/text-parts.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>

namespace limitnet
{

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
    return NumbersOf(value.text);
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

const std::vector<std::string>&
ScenarioValues::Warnings() const
{
    return m_warnings;
}

std::string
ScenarioValues::Where(const std::string& key) const
{
    const auto found = m_where.find(key);
    return found == m_where.end() ? "" : found->second;
}

std::vector<std::string>
ScenarioValues::FileKeys(bool forGroups) const
{
    std::vector<std::string> keys;
    for (const Value& value : m_values)
    {
        if (value.option.namesFile && value.option.forGroups == forGroups)
        {
            keys.push_back(value.option.key);
        }
    }
    return keys;
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
            values.m_where[key] = Where(GroupSection(name) + '.' + key);
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
            all.emplace_back(GroupSection(name) + '.' + key, text);
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
        out << "\n[" << GroupSection(name) << "]\n";
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

} // namespace limitnet
