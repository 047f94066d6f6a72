// SPDX-License-Identifier: GPL-2.0-only

// Details of LoRaWAN's MAC, by the texts of LoRaWAN 1.0.4 (TS001) and the regional parameters.

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/basic-energy-source.h"
#include "ns3/double.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/string.h"
#include "ns3/test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

namespace
{

/** \return the FOpts of an uplink */
std::vector<uint8_t>
OptionsOf(const LoraUplink& uplink)
{
    const auto bytes = BytesOf(uplink.frame);
    const std::size_t length = bytes.at(5) & 0xfU;
    return {bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(length)};
}

bool
AsksForAnswer(const LoraUplink& uplink)
{
    return (BytesOf(uplink.frame).at(5) & LORA_FCTRL_ADR_ACK_REQ) != 0;
}

/** Airtime of join requests that nobody answers. */
class JoinAirtimeTestCase : public TestCase
{
  public:
    JoinAirtimeTestCase()
        : TestCase("join requests take 36 s of air in the first hour, in the next ten, 8.7 s a day")
    {
    }

  private:
    void DoRun() override
    {
        for (const std::string region : {"EU868", "US915"})
        {
            // TS001-1.0.4, section 7, counted from the first request on, days one after the other.
            const std::vector<double> edgesH{0, 1, 11, 35, 59, 83};
            const std::vector<double> limitS{36, 36, 8.7, 8.7, 8.7};
            Cell cell({1000}, [&](LoraHelper& lora) {
                lora.SetRegion(region);
                lora.SetOtaa(true);
                lora.SetGatewayAttribute("RandomLoss", DoubleValue(1));
                lora.SetDeviceAttribute("DutyCycle", BooleanValue(true));
                lora.SetDeviceAttribute("DataRate", UintegerValue(0));
            });
            cell.SendAt(Seconds(700), 0, 5);
            cell.Run(Seconds(700 + 83 * 3600));
            std::vector<double> usedS(limitS.size(), 0);
            for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
            {
                const auto& t = cell.m_uplinks[i].transmission;
                const double hour = (t.start - Seconds(700)).GetSeconds() / 3600;
                const auto period = static_cast<std::size_t>(
                    std::upper_bound(edgesH.begin(), edgesH.end(), hour) - edgesH.begin() - 1);
                usedS.at(period) += (t.end - t.start).GetSeconds();
                NS_TEST_ASSERT_MSG_LT((t.end - Seconds(700)).GetSeconds() / 3600,
                                      edgesH[period + 1] + 1e-9,
                                      "ends in the period that it began in");
            }
            for (std::size_t i = 0; i < limitS.size(); ++i)
            {
                NS_TEST_ASSERT_MSG_LT(usedS[i], limitS[i], region << ": period " << i);
                // Requests last up to 1.48 s, and the budget is there to be used.
                NS_TEST_ASSERT_MSG_GT(usedS[i], limitS[i] * 0.75, region << ": period " << i);
            }
        }
    }
};

/** When a device asks for a downlink. */
class AdrAckReqTestCase : public TestCase
{
  public:
    AdrAckReqTestCase()
        : TestCase("ADRACKReq is for devices that have a step of the back-off left, or began it")
    {
    }

  private:
    /**
     * \param requests what the network asks of it at first
     * \param prepare its attributes
     * \return number of the first frame that asks for an answer, -1 for none
     */
    static int FirstAsking(
        const std::vector<LinkAdrReq>& requests,
        uint8_t dataRate,
        const std::function<void(LoraHelper&)>& prepare = [](LoraHelper&) {})
    {
        Cell cell({1000}, [&](LoraHelper& lora) {
            lora.SetDeviceAttribute("Adr", BooleanValue(true));
            lora.SetDeviceAttribute("DataRate", UintegerValue(dataRate));
            lora.SetServerAttribute("Adr", BooleanValue(false));
            prepare(lora);
        });
        for (const auto& request : requests)
        {
            cell.Server()->SendCommand(cell.m_devices[0]->GetDeviceAddress(), request);
        }
        for (int i = 0; i < 200; ++i)
        {
            cell.SendAt(Seconds(10 + 30 * i), 0, 5);
        }
        cell.Run(Seconds(30 * 201));
        for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
        {
            if (AsksForAnswer(cell.m_uplinks[i]))
            {
                return static_cast<int>(cell.m_uplinks[i].transmission.frameCounter);
            }
        }
        return -1;
    }

