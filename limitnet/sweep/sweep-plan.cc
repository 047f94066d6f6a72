// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/sweep-plan.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/lorawan-cell-options.h"
#include "limitnet/scenario/offloading-options.h"
#include "limitnet/scenario/version.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fstream>
#include <locale>
#include <optional>
#include <regex>
#include <sstream>
#include <unordered_set>

namespace limitnet
{

namespace
{

const std::string SECTION = "sweep";
constexpr std::size_t MAX_VALUES = 100000;

std::string
Trim(const std::string& text)
{
    const auto first = text.find_first_not_of(" \t\r");
    const auto last = text.find_last_not_of(" \t\r");
    return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::vector<std::string>
Split(const std::string& text, const std::string& separator)
{
    std::vector<std::string> parts;
    std::size_t start = 0;
    for (std::size_t end = 0; end != std::string::npos; start = end + separator.size())
    {
        end = text.find(separator, start);
        parts.push_back(Trim(text.substr(start, end == std::string::npos ? end : end - start)));
    }
    return parts;
}

std::optional<double>
NumberOf(const std::string& text)
{
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    double value = 0;
    return in >> value && in.peek() == std::istringstream::traits_type::eof() &&
                   std::isfinite(value)
               ? std::optional(value)
               : std::nullopt;
}

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
    // The last value is the end, if the steps meet it but for rounding.
    const double count = std::floor((*to - *from) / *step + 1e-9) + 1;
    if (count > MAX_VALUES)
    {
        throw Error(where + word + ": has more than 100000 values");
    }
    for (double i = 0; i < count; ++i)
    {
        values.push_back(fmt::format("{:.12g}", *from + i * *step));
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
    std::getline(in, first);
    std::smatch found;
    static const std::regex program("limitnet-[a-z-]+");
    const bool named = first.rfind('#', 0) == 0 && std::regex_search(first, found, program);
    return named ? found.str() : "limitnet-lora-scenario";
}

OptionTable
OptionsOfProgram(const std::string& program)
{
    if (program == "limitnet-lora-scenario")
    {
        return OffloadingOptions(OffloadingLinks::LORA, Version());
    }
    if (program == "limitnet-nbiot-scenario")
    {
        return OffloadingOptions(OffloadingLinks::NBIOT, Version());
    }
    if (program == "limitnet-mixed-scenario")
    {
        return OffloadingOptions(OffloadingLinks::MIXED, Version());
    }
    if (program == "limitnet-lorawan-cell")
    {
        return LorawanCellOptions(Version());
    }
    throw Error(program +
                ": no program that runs scenarios; there are limitnet-lora-scenario, "
                "limitnet-nbiot-scenario, limitnet-mixed-scenario, limitnet-lorawan-cell");
}

SweepPlan::SweepPlan(const std::filesystem::path& file)
    : m_program(ProgramOfScenario(file))
{
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
    bool inside = false;
    bool any = false;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);)
    {
        ++number;
        const std::string content = Trim(line.substr(0, line.find('#')));
        if (!content.empty() && content.front() == '[')
        {
            inside = content == "[" + SECTION + "]";
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
    }
    if (!any)
    {
        throw Error(file.string() + ": has no section [sweep]; run it with " + m_program);
    }
    if (m_runs.empty())
    {
        m_runs = {base.Text("run")};
    }
    for (const SweepAxis& axis : m_axes)
    {
        for (const auto& [key, value] : base.All())
        {
            const std::string ending = '.' + axis.key;
            if (key.rfind("group.", 0) == 0 && key.size() > ending.size() &&
                key.compare(key.size() - ending.size(), ending.size(), ending) == 0)
            {
                throw Error(
                    fmt::format("{}: {} is swept, but {} = {} has its own value; sweep that",
                                file.string(),
                                axis.key,
                                key,
                                value));
            }
        }
        if (m_zip && axis.values.size() != m_axes.front().values.size())
        {
            throw Error(
                fmt::format("{}: mode = zip needs as many values for {} as for {}: {}, not {}",
                            file.string(),
                            axis.key,
                            m_axes.front().key,
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
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < values.size(); ++i)
    {
        try
        {
            const auto parsed = table.Parse({"--" + name + "=" + values[i]});
            values[i] = isRun ? std::to_string(parsed.Int(name)) : values[i];
        }
        catch (const Error& error)
        {
            // "command line: what is wrong" becomes "file:line: what is wrong".
            const std::string message = error.what();
            const auto colon = message.find(": ");
            throw Error(where + (colon == std::string::npos ? message : message.substr(colon + 2)));
        }
        if (!seen.insert(values[i]).second)
        {
            throw Error(where + name + ": the value " + values[i] + " is there twice");
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
