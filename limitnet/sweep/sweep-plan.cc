// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/sweep-plan.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/byte-order-mark.h"
#include "limitnet/scenario/find-scenario.h"
#include "limitnet/scenario/ini-line.h"
#include "limitnet/scenario/lorawan-cell-options.h"
#include "limitnet/scenario/offloading-options.h"
#include "limitnet/scenario/text-parts.h"
#include "limitnet/scenario/version.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <sstream>

namespace limitnet
{

namespace
{

const std::string SECTION = "sweep";
constexpr std::size_t MAX_VALUES = 100000;

/** Adds the values that a word of a list stands for. */
void
Expand(const std::string& word, const std::string& where, std::vector<std::string>& values)
{
    const auto parts = Split(word, "..");
    const auto from = NumberOf(parts.front());
    if (parts.size() == 1 || parts.size() > 3 || !from)
    {
        values.push_back(word); // no range
        return;
    }
    const auto to = NumberOf(parts[1]);
    const auto step = parts.size() == 3 ? NumberOf(parts[2]) : 1;
    if (!to || !step || *step <= 0 || *to < *from)
    {
        throw Error(where + word + ": a range is from..to or from..to..step, upwards");
    }
    const double steps = (*to - *from) / *step;
    if (steps >= MAX_VALUES)
    {
        throw Error(where + word + ": has more than 100000 values");
    }
    constexpr double ROUNDING = 1e-6; // of decimal numbers such as 0.1
    if (std::abs(steps - std::round(steps)) > ROUNDING)
    {
        const auto ending = [&](double i) {
            return fmt::format("{:.12g}..{:.12g}..{:.12g}", *from, *from + i * *step, *step);
        };
        throw Error(where + word + ": the steps do not meet the end; has to be such as " +
                    ending(std::floor(steps)) + " or " + ending(std::ceil(steps)));
    }
    for (double i = 0; i <= std::round(steps); ++i)
    {
        values.push_back(fmt::format("{:.12g}", *from + i * *step));
    }
}

/** A value of a key, as it is used. */
struct UsedValue
{
    std::string text;       //!< as in a run's scenario.ini
    std::string comparable; //!< the same for all ways to write a number
};

/** \return the value of the key that the arguments gave to \p parsed, which read \p text */
UsedValue
ValueOf(const std::string& key,
        const std::string& text,
        const ScenarioValues& parsed,
        const OptionTable& table)
{
    const std::string group = "group.";
    const bool ofGroup = key.rfind(group, 0) == 0;
    const std::string name = ofGroup ? key.substr(key.find('.', group.size()) + 1) : key;
    const auto& options = table.Options();
    const auto option = std::find_if(options.begin(), options.end(), [&](const Option& candidate) {
        return candidate.key == name;
    });
    if (option == options.end())
    {
        return {text, text}; // of a free section
    }
    const ScenarioValues values = ofGroup ? parsed.Groups().front().second : parsed;
    const std::string& used = values.Text(name);
    switch (option->type)
    {
    case Option::Type::INTEGER:
        return {used, std::to_string(values.Int(name))};
    case Option::Type::REAL:
        return {used, fmt::format("{}", values.Real(name) + 0.0)}; // + 0: -0 is 0
    case Option::Type::REAL_LIST:
        return {used, fmt::format("{}", fmt::join(values.Reals(name), ","))};
    default:
        return {used, used};
    }
}

} // namespace

std::string
ProgramOfScenario(const std::filesystem::path& file)
{
    std::ifstream in(file);
    std::string first;
    if (!in)
    {
        throw Error(file.string() + ": no such file, or it cannot be read");
    }
    SkipByteOrderMark(in);
    std::getline(in, first);
    std::smatch found;
    static const std::regex program("limitnet-[a-z-]+");
    const bool named = first.rfind('#', 0) == 0 && std::regex_search(first, found, program);
    return named ? found.str() : "limitnet-lora-scenario";
}

OptionTable
OptionsOfProgram(const std::string& program)
{
    std::string names;
    for (const auto& known : OffloadingPrograms())
    {
        if (program == known.FullName())
        {
            return OffloadingOptions(known, Version());
        }
        names += known.FullName() + ", ";
    }
    if (program == "limitnet-lorawan-cell")
    {
        return LorawanCellOptions(Version());
    }
    throw Error(program + ": no program that runs scenarios; there are " + names +
                "limitnet-lorawan-cell");
}

SweepPlan::SweepPlan(const std::filesystem::path& given)
    : m_file(FindScenario(given.string())),
      m_program(ProgramOfScenario(m_file))
{
    const std::filesystem::path& file = m_file;
    OptionTable table = OptionsOfProgram(m_program);
    table.AddFreeSection(SECTION, "Values of a sweep");
    // Whatever is wrong outside [sweep] is said as the program says it.
    const auto base = table.Parse({"--scenario=" + file.string()});
    m_name = base.Text("scenario.name");
    for (const auto& [key, value] : base.All())
    {
        m_values += key + " = " + value + '\n'; // those of included files too
    }
    std::ifstream in(file);
    SkipByteOrderMark(in);
    std::vector<std::size_t> lines; // of the axes
    bool inside = false;
    bool any = false;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);)
    {
        ++number;
        const std::string content = IniContent(line);
        if (const auto section = IniSection(content))
        {
            inside = *section == SECTION;
            any = any || inside;
        }
        if (!inside)
        {
            // The base stands in another folder, from where an included file is seen otherwise.
            const auto equals = content.find('=');
            const bool includes =
                equals != std::string::npos && Trim(content.substr(0, equals)) == "include";
            m_base +=
                includes ? "include = " + std::filesystem::absolute(
                                              file.parent_path() / Trim(content.substr(equals + 1)))
                                              .string()
                         : line;
            m_base += '\n';
            continue;
        }
        m_base += '\n'; // so that lines keep their numbers
        const auto equals = content.find('=');
        if (content.empty() || content.front() == '[')
        {
            continue;
        }
        const std::string where = fmt::format("{}:{}: ", file.string(), number);
        if (equals == std::string::npos)
        {
            throw Error(where + content + ": neither [section] nor key = value");
        }
        ReadSweep(Trim(content.substr(0, equals)), Trim(content.substr(equals + 1)), where, table);
        lines.resize(m_axes.size(), number);
    }
    if (!any)
    {
        throw Error(file.string() + ": has no section [sweep]; run it with " + m_program);
    }
    if (m_runs.empty())
    {
        m_runs = {base.Text("run")};
    }
    for (std::size_t a = 0; a < m_axes.size(); ++a)
    {
        const SweepAxis& axis = m_axes[a];
        for (const auto& [key, value] : base.All())
        {
            const std::string ending = '.' + axis.key;
            if (key.rfind("group.", 0) == 0 && key.size() > ending.size() &&
                key.compare(key.size() - ending.size(), ending.size(), ending) == 0)
            {
                throw Error(
                    fmt::format("{}:{}: {} is swept, but {} = {} has its own value; sweep that",
                                file.string(),
                                lines[a],
                                axis.key,
                                key,
                                value));
            }
        }
        if (m_zip && axis.values.size() != m_axes.front().values.size())
        {
            throw Error(
                fmt::format("{}:{}: mode = zip needs as many values for {} as for {} in line {}: "
                            "{}, not {}",
                            file.string(),
                            lines[a],
                            axis.key,
                            m_axes.front().key,
                            lines.front(),
                            m_axes.front().values.size(),
                            axis.values.size()));
        }
    }
    constexpr std::size_t MAX_RUNS = 1000000;
    double runs = static_cast<double>(m_runs.size());
    for (const SweepAxis& axis : m_axes)
    {
        runs *= m_zip && &axis != &m_axes.front() ? 1 : static_cast<double>(axis.values.size());
    }
    if (runs > MAX_RUNS)
    {
        throw Error(fmt::format("{}: a sweep of {:.0f} runs; at most {} are possible",
                                file.string(),
                                runs,
                                MAX_RUNS));
    }
}

