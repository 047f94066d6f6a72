// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_CHANNEL_ACCESS_H
#define LPWAN_LORA_CHANNEL_ACCESS_H

#include "lpwan-duty-cycle.h"
#include "lpwan-lora-channel-plan.h"
#include "lpwan-lora-region.h"

#include "ns3/nstime.h"

#include <cstddef>
#include <cstdint>
#include <map>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * When a device may send on which channel: the duty cycles of the region's sub-bands, that of
 * DutyCycleReq over all of them (LoRaWAN 1.0.4, section 5.3), and the choice among open channels.
 */
class LoraChannelAccess
{
  public:
    /** \param keep whether the device keeps to the duty cycles of the region's sub-bands */
    void SetDutyCycleEnabled(bool keep);

    /** \return the same */
    bool IsDutyCycleEnabled() const;

    /** All sub-bands are open again. */
    void Reset();

    /** \return from when on a frame could start over all sub-bands, by DutyCycleReq */
    Time GetAggregateOpenFrom() const;

    /**
     * \param plan channels of the device
     * \param dataRate a data rate
     * \return from when on any channel in use that takes it is open; Time::Max(): none takes it
     */
    Time OpenFrom(const LoraChannelPlan& plan, uint8_t dataRate) const;

    /**
     * \param plan channels of the device
     * \param dataRate a data rate
     * \return the same of each sub-band that has such a channel, by its index
     */
    std::map<std::size_t, Time> SubBandsOpenFrom(const LoraChannelPlan& plan,
                                                 uint8_t dataRate) const;

    /**
     * \param region of the device
     * \param subBand index of a sub-band
     * \return duty cycle that the device keeps to there; 1000: none
     */
    uint16_t DutyCyclePermille(const LoraRegion& region, std::size_t subBand) const;

    /**
     * Books a frame.
     * \param region of the device
     * \param frequencyHz its carrier
     * \param start its start
     * \param end its end
     * \param maxDutyCycle n of DutyCycleReq: at most 1 / 2^n of the time; 0: no limit
     */
    void Book(const LoraRegion& region,
              uint32_t frequencyHz,
              Time start,
              Time end,
              uint8_t maxDutyCycle);

    /**
     * Chooses among the channels that are open.
     * \param plan channels of the device, of which one at least is open
     * \param dataRate of the frame
     * \param now the present time
     * \param chance a number of the interval [0, 1): all channels are as likely
     * \return carrier, Hz
     */
    uint32_t Choose(const LoraChannelPlan& plan, uint8_t dataRate, Time now, double chance) const;

  private:
    /** \return from when on a channel is open */
    Time ChannelOpenFrom(const LoraChannelPlan& plan, std::size_t channel) const;

    DutyCycle m_dutyCycle;
    Time m_aggregateOpenFrom;
    bool m_dutyCycleEnabled{true};
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_CHANNEL_ACCESS_H
