// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-region.h"

#include "ns3/abort.h"

namespace ns3
{
namespace lpwan
{

std::size_t
LoraRegion::SubBandOf(uint32_t frequencyHz) const
{
    for (std::size_t i = 0; i < subBands.size(); ++i)
    {
        if (frequencyHz >= subBands[i].lowerHz && frequencyHz < subBands[i].upperHz)
        {
            return i;
        }
    }
    NS_ABORT_MSG(frequencyHz << " Hz lies in no sub-band of region " << name);
    return 0;
}

uint8_t
LoraRegion::DataRateOf(uint8_t spreadingFactor, uint32_t bandwidthHz) const
{
    for (std::size_t i = 0; i < dataRates.size(); ++i)
    {
        if (dataRates[i].spreadingFactor == spreadingFactor &&
            dataRates[i].bandwidthHz == bandwidthHz)
        {
            return static_cast<uint8_t>(i);
        }
    }
    NS_ABORT_MSG("region " << name << " has no data rate with SF" << +spreadingFactor << " at "
                           << bandwidthHz << " Hz");
    return 0;
}

const LoraRegion&
LoraRegion::Eu868()
{
    static const LoraRegion region{
        "EU868",
        {
            // name, from, to, duty cycle in thousandths, ERP
            {"K", 863000000, 865000000, 1, 14},
            {"g", 865000000, 868000000, 10, 14},
            {"g1", 868000000, 868600000, 10, 14},
            {"g2", 868700000, 869200000, 1, 14},
            {"g3", 869400000, 869650000, 100, 27},
            {"g4", 869700000, 870000000, 10, 14},
        },
        {
            // SF, bandwidth, N without a repeater, N with one
            {12, 125000, 51, 51},
            {11, 125000, 51, 51},
            {10, 125000, 51, 51},
            {9, 125000, 115, 115},
            {8, 125000, 242, 222},
            {7, 125000, 242, 222},
            {7, 250000, 242, 222},
        },
        {868100000, 868300000, 868500000},
        Seconds(1),
        Seconds(2),
        0,
        869525000,
    };
    return region;
}

const LoraRegion&
LoraRegion::Get(const std::string& name)
{
    NS_ABORT_MSG_UNLESS(IsKnown(name),
                        "LoRaWAN region '" << name << "' is unknown; there is EU868");
    return Eu868();
}

bool
LoraRegion::IsKnown(const std::string& name)
{
    return name == "EU868";
}

} // namespace lpwan
} // namespace ns3
