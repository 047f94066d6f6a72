// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_SCENARIO_VALUES_H
#define LIMITNET_SCENARIO_SCENARIO_VALUES_H

#include "limitnet/scenario/option.h"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{

/** The values a program runs with: those given, and the defaults for the rest. */
class ScenarioValues
{
  public:
    /** \return whether --help was given: print OptionTable::PrintHelp and end. */
    bool HelpWanted() const;

    /** \return whether --check was given: say what would be done and end. */
    bool CheckWanted() const;

    /** \name Value of a key
     * \throws std::logic_error when the table has no such key or it is of another type.
     */
    ///@{
    bool Bool(const std::string& key) const;
    std::int64_t Int(const std::string& key) const;
    double Real(const std::string& key) const;             ///< also of an INTEGER
    const std::string& Text(const std::string& key) const; ///< of any type: as it is written
    std::vector<double> Reals(const std::string& key) const;
    ///@}

    /** \return whether there is such a key */
    bool Has(const std::string& key) const;

    /** \return whether the value was given on the command line or in the file. */
    bool IsGiven(const std::string& key) const;

    /**
     * \return where the value of a key was given, to begin a message: "file:line: " or "command
     *         line: "; empty for a default. Of a free section the key is "section.name"; the values
     *         of a group know theirs by the key alone.
     */
    std::string Where(const std::string& key) const;

    /**
     * \return what is no error and yet hardly meant, a line each: values of the command line that
     *         count nowhere (Option::OnlyWith())
     */
    const std::vector<std::string>& Warnings() const;

    /**
     * \return the groups that were given (OptionTable::AllowGroups), in the order in which they
     *         first appear: the name of each, and all values as they are for it; without any, one
     *         that has no name and these values
     */
    std::vector<std::pair<std::string, ScenarioValues>> Groups() const;

    /**
     * \param forGroups whether those that groups may have of their own, or the others
     * \return the keys that name files (Option::NamesFile()), in the order of the table
     */
    std::vector<std::string> FileKeys(bool forGroups) const;

    /** \return names and values given in a free section (OptionTable::AddFreeSection), by name. */
    std::vector<std::pair<std::string, std::string>> Free(const std::string& section) const;

    /**
     * Writes every key with its value as a scenario file, which gives the same values when it is
     * read.
     *
     * A comment at the top names the program, its version, the seed and the run.
     */
    void WriteIni(std::ostream& out) const;

    /**
     * \return every key and its value in the order of the table, then what groups have of their
     *         own, as `group.NAME.key`
     */
    std::vector<std::pair<std::string, std::string>> All() const;

  private:
    friend class OptionTable;

    struct Value
    {
        Option option;
        std::string text;
        bool given = false;
    };

    /** A group and what it has of its own: texts by key. */
    using Group = std::pair<std::string, std::map<std::string, std::string>>;

    const Value& Find(const std::string& key) const;
    std::map<std::string, std::string>& GroupOf(const std::string& name);

    std::string m_headline;
    std::vector<std::string> m_freeSections;
    std::vector<Value> m_values; ///< in the order of the table
    std::map<std::string, std::size_t> m_index;
    std::map<std::string, std::map<std::string, std::string>> m_free;
    std::map<std::string, std::string> m_where; ///< by whole key: where it was given
    std::vector<Group> m_groups;
    std::vector<std::string> m_warnings;
    bool m_helpWanted = false;
    bool m_checkWanted = false;
};

} // namespace limitnet

#endif // LIMITNET_SCENARIO_SCENARIO_VALUES_H
