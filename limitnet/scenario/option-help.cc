// SPDX-License-Identifier: GPL-2.0-only
// What an OptionTable prints: --help and the pages of docs/.
#include "limitnet/scenario/option-table.h"
#include "limitnet/scenario/text-parts.h"

#include <algorithm>
#include <ostream>

namespace limitnet
{

namespace
{

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
        PrintWrapped(out, Join(GroupKeys(), ", "), 6);
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
        << "<!-- Written from the program's own table; a test compares the two. -->\n\n";
    PrintWrapped(out, m_summary, 0);
    out << '\n';
    PrintWrapped(
        out,
        "In a scenario file a key stands below its section, `[devices]` then `count = 20`, "
        "and `#` begins a comment; on the command line it is `--devices.count=20`. The "
        "command line wins over the file, the file over the default. `--scenario=FILE` "
        "reads a file, or one of the project's own scenarios by its name "
        "(`--scenario=NAME`), `--help` prints these keys" +
            std::string(m_hasCheck ? ", `--check` says what would be simulated" : "") +
            ". Every run leaves its `scenario.ini`, which repeats it.",
        0);
    out << '\n';
    PrintWrapped(out,
                 "A number may have a unit, which is changed to the key's: `radius_m = 1.5 km`, "
                 "`period_s = 10 min`, `tx_power_dbm = 25 mW`. `include = other.ini` before all "
                 "sections takes the keys of another file, seen from the one that includes it, as "
                 "if they came first; every other relative file name is seen from the folder in "
                 "which the program runs. `limitnet-sweep` runs a file with many values for a key "
                 "(`docs/sweep.md`).",
                 0);
    if (!m_groupsOf.empty())
    {
        std::string text =
            "A section `[group.NAME]` describes a group of " + m_groupsOf +
            ": its keys are written whole, `devices.count = 3`, and hold for this group alone, "
            "before what the command line says outside it; what it does not name is as outside. "
            "With groups there are no other " +
            m_groupsOf +
            ". On the command line: `--group.NAME.devices.count=3`, for a group that the file "
            "has; without a file this begins a group. A group may have its own: ";
        const char* separator = "";
        for (const std::string& key : GroupKeys())
        {
            const bool whole = key.find('.') == std::string::npos;
            text += separator + std::string(whole ? "all of `" : "`") + key + '`';
            separator = ", ";
        }
        out << "\n## Groups\n\n";
        PrintWrapped(out, text + ".", 0);
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
