// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/option-table.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/command-line.h"
#include "limitnet/scenario/find-scenario.h"
#include "limitnet/scenario/group-name.h"
#include "limitnet/scenario/text-parts.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace limitnet
{

OptionTable::OptionTable(std::string program, std::string version, std::string summary)
    : m_program(std::move(program)),
      m_version(std::move(version)),
      m_summary(std::move(summary))
{
}

OptionTable&
OptionTable::AddSection(const std::string& name, const std::string& title, Scope scope)
{
    m_sections.push_back({name, title, false, scope});
    return *this;
}

OptionTable&
OptionTable::AddFreeSection(const std::string& name, const std::string& title)
{
    m_sections.push_back({name, title, true, Scope::RUN});
    return *this;
}

OptionTable&
OptionTable::AllowGroups(const std::string& what)
{
    m_groupsOf = what;
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
OptionTable::Add(std::initializer_list<Option> options)
{
    for (const Option& option : options)
    {
        AddOne(option);
    }
    return *this;
}

void
OptionTable::AddOne(Option option)
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
        CheckValue(option, option.defaultValue, "default: ");
    }
    catch (const Error& error)
    {
        throw std::logic_error(error.what());
    }
    option.forGroups = option.forGroups || m_sections.back().scope == Scope::GROUP;
    m_options.push_back(std::move(option));
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

std::vector<std::string>
OptionTable::GroupKeys() const
{
    std::vector<std::string> keys;
    for (const Section& section : m_sections)
    {
        if (section.scope == Scope::GROUP)
        {
            keys.push_back(section.name);
            continue;
        }
        for (const Option& option : m_options)
        {
            if (option.forGroups && SectionOf(option.key) == section.name)
            {
                keys.push_back(option.key);
            }
        }
    }
    return keys;
}

void
OptionTable::ReadGroup(ScenarioValues& values,
                       const std::string& key,
                       const std::string& text,
                       const std::string& where) const
{
    const std::string name = GroupNameOf(key);
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
    const std::string own = KeyInGroup(key);
    if (own.empty())
    {
        if (!text.empty())
        {
            throw Error(where + key + " = " + text + ": has to be " + GroupSection(name) +
                        ".section.key = value");
        }
        return; // the section begins
    }
    const auto found = values.m_index.find(own);
    if (found == values.m_index.end())
    {
        throw Error(where + "unknown key " + own + " of group " + name + "; " + Nearest(own));
    }
    const Option& option = values.m_values[found->second].option;
    if (!option.forGroups)
    {
        throw Error(where + own + ": is the same for all groups; give it outside [" +
                    GroupSection(name) + "]");
    }
    group[own] = InKeysUnit(option, text, where);
    CheckValue(option, group[own], where);
}

void
OptionTable::CheckGroups(const ScenarioValues& values,
                         const std::string& file,
                         const std::vector<GivenValue>& fromArguments)
{
    for (const GivenValue& given : fromArguments)
    {
        if (!IsGroup(given.key))
        {
            continue;
        }
        const std::string name = GroupNameOf(given.key);
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
                    (there.empty() ? "a section [" + GroupSection(name) + "] begins one"
                     : bestDistance <= tolerable ? "did you mean " + best + "?"
                                                 : "there are " + Join(there, ", ")));
    }
}

void
OptionTable::WarnOfUnused(ScenarioValues& values,
                          const std::vector<GivenValue>& fromArguments) const
{
    for (const GivenValue& given : fromArguments)
    {
        const bool ofGroup = IsGroup(given.key);
        const Option* const option = Find(ofGroup ? KeyInGroup(given.key) : given.key);
        if (!option || option->otherKey.empty())
        {
            continue;
        }
        const auto& good = option->otherValues;
        const auto groups = values.Groups();
        const bool counts = std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
            return (!ofGroup || group.first == GroupNameOf(given.key)) &&
                   std::find(good.begin(), good.end(), group.second.Text(option->otherKey)) !=
                       good.end();
        });
        if (!counts)
        {
            values.m_warnings.push_back(given.where + given.key + " = " + given.text +
                                        ": counts only with " + option->otherKey + " = " +
                                        Join(good, " or "));
        }
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
OptionTable::Take(ScenarioValues& values, const GivenValue& given) const
{
    values.m_where[given.key] = given.where;
    const auto found = values.m_index.find(given.key);
    if (found != values.m_index.end())
    {
        ScenarioValues::Value& value = values.m_values[found->second];
        const std::string text = InKeysUnit(value.option, given.text, given.where);
        CheckValue(value.option, text, given.where);
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
        CheckValue(text, given.text, given.where);
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
    std::vector<std::string> keys;
    for (const Option& option : m_options)
    {
        keys.push_back(option.key);
    }
    const CommandLine line = ReadCommandLine(arguments, keys, m_hasCheck);
    for (const GivenValue& given : line.given)
    {
        if (!Find(given.key) && !IsFree(given.key) && !IsGroup(given.key))
        {
            throw Error(given.where + "unknown key --" + given.key + "; " + Nearest(given.key));
        }
    }
    values.m_helpWanted = line.helpWanted;
    values.m_checkWanted = line.checkWanted;
    std::string file;
    std::vector<GivenValue> fromFile;
    if (!line.file.empty() && !line.helpWanted)
    {
        std::vector<std::string> sections;
        for (const Section& section : m_sections)
        {
            sections.push_back(section.name);
        }
        file = FindScenario(line.file);
        fromFile = ReadScenarioFile(file, sections);
    }

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
    for (const GivenValue& given : fromFile)
    {
        Take(values, given);
    }
    if (!file.empty() && !m_groupsOf.empty())
    {
        CheckGroups(values, file, line.given);
    }
    for (const GivenValue& given : line.given)
    {
        Take(values, given);
    }
    WarnOfUnused(values, line.given);
    return values;
}

} // namespace limitnet
