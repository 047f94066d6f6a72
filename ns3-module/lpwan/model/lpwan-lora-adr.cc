// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-adr.h"

#include "lpwan-lora-phy.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

bool
operator==(const LoraAdrSetting& a, const LoraAdrSetting& b)
{
    return a.dataRate == b.dataRate && a.txPower == b.txPower;
}

LoraAdrSetting
AdaptDataRate(const LoraAdrInput& input)
{
    constexpr double STEP_DB = 3;
    const LoraRegion& region = input.region;
    const uint8_t highest = region.DataRateOf(LORA_MIN_SF);
    const double margin = *std::max_element(input.snrDb.begin(), input.snrDb.end()) -
                          LoraSnrThresholdDb(region.dataRates[input.dataRate].spreadingFactor) -
                          input.marginDb;
    int steps = static_cast<int>(std::floor(margin / STEP_DB));
    LoraAdrSetting next{input.dataRate, input.txPower};
    for (; steps > 0 && next.dataRate < highest; --steps)
    {
        ++next.dataRate;
    }
    for (; steps > 0 && next.txPower < region.lowestTxPower; --steps)
    {
        ++next.txPower;
    }
    for (; steps < 0 && next.txPower > 0; ++steps)
    {
        --next.txPower;
    }
    return next;
}

LinkAdrReq
MakeLinkAdrReq(const LoraRegion& region, uint8_t subBand, const LoraAdrSetting& setting)
{
    constexpr uint8_t ALL_ON = 6;
    constexpr uint8_t BANKS = 5;
    LinkAdrReq request;
    request.dataRate = setting.dataRate;
    request.txPower = setting.txPower;
    request.maskControl = ALL_ON;
    request.channelMask = 0xff;
    if (region.fixedChannels && subBand > 0)
    {
        request.maskControl = BANKS;
        request.channelMask = static_cast<uint16_t>(1U << (subBand - 1));
    }
    return request;
}

} // namespace lpwan
} // namespace ns3
