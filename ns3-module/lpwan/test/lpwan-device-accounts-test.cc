// SPDX-License-Identifier: GPL-2.0-only

// What devices of any link have in common: queue, accounts of the radio, traffic, batteries.

#include "lpwan-lora-test-cell.h"

#include "ns3/basic-energy-source.h"
#include "ns3/double.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-lora-reservations.h"
#include "ns3/lpwan-periodic-traffic.h"
#include "ns3/nstime.h"
#include "ns3/test.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

namespace
{

/** Periodic packets. */
class TrafficTestCase : public TestCase
{
  public:
    TrafficTestCase()
        : TestCase("each device sends every period from a phase of its own on, evenly spread")
    {
    }

  private:
    void DoRun() override
    {
        constexpr std::size_t DEVICES = 200;
        Cell cell(std::vector<double>(DEVICES, 1000.0));
        const auto traffic = CreateObject<PeriodicTraffic>();
        traffic->SetAttribute("Period", TimeValue(Seconds(600)));
        traffic->SetAttribute("PayloadBytes", UintegerValue(17));
        NS_TEST_EXPECT_MSG_EQ(traffic->AssignStreams(900), 1, "one stream");
        std::map<uint32_t, std::vector<double>> starts;
        for (const auto& device : cell.m_devices)
        {
            traffic->Add(device);
        }
        cell.Run(Seconds(3000));
        NS_TEST_EXPECT_MSG_EQ(traffic->GetPackets(), 5 * DEVICES, "five periods");
        traffic->Dispose();
        cell.Run(Seconds(4000)); // the last frames end
        NS_TEST_EXPECT_MSG_EQ(traffic->GetPackets(), 5 * DEVICES, "disposed of: no more");
        for (const auto& uplink : cell.m_uplinks)
        {
            const auto& t = uplink.transmission;
            NS_TEST_EXPECT_MSG_EQ(t.frameBytes, 17 + 13, "payload and overhead");
            starts[t.deviceAddress].push_back(t.start.GetSeconds());
        }
        NS_TEST_ASSERT_MSG_EQ(starts.size(), DEVICES, "all send");
        double sumS = 0;
        double lastS = 0;
        for (const auto& [address, times] : starts)
        {
            NS_TEST_ASSERT_MSG_EQ(times.size(), 5, "one in each period");
            sumS += times[0];
            lastS = std::max(lastS, times[0]);
            NS_TEST_EXPECT_MSG_LT(times[0], 600, "the first within the first period");
            for (std::size_t i = 1; i < times.size(); ++i)
            {
                NS_TEST_EXPECT_MSG_EQ_TOL(times[i] - times[i - 1], 600, 1e-9, "a period later");
            }
        }
        // Uniform in 0 to 600 s: the mean of 200 is 300 s, with a standard deviation of 12.2 s.
        NS_TEST_EXPECT_MSG_EQ_TOL(sumS / DEVICES, 300, 4 * 12.3, "four standard deviations");
        NS_TEST_EXPECT_MSG_GT(lastS, 560, "up to the end: (560 / 600)^200 is one in a million");
    }
};

/** Time and energy by state. */
class AccountsTestCase : public TestCase
{
  public:
    AccountsTestCase()
        : TestCase("time and energy by state add up to what windows and frames say")
    {
    }

  private:
    void DoRun() override
    {
        // A frame of 13 + 20 bytes at SF7 has an airtime that other tests check;
        // windows of eight symbols: 8.192 ms at SF7 and 262.144 ms at SF12.
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("TxCurrent", DoubleValue(0.1));
            lora.SetDeviceAttribute("RxCurrent", DoubleValue(0.01));
            lora.SetDeviceAttribute("SleepCurrent", DoubleValue(0.001));
            lora.SetDeviceAttribute("SupplyVoltage", DoubleValue(2));
        });
        const auto device = cell.m_devices[0];
        cell.SendAt(Seconds(10), 0, 20);
        cell.Run(Seconds(10) + MilliSeconds(30));
        NS_TEST_EXPECT_MSG_EQ((device->GetRadioState() == RadioState::TX), true, "in the air");
        NS_TEST_EXPECT_MSG_EQ_TOL(device->GetTxAirtimeSeconds(), 0.030, 1e-9, "up to now");
        cell.Run(Seconds(20));
        const double airS = device->GetTimeOnAir(20).GetSeconds();
        const double listensS = 0.008192 + 0.262144;
        NS_TEST_EXPECT_MSG_EQ_TOL(device->GetTimeIn(RadioState::TX).GetSeconds(), airS, 1e-9, "TX");
        NS_TEST_EXPECT_MSG_EQ_TOL(device->GetTimeIn(RadioState::RX).GetSeconds(),
                                  listensS,
                                  1e-9,
                                  "both windows");
        NS_TEST_EXPECT_MSG_EQ_TOL(device->GetTimeIn(RadioState::SLEEP).GetSeconds(),
                                  20 - airS - listensS,
                                  1e-9,
                                  "the rest");
        NS_TEST_EXPECT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::TX), 0.2 * airS, 1e-9, "TX");
        NS_TEST_EXPECT_MSG_EQ_TOL(device->GetEnergyJoule(RadioState::RX),
                                  0.02 * listensS,
                                  1e-9,
                                  "RX");
        NS_TEST_EXPECT_MSG_EQ_TOL(device->GetTotalEnergyJoule(),
                                  0.2 * airS + 0.02 * listensS + 0.002 * (20 - airS - listensS),
                                  1e-9,
                                  "in all");
        NS_TEST_EXPECT_MSG_EQ(device->GetSentFrames(), 1, "one frame");
    }
};