    void DoRun() override
    {
        // Nothing is left to be done: SF12, most power, default channels, sent once.
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({}, 0), -1, "at the end already");
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({}, 1), 64, "the data rate is left");
        // The answer to frame 0 brings the request and starts the count.
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({{0, 1, 0x7, 0, 1}}, 0), 65, "the power is left");
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({{0, 0, 0x3, 0, 1}}, 0), 65, "a channel is left");
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({{0, 0, 0x7, 0, 2}}, 0), 65, "repetitions are left");
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({{0, 0, 0x7, 0, 1}}, 0), -1, "all as at first");
        const auto us = [](LoraHelper& lora) {
            lora.SetRegion("US915");
            lora.SetDeviceAttribute("SubBand", UintegerValue(2));
        };
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({}, 0, us), -1, "US915, at the end already");
        NS_TEST_ASSERT_MSG_EQ(FirstAsking({}, 3, us), 64, "US915, the data rate is left");
    }
};

/** Join() while something is under way. */
class RejoinTestCase : public TestCase
{
  public:
    RejoinTestCase()
        : TestCase("Join() ends the session: what waits for an answer is given up in a trace")
    {
    }

  private:
    void DoRun() override
    {
        // A frame of 20 bytes at SF7 takes 72 ms; RX1 is from 1.072 s on, RX2 from 2.072 s on. What
        // is repeated follows 1 to 3 s after 2.334 s.
        for (const bool confirmed : {true, false})
        {
            for (const int64_t afterMs : {1, 71, 500, 1073, 1500, 2100, 2330, 3000})
            {
                Cell cell({1000, 200000}, [](LoraHelper& lora) {
                    lora.SetOtaa(true);
                    lora.SetDeviceAttribute("Transmissions", UintegerValue(3));
                });
                const auto device = cell.m_devices[0];
                cell.SendAt(Seconds(1), 0, 5);
                cell.Run(Seconds(60));
                NS_TEST_ASSERT_MSG_EQ(device->IsJoined(), true, "joined");
                const std::size_t uplinks = cell.m_uplinks.size();
                // Out of reach for a while, so that no answer ends it.
                const auto mobility = device->GetNode()->GetObject<MobilityModel>();
                mobility->SetPosition(Vector(200000, 0, 0));
                device->SendData(Create<Packet>(20), 1, confirmed);
                device->SendData(Create<Packet>(21), 1, confirmed);
                Simulator::Schedule(MilliSeconds(afterMs), [device, mobility] {
                    mobility->SetPosition(Vector(1000, 0, 0));
                    device->Join();
                });
                cell.Run(Seconds(200));
                NS_TEST_ASSERT_MSG_EQ(cell.m_joined.size(), 2, afterMs << " ms: joined again");
                NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.at(uplinks).transmission.frameBytes,
                                      33,
                                      afterMs << " ms: the first one");
                const std::size_t requests = static_cast<std::size_t>(
                    std::count_if(cell.m_uplinks.begin(), cell.m_uplinks.end(), [](const auto& u) {
                        return u.transmission.frameBytes == 23 && BytesOf(u.frame)[0] == 0;
                    }));
                NS_TEST_ASSERT_MSG_EQ(requests, 2, afterMs << " ms: a request each time");
                if (!confirmed)
                {
                    continue;
                }
                NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 2, afterMs << " ms: both end");
                NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged[0].first, false, afterMs << " ms");
                NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged[1].first, true, afterMs << " ms");
                NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.size(), 1, afterMs << " ms: one is lost");
                NS_TEST_ASSERT_MSG_EQ(cell.m_dropped[0], "not_acknowledged", afterMs << " ms");
                NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 0, "nothing waits");
            }
        }
        // The same of a device that fails, at any time before it gives up by itself.
        for (const int64_t afterMs : {1, 71, 500, 1073, 1500, 2100, 2330, 3000})
        {
            Cell cell({200000});
            cell.SendAt(Seconds(1), 0, 20, true);
            Simulator::Schedule(Seconds(1) + MilliSeconds(afterMs),
                                [&] { cell.m_devices[0]->TurnOff(); });
            cell.Run(Seconds(60));
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, afterMs << " ms: dropped");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 1, afterMs << " ms: reported");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged[0].first, false, afterMs << " ms");
        }
    }
};

