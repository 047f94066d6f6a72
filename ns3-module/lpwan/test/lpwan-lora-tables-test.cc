// SPDX-License-Identifier: GPL-2.0-only

// Published tables, entry by entry.

#include "ns3/lpwan-compatibility.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/lpwan-lora-tx-current.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/lpwan-server-rejection.h"
#include "ns3/string.h"
#include "ns3/test.h"

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

using Matrix = std::array<std::array<int, 6>, 6>;

/** Thresholds between spreading factors. */
class SirTestCase : public TestCase
{
  public:
    SirTestCase()
        : TestCase("all 36 thresholds of each SIR matrix are the published ones")
    {
    }

  private:
    void Check(LoraSirMatrix matrix, const Matrix& expected)
    {
        for (std::size_t wanted = 0; wanted < 6; ++wanted)
        {
            for (std::size_t other = 0; other < 6; ++other)
            {
                NS_TEST_EXPECT_MSG_EQ(LoraSirThresholdDb(matrix,
                                                         static_cast<uint8_t>(7 + wanted),
                                                         static_cast<uint8_t>(7 + other)),
                                      expected[wanted][other],
                                      ToString(matrix)
                                          << ", SF" << 7 + wanted << " beside SF" << 7 + other);
            }
        }
    }

    void DoRun() override
    {
        // Goursaud and Gorce 2015, with the 6 dB of the usual capture threshold.
        Check(LoraSirMatrix::GOURSAUD,
              {{{6, -16, -18, -19, -19, -20},
                {-24, 6, -20, -22, -22, -22},
                {-27, -27, 6, -23, -25, -25},
                {-30, -30, -30, 6, -26, -28},
                {-33, -33, -33, -33, 6, -29},
                {-36, -36, -36, -36, -36, 6}}});
        // Croce et al. 2018, as measured.
        Check(LoraSirMatrix::CROCE,
              {{{1, -8, -9, -9, -9, -9},
                {-11, 1, -11, -12, -13, -13},
                {-15, -13, 1, -13, -14, -15},
                {-19, -18, -17, 1, -17, -18},
                {-22, -22, -21, -20, 1, -20},
                {-25, -25, -25, -24, -23, 1}}});
        for (uint8_t wanted = 7; wanted <= 12; ++wanted)
        {
            for (uint8_t other = 7; other <= 12; ++other)
            {
                const double db = LoraSirThresholdDb(LoraSirMatrix::ORTHOGONAL, wanted, other);
                NS_TEST_EXPECT_MSG_EQ((wanted == other ? db == 6 : std::isinf(db) && db < 0),
                                      true,
                                      "Orthogonal");
            }
        }
        // Attributes take the same texts, and give them back.
        const auto gateway = CreateObject<LoraGateway>();
        const auto takes = [&](const std::string& attribute, const std::string& text) {
            if (!gateway->SetAttributeFailSafe(attribute, StringValue(text)))
            {
                return false;
            }
            StringValue value;
            gateway->GetAttribute(attribute, value);
            return value.Get() == text;
        };
        for (const std::string name : {"Goursaud", "Croce", "Orthogonal"})
        {
            NS_TEST_EXPECT_MSG_EQ(takes("SirMatrix", name), true, name);
        }
        for (const std::string name : {"Threshold", "Curve"})
        {
            NS_TEST_EXPECT_MSG_EQ(takes("ErrorModel", name), true, name);
        }
        // Others end the program, in a build of ns-3 with assertions; the programs try them apart.
        NS_TEST_EXPECT_MSG_EQ(
            gateway->SetAttributeFailSafe("SirMatrix", MakeEnumValue(LoraSirMatrix::CROCE)),
            true,
            "as a value");
        const auto device = CreateObject<LoraEndDevice>();
        NS_TEST_EXPECT_MSG_EQ(device->SetAttributeFailSafe("Class", StringValue("C")), true, "C");
        NS_TEST_EXPECT_MSG_EQ((device->GetClass() == LoraDeviceClass::C), true, "C");
    }
};

/** Receivers. */
class ReceiverTestCase : public TestCase
{
  public:
    ReceiverTestCase()
        : TestCase("sensitivities and SNR thresholds are those of the datasheets")
    {
    }

