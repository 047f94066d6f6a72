// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_TEXT_CHECKER_H
#define LPWAN_TEXT_CHECKER_H

#include "ns3/attribute.h"
#include "ns3/ptr.h"
#include "ns3/string.h"

#include <string>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * Checks a text attribute for what it means, so that Config::SetDefaultFailSafe() and the like
 * refuse a text that the object could not use, instead of an abort when the object is made.
 */
class TextChecker : public AttributeChecker
{
  public:
    /** \param isValid says whether the attribute takes a text */
    explicit TextChecker(bool (*isValid)(const std::string& text))
        : m_isValid(isValid)
    {
    }

    bool Check(const AttributeValue& value) const override
    {
        const auto* text = dynamic_cast<const StringValue*>(&value);
        return text != nullptr && m_isValid(text->Get());
    }

    std::string GetValueTypeName() const override
    {
        return "ns3::StringValue";
    }

    bool HasUnderlyingTypeInformation() const override
    {
        return true;
    }

    std::string GetUnderlyingTypeInformation() const override
    {
        return "std::string";
    }

    Ptr<AttributeValue> Create() const override
    {
        return ns3::Create<StringValue>();
    }

    bool Copy(const AttributeValue& source, AttributeValue& destination) const override
    {
        const auto* from = dynamic_cast<const StringValue*>(&source);
        auto* to = dynamic_cast<StringValue*>(&destination);
        if (from == nullptr || to == nullptr)
        {
            return false;
        }
        *to = *from;
        return true;
    }

  private:
    bool (*m_isValid)(const std::string& text);
};

/**
 * \param isValid says whether the attribute takes a text
 * \return the checker
 */
inline Ptr<const AttributeChecker>
MakeTextChecker(bool (*isValid)(const std::string& text))
{
    return Create<TextChecker>(isValid);
}

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_TEXT_CHECKER_H
