// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/basic-energy-source.h"
#include "ns3/boolean.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/lpwan-compatibility.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-frame.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

namespace
{

std::string
ToHex(const std::vector<uint8_t>& bytes)
{
    const char* const digits = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes)
    {
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

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

/** Sensitivity tables and regions. */
class TablesTestCase : public TestCase
{
  public:
    TablesTestCase()
        : TestCase("chips and US915 have their published figures")
    {
    }

  private:
    void DoRun() override
    {
        const auto of = [](const std::string& text, uint8_t sf, uint32_t bandwidth = 125000) {
            return LoraSensitivity::Parse(text)->GetDbm(sf, bandwidth, 6);
        };
        NS_TEST_ASSERT_MSG_EQ(of("SX1276", 12), -136, "SX1276");
        NS_TEST_ASSERT_MSG_EQ(of("SX1301", 7), -126.5, "SX1301");
        NS_TEST_ASSERT_MSG_EQ(of("SX1303", 12), -141, "SX1303");
        NS_TEST_ASSERT_MSG_EQ_TOL(of("SX1272", 10, 500000), -127, 0.05, "four times the noise");
        NS_TEST_ASSERT_MSG_EQ(LoraSensitivity::Parse("SX9999").has_value(), false, "unknown");
        NS_TEST_ASSERT_MSG_EQ(LoraSensitivity::Parse("-120 -121").has_value(), false, "too few");

        const LoraRegion& us = LoraRegion::Get("US915");
        NS_TEST_ASSERT_MSG_EQ(us.channels.size(), 72, "64 and 8 channels");
        NS_TEST_ASSERT_MSG_EQ(us.channels[0].frequencyHz, 902300000, "first");
        NS_TEST_ASSERT_MSG_EQ(us.channels[63].frequencyHz, 914900000, "last narrow");
        NS_TEST_ASSERT_MSG_EQ(us.channels[64].frequencyHz, 903000000, "first wide");
        NS_TEST_ASSERT_MSG_EQ(us.channels[71].frequencyHz, 914200000, "last wide");
        NS_TEST_ASSERT_MSG_EQ(us.Rx1Frequency(904100000), 923900000, "channel 9 answers on 1");
        NS_TEST_ASSERT_MSG_EQ(+us.Rx1DataRate(0, 0), 10, "DR0 is answered with DR10");
        NS_TEST_ASSERT_MSG_EQ(+us.Rx1DataRate(3, 3), 10, "with an offset");
        const std::array<uint16_t, 5> payloads{11, 53, 125, 242, 242};
        for (uint8_t dr = 0; dr < 5; ++dr)
        {
            NS_TEST_ASSERT_MSG_EQ(us.dataRates[dr].maxPayload, payloads[dr], "DR" << +dr);
            // The limits keep 400 ms of dwell time.
            NS_TEST_ASSERT_MSG_LT(LoraTimeOnAir(us.Modulation(dr), payloads[dr] + 13U),
                                  MilliSeconds(400),
                                  "dwell time of DR" << +dr);
        }
        const LoraRegion& eu = LoraRegion::Get("EU868");
        NS_TEST_ASSERT_MSG_EQ(+eu.Rx1DataRate(5, 2), 3, "EU868 with an offset");
        NS_TEST_ASSERT_MSG_EQ(+eu.Rx1DataRate(1, 5), 0, "not below DR0");
        // A downlink has no CRC: 16 bits less. Section 4.1.1.7: 12 bytes at SF7, 7 quarters fewer.
        LoraModulation down = eu.Modulation(5);
        down.payloadCrc = false;
        NS_TEST_ASSERT_MSG_EQ(LoraTimeOnAir(down, 12).GetMicroSeconds(), 41216, "12 bytes down");
    }
};

/** MAC commands as bytes. */
class CommandTestCase : public TestCase
{
  public:
    CommandTestCase()
        : TestCase("MAC commands have the bytes of the specification")
    {
    }

  private:
    void DoRun() override
    {
        const auto down = [](const LoraDownlinkCommand& command) {
            std::vector<uint8_t> bytes;
            AppendCommand(command, bytes);
            return ToHex(bytes);
        };
        const auto up = [](const LoraUplinkCommand& command) {
            std::vector<uint8_t> bytes;
            AppendCommand(command, bytes);
            return ToHex(bytes);
        };
        NS_TEST_ASSERT_MSG_EQ(down(LinkCheckAns{20, 3}), "021403", "LinkCheckAns");
        NS_TEST_ASSERT_MSG_EQ(down(LinkAdrReq{5, 1, 0x00ff, 0, 1}), "0351ff0001", "LinkADRReq");
        NS_TEST_ASSERT_MSG_EQ(down(LinkAdrReq{5, 7, 0x0002, 7, 0}), "0357020070", "mask control");
        NS_TEST_ASSERT_MSG_EQ(down(DutyCycleReq{4}), "0404", "DutyCycleReq");
        // 869.525 MHz is 8695250 x 100 Hz = 0x84add2, little endian (TTN's RX2 with DR3).
        NS_TEST_ASSERT_MSG_EQ(down(RxParamSetupReq{0, 3, 869525000}),
                              "0503d2ad84",
                              "RXParamSetupReq");
        NS_TEST_ASSERT_MSG_EQ(down(DevStatusReq{}), "06", "DevStatusReq");
        // 867.1 MHz is 0x844f18; DR0 to DR5.
        NS_TEST_ASSERT_MSG_EQ(down(NewChannelReq{3, 867100000, 0, 5}),
                              "0703184f8450",
                              "NewChannelReq");
        NS_TEST_ASSERT_MSG_EQ(down(RxTimingSetupReq{5}), "0805", "RXTimingSetupReq");
        NS_TEST_ASSERT_MSG_EQ(up(LinkCheckReq{}), "02", "LinkCheckReq");
        NS_TEST_ASSERT_MSG_EQ(up(LinkAdrAns{true, true, true}), "0307", "LinkADRAns");
        NS_TEST_ASSERT_MSG_EQ(up(LinkAdrAns{false, true, true}), "0303", "power refused");
        NS_TEST_ASSERT_MSG_EQ(up(RxParamSetupAns{true, false, true}), "0505", "DR refused");
        NS_TEST_ASSERT_MSG_EQ(up(DevStatusAns{254, -5}), "06fe3b", "DevStatusAns");
        NS_TEST_ASSERT_MSG_EQ(up(NewChannelAns{true, false}), "0702", "frequency refused");

        const auto several = Hex("06"
                                 "0351ff0001"
                                 "0805"
                                 "ff"
                                 "06");
        const auto commands = ParseDownlinkCommands(several.data(), several.size());
        NS_TEST_ASSERT_MSG_EQ(commands.size(), 3, "up to the unknown one");
        NS_TEST_ASSERT_MSG_EQ(std::get<LinkAdrReq>(commands[1]).dataRate, 5, "fields");
        NS_TEST_ASSERT_MSG_EQ(std::get<RxTimingSetupReq>(commands[2]).delayS, 5, "fields");
        const auto cut = Hex("0351ff");
        NS_TEST_ASSERT_MSG_EQ(ParseDownlinkCommands(cut.data(), cut.size()).size(), 0, "cut off");
        const auto answers = Hex("06fe3b0307");
        const auto parsed = ParseUplinkCommands(answers.data(), answers.size());
        NS_TEST_ASSERT_MSG_EQ(parsed.size(), 2, "answers");
        NS_TEST_ASSERT_MSG_EQ(+std::get<DevStatusAns>(parsed[0]).snrDb, -5, "six bits and a sign");
    }
};

/** Join frames. */
class JoinFrameTestCase : public TestCase
{
  public:
    JoinFrameTestCase()
        : TestCase("join frames agree with captured ones")
    {
    }

  private:
    void DoRun() override
    {
        // A join request and a join accept of The Things Network, as published with their key in
        // the documentation of the npm package lora-packet: their MICs would not fit other bytes.
        const AesBlock key = HexBlock("b6b53f4a168a7a88bdf7ea135ce9cfca");
        const auto request = Hex("00dc0000d07ed5b3701e6fedf57ceeaf0085cc587fe913");
        const auto parsed = LoraJoinRequest::Parse(request.data(), request.size());
        NS_TEST_ASSERT_MSG_EQ(parsed.has_value(), true, "a join request");
        NS_TEST_ASSERT_MSG_EQ(parsed->joinEui, 0x70b3d57ed00000dcULL, "JoinEUI");
        NS_TEST_ASSERT_MSG_EQ(parsed->devEui, 0x00afee7cf5ed6f1eULL, "DevEUI");
        NS_TEST_ASSERT_MSG_EQ(parsed->devNonce, 0xcc85, "DevNonce");
        NS_TEST_ASSERT_MSG_EQ(LoraJoinRequest::CheckMic(key, request.data()), true, "MIC");
        NS_TEST_ASSERT_MSG_EQ(ToHex(parsed->Serialize(key)), ToHex(request), "and back");

        const auto bytes =
            Hex("204dd85ae608b87fc4889970b7d2042c9e72959b0057aed6094b16003df12de145");
        const auto accept = LoraJoinAccept::Parse(key, bytes.data(), bytes.size());
        NS_TEST_ASSERT_MSG_EQ(accept.has_value(), true, "a join accept, MIC and all");
        NS_TEST_ASSERT_MSG_EQ(accept->joinNonce, 0xe5063a, "JoinNonce");
        NS_TEST_ASSERT_MSG_EQ(accept->netId, 0x000013, "NetID");
        NS_TEST_ASSERT_MSG_EQ(accept->devAddr, 0x26012e43, "DevAddr");
        NS_TEST_ASSERT_MSG_EQ(+accept->rx2DataRate, 3, "TTN's RX2");
        const std::vector<uint32_t> channels{867100000, 867300000, 867500000, 867700000, 867900000};
        NS_TEST_ASSERT_MSG_EQ((accept->channels == channels), true, "CFList");
        NS_TEST_ASSERT_MSG_EQ(ToHex(accept->Serialize(key)), ToHex(bytes), "and back");
        const AesBlock other = HexBlock("00000000000000000000000000000000");
        NS_TEST_ASSERT_MSG_EQ(LoraJoinAccept::Parse(other, bytes.data(), bytes.size()).has_value(),
                              false,
                              "another key");
    }
};

/** Confirmed uplinks. */
class ConfirmedTestCase : public TestCase
{
  public:
    ConfirmedTestCase()
        : TestCase("confirmed uplinks are acknowledged, and repeated when they are not")
    {
    }

  private:
    void DoRun() override
    {
        {
            Cell cell({1000});
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.SendAt(Seconds(20), 0, 20, false);
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 2, "each once");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 1, "one was confirmed");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).first, true, "acknowledged");
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 1, "one downlink");
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.at(0).first, 12, "MHDR, FHDR and MIC alone");
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.at(0).second, 1, "in RX1");
            NS_TEST_ASSERT_MSG_EQ(cell.Server()->GetDownlinkCounts().rx1, 1, "counted");
            // RX1 lasts to the end of the frame, and RX2 is not opened: 12 bytes at SF7 without CRC
            // are 41216 us; the unconfirmed one has 8 symbols of SF7 and 8 of SF12.
            const Time expected = MicroSeconds(41216 + 8 * 1024 + 8 * 32768);
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTimeIn(RadioState::RX),
                                  expected,
                                  "time spent listening");
        }
        {
            // RX1 is not free: its sub-band (1 %) is closed after the first answer, so the second
            // one within 4.1 s goes to RX2 (869.525 MHz, SF12).
            Cell cell({1000});
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.SendAt(Seconds(3), 0, 20, true);
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 2, "both are acknowledged");
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.at(1).second, 2, "in RX2");
            NS_TEST_ASSERT_MSG_EQ(cell.Server()->GetDownlinkCounts().rx2, 1, "counted");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(1).first, true, "acknowledged");
        }
        {
            // Nobody hears it: eight times, then given up.
            Cell cell({200000});
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 8, "eight transmissions");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 1, "reported once");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).first, false, "not acknowledged");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).second, 8, "transmissions");
            NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.at(0), "not_acknowledged", "dropped");
            std::set<uint32_t> channels;
            for (std::size_t i = 0; i < 8; ++i)
            {
                NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks[i].transmission.frameCounter,
                                      0,
                                      "the same frame");
                channels.insert(cell.m_uplinks[i].transmission.frequencyHz);
                if (i > 0)
                {
                    // After RX2 (8 symbols of SF12) come 1 to 3 s.
                    const Time gap = cell.m_uplinks[i].transmission.start -
                                     cell.m_uplinks[i - 1].transmission.end - Seconds(2) -
                                     MicroSeconds(8 * 32768);
                    NS_TEST_ASSERT_MSG_GT(gap, MilliSeconds(999), "RETRANSMIT_TIMEOUT");
                    NS_TEST_ASSERT_MSG_LT(gap, MilliSeconds(3001), "RETRANSMIT_TIMEOUT");
                }
            }
            NS_TEST_ASSERT_MSG_GT(channels.size(), 1, "channels are chosen anew");
        }
        {
            // What the application sends in the windows, even in the last ones, is no reason to
            // repeat it earlier or once more.
            Cell cell({200000});
            cell.SendAt(Seconds(1), 0, 20, true);
            for (int i = 2; i < 50; ++i)
            {
                cell.SendAt(Seconds(i), 0, 21);
            }
            cell.Run(Seconds(100));
            const auto first = [](const LoraUplink& uplink) {
                return uplink.transmission.frameCounter == 0;
            };
            NS_TEST_ASSERT_MSG_EQ(
                std::count_if(cell.m_uplinks.begin(), cell.m_uplinks.end(), first),
                8,
                "eight transmissions");
            for (std::size_t i = 1; i < 8; ++i)
            {
                const Time gap =
                    cell.m_uplinks[i].transmission.start - cell.m_uplinks[i - 1].transmission.end;
                NS_TEST_ASSERT_MSG_GT(gap, Seconds(3), "after RX2 and RETRANSMIT_TIMEOUT");
            }
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).second, 8, "transmissions");
        }
        {
            // NbTrans: sent three times, delivered once.
            Cell cell({1000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("Transmissions", UintegerValue(3));
            });
            cell.SendAt(Seconds(1), 0, 20);
            cell.SendAt(Seconds(2), 0, 20);
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 6, "three times each");
            NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 2, "delivered once each");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.at(2).transmission.frameCounter,
                                  0,
                                  "same counter");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.at(3).transmission.frameCounter, 1, "the next");
        }
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

