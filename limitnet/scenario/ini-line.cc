// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/ini-line.h"

#include "limitnet/scenario/text-parts.h"

namespace limitnet
{

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
