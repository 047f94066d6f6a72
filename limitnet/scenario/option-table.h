// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_OPTION_TABLE_H
#define LIMITNET_SCENARIO_OPTION_TABLE_H

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{

/** One row of the table: a key of a scenario. */
struct Option
{
    /** What values look like. */
    enum class Type
    {
        BOOLEAN,  ///< true or false
        INTEGER,  ///< whole number in minimum .. maximum
        REAL,     ///< number in minimum .. maximum
        TEXT,     ///< anything on one line
        NAME,     ///< of a folder to be made: without '/', no '.' in front
        CHOICE,   ///< one of the choices
        REAL_LIST ///< numbers in minimum .. maximum with commas between, possibly none
    };

    std::string key; ///< "section.name", or "name" for a key that stands before all sections
    Type type = Type::TEXT;
    std::string defaultValue;
    std::string unit; ///< empty when it has none
    double minimum = 0;
    double maximum = 0;
    std::vector<std::string> choices;
    std::string help; ///< one sentence
};

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
     * \return the groups that were given (OptionTable::AllowGroups), in the order in which they
     *         first appear: the name of each, and all values as they are for it; without any, one
     *         that has no name and these values
     */
    std::vector<std::pair<std::string, ScenarioValues>> Groups() const;

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
    bool m_helpWanted = false;
    bool m_checkWanted = false;
};

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

    /** Begins a section; the rows added after it belong to it. An empty name is for keys before all
     * sections. */
    OptionTable& AddSection(const std::string& name, const std::string& title);

    /**
     * Begins and ends a section whose keys are not in the table, such as attributes of a simulator.
     *
     * In a file `name = value` below `[section]`, on the command line `--section.name=value`.
     */
    OptionTable& AddFreeSection(const std::string& name, const std::string& title);

    /**
     * Lets a scenario have groups, each with its own values for some keys.
     *
     * \param what noun for --help, such as "devices"
     * \param keys those keys, or names of sections for all keys of a section
     */
    OptionTable& AllowGroups(const std::string& what, const std::vector<std::string>& keys);

    /** Lets the command line have --check; see ScenarioValues::CheckWanted(). */
    OptionTable& AllowCheck();

    /** \return whether it may */
    bool HasCheck() const;

    /** \name One row
     * \param name without the section
     * \param defaultValue has to be valid itself
     * \throws std::logic_error when it is not, or the key is there already.
     */
    ///@{
    OptionTable& AddBool(const std::string& name, bool defaultValue, const std::string& help);
    OptionTable& AddInt(const std::string& name,
                        std::int64_t defaultValue,
                        std::int64_t minimum,
                        std::int64_t maximum,
                        const std::string& unit,
                        const std::string& help);
    OptionTable& AddReal(const std::string& name,
                         const std::string& defaultValue,
                         double minimum,
                         double maximum,
                         const std::string& unit,
                         const std::string& help);
    OptionTable& AddText(const std::string& name,
                         const std::string& defaultValue,
                         const std::string& help);
    OptionTable& AddName(const std::string& name,
                         const std::string& defaultValue,
                         const std::string& help);
    OptionTable& AddChoice(const std::string& name,
                           const std::string& defaultValue,
                           const std::vector<std::string>& choices,
                           const std::string& unit,
                           const std::string& help);
    OptionTable& AddReals(const std::string& name,
                          const std::string& defaultValue,
                          double minimum,
                          double maximum,
                          const std::string& unit,
                          const std::string& help);
    ///@}

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
    };

    struct Given
    {
        std::string key;
        std::string text;
        std::string where; ///< "file:line: " or "command line: "
    };

    OptionTable& Add(Option option);
    const Option* Find(const std::string& key) const;
    /** \return a sentence about an unknown key. */
    std::string Nearest(const std::string& key) const;
    bool IsFree(const std::string& key) const;
    /** \return whether a group may have its own value for a key */
    bool IsForGroups(const std::string& key) const;
    /** Takes a value in. */
    void Take(ScenarioValues& values, const Given& given) const;
    /** \throws Error when a group of the command line is not one of the file's */
    static void CheckGroups(const ScenarioValues& values,
                            const std::string& file,
                            const std::vector<Given>& fromArguments);
    /** Takes `group.NAME.key` in. */
    void ReadGroup(ScenarioValues& values,
                   const std::string& key,
                   const std::string& text,
                   const std::string& where) const;
    /** Checks a value. \throws Error that begins with \p where. */
    static void Check(const Option& option, const std::string& text, const std::string& where);

    /** \param including the files that include this one, outermost first */
    std::vector<Given> ReadFile(const std::string& path,
                                const std::vector<std::string>& including = {}) const;
    std::vector<Given> ReadArguments(const std::vector<std::string>& arguments,
                                     std::string& file,
                                     bool& help,
                                     bool& check) const;

    std::string m_program;
    std::string m_version;
    std::string m_summary;
    std::vector<Section> m_sections;
    std::vector<Option> m_options;
    bool m_hasCheck = false;
    std::string m_groupsOf;               // noun; empty: there are no groups
    std::vector<std::string> m_groupKeys; // or sections
};

} // namespace limitnet

#endif // LIMITNET_SCENARIO_OPTION_TABLE_H