  private:
    void DoRun() override
    {
        const std::vector<std::pair<std::string, std::array<double, 6>>> chips{
            // SX1272 datasheet, table 10, 125 kHz.
            {"SX1272", {-124, -127, -130, -133, -135, -137}},
            // SX1276 datasheet, table 10, LoRa at 868 MHz, 125 kHz.
            {"SX1276", {-123, -126, -129, -132, -133, -136}},
            // SX1301 datasheet, with SX1257 at 125 kHz: typical figures, 2.5 dB or 3 apart.
            {"SX1301", {-126.5, -129, -131.5, -134, -136.5, -139.5}},
            {"SX1301-best", {-130, -132.5, -135, -137.5, -140, -142.5}},
            // Sensitivities of SX1302/3 that LoRaWAN-SIM has.
            {"SX1303", {-127, -129, -132.5, -135.5, -138, -141}}};
        for (const auto& [name, dbm] : chips)
        {
            const auto sensitivity = LoraSensitivity::Parse(name);
            NS_TEST_ASSERT_MSG_EQ(sensitivity.has_value(), true, name);
            NS_TEST_EXPECT_MSG_EQ(sensitivity->GetText(), name, "its text");
            for (uint8_t sf = 7; sf <= 12; ++sf)
            {
                NS_TEST_EXPECT_MSG_EQ(sensitivity->GetDbm(sf, 125000, 99),
                                      dbm[sf - 7U],
                                      name << ", SF" << +sf);
                NS_TEST_EXPECT_MSG_EQ_TOL(sensitivity->GetDbm(sf, 250000, 99),
                                          dbm[sf - 7U] + 3.0103,
                                          1e-4,
                                          name << ": twice the band, twice the noise");
            }
        }
        for (uint8_t sf = 7; sf <= 12; ++sf)
        {
            // SX1276 datasheet, table 13.
            NS_TEST_EXPECT_MSG_EQ(LoraSnrThresholdDb(sf), -7.5 - 2.5 * (sf - 7), "SF" << +sf);
            // -174 dBm/Hz + 51 dB (125 kHz) + 6 dB.
            NS_TEST_EXPECT_MSG_EQ_TOL(LoraSensitivity().GetDbm(sf, 125000, 6),
                                      -117.0309 - 7.5 - 2.5 * (sf - 7),
                                      1e-4,
                                      "noise and threshold");
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(LoraNoiseFloorDbm(125000, 6), -117.0309, 1e-4, "125 kHz");
        NS_TEST_EXPECT_MSG_EQ_TOL(LoraNoiseFloorDbm(500000, 3), -114.0103, 1e-4, "500 kHz");
        const auto numbers = LoraSensitivity::Parse("-200, -101 -102,-103 -104 -0.5");
        NS_TEST_ASSERT_MSG_EQ(numbers.has_value(), true, "six numbers");
        NS_TEST_EXPECT_MSG_EQ(numbers->GetDbm(7, 125000, 6), -200, "the first");
        NS_TEST_EXPECT_MSG_EQ(numbers->GetDbm(10, 125000, 6), -103, "the fourth");
        NS_TEST_EXPECT_MSG_EQ(numbers->GetDbm(12, 125000, 6), -0.5, "the last");
        for (const std::string text : {"-100 -101 -102 -103 -104",
                                       "-100 -101 -102 -103 -104 -105 -106",
                                       "-100 -101 -102 -103 -104 0",
                                       "-201 -101 -102 -103 -104 -105",
                                       "-100 -101 -102 -103 -104 -105 dBm",
                                       "SX1276 "})
        {
            NS_TEST_EXPECT_MSG_EQ(LoraSensitivity::Parse(text).has_value(), false, text);
        }
        NS_TEST_EXPECT_MSG_EQ(LoraSensitivity::Parse("").has_value(), true, "noise decides");
    }
};

/** Bands and slopes. */
class BandsTestCase : public TestCase
{
  public:
    BandsTestCase()
        : TestCase("overlaps of bands and equal slopes are those that one works out by hand")
    {
    }