/** Application data downwards. */
class DownlinkDataTestCase : public TestCase
{
  public:
    DownlinkDataTestCase()
        : TestCase("application data goes down, in windows and to class C at once")
    {
    }

  private:
    void DoRun() override
    {
        {
            Cell cell({1000});
            const uint32_t address = cell.m_devices[0]->GetDeviceAddress();
            cell.m_onDelivery = [&](const UplinkDelivery& delivery) {
                if (delivery.frameCounter == 0)
                {
                    // Three at once: the second follows, since the first frame says that there is
                    // more. Then both sub-bands of the gateway are closed, and the third waits.
                    cell.Server()->SendDownlink(address, {1, 2, 3}, 5);
                    cell.Server()->SendDownlink(address, {4}, 5, true);
                    cell.Server()->SendDownlink(address, {5, 6}, 5);
                }
            };
            cell.SendAt(Seconds(1), 0, 20);
            cell.SendAt(Seconds(30), 0, 20);
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 3, "all three");
            NS_TEST_ASSERT_MSG_EQ(ToHex(cell.m_payloads.at(0)), "010203", "first");
            NS_TEST_ASSERT_MSG_EQ(ToHex(cell.m_payloads.at(1)), "04", "second");
            NS_TEST_ASSERT_MSG_EQ(ToHex(cell.m_payloads.at(2)), "0506", "third");
            NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 2, "two uplinks had a payload");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 4, "two were only to ask for more");
            NS_TEST_ASSERT_MSG_EQ(cell.Server()->GetDownlinkQueueSize(address),
                                  0,
                                  "the confirmed one was acknowledged");
        }
        {
            // Class C: within the backhaul's delay, though it last sent long ago.
            Cell cell({1000},
                      [](LoraHelper& lora) { lora.SetDeviceAttribute("Class", StringValue("C")); });
            const uint32_t address = cell.m_devices[0]->GetDeviceAddress();
            cell.SendAt(Seconds(1), 0, 20);
            Simulator::Schedule(Seconds(30), [&] {
                cell.Server()->SendDownlink(address, {7}, 5);
                NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 0, "not yet");
            });
            cell.Run(Seconds(40));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 1, "arrived");
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.at(0).second, 3, "between the windows");
            const Time sent = cell.m_devices[0]->GetTimeIn(RadioState::TX);
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTimeIn(RadioState::RX),
                                  Seconds(40) - sent,
                                  "it listens all the time");
        }
        {
            // Too long for SF12 in RX2, and RX1 is closed: it waits for the next uplink.
            Cell cell({1000});
            const uint32_t address = cell.m_devices[0]->GetDeviceAddress();
            cell.m_onDelivery = [&](const UplinkDelivery& delivery) {
                if (delivery.frameCounter == 0)
                {
                    cell.Server()->SendDownlink(address, std::vector<uint8_t>(100), 5);
                    cell.Server()->SendDownlink(address, std::vector<uint8_t>(100), 5);
                }
            };
            cell.SendAt(Seconds(1), 0, 20);
            cell.SendAt(Seconds(40), 0, 20);
            cell.Run(Seconds(39));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 1, "the second waits");
            NS_TEST_ASSERT_MSG_GT(cell.Server()->GetDownlinkCounts().missed, 0, "and is counted");
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 2, "until the next uplink");
        }
        {
            // A device that has sent nothing does not listen to a neighbour's answer.
            Cell cell({1000, 1100});
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.Run(Seconds(10));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[1]->GetTimeIn(RadioState::RX),
                                  Time(0),
                                  "nobody listens outside windows");
        }
    }
};

