// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-compatibility.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/nstime.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Demodulators. */
class DemodulatorTestCase : public TestCase
{
  public:
    DemodulatorTestCase()
        : TestCase("eight demodulators are held from a preamble's end to its frame's")
    {
    }

  private:
    void DoRun() override
    {
        const std::array<uint32_t, 3> channels{868100000, 868300000, 868500000};
        // Nine frames, no two on the same channel with the same spreading factor.
        Scene scene;
        for (int i = 0; i < 9; ++i)
        {
            scene.Add(Seconds(1) + MilliSeconds(i),
                      -100,
                      static_cast<uint8_t>(9 + i / 3),
                      channels[i % 3]);
        }
        auto fates = scene.Run();
        for (int i = 0; i < 8; ++i)
        {
            NS_TEST_ASSERT_MSG_EQ(ToString(fates[i]), std::string("received"), "frame " << i);
        }
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[8]), std::string("no_demodulator"), "the ninth");
        NS_TEST_ASSERT_MSG_EQ(scene.m_mostBusy, 8, "never more than eight");
        NS_TEST_ASSERT_MSG_EQ(scene.m_gateway->GetBusyDemodulators(), 0, "all given back");
        NS_TEST_ASSERT_MSG_EQ(scene.m_gateway->GetCount(LoraFate::RECEIVED), 8, "counted");
        NS_TEST_ASSERT_MSG_EQ(scene.m_gateway->GetCount(LoraFate::NO_DEMODULATOR), 1, "counted");

        // Doomed frames hold one too, frames below sensitivity hold none.
        Scene doomed;
        for (int i = 0; i < 8; ++i)
        {
            doomed.Add(Seconds(1), -100);
        }
        doomed.Add(Seconds(1) + MilliSeconds(1), -80, 9);
        fates = doomed.Run();
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]), std::string("interference"), "doomed");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[8]), std::string("no_demodulator"), "none left");

        Scene faint;
        for (int i = 0; i < 8; ++i)
        {
            faint.Add(Seconds(1), -130);
        }
        faint.Add(Seconds(1) + MilliSeconds(1), -80, 9);
        NS_TEST_ASSERT_MSG_EQ(ToString(faint.Run()[8]), std::string("received"), "all are free");

        // A demodulator is free again at the end of its frame.
        Scene turns;
        turns.m_gateway->SetAttribute("Demodulators", UintegerValue(1));
        turns.Add(Seconds(1), -100);
        // Eight symbols of SF8 are 16384 us.
        turns.Add(Seconds(1) + MicroSeconds(118016 - 16384 - 1), -100, 8);
        turns.Add(Seconds(2), -100, 8);
        turns.Add(Seconds(2) + MicroSeconds(215552 - 16384 + 1), -100, 8, 868300000);
        fates = turns.Run();
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]), std::string("no_demodulator"), "1 us too early");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[2]), std::string("received"), "free again");
        NS_TEST_ASSERT_MSG_EQ(ToString(fates[3]), std::string("received"), "1 us late enough");
    }
};

/** Sensitivity. */
class SensitivityTestCase : public TestCase
{
  public:
    SensitivityTestCase()
        : TestCase("sensitivity is noise plus threshold, or as given")
    {
    }

  private:
    void DoRun() override
    {
        Ptr<LoraGateway> gateway = CreateObject<LoraGateway>();
        const std::array<double, 6> expected{-124.5, -127.0, -129.5, -132.0, -134.5, -137.0};
        for (uint8_t sf = 7; sf <= 12; ++sf)
        {
            NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetSensitivityDbm(sf),
                                      expected[sf - 7],
                                      0.05,
                                      "SF" << +sf);
            NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetSensitivityDbm(sf, 500000),
                                      expected[sf - 7] + 6,
                                      0.05,
                                      "500 kHz, SF" << +sf);
        }
        gateway->SetAttribute("NoiseFigure", DoubleValue(3));
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetSensitivityDbm(7), -127.5, 0.05, "less noise");
        gateway->SetAttribute("Sensitivity", StringValue("-126.5,-129, -131.5 -134 -136.5 -139.5"));
        NS_TEST_ASSERT_MSG_EQ(gateway->GetSensitivityDbm(9), -131.5, "as given");

        for (uint8_t sf = 7; sf <= 12; ++sf)
        {
            Scene scene;
            const double limit = scene.m_gateway->GetSensitivityDbm(sf);
            scene.Add(Seconds(1), limit + 0.001, sf);
            scene.Add(Seconds(20), limit - 0.001, sf);
            const auto fates = scene.Run();
            NS_TEST_ASSERT_MSG_EQ(ToString(fates[0]), std::string("received"), "SF" << +sf);
            NS_TEST_ASSERT_MSG_EQ(ToString(fates[1]),
                                  std::string("under_sensitivity"),
                                  "SF" << +sf);
        }
    }
};

/** Error rates. */
class ErrorRateTestCase : public TestCase
{
  public:
    ErrorRateTestCase()
        : TestCase("symbol error rates are those of orthogonal signals without phase")
    {
    }

