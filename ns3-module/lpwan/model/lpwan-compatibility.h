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

#include "ns3/callback.h"
#include "ns3/ptr.h"
#include "ns3/simple-ref-count.h"

#include <functional>
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

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_COMPATIBILITY_H
