// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <functional>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

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

/** ADR over paths that change. */
class VaryingSnrTestCase : public TestCase
{
  public:
    VaryingSnrTestCase()
        : TestCase("ADR goes by the best of the last twenty uplinks, and raises the power too")
    {
    }

  private:
    /** A device at SF7 whose path loss is set before each frame. */
    static std::vector<double> Powers(const std::vector<double>& lossesDb)
    {
        Cell cell({100}, [&](LoraHelper& lora) {
            lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
            lora.SetDeviceAttribute("Adr", BooleanValue(true));
        });
        for (std::size_t i = 0; i < lossesDb.size(); ++i)
        {
            const double lossDb = lossesDb[i];
            Simulator::Schedule(Seconds(100.0 * static_cast<double>(i + 1) - 1), [&cell, lossDb] {
                cell.m_devices[0]->GetNode()->GetObject<MobilityModel>()->SetPosition(
                    Vector(lossDb, 0, 0));
            });
            cell.SendAt(Seconds(100.0 * static_cast<double>(i + 1)), 0, 10);
        }
        cell.Run(Seconds(100.0 * static_cast<double>(lossesDb.size() + 1)));
        std::vector<double> powers;
        for (const auto& uplink : cell.m_uplinks)
        {
            powers.push_back(uplink.transmission.txPowerDbm);
        }
        return powers;
    }

    void DoRun() override
    {
        // SNR = 14 - loss + 117.03 dB; margin = SNR + 7.5 - 10; a step for each 3 dB, 2 dB each.
        std::vector<double> losses(20, 125); // 3.53 dB: one step
        losses.insert(losses.end(), 2, 125);
        auto powers = Powers(losses);
        NS_TEST_ASSERT_MSG_EQ(powers.at(19), 14, "not before twenty");
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 12, "one step");
        losses[7] = 115; // 13.53 dB: four
        powers = Powers(losses);
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 6, "the best of them counts");
        // 20 dB of margin are six steps; no more than index 7 (0 dBm), however much there is.
        powers = Powers(std::vector<double>(22, 80));
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 0, "the lowest power of the region");
        // At 6 dBm then over 127 dB: SNR -3.97, margin -6.47 dB, three steps up, when the best one
        // counts; the twenty-first of the new kind is the first with the new power.
        losses.assign(20, 115);
        losses.insert(losses.end(), 22, 127);
        losses[30] = 126.9;
        powers = Powers(losses);
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 6, "four steps down");
        NS_TEST_ASSERT_MSG_EQ(powers.at(39), 6, "still");
        NS_TEST_ASSERT_MSG_EQ(powers.at(41), 12, "three steps up");
    }
};

/** Adaptive data rate and the other MAC commands, end to end. */
class LoraAdrTestSuite : public TestSuite
{
  public:
    LoraAdrTestSuite()
        : TestSuite("lpwan-lora-adr")
    {
        AddTestCase(new AdrTestCase);
        AddTestCase(new MacCommandTestCase);
        AddTestCase(new AdrAckReqTestCase);
        AddTestCase(new OptionsTestCase);
        AddTestCase(new VaryingSnrTestCase);
    }
};

LoraAdrTestSuite g_loraAdrTestSuite; //!< registers the suite

} // namespace
