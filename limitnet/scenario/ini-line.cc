// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/ini-line.h"

namespace limitnet
{

std::string
Trim(const std::string& text)
{
    const char* const space = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(space);
    const auto last = text.find_last_not_of(space);
    return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::string
IniContent(const std::string& line)
{
    return Trim(line.substr(0, line.find('#')));
}

std::optional<std::string>
IniSection(const std::string& content)
{
    if (content.size() < 2 || content.front() != '[' || content.back() != ']')
    {
        return std::nullopt;
    }
    return Trim(content.substr(1, content.size() - 2));
}

} // namespace limitnet