  private:
    /**
     * The exact rate, by numerical integration: one of M envelopes is Rice, the others Rayleigh,
     * and the largest wins (Proakis, Digital Communications, section 4.5-3).
     */
    static double Exact(uint8_t spreadingFactor, double snrDb)
    {
        const double symbols = std::pow(2.0, spreadingFactor);
        const double gain = std::sqrt(2 * symbols * std::pow(10.0, snrDb / 10)); // a
        double wrong = 0;
        const double step = 1e-3;
        for (double x = step / 2; x < gain + 12; x += step)
        {
            // Rice density with the exponential taken out of the Bessel function.
            const double bessel = std::cyl_bessel_i(0.0, std::min(700.0, gain * x));
            const double density =
                gain * x < 700
                    ? x * std::exp(-(x * x + gain * gain) / 2) * bessel
                    : std::sqrt(x / (2 * M_PI * gain)) * std::exp(-(x - gain) * (x - gain) / 2);
            const double others = -std::expm1((symbols - 1) * std::log1p(-std::exp(-x * x / 2)));
            wrong += density * others * step;
        }
        return wrong;
    }

    void DoRun() override
    {
        // The closed form is an approximation: within 0.4 dB of the exact curve where it matters.
        for (const uint8_t sf : {uint8_t{7}, uint8_t{9}, uint8_t{12}})
        {
            for (double snrDb = LoraSnrThresholdDb(sf) - 4; snrDb < LoraSnrThresholdDb(sf) + 1;
                 snrDb += 0.5)
            {
                if (Exact(sf, snrDb) < 1e-7)
                {
                    continue;
                }
                const double rate = LoraSymbolErrorRate(sf, snrDb);
                NS_TEST_ASSERT_MSG_LT(rate, Exact(sf, snrDb - 0.4), "SF" << +sf << " at " << snrDb);
                NS_TEST_ASSERT_MSG_GT(rate, Exact(sf, snrDb + 0.4), "SF" << +sf << " at " << snrDb);
            }
        }
        LoraModulation modulation;
        modulation.spreadingFactor = 9;
        const double good = LoraFrameErrorRate(modulation, 30, LoraSnrThresholdDb(9) + 1);
        const double bad = LoraFrameErrorRate(modulation, 30, LoraSnrThresholdDb(9) - 4);
        NS_TEST_ASSERT_MSG_LT(good, 1e-3, "above the threshold");
        NS_TEST_ASSERT_MSG_GT(bad, 0.99, "below");
        NS_TEST_ASSERT_MSG_LT(LoraFrameErrorRate(modulation, 30, -14),
                              LoraFrameErrorRate(modulation, 200, -14),
                              "a longer frame is lost more often");

        // The gateway draws by that rate.
        const double snrDb = -13.8;
        const double rate = LoraFrameErrorRate(modulation, 30, snrDb);
        Air air;
        air.m_gateway->SetAttribute("ErrorModel", StringValue("Curve"));
        air.m_gateway->AssignStreams(7);
        const double dbm = air.m_gateway->GetNoiseFloorDbm() + snrDb;
        constexpr int FRAMES = 4000;
        for (int i = 0; i < FRAMES; ++i)
        {
            air.Add(Seconds(1 + i), dbm, 9);
        }
        const auto fates = air.Run();
        const auto lost = std::count(fates.begin(), fates.end(), "under_sensitivity");
        NS_TEST_ASSERT_MSG_GT(rate, 0.05, "a rate that can be measured");
        NS_TEST_ASSERT_MSG_EQ_TOL(static_cast<double>(lost) / FRAMES,
                                  rate,
                                  4 * std::sqrt(rate * (1 - rate) / FRAMES),
                                  "four standard deviations");
    }
};

/** A gateway that sends hears nothing. */
class HalfDuplexTestCase : public TestCase
{
  public:
    HalfDuplexTestCase()
        : TestCase("a gateway that sends loses what it would receive")
    {
    }

