// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_ATTRIBUTE_BINDINGS_H
#define LPWAN_ATTRIBUTE_BINDINGS_H

#include "limitnet/scenario/option-table.h"

#include "ns3/attribute.h"
#include "ns3/ptr.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A key of a scenario that sets an attribute of ns-3's objects. */
struct AttributeBinding
{
    /** \return the attribute's value; null: it keeps its default */
    using Conversion = std::function<Ptr<AttributeValue>(const limitnet::ScenarioValues& values)>;

    std::string attribute; //!< with its class: "ns3::lpwan::LoraGateway::NoiseFigure"
    std::string key;       //!< or several, in words; empty: the program always sets it the same
    Conversion value;      //!< none: where the object is made something else is done with the key
};

/**
 * What a part of a program, such as a link, does with attributes: in one table which keys set
 * them, from which SetBoundAttributes() sets them and SetAttributeDefaults() refuses what a user
 * wants otherwise.
 */
struct AttributeBindings
{
    /** Classes of the objects that it makes, where all that has no key may be set by a user. */
    std::vector<std::string> classes;
    std::vector<AttributeBinding> bindings;
};

/** \name A binding for a key of some type
 * \param attribute with its class
 * \param key of the scenario
 */
///@{
AttributeBinding BindReal(const std::string& attribute, const std::string& key);
AttributeBinding BindSeconds(const std::string& attribute, const std::string& key);
AttributeBinding BindWhole(const std::string& attribute, const std::string& key);
AttributeBinding BindFlag(const std::string& attribute, const std::string& key);
AttributeBinding BindText(const std::string& attribute, const std::string& key);
/** The attribute has its own names for the key's choices. */
AttributeBinding BindChoice(const std::string& attribute,
                            const std::string& key,
                            const std::map<std::string, std::string>& names);
/** Set where the object is made. */
AttributeBinding BindElsewhere(const std::string& attribute, const std::string& key);
///@}

/**
 * Sets the attributes of a class that have a binding with a value.
 *
 * \param table the bindings
 * \param className such as "ns3::lpwan::LoraGateway"
 * \param values of the scenario, or of a group
 * \param set takes an attribute's name, without its class, and its value
 */
void SetBoundAttributes(
    const AttributeBindings& table,
    const std::string& className,
    const limitnet::ScenarioValues& values,
    const std::function<void(const std::string& name, const AttributeValue& value)>& set);

/**
 * Sets ns-3's defaults of attributes as the free section `attributes` of a scenario says.
 *
 * \param values of the scenario
 * \param tables of all parts of the program
 * \throws limitnet::Error in one line on an attribute that ns-3 does not know, a value that it does
 *         not take, and one that would have no effect: a key sets it, or nothing goes by it
 */
void SetAttributeDefaults(const limitnet::ScenarioValues& values,
                          const std::vector<AttributeBindings>& tables);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_ATTRIBUTE_BINDINGS_H