  private:
    void DoRun() override
    {
        const uint32_t f = 868100000;
        NS_TEST_EXPECT_MSG_EQ(LoraBandOverlap(f, 125000, f, 125000), 1, "the same");
        NS_TEST_EXPECT_MSG_EQ(LoraBandOverlap(f, 125000, f + 125000, 125000), 0, "side by side");
        NS_TEST_EXPECT_MSG_EQ(LoraBandOverlap(f, 125000, f - 126000, 125000), 0, "apart");
        NS_TEST_EXPECT_MSG_EQ_TOL(LoraBandOverlap(f, 125000, f + 50000, 125000), 0.6, 1e-12, "75");
        NS_TEST_EXPECT_MSG_EQ_TOL(LoraBandOverlap(f, 125000, f - 50000, 125000), 0.6, 1e-12, "75");
        NS_TEST_EXPECT_MSG_EQ(LoraBandOverlap(f, 125000, f, 500000), 0.25, "a quarter of it");
        NS_TEST_EXPECT_MSG_EQ(LoraBandOverlap(f, 500000, f, 125000), 1, "all of it");
        NS_TEST_EXPECT_MSG_EQ(LoraBandOverlap(f, 500000, f + 250000, 125000), 0.5, "on the edge");
        NS_TEST_EXPECT_MSG_EQ(LoraBandOverlap(f, 250000, f + 150000, 125000), 0.3, "37.5 of 125");

        // BW^2 / 2^SF is the slope: SF9 at 250 kHz is as steep as SF7 at 125 kHz.
        struct Row
        {
            uint32_t wantedHz;
            uint8_t otherSf;
            uint32_t otherHz;
            int expected;
        };

        for (const Row& row : std::vector<Row>{{125000, 9, 125000, 9},
                                               {125000, 9, 250000, 7},
                                               {125000, 12, 500000, 8},
                                               {125000, 10, 500000, 7},
                                               {250000, 8, 125000, 10},
                                               {500000, 7, 125000, 11},
                                               {500000, 9, 125000, 12},
                                               {500000, 8, 250000, 10},
                                               {250000, 10, 500000, 8}})
        {
            NS_TEST_EXPECT_MSG_EQ(
                +LoraEquivalentSpreadingFactor(row.wantedHz, row.otherSf, row.otherHz),
                row.expected,
                "SF" << +row.otherSf << " at " << row.otherHz << " beside " << row.wantedHz);
        }
        // 3 payload symbols at least come after the preamble's 12.25: a frame that is lost with
        // certainty, one that is not at all, and one that is by the rate of its symbols.
        LoraModulation modulation;
        modulation.spreadingFactor = 7;
        const double symbolRate = LoraSymbolErrorRate(7, -8);
        // Ten bytes at SF7 and 4/5: 8 + ceil((80 - 28 + 28 + 16) / 28) * 5 = 28 symbols.
        NS_TEST_EXPECT_MSG_EQ_TOL(LoraFrameErrorRate(modulation, 10, -8),
                                  1 - std::pow(1 - symbolRate, 28),
                                  1e-9,
                                  "28 symbols");
        NS_TEST_EXPECT_MSG_EQ_TOL(LoraFrameErrorRate(modulation, 10, -40), 1, 1e-6, "no chance");
        NS_TEST_EXPECT_MSG_EQ_TOL(LoraFrameErrorRate(modulation, 10, 10), 0, 1e-12, "none lost");
        // Equation 21 at SF7 and -8 dB: snr = 0.158489, 0.5 Q(sqrt(256 x 0.158489) - sqrt(10.856))
        // = 0.5 Q(6.36971 - 3.29484) = 0.5 Q(3.07487) = 5.264e-4; times 127 / 64.
        NS_TEST_EXPECT_MSG_EQ_TOL(symbolRate, 5.264e-4 * 127 / 64, 2e-6, "equation 21");
    }
};

/** Regions. */
class RegionTablesTestCase : public TestCase
{
  public:
    RegionTablesTestCase()
        : TestCase("EU868 and US915 are as in RP002-1.0.4, sections 2.4 and 2.5")
    {
    }

  private:
    struct Rate
    {
        int spreadingFactor;
        uint32_t bandwidthHz;
        int most;
        int mostWithRepeater;
    };

