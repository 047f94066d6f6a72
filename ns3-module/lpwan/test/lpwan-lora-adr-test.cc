// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/boolean.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

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

/** Adaptive data rate and the other MAC commands, end to end. */
class LoraAdrTestSuite : public TestSuite
{
  public:
    LoraAdrTestSuite()
        : TestSuite("lpwan-lora-adr")
    {
        AddTestCase(new AdrTestCase);
        AddTestCase(new MacCommandTestCase);
    }
};

LoraAdrTestSuite g_loraAdrTestSuite; //!< registers the suite

} // namespace
