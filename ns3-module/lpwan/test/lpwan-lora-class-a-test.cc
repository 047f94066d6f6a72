// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"
#include "lpwan-test-bytes.h"

#include "ns3/boolean.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Receive windows and energy. */
class ClassATestCase : public TestCase
{
  public:
    ClassATestCase()
        : TestCase("class A: windows are opened and paid for, and the next uplink waits for them")
    {
    }

  private:
    void DoRun() override
    {
        Network network({0}, {100}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("DutyCycle", BooleanValue(false));
            lora.SetDeviceAttribute("DataRate", UintegerValue(5));
        });
        network.SendAt(Seconds(1), 0, Create<Packet>(51));
        network.SendAt(Seconds(1), 0, Create<Packet>(10));
        Ptr<LoraEndDevice> device = network.Device(0);

        const Time airtime = MicroSeconds(118016);
        const Time rx1 = MicroSeconds(8 * 1024);
        const Time rx2 = MicroSeconds(8 * 32768);
        const Time end = Seconds(1) + airtime;
        // State of the accounts just before and in the middle of each phase.
        Simulator::Schedule(Seconds(1) + airtime / 2, [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::TX), airtime / 2, "while sending");
            NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 1, "the second packet waits");
            NS_TEST_ASSERT_MSG_EQ(device->GetNextOpportunity(),
                                  end + Seconds(2) + rx2,
                                  "what the device says of its next frame");
        });
        Simulator::Schedule(end + Seconds(1), [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), Time(0), "before RX1");
        });
        Simulator::Schedule(end + Seconds(1) + rx1 / 2, [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), rx1 / 2, "in RX1");
        });
        Simulator::Schedule(end + Seconds(2), [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), rx1, "before RX2");
        });
        Simulator::Schedule(end + Seconds(2) + rx2 / 2, [&] {
            NS_TEST_ASSERT_MSG_EQ(device->GetTimeIn(RadioState::RX), rx1 + rx2 / 2, "in RX2");
        });
        Simulator::Stop(Seconds(100));
        Simulator::Run();

        NS_TEST_ASSERT_MSG_EQ(network.m_started.size(), 2, "both are sent");
        NS_TEST_ASSERT_MSG_EQ(network.m_started[1].start,
                              end + Seconds(2) + rx2,
                              "the second starts when RX2 has closed");
        NS_TEST_ASSERT_MSG_EQ(network.m_completed.size(), 2, "both are reported");
        NS_TEST_ASSERT_MSG_EQ(network.m_completed[0].first, Seconds(1), "start");
        NS_TEST_ASSERT_MSG_EQ(network.m_completed[0].second, end, "end");
        NS_TEST_ASSERT_MSG_EQ(device->GetSentFrames(), 2, "counted");

        const double tx = (airtime + device->GetTimeOnAir(10)).GetSeconds();
        const double rx = 2 * (rx1 + rx2).GetSeconds();
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::TX),
                                  3.3 * 0.044 * tx,
                                  1e-12,
                                  "44 mA at 14 dBm");
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::RX),
                                  3.3 * 0.0112 * rx,
                                  1e-12,
                                  "windows are billed as receive");
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::SLEEP),
                                  3.3 * 1.5e-6 * (100 - tx - rx),
                                  1e-12,
                                  "sleep");
        NS_TEST_ASSERT_MSG_EQ_TOL(device->GetTotalEnergyJoule(),
                                  device->GetEnergyJoule(RadioState::TX) +
                                      device->GetEnergyJoule(RadioState::RX) +
                                      device->GetEnergyJoule(RadioState::SLEEP),
                                  1e-12,
                                  "sum");
        Simulator::Destroy();
    }
};

/** What Send() refuses. */
class RefusalTestCase : public TestCase
{
  public:
    RefusalTestCase()
        : TestCase("over-long payloads, a full queue, bad ports and no channel are refused")
    {
    }

  private:
    void DoRun() override
    {
        Network network({0}, {100}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("QueueLimit", UintegerValue(2));
        });
        Ptr<LoraEndDevice> device = network.Device(0);
        const Address nowhere = device->GetBroadcast();
        const std::map<uint8_t, uint32_t> limits{{12, 51}, {11, 51}, {10, 51}, {9, 115}, {8, 222}};
        for (const auto& [sf, limit] : limits)
        {
            device->SetSpreadingFactor(sf);
            network.m_dropped.clear();
            NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(limit + 1), nowhere, 1),
                                  false,
                                  "one byte too many at SF" << +sf);
            NS_TEST_ASSERT_MSG_EQ(network.m_dropped.size(), 1, "traced");
            NS_TEST_ASSERT_MSG_EQ(ToString(network.m_dropped[0]),
                                  std::string("payload_too_long"),
                                  "with its reason");
        }
        device->SetSpreadingFactor(7);
        network.m_dropped.clear();
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(10), nowhere, 224), false, "port 224");
        NS_TEST_ASSERT_MSG_EQ(device->GetNextOpportunity(), Time(0), "free");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(222), nowhere, 0), true, "goes on air");
        NS_TEST_ASSERT_MSG_EQ(device->GetNextOpportunity(),
                              device->GetTimeOnAir(222) * 100,
                              "one per cent");
        NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 0, "nothing waits");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(222), nowhere, 1), true, "waits");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(222), nowhere, 223), true, "waits");
        NS_TEST_ASSERT_MSG_EQ(device->GetQueueSize(), 2, "two wait");
        NS_TEST_ASSERT_MSG_EQ(device->Send(Create<Packet>(1), nowhere, 1), false, "queue is full");
        NS_TEST_ASSERT_MSG_EQ(network.m_dropped.size(), 2, "two drops");
        NS_TEST_ASSERT_MSG_EQ((network.m_dropped[0] == DropReason::INVALID_PORT), true, "port");
        NS_TEST_ASSERT_MSG_EQ((network.m_dropped[1] == DropReason::QUEUE_FULL), true, "queue");

        // The data rate goes down while packets wait: they no longer fit.
        Simulator::Schedule(Seconds(1), [device] { device->SetSpreadingFactor(12); });
        Simulator::Stop(Seconds(200));
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ(network.m_started.size(), 1, "only the first was sent");
        NS_TEST_ASSERT_MSG_EQ(network.m_dropped.size(), 4, "both that waited are reported");
        NS_TEST_ASSERT_MSG_EQ((network.m_dropped[3] == DropReason::PAYLOAD_TOO_LONG), true, "why");

        Ptr<LoraEndDevice> alone = CreateObject<LoraEndDevice>();
        NS_TEST_ASSERT_MSG_EQ(alone->IsLinkUp(), false, "no channel");
        NS_TEST_ASSERT_MSG_EQ(alone->Send(Create<Packet>(1), nowhere, 1), false, "no channel");
        NS_TEST_ASSERT_MSG_EQ(device->SendFrom(Create<Packet>(1), nowhere, nowhere, 1),
                              false,
                              "a device has one address");
        NS_TEST_ASSERT_MSG_EQ(device->SetMtu(100), false, "the MTU follows from the data rate");
        Simulator::Destroy();
    }
};

