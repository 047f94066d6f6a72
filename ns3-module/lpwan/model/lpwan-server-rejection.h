// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_SERVER_REJECTION_H
#define LPWAN_SERVER_REJECTION_H

#include <cstdint>

namespace ns3
{
namespace lpwan
{

/** Why the network server refused a frame. */
enum class ServerRejection : uint8_t
{
    MALFORMED,      //!< no uplink data frame
    UNKNOWN_DEVICE, //!< DevAddr is not registered
    BAD_MIC,        //!< signature does not fit
    OLD_NONCE,      //!< join request with a nonce that is not above the last one
    OLD_COUNTER,    //!< a frame whose counter is not above the last one, and not the last one
};

/**
 * \param reason a reason
 * \return its name, e.g. "bad_mic"
 */
const char* ToString(ServerRejection reason);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_SERVER_REJECTION_H