/** Adaptive data rate. */
class AdrTestCase : public TestCase
{
  public:
    AdrTestCase()
        : TestCase("ADR raises the data rate, lowers the power, and comes back when unheard")
    {
    }

  private:
    void DoRun() override
    {
        {
            Cell cell({1000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("DataRate", UintegerValue(0));
                lora.SetDeviceAttribute("Adr", BooleanValue(true));
            });
            for (int i = 0; i < 25; ++i)
            {
                cell.SendAt(Seconds(10 + 100 * i), 0, 10);
            }
            cell.Run(Seconds(3000));
            // 14 - 120.5 dBm + 117 = 10.5 dB SNR at SF12: margin 10.5 + 20 - 10 = 20.5 dB, that is
            // six steps: DR5 and one step of power, 2 dB below the device's own most.
            NS_TEST_ASSERT_MSG_EQ(+cell.m_devices[0]->GetDataRate(), 5, "DR5");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTxPowerDbm(), 12, "14 - 2 x 1 dBm");
            for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
            {
                NS_TEST_ASSERT_MSG_EQ(+cell.m_uplinks[i].transmission.spreadingFactor,
                                      (i < 20 ? 12 : 7),
                                      "after twenty uplinks, frame " << i);
            }
            NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.size(), 1, "one request");
            NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.at(0).frameBytes,
                                  12 + 5,
                                  "LinkADRReq in FOpts");
            // FOpts of the next uplink: LinkADRAns, 2 bytes.
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks[20].transmission.frameBytes, 25, "the answer");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks[21].transmission.frameBytes, 23, "once");
        }
        {
            // Nobody hears it: ADRACKReq after 64, power at 96, then a step each 32.
            Cell cell({200000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("DataRate", UintegerValue(5));
                lora.SetDeviceAttribute("Adr", BooleanValue(true));
            });
            for (int i = 0; i < 300; ++i)
            {
                cell.SendAt(Seconds(10 + 10 * i), 0, 10);
            }
            cell.Run(Seconds(3100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 300, "all are sent");
            for (std::size_t i = 0; i < 300; ++i)
            {
                std::vector<uint8_t> bytes(cell.m_uplinks[i].frame->GetSize());
                cell.m_uplinks[i].frame->CopyData(bytes.data(),
                                                  static_cast<uint32_t>(bytes.size()));
                NS_TEST_ASSERT_MSG_EQ(((bytes[5] & LORA_FCTRL_ADR_ACK_REQ) != 0),
                                      (i >= 64),
                                      "ADRACKReq in frame " << i);
                // The power is at its most already, so the data rate falls at 96, 128, ...
                const int steps = i < 96 ? 0 : std::min<int>(5, static_cast<int>(i - 96) / 32 + 1);
                NS_TEST_ASSERT_MSG_EQ(+cell.m_uplinks[i].transmission.spreadingFactor,
                                      7 + steps,
                                      "frame " << i);
            }
        }
        {
            // Packets that are too long for the new data rate are dropped, and are no step of the
            // back-off: 200 bytes fit SF7 and SF8 alone.
            Cell cell({200000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("DataRate", UintegerValue(5));
                lora.SetDeviceAttribute("Adr", BooleanValue(true));
            });
            for (int i = 0; i < 200; ++i)
            {
                cell.SendAt(Seconds(10 + 10 * (i / 10)), 0, 200); // ten at a time
            }
            cell.Run(Seconds(2000));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 128, "96 at SF7, 32 at SF8");
            NS_TEST_ASSERT_MSG_EQ(+cell.m_devices[0]->GetDataRate(), 3, "one step: SF9");
            NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.size(), 72, "none fits");
        }
        {
            // Twenty uplinks at SF12, then DR5 and index 1 as above; ten more, then nobody hears
            // the next 160: full power at 96 without an answer, DR4 at 128, DR3 at 160. What was
            // heard before says nothing now, so the network waits for twenty uplinks at SF9:
            // 14 - 120.5 + 117 = 10.5 dB, margin 10.5 + 12.5 - 10 = 13 dB, four steps: DR5, and
            // index 2.
            Cell cell({1000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("DataRate", UintegerValue(0));
                lora.SetDeviceAttribute("Adr", BooleanValue(true));
            });
            const auto move = [&cell](int frame, double x) {
                Simulator::Schedule(Seconds(100 * frame), [&cell, x] {
                    cell.m_devices[0]->GetNode()->GetObject<MobilityModel>()->SetPosition(
                        Vector(x, 0, 0));
                });
            };
            for (int i = 0; i < 225; ++i)
            {
                cell.SendAt(Seconds(10 + 100 * i), 0, 10);
            }
            move(30, 200000);
            move(190, 1000);
            cell.Run(Seconds(23000));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 225, "all are sent");
            for (std::size_t i = 190; i < 225; ++i)
            {
                NS_TEST_ASSERT_MSG_EQ(+cell.m_uplinks[i].transmission.spreadingFactor,
                                      (i < 210 ? 9 : 7),
                                      "after twenty uplinks at SF9, frame " << i);
            }
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks[200].transmission.txPowerDbm, 14, "full power");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTxPowerDbm(), 10, "14 - 2 x 2 dBm");
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

