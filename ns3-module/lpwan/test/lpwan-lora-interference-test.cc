// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Scenes of two and three frames. */
class CaptureTestCase : public TestCase
{
  public:
    CaptureTestCase()
        : TestCase("frames of the same channel and spreading factor disturb each other by energy")
    {
    }

  private:
    /** Two frames of the same length. */
    std::vector<LoraFate> Two(Time offset,
                              double firstDbm,
                              double secondDbm,
                              uint8_t secondSf = 7,
                              uint32_t secondFrequency = 868100000)
    {
        Scene scene;
        scene.Add(Seconds(1), firstDbm);
        scene.Add(Seconds(1) + offset, secondDbm, secondSf, secondFrequency);
        return scene.Run();
    }

    /** \param offset start of the second frame after that of the first */
    void Expect(Time offset,
                double firstDbm,
                double secondDbm,
                bool firstSurvives,
                bool secondSurvives,
                const std::string& what)
    {
        const auto fates = Two(offset, firstDbm, secondDbm);
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]),
                              std::string(firstSurvives ? "received" : "interference"),
                              "first frame, " << what);
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]),
                              std::string(secondSurvives ? "received" : "interference"),
                              "second frame, " << what);
    }

    void DoRun() override
    {
        const Time symbol = MicroSeconds(1024);
        const Time airtime = MicroSeconds(118016); // 64 bytes at SF7
        const Time needed = airtime - symbol * 3;  // without three preamble symbols

        Expect(Time(0), -100, -100, false, false, "equal power, full overlap");
        Expect(Time(0), -100, -106.01, true, false, "6.01 dB apart");
        Expect(Time(0), -100, -105.99, false, false, "5.99 dB apart");
        Expect(Time(0), -106.01, -100, false, true, "6.01 dB apart, the other way");
        Expect(airtime, -100, -90, true, true, "one after the other");

        // Equal power: 10 log10(needed / overlap) >= 6 dB at an overlap of 25.1 % or less. The
        // first frame is hit in its tail; the second in its head, where three symbols do not count.
        const double limit = std::pow(10, -0.6);
        const Time tail = NanoSeconds(int64_t(limit * needed.GetNanoSeconds()));
        Expect(airtime - tail + MicroSeconds(10), -100, -100, true, true, "short overlap");
        Expect(airtime - tail - MicroSeconds(10), -100, -100, false, true, "tail hit too long");
        Expect(airtime - tail - symbol * 3 + MicroSeconds(10), -100, -100, false, true, "head ok");
        Expect(airtime - tail - symbol * 3 - MicroSeconds(10), -100, -100, false, false, "both");

        // The second frame's first three preamble symbols may be hit by anything.
        Expect(airtime - symbol * 3, -60, -120, true, true, "lost preamble symbols are no loss");
        Expect(airtime - symbol * 3 - MicroSeconds(200), -60, -120, true, false, "needed ones are");

        // Other channels and spreading factors do not disturb.
        auto fates = Two(Time(0), -100, -100, 8);
        NS_TEST_ASSERT_MSG_EQ((fates[0] == LoraFate::RECEIVED && fates[1] == LoraFate::RECEIVED),
                              true,
                              "other spreading factor");
        fates = Two(Time(0), -100, -100, 7, 868300000);
        NS_TEST_ASSERT_MSG_EQ((fates[0] == LoraFate::RECEIVED && fates[1] == LoraFate::RECEIVED),
                              true,
                              "other channel");

        // Energies add up: each of three at -107.5 is 7.5 dB below, two at once only 4.5 dB.
        Scene scene;
        scene.Add(Seconds(1), -100);
        scene.Add(Seconds(1), -107.5);
        NS_TEST_ASSERT_MSG_EQ(ToString(scene.Run()[0]), std::string("received"), "one interferer");
        Scene crowd;
        crowd.Add(Seconds(1), -100);
        crowd.Add(Seconds(1), -107.5);
        crowd.Add(Seconds(1), -107.5);
        NS_TEST_ASSERT_MSG_EQ(ToString(crowd.Run()[0]), std::string("interference"), "two");

        // What is too weak to be received disturbs all the same.
        Scene weak;
        weak.Add(Seconds(1), -123);
        weak.Add(Seconds(1), -125);
        fates = weak.Run();
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]), std::string("interference"), "disturbed");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]), std::string("under_sensitivity"), "too weak");

        // The threshold is an attribute.
        Scene one;
        one.m_gateway->SetAttribute("CaptureThreshold", StringValue("1"));
        one.Add(Seconds(1), -100);
        one.Add(Seconds(1), -102);
        NS_TEST_ASSERT_MSG_EQ(ToString(one.Run()[0]), std::string("received"), "1 dB capture");
    }
};