/** The queue. */
class QueueTestCase : public TestCase
{
  public:
    QueueTestCase()
        : TestCase("the queue keeps its limit, drops with a reason and gives packets back")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("QueueLimit", UintegerValue(3));
        });
        const auto device = cell.m_devices[0];
        const auto send = [&](uint32_t bytes, uint16_t port) {
            return device->Send(Create<Packet>(bytes), device->GetBroadcast(), port);
        };
        NS_TEST_EXPECT_MSG_EQ(send(10, 1), true, "goes at once");
        NS_TEST_EXPECT_MSG_EQ(device->GetQueueSize(), 0, "none waits");
        NS_TEST_EXPECT_MSG_EQ(send(222, 223), true, "the longest, on the last port");
        NS_TEST_EXPECT_MSG_EQ(send(223, 1), false, "too long");
        NS_TEST_EXPECT_MSG_EQ(send(10, 224), false, "no such port");
        const auto middle = Create<Packet>(5);
        NS_TEST_EXPECT_MSG_EQ(device->Send(middle, device->GetBroadcast(), 0), true, "two");
        NS_TEST_EXPECT_MSG_EQ(send(6, 1), true, "three");
        NS_TEST_EXPECT_MSG_EQ(send(7, 1), false, "full");
        NS_TEST_EXPECT_MSG_EQ(device->GetQueueSize(), 3, "three wait");
        const std::vector<std::string> dropped{"payload_too_long", "invalid_port", "queue_full"};
        NS_TEST_EXPECT_MSG_EQ((cell.m_dropped == dropped), true, "each with its reason");
        NS_TEST_EXPECT_MSG_EQ(device->GetDroppedPackets(), 3, "three in all");
        NS_TEST_EXPECT_MSG_EQ(device->GetDroppedPackets(DropReason::QUEUE_FULL), 1, "one of them");
        NS_TEST_EXPECT_MSG_EQ(device->Withdraw(middle->GetUid()), true, "taken back");
        NS_TEST_EXPECT_MSG_EQ(device->Withdraw(middle->GetUid()), false, "once");
        NS_TEST_EXPECT_MSG_EQ(device->GetQueueSize(), 2, "two wait");
        cell.Run(Seconds(20));
        NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 3, "the others arrive");
        NS_TEST_EXPECT_MSG_EQ(cell.m_delivered[1].payload->GetSize(), 222, "in order");
        NS_TEST_EXPECT_MSG_EQ(+cell.m_delivered[1].port, 223, "on its port");
        NS_TEST_EXPECT_MSG_EQ(cell.m_delivered[2].payload->GetSize(), 6, "in order");
        NS_TEST_EXPECT_MSG_EQ(+cell.m_delivered[2].port, 1, "on its port");
        const auto alone = CreateObject<LoraEndDevice>();
        NS_TEST_EXPECT_MSG_EQ(alone->Send(Create<Packet>(1), alone->GetBroadcast(), 1),
                              false,
                              "on no channel");
        NS_TEST_EXPECT_MSG_EQ(alone->GetDroppedPackets(DropReason::NOT_CONNECTED), 1, "dropped");
    }
};

/** What a device tells an application beforehand. */
class EstimateTestCase : public TestCase
{
  public:
    EstimateTestCase()
        : TestCase("the time to send some packets follows from duty cycles and receive windows")
    {
    }

  private:
    void DoRun() override
    {
        // A second sub-band of 1 % beside that of the default channels.
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("DutyCycle", BooleanValue(true));
        });
        const auto device = cell.m_devices[0];
        cell.Server()->SendCommand(device->GetDeviceAddress(), NewChannelReq{3, 867100000, 0, 5});
        cell.SendAt(Seconds(1), 0, 10);
        cell.SendAt(Seconds(20), 0, 10);
        cell.Run(Seconds(1000));
        NS_TEST_ASSERT_MSG_EQ(device->GetChannelFrequencies().size(), 4, "two sub-bands");
        // The first goes at once and closes its sub-band up to 100 airtimes from now. RX2 begins
        // two seconds after its end: then the second goes in the other one. The third waits for
        // the first sub-band.
        const Time airtime = device->GetTimeOnAir(20);
        const auto estimate = [&](std::size_t packets) {
            return device->EstimateSendingTime(std::vector<uint32_t>(packets, 20)).value();
        };
        NS_TEST_EXPECT_MSG_EQ(estimate(1), airtime, "at once");
        NS_TEST_EXPECT_MSG_EQ(estimate(2), airtime * 2 + Seconds(2), "in the other sub-band");
        NS_TEST_EXPECT_MSG_EQ(estimate(3), airtime * 101, "when the first one is open");
        NS_TEST_EXPECT_MSG_EQ(estimate(4), airtime * 102 + Seconds(2), "when the second one is");
    }
};