/** Path loss near a gateway. */
class OuluTestCase : public TestCase
{
  public:
    OuluTestCase()
        : TestCase("the Oulu path loss is 128.95 dB + 23.2 dB a decade, near the gateway too")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({10, 1000, 10000}, [](LoraHelper& lora) { lora.SetPropagationPreset("oulu"); });
        const auto channel = cell.m_helper.GetChannel();
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(0, 0), 128.95 - 46.4, 1e-9, "10 m");
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(1, 0), 128.95, 1e-9, "1 km");
        NS_TEST_ASSERT_MSG_EQ_TOL(channel->GetPathLossDb(2, 0), 128.95 + 23.2, 1e-9, "10 km");
    }
};

/** The other MAC commands, end to end. */
class MacCommandTestCase : public TestCase
{
  public:
    MacCommandTestCase()
        : TestCase("MAC commands are obeyed, answered and taken note of")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({1000});
        const auto device = cell.m_devices[0];
        const uint32_t address = device->GetDeviceAddress();
        const auto server = cell.Server();
        device->SetBatteryLevel(200);
        device->RequestLinkCheck();
        server->SendCommand(address, DevStatusReq{});
        server->SendCommand(address, NewChannelReq{3, 867100000, 0, 5});
        for (int i = 0; i < 40; ++i)
        {
            cell.SendAt(Seconds(10 + 20 * i), 0, 10);
        }
        cell.Run(Seconds(45));
        // 14 - 120.5 + 117 = 10.5 dB, 18 dB above SF7's -7.5 dB.
        NS_TEST_ASSERT_MSG_EQ(cell.m_linkChecks.size(), 1, "LinkCheckAns");
        NS_TEST_ASSERT_MSG_EQ(cell.m_linkChecks.at(0).first, 18, "floor of the margin");
        NS_TEST_ASSERT_MSG_EQ(cell.m_linkChecks.at(0).second, 1, "one gateway");
        NS_TEST_ASSERT_MSG_EQ(cell.m_status.size(), 1, "DevStatusAns");
        NS_TEST_ASSERT_MSG_EQ(+cell.m_status.at(0).battery, 200, "battery");
        NS_TEST_ASSERT_MSG_EQ(device->GetChannelFrequencies().size(), 4, "NewChannelReq");
        const auto downlinks = cell.m_dispatched.size();
        cell.Run(Seconds(85));
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.size(), downlinks, "answered, so not sent again");

        // RX1 two seconds later and one data rate lower, RX2 on SF9: then an acknowledgement
        // arrives there.
        server->SendCommand(address, RxTimingSetupReq{3});
        server->SendCommand(address, RxParamSetupReq{1, 3, 869525000});
        cell.Run(Seconds(125));
        const Time before = device->GetTimeIn(RadioState::RX);
        cell.SendAt(Seconds(10), 0, 10, true); // from now: between two others
        cell.Run(Seconds(140));
        NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 1, "acknowledged");
        NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).first, true, "in the new window");
        NS_TEST_ASSERT_MSG_GT(device->GetTimeIn(RadioState::RX), before, "it listened");
        NS_TEST_ASSERT_MSG_EQ(cell.m_received.back().second, 1, "in RX1");

        // A channel mask with channel 3 alone, and what cannot be.
        server->SendCommand(address, LinkAdrReq{5, 1, 0x0008, 0, 1});
        cell.Run(Seconds(200));
        const auto only = device->GetChannelFrequencies();
        NS_TEST_ASSERT_MSG_EQ(only.size(), 1, "one channel");
        NS_TEST_ASSERT_MSG_EQ(only[0], 867100000, "the new one");
        server->SendCommand(address, LinkAdrReq{5, 1, 0x0000, 0, 1});
        cell.Run(Seconds(260));
        NS_TEST_ASSERT_MSG_EQ(device->GetChannelFrequencies().size(),
                              1,
                              "an empty mask is refused");

        // 1 / 2^6 of the time: 51 bytes at SF7 are 118 ms, so the next frame waits 63 times that.
        server->SendCommand(address, DutyCycleReq{6});
        cell.Run(Seconds(320));
        const Time next = device->GetNextOpportunity();
        NS_TEST_ASSERT_MSG_EQ(next, Simulator::Now(), "open by now");
        const std::size_t sent = cell.m_uplinks.size();
        cell.SendAt(Seconds(1), 0, 51);
        cell.SendAt(Seconds(1), 0, 51);
        cell.Run(Seconds(339));
        NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), sent + 3, "two, and the regular one");
        for (std::size_t i = sent + 1; i < sent + 3; ++i)
        {
            const auto& earlier = cell.m_uplinks[i - 1].transmission;
            NS_TEST_ASSERT_MSG_GT(cell.m_uplinks[i].transmission.start,
                                  earlier.end + (earlier.end - earlier.start) * 62,
                                  "DutyCycleReq");
        }
    }
};