/** Two frames of different spreading factors, each pair of the published tables. */
class SpreadingFactorTestCase : public TestCase
{
  public:
    SpreadingFactorTestCase()
        : TestCase("spreading factors disturb each other as the published tables say")
    {
    }

  private:
    void DoRun() override
    {
        // A long frame is overlapped all along by another that is just strong enough, or not.
        struct Row
        {
            std::string matrix;
            uint8_t wanted;
            uint8_t other;
            double thresholdDb;
        };

        const std::vector<Row> rows{
            {"Goursaud", 7, 7, 6},
            {"Goursaud", 7, 8, -16},
            {"Goursaud", 7, 12, -20},
            {"Goursaud", 9, 11, -25},
            {"Goursaud", 10, 12, -28},
            {"Croce", 7, 7, 1},
            {"Croce", 7, 8, -8},
            {"Croce", 8, 11, -13},
            {"Croce", 9, 10, -13},
            {"Croce", 11, 12, -20},
            {"Orthogonal", 7, 7, 6},
        };
        for (const Row& row : rows)
        {
            for (const double more : {0.1, -0.1})
            {
                Air air(row.matrix);
                // The other one has a higher or equal SF and more bytes, so it covers all of it.
                air.Add(Seconds(1), -90 + row.thresholdDb + more, row.wanted);
                air.Add(Seconds(1), -90, row.other, 868100000, 125000, 60);
                const auto fates = air.Run();
                NS_TEST_ASSERT_MSG_EQ(fates[0],
                                      std::string(more > 0 ? "received" : "interference"),
                                      row.matrix << " SF" << +row.wanted << " under SF"
                                                 << +row.other << ", " << more << " dB");
                if (more < 0)
                {
                    NS_TEST_ASSERT_MSG_EQ(air.m_uplinks[0]->interferer.deviceAddress,
                                          101,
                                          "by whom");
                }
            }
        }
        Air orthogonal("Orthogonal");
        orthogonal.Add(Seconds(1), -120, 7);
        orthogonal.Add(Seconds(1), -20, 12);
        NS_TEST_ASSERT_MSG_EQ(orthogonal.Run()[0], std::string("received"), "orthogonal");

        // Each spreading factor counts for itself: two of different ones do not add up.
        Air apart;
        apart.Add(Seconds(1), -105.9, 7);
        apart.Add(Seconds(1), -90, 8, 868100000, 125000, 60);
        apart.Add(Seconds(1), -88, 9, 868100000, 125000, 60);
        NS_TEST_ASSERT_MSG_EQ(apart.Run()[0], std::string("received"), "not added up");
        Air together;
        together.Add(Seconds(1), -105.9, 7);
        together.Add(Seconds(1), -90, 8, 868100000, 125000, 60);
        together.Add(Seconds(1), -90, 8, 868100000, 125000, 60);
        NS_TEST_ASSERT_MSG_EQ(together.Run()[0], std::string("interference"), "added up");
    }
};

/** Overlap of bands. */
class BandTestCase : public TestCase
{
  public:
    BandTestCase()
        : TestCase("frames of overlapping bands disturb by the overlap and by the chirps' slope")
    {
    }

