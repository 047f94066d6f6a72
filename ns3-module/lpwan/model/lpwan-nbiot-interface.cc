// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-interface.h"

namespace ns3
{
namespace lpwan
{

const char*
ToString(NbiotStage stage)
{
    switch (stage)
    {
    case NbiotStage::ACCESS_WAIT:
        return "access wait";
    case NbiotStage::ACCESS:
        return "access";
    case NbiotStage::SCHEDULING:
        return "scheduling";
    case NbiotStage::TRANSMISSION:
        return "transmission";
    case NbiotStage::RETRANSMISSION:
        return "retransmission";
    }
    return "unknown";
}

const char*
ToString(NbiotFate fate)
{
    switch (fate)
    {
    case NbiotFate::RECEIVED:
        return "received";
    case NbiotFate::RESIDUAL_ERROR:
        return "residual_error";
    case NbiotFate::DROPPED:
        return "dropped";
    case NbiotFate::UNDER_WAY:
        return "under_way";
    }
    return "unknown";
}

} // namespace lpwan
} // namespace ns3
