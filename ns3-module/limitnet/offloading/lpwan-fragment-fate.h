// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_FRAGMENT_FATE_H
#define LPWAN_FRAGMENT_FATE_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace ns3
{
namespace lpwan
{

/** What has become of a fragment so far. */
enum class FragmentFate : uint8_t
{
    NOT_SENT,      //!< it waits, or its frame is under way
    IN_BACKHAUL,   //!< a gateway or base station has it, the cloud has not
    LOST,          //!< its frame was lost on the air; the link says why
    DROPPED,       //!< the device gave it up; it says why
    CLOUD_DOWN,    //!< it reached the cloud while that was down
    DELIVERED,     //!< the cloud has it
    NOT_NEEDED,    //!< the cloud had enough of its image before it was sent
    EXPIRED,       //!< its image was too old before it was sent
    DEVICE_REBOOT, //!< the device forgot it before it was sent
};

/** What happens to a fragment. */
enum class FragmentEvent : uint8_t
{
    SENT_AGAIN, //!< a further frame of it begins
    RECEIVED,   //!< a gateway or base station has received its frame
    LOST,       //!< its frame was lost on the air
    DROPPED,    //!< the device gave it up
    CLOUD_DOWN, //!< it reaches the cloud while that is down
    ARRIVED,    //!< it is in the cloud's log; said of all when the simulation has ended
    NOT_NEEDED, //!< the device discards it: the cloud has enough
    EXPIRED,    //!< likewise: its image is too old
    REBOOT,     //!< likewise: the device restarts
};

/** Number of FragmentFate's values. */
constexpr std::size_t FRAGMENT_FATE_COUNT = 9;

/** Number of FragmentEvent's values. */
constexpr std::size_t FRAGMENT_EVENT_COUNT = 9;

/**
 * What comes before what: the arrival before all; that the cloud was down before whatever is said
 * of a repetition of the same frame, which the network does not deliver a second time; and that a
 * frame was sent before that the device discards what it has of the fragment.
 *
 * \param old the fate so far
 * \param event what happens
 * \return the fate from now on
 */
FragmentFate NextFate(FragmentFate old, FragmentEvent event);

/**
 * \param fate of a fragment
 * \param cause why it was lost or dropped, in the link's words; of no interest otherwise
 * \return the word for it in fragments.csv
 */
std::string ToString(FragmentFate fate, const std::string& cause);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_FRAGMENT_FATE_H
