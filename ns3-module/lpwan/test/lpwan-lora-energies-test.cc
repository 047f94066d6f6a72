// SPDX-License-Identifier: GPL-2.0-only

// The energies that disturb a frame, without a gateway or a device around them.

#include "ns3/lpwan-lora-interference.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/test.h"

#include <cmath>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

LoraSignal
Signal(double dbm, uint8_t sf = 7, uint32_t frequencyHz = 868100000, uint32_t bandwidthHz = 125000)
{
    return {std::pow(10.0, dbm / 10), frequencyHz, bandwidthHz, sf};
}

/** Another frame and how long it overlaps. */
struct Other
{
    LoraSignal signal;
    int64_t overlap;
};

/** \return whether a frame of 1000 ticks at -100 dBm survives */
bool
Survives(const LoraSignal& wanted,
         const std::vector<Other>& others,
         const LoraSirRatios& ratios = LoraSirRatios(LoraSirMatrix::GOURSAUD))
{
    LoraInterference interference;
    for (const Other& other : others)
    {
        interference.Add(wanted, other.signal, other.overlap, ratios);
    }
    return interference.Spares(wanted, 1000, ratios);
}

/** Survival. */
class EnergyTestCase : public TestCase
{
  public:
    EnergyTestCase()
        : TestCase("a frame survives energies below each threshold, summed by spreading factor")
    {
    }

  private:
    void DoRun() override
    {
        const LoraSignal wanted = Signal(-100);
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {}), true, "alone");
        // Every pair of spreading factors, each a twentieth of a decibel below and above.
        const LoraSirMatrix matrices[] = {LoraSirMatrix::GOURSAUD, LoraSirMatrix::CROCE};
        for (const LoraSirMatrix matrix : matrices)
        {
            const LoraSirRatios ratios(matrix);
            for (uint8_t sf = 7; sf <= 12; ++sf)
            {
                for (uint8_t other = 7; other <= 12; ++other)
                {
                    const double limit = -100 - LoraSirThresholdDb(matrix, sf, other);
                    NS_TEST_EXPECT_MSG_EQ(
                        Survives(Signal(-100, sf), {{Signal(limit - 0.05, other), 1000}}, ratios),
                        true,
                        "SF" << +sf << " and SF" << +other);
                    NS_TEST_EXPECT_MSG_EQ(
                        Survives(Signal(-100, sf), {{Signal(limit + 0.05, other), 1000}}, ratios),
                        false,
                        "SF" << +sf << " and SF" << +other);
                }
            }
        }
        // Half of the time is 3.01 dB less.
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-103.1), 500}}), true, "half");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-102.9), 500}}), false, "half");
        // Two of one kind add up, two of different kinds do not.
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-109.1), 1000}, {Signal(-109.1), 1000}}),
                              true,
                              "6.1 dB together");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-108.9), 1000}, {Signal(-108.9), 1000}}),
                              false,
                              "5.9 dB together");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-106.1), 1000}, {Signal(-84.1, 8), 1000}}),
                              true,
                              "each by itself");
        // Bands: 0.6 of the power is 2.22 dB less.
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-103.8, 7, 868150000), 1000}}),
                              true,
                              "50 kHz beside");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-103.7, 7, 868150000), 1000}}),
                              false,
                              "50 kHz beside");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(0, 7, 868300000), 1000}}), true, "apart");
        // SF9 at 250 kHz has the slope of SF7 at 125 kHz, half of its power is inside.
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-103.1, 9, 868100000, 250000), 1000}}),
                              true,
                              "same slope");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-102.9, 9, 868100000, 250000), 1000}}),
                              false,
                              "same slope");
        // A capture threshold stands in for those of one spreading factor only.
        const LoraSirRatios capture(LoraSirMatrix::GOURSAUD, 1.0);
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-101.1), 1000}}, capture), true, "1 dB");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-100.9), 1000}}, capture), false, "1 dB");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-84.1, 8), 1000}}, capture), true, "16 dB");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-83.9, 8), 1000}}, capture), false, "16");
        const LoraSirRatios orthogonal(LoraSirMatrix::ORTHOGONAL);
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(100, 8), 1000}}, orthogonal), true, "any");
        NS_TEST_EXPECT_MSG_EQ(Survives(wanted, {{Signal(-105.9), 1000}}, orthogonal), false, "6");
    }
};

/** Who does how much. */
class HarmTestCase : public TestCase
{
  public:
    HarmTestCase()
        : TestCase("harm is energy x ratio, so that frames of all kinds can be compared")
    {
    }

  private:
    void DoRun() override
    {
        const LoraSirRatios ratios(LoraSirMatrix::GOURSAUD);
        const LoraSignal wanted = Signal(-100);
        LoraInterference interference;
        const double own = std::pow(10.0, -10) * 1000;
        // 6 dB above its own energy is what a frame of the same kind needs: as much harm as energy.
        NS_TEST_EXPECT_MSG_EQ_TOL(interference.Add(wanted, Signal(-106), 1000, ratios) / own,
                                  1,
                                  1e-9,
                                  "SF7 at its limit");
        NS_TEST_EXPECT_MSG_EQ_TOL(interference.Add(wanted, Signal(-84, 8), 1000, ratios) / own,
                                  1,
                                  1e-9,
                                  "SF8 at its limit");
        NS_TEST_EXPECT_MSG_EQ_TOL(interference.Add(wanted, Signal(-80, 12), 250, ratios) / own,
                                  0.25,
                                  1e-9,
                                  "SF12, for a quarter of the time");
        NS_TEST_EXPECT_MSG_EQ(interference.Add(wanted, Signal(0, 7, 869000000), 1000, ratios),
                              0,
                              "none from another channel");
    }
};

/** All of the above. */
class LoraEnergiesTestSuite : public TestSuite
{
  public:
    LoraEnergiesTestSuite()
        : TestSuite("lpwan-lora-energies")
    {
        AddTestCase(new EnergyTestCase);
        AddTestCase(new HarmTestCase);
    }
};

LoraEnergiesTestSuite g_loraEnergiesTestSuite; //!< registers the suite

} // namespace
