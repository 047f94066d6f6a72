// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-fragment-fate.h"

namespace ns3
{
namespace lpwan
{

FragmentFate
NextFate(FragmentFate old, FragmentEvent event)
{
    const auto unlessCloudDown = [old](FragmentFate fate) {
        return old == FragmentFate::CLOUD_DOWN ? old : fate;
    };
    const auto ifNotSent = [old](FragmentFate fate) {
        return old == FragmentFate::NOT_SENT ? fate : old;
    };
    switch (event)
    {
    case FragmentEvent::SENT_AGAIN:
        return FragmentFate::NOT_SENT;
    case FragmentEvent::RECEIVED:
        return unlessCloudDown(FragmentFate::IN_BACKHAUL);
    case FragmentEvent::LOST:
        return unlessCloudDown(FragmentFate::LOST);
    case FragmentEvent::DROPPED:
        return unlessCloudDown(FragmentFate::DROPPED);
    case FragmentEvent::CLOUD_DOWN:
        return FragmentFate::CLOUD_DOWN;
    case FragmentEvent::ARRIVED:
        return FragmentFate::DELIVERED;
    case FragmentEvent::NOT_NEEDED:
        return ifNotSent(FragmentFate::NOT_NEEDED);
    case FragmentEvent::EXPIRED:
        return ifNotSent(FragmentFate::EXPIRED);
    case FragmentEvent::REBOOT:
        return ifNotSent(FragmentFate::DEVICE_REBOOT);
    }
    return old;
}

std::string
ToString(FragmentFate fate, const std::string& cause)
{
    switch (fate)
    {
    case FragmentFate::NOT_SENT:
        return "not_sent";
    case FragmentFate::IN_BACKHAUL:
        return "in_backhaul";
    case FragmentFate::LOST:
    case FragmentFate::DROPPED:
        return cause;
    case FragmentFate::CLOUD_DOWN:
        return "cloud_down";
    case FragmentFate::DELIVERED:
        return "delivered";
    case FragmentFate::NOT_NEEDED:
        return "not_needed";
    case FragmentFate::EXPIRED:
        return "expired";
    case FragmentFate::DEVICE_REBOOT:
        return "device_reboot";
    }
    return "unknown";
}

} // namespace lpwan
} // namespace ns3