/** Batteries and who disposes of them. */
class BatteryOwnerTestCase : public TestCase
{
  public:
    BatteryOwnerTestCase()
        : TestCase("an energy source and its model let go of one another with their node")
    {
    }

  private:
    void DoRun() override
    {
        // A source holds its models and they hold it. When the simulation has ended, only who made
        // them does; whether the source was aggregated to the node as well makes no difference.
        for (const bool aggregated : {false, true})
        {
            Cell cell({1000, 2000});
            const auto node = cell.m_devices[0]->GetNode();
            const auto source = CreateObject<BasicEnergySource>();
            source->SetNode(node);
            if (aggregated)
            {
                node->AggregateObject(source);
            }
            const auto model = InstallEnergyModel(cell.m_devices[0], source);
            const auto other = CreateObject<BasicEnergySource>();
            other->SetNode(node);
            const auto otherModel = InstallEnergyModel(cell.m_devices[1], other);
            cell.SendAt(Seconds(1), 0, 10);
            cell.Run(Seconds(10));
            NS_TEST_EXPECT_MSG_GT(model->GetReferenceCount(), 1, "the source's too");
            Simulator::Destroy();
            NS_TEST_EXPECT_MSG_EQ(model->GetReferenceCount(), 1, "ours alone");
            NS_TEST_EXPECT_MSG_EQ(otherModel->GetReferenceCount(), 1, "ours alone");
        }
    }
};

/** What a transmitter has booked. */
class ReservationsTestCase : public TestCase
{
  public:
    ReservationsTestCase()
        : TestCase("frames that are booked do not overlap, and may follow each other at once")
    {
    }

  private:
    void DoRun() override
    {
        LoraReservations booked;
        const auto isFree = [&](double startS, double lengthS) {
            return booked.IsFree(Seconds(startS), Seconds(lengthS));
        };
        const auto next = [&](double fromS, double lengthS) {
            return booked.NextFree(Seconds(fromS), Seconds(lengthS)).GetSeconds();
        };
        NS_TEST_EXPECT_MSG_EQ(isFree(0, 100), true, "at first");
        booked.Book(Time(0), Seconds(20), Seconds(22));
        booked.Book(Time(0), Seconds(10), Seconds(12)); // out of order
        booked.Book(Time(0), Seconds(23), Seconds(25));
        NS_TEST_EXPECT_MSG_EQ(isFree(9, 1), true, "up to the start");
        NS_TEST_EXPECT_MSG_EQ(isFree(9, 1.1), false, "into it");
        NS_TEST_EXPECT_MSG_EQ(isFree(10.5, 1), false, "inside");
        NS_TEST_EXPECT_MSG_EQ(isFree(9, 5), false, "around it");
        NS_TEST_EXPECT_MSG_EQ(isFree(12, 8), true, "from the end to the next start");
        NS_TEST_EXPECT_MSG_EQ(isFree(11.9, 1), false, "before its end");
        NS_TEST_EXPECT_MSG_EQ_TOL(next(5, 5), 5, 1e-9, "before all");
        NS_TEST_EXPECT_MSG_EQ_TOL(next(5, 6), 12, 1e-9, "between the first two");
        NS_TEST_EXPECT_MSG_EQ_TOL(next(5, 9), 25, 1e-9, "after all");
        NS_TEST_EXPECT_MSG_EQ_TOL(next(21, 1), 22, 1e-9, "a gap that it fills");
        NS_TEST_EXPECT_MSG_EQ_TOL(next(21, 1.1), 25, 1e-9, "a gap that is too short");
        booked.Book(Seconds(22), Seconds(30), Seconds(31));
        NS_TEST_EXPECT_MSG_EQ(isFree(10.5, 1), true, "what is over is forgotten");
        NS_TEST_EXPECT_MSG_EQ(isFree(24, 1), false, "what is to come is not");
    }
};

/** All of the above. */
class DeviceAccountsTestSuite : public TestSuite
{
  public:
    DeviceAccountsTestSuite()
        : TestSuite("lpwan-device-accounts")
    {
        AddTestCase(new TrafficTestCase);
        AddTestCase(new AccountsTestCase);
        AddTestCase(new QueueTestCase);
        AddTestCase(new EstimateTestCase);
        AddTestCase(new BatteryOwnerTestCase);
        AddTestCase(new ReservationsTestCase);
    }
};

DeviceAccountsTestSuite g_deviceAccountsTestSuite; //!< registers the suite

} // namespace
