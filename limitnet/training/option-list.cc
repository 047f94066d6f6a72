// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/option-list.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/text.h"

#include <algorithm>
#include <sstream>
#include <type_traits>

namespace limitnet
{

template <typename Number>
void
OptionList::AddNumber(const std::string& name, Number& target, const std::string& help)
{
    Option option;
    option.name = name;
    option.help = help;
    option.defaultText = Text(target);
    option.set = [name, &target](const std::string& text) {
        std::istringstream in(text);
        Number value{};
        const bool negative = text.find('-') == 0;
        if (!(in >> value) || !in.eof() || (negative && std::is_unsigned_v<Number>))
        {
            throw Error(Text("--",
                             name,
                             "=",
                             text,
                             ": has to be ",
                             std::is_floating_point_v<Number> ? "a number" : "a whole number",
                             std::is_unsigned_v<Number> ? ", 0 or more" : ""));
        }
        target = value;
    };
    m_options.push_back(option);
}

void
OptionList::Add(const std::string& name, int64_t& target, const std::string& help)
{
    AddNumber(name, target, help);
}

void
OptionList::Add(const std::string& name, int& target, const std::string& help)
{
    AddNumber(name, target, help);
}

void
OptionList::Add(const std::string& name, uint64_t& target, const std::string& help)
{
    AddNumber(name, target, help);
}

void
OptionList::Add(const std::string& name, double& target, const std::string& help)
{
    AddNumber(name, target, help);
}

void
OptionList::Add(const std::string& name, std::string& target, const std::string& help)
{
    m_options.push_back(
        {name, help, target, false, false, [&target](const std::string& text) { target = text; }});
}

void
OptionList::Add(const std::string& name, std::filesystem::path& target, const std::string& help)
{
    m_options.push_back(
        {name, help, target.string(), false, false, [&target](const std::string& text) {
             target = text;
         }});
}

void
OptionList::Add(const std::string& name, std::vector<std::string>& target, const std::string& help)
{
    m_options.push_back({name, help, "", true, false, [&target](const std::string& text) {
                             target.push_back(text);
                         }});
}

void
OptionList::Add(const std::string& name,
                std::vector<std::filesystem::path>& target,
                const std::string& help)
{
    m_options.push_back({name, help, "", true, false, [&target](const std::string& text) {
                             target.emplace_back(text);
                         }});
}

void
OptionList::Require()
{
    m_options.back().required = true;
}

bool
OptionList::Parse(const std::vector<std::string>& arguments) const
{
    for (const auto& argument : arguments)
    {
        if (argument == "--help" || argument == "-h")
        {
            return false;
        }
    }
    std::vector<std::string> given;
    for (size_t i = 0; i < arguments.size(); ++i)
    {
        const auto& argument = arguments[i];
        const auto equals = argument.find('=');
        const auto name = argument.substr(0, equals);
        const auto found =
            std::find_if(m_options.begin(), m_options.end(), [&](const Option& option) {
                return name == "--" + option.name;
            });
        if (found == m_options.end())
        {
            throw Error(Text("'", name, "' is no option here (see --help)"));
        }
        if (equals == std::string::npos && i + 1 == arguments.size())
        {
            throw Error(Text(name, ": needs a value (see --help)"));
        }
        if (!found->repeated && std::count(given.begin(), given.end(), found->name) > 0)
        {
            throw Error(Text(name, ": is given twice"));
        }
        given.push_back(found->name);
        found->set(equals == std::string::npos ? arguments[++i] : argument.substr(equals + 1));
    }
    for (const auto& option : m_options)
    {
        if (option.required && std::count(given.begin(), given.end(), option.name) == 0)
        {
            throw Error(Text("--", option.name, " has to be given (see --help)"));
        }
    }
    return true;
}

std::string
OptionList::Help() const
{
    std::string text;
    for (const auto& option : m_options)
    {
        auto name = "  --" + option.name;
        name.resize(std::max<size_t>(name.size() + 2, 26), ' ');
        text += Text(name, option.help);
        text += option.defaultText.empty() ? "" : Text(" (", option.defaultText, ")");
        text += '\n';
    }
    return text;
}

} // namespace limitnet
