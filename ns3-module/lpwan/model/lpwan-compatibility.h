// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_COMPATIBILITY_H
#define LPWAN_COMPATIBILITY_H

/**
 * \file
 * What differs between releases of ns-3 and is used by the modules or their tests. They are written
 * for ns-3's interface of 3.37 and later; wscript-bridge/ defines LPWAN_WAF for releases up to 3.35
 * and includes this file before everything else.
 */

#ifdef LPWAN_WAF
#include "ns3/event-impl.h"

#include <type_traits>
#include <utility>

namespace ns3
{

/**
 * An event that calls a functor, a lambda expression for one: Simulator::Schedule() took functions
 * and methods only. It finds this where it is declared before simulator.h.
 *
 * \param function what is to be called, without arguments
 * \return the event
 */
template <typename F, std::enable_if_t<std::is_class<F>::value, int> = 0>
EventImpl*
MakeEvent(F function)
{
    class FunctorEvent : public EventImpl
    {
      public:
        explicit FunctorEvent(F function)
            : m_function(std::move(function))
        {
        }

      private:
        void Notify() override
        {
            m_function();
        }

        F m_function;
    };

    return new FunctorEvent(std::move(function));
}

} // namespace ns3
#endif

#include "ns3/attribute.h"
#include "ns3/callback.h"
#include "ns3/enum.h"
#include "ns3/object-base.h"
#include "ns3/ptr.h"
#include "ns3/simple-ref-count.h"

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace ns3
{
namespace lpwan
{

/** A function that a callback owns. */
template <typename R, typename... Ts>
class CallbackFunction : public SimpleRefCount<CallbackFunction<R, Ts...>>
{
  public:
    /** \param function what Call() calls */
    explicit CallbackFunction(std::function<R(Ts...)> function)
        : m_function(std::move(function))
    {
    }

    /** \param args the function's arguments \return its result */
    R Call(Ts... args)
    {
        return m_function(std::forward<Ts>(args)...);
    }

  private:
    std::function<R(Ts...)> m_function;
};

/**
 * A callback of a functor, which Callback's constructor takes since 3.36 only.
 *
 * \tparam R result
 * \tparam Ts arguments
 * \tparam F \deduced the functor
 * \param function what is to be called
 * \return the callback, which owns a copy
 */
template <typename R, typename... Ts, typename F>
Callback<R, Ts...>
CallbackOf(F function)
{
    return MakeCallback(&CallbackFunction<R, Ts...>::Call,
                        Create<CallbackFunction<R, Ts...>>(std::move(function)));
}

// --- attributes that are enumerations ---

/** ns-3's EnumValue of an enumeration: one class for all of them up to 3.41. */
template <typename E, typename = void>
struct EnumValueType
{
    using Type = decltype(EnumValue(0)); //!< the class
};

/** The same since 3.42, where EnumValue is a template. */
template <typename E>
struct EnumValueType<E, std::void_t<decltype(EnumValue(std::declval<E>()))>>
{
    using Type = decltype(EnumValue(std::declval<E>())); //!< the class
};

/** What holds the value of an attribute that is an enumeration. */
template <typename E>
using EnumValueOf = typename EnumValueType<E>::Type;

/** What EnumValueOf keeps: the enumeration itself, or a number. */
template <typename E>
using EnumKept = decltype(std::declval<EnumValueOf<E>>().Get());

/** \param value of an enumeration \return it as an attribute's value */
template <typename E>
EnumValueOf<E>
MakeEnumValue(E value)
{
    return EnumValueOf<E>(static_cast<EnumKept<E>>(value));
}

/**
 * \param values of an enumeration, each followed by its name; the first one is the default
 * \return the checker of an attribute that takes them
 */
template <typename E, typename... Ts>
Ptr<const AttributeChecker>
MakeCheckerOfEnum(E first, const std::string& name, Ts... values)
{
    const auto kept = [](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, E>)
        {
            return static_cast<EnumKept<E>>(value);
        }
        else
        {
            return std::string(value);
        }
    };
    return MakeEnumChecker(kept(first), name, kept(values)...);
}

/** Access to an attribute that is an enumeration; ns-3's own takes no enum class before 3.42. */
template <typename C, typename E>
class EnumAccessor : public AttributeAccessor
{
  public:
    /** \param set sets the attribute \param get reads it */
    EnumAccessor(void (C::*set)(E), E (C::*get)() const)
        : m_set(set),
          m_get(get)
    {
    }

    bool Set(ObjectBase* object, const AttributeValue& value) const override
    {
        auto* owner = dynamic_cast<C*>(object);
        const auto* held = dynamic_cast<const EnumValueOf<E>*>(&value);
        if (owner == nullptr || held == nullptr)
        {
            return false;
        }
        (owner->*m_set)(static_cast<E>(held->Get()));
        return true;
    }

    bool Get(const ObjectBase* object, AttributeValue& value) const override
    {
        const auto* owner = dynamic_cast<const C*>(object);
        auto* held = dynamic_cast<EnumValueOf<E>*>(&value);
        if (owner == nullptr || held == nullptr)
        {
            return false;
        }
        held->Set(static_cast<EnumKept<E>>((owner->*m_get)()));
        return true;
    }

    bool HasGetter() const override
    {
        return true;
    }

    bool HasSetter() const override
    {
        return true;
    }

  private:
    void (C::*m_set)(E);
    E (C::*m_get)() const;
};

/** \param set sets an attribute \param get reads it \return access to it */
template <typename C, typename E>
Ptr<const AttributeAccessor>
MakeAccessorOfEnum(void (C::*set)(E), E (C::*get)() const)
{
    return Ptr<const AttributeAccessor>(new EnumAccessor<C, E>(set, get), false);
}

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_COMPATIBILITY_H