/** From the device's bytes to the application's. */
class DeliveryTestCase : public TestCase
{
  public:
    DeliveryTestCase()
        : TestCase("an uplink arrives with its bytes, once, after its airtime and the backhaul")
    {
    }

  private:
    void DoRun() override
    {
        Network network({0}, {2000, 500}, [](LoraHelper& lora) {
            lora.SetServerAttribute("BackhaulDelay", TimeValue(MilliSeconds(30)));
            lora.SetDeviceAttribute("DataRate", UintegerValue(3));
        });
        network.SendAt(Seconds(1), 0, CountingPacket(51, 7), 42);
        network.SendAt(Seconds(10), 1, CountingPacket(115));
        network.SendAt(Seconds(10), 0, CountingPacket(1));
        Simulator::Stop(Hours(1));
        Simulator::Run();

        NS_TEST_ASSERT_MSG_EQ(network.m_delivered.size(), 3, "all arrive");
        NS_TEST_ASSERT_MSG_EQ(network.m_rejected.size(), 0, "none is refused");
        NS_TEST_ASSERT_MSG_EQ(network.m_duplicates, 0, "one gateway, no copies");
        const UplinkDelivery& first = network.m_delivered[0];
        NS_TEST_ASSERT_MSG_EQ(first.deviceAddress,
                              network.Device(0)->GetDeviceAddress(),
                              "device address");
        NS_TEST_ASSERT_MSG_EQ(first.frameCounter, 0, "counter");
        NS_TEST_ASSERT_MSG_EQ(+first.port, 42, "port");
        NS_TEST_ASSERT_MSG_EQ((BytesOf(first.payload) == BytesOf(CountingPacket(51, 7))),
                              true,
                              "bytes");
        NS_TEST_ASSERT_MSG_EQ(first.time,
                              Seconds(1) + MicroSeconds(390144) + MilliSeconds(30),
                              "time");
        NS_TEST_ASSERT_MSG_EQ(+first.spreadingFactor, 9, "spreading factor");
        NS_TEST_ASSERT_MSG_EQ(first.gatewayCount, 1, "one gateway");
        const double rssi = 14 - (7.7 + 37.6 * std::log10(2000));
        NS_TEST_ASSERT_MSG_EQ_TOL(first.rssiDbm, rssi, 1e-9, "log-distance loss");
        NS_TEST_ASSERT_MSG_EQ_TOL(first.snrDb,
                                  rssi + 174 - 10 * std::log10(125000) - 6,
                                  1e-9,
                                  "over noise of 125 kHz and 6 dB noise figure");
        NS_TEST_ASSERT_MSG_EQ(network.m_delivered[2].frameCounter, 1, "counts up");
        NS_TEST_ASSERT_MSG_EQ(network.m_helper.GetServer()->GetDeliveredFrames(), 3, "counted");

        NS_TEST_ASSERT_MSG_EQ(network.m_fates.size(), 3, "each frame has a fate");
        NS_TEST_ASSERT_MSG_EQ(network.m_framesOnAir[0].size(), 64, "13 bytes of overhead on air");
        std::set<std::pair<uint32_t, uint32_t>> ids;
        for (const auto& [transmission, fate] : network.m_fates)
        {
            NS_TEST_ASSERT_MSG_EQ(ToString(fate), std::string("received"), "fate");
            ids.emplace(transmission.deviceAddress, transmission.frameCounter);
        }
        NS_TEST_ASSERT_MSG_EQ(ids.size(), 3, "(DevAddr, FCnt) names a frame");
        Simulator::Destroy();
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

/** An uplink from the device to the application, and the windows after it. */
class LoraClassATestSuite : public TestSuite
{
  public:
    LoraClassATestSuite()
        : TestSuite("lpwan-lora-class-a")
    {
        AddTestCase(new ClassATestCase);
        AddTestCase(new RefusalTestCase);
        AddTestCase(new DeliveryTestCase);
        AddTestCase(new ConfirmedTestCase);
    }
};

LoraClassATestSuite g_loraClassATestSuite; //!< registers the suite

} // namespace