/** Answers to MAC commands that are many. */
class OptionsTestCase : public TestCase
{
  public:
    OptionsTestCase()
        : TestCase("FOpts has whole commands, as many as fit the data rate, and payloads go on")
    {
    }

  private:
    /** The answers of all uplinks; complains of one that is cut. */
    std::size_t CountAnswers(const Cell& cell, std::size_t most)
    {
        std::size_t answers = 0;
        for (const auto& uplink : cell.m_uplinks)
        {
            const auto options = OptionsOf(uplink);
            const auto commands = ParseUplinkCommands(options.data(), options.size());
            std::vector<uint8_t> again;
            for (const auto& command : commands)
            {
                AppendCommand(command, again);
            }
            NS_TEST_EXPECT_MSG_EQ((again == options), true, "whole commands");
            NS_TEST_EXPECT_MSG_LT(options.size(), most + 1, "as long as may be");
            NS_TEST_EXPECT_MSG_LT(uplink.frame->GetSize(), most + 14, "the frame too");
            answers += commands.size();
        }
        return answers;
    }

    void DoRun() override
    {
        for (const bool eu : {true, false})
        {
            // 15 requests of one byte each in one downlink want 45 bytes of answers, and the device
            // has a question of its own: 16 bytes are not 15, nor 13 the 11 of US915's DR0.
            Cell cell({1000}, [&](LoraHelper& lora) {
                lora.SetRegion(eu ? "EU868" : "US915");
                lora.SetDeviceAttribute("DataRate", UintegerValue(eu ? 5 : 0));
            });
            const auto device = cell.m_devices[0];
            for (int i = 0; i < 15; ++i)
            {
                cell.Server()->SendCommand(device->GetDeviceAddress(), DevStatusReq{});
            }
            cell.SendAt(Seconds(1), 0, 8);
            Simulator::Schedule(Seconds(2), [device] { device->RequestLinkCheck(); });
            for (int i = 0; i < 30; ++i)
            {
                cell.SendAt(Seconds(10 + 10 * i), 0, 8);
            }
            cell.Run(Seconds(400));
            NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 31, "all payloads");
            NS_TEST_ASSERT_MSG_GT(CountAnswers(cell, eu ? 222 : 11), 15, "answers");
            NS_TEST_ASSERT_MSG_GT(cell.m_status.size(), 14, "the network has all it asked for");
            NS_TEST_ASSERT_MSG_EQ(cell.m_linkChecks.size(), 1, "and the device");
        }
        {
            // RXParamSetupAns is repeated until something comes down, which it does not: payloads
            // that leave no room for it are sent all the same, in every other frame.
            Cell cell({1000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("DataRate", UintegerValue(3));
            });
            const auto device = cell.m_devices[0];
            cell.Server()->SendCommand(device->GetDeviceAddress(),
                                       RxParamSetupReq{0, 3, 869525000});
            cell.SendAt(Seconds(1), 0, 10);
            Simulator::Schedule(Seconds(5), [device] {
                device->GetNode()->GetObject<MobilityModel>()->SetPosition(Vector(200000, 0, 0));
            });
            for (int i = 0; i < 10; ++i)
            {
                cell.SendAt(Seconds(10), 0, 115);
            }
            cell.Run(Seconds(200));
            NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 0, "none waits");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 1 + 20, "each beside one of the MAC");
            for (std::size_t i = 1; i < cell.m_uplinks.size(); ++i)
            {
                NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks[i].frame->GetSize(),
                                      (i % 2 == 1 ? 12 + 2 : 115 + 13),
                                      "frame " << i);
            }
        }
        {
            // The network lowers the data rate of a class C device between two repetitions: 200
            // bytes are too long for SF9.
            Cell cell({1000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("Class", StringValue("C"));
                lora.SetGatewayAttribute("RandomLoss", DoubleValue(0));
            });
            const auto device = cell.m_devices[0];
            cell.SendAt(Seconds(1), 0, 10);
            cell.Run(Seconds(9));
            device->GetNode()->GetObject<MobilityModel>()->SetPosition(Vector(200000, 0, 0));
            device->SendData(Create<Packet>(200), 1, true);
            Simulator::Schedule(Seconds(2) + MilliSeconds(700),
                                [device] { device->SetDataRate(3); });
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 2, "not repeated");
            NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 1, "reported");
            NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.at(0), "payload_too_long", "with its cause");
        }
    }
};

