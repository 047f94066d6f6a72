// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/command-line.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/text-parts.h"

#include <boost/program_options.hpp>
#include <set>
#include <utility>

namespace limitnet
{

namespace po = boost::program_options;

CommandLine
ReadCommandLine(const std::vector<std::string>& arguments,
                const std::vector<std::string>& keys,
                bool hasCheck)
{
    po::options_description description;
    description.add_options()("help,h", "")("scenario", po::value<std::string>(), "");
    if (hasCheck)
    {
        description.add_options()("check", "");
    }
    for (const std::string& key : keys)
    {
        description.add_options()(key.c_str(), po::value<std::string>(), "");
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
    CommandLine line;
    std::set<std::string> seen;
    for (const auto& [key, text] : pairs)
    {
        if (!seen.insert(key).second)
        {
            throw Error(where + "--" + key + " is given twice");
        }
        if (key == "help")
        {
            line.helpWanted = true;
        }
        else if (key == "check" && hasCheck)
        {
            line.checkWanted = true;
        }
        else if (key == "scenario")
        {
            if (text.empty())
            {
                throw Error(where + "--scenario=: has to name a scenario file");
            }
            line.file = text;
        }
        else
        {
            line.given.push_back({key, Trim(text), where});
        }
    }
    return line;
}
} // namespace limitnet
