// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-region.h"

#include "ns3/abort.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

bool
LoraRegion::IsInside(uint32_t frequencyHz) const
{
    return std::any_of(subBands.begin(), subBands.end(), [&](const LoraSubBand& band) {
        return frequencyHz >= band.lowerHz && frequencyHz < band.upperHz;
    });
}

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
    for (std::size_t i = 0; i <= maxUplinkDataRate; ++i)
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

uint8_t
LoraRegion::Rx1DataRate(uint8_t dataRate, uint8_t offset) const
{
    return rx1DataRates.at(dataRate).at(offset);
}

uint32_t
LoraRegion::Rx1Frequency(uint32_t frequencyHz) const
{
    if (rx1Frequencies.empty())
    {
        return frequencyHz;
    }
    const auto channel =
        std::find_if(channels.begin(), channels.end(), [&](const LoraUplinkChannel& c) {
            return c.frequencyHz == frequencyHz;
        });
    NS_ABORT_MSG_IF(channel == channels.end(),
                    frequencyHz << " Hz is no channel of region " << name);
    return rx1Frequencies[static_cast<std::size_t>(channel - channels.begin()) %
                          rx1Frequencies.size()];
}

std::vector<uint8_t>
LoraRegion::SpreadingFactors() const
{
    constexpr uint32_t BANDWIDTH_HZ = 125000;
    std::vector<uint8_t> factors;
    for (std::size_t i = 0; i <= maxUplinkDataRate; ++i)
    {
        if (dataRates[i].bandwidthHz == BANDWIDTH_HZ)
        {
            factors.push_back(dataRates[i].spreadingFactor);
        }
    }
    std::sort(factors.begin(), factors.end());
    return factors;
}

bool
LoraRegion::IsUplinkDataRate(uint8_t dataRate) const
{
    return dataRate <= maxUplinkDataRate && dataRates[dataRate].spreadingFactor > 0;
}

LoraModulation
LoraRegion::Modulation(uint8_t dataRate) const
{
    LoraModulation modulation;
    modulation.spreadingFactor = dataRates.at(dataRate).spreadingFactor;
    modulation.bandwidthHz = dataRates[dataRate].bandwidthHz;
    return modulation;
}

const LoraRegion&
LoraRegion::Eu868()
{
    static const LoraRegion region = [] {
        LoraRegion r;
        r.name = "EU868";
        r.subBands = {
            // name, from, to, duty cycle in thousandths, power: the rules say ERP
            {"K", 863000000, 865000000, 1, 14 + LORA_ERP_TO_EIRP_DB},
            {"g", 865000000, 868000000, 10, 14 + LORA_ERP_TO_EIRP_DB},
            {"g1", 868000000, 868600000, 10, 14 + LORA_ERP_TO_EIRP_DB},
            {"g2", 868700000, 869200000, 1, 14 + LORA_ERP_TO_EIRP_DB},
            {"g3", 869400000, 869650000, 100, 27 + LORA_ERP_TO_EIRP_DB},
            {"g4", 869700000, 870000000, 10, 14 + LORA_ERP_TO_EIRP_DB},
        };
        r.dataRates = {
            // SF, bandwidth, N without a repeater, N with one
            {12, 125000, 51, 51},
            {11, 125000, 51, 51},
            {10, 125000, 51, 51},
            {9, 125000, 115, 115},
            {8, 125000, 242, 222},
            {7, 125000, 242, 222},
            {7, 250000, 242, 222},
        };
        r.maxUplinkDataRate = 6;
        r.channels = {{868100000, 0, 5}, {868300000, 0, 5}, {868500000, 0, 5}};
        r.fixedChannels = false;
        r.wideChannels = 0;
        r.joinDataRates = {5, 4, 3, 2, 1, 0};
        for (int dataRate = 0; dataRate <= r.maxUplinkDataRate; ++dataRate)
        {
            std::vector<uint8_t> byOffset;
            for (int offset = 0; offset <= 5; ++offset)
            {
                byOffset.push_back(static_cast<uint8_t>(std::max(0, dataRate - offset)));
            }
            r.rx1DataRates.push_back(byOffset);
        }
        r.receiveDelay1 = Seconds(1);
        r.receiveDelay2 = Seconds(2);
        r.joinAcceptDelay1 = Seconds(5);
        r.joinAcceptDelay2 = Seconds(6);
        r.rx2DataRate = 0;
        r.rx2FrequencyHz = 869525000;
        r.maxEirpDbm = 16;
        r.lowestTxPower = 7;
        r.maxUplinkDwell = Time(0);
        return r;
    }();
    return region;
}

const LoraRegion&
LoraRegion::Us915()
{
    static const LoraRegion region = [] {
        LoraRegion r;
        r.name = "US915";
        r.subBands = {{"ISM", 902000000, 928000000, 1000, 36}};
        r.dataRates = {
            {10, 125000, 11, 11},
            {9, 125000, 53, 53},
            {8, 125000, 125, 125},
            {7, 125000, 242, 222},
            {8, 500000, 242, 222},
            {0, 0, 0, 0}, // LR-FHSS
            {0, 0, 0, 0}, // LR-FHSS
            {0, 0, 0, 0}, // reserved
            {12, 500000, 53, 33},
            {11, 500000, 129, 109},
            {10, 500000, 242, 222},
            {9, 500000, 242, 222},
            {8, 500000, 242, 222},
            {7, 500000, 242, 222},
        };
        r.maxUplinkDataRate = 4;
        for (uint32_t i = 0; i < 64; ++i)
        {
            r.channels.push_back({902300000 + i * 200000, 0, 3});
        }
        for (uint32_t i = 0; i < 8; ++i)
        {
            r.channels.push_back({903000000 + i * 1600000, 4, 4});
            r.rx1Frequencies.push_back(923300000 + i * 600000);
        }
        r.fixedChannels = true;
        r.wideChannels = 8;
        r.joinDataRates = {0, 4};
        r.rx1DataRates = {
            {10, 9, 8, 8},
            {11, 10, 9, 8},
            {12, 11, 10, 9},
            {13, 12, 11, 10},
            {13, 13, 12, 11},
        };
        r.receiveDelay1 = Seconds(1);
        r.receiveDelay2 = Seconds(2);
        r.joinAcceptDelay1 = Seconds(5);
        r.joinAcceptDelay2 = Seconds(6);
        r.rx2DataRate = 8;
        r.rx2FrequencyHz = 923300000;
        r.maxEirpDbm = 30;
        r.lowestTxPower = 10;
        r.maxUplinkDwell = MilliSeconds(400);
        return r;
    }();
    return region;
}

namespace
{

/** All regions. A function, since the tables are made at first use. */
const std::vector<const LoraRegion*>&
Regions()
{
    static const std::vector<const LoraRegion*> regions{&LoraRegion::Eu868(), &LoraRegion::Us915()};
    return regions;
}

} // namespace

const LoraRegion&
LoraRegion::Get(std::string_view name)
{
    for (const LoraRegion* region : Regions())
    {
        if (region->name == name)
        {
            return *region;
        }
    }
    NS_ABORT_MSG("LoRaWAN region '" << name << "' is unknown");
    return Eu868();
}

std::vector<std::string>
LoraRegion::Names()
{
    std::vector<std::string> names;
    for (const LoraRegion* region : Regions())
    {
        names.push_back(region->name);
    }
    return names;
}

bool
LoraRegion::IsKnown(const std::string& name)
{
    return std::any_of(Regions().begin(), Regions().end(), [&](const LoraRegion* region) {
        return region->name == name;
    });
}

} // namespace lpwan
} // namespace ns3