    void CheckRates(const LoraRegion& region, const std::vector<Rate>& rates)
    {
        NS_TEST_ASSERT_MSG_EQ(region.dataRates.size(), rates.size(), region.name);
        for (std::size_t i = 0; i < rates.size(); ++i)
        {
            const LoraDataRate& rate = region.dataRates[i];
            const std::string what = region.name + ", DR" + std::to_string(i);
            NS_TEST_EXPECT_MSG_EQ(+rate.spreadingFactor, rates[i].spreadingFactor, what);
            NS_TEST_EXPECT_MSG_EQ(rate.bandwidthHz, rates[i].bandwidthHz, what);
            NS_TEST_EXPECT_MSG_EQ(rate.maxPayload, rates[i].most, what);
            NS_TEST_EXPECT_MSG_EQ(rate.maxPayloadRepeater, rates[i].mostWithRepeater, what);
        }
    }

    void CheckRx1(const LoraRegion& region, const std::vector<std::vector<int>>& rates)
    {
        NS_TEST_ASSERT_MSG_EQ(region.rx1DataRates.size(), rates.size(), region.name);
        for (std::size_t i = 0; i < rates.size(); ++i)
        {
            NS_TEST_ASSERT_MSG_EQ(region.rx1DataRates[i].size(), rates[i].size(), region.name);
            for (std::size_t offset = 0; offset < rates[i].size(); ++offset)
            {
                NS_TEST_EXPECT_MSG_EQ(
                    +region.Rx1DataRate(static_cast<uint8_t>(i), static_cast<uint8_t>(offset)),
                    rates[i][offset],
                    region.name << ", DR" << i << ", offset " << offset);
            }
        }
    }

    void CheckTimes(const LoraRegion& region)
    {
        NS_TEST_EXPECT_MSG_EQ(region.receiveDelay1, Seconds(1), "RECEIVE_DELAY1");
        NS_TEST_EXPECT_MSG_EQ(region.receiveDelay2, Seconds(2), "RECEIVE_DELAY2");
        NS_TEST_EXPECT_MSG_EQ(region.joinAcceptDelay1, Seconds(5), "JOIN_ACCEPT_DELAY1");
        NS_TEST_EXPECT_MSG_EQ(region.retransmitTimeoutMin, Seconds(1), "RETRANSMIT_TIMEOUT, 2 - 1");
        NS_TEST_EXPECT_MSG_EQ(region.retransmitTimeoutMax, Seconds(3), "RETRANSMIT_TIMEOUT, 2 + 1");
    }