/** Joining over the air. */
class JoinTestCase : public TestCase
{
  public:
    JoinTestCase()
        : TestCase("devices join over the air and then send")
    {
    }

  private:
    void DoRun() override
    {
        for (const std::string region : {"EU868", "US915"})
        {
            Cell cell({1000}, [&](LoraHelper& lora) {
                lora.SetRegion(region);
                lora.SetOtaa(true);
                lora.SetDeviceAttribute("DataRate", UintegerValue(region == "EU868" ? 5 : 3));
                lora.SetDeviceAttribute("SubBand", UintegerValue(region == "EU868" ? 0 : 2));
            });
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_joined.size(), 1, region << ": joined");
            NS_TEST_ASSERT_MSG_EQ(cell.m_joined.at(0).second,
                                  1,
                                  region << ": at the first request");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsJoined(), true, region);
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 2, region << ": request and data");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.at(0).transmission.frameBytes, 23, "join request");
            NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 1, region << ": delivered");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.at(0).first, true, region << ": and down");
            if (region == "US915")
            {
                const uint32_t hz = cell.m_uplinks.at(1).transmission.frequencyHz;
                NS_TEST_ASSERT_MSG_EQ((hz >= 903900000 && hz <= 905300000),
                                      true,
                                      "sub-band 2 is 903.9 to 905.3 MHz, not " << hz);
            }
        }
        {
            // Nobody answers: data rates in turns, and 1 % in the first hour.
            Cell cell({200000}, [](LoraHelper& lora) { lora.SetOtaa(true); });
            cell.SendAt(Seconds(1), 0, 20);
            cell.Run(Seconds(1800));
            NS_TEST_ASSERT_MSG_GT(cell.m_uplinks.size(), 5, "it goes on trying");
            Time airtime;
            for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
            {
                const auto& t = cell.m_uplinks[i].transmission;
                NS_TEST_ASSERT_MSG_EQ(+t.spreadingFactor,
                                      7 + static_cast<int>(i % 6),
                                      "request " << i);
                airtime += t.end - t.start;
            }
            NS_TEST_ASSERT_MSG_LT(airtime.GetSeconds(), 1800 * 0.01 + 2, "1 %");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetQueueSize(), 1, "the packet waits");
        }
    }
};

