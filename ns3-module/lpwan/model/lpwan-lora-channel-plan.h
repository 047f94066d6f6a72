// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_CHANNEL_PLAN_H
#define LPWAN_LORA_CHANNEL_PLAN_H

#include "lpwan-lora-mac-commands.h"
#include "lpwan-lora-region.h"

#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Channels that a device can know: 72 in US915. */
constexpr std::size_t LORA_MAX_CHANNELS = 96;

/** Bit i: channel i is in use. */
using LoraChannelMask = std::bitset<LORA_MAX_CHANNELS>;

/** What one LinkADRReq makes of a channel mask. */
struct LoraMaskChange
{
    LoraChannelMask mask; //!< with the request carried out
    bool isValid{true};   //!< false: ChMaskCntl is reserved, or a channel is asked for that is none
};

/**
 * The channel mask of a LinkADRReq in a region whose channels the network may add to (EU868 and its
 * like: Regional Parameters, table "ChMaskCntl value" of EU863-870): control 0 sets channels 0 to
 * 15 by the bits, 6 takes up all that are defined, the rest is reserved.
 *
 * \param channels those that the device knows; with frequency 0: none of that number
 * \param before channels in use before
 * \param control ChMaskCntl, 0..7
 * \param bits ChMask
 * \return the mask after it
 */
LoraMaskChange ApplyDynamicChannelMask(const std::vector<LoraUplinkChannel>& channels,
                                       LoraChannelMask before,
                                       uint8_t control,
                                       uint16_t bits);

/**
 * The same in a region of fixed channels (US915; Regional Parameters, table "ChMaskCntl value" of
 * US902-928): controls 0 to 3 set sixteen narrow channels each, 4 the wide ones; each bit of 5 is
 * eight narrow channels and the wide one beside them; 6 takes up all narrow ones and 7 none, and
 * the bits of both are the wide ones.
 *
 * \param channels all of them, the wide ones last
 * \param wideChannels number of wide ones
 * \param before channels in use before
 * \param control ChMaskCntl, 0..7
 * \param bits ChMask
 * \return the mask after it
 */
LoraMaskChange ApplyFixedChannelMask(const std::vector<LoraUplinkChannel>& channels,
                                     std::size_t wideChannels,
                                     LoraChannelMask before,
                                     uint8_t control,
                                     uint16_t bits);

/**
 * \ingroup lpwan
 *
 * The channels that a device knows, and those of them that it uses.
 */
class LoraChannelPlan
{
  public:
    /** \param region whose channels the device knows and uses at first */
    explicit LoraChannelPlan(const LoraRegion& region);

    /** \param region as in the constructor; what the network added is forgotten */
    void SetRegion(const LoraRegion& region);

    /** \return the region */
    const LoraRegion& Region() const
    {
        return *m_region;
    }

    /**
     * \param number in a region of fixed channels: use eight of them and the wide one beside them
     *               only, 1..8; 0: all
     */
    void SetSubBand(uint8_t number);

    /** \return what SetSubBand() was given */
    uint8_t GetSubBand() const;

    /** \return the channels the device knows; with frequency 0: none of that number */
    const std::vector<LoraUplinkChannel>& Channels() const
    {
        return m_ownChannels ? *m_ownChannels : m_region->channels;
    }

    /** \return those in use */
    const LoraChannelMask& InUse() const;

    /** \param mask those in use from now on */
    void Use(const LoraChannelMask& mask);

    /** Uses the region's channels again, or those of the sub-band. */
    void Reset();

    /** \return whether those are in use */
    bool IsAtDefaults() const;

    /** \return carriers of the channels in use, Hz, in the order of their numbers */
    std::vector<uint32_t> Frequencies() const;

    /**
     * \param channel number of a channel
     * \param dataRate LoRaWAN data rate of uplinks
     * \return whether the channel is in use and takes the data rate
     */
    bool IsUsable(std::size_t channel, uint8_t dataRate) const
    {
        const LoraUplinkChannel& c = Channels()[channel];
        // DR6 of EU868 (250 kHz) belongs to the default channels only by NewChannelReq; a device
        // that was set to it by hand may use them.
        const bool wider = !m_region->fixedChannels && dataRate > c.maxDataRate &&
                           dataRate <= m_region->maxUplinkDataRate && !m_ownChannels;
        return m_inUse[channel] && dataRate >= c.minDataRate &&
               (dataRate <= c.maxDataRate || wider);
    }

    /**
     * \param mask a channel mask
     * \param dataRate a number that may be no data rate
     * \return whether any channel of the mask takes it, by the range of data rates of the channel
     */
    bool Takes(const LoraChannelMask& mask, uint8_t dataRate) const;

    /**
     * \param before a channel mask
     * \param request of the network
     * \return the mask after it, by the rule of the region
     */
    LoraMaskChange Apply(const LoraChannelMask& before, const LinkAdrReq& request) const;

    /**
     * Carries out a NewChannelReq (section 5.6), or nothing of it. For regions that let the network
     * add channels.
     * \param request of the network
     * \return the answer
     */
    NewChannelAns Obey(const NewChannelReq& request);

    /**
     * Takes the channels of a join accept's CFList beside those of the region and uses all. Nothing
     * happens in a region of fixed channels.
     * \param frequenciesHz carriers
     */
    void AddFrequencies(const std::vector<uint32_t>& frequenciesHz);

  private:
    /** \return the channels that are in use at first */
    LoraChannelMask Defaults() const;

    /** \return a list of the device's own, at first the region's */
    std::vector<LoraUplinkChannel>& OwnChannels();

    const LoraRegion* m_region;
    std::unique_ptr<std::vector<LoraUplinkChannel>> m_ownChannels; //!< when they differ
    LoraChannelMask m_inUse;
    uint8_t m_subBand{0};
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_CHANNEL_PLAN_H