  private:
    void DoRun() override
    {
        // The answer to device 0 leaves one second after its frame (20 + 13 bytes at SF7: 72 ms)
        // and lasts 41 ms; device 1 sends into it, device 2 only before and device 3 only after.
        Cell cell({1000, 1100, 1200, 1300});
        cell.SendAt(Seconds(1), 0, 20, true);
        const Time end = Seconds(1) + cell.m_devices[0]->GetTimeOnAir(20);
        const Time answer = end + Seconds(1);
        // Other spreading factors, so that they do not disturb each other.
        cell.m_devices[1]->SetSpreadingFactor(8);
        cell.m_devices[2]->SetSpreadingFactor(9);
        cell.m_devices[3]->SetSpreadingFactor(10);
        cell.SendAt(answer - cell.m_devices[1]->GetTimeOnAir(20) / 2, 1, 20);
        cell.SendAt(answer - cell.m_devices[2]->GetTimeOnAir(20), 2, 20);
        // The first three preamble symbols, of 8192 us here, may be lost.
        cell.SendAt(answer + MicroSeconds(41216 - 3 * 8192), 3, 20);
        cell.Run(Seconds(30));
        std::vector<std::string> fates(4);
        for (const auto& uplink : cell.m_uplinks)
        {
            fates[uplink.transmission.deviceAddress - cell.m_devices[0]->GetDeviceAddress()] =
                ToString(uplink.fate);
        }
        NS_TEST_ASSERT_MSG_EQ(fates[0], "received", "answered");
        NS_TEST_ASSERT_MSG_EQ(fates[1], "gateway_sending", "meanwhile");
        NS_TEST_ASSERT_MSG_EQ(fates[2], "received", "complete at the very start");
        NS_TEST_ASSERT_MSG_EQ(fates[3], "received", "enough of its preamble after the end");
        NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).first, true, "the answer arrived");
        NS_TEST_ASSERT_MSG_EQ(cell.m_gateways[0]->GetTxAirtime(), MicroSeconds(41216), "airtime");
        NS_TEST_ASSERT_MSG_EQ(cell.m_gateways[0]->GetBusyDemodulators(), 0, "all given back");
    }
};

/** The extra random loss. */
class RandomLossTestCase : public TestCase
{
  public:
    RandomLossTestCase()
        : TestCase("the extra loss takes its share and is traced as what it is")
    {
    }

  private:
    void DoRun() override
    {
        for (double probability : {0.0, 0.25, 1.0})
        {
            Network network({0}, {100}, [&](LoraHelper& lora) {
                lora.SetDeviceAttribute("DutyCycle", BooleanValue(false));
                lora.SetDeviceAttribute("DataRate", UintegerValue(5));
                lora.SetGatewayAttribute("RandomLoss", DoubleValue(probability));
            });
            network.Saturate(0, 10);
            Simulator::Stop(Hours(2));
            Simulator::Run();
            const double count = double(network.m_fates.size());
            NS_TEST_ASSERT_MSG_GT(count, 2900, "enough frames");
            double lost = 0;
            for (const auto& [transmission, fate] : network.m_fates)
            {
                lost += fate == LoraFate::RANDOM_LOSS;
            }
            NS_TEST_ASSERT_MSG_EQ_TOL(lost / count,
                                      probability,
                                      4 * std::sqrt(probability * (1 - probability) / count),
                                      "share that was lost");
            NS_TEST_ASSERT_MSG_EQ(network.m_gateways[0]->GetCount(LoraFate::RANDOM_LOSS),
                                  uint64_t(lost),
                                  "counted");
            NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), uint64_t(count - lost), "the rest");
            Simulator::Destroy();
        }
    }
};

/** What a gateway's antenna adds. */
class AntennaGainTestCase : public TestCase
{
  public:
    AntennaGainTestCase()
        : TestCase("an antenna's gain is added to what is received: radiated power has it already")
    {
    }

  private:
    void DoRun() override
    {
        static constexpr double GAIN_DB = 3;
        constexpr double LOSS_DB = 120.5; // 7.7 + 37.6 log10(1000)
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetGatewayAttribute("AntennaGain", DoubleValue(GAIN_DB));
        });
        std::vector<double> downDbm;
        cell.m_helper.GetChannel()->TraceConnectWithoutContext(
            "DownlinkFate",
            CallbackOf<void, const LoraDownlink&, uint32_t, double, bool>(
                [&](const LoraDownlink& downlink, uint32_t, double rxPowerDbm, bool) {
                    downDbm.push_back(rxPowerDbm - downlink.txPowerDbm);
                }));
        cell.SendAt(Seconds(1), 0, 20, true);
        cell.Run(Seconds(60));
        NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 1, "up");
        // The noise is -117 dBm: -174 + 10 log10(125000) + 6.
        NS_TEST_ASSERT_MSG_EQ_TOL(cell.m_delivered.at(0).snrDb,
                                  cell.m_uplinks.at(0).transmission.txPowerDbm - LOSS_DB + GAIN_DB +
                                      117.03,
                                  0.01,
                                  "up");
        NS_TEST_ASSERT_MSG_EQ(downDbm.size(), 1, "down");
        NS_TEST_ASSERT_MSG_EQ_TOL(downDbm.at(0), -LOSS_DB, 1e-9, "down");
    }
};

/** What a gateway receives. */
class LoraGatewayTestSuite : public TestSuite
{
  public:
    LoraGatewayTestSuite()
        : TestSuite("lpwan-lora-gateway")
    {
        AddTestCase(new DemodulatorTestCase);
        AddTestCase(new SensitivityTestCase);
        AddTestCase(new ErrorRateTestCase);
        AddTestCase(new HalfDuplexTestCase);
        AddTestCase(new RandomLossTestCase);
        AddTestCase(new AntennaGainTestCase);
    }
};

LoraGatewayTestSuite g_loraGatewayTestSuite; //!< registers the suite

} // namespace
