// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-interference.h"

#include <cmath>
#include <locale>
#include <sstream>

namespace ns3
{
namespace lpwan
{

LoraSirRatios::LoraSirRatios(LoraSirMatrix matrix, std::optional<double> captureDb)
{
    for (uint8_t wanted = 0; wanted < LORA_SF_COUNT; ++wanted)
    {
        for (uint8_t other = 0; other < LORA_SF_COUNT; ++other)
        {
            const double db = wanted == other && captureDb
                                  ? *captureDb
                                  : LoraSirThresholdDb(matrix,
                                                       static_cast<uint8_t>(wanted + LORA_MIN_SF),
                                                       static_cast<uint8_t>(other + LORA_MIN_SF));
            m_ratios[wanted][other] = std::pow(10.0, db / 10); // 0 for minus infinity
        }
    }
}

std::optional<std::optional<double>>
ParseLoraCapture(const std::string& text)
{
    if (text.empty())
    {
        return std::optional<double>();
    }
    std::istringstream stream(text);
    stream.imbue(std::locale::classic());
    double value = 0;
    std::string rest;
    if (!(stream >> value) || stream >> rest)
    {
        return std::nullopt;
    }
    return std::optional<double>(value);
}

bool
LoraInterference::Spares(const LoraSignal& wanted,
                         int64_t needed,
                         const LoraSirRatios& ratios) const
{
    const double energy = wanted.powerMw * static_cast<double>(needed);
    const LoraSirRatios::Row& ratio = ratios.Of(wanted.spreadingFactor);
    for (std::size_t i = 0; i < LORA_SF_COUNT; ++i)
    {
        if (energy < m_energy[i] * ratio[i])
        {
            return false;
        }
    }
    return true;
}

} // namespace lpwan
} // namespace ns3