/** US915 from end to end. */
class Us915TestCase : public TestCase
{
  public:
    Us915TestCase()
        : TestCase("US915: sub-bands, channel masks, answers and ADR are those of its parameters")
    {
    }

  private:
    /** \return carriers of eight channels and the wide one beside them, ascending: 1..8 */
    static std::vector<uint32_t> SubBand(uint32_t number)
    {
        std::vector<uint32_t> carriers;
        for (uint32_t i = 0; i < 8; ++i)
        {
            carriers.push_back(902300000 + 200000 * (8 * (number - 1) + i));
        }
        carriers.push_back(903000000 + 1600000 * (number - 1));
        return carriers;
    }

    void Masks()
    {
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetRegion("US915");
            lora.SetDeviceAttribute("DataRate", UintegerValue(3));
            lora.SetDeviceAttribute("SubBand", UintegerValue(2));
        });
        const auto device = cell.m_devices[0];
        int now = 0;
        const auto after = [&](const LinkAdrReq& request) {
            cell.Server()->SendCommand(device->GetDeviceAddress(), request);
            cell.SendAt(Seconds(1), 0, 5);
            cell.SendAt(Seconds(11), 0, 5);
            now += 20;
            cell.Run(Seconds(now));
            return device->GetChannelFrequencies();
        };
        std::vector<uint32_t> all;
        for (uint32_t number = 1; number <= 8; ++number)
        {
            const auto band = SubBand(number);
            all.insert(all.end(), band.begin(), band.end() - 1);
        }
        const std::vector<uint32_t> narrow = all;
        std::vector<uint32_t> wide;
        for (uint32_t number = 1; number <= 8; ++number)
        {
            wide.push_back(SubBand(number).back());
        }
        all.insert(all.end(), wide.begin(), wide.end());
        NS_TEST_ASSERT_MSG_EQ((device->GetChannelFrequencies() == SubBand(2)), true, "at first");
        // Regional Parameters 1.0.3 rev. A, table of ChMaskCntl of US902-928.
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 1 << 4, 5, 1}) == SubBand(5)), true, "5: by banks");
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 1 << 7, 5, 1}) == SubBand(8)), true, "5: the last");
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 0xff, 6, 1}) == all), true, "6: all");
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 0, 6, 1}) == narrow), true, "6: all narrow ones");
        NS_TEST_ASSERT_MSG_EQ((after({4, 0, 0xff, 7, 1}) == wide), true, "7: the wide ones");
        NS_TEST_ASSERT_MSG_EQ(+device->GetDataRate(), 4, "with the data rate of these");
        NS_TEST_ASSERT_MSG_EQ(
            (after({4, 0, 0x06, 4, 1}) == std::vector<uint32_t>{904600000, 906200000}),
            true,
            "4: wide ones by bits");
        NS_TEST_ASSERT_MSG_EQ(after({3, 0, 0x0001, 3, 1}).size(), 3, "3: channel 48");
        NS_TEST_ASSERT_MSG_EQ(device->GetChannelFrequencies()[0], 902300000 + 48 * 200000, "48");
        NS_TEST_ASSERT_MSG_EQ(after({3, 0, 0x8000, 0, 1}).size(), 4, "0: channel 15");
        NS_TEST_ASSERT_MSG_EQ(device->GetChannelFrequencies()[0], 902300000 + 15 * 200000, "15");
        const auto before = device->GetChannelFrequencies();
        // DR4 is for wide channels, DR3 for narrow ones: otherwise nothing changes.
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 0xff, 7, 1}) == before), true, "DR3 on wide ones");
        NS_TEST_ASSERT_MSG_EQ((after({4, 0, 0, 6, 1}) == before), true, "DR4 on narrow ones");
        NS_TEST_ASSERT_MSG_EQ((after({3, 11, 0xff, 6, 1}) == before), true, "TXPower 11");
        NS_TEST_ASSERT_MSG_EQ((after({5, 0, 0xff, 6, 1}) == before), true, "DR5");
        NS_TEST_ASSERT_MSG_EQ((after({3, 10, 0xff, 6, 1}) == all), true, "TXPower 10");
        NS_TEST_ASSERT_MSG_EQ(device->GetTxPowerDbm(), 14 - 2 * 10, "20 dB less");
    }

    void Adr()
    {
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetRegion("US915");
            lora.SetDeviceAttribute("DataRate", UintegerValue(0));
            lora.SetDeviceAttribute("SubBand", UintegerValue(2));
            lora.SetDeviceAttribute("Adr", BooleanValue(true));
        });
        for (int i = 0; i < 60; ++i)
        {
            cell.SendAt(Seconds(10 + 20 * i), 0, 8, i % 10 == 5);
        }
        cell.Run(Seconds(1300));
        // 14 - 120.5 + 117.03 = 10.53 dB at SF10; 10.53 + 15 - 10 = 15.53 dB are five steps: SF7
        // and two of power. The next twenty have 10.53 - 4 + 7.5 - 10 = 4.03 dB: one more.
        const auto band = SubBand(2);
        std::set<uint32_t> used;
        NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 60, "each once");
        for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
        {
            const auto& t = cell.m_uplinks[i].transmission;
            NS_TEST_ASSERT_MSG_EQ(+t.spreadingFactor, (i < 20 ? 10 : 7), "frame " << i);
            NS_TEST_ASSERT_MSG_EQ(t.txPowerDbm, (i < 20 ? 14 : i < 40 ? 10 : 8), "frame " << i);
            NS_TEST_ASSERT_MSG_EQ(std::count(band.begin(), band.end() - 1, t.frequencyHz),
                                  1,
                                  "on a narrow channel of the sub-band, frame " << i);
            used.insert(t.frequencyHz);
        }
        NS_TEST_ASSERT_MSG_GT(used.size(), 6, "on most of them");
        NS_TEST_ASSERT_MSG_EQ((cell.m_devices[0]->GetChannelFrequencies() == band),
                              true,
                              "ADR keeps the sub-band");
        NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 6, "confirmed ones");
        for (const auto& [acknowledged, transmissions] : cell.m_acknowledged)
        {
            NS_TEST_ASSERT_MSG_EQ(acknowledged, true, "heard");
        }
        for (const auto& [bytes, window] : cell.m_received)
        {
            NS_TEST_ASSERT_MSG_EQ(window, 1, "in RX1");
        }
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.size(), 8, "those and two requests");
    }

    void Answers()
    {
        // RX2 is SF12 at 500 kHz: 33 bytes beside a repeater, 53 without one.
        for (const bool repeater : {true, false})
        {
            const std::size_t most = repeater ? 33 : 53;
            for (const std::size_t more : {0, 1})
            {
                Cell cell({1000}, [&](LoraHelper& lora) {
                    lora.SetRegion("US915");
                    lora.SetDeviceAttribute("Class", StringValue("C"));
                    lora.SetDeviceAttribute("DataRate", UintegerValue(3));
                    lora.SetServerAttribute("RepeaterCompatible", BooleanValue(repeater));
                });
                NS_TEST_ASSERT_MSG_EQ(cell.Server()->GetMaxDownlinkBytes(), most, "as it says");
                const auto address = cell.m_devices[0]->GetDeviceAddress();
                cell.SendAt(Seconds(1), 0, 5);
                Simulator::Schedule(Seconds(20), [&] {
                    cell.Server()->SendDownlink(address, std::vector<uint8_t>(most + more), 2);
                });
                cell.Run(Seconds(40));
                NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 1 - more, most + more << " bytes");
            }
        }
        Cell eu({1000});
        NS_TEST_ASSERT_MSG_EQ(eu.Server()->GetMaxDownlinkBytes(), 51, "EU868: SF12");
    }

    void DoRun() override
    {
        Masks();
        Adr();
        Answers();
    }
};