    void Eu868()
    {
        const LoraRegion& r = LoraRegion::Eu868();
        CheckTimes(r);
        CheckRates(r,
                   {{12, 125000, 51, 51},
                    {11, 125000, 51, 51},
                    {10, 125000, 51, 51},
                    {9, 125000, 115, 115},
                    {8, 125000, 242, 222},
                    {7, 125000, 242, 222},
                    {7, 250000, 242, 222}});
        CheckRx1(r,
                 {{0, 0, 0, 0, 0, 0},
                  {1, 0, 0, 0, 0, 0},
                  {2, 1, 0, 0, 0, 0},
                  {3, 2, 1, 0, 0, 0},
                  {4, 3, 2, 1, 0, 0},
                  {5, 4, 3, 2, 1, 0},
                  {6, 5, 4, 3, 2, 1}});
        const std::vector<uint32_t> carriers{868100000, 868300000, 868500000};
        NS_TEST_ASSERT_MSG_EQ(r.channels.size(), carriers.size(), "default channels");
        for (std::size_t i = 0; i < carriers.size(); ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(r.channels[i].frequencyHz, carriers[i], "carrier");
            NS_TEST_EXPECT_MSG_EQ(+r.channels[i].minDataRate, 0, "DR0");
            NS_TEST_EXPECT_MSG_EQ(+r.channels[i].maxDataRate, 5, "to DR5");
            NS_TEST_EXPECT_MSG_EQ(r.Rx1Frequency(carriers[i]), carriers[i], "RX1 is where it was");
        }
        NS_TEST_EXPECT_MSG_EQ(r.rx2FrequencyHz, 869525000, "RX2");
        NS_TEST_EXPECT_MSG_EQ(+r.rx2DataRate, 0, "RX2: DR0");
        NS_TEST_EXPECT_MSG_EQ(r.maxEirpDbm, 16, "Max EIRP");
        NS_TEST_EXPECT_MSG_EQ(+r.lowestTxPower, 7, "TXPower 7: 14 dB less");
        NS_TEST_EXPECT_MSG_EQ(r.maxUplinkDwell, Time(0), "no dwell time");
        NS_TEST_EXPECT_MSG_EQ(r.fixedChannels, false, "the network may add channels");
        NS_TEST_EXPECT_MSG_EQ(+r.maxUplinkDataRate, 6, "DR6 goes up");
        NS_TEST_EXPECT_MSG_EQ((r.joinDataRates == std::vector<uint8_t>{5, 4, 3, 2, 1, 0}),
                              true,
                              "join requests");
        NS_TEST_EXPECT_MSG_EQ((r.SpreadingFactors() == std::vector<uint8_t>{7, 8, 9, 10, 11, 12}),
                              true,
                              "at 125 kHz");

        // ERC/REC 70-03, annex 1: edges in kHz, share of time in thousandths.
        struct Band
        {
            uint32_t fromKhz;
            uint32_t toKhz;
            int permille;
        };

        const std::vector<Band> bands{{863000, 865000, 1},
                                      {865000, 868000, 10},
                                      {868000, 868600, 10},
                                      {868700, 869200, 1},
                                      {869400, 869650, 100},
                                      {869700, 870000, 10}};
        NS_TEST_ASSERT_MSG_EQ(r.subBands.size(), bands.size(), "sub-bands");
        for (std::size_t i = 0; i < bands.size(); ++i)
        {
            const uint32_t from = bands[i].fromKhz * 1000;
            const uint32_t to = bands[i].toKhz * 1000;
            NS_TEST_EXPECT_MSG_EQ(r.subBands[i].dutyCyclePermille, bands[i].permille, "share");
            NS_TEST_EXPECT_MSG_EQ(r.SubBandOf(from), i, "the lower edge belongs to it");
            NS_TEST_EXPECT_MSG_EQ(r.SubBandOf(to - 1), i, "up to the upper one");
            NS_TEST_EXPECT_MSG_EQ(r.IsInside(to - 1), true, "inside");
            const bool next = i + 1 < bands.size() && bands[i + 1].fromKhz == bands[i].toKhz;
            NS_TEST_EXPECT_MSG_EQ(r.IsInside(to), next, "which belongs to the next, if any");
        }
        NS_TEST_EXPECT_MSG_EQ(r.IsInside(862999999), false, "below");
    }