void
SweepPlan::ReadSweep(const std::string& name,
                     const std::string& value,
                     const std::string& where,
                     const OptionTable& table)
{
    if (name == "mode")
    {
        if (value != "grid" && value != "zip")
        {
            throw Error(where + "mode = " + value + ": has to be grid or zip");
        }
        m_zip = value == "zip";
        return;
    }
    if (name == "out" || name == "scenario.name")
    {
        throw Error(where + name + ": the sweep itself says where each run's results go");
    }
    const bool isRun = name == "run";
    const bool twice = (isRun && !m_runs.empty()) ||
                       std::any_of(m_axes.begin(), m_axes.end(), [&](const SweepAxis& a) {
                           return a.key == name;
                       });
    if (twice)
    {
        throw Error(where + name + ": is there twice");
    }
    const bool bars = value.find('|') != std::string::npos;
    std::vector<std::string> values;
    for (const std::string& word : Split(value, bars ? "|" : ","))
    {
        Expand(word, where, values);
    }
    std::map<std::string, std::string> seen; // as it was written, by what it is
    for (std::size_t i = 0; i < values.size(); ++i)
    {
        const std::string written = values[i];
        UsedValue used;
        try
        {
            const std::string argument = "--" + name + "=" + written;
            if (i == 0)
            {
                table.Parse({"--scenario=" + m_file.string(), argument}); // has it such a group?
            }
            used = ValueOf(name, written, table.Parse({argument}), table);
            values[i] = isRun ? used.comparable : used.text;
        }
        catch (const Error& error)
        {
            // "command line: what is wrong" becomes "file:line: what is wrong".
            const std::string message = error.what();
            const auto colon = message.find(": ");
            throw Error(where + (colon == std::string::npos ? message : message.substr(colon + 2)));
        }
        const auto [first, isNew] = seen.emplace(used.comparable, written);
        if (!isNew)
        {
            throw Error(where + name + ": the value " + written + " is there twice" +
                        (first->second == written ? "" : ", first as " + first->second));
        }
    }
    if (isRun)
    {
        m_runs = values;
    }
    else
    {
        m_axes.push_back({name, values});
    }
}