/** Radiated powers. */
class EirpTestCase : public TestCase
{
  public:
    EirpTestCase()
        : TestCase("powers are EIRP: 2.15 dB more than ERP, and 2 dB less for each TXPower")
    {
    }

  private:
    void DoRun() override
    {
        // ERC/REC 70-03: 25 mW and 500 mW ERP; a dipole has 2.15 dBi.
        const auto ofErp = [](double milliwatt) { return 10 * std::log10(milliwatt * 1.6406); };
        const LoraRegion& eu = LoraRegion::Eu868();
        for (const auto& band : eu.subBands)
        {
            NS_TEST_ASSERT_MSG_EQ_TOL(band.maxEirpDbm,
                                      ofErp(band.name == "g3" ? 500 : 25),
                                      0.03,
                                      band.name);
        }
        // FCC 15.247: 1 W into an antenna of 6 dBi.
        NS_TEST_ASSERT_MSG_EQ(LoraRegion::Us915().subBands.at(0).maxEirpDbm, 36, "US915");
        Ptr<LoraGateway> gateway = CreateObject<LoraGateway>();
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(868100000), 16.15, 1e-9, "RX1");
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(869525000), 29.15, 1e-9, "RX2");
        gateway->SetAttribute("MaxTxPower", DoubleValue(20));
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(868100000), 16.15, 1e-9, "the rule");
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(869525000), 20, 1e-9, "the gateway");

        struct Row
        {
            std::string region;
            double most; //!< attribute TxPower
            int index;
            double expected;
        };

        const std::vector<Row> rows{{"EU868", 14, 0, 14},
                                    {"EU868", 14, 1, 12},
                                    {"EU868", 14, 7, 0},
                                    {"EU868", 16, 1, 14},
                                    {"EU868", 20, 0, 16},
                                    {"EU868", 20, 2, 12},
                                    {"US915", 14, 1, 12},
                                    {"US915", 30, 0, 30},
                                    {"US915", 30, 10, 10}};
        for (const Row& row : rows)
        {
            Cell cell({100}, [&](LoraHelper& lora) {
                lora.SetRegion(row.region);
                lora.SetDeviceAttribute("DataRate", UintegerValue(row.region == "EU868" ? 5 : 3));
                lora.SetDeviceAttribute("TxPower", DoubleValue(row.most));
            });
            LinkAdrReq request;
            request.txPower = static_cast<uint8_t>(row.index);
            request.maskControl = 6;
            request.channelMask = 0xff;
            cell.Server()->SendCommand(cell.m_devices[0]->GetDeviceAddress(), request);
            cell.SendAt(Seconds(1), 0, 5);
            cell.SendAt(Seconds(20), 0, 5);
            cell.Run(Seconds(40));
            NS_TEST_ASSERT_MSG_EQ_TOL(cell.m_uplinks.at(1).transmission.txPowerDbm,
                                      row.expected,
                                      1e-9,
                                      row.region << ", " << row.most << ", " << row.index);
        }
    }
};