    void Us915()
    {
        const LoraRegion& r = LoraRegion::Us915();
        CheckTimes(r);
        const Rate none{0, 0, 0, 0};
        CheckRates(r,
                   {{10, 125000, 11, 11},
                    {9, 125000, 53, 53},
                    {8, 125000, 125, 125},
                    {7, 125000, 242, 222},
                    {8, 500000, 242, 222},
                    none,
                    none,
                    none,
                    {12, 500000, 53, 33},
                    {11, 500000, 129, 109},
                    {10, 500000, 242, 222},
                    {9, 500000, 242, 222},
                    {8, 500000, 242, 222},
                    {7, 500000, 242, 222}});
        CheckRx1(
            r,
            {{10, 9, 8, 8}, {11, 10, 9, 8}, {12, 11, 10, 9}, {13, 12, 11, 10}, {13, 13, 12, 11}});
        NS_TEST_ASSERT_MSG_EQ(r.channels.size(), 72, "channels");
        for (uint32_t i = 0; i < 72; ++i)
        {
            const bool wide = i >= 64;
            const uint32_t khz = wide ? 903000 + 1600 * (i - 64) : 902300 + 200 * i;
            NS_TEST_EXPECT_MSG_EQ(r.channels[i].frequencyHz, khz * 1000, "channel " << i);
            NS_TEST_EXPECT_MSG_EQ(+r.channels[i].minDataRate, (wide ? 4 : 0), "channel " << i);
            NS_TEST_EXPECT_MSG_EQ(+r.channels[i].maxDataRate, (wide ? 4 : 3), "channel " << i);
            NS_TEST_EXPECT_MSG_EQ(r.Rx1Frequency(khz * 1000),
                                  923300000 + 600000 * (i % 8),
                                  "RX1 of channel " << i);
        }
        NS_TEST_EXPECT_MSG_EQ(r.rx2FrequencyHz, 923300000, "RX2");
        NS_TEST_EXPECT_MSG_EQ(+r.rx2DataRate, 8, "RX2: DR8");
        NS_TEST_EXPECT_MSG_EQ(r.maxEirpDbm, 30, "Max EIRP");
        NS_TEST_EXPECT_MSG_EQ(+r.lowestTxPower, 10, "TXPower 10: 20 dB less (1.0.3 rev. A)");
        NS_TEST_EXPECT_MSG_EQ(r.maxUplinkDwell, MilliSeconds(400), "dwell time");
        NS_TEST_EXPECT_MSG_EQ(r.fixedChannels, true, "all there are");
        NS_TEST_EXPECT_MSG_EQ(r.wideChannels, 8, "wide ones");
        NS_TEST_EXPECT_MSG_EQ(+r.maxUplinkDataRate, 4, "DR4 goes up");
        NS_TEST_EXPECT_MSG_EQ((r.joinDataRates == std::vector<uint8_t>{0, 4}), true, "join");
        NS_TEST_EXPECT_MSG_EQ((r.SpreadingFactors() == std::vector<uint8_t>{7, 8, 9, 10}),
                              true,
                              "at 125 kHz");
        NS_TEST_EXPECT_MSG_EQ(r.IsInside(902000000), true, "902 MHz");
        NS_TEST_EXPECT_MSG_EQ(r.IsInside(901999999), false, "below");
        NS_TEST_EXPECT_MSG_EQ(r.IsInside(927999999), true, "up to 928 MHz");
        NS_TEST_EXPECT_MSG_EQ(r.IsInside(928000000), false, "above");
        NS_TEST_EXPECT_MSG_EQ(r.subBands.at(0).dutyCyclePermille, 1000, "no duty cycle");
    }

    void DoRun() override
    {
        Eu868();
        Us915();
        for (const std::string name : {"EU868", "US915"})
        {
            NS_TEST_EXPECT_MSG_EQ(LoraRegion::Get(name).name, name, "by its name");
            NS_TEST_EXPECT_MSG_EQ(LoraRegion::IsKnown(name), true, name);
        }
        NS_TEST_EXPECT_MSG_EQ(LoraRegion::IsKnown("EU86"), false, "another name");
        NS_TEST_EXPECT_MSG_EQ((LoraRegion::Names() == std::vector<std::string>{"EU868", "US915"}),
                              true,
                              "all names");
        const LoraRegion& eu = LoraRegion::Eu868();
        NS_TEST_EXPECT_MSG_EQ(+eu.DataRateOf(12), 0, "SF12");
        NS_TEST_EXPECT_MSG_EQ(+eu.DataRateOf(7), 5, "SF7");
        NS_TEST_EXPECT_MSG_EQ(+eu.DataRateOf(7, 250000), 6, "SF7 at 250 kHz");
        NS_TEST_EXPECT_MSG_EQ(eu.IsUplinkDataRate(6), true, "the last");
        NS_TEST_EXPECT_MSG_EQ(eu.IsUplinkDataRate(7), false, "none");
        const LoraRegion& us = LoraRegion::Us915();
        NS_TEST_EXPECT_MSG_EQ(us.IsUplinkDataRate(4), true, "the last");
        NS_TEST_EXPECT_MSG_EQ(us.IsUplinkDataRate(5), false, "LR-FHSS");
        NS_TEST_EXPECT_MSG_EQ(us.IsUplinkDataRate(8), false, "goes down only");
    }
};

/** Currents. */
class CurrentTestCase : public TestCase
{
  public:
    CurrentTestCase()
        : TestCase("a sender draws what FLoRa's table and the datasheets say")
    {
    }