/** Two gateways: the better one answers, or the other when that is busy. */
class GatewayChoiceTestCase : public TestCase
{
  public:
    GatewayChoiceTestCase()
        : TestCase("the best free gateway answers")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({1000, 2500}, [](LoraHelper&) {}, {0, 3000});
        cell.SendAt(Seconds(1), 0, 20, true);
        cell.SendAt(Seconds(10), 1, 20, true);
        // Within the off time of gateway 0, which leaves gateway 1 for RX1.
        cell.SendAt(Seconds(3), 0, 20, true);
        cell.Run(Seconds(60));
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.size(), 3, "three answers");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.at(0).gateway, 0, "the near one");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.at(1).gateway, 1, "the free one");
        NS_TEST_ASSERT_MSG_EQ(+cell.m_dispatched.at(1).window, 1, "in RX1");
        NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 3, "all arrive");
        for (const auto& [acknowledged, transmissions] : cell.m_acknowledged)
        {
            NS_TEST_ASSERT_MSG_EQ(acknowledged, true, "acknowledged");
        }
        NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.at(0).gatewayCount, 2, "both heard it");
    }
};

/** Correlated shadowing. */
class ShadowingTestCase : public TestCase
{
  public:
    ShadowingTestCase()
        : TestCase("correlated shadowing has the variance and correlation that were asked for")
    {
    }

