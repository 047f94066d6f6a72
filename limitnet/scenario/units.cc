// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/units.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <locale>
#include <sstream>

namespace limitnet
{

namespace
{

/** A unit, and what one of it is in the first unit of its kind. */
struct Unit
{
    const char* name;
    double factor;
};

/// Decibels over a milliwatt have no factor: watts become these by their logarithm.
constexpr double LOGARITHM_OF_MILLIWATT = 1;
constexpr double LOGARITHM_OF_WATT = 1000;

/** Units of one kind; a key is in the first one, or in one that has a line of its own. */
const std::vector<std::vector<Unit>>&
Kinds()
{
    static const std::vector<std::vector<Unit>> kinds{
        {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"min", 60}, {"h", 3600}, {"d", 86400}},
        {{"m", 1}, {"km", 1000}, {"cm", 0.01}},
        {{"dBm", 0}, {"mW", LOGARITHM_OF_MILLIWATT}, {"W", LOGARITHM_OF_WATT}},
        {{"dB", 1}},
        {{"J", 1}, {"mJ", 1e-3}, {"kJ", 1e3}, {"Wh", 3600}, {"mWh", 3.6}},
        {{"W", 1}, {"mW", 1e-3}, {"uW", 1e-6}},
        {{"%", 1}},
        {{"bytes", 1}, {"byte", 1}, {"B", 1}, {"kB", 1000}, {"KiB", 1024}},
        {{"MiB", 1}, {"GiB", 1024}},
        {{"Hz", 1}, {"kHz", 1e3}, {"MHz", 1e6}},
        {{"px", 1}, {"pixels", 1}},
        {{"m/s", 1}, {"km/h", 1 / 3.6}},
        {{"1/d", 1}, {"1/h", 24}},
    };
    return kinds;
}

const std::vector<Unit>*
KindOf(const std::string& unit)
{
    for (const auto& kind : Kinds())
    {
        if (unit == kind.front().name)
        {
            return &kind;
        }
    }
    return nullptr;
}

bool
IsKnown(const std::string& unit)
{
    return std::any_of(Kinds().begin(), Kinds().end(), [&](const auto& kind) {
        return std::any_of(kind.begin(), kind.end(), [&](const Unit& u) { return unit == u.name; });
    });
}

} // namespace

std::vector<std::string>
UnitsLike(const std::string& unit)
{
    std::vector<std::string> names;
    if (const auto* kind = KindOf(unit))
    {
        for (const Unit& u : *kind)
        {
            names.emplace_back(u.name);
        }
    }
    else if (!unit.empty())
    {
        names.push_back(unit);
    }
    return names;
}

std::string
InUnit(const std::string& text, const std::string& unit)
{
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    double value = 0;
    std::string given;
    std::string more;
    if (!(in >> value) || !(in >> given) || in >> more)
    {
        return text; // a number alone, or nothing that this knows
    }
    // "5e3x" and "0x10" are no numbers with units.
    if (!std::isalpha(static_cast<unsigned char>(given.front())) && given != "%")
    {
        return text;
    }
    if (unit.empty())
    {
        throw Error(fmt::format("has no unit, so not {}", given));
    }
    const auto* kind = KindOf(unit);
    const auto found = kind == nullptr ? nullptr : [&]() -> const Unit* {
        for (const Unit& u : *kind)
        {
            if (given == u.name)
            {
                return &u;
            }
        }
        return nullptr;
    }();
    if (given == unit)
    {
        return fmt::format("{:.15g}", value);
    }
    if (found == nullptr)
    {
        throw Error(fmt::format("{} is {}; it is in {}",
                                given,
                                IsKnown(given) ? "the wrong unit" : "no unit that is known",
                                fmt::join(UnitsLike(unit), ", ")));
    }
    if (unit == "dBm")
    {
        if (value <= 0)
        {
            throw Error(fmt::format("{} {} cannot be given in dBm", value, given));
        }
        return fmt::format("{:.15g}", 10 * std::log10(value * found->factor));
    }
    return fmt::format("{:.15g}", value * found->factor);
}

} // namespace limitnet