  private:
    void DoRun() override
    {
        // energyConsumptionParameters.xml of FLoRa, milliampere; 17 dBm: Bor et al.; 20: SX1276.
        const std::vector<std::pair<double, double>> points{{2, 24},
                                                            {4, 24},
                                                            {5, 25},
                                                            {8, 25},
                                                            {9, 26},
                                                            {10, 31},
                                                            {11, 32},
                                                            {12, 34},
                                                            {13, 35},
                                                            {14, 44},
                                                            {17, 90},
                                                            {20, 120}};
        for (std::size_t i = 0; i < points.size(); ++i)
        {
            const auto [dbm, mA] = points[i];
            NS_TEST_EXPECT_MSG_EQ_TOL(LoraTxCurrentAmpere(dbm) * 1000, mA, 1e-9, dbm << " dBm");
            if (i > 0)
            {
                const auto [belowDbm, belowMa] = points[i - 1];
                const double quarter = belowDbm + (dbm - belowDbm) / 4;
                NS_TEST_EXPECT_MSG_EQ_TOL(LoraTxCurrentAmpere(quarter) * 1000,
                                          belowMa + (mA - belowMa) / 4,
                                          1e-9,
                                          quarter << " dBm: on the line between two points");
            }
        }
        NS_TEST_EXPECT_MSG_EQ(LoraTxCurrentAmpere(-10), 0.024, "not less");
        NS_TEST_EXPECT_MSG_EQ(LoraTxCurrentAmpere(30), 0.120, "not more");
    }
};

/** Names in result files. */
class NamesTestCase : public TestCase
{
  public:
    NamesTestCase()
        : TestCase("fates, drops and rejections have their names")
    {
    }

  private:
    void DoRun() override
    {
        const std::vector<std::pair<LoraFate, std::string>> fates{
            {LoraFate::UNDER_SENSITIVITY, "under_sensitivity"},
            {LoraFate::GATEWAY_SENDING, "gateway_sending"},
            {LoraFate::NO_DEMODULATOR, "no_demodulator"},
            {LoraFate::INTERFERENCE, "interference"},
            {LoraFate::RANDOM_LOSS, "random_loss"},
            {LoraFate::RECEIVED, "received"}};
        NS_TEST_EXPECT_MSG_EQ(fates.size(), LORA_FATE_COUNT, "all of them");
        for (const auto& [fate, name] : fates)
        {
            NS_TEST_EXPECT_MSG_EQ(std::string(ToString(fate)), name, "a fate");
        }
        const std::vector<std::pair<DropReason, std::string>> drops{
            {DropReason::PAYLOAD_TOO_LONG, "payload_too_long"},
            {DropReason::QUEUE_FULL, "queue_full"},
            {DropReason::INVALID_PORT, "invalid_port"},
            {DropReason::NOT_CONNECTED, "not_connected"},
            {DropReason::BATTERY_EMPTY, "battery_empty"},
            {DropReason::NOT_ACKNOWLEDGED, "not_acknowledged"},
            {DropReason::ACCESS_FAILED, "access_failed"}};
        NS_TEST_EXPECT_MSG_EQ(drops.size(), DROP_REASON_COUNT, "all of them");
        for (const auto& [reason, name] : drops)
        {
            NS_TEST_EXPECT_MSG_EQ(std::string(ToString(reason)), name, "a drop");
        }
        const std::vector<std::pair<ServerRejection, std::string>> rejections{
            {ServerRejection::MALFORMED, "malformed"},
            {ServerRejection::UNKNOWN_DEVICE, "unknown_device"},
            {ServerRejection::BAD_MIC, "bad_mic"},
            {ServerRejection::OLD_NONCE, "old_nonce"},
            {ServerRejection::OLD_COUNTER, "old_counter"}};
        for (const auto& [reason, name] : rejections)
        {
            NS_TEST_EXPECT_MSG_EQ(std::string(ToString(reason)), name, "a rejection");
        }
    }
};

/** All of the above. */
class LoraTablesTestSuite : public TestSuite
{
  public:
    LoraTablesTestSuite()
        : TestSuite("lpwan-lora-tables")
    {
        AddTestCase(new SirTestCase);
        AddTestCase(new ReceiverTestCase);
        AddTestCase(new BandsTestCase);
        AddTestCase(new RegionTablesTestCase);
        AddTestCase(new CurrentTestCase);
        AddTestCase(new NamesTestCase);
    }
};

LoraTablesTestSuite g_loraTablesTestSuite; //!< registers the suite

} // namespace
