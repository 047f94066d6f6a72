// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_OPTION_TABLE_H
#define LIMITNET_SCENARIO_OPTION_TABLE_H

#include "limitnet/scenario/option.h"
#include "limitnet/scenario/scenario-file.h"
#include "limitnet/scenario/scenario-values.h"

#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * The keys of a scenario, each described once: from here come the command line, the scenario file,
 * --help, the documentation and the record of what was used.
 *
 * In a file a key stands below its section, `[devices]` then `count = 20`; on the command line it
 * is
 * `--devices.count=20`. The command line wins over the file, the file over the default. In a file
 * `#` begins a comment, and `include = other.ini` before all sections takes the keys of another
 * file (its path is seen from the file that includes it) as if they came before those of this one,
 * which win. A number may have a unit, which is changed to the key's (InUnit()): `radius_m = 1.5
 * km`. The file may be one of the project's own scenarios (FindScenario()). Where groups are
 * allowed, a section `[group.NAME]` has whole keys, `devices.count = 3`, that are for this group
 * alone; on the command line `--group.NAME.devices.count=3`, where with a scenario file NAME has to
 * be one of its groups: a misspelt one would be another group. Beside the keys of the table the
 * command line knows `--scenario=FILE` and `--help`.
 */
class OptionTable
{
  public:
    /**
     * \param program name for --help and the record
     * \param version of the program
     * \param summary what it does, one sentence
     */
    OptionTable(std::string program, std::string version, std::string summary);

    /** Whether the keys of a section have one value in a run, or each group may have its own. */
    enum class Scope
    {
        RUN,  ///< one value, but for keys that are Option::ForGroups()
        GROUP ///< all of them are for groups
    };

    /**
     * Begins a section; the rows added after it belong to it. An empty name is for keys before all
     * sections.
     */
    OptionTable& AddSection(const std::string& name,
                            const std::string& title,
                            Scope scope = Scope::RUN);

    /**
     * Begins and ends a section whose keys are not in the table, such as attributes of a simulator.
     *
     * In a file `name = value` below `[section]`, on the command line `--section.name=value`.
     */
    OptionTable& AddFreeSection(const std::string& name, const std::string& title);

    /**
     * Lets a scenario have groups, each with its own values for the keys that are for groups.
     *
     * \param what noun for --help, such as "devices"
     */
    OptionTable& AllowGroups(const std::string& what);

    /** Lets the command line have --check; see ScenarioValues::CheckWanted(). */
    OptionTable& AllowCheck();

    /** \return whether it may */
    bool HasCheck() const;

    /**
     * Adds keys to the section that was begun last.
     *
     * \param options as limitnet::keys makes them, with names that have no section
     * \throws std::logic_error when a default is not valid itself, or a key is there already
     */
    OptionTable& Add(std::initializer_list<Option> options);

    /**
     * Reads the command line and the scenario file it names.
     *
     * \throws Error in one line that says where (file:line, or the command line), which key, and
     * what would be right; for an unknown key the nearest one.
     */
    ScenarioValues Parse(int argc, const char* const* argv) const;

    /** The same for arguments without the program's name. */
    ScenarioValues Parse(const std::vector<std::string>& arguments) const;

    /** Prints all keys by section, with what they take, unit, default and help, at most 100 columns
     * wide. */
    void PrintHelp(std::ostream& out) const;

    /** Prints the same as Markdown tables, the content of docs/scenario.md. */
    void PrintMarkdown(std::ostream& out) const;

    /** \return the rows, in order. */
    const std::vector<Option>& Options() const;

  private:
    struct Section
    {
        std::string name;
        std::string title;
        bool free;
        Scope scope;
    };

    void AddOne(Option option);
    const Option* Find(const std::string& key) const;
    /** \return a sentence about an unknown key. */
    std::string Nearest(const std::string& key) const;
    bool IsFree(const std::string& key) const;
    /** \return the keys that groups may have, a section of which all are for groups by its name */
    std::vector<std::string> GroupKeys() const;
    /** Takes a value in. */
    void Take(ScenarioValues& values, const GivenValue& given) const;
    /** \throws Error when a group of the command line is not one of the file's */
    static void CheckGroups(const ScenarioValues& values,
                            const std::string& file,
                            const std::vector<GivenValue>& fromArguments);
    /** Adds a warning for each key of the command line that counts nowhere (Option::OnlyWith()). */
    void WarnOfUnused(ScenarioValues& values, const std::vector<GivenValue>& fromArguments) const;
    /** Takes `group.NAME.key` in. */
    void ReadGroup(ScenarioValues& values,
                   const std::string& key,
                   const std::string& text,
                   const std::string& where) const;

    std::string m_program;
    std::string m_version;
    std::string m_summary;
    std::vector<Section> m_sections;
    std::vector<Option> m_options;
    bool m_hasCheck = false;
    std::string m_groupsOf; // noun; empty: there are no groups
};

} // namespace limitnet

#endif // LIMITNET_SCENARIO_OPTION_TABLE_H