const std::filesystem::path&
SweepPlan::File() const
{
    return m_file;
}

const std::string&
SweepPlan::Program() const
{
    return m_program;
}

const std::string&
SweepPlan::Name() const
{
    return m_name;
}

const std::string&
SweepPlan::BaseText() const
{
    return m_base;
}

const std::vector<SweepAxis>&
SweepPlan::Axes() const
{
    return m_axes;
}

const std::vector<std::string>&
SweepPlan::Runs() const
{
    return m_runs;
}

std::size_t
SweepPlan::PointCount() const
{
    std::size_t count = 1;
    for (const SweepAxis& axis : m_axes)
    {
        count *= m_zip && &axis != &m_axes.front() ? 1 : axis.values.size();
    }
    return count;
}

std::size_t
SweepPlan::Size() const
{
    return PointCount() * m_runs.size();
}

SweepPlan::Run
SweepPlan::At(std::size_t index) const
{
    Run run;
    run.point = index / m_runs.size();
    run.run = m_runs[index % m_runs.size()];
    std::size_t left = run.point;
    for (auto axis = m_axes.rbegin(); axis != m_axes.rend(); ++axis)
    {
        run.values.push_back(axis->values[m_zip ? left : left % axis->values.size()]);
        left = m_zip ? left : left / axis->values.size();
    }
    std::reverse(run.values.begin(), run.values.end());
    return run;
}

std::vector<std::size_t>
SweepPlan::Sample(std::size_t most) const
{
    std::size_t longest = 1;
    for (const SweepAxis& axis : m_axes)
    {
        longest = std::max(longest, axis.values.size());
    }
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < std::min(longest, most); ++i)
    {
        std::size_t point = m_zip ? i : 0;
        for (const SweepAxis& axis : m_axes)
        {
            const std::size_t count = axis.values.size();
            point = m_zip ? point : point * count + i % count;
        }
        indices.push_back(point * m_runs.size());
    }
    return indices;
}

std::string
SweepPlan::Text() const
{
    std::string text = m_program + (m_zip ? "\nzip\n" : "\ngrid\n");
    for (const SweepAxis& axis : m_axes)
    {
        text += axis.key + " = " + fmt::format("{}", fmt::join(axis.values, " | ")) + '\n';
    }
    return text + "run = " + fmt::format("{}", fmt::join(m_runs, " | ")) + '\n' + m_values + m_base;
}

} // namespace limitnet