/** Devices at one place. */
class TwinsTestCase : public TestCase
{
  public:
    TwinsTestCase()
        : TestCase("devices at one place have one shadowing, and others the draws they had alone")
    {
    }

  private:
    static std::vector<double> Losses(const std::vector<double>& places, double correlationM = 0)
    {
        Cell cell(places,
                  [&](LoraHelper& lora) {
                      lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
                      lora.SetChannelAttribute("ShadowingSigma", DoubleValue(8));
                      lora.SetChannelAttribute("ShadowingCorrelationDistance",
                                               DoubleValue(correlationM));
                  },
                  {0, 500});
        std::vector<double> losses;
        for (uint32_t i = 0; i < places.size(); ++i)
        {
            losses.push_back(cell.m_helper.GetChannel()->GetPathLossDb(i, 0));
            losses.push_back(cell.m_helper.GetChannel()->GetPathLossDb(i, 1));
        }
        return losses;
    }

    void DoRun() override
    {
        for (const double correlationM : {0.0, 50.0})
        {
            const auto alone = Losses({10, 20, 30, 40, 50}, correlationM);
            const auto paired = Losses({10, 20, 10, 20, 10}, correlationM);
            for (std::size_t i = 0; i < 10; ++i)
            {
                NS_TEST_ASSERT_MSG_EQ(paired[i], alone[i % 4], "path " << i);
            }
            const auto last = Losses({10, 20, 10, 40, 20}, correlationM);
            NS_TEST_ASSERT_MSG_EQ(last[6], alone[6], "a place of its own, the old draw");
            NS_TEST_ASSERT_MSG_EQ(last[7], alone[7], "to the other gateway too");
            NS_TEST_ASSERT_MSG_EQ((std::abs(alone[0] - alone[2] + 10) > 0.01), true, "they differ");
        }
        // One that leaves has its own; a later one at the old place has the first one's; one at
        // another height has its own.
        Cell cell({10, 10, 11}, [&](LoraHelper& lora) {
            lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
            lora.SetChannelAttribute("ShadowingSigma", DoubleValue(8));
        });
        const auto channel = cell.m_helper.GetChannel();
        const double first = channel->GetPathLossDb(0, 0);
        const double third = channel->GetPathLossDb(2, 0);
        NS_TEST_ASSERT_MSG_EQ(channel->GetPathLossDb(1, 0), first, "the same");
        const auto mobility = cell.m_devices[1]->GetNode()->GetObject<MobilityModel>();
        mobility->SetPosition(Vector(11, 0, 0));
        const double moved = channel->GetPathLossDb(1, 0);
        NS_TEST_ASSERT_MSG_EQ((std::abs(moved - first - 1) > 1e-6), true, "its own draw");
        NS_TEST_ASSERT_MSG_EQ((std::abs(moved - third) > 1e-6), true, "and not its new twin's");
        NodeContainer later;
        for (const Vector& place : {Vector(10, 0, 0), Vector(10, 0, 1e-9)})
        {
            Ptr<Node> node = CreateObject<Node>();
            const auto fixed = CreateObject<ConstantPositionMobilityModel>();
            fixed->SetPosition(place);
            node->AggregateObject(fixed);
            later.Add(node);
        }
        cell.m_helper.Install(later);
        NS_TEST_ASSERT_MSG_EQ(channel->GetPathLossDb(3, 0), first, "a later one");
        NS_TEST_ASSERT_MSG_EQ((std::abs(channel->GetPathLossDb(4, 0) - first) > 1e-6),
                              true,
                              "at another height");
        NS_TEST_ASSERT_MSG_EQ(channel->GetPathLossDb(0, 0), first, "what was drawn stays");
    }
};

