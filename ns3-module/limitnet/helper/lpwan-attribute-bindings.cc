// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-attribute-bindings.h"

#include "limitnet/codec/error.h"

#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/double.h"
#include "ns3/nstime.h"
#include "ns3/string.h"
#include "ns3/type-id.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace ns3
{
namespace lpwan
{

namespace
{

using limitnet::ScenarioValues;

/** An attribute that a user names, which may be that of a base class. */
struct NamedAttribute
{
    TypeId named;    //!< class that the user names
    TypeId declared; //!< class that has it
    TypeId::AttributeInformation information;

    /** \return its whole name, where it is declared */
    std::string Name() const
    {
        return declared.GetName() + "::" + information.name;
    }
};

/**
 * \param name class and attribute
 * \param[out] attribute what was found
 * \return whether there is one
 */
bool
FindAttribute(const std::string& name, NamedAttribute& attribute)
{
    const auto colons = name.rfind("::");
    if (colons == std::string::npos ||
        !TypeId::LookupByNameFailSafe(name.substr(0, colons), &attribute.named))
    {
        return false;
    }
    const std::string own = name.substr(colons + 2);
    for (TypeId type = attribute.named;; type = type.GetParent())
    {
        for (std::size_t i = 0; i < type.GetAttributeN(); ++i)
        {
            if (type.GetAttribute(i).name == own)
            {
                attribute.declared = type;
                attribute.information = type.GetAttribute(i);
                return true;
            }
        }
        if (!type.HasParent() || type.GetParent() == type)
        {
            return false;
        }
    }
}

/**
 * \return whether an attribute takes a value. ns-3 3.37 ends the program for many that it cannot
 * read, whatever their type ("8 x" as a number, an unknown type in a pointer's text), so a child
 * process tries.
 */
bool
Takes(const NamedAttribute& attribute, const std::string& value)
{
    const auto& checker = attribute.information.checker;
    const std::string type = checker->GetValueTypeName();
    if (type == "ns3::UintegerValue" && value.find('-') != std::string::npos)
    {
        return false; // it would wrap around
    }
    if (type == "ns3::StringValue" && !checker->Check(StringValue(value)))
    {
        return false; // ns-3 would read it again as text
    }
    std::fflush(nullptr); // or the child writes it as well
    std::cout.flush();
    const pid_t child = fork();
    if (child < 0)
    {
        throw limitnet::Error(std::string("no process can be started: ") + std::strerror(errno));
    }
    if (child == 0)
    {
        std::cerr.rdbuf(nullptr); // what ns-3 says before it ends the program
        std::set_terminate([] { std::_Exit(1); });
        std::_Exit(Config::SetDefaultFailSafe(attribute.Name(), StringValue(value)) ? 0 : 1);
    }
    int status = 1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    {
    }
    return status == 0;
}

/** \return what an attribute wants, such as "uint16_t 1:64" */
std::string
Wanted(const TypeId::AttributeInformation& attribute)
{
    const std::string underlying = attribute.checker->HasUnderlyingTypeInformation()
                                       ? attribute.checker->GetUnderlyingTypeInformation()
                                       : attribute.checker->GetValueTypeName();
    return underlying + " (" + attribute.help + ")";
}

/** \return the classes of these that are one, or come from it */
std::set<std::string>
ClassesBelow(const TypeId& base, const std::set<std::string>& classes)
{
    std::set<std::string> below;
    for (const std::string& name : classes)
    {
        const TypeId type = TypeId::LookupByName(name);
        if (type == base || type.IsChildOf(base))
        {
            below.insert(name);
        }
    }
    return below;
}

std::string
Join(const std::set<std::string>& words, const std::string& between)
{
    std::string text;
    for (const std::string& word : words)
    {
        text += (text.empty() ? "" : between) + word;
    }
    return text;
}

/** \return why setting an attribute's default would do nothing, or too much; empty: it counts */
std::string
Objection(const NamedAttribute& attribute, const std::vector<AttributeBindings>& tables)
{
    std::set<std::string> classes;
    std::set<std::string> keys;
    bool isBound = false;
    for (const AttributeBindings& table : tables)
    {
        classes.insert(table.classes.begin(), table.classes.end());
        for (const AttributeBinding& binding : table.bindings)
        {
            if (binding.attribute == attribute.Name())
            {
                isBound = true;
                if (!binding.key.empty())
                {
                    keys.insert(binding.key);
                }
            }
        }
    }
    if (!keys.empty())
    {
        return "would have no effect, since the scenario sets it by " + Join(keys, " and ") +
               "; use that";
    }
    if (isBound)
    {
        return "would have no effect, since the program itself sets it";
    }
    const auto own = ClassesBelow(attribute.named, classes);
    if (own.empty() || (attribute.information.flags & TypeId::ATTR_CONSTRUCT) == 0)
    {
        return "would have no effect: nothing in this program goes by it";
    }
    const auto all = ClassesBelow(attribute.declared, classes);
    if (all != own)
    {
        return "is one of " + attribute.declared.GetName() + ", and so of " + Join(all, ", ") +
               "; set it for them all by attributes." + attribute.Name();
    }
    return "";
}

} // namespace

AttributeBinding
BindReal(const std::string& attribute, const std::string& key)
{
    return {attribute, key, [key](const ScenarioValues& values) -> Ptr<AttributeValue> {
                return Create<DoubleValue>(values.Real(key));
            }};
}

AttributeBinding
BindSeconds(const std::string& attribute, const std::string& key)
{
    return {attribute, key, [key](const ScenarioValues& values) -> Ptr<AttributeValue> {
                return Create<TimeValue>(Seconds(values.Real(key)));
            }};
}

AttributeBinding
BindWhole(const std::string& attribute, const std::string& key)
{
    return {attribute, key, [key](const ScenarioValues& values) -> Ptr<AttributeValue> {
                return Create<UintegerValue>(static_cast<uint64_t>(values.Int(key)));
            }};
}

AttributeBinding
BindFlag(const std::string& attribute, const std::string& key)
{
    return {attribute, key, [key](const ScenarioValues& values) -> Ptr<AttributeValue> {
                return Create<BooleanValue>(values.Bool(key));
            }};
}

AttributeBinding
BindText(const std::string& attribute, const std::string& key)
{
    return {attribute, key, [key](const ScenarioValues& values) -> Ptr<AttributeValue> {
                return Create<StringValue>(values.Text(key));
            }};
}

AttributeBinding
BindChoice(const std::string& attribute,
           const std::string& key,
           const std::map<std::string, std::string>& names)
{
    return {attribute, key, [key, names](const ScenarioValues& values) -> Ptr<AttributeValue> {
                return Create<StringValue>(names.at(values.Text(key)));
            }};
}

AttributeBinding
BindElsewhere(const std::string& attribute, const std::string& key)
{
    return {attribute, key, {}};
}

void
SetBoundAttributes(
    const AttributeBindings& table,
    const std::string& className,
    const limitnet::ScenarioValues& values,
    const std::function<void(const std::string& name, const AttributeValue& value)>& set)
{
    const std::string prefix = className + "::";
    for (const AttributeBinding& binding : table.bindings)
    {
        if (!binding.value || binding.attribute.rfind(prefix, 0) != 0)
        {
            continue;
        }
        if (const auto value = binding.value(values))
        {
            set(binding.attribute.substr(prefix.size()), *value);
        }
    }
}

void
SetAttributeDefaults(const limitnet::ScenarioValues& values,
                     const std::vector<AttributeBindings>& tables)
{
    for (const auto& [name, value] : values.Free("attributes"))
    {
        const std::string full = name.rfind("ns3::", 0) == 0 ? name : "ns3::" + name;
        const std::string key = "attributes." + name;
        const std::string what = values.Where(key) + key + " = " + value;
        NamedAttribute attribute;
        if (!FindAttribute(full, attribute))
        {
            throw limitnet::Error(what + ": ns-3 has no such attribute");
        }
        if (!Takes(attribute, value))
        {
            throw limitnet::Error(what + ": ns-3 does not take this value; has to be " +
                                  Wanted(attribute.information));
        }
        if (const auto objection = Objection(attribute, tables); !objection.empty())
        {
            throw limitnet::Error(what + ": " + objection);
        }
        Config::SetDefault(attribute.Name(), StringValue(value));
    }
}

} // namespace lpwan
} // namespace ns3