  private:
    void DoRun() override
    {
        NS_TEST_ASSERT_MSG_EQ(LoraBandOverlap(868100000, 125000, 868100000, 125000), 1, "same");
        NS_TEST_ASSERT_MSG_EQ(LoraBandOverlap(868100000, 125000, 868300000, 125000), 0, "apart");
        NS_TEST_ASSERT_MSG_EQ_TOL(LoraBandOverlap(868100000, 125000, 868150000, 125000),
                                  0.6,
                                  1e-9,
                                  "75 of 125 kHz");
        NS_TEST_ASSERT_MSG_EQ(LoraBandOverlap(868300000, 125000, 868300000, 250000),
                              0.5,
                              "half of a wide one");
        NS_TEST_ASSERT_MSG_EQ(LoraBandOverlap(868300000, 250000, 868300000, 125000),
                              1,
                              "all of a narrow one");
        // BW^2 / 2^SF: SF7 at 125 kHz is as steep as SF9 at 250 kHz and SF11 at 500 kHz.
        NS_TEST_ASSERT_MSG_EQ(+LoraEquivalentSpreadingFactor(250000, 7, 125000), 9, "steeper");
        NS_TEST_ASSERT_MSG_EQ(+LoraEquivalentSpreadingFactor(125000, 9, 250000), 7, "flatter");
        NS_TEST_ASSERT_MSG_EQ(+LoraEquivalentSpreadingFactor(125000, 11, 500000), 7, "by two");
        NS_TEST_ASSERT_MSG_EQ(+LoraEquivalentSpreadingFactor(125000, 8, 500000), 7, "clamped");

        // 0.6 of the power is 2.2 dB less: 6 dB of capture become 3.8.
        for (const double above : {3.7, 3.9})
        {
            Air air;
            air.Add(Seconds(1), -100 + above, 7);
            air.Add(Seconds(1), -100, 7, 868150000, 125000, 60);
            NS_TEST_ASSERT_MSG_EQ(air.Run()[0],
                                  std::string(above > 3.8 ? "received" : "interference"),
                                  "neighbouring band, " << above << " dB");
        }
        // SF9 at 250 kHz is to SF7 at 125 kHz as its own kind, with half its power inside.
        for (const double above : {2.9, 3.1})
        {
            Air air;
            air.Add(Seconds(1), -100 + above, 7);
            air.Add(Seconds(1), -100, 9, 868100000, 250000, 200);
            NS_TEST_ASSERT_MSG_EQ(air.Run()[0],
                                  std::string(above > 3 ? "received" : "interference"),
                                  "wide band, " << above << " dB");
        }
    }
};

/** Unslotted ALOHA without capture has a closed form. */
class AlohaTestCase : public TestCase
{
  public:
    AlohaTestCase()
        : TestCase("one channel, one spreading factor, no capture: exp(-2G) of ALOHA")
    {
    }

  private:
    void DoRun() override
    {
        LoraModulation modulation;
        const Time airtime = LoraTimeOnAir(modulation, 64);
        Ptr<ExponentialRandomVariable> gap = CreateObject<ExponentialRandomVariable>();
        gap->SetStream(4711);
        for (double load : {0.05, 0.2, 0.5})
        {
            Scene scene;
            // Any overlap with a frame of equal power is a loss, preamble included.
            scene.m_gateway->SetAttribute("CaptureThreshold", StringValue("200"));
            scene.m_gateway->SetAttribute("RequiredPreambleSymbols", UintegerValue(8));
            scene.m_gateway->SetAttribute("Demodulators", UintegerValue(1000));
            const int count = 20000;
            Time start;
            for (int i = 0; i < count; ++i)
            {
                start += NanoSeconds(int64_t(gap->GetValue(airtime.GetNanoSeconds() / load, 0)));
                scene.Add(start, -100);
            }
            double received = 0;
            for (LoraFate fate : scene.Run())
            {
                received += fate == LoraFate::RECEIVED;
            }
            const double expected = std::exp(-2 * load);
            // Losses come in groups: the deviation is wider than that of independent frames.
            NS_TEST_ASSERT_MSG_EQ_TOL(received / count,
                                      expected,
                                      5 * std::sqrt(expected * (1 - expected) / count),
                                      "G = " << load);
        }
    }
};

/** Who is named as the one that disturbed a frame. */
class InterfererTestCase : public TestCase
{
  public:
    InterfererTestCase()
        : TestCase("the interferer that is named is the one that did most to the loss")
    {
    }

  private:
    /** Power and spreading factor of frames beside a wanted one, SF7 at -100 dBm. */
    using Frames = std::vector<std::pair<double, uint8_t>>;

    /** \return number of the worst of the others, -1 for none */
    static int Worst(const Frames& others, bool wantedLast = false)
    {
        Air air;
        const auto addOthers = [&] {
            for (const auto& [dbm, sf] : others)
            {
                air.Add(Seconds(1), dbm, sf, 868100000, 125000, 60);
            }
        };
        if (wantedLast)
        {
            addOthers();
        }
        const std::size_t wanted = air.m_uplinks.size();
        air.Add(Seconds(1), -100, 7);
        if (!wantedLast)
        {
            addOthers();
        }
        const auto fates = air.Run();
        if (fates[wanted] != "interference")
        {
            return -1;
        }
        const int number = static_cast<int>(air.m_uplinks[wanted]->interferer.deviceAddress) - 100;
        return wantedLast ? number : number - 1;
    }