/** Batteries. */
class BatteryTestCase : public TestCase
{
  public:
    BatteryTestCase()
        : TestCase("a battery pays from the start, gives no more than it has, and its end is told")
    {
    }

  private:
    /** A device with a battery, and when that was empty. */
    struct Powered
    {
        Powered(Cell& cell, uint32_t device, double joule)
            : battery(CreateObject<BasicEnergySource>())
        {
            battery->SetInitialEnergy(joule);
            battery->SetAttribute("BasicEnergyLowBatteryThreshold",
                                  DoubleValue(LpwanEnergyModel::EMPTY_FRACTION));
            battery->SetNode(cell.m_devices[device]->GetNode());
            battery->SetEnergyUpdateInterval(Hours(1));
            model = InstallEnergyModel(cell.m_devices[device], battery);
            const std::function<void(Ptr<LpwanNetDevice>)> note = [this](Ptr<LpwanNetDevice>) {
                offAtS.push_back(Simulator::Now().GetSeconds());
            };
            model->TraceConnectWithoutContext("Depleted",
                                              Callback<void, Ptr<LpwanNetDevice>>(note));
        }

        Powered(const Powered&) = delete;
        Powered& operator=(const Powered&) = delete;

        Ptr<BasicEnergySource> battery;
        Ptr<LpwanEnergyModel> model;
        std::vector<double> offAtS;
    };

