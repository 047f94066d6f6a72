// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-server-rejection.h"

namespace ns3
{
namespace lpwan
{

const char*
ToString(ServerRejection reason)
{
    switch (reason)
    {
    case ServerRejection::MALFORMED:
        return "malformed";
    case ServerRejection::UNKNOWN_DEVICE:
        return "unknown_device";
    case ServerRejection::BAD_MIC:
        return "bad_mic";
    case ServerRejection::OLD_NONCE:
        return "old_nonce";
    case ServerRejection::OLD_COUNTER:
        return "old_counter";
    }
    return "unknown";
}

} // namespace lpwan
} // namespace ns3