  private:
    void DoRun() override
    {
        // Many independent channels; three places on each, 0, 50 and 100 m apart.
        constexpr int CHANNELS = 400;
        constexpr double DISTANCE_M = 100;
        double squares = 0;
        double half = 0;
        double full = 0;
        for (int c = 0; c < CHANNELS; ++c)
        {
            Cell cell({1000, 1000 + DISTANCE_M / 2, 1000 + DISTANCE_M}, [&](LoraHelper& lora) {
                lora.SetChannelAttribute("ShadowingSigma", DoubleValue(1));
                lora.SetChannelAttribute("ShadowingCorrelationDistance", DoubleValue(DISTANCE_M));
            });
            cell.m_helper.AssignStreams(1000 + 100 * c);
            std::array<double, 3> shadowing{};
            for (uint32_t i = 0; i < 3; ++i)
            {
                const double distance = 1000 + DISTANCE_M / 2 * i;
                shadowing[i] = cell.m_helper.GetChannel()->GetPathLossDb(i, 0) -
                               (7.7 + 37.6 * std::log10(distance));
            }
            squares += shadowing[0] * shadowing[0];
            half += shadowing[0] * shadowing[1];
            full += shadowing[0] * shadowing[2];
        }
        // The standard deviation of such a mean is below sqrt(2 / 400) = 0.07.
        NS_TEST_ASSERT_MSG_EQ_TOL(squares / CHANNELS, 1, 0.25, "variance");
        NS_TEST_ASSERT_MSG_EQ_TOL(half / CHANNELS, std::exp(-0.5), 0.25, "at half the distance");
        NS_TEST_ASSERT_MSG_EQ_TOL(full / CHANNELS, std::exp(-1), 0.25, "at the distance");
    }
};

/** An empty battery. */
class TurnOffTestCase : public TestCase
{
  public:
    TurnOffTestCase()
        : TestCase("a device that is off sends nothing and hears nothing")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({1000});
        cell.SendAt(Seconds(1), 0, 20, true);
        cell.SendAt(Seconds(1), 0, 20);
        Simulator::Schedule(Seconds(1) + MilliSeconds(10), [&] { cell.m_devices[0]->TurnOff(); });
        cell.SendAt(Seconds(20), 0, 20);
        cell.Run(Seconds(60));
        NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 0, "the frame in the air breaks off");
        NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 0, "and does not arrive");
        NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 0, "nor is it answered");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.size(), 3, "it, what waited and what came later");
        NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetSentFrames(), 0, "none is sent whole");
        NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTimeIn(RadioState::TX),
                              MilliSeconds(10),
                              "from 1 s to 1.01 s");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dropped[0], "battery_empty", "reason");
    }
};

/** ns-3's energy framework. */
class EnergyTestCase : public TestCase
{
  public:
    EnergyTestCase()
        : TestCase("a device draws from an energy source, and falls silent when it is empty")
    {
    }