    void DoRun() override
    {
        for (const bool last : {false, true})
        {
            NS_TEST_ASSERT_MSG_EQ(Worst({{-110, 7}, {-112, 7}}, last), -1, "both too weak");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-98, 7}, {-103, 7}}, last), 0, "the first is stronger");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-103, 7}, {-98, 7}}, last), 1, "the second is");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-103, 7}, {-98, 7}, {-101, 7}}, last), 1, "of three");
            // SF8 at -85 dBm is 1 dB short of its 16 dB; SF7 at -104 dBm is 2 dB too strong.
            NS_TEST_ASSERT_MSG_EQ(Worst({{-85, 8}, {-104, 7}}, last), 1, "by its kind");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-104, 7}, {-85, 8}}, last), 0, "by its kind");
            // SF8 at -80 dBm is 4 dB too strong.
            NS_TEST_ASSERT_MSG_EQ(Worst({{-80, 8}, {-104, 7}}, last), 0, "by its kind");
        }
        // A brief strong one (8 of 71 symbols, -9.5 dB) does less than a long one 5 dB below it.
        Air air;
        LoraModulation modulation;
        air.Add(Seconds(1), -100, 7, 868100000, 125000, 60);
        const Time end = air.m_uplinks[0]->transmission.end;
        air.Add(end - LoraSymbolTime(modulation) * 8, -95, 7);
        air.Add(Seconds(1), -99, 7, 868100000, 125000, 60);
        NS_TEST_ASSERT_MSG_EQ(air.Run()[0], std::string("interference"), "lost");
        NS_TEST_ASSERT_MSG_EQ(air.m_uplinks[0]->interferer.deviceAddress, 102, "the long one");
    }
};

/** Parts of a frame that may be disturbed. */
class PreambleTestCase : public TestCase
{
  public:
    PreambleTestCase()
        : TestCase("the first three symbols of a preamble may be lost, what follows may not")
    {
    }

  private:
    void DoRun() override
    {
        LoraModulation modulation;
        const Time symbol = LoraSymbolTime(modulation);
        const Time length = LoraTimeOnAir(modulation, 30);
        // Over before the fourth symbol begins: no harm, however strong.
        for (const int more : {0, 100})
        {
            Air air;
            air.Add(Seconds(1) - length + symbol * 3 + MicroSeconds(more), -40, 7);
            air.Add(Seconds(1), -100, 7);
            NS_TEST_ASSERT_MSG_EQ(air.Run()[1],
                                  std::string(more == 0 ? "received" : "interference"),
                                  "three symbols and " << more << " us");
        }
        // Both ways: the last of a frame counts, and a frame under the sensitivity disturbs too.
        Air tail;
        tail.Add(Seconds(1), -100, 7);
        tail.Add(Seconds(1) + length - symbol, -60, 7);
        NS_TEST_ASSERT_MSG_EQ(tail.Run()[0], std::string("interference"), "the last symbol");
        Air weak;
        weak.Add(Seconds(1), -120, 7);
        weak.Add(Seconds(1), -124.9, 7); // SF7 needs -124.5 dBm
        const auto fates = weak.Run();
        NS_TEST_ASSERT_MSG_EQ(fates[0], std::string("interference"), "4.9 dB are not enough");
        NS_TEST_ASSERT_MSG_EQ(fates[1], std::string("under_sensitivity"), "too weak itself");
    }
};

/** Frames that disturb each other. */
class LoraInterferenceTestSuite : public TestSuite
{
  public:
    LoraInterferenceTestSuite()
        : TestSuite("lpwan-lora-interference")
    {
        AddTestCase(new CaptureTestCase);
        AddTestCase(new SpreadingFactorTestCase);
        AddTestCase(new BandTestCase);
        AddTestCase(new AlohaTestCase);
        AddTestCase(new InterfererTestCase);
        AddTestCase(new PreambleTestCase);
    }
};

LoraInterferenceTestSuite g_loraInterferenceTestSuite; //!< registers the suite

} // namespace
