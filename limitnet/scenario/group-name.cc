// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/group-name.h"

#include <algorithm>
#include <string_view>

namespace limitnet
{

namespace
{

constexpr std::string_view PREFIX = "group.";

} // namespace

std::string
GroupSection(const std::string& name)
{
    return std::string(PREFIX) + name;
}

bool
IsGroup(const std::string& key)
{
    return key.compare(0, PREFIX.size(), PREFIX) == 0;
}

bool
IsGroupName(const std::string& name)
{
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !name.empty() && name != "all" && std::all_of(name.begin(), name.end(), good);
}

std::string
GroupNameOf(const std::string& key)
{
    const std::string rest = key.substr(PREFIX.size());
    return rest.substr(0, rest.find('.'));
}

std::string
KeyInGroup(const std::string& key)
{
    const auto dot = key.find('.', PREFIX.size());
    return dot == std::string::npos ? "" : key.substr(dot + 1);
}

} // namespace limitnet
