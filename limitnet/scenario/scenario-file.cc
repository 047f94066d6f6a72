// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/scenario-file.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/byte-order-mark.h"
#include "limitnet/scenario/group-name.h"
#include "limitnet/scenario/ini-line.h"
#include "limitnet/scenario/text-parts.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace limitnet
{

namespace
{

const std::string SWEEP = "sweep"; // the section of limitnet-sweep

std::vector<GivenValue>
ReadFile(const std::string& path,
         const std::vector<std::string>& sections,
         const std::vector<std::string>& including)
{
    std::ifstream in(path);
    if (!in)
    {
        throw Error(path + ": the scenario file cannot be read");
    }
    SkipByteOrderMark(in);
    std::vector<std::string> chain = including;
    chain.push_back(path);
    std::vector<GivenValue> given;
    std::vector<GivenValue> included; // before all keys of this file, which win
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
                !section.empty() &&
                std::find(sections.begin(), sections.end(), section) != sections.end();
            if (section == SWEEP && !including.empty())
            {
                throw Error(where + content + ": has to stand in " + including.front() +
                            " itself, not in a file that it includes");
            }
            if (!known)
            {
                std::vector<std::string> names;
                for (const std::string& candidate : sections)
                {
                    if (!candidate.empty())
                    {
                        names.push_back("[" + candidate + "]");
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
            const auto others = ReadFile(other, sections, chain);
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
} // namespace

std::vector<GivenValue>
ReadScenarioFile(const std::string& path, const std::vector<std::string>& sections)
{
    return ReadFile(path, sections, {});
}

} // namespace limitnet
