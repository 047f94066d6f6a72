// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/text-parts.h"

#include <algorithm>
#include <cmath>

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

std::string
Join(const std::vector<std::string>& words, const std::string& between)
{
    std::string text;
    for (const std::string& word : words)
    {
        text += (text.empty() ? "" : between) + word;
    }
    return text;
}

std::optional<double>
NumberOf(const std::string& text)
{
    const bool hasPlus =
        text.size() > 1 && text[0] == '+' && text.find_first_of(".0123456789") == 1;
    double number = 0;
    return ParseNumber(hasPlus ? text.substr(1) : text, number) && std::isfinite(number)
               ? std::optional(number)
               : std::nullopt;
}

std::size_t
EditDistance(const std::string& a, const std::string& b)
{
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
    {
        for (std::size_t j = 0; j <= b.size(); ++j)
        {
            if (i == 0 || j == 0)
            {
                cost[i][j] = i + j;
                continue;
            }
            cost[i][j] = std::min({cost[i - 1][j] + 1,
                                   cost[i][j - 1] + 1,
                                   cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

} // namespace limitnet