  private:
    void DoRun() override
    {
        const auto withSource = [](Cell& cell, double joule) {
            Ptr<BasicEnergySource> source = CreateObject<BasicEnergySource>();
            source->SetInitialEnergy(joule);
            source->SetSupplyVoltage(3.6);
            source->SetEnergyUpdateInterval(Seconds(1));
            source->SetNode(cell.m_devices[0]->GetNode());
            return std::pair{source, InstallEnergyModel(cell.m_devices[0], source)};
        };
        {
            // A confirmed frame, so that a window lasts to the end of the answer, and one more.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, 100);
            model->SetAttribute("BasePower", DoubleValue(0.001));
            model->SetMcuPower(0.002);
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.SendAt(Seconds(20), 0, 51);
            Simulator::Schedule(Seconds(30), &LpwanEnergyModel::SetMcuPower, model, 0.1);
            Simulator::Schedule(Seconds(31), &LpwanEnergyModel::SetMcuPower, model, 0.002);
            cell.Run(Seconds(100));
            const double radio = cell.m_devices[0]->GetTotalEnergyJoule();
            const double expected = radio + 100 * 0.003 + 0.098;
            NS_TEST_ASSERT_MSG_EQ_TOL(model->GetTotalEnergyConsumption(),
                                      expected,
                                      1e-9,
                                      "radio's own account, base and microcontroller");
            source->UpdateEnergySource();
            NS_TEST_ASSERT_MSG_EQ_TOL(source->GetRemainingEnergy(),
                                      100 - expected,
                                      1e-6, // ns-3 rounds each step to a nanosecond times watts
                                      "what the source gave");
            NS_TEST_ASSERT_MSG_EQ_TOL(model->EstimateLifetimeSeconds(),
                                      100 / expected * 100,
                                      1e-6,
                                      "lifetime at the mean power");
            // 3.3 V x 44 mA for the time on air, x 11.2 mA for 41.2 ms, 8.2 ms and 262.1 ms.
            const double txS =
                (cell.m_devices[0]->GetTimeOnAir(20) + cell.m_devices[0]->GetTimeOnAir(51))
                    .GetSeconds();
            const double rxS = 0.041216 + 0.008192 + 0.262144;
            NS_TEST_ASSERT_MSG_EQ_TOL(radio,
                                      3.3 *
                                          (0.044 * txS + 0.0112 * rxS + 1.5e-6 * (100 - txS - rxS)),
                                      1e-9,
                                      "by hand");
        }
        {
            // 0.1 W of base power on 4.5 J: empty (10 % of it is left, ns-3's default threshold)
            // at 40.5 s; the frame at 50 s is not sent.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, 4.5);
            model->SetAttribute("BasePower", DoubleValue(0.1));
            model->SetMcuPower(0);
            cell.SendAt(Seconds(5), 0, 20);
            cell.SendAt(Seconds(50), 0, 20);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsOff(), true, "off");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 1, "silent");
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, "and says why");
            const double used = model->GetTotalEnergyConsumption();
            NS_TEST_ASSERT_MSG_GT(used, 4.05 - 1e-9, "at the threshold");
            NS_TEST_ASSERT_MSG_LT(used, 4.05 + 0.11, "or at the next update, a second later");
        }
        {
            // 0.1 J at 3.3 V x 44 mA are 0.69 s of a frame of more than two.
            Cell cell({1000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("DataRate", UintegerValue(0));
            });
            const auto [source, model] = withSource(cell, 0.1);
            cell.SendAt(Seconds(5), 0, 51);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 0, "nobody has it");
            NS_TEST_ASSERT_MSG_EQ_TOL(cell.m_devices[0]->GetTotalEnergyJoule(),
                                      0.1,
                                      1e-5,
                                      "no more than there was");
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, "and says why");
        }
        {
            // The same threshold, passed at 40.5 s and found when a frame is to begin: it does not,
            // and the radio stays off.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, 4.5);
            source->SetEnergyUpdateInterval(Seconds(1000));
            model->SetAttribute("BasePower", DoubleValue(0.1));
            model->SetMcuPower(0);
            cell.SendAt(Seconds(42), 0, 20);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsOff(), true, "off");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 0, "silent");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTimeIn(RadioState::TX),
                                  Time(0),
                                  "for good");
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, "and says why");
        }
        for (const double joule : {1e-9, 1e-6, 1e-4, 0.001, 0.002})
        {
            // Less than ns-3's energy source tells apart is left again and again; it ends.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, joule);
            model->SetAttribute("BasePower", DoubleValue(0.01));
            model->SetMcuPower(0);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsOff(), true, joule << " J");
        }
    }
};

/** All of the above. */
class LorawanTestSuite : public TestSuite
{
  public:
    LorawanTestSuite()
        : TestSuite("lpwan-lorawan")
    {
        AddTestCase(new SpreadingFactorTestCase);
        AddTestCase(new BandTestCase);
        AddTestCase(new ErrorRateTestCase);
        AddTestCase(new TablesTestCase);
        AddTestCase(new CommandTestCase);
        AddTestCase(new JoinFrameTestCase);
        AddTestCase(new ConfirmedTestCase);
        AddTestCase(new HalfDuplexTestCase);
        AddTestCase(new DownlinkDataTestCase);
        AddTestCase(new AdrTestCase);
        AddTestCase(new MacCommandTestCase);
        AddTestCase(new JoinTestCase);
        AddTestCase(new GatewayChoiceTestCase);
        AddTestCase(new ShadowingTestCase);
        AddTestCase(new TurnOffTestCase);
        AddTestCase(new EnergyTestCase);
        AddTestCase(new AntennaGainTestCase);
        AddTestCase(new OuluTestCase);
    }
};

LorawanTestSuite g_lorawanTestSuite; //!< registers the suite

} // namespace