    void DoRun() override
    {
        // Class C listens from the start: 3.3 V x 11.2 mA = 36.96 mW, whenever it sends first.
        for (const double firstS : {1e6, 10.0, 2000.0})
        {
            Cell cell({100},
                      [](LoraHelper& lora) { lora.SetDeviceAttribute("Class", StringValue("C")); });
            Powered powered(cell, 0, 100);
            cell.SendAt(Seconds(firstS), 0, 1);
            cell.Run(Seconds(20000));
            NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(), 1, firstS << " s: empty once");
            // A frame of 1 byte lasts 46 ms and draws 0.108 W more: 5 mJ are 0.13 s.
            const double lessS = firstS < 20000 ? 0.135 : 0;
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.offAtS[0],
                                      100 / 0.03696 - lessS,
                                      0.01,
                                      firstS << " s: 2,706 s");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.model->EstimateLifetimeSeconds(),
                                      100 / 0.03696 - lessS,
                                      0.02,
                                      "lifetime");
        }
        {
            // A device that never does anything still has a lifetime: 4.95 uW of sleep.
            Cell cell({100});
            Powered powered(cell, 0, 0.01);
            cell.Run(Seconds(20000));
            NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(), 1, "asleep");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.offAtS[0], 0.01 / 4.95e-6, 0.1, "asleep");
        }
        for (const double joule : {1e-12, 1e-9, 4e-9})
        {
            Cell cell({100});
            Powered powered(cell, 0, joule);
            cell.SendAt(Seconds(1), 0, 1);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(), 1, joule << " J: it is told");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.offAtS[0], 0, 1e-3, joule << " J: at once");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.model->EstimateLifetimeSeconds(),
                                      0,
                                      1e-2,
                                      joule << " J: no lifetime");
            NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.at(0), "battery_empty", "and what is sent, lost");
        }
        // Whatever a device does, it uses no more than there is: classes, joins, repetitions.
        for (int kind = 0; kind < 8; ++kind)
        {
            for (double joule = 1e-4; joule < 30; joule *= 3)
            {
                Cell cell({1000}, [&](LoraHelper& lora) {
                    lora.SetDeviceAttribute("Class", StringValue((kind & 1) != 0 ? "C" : "A"));
                    lora.SetOtaa((kind & 2) != 0);
                    lora.SetDeviceAttribute("Confirmed", BooleanValue((kind & 4) != 0));
                    lora.SetGatewayAttribute("RandomLoss", DoubleValue(0.3));
                });
                Powered powered(cell, 0, joule);
                powered.model->SetAttribute("BasePower", DoubleValue(0.001));
                for (int i = 0; i < 40; ++i)
                {
                    const auto device = cell.m_devices[0];
                    Simulator::Schedule(Seconds(1 + 7 * i), [device] {
                        device->Send(Create<Packet>(30), device->GetBroadcast(), 1);
                    });
                }
                cell.Run(Seconds(300));
                const double usedJ = powered.model->GetTotalEnergyConsumption();
                NS_TEST_ASSERT_MSG_LT(usedJ, joule * (1 + 1e-9) + 1e-12, kind << ", " << joule);
                NS_TEST_ASSERT_MSG_LT(cell.m_devices[0]->GetTotalEnergyJoule(),
                                      joule * (1 + 1e-9) + 1e-12,
                                      kind << ", " << joule << ": the radio's own account");
                const double onS = powered.offAtS.empty() ? 300 : powered.offAtS[0];
                NS_TEST_ASSERT_MSG_EQ_TOL(usedJ,
                                          cell.m_devices[0]->GetTotalEnergyJoule() + 0.001 * onS,
                                          1e-6 + 1e-6 * joule,
                                          kind << ", " << joule << ": both accounts agree");
                NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(),
                                      (cell.m_devices[0]->IsOff() ? 1 : 0),
                                      "off when it is empty");
            }
        }
    }
};

/** All of the above. */
class LoraMacTestSuite : public TestSuite
{
  public:
    LoraMacTestSuite()
        : TestSuite("lpwan-lora-mac")
    {
        AddTestCase(new JoinAirtimeTestCase);
        AddTestCase(new AdrAckReqTestCase);
        AddTestCase(new RejoinTestCase);
        AddTestCase(new OptionsTestCase);
        AddTestCase(new Us915TestCase);
        AddTestCase(new EirpTestCase);
        AddTestCase(new TwinsTestCase);
        AddTestCase(new BatteryTestCase);
    }
};

LoraMacTestSuite g_loraMacTestSuite; //!< registers the suite

} // namespace
