// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_RARE_TRACE_H
#define LPWAN_RARE_TRACE_H

#include "ns3/callback.h"
#include "ns3/traced-callback.h"

#include <memory>
#include <string>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * A trace source for objects of which there may be a hundred thousand, to few of which anybody
 * listens: a TracedCallback that costs one pointer until the first sink connects (24 bytes
 * otherwise). MakeTraceSourceAccessor() takes it as it takes a TracedCallback.
 *
 * \tparam Ts arguments of the sinks
 */
template <typename... Ts>
class RareTracedCallback
{
  public:
    /** \param sink called without a context from now on */
    void ConnectWithoutContext(const CallbackBase& sink)
    {
        Sinks().ConnectWithoutContext(sink);
    }

    /** \param sink called from now on \param path its first argument */
    void Connect(const CallbackBase& sink, std::string path)
    {
        Sinks().Connect(sink, path);
    }

    /** \param sink no longer called */
    void DisconnectWithoutContext(const CallbackBase& sink)
    {
        Sinks().DisconnectWithoutContext(sink);
    }

    /** \param sink no longer called \param path what it was connected with */
    void Disconnect(const CallbackBase& sink, std::string path)
    {
        Sinks().Disconnect(sink, path);
    }

    /** \param args what the sinks are told */
    void operator()(Ts... args) const
    {
        if (m_sinks)
        {
            (*m_sinks)(args...);
        }
    }

  private:
    /** \return the sinks, made at first use */
    TracedCallback<Ts...>& Sinks()
    {
        if (!m_sinks)
        {
            m_sinks = std::make_unique<TracedCallback<Ts...>>();
        }
        return *m_sinks;
    }

    std::unique_ptr<TracedCallback<Ts...>> m_sinks;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_RARE_TRACE_H
