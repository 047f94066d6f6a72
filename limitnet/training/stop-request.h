// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_STOP_REQUEST_H
#define LIMITNET_TRAINING_STOP_REQUEST_H

#include <atomic>
#include <csignal>

namespace limitnet
{

/** Exit status of a trainer that was asked to stop, as of a program that SIGINT ended. */
constexpr int STOPPED_STATUS = 130;

/**
 * From the first call on, SIGINT (Ctrl-C) and SIGTERM ask to stop; a second one ends the program at
 * once.
 *
 * \return what becomes true then
 */
inline const std::atomic<bool>&
StopRequest()
{
    static std::atomic<bool> requested{false};
    static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");
    const auto handler = [](int signal) {
        requested = true;
        std::signal(signal, SIG_DFL);
    };
    std::signal(SIGINT, handler);
    std::signal(SIGTERM, handler);
    return requested;
}

} // namespace limitnet

#endif // LIMITNET_TRAINING_STOP_REQUEST_H
