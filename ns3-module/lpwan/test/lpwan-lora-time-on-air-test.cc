// SPDX-License-Identifier: GPL-2.0-only

#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/nstime.h"
#include "ns3/test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Time on air: the published values, and the formula in floating point for everything else. */
class TimeOnAirTestCase : public TestCase
{
  public:
    TimeOnAirTestCase()
        : TestCase("time on air is that of Semtech AN1200.13")
    {
    }

  private:
    void DoRun() override
    {
        // Microseconds at 125 kHz, 4/5, explicit header, CRC, preamble 8; SF7..SF12.
        const std::map<uint32_t, std::array<int64_t, 6>> table{
            {13, {46336, 82432, 164864, 288768, 577536, 1155072}},
            {51, {102656, 184832, 328704, 616448, 1314816, 2465792}},
            {64, {118016, 215552, 390144, 698368, 1560576, 2793472}},
            {115, {194816, 348672, 615424, 1148928, 2461696, 4431872}},
            {128, {215296, 379392, 676864, 1230848, 2707456, 4923392}},
            {222, {348416, 614912, 1106944, 2009088, 4427776, 8036352}},
            {235, {368896, 655872, 1168384, 2131968, 4673536, 8364032}},
            {242, {379136, 666112, 1188864, 2172928, 4755456, 8691712}},
            {255, {399616, 707072, 1250304, 2295808, 5001216, 9019392}},
        };
        for (const auto& [bytes, times] : table)
        {
            for (uint8_t sf = 7; sf <= 12; ++sf)
            {
                LoraModulation modulation;
                modulation.spreadingFactor = sf;
                NS_TEST_ASSERT_MSG_EQ(LoraTimeOnAir(modulation, bytes).GetNanoSeconds(),
                                      times[sf - 7] * 1000,
                                      bytes << " bytes at SF" << +sf);
            }
        }

        for (uint8_t sf = 7; sf <= 12; ++sf)
        {
            for (uint32_t bandwidth : {125000, 250000, 500000})
            {
                for (uint8_t codingRate = 1; codingRate <= 4; ++codingRate)
                {
                    for (int flags = 0; flags < 12; ++flags)
                    {
                        LoraModulation modulation;
                        modulation.spreadingFactor = sf;
                        modulation.bandwidthHz = bandwidth;
                        modulation.codingRate = codingRate;
                        modulation.explicitHeader = flags & 1;
                        modulation.payloadCrc = flags & 2;
                        modulation.ldro = static_cast<LowDataRateOptimization>(flags / 4);
                        modulation.preambleSymbols = static_cast<uint16_t>(6 + flags);
                        for (uint32_t bytes : {0, 1, 12, 77, 255})
                        {
                            NS_TEST_ASSERT_MSG_EQ_TOL(LoraTimeOnAir(modulation, bytes).GetSeconds(),
                                                      Formula(modulation, bytes),
                                                      1e-9,
                                                      bytes << " bytes, SF" << +sf << ", "
                                                            << bandwidth << " Hz, flags " << flags);
                        }
                    }
                }
            }
        }
    }

    /** The formula as the application note prints it. */
    static double Formula(const LoraModulation& m, uint32_t bytes)
    {
        const double symbol = std::pow(2.0, m.spreadingFactor) / m.bandwidthHz;
        bool optimized = m.ldro == LowDataRateOptimization::ON;
        if (m.ldro == LowDataRateOptimization::AUTO)
        {
            optimized = symbol > 0.016;
        }
        const double blocks = std::ceil((8.0 * bytes - 4.0 * m.spreadingFactor + 28 +
                                         16 * m.payloadCrc - 20 * !m.explicitHeader) /
                                        (4.0 * (m.spreadingFactor - 2 * optimized)));
        const double payload = 8 + std::max(blocks * (m.codingRate + 4), 0.0);
        return (m.preambleSymbols + 4.25 + payload) * symbol;
    }
};

/** How long frames take. */
class LoraTimeOnAirTestSuite : public TestSuite
{
  public:
    LoraTimeOnAirTestSuite()
        : TestSuite("lpwan-lora-time-on-air")
    {
        AddTestCase(new TimeOnAirTestCase);
    }
};

LoraTimeOnAirTestSuite g_loraTimeOnAirTestSuite; //!< registers the suite

} // namespace
